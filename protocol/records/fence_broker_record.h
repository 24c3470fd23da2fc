/*
 * fence_broker_record: fences and unfences a broker (types 7 and 8, v0). Old: only read, never written;
 * today
 * broker_registration_change_record says it.
 */
#ifndef PROTOCOL_RECORDS_FENCE_BROKER_RECORD_H
#define PROTOCOL_RECORDS_FENCE_BROKER_RECORD_H

#include "protocol/schema/schema.h"

struct fence_broker_record {
    int32_t id;    /* the broker's */
    int64_t epoch; /* its broker epoch */
    struct slice unknown_tags;
};

struct unfence_broker_record {
    int32_t id;    /* the broker's */
    int64_t epoch; /* its broker epoch */
    struct slice unknown_tags;
};

DECLARE_SCHEMA(fence_broker_record);
DECLARE_SCHEMA(unfence_broker_record);

extern const struct message fence_broker_record_message, unfence_broker_record_message;

#endif
