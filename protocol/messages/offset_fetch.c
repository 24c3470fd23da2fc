/*
 * OffsetFetch: v1-10. Version notes:
 * v2  topics may be null; error_code of the whole answer
 * v3  throttle_time_ms
 * v4  throttles after the answer (KIP-219)
 * v5  committed_leader_epoch (KIP-320)
 * v6  is flexible (KIP-482)
 * v7  require_stable (KIP-447)
 * v8  several groups (KIP-709)
 * v9  member_id and member_epoch (KIP-848)
 * v10 topic ids instead of names (KIP-848)
 */
#include "protocol/messages/offset_fetch.h"

SCHEMA(offset_fetch_request_topic,
       STRING(name),
       I32S(partition_indexes));

SCHEMA(offset_fetch_request_topics,
       STRING(name, UNTIL(9)),
       UUID(topic_id, SINCE(10)),
       I32S(partition_indexes));

SCHEMA(offset_fetch_request_group,
       STRING(group_id),
       STRING(member_id, SINCE(9), NULLABLE(9), DEFAULT_NULL),
       I32(member_epoch, SINCE(9), DEFAULT(-1)),
       ARRAY(topics, offset_fetch_request_topics, NULLABLE(8)));

SCHEMA(offset_fetch_request,
       STRING(group_id, UNTIL(7)),
       ARRAY(topics, offset_fetch_request_topic, UNTIL(7), NULLABLE(2)),
       ARRAY(groups, offset_fetch_request_group, SINCE(8)),
       BOOL(require_stable, SINCE(7)));

const struct message offset_fetch_request_message = {
    .name = "OffsetFetchRequest",
    .schema = offset_fetch_request_schema,
    .key = 9,
    .min_version = 1,
    .max_version = 10,
    .flexible_since = 6,
};

SCHEMA(offset_fetch_response_partition,
       I32(partition_index),
       I64(committed_offset),
       I32(committed_leader_epoch, SINCE(5), DEFAULT(-1)),
       STRING(metadata, NULLABLE(0)),
       I16(error_code));

SCHEMA(offset_fetch_response_topic,
       STRING(name),
       ARRAY(partitions, offset_fetch_response_partition));

SCHEMA(offset_fetch_response_partitions,
       I32(partition_index),
       I64(committed_offset),
       I32(committed_leader_epoch, DEFAULT(-1)),
       STRING(metadata, NULLABLE(0)),
       I16(error_code));

SCHEMA(offset_fetch_response_topics,
       STRING(name, UNTIL(9)),
       UUID(topic_id, SINCE(10)),
       ARRAY(partitions, offset_fetch_response_partitions));

SCHEMA(offset_fetch_response_group,
       STRING(group_id),
       ARRAY(topics, offset_fetch_response_topics),
       I16(error_code));

SCHEMA(offset_fetch_response,
       I32(throttle_time_ms, SINCE(3)),
       ARRAY(topics, offset_fetch_response_topic, UNTIL(7)),
       I16(error_code, SINCE(2), UNTIL(7)),
       ARRAY(groups, offset_fetch_response_group, SINCE(8)));

const struct message offset_fetch_response_message = {
    .name = "OffsetFetchResponse",
    .schema = offset_fetch_response_schema,
    .key = 9,
    .min_version = 1,
    .max_version = 10,
    .flexible_since = 6,
};
