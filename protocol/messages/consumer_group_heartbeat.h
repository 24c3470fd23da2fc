/*
 * consumer_group_heartbeat: a member of a consumer group is alive, says what it wants and owns, and is told
 * what it may own (key 68, v0-v1; KIP-848).
 */
#ifndef PROTOCOL_MESSAGES_CONSUMER_GROUP_HEARTBEAT_H
#define PROTOCOL_MESSAGES_CONSUMER_GROUP_HEARTBEAT_H

#include "protocol/schema/schema.h"

/* In the request: what the member owns. In the answer: what it may own. */
struct consumer_group_heartbeat_topic_partitions {
    struct uuid topic_id;
    ARRAY_OF(int32_t) partitions;
};

/* What is null (or -1) has not changed since the member's last heartbeat. */
struct consumer_group_heartbeat_request {
    struct slice group_id;
    struct slice member_id;       /* "": the broker shall make one (v0, joining) */
    int32_t member_epoch;         /* 0: joins; -1: leaves; -2: a static member that comes back */
    struct slice instance_id;     /* null: no static member, or as before */
    struct slice rack_id;         /* null: not said, or as before */
    int32_t rebalance_timeout_ms; /* -1: as before */
    ARRAY_OF(struct slice) subscribed_topic_names; /* null: as before */
    struct slice subscribed_topic_regex;           /* null: as before; "": none */
    struct slice server_assignor;                  /* null: no preference, or as before */
    ARRAY_OF(struct consumer_group_heartbeat_topic_partitions) topic_partitions; /* null: as before */
};

struct consumer_group_heartbeat_assignment {
    ARRAY_OF(struct consumer_group_heartbeat_topic_partitions) topic_partitions;
};

struct consumer_group_heartbeat_response {
    int32_t throttle_time_ms;
    int16_t error_code; /* enum kerr */
    struct slice error_message;
    struct slice member_id; /* null with an error */
    int32_t member_epoch;
    int32_t heartbeat_interval_ms;
    struct consumer_group_heartbeat_assignment *assignment; /* null: as before */
};

DECLARE_SCHEMA(consumer_group_heartbeat_topic_partitions);
DECLARE_SCHEMA(consumer_group_heartbeat_request);
DECLARE_SCHEMA(consumer_group_heartbeat_assignment);
DECLARE_SCHEMA(consumer_group_heartbeat_response);

extern const struct message consumer_group_heartbeat_request_message;
extern const struct message consumer_group_heartbeat_response_message;

#endif
