/*
 * broker_registration_change_record: what changed about a broker that stays registered (type 17, v0-3).
 */
#ifndef PROTOCOL_RECORDS_BROKER_REGISTRATION_CHANGE_RECORD_H
#define PROTOCOL_RECORDS_BROKER_REGISTRATION_CHANGE_RECORD_H

#include "protocol/schema/schema.h"

struct broker_registration_change_record {
    int32_t broker_id;
    int64_t broker_epoch;                    /* of the registration that changes */
    int8_t fenced;                           /* 1: fenced, -1: unfenced, 0: as it was */
    int8_t in_controlled_shutdown;           /* 1: it shuts down, 0: as it was */
    ARRAY_OF(struct uuid) log_dirs;          /* ids of its log directories that work; empty: as they were */
    ARRAY_OF(struct uuid) cordoned_log_dirs; /* ids of those that take no new replicas; null: as they were */
    struct slice unknown_tags;
};

DECLARE_SCHEMA(broker_registration_change_record);

extern const struct message broker_registration_change_record_message;

#endif
