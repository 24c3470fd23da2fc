/*
 * TransactionLogKey: v0. TransactionLogValue: v0-1. Version notes:
 * v0  is the first (KIP-98)
 * v1  is flexible, and has the tagged fields (KIP-890); from transaction.version 1 on
 */
#include "protocol/records/transaction_log_record.h"

#include "protocol/records/group_key.h"

SCHEMA(transaction_log_key,
       STRING(transactional_id));

SCHEMA(transaction_log_partitions,
       STRING(topic),
       I32S(partition_ids),
       UNKNOWN_TAGS(unknown_tags));

SCHEMA(transaction_log_value,
       I64(producer_id),
       I64(previous_producer_id, SINCE(1), TAG(0), DEFAULT(-1)),
       I64(next_producer_id, SINCE(1), TAG(1), DEFAULT(-1)),
       I16(producer_epoch),
       I16(next_producer_epoch, SINCE(1), TAG(3), DEFAULT(-1)),
       I32(transaction_timeout_ms),
       I8(transaction_status),
       ARRAY(transaction_partitions, transaction_log_partitions, NULLABLE(0)),
       I64(transaction_last_update_timestamp_ms),
       I64(transaction_start_timestamp_ms),
       I16(client_transaction_version, SINCE(1), TAG(2)),
       UNKNOWN_TAGS(unknown_tags));

COORDINATOR_KEY(transaction_log, "TransactionLogKey", transaction_log_key, 0);

const struct message transaction_log_value_message = {
    .name = "TransactionLogValue",
    .schema = transaction_log_value_schema,
    .key = 0,
    .max_version = 1,
    .flexible_since = 1,
};
