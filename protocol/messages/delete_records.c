/*
 * DeleteRecords: v0-2. Version notes:
 * v1  throttles after the answer (KIP-219)
 * v2  is flexible (KIP-482)
 */
#include "protocol/messages/delete_records.h"

SCHEMA(delete_records_partition,
       I32(partition_index),
       I64(offset));

SCHEMA(delete_records_topic,
       STRING(name),
       ARRAY(partitions, delete_records_partition));

SCHEMA(delete_records_request,
       ARRAY(topics, delete_records_topic),
       I32(timeout_ms));

const struct message delete_records_request_message = {
    .name = "DeleteRecordsRequest",
    .schema = delete_records_request_schema,
    .key = 21,
    .min_version = 0,
    .max_version = 2,
    .flexible_since = 2,
};

SCHEMA(delete_records_response_partition,
       I32(partition_index),
       I64(low_watermark),
       I16(error_code));

SCHEMA(delete_records_response_topic,
       STRING(name),
       ARRAY(partitions, delete_records_response_partition));

SCHEMA(delete_records_response,
       I32(throttle_time_ms),
       ARRAY(topics, delete_records_response_topic));

const struct message delete_records_response_message = {
    .name = "DeleteRecordsResponse",
    .schema = delete_records_response_schema,
    .key = 21,
    .min_version = 0,
    .max_version = 2,
    .flexible_since = 2,
};
