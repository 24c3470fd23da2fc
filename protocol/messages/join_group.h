/*
 * join_group: a member of a classic group asks for its place in the next generation (key 11, v0-9).
 */
#ifndef PROTOCOL_MESSAGES_JOIN_GROUP_H
#define PROTOCOL_MESSAGES_JOIN_GROUP_H

#include "protocol/schema/schema.h"

struct join_group_protocol {
    struct slice name;     /* of an assignor, "range" */
    struct slice metadata; /* ConsumerProtocolSubscription for consumers */
};

struct join_group_request {
    struct slice group_id;
    int32_t session_timeout_ms;
    int32_t rebalance_timeout_ms;                   /* -1: the session timeout (v0) */
    struct slice member_id;                         /* "": a new member */
    struct slice group_instance_id;                 /* null: no static member */
    struct slice protocol_type;                     /* "consumer", "connect" ... */
    ARRAY_OF(struct join_group_protocol) protocols; /* what the member would have, the best first */
    struct slice reason;                            /* why it joins; null: not said */
};

struct join_group_response_member {
    struct slice member_id;
    struct slice group_instance_id; /* null: no static member */
    struct slice metadata;          /* of the protocol that was chosen */
};

struct join_group_response {
    int32_t throttle_time_ms;
    int16_t error_code; /* enum kerr */
    int32_t generation_id;
    struct slice protocol_type; /* null: an error */
    struct slice protocol_name; /* null: an error; "" before v7 */
    struct slice leader;
    bool skip_assignment; /* the leader need not assign: all is as it was */
    struct slice member_id;
    ARRAY_OF(struct join_group_response_member) members; /* for the leader; empty for others */
};

DECLARE_SCHEMA(join_group_protocol);
DECLARE_SCHEMA(join_group_request);
DECLARE_SCHEMA(join_group_response_member);
DECLARE_SCHEMA(join_group_response);

extern const struct message join_group_request_message, join_group_response_message;

#endif
