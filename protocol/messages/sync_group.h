/*
 * sync_group: the leader of a classic group gives the assignment of a generation, its members get theirs
 * (key 14, v0-5).
 */
#ifndef PROTOCOL_MESSAGES_SYNC_GROUP_H
#define PROTOCOL_MESSAGES_SYNC_GROUP_H

#include "protocol/schema/schema.h"

struct sync_group_assignment {
    struct slice member_id;
    struct slice assignment; /* ConsumerProtocolAssignment for consumers */
};

struct sync_group_request {
    struct slice group_id;
    int32_t generation_id;
    struct slice member_id;
    struct slice group_instance_id;                     /* null: no static member */
    struct slice protocol_type;                         /* null: the member does not know */
    struct slice protocol_name;                         /* null likewise */
    ARRAY_OF(struct sync_group_assignment) assignments; /* from the leader; empty from others */
};

struct sync_group_response {
    int32_t throttle_time_ms;
    int16_t error_code;         /* enum kerr */
    struct slice protocol_type; /* null: an error */
    struct slice protocol_name; /* null: an error */
    struct slice assignment;    /* the member's own */
};

DECLARE_SCHEMA(sync_group_assignment);
DECLARE_SCHEMA(sync_group_request);
DECLARE_SCHEMA(sync_group_response);

extern const struct message sync_group_request_message, sync_group_response_message;

#endif
