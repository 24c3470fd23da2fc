/*
 * DescribeTopicPartitions: v0. Version notes:
 * v0  is flexible; Metadata with eligible leader replicas and a cursor (KIP-966)
 */
#include "protocol/messages/describe_topic_partitions.h"

SCHEMA(describe_topic_partitions_cursor,
       STRING(topic_name),
       I32(partition_index));

SCHEMA(describe_topic_partitions_topic,
       STRING(name));

SCHEMA(describe_topic_partitions_request,
       ARRAY(topics, describe_topic_partitions_topic),
       I32(response_partition_limit, DEFAULT(2000)),
       STRUCT_OR_NULL(cursor, describe_topic_partitions_cursor, NULLABLE(0), DEFAULT_NULL));

const struct message describe_topic_partitions_request_message = {
    .name = "DescribeTopicPartitionsRequest",
    .schema = describe_topic_partitions_request_schema,
    .key = 75,
    .min_version = 0,
    .max_version = 0,
    .flexible_since = 0,
};

SCHEMA(describe_topic_partitions_response_partition,
       I16(error_code),
       I32(partition_index),
       I32(leader_id),
       I32(leader_epoch, DEFAULT(-1)),
       I32S(replica_nodes),
       I32S(isr_nodes),
       I32S(eligible_leader_replicas, NULLABLE(0), DEFAULT_NULL),
       I32S(last_known_elr, NULLABLE(0), DEFAULT_NULL),
       I32S(offline_replicas));

SCHEMA(describe_topic_partitions_response_topic,
       I16(error_code),
       STRING(name, NULLABLE(0)),
       UUID(topic_id),
       BOOL(is_internal),
       ARRAY(partitions, describe_topic_partitions_response_partition),
       I32(topic_authorized_operations, DEFAULT(INT32_MIN)));

SCHEMA(describe_topic_partitions_response,
       I32(throttle_time_ms),
       ARRAY(topics, describe_topic_partitions_response_topic),
       STRUCT_OR_NULL(next_cursor, describe_topic_partitions_cursor, NULLABLE(0), DEFAULT_NULL));

const struct message describe_topic_partitions_response_message = {
    .name = "DescribeTopicPartitionsResponse",
    .schema = describe_topic_partitions_response_schema,
    .key = 75,
    .min_version = 0,
    .max_version = 0,
    .flexible_since = 0,
};
