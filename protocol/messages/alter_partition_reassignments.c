/*
 * AlterPartitionReassignments: v0-1. Version notes:
 * v0  is the first, and flexible (KIP-455)
 * v1  may insist on the replication factor (KIP-860)
 */
#include "protocol/messages/alter_partition_reassignments.h"

SCHEMA(alter_partition_reassignments_partition,
       I32(partition_index),
       I32S(replicas, NULLABLE(0), DEFAULT_NULL));

SCHEMA(alter_partition_reassignments_topic,
       STRING(name),
       ARRAY(partitions, alter_partition_reassignments_partition));

SCHEMA(alter_partition_reassignments_request,
       I32(timeout_ms, DEFAULT(60000)),
       BOOL(allow_replication_factor_change, SINCE(1), DEFAULT(1)),
       ARRAY(topics, alter_partition_reassignments_topic));

const struct message alter_partition_reassignments_request_message = {
    .name = "AlterPartitionReassignmentsRequest",
    .schema = alter_partition_reassignments_request_schema,
    .key = 45,
    .min_version = 0,
    .max_version = 1,
    .flexible_since = 0,
};

SCHEMA(alter_partition_reassignments_response_partition,
       I32(partition_index),
       I16(error_code),
       STRING(error_message, NULLABLE(0)));

SCHEMA(alter_partition_reassignments_response_topic,
       STRING(name),
       ARRAY(partitions, alter_partition_reassignments_response_partition));

SCHEMA(alter_partition_reassignments_response,
       I32(throttle_time_ms),
       BOOL(allow_replication_factor_change, SINCE(1), DEFAULT(1)),
       I16(error_code),
       STRING(error_message, NULLABLE(0)),
       ARRAY(responses, alter_partition_reassignments_response_topic));

const struct message alter_partition_reassignments_response_message = {
    .name = "AlterPartitionReassignmentsResponse",
    .schema = alter_partition_reassignments_response_schema,
    .key = 45,
    .min_version = 0,
    .max_version = 1,
    .flexible_since = 0,
};
