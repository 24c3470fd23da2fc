/*
 * producer_ids_record: up to where producer ids have been handed out (type 15, v0; KIP-730).
 */
#ifndef PROTOCOL_RECORDS_PRODUCER_IDS_RECORD_H
#define PROTOCOL_RECORDS_PRODUCER_IDS_RECORD_H

#include "protocol/schema/schema.h"

struct producer_ids_record {
    int32_t broker_id; /* who got the block before next_producer_id */
    int64_t broker_epoch;
    int64_t next_producer_id; /* the first that nobody has */
    struct slice unknown_tags;
};

DECLARE_SCHEMA(producer_ids_record);

extern const struct message producer_ids_record_message;

#endif
