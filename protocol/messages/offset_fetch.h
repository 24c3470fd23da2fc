/*
 * offset_fetch: how far groups have come (key 9, v1-10).
 */
#ifndef PROTOCOL_MESSAGES_OFFSET_FETCH_H
#define PROTOCOL_MESSAGES_OFFSET_FETCH_H

#include "protocol/schema/schema.h"

/* Until v7, when one request asked for one group. */
struct offset_fetch_request_topic {
    struct slice name;
    ARRAY_OF(int32_t) partition_indexes;
};

struct offset_fetch_request_topics {
    struct slice name;
    struct uuid topic_id; /* instead of the name (KIP-848) */
    ARRAY_OF(int32_t) partition_indexes;
};

struct offset_fetch_request_group {
    struct slice group_id;
    struct slice member_id;                              /* null: no member asks */
    int32_t member_epoch;                                /* -1: no member asks */
    ARRAY_OF(struct offset_fetch_request_topics) topics; /* null: all that the group has */
};

struct offset_fetch_request {
    struct slice group_id;
    ARRAY_OF(struct offset_fetch_request_topic) topics; /* null: all that the group has */
    ARRAY_OF(struct offset_fetch_request_group) groups;
    bool require_stable; /* refuse where a transaction that is open has committed (KIP-447) */
};

struct offset_fetch_response_partition {
    int32_t partition_index;
    int64_t committed_offset;       /* -1: none */
    int32_t committed_leader_epoch; /* -1: not known */
    struct slice metadata;
    int16_t error_code; /* enum kerr */
};

struct offset_fetch_response_topic {
    struct slice name;
    ARRAY_OF(struct offset_fetch_response_partition) partitions;
};

/* Since v8. */
struct offset_fetch_response_partitions {
    int32_t partition_index;
    int64_t committed_offset;       /* -1: none */
    int32_t committed_leader_epoch; /* -1: not known */
    struct slice metadata;
    int16_t error_code; /* enum kerr */
};

struct offset_fetch_response_topics {
    struct slice name;
    struct uuid topic_id;
    ARRAY_OF(struct offset_fetch_response_partitions) partitions;
};

struct offset_fetch_response_group {
    struct slice group_id;
    ARRAY_OF(struct offset_fetch_response_topics) topics;
    int16_t error_code; /* enum kerr */
};

struct offset_fetch_response {
    int32_t throttle_time_ms;
    ARRAY_OF(struct offset_fetch_response_topic) topics;
    int16_t error_code; /* enum kerr */
    ARRAY_OF(struct offset_fetch_response_group) groups;
};

DECLARE_SCHEMA(offset_fetch_request_topic);
DECLARE_SCHEMA(offset_fetch_request_topics);
DECLARE_SCHEMA(offset_fetch_request_group);
DECLARE_SCHEMA(offset_fetch_request);
DECLARE_SCHEMA(offset_fetch_response_partition);
DECLARE_SCHEMA(offset_fetch_response_topic);
DECLARE_SCHEMA(offset_fetch_response_partitions);
DECLARE_SCHEMA(offset_fetch_response_topics);
DECLARE_SCHEMA(offset_fetch_response_group);
DECLARE_SCHEMA(offset_fetch_response);

extern const struct message offset_fetch_request_message, offset_fetch_response_message;

#endif
