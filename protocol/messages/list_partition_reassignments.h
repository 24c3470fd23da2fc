/*
 * list_partition_reassignments: which partitions are on their way to other brokers (key 46, v0; KIP-455).
 */
#ifndef PROTOCOL_MESSAGES_LIST_PARTITION_REASSIGNMENTS_H
#define PROTOCOL_MESSAGES_LIST_PARTITION_REASSIGNMENTS_H

#include "protocol/schema/schema.h"

struct list_partition_reassignments_topic {
    struct slice name;
    ARRAY_OF(int32_t) partition_indexes;
};

struct list_partition_reassignments_request {
    int32_t timeout_ms;
    ARRAY_OF(struct list_partition_reassignments_topic) topics; /* null: all */
};

struct list_partition_reassignments_response_partition {
    int32_t partition_index;
    ARRAY_OF(int32_t) replicas; /* those that come, those that go and those that stay */
    ARRAY_OF(int32_t) adding_replicas;
    ARRAY_OF(int32_t) removing_replicas;
};

struct list_partition_reassignments_response_topic {
    struct slice name;
    ARRAY_OF(struct list_partition_reassignments_response_partition) partitions;
};

struct list_partition_reassignments_response {
    int32_t throttle_time_ms;
    int16_t error_code; /* enum kerr */
    struct slice error_message;
    ARRAY_OF(struct list_partition_reassignments_response_topic) topics;
};

DECLARE_SCHEMA(list_partition_reassignments_topic);
DECLARE_SCHEMA(list_partition_reassignments_request);
DECLARE_SCHEMA(list_partition_reassignments_response_partition);
DECLARE_SCHEMA(list_partition_reassignments_response_topic);
DECLARE_SCHEMA(list_partition_reassignments_response);

extern const struct message list_partition_reassignments_request_message,
    list_partition_reassignments_response_message;

#endif
