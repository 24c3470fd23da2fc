/*
 * delete_groups: groups without members go, with what they have committed (key 42, v0-2).
 */
#ifndef PROTOCOL_MESSAGES_DELETE_GROUPS_H
#define PROTOCOL_MESSAGES_DELETE_GROUPS_H

#include "protocol/schema/schema.h"

struct delete_groups_request {
    ARRAY_OF(struct slice) groups_names;
};

struct delete_groups_response_result {
    struct slice group_id;
    int16_t error_code; /* enum kerr */
};

struct delete_groups_response {
    int32_t throttle_time_ms;
    ARRAY_OF(struct delete_groups_response_result) results;
};

DECLARE_SCHEMA(delete_groups_request);
DECLARE_SCHEMA(delete_groups_response_result);
DECLARE_SCHEMA(delete_groups_response);

extern const struct message delete_groups_request_message, delete_groups_response_message;

#endif
