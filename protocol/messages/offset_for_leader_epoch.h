/*
 * offset_for_leader_epoch: where a leader epoch ends (key 23, v2-4; KIP-101).
 */
#ifndef PROTOCOL_MESSAGES_OFFSET_FOR_LEADER_EPOCH_H
#define PROTOCOL_MESSAGES_OFFSET_FOR_LEADER_EPOCH_H

#include "protocol/schema/schema.h"

struct offset_for_leader_epoch_partition {
    int32_t partition;
    int32_t current_leader_epoch; /* what the client believes; -1: not known */
    int32_t leader_epoch;         /* the epoch asked for */
};

struct offset_for_leader_epoch_topic {
    struct slice topic;
    ARRAY_OF(struct offset_for_leader_epoch_partition) partitions;
};

struct offset_for_leader_epoch_request {
    int32_t replica_id; /* the follower's broker id; -1: a consumer, -2: a debugger */
    ARRAY_OF(struct offset_for_leader_epoch_topic) topics;
};

struct offset_for_leader_epoch_response_partition {
    int16_t error_code; /* enum kerr */
    int32_t partition;
    int32_t leader_epoch; /* the last one not after the epoch asked for; -1: none */
    int64_t end_offset;   /* the first offset after that epoch; -1: not known */
};

struct offset_for_leader_epoch_response_topic {
    struct slice topic;
    ARRAY_OF(struct offset_for_leader_epoch_response_partition) partitions;
};

struct offset_for_leader_epoch_response {
    int32_t throttle_time_ms;
    ARRAY_OF(struct offset_for_leader_epoch_response_topic) topics;
};

DECLARE_SCHEMA(offset_for_leader_epoch_partition);
DECLARE_SCHEMA(offset_for_leader_epoch_topic);
DECLARE_SCHEMA(offset_for_leader_epoch_request);
DECLARE_SCHEMA(offset_for_leader_epoch_response_partition);
DECLARE_SCHEMA(offset_for_leader_epoch_response_topic);
DECLARE_SCHEMA(offset_for_leader_epoch_response);

extern const struct message offset_for_leader_epoch_request_message, offset_for_leader_epoch_response_message;

#endif
