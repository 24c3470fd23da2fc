/*
 * offset_commit: how far a group has come in partitions (key 8, v2-10).
 */
#ifndef PROTOCOL_MESSAGES_OFFSET_COMMIT_H
#define PROTOCOL_MESSAGES_OFFSET_COMMIT_H

#include "protocol/schema/schema.h"

struct offset_commit_request_partition {
    int32_t partition_index;
    int64_t committed_offset;       /* the next one to be read */
    int32_t committed_leader_epoch; /* of the record before it; -1: not known (KIP-320) */
    struct slice committed_metadata;
};

struct offset_commit_request_topic {
    struct slice name;
    struct uuid topic_id; /* instead of the name (KIP-848) */
    ARRAY_OF(struct offset_commit_request_partition) partitions;
};

struct offset_commit_request {
    struct slice group_id;
    int32_t generation_id_or_member_epoch; /* -1: no member commits */
    struct slice member_id;
    struct slice group_instance_id; /* null: no static member (KIP-345) */
    int64_t retention_time_ms;      /* -1: as the broker's configuration says */
    ARRAY_OF(struct offset_commit_request_topic) topics;
};

struct offset_commit_response_partition {
    int32_t partition_index;
    int16_t error_code; /* enum kerr */
};

struct offset_commit_response_topic {
    struct slice name;
    struct uuid topic_id;
    ARRAY_OF(struct offset_commit_response_partition) partitions;
};

struct offset_commit_response {
    int32_t throttle_time_ms;
    ARRAY_OF(struct offset_commit_response_topic) topics;
};

DECLARE_SCHEMA(offset_commit_request_partition);
DECLARE_SCHEMA(offset_commit_request_topic);
DECLARE_SCHEMA(offset_commit_request);
DECLARE_SCHEMA(offset_commit_response_partition);
DECLARE_SCHEMA(offset_commit_response_topic);
DECLARE_SCHEMA(offset_commit_response);

extern const struct message offset_commit_request_message, offset_commit_response_message;

#endif
