/*
 * transaction_log_record: the state of a transactional id (__transaction_state type 0). A record without a
 * value forgets the id.
 */
#ifndef PROTOCOL_RECORDS_TRANSACTION_LOG_RECORD_H
#define PROTOCOL_RECORDS_TRANSACTION_LOG_RECORD_H

#include "protocol/schema/schema.h"

struct transaction_log_key {
    struct slice transactional_id;
};

struct transaction_log_partitions {
    struct slice topic;
    ARRAY_OF(int32_t) partition_ids;
    struct slice unknown_tags;
};

struct transaction_log_value {
    int64_t producer_id;
    int64_t previous_producer_id; /* -1: none */
    int64_t next_producer_id;     /* of an id whose epochs are used up; -1: none */
    int16_t producer_epoch;
    int16_t next_producer_epoch; /* -1: none */
    int32_t transaction_timeout_ms;
    int8_t transaction_status; /* 0 empty, 1 ongoing, 2 and 3 prepare commit and abort, 4 and 5 complete */
    ARRAY_OF(struct transaction_log_partitions) transaction_partitions; /* null: status is empty */
    int64_t transaction_last_update_timestamp_ms;
    int64_t transaction_start_timestamp_ms;
    int16_t client_transaction_version; /* the transaction.version that the client used */
    struct slice unknown_tags;
};

DECLARE_SCHEMA(transaction_log_key);
DECLARE_SCHEMA(transaction_log_partitions);
DECLARE_SCHEMA(transaction_log_value);

extern const struct message transaction_log_key_message;
extern const struct message transaction_log_value_message;

#endif
