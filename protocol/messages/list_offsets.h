/*
 * list_offsets: the offset at a time, or at a mark (key 2, v1-11).
 */
#ifndef PROTOCOL_MESSAGES_LIST_OFFSETS_H
#define PROTOCOL_MESSAGES_LIST_OFFSETS_H

#include "protocol/schema/schema.h"

struct list_offsets_partition {
    int32_t partition_index;
    int32_t current_leader_epoch; /* what the client believes; -1: not known */
    int64_t timestamp;            /* ms; -1: the end, -2: the start, -3 to -6: see list_offsets.c */
};

struct list_offsets_topic {
    struct slice name;
    ARRAY_OF(struct list_offsets_partition) partitions;
};

struct list_offsets_request {
    int32_t replica_id;     /* the follower's broker id; -1: a consumer, -2: a debugger */
    int8_t isolation_level; /* 0: read uncommitted, 1: read committed */
    ARRAY_OF(struct list_offsets_topic) topics;
    int32_t timeout_ms; /* how long to wait for tiered storage */
};

struct list_offsets_response_partition {
    int32_t partition_index;
    int16_t error_code;   /* enum kerr */
    int64_t timestamp;    /* of the record found, ms; -1: none was, or a mark was asked for */
    int64_t offset;       /* -1: no record is that late */
    int32_t leader_epoch; /* of the record found; -1: not known */
};

struct list_offsets_response_topic {
    struct slice name;
    ARRAY_OF(struct list_offsets_response_partition) partitions;
};

struct list_offsets_response {
    int32_t throttle_time_ms;
    ARRAY_OF(struct list_offsets_response_topic) topics;
};

DECLARE_SCHEMA(list_offsets_partition);
DECLARE_SCHEMA(list_offsets_topic);
DECLARE_SCHEMA(list_offsets_request);
DECLARE_SCHEMA(list_offsets_response_partition);
DECLARE_SCHEMA(list_offsets_response_topic);
DECLARE_SCHEMA(list_offsets_response);

extern const struct message list_offsets_request_message, list_offsets_response_message;

#endif
