/*
 * describe_groups: groups of the classic protocol with their members (key 15, v0-6).
 */
#ifndef PROTOCOL_MESSAGES_DESCRIBE_GROUPS_H
#define PROTOCOL_MESSAGES_DESCRIBE_GROUPS_H

#include "protocol/schema/schema.h"

struct describe_groups_request {
    ARRAY_OF(struct slice) groups;
    bool include_authorized_operations;
};

struct describe_groups_response_member {
    struct slice member_id;
    struct slice group_instance_id; /* null: no static member */
    struct slice client_id;
    struct slice client_host;       /* "/10.0.0.5" */
    struct slice member_metadata;   /* of the chosen protocol; "" unless the group is stable */
    struct slice member_assignment; /* "" unless the group is stable */
};

struct describe_groups_response_group {
    int16_t error_code;         /* enum kerr */
    struct slice error_message; /* null: none */
    struct slice group_id;
    struct slice group_state;   /* "Stable" ...; "" with an error */
    struct slice protocol_type; /* "consumer" ... */
    struct slice protocol_data; /* the protocol that was chosen, an assignor's name */
    ARRAY_OF(struct describe_groups_response_member) members;
    int32_t authorized_operations; /* bit n: may do operation n */
};

struct describe_groups_response {
    int32_t throttle_time_ms;
    ARRAY_OF(struct describe_groups_response_group) groups;
};

DECLARE_SCHEMA(describe_groups_request);
DECLARE_SCHEMA(describe_groups_response_member);
DECLARE_SCHEMA(describe_groups_response_group);
DECLARE_SCHEMA(describe_groups_response);

extern const struct message describe_groups_request_message, describe_groups_response_message;

#endif
