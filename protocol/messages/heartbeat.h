/*
 * heartbeat: a member of a classic group is alive, and hears of a rebalance (key 12, v0-4).
 */
#ifndef PROTOCOL_MESSAGES_HEARTBEAT_H
#define PROTOCOL_MESSAGES_HEARTBEAT_H

#include "protocol/schema/schema.h"

struct heartbeat_request {
    struct slice group_id;
    int32_t generation_id;
    struct slice member_id;
    struct slice group_instance_id; /* null: no static member */
};

struct heartbeat_response {
    int32_t throttle_time_ms;
    int16_t error_code; /* enum kerr */
};

DECLARE_SCHEMA(heartbeat_request);
DECLARE_SCHEMA(heartbeat_response);

extern const struct message heartbeat_request_message, heartbeat_response_message;

#endif
