/*
 * leave_group: members leave a classic group, or are made to (key 13, v0-5).
 */
#ifndef PROTOCOL_MESSAGES_LEAVE_GROUP_H
#define PROTOCOL_MESSAGES_LEAVE_GROUP_H

#include "protocol/schema/schema.h"

struct leave_group_member {
    struct slice member_id;         /* "": whoever has the instance id */
    struct slice group_instance_id; /* null: no static member */
    struct slice reason;            /* null: not said */
};

struct leave_group_request {
    struct slice group_id;
    struct slice member_id;                      /* v0-2: the one that leaves */
    ARRAY_OF(struct leave_group_member) members; /* v3 and later: those that leave */
};

struct leave_group_response_member {
    struct slice member_id;
    struct slice group_instance_id; /* null: no static member */
    int16_t error_code;             /* enum kerr */
};

struct leave_group_response {
    int32_t throttle_time_ms;
    int16_t error_code;                                   /* enum kerr */
    ARRAY_OF(struct leave_group_response_member) members; /* in the request's order */
};

DECLARE_SCHEMA(leave_group_member);
DECLARE_SCHEMA(leave_group_request);
DECLARE_SCHEMA(leave_group_response_member);
DECLARE_SCHEMA(leave_group_response);

extern const struct message leave_group_request_message, leave_group_response_message;

#endif
