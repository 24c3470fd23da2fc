/*
 * alter_partition_reassignments: moves partitions to other brokers, or stops such moves (key 45, v0-1;
 * KIP-455).
 */
#ifndef PROTOCOL_MESSAGES_ALTER_PARTITION_REASSIGNMENTS_H
#define PROTOCOL_MESSAGES_ALTER_PARTITION_REASSIGNMENTS_H

#include "protocol/schema/schema.h"

struct alter_partition_reassignments_partition {
    int32_t partition_index;
    ARRAY_OF(int32_t) replicas; /* the preferred leader first; null: cancel what is under way */
};

struct alter_partition_reassignments_topic {
    struct slice name;
    ARRAY_OF(struct alter_partition_reassignments_partition) partitions;
};

struct alter_partition_reassignments_request {
    int32_t timeout_ms;
    bool allow_replication_factor_change; /* false: as many replicas as there are */
    ARRAY_OF(struct alter_partition_reassignments_topic) topics;
};

struct alter_partition_reassignments_response_partition {
    int32_t partition_index;
    int16_t error_code; /* enum kerr */
    struct slice error_message;
};

struct alter_partition_reassignments_response_topic {
    struct slice name;
    ARRAY_OF(struct alter_partition_reassignments_response_partition) partitions;
};

struct alter_partition_reassignments_response {
    int32_t throttle_time_ms;
    bool allow_replication_factor_change; /* as it was asked */
    int16_t error_code;                   /* of the whole request */
    struct slice error_message;
    ARRAY_OF(struct alter_partition_reassignments_response_topic) responses;
};

DECLARE_SCHEMA(alter_partition_reassignments_partition);
DECLARE_SCHEMA(alter_partition_reassignments_topic);
DECLARE_SCHEMA(alter_partition_reassignments_request);
DECLARE_SCHEMA(alter_partition_reassignments_response_partition);
DECLARE_SCHEMA(alter_partition_reassignments_response_topic);
DECLARE_SCHEMA(alter_partition_reassignments_response);

extern const struct message alter_partition_reassignments_request_message,
    alter_partition_reassignments_response_message;

#endif
