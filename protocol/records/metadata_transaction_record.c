/*
 * BeginTransactionRecord, EndTransactionRecord, AbortTransactionRecord: v0. Version notes:
 * v0  is the first (KIP-868); from metadata.version 13 on
 */
#include "protocol/records/metadata_transaction_record.h"

SCHEMA(begin_transaction_record,
       STRING(name, NULLABLE(0), TAG(0), DEFAULT_NULL),
       UNKNOWN_TAGS(unknown_tags));

const struct message begin_transaction_record_message = {
    .name = "BeginTransactionRecord",
    .schema = begin_transaction_record_schema,
    .key = 23,
    .min_version = 0,
    .max_version = 0,
    .flexible_since = 0,
};

SCHEMA(end_transaction_record,
       UNKNOWN_TAGS(unknown_tags));

const struct message end_transaction_record_message = {
    .name = "EndTransactionRecord",
    .schema = end_transaction_record_schema,
    .key = 24,
    .min_version = 0,
    .max_version = 0,
    .flexible_since = 0,
};

SCHEMA(abort_transaction_record,
       STRING(reason, NULLABLE(0), TAG(0), DEFAULT_NULL),
       UNKNOWN_TAGS(unknown_tags));

const struct message abort_transaction_record_message = {
    .name = "AbortTransactionRecord",
    .schema = abort_transaction_record_schema,
    .key = 25,
    .min_version = 0,
    .max_version = 0,
    .flexible_since = 0,
};
