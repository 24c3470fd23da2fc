/*
 * OffsetDelete: v0. Never flexible.
 */
#include "protocol/messages/offset_delete.h"

SCHEMA(offset_delete_request_partition,
       I32(partition_index));

SCHEMA(offset_delete_request_topic,
       STRING(name),
       ARRAY(partitions, offset_delete_request_partition));

SCHEMA(offset_delete_request,
       STRING(group_id),
       ARRAY(topics, offset_delete_request_topic));

const struct message offset_delete_request_message = {
    .name = "OffsetDeleteRequest",
    .schema = offset_delete_request_schema,
    .key = 47,
    .min_version = 0,
    .max_version = 0,
    .flexible_since = NEVER_FLEXIBLE,
};

SCHEMA(offset_delete_response_partition,
       I32(partition_index),
       I16(error_code));

SCHEMA(offset_delete_response_topic,
       STRING(name),
       ARRAY(partitions, offset_delete_response_partition));

SCHEMA(offset_delete_response,
       I16(error_code),
       I32(throttle_time_ms),
       ARRAY(topics, offset_delete_response_topic));

const struct message offset_delete_response_message = {
    .name = "OffsetDeleteResponse",
    .schema = offset_delete_response_schema,
    .key = 47,
    .min_version = 0,
    .max_version = 0,
    .flexible_since = NEVER_FLEXIBLE,
};
