/*
 * find_coordinator: which broker looks after a group or a transactional id (key 10, v0-6).
 */
#ifndef PROTOCOL_MESSAGES_FIND_COORDINATOR_H
#define PROTOCOL_MESSAGES_FIND_COORDINATOR_H

#include "protocol/schema/schema.h"

struct find_coordinator_request {
    struct slice key;
    int8_t key_type; /* 0: group, 1: transactional id, 2: share ("group:topic id:partition") */
    ARRAY_OF(struct slice) coordinator_keys;
};

struct find_coordinator_response_coordinator {
    struct slice key;
    int32_t node_id; /* -1 with an error */
    struct slice host;
    int32_t port;
    int16_t error_code; /* enum kerr */
    struct slice error_message;
};

struct find_coordinator_response {
    int32_t throttle_time_ms;
    int16_t error_code; /* enum kerr */
    struct slice error_message;
    int32_t node_id; /* -1 with an error */
    struct slice host;
    int32_t port;
    ARRAY_OF(struct find_coordinator_response_coordinator) coordinators; /* in the order of the keys */
};

DECLARE_SCHEMA(find_coordinator_request);
DECLARE_SCHEMA(find_coordinator_response_coordinator);
DECLARE_SCHEMA(find_coordinator_response);

extern const struct message find_coordinator_request_message, find_coordinator_response_message;

#endif
