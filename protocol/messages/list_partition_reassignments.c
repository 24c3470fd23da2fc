/*
 * ListPartitionReassignments: v0. Version notes:
 * v0  is flexible (KIP-455)
 */
#include "protocol/messages/list_partition_reassignments.h"

SCHEMA(list_partition_reassignments_topic,
       STRING(name),
       I32S(partition_indexes));

SCHEMA(list_partition_reassignments_request,
       I32(timeout_ms, DEFAULT(60000)),
       ARRAY(topics, list_partition_reassignments_topic, NULLABLE(0), DEFAULT_NULL));

const struct message list_partition_reassignments_request_message = {
    .name = "ListPartitionReassignmentsRequest",
    .schema = list_partition_reassignments_request_schema,
    .key = 46,
    .min_version = 0,
    .max_version = 0,
    .flexible_since = 0,
};

SCHEMA(list_partition_reassignments_response_partition,
       I32(partition_index),
       I32S(replicas),
       I32S(adding_replicas),
       I32S(removing_replicas));

SCHEMA(list_partition_reassignments_response_topic,
       STRING(name),
       ARRAY(partitions, list_partition_reassignments_response_partition));

SCHEMA(list_partition_reassignments_response,
       I32(throttle_time_ms),
       I16(error_code),
       STRING(error_message, NULLABLE(0)),
       ARRAY(topics, list_partition_reassignments_response_topic));

const struct message list_partition_reassignments_response_message = {
    .name = "ListPartitionReassignmentsResponse",
    .schema = list_partition_reassignments_response_schema,
    .key = 46,
    .min_version = 0,
    .max_version = 0,
    .flexible_since = 0,
};
