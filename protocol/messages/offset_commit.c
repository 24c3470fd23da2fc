/*
 * OffsetCommit: v2-10. Version notes:
 * v3  throttle_time_ms
 * v4  throttles after the answer (KIP-219)
 * v5  without retention_time_ms: the broker's configuration alone says (KIP-211)
 * v6  committed_leader_epoch (KIP-320)
 * v7  group_instance_id (KIP-345)
 * v8  is flexible (KIP-482)
 * v9  member epochs of the consumer protocol (KIP-848)
 * v10 topic ids instead of names (KIP-848)
 */
#include "protocol/messages/offset_commit.h"

SCHEMA(offset_commit_request_partition,
       I32(partition_index),
       I64(committed_offset),
       I32(committed_leader_epoch, SINCE(6), DEFAULT(-1)),
       STRING(committed_metadata, NULLABLE(0)));

SCHEMA(offset_commit_request_topic,
       STRING(name, UNTIL(9)),
       UUID(topic_id, SINCE(10)),
       ARRAY(partitions, offset_commit_request_partition));

SCHEMA(offset_commit_request,
       STRING(group_id),
       I32(generation_id_or_member_epoch, DEFAULT(-1)),
       STRING(member_id),
       STRING(group_instance_id, SINCE(7), NULLABLE(7), DEFAULT_NULL),
       I64(retention_time_ms, UNTIL(4), DEFAULT(-1)),
       ARRAY(topics, offset_commit_request_topic));

const struct message offset_commit_request_message = {
    .name = "OffsetCommitRequest",
    .schema = offset_commit_request_schema,
    .key = 8,
    .min_version = 2,
    .max_version = 10,
    .flexible_since = 8,
};

SCHEMA(offset_commit_response_partition,
       I32(partition_index),
       I16(error_code));

SCHEMA(offset_commit_response_topic,
       STRING(name, UNTIL(9)),
       UUID(topic_id, SINCE(10)),
       ARRAY(partitions, offset_commit_response_partition));

SCHEMA(offset_commit_response,
       I32(throttle_time_ms, SINCE(3)),
       ARRAY(topics, offset_commit_response_topic));

const struct message offset_commit_response_message = {
    .name = "OffsetCommitResponse",
    .schema = offset_commit_response_schema,
    .key = 8,
    .min_version = 2,
    .max_version = 10,
    .flexible_since = 8,
};
