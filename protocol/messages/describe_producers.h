/*
 * describe_producers: which idempotent and transactional producers a partition knows (key 61, v0; KIP-664).
 */
#ifndef PROTOCOL_MESSAGES_DESCRIBE_PRODUCERS_H
#define PROTOCOL_MESSAGES_DESCRIBE_PRODUCERS_H

#include "protocol/schema/schema.h"

struct describe_producers_topic {
    struct slice name;
    ARRAY_OF(int32_t) partition_indexes;
};

struct describe_producers_request {
    ARRAY_OF(struct describe_producers_topic) topics;
};

struct describe_producers_response_producer {
    int64_t producer_id;
    int32_t producer_epoch;
    int32_t last_sequence;            /* -1: none since its epoch began */
    int64_t last_timestamp;           /* of its last batch or marker; -1: not known */
    int32_t coordinator_epoch;        /* of its last marker; -1: none came */
    int64_t current_txn_start_offset; /* -1: no transaction is open */
};

struct describe_producers_response_partition {
    int32_t partition_index;
    int16_t error_code; /* enum kerr */
    struct slice error_message;
    ARRAY_OF(struct describe_producers_response_producer) active_producers;
};

struct describe_producers_response_topic {
    struct slice name;
    ARRAY_OF(struct describe_producers_response_partition) partitions;
};

struct describe_producers_response {
    int32_t throttle_time_ms;
    ARRAY_OF(struct describe_producers_response_topic) topics;
};

DECLARE_SCHEMA(describe_producers_topic);
DECLARE_SCHEMA(describe_producers_request);
DECLARE_SCHEMA(describe_producers_response_producer);
DECLARE_SCHEMA(describe_producers_response_partition);
DECLARE_SCHEMA(describe_producers_response_topic);
DECLARE_SCHEMA(describe_producers_response);

extern const struct message describe_producers_request_message, describe_producers_response_message;

#endif
