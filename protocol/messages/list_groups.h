/*
 * list_groups: the groups that a broker coordinates (key 16, v0-5).
 */
#ifndef PROTOCOL_MESSAGES_LIST_GROUPS_H
#define PROTOCOL_MESSAGES_LIST_GROUPS_H

#include "protocol/schema/schema.h"

struct list_groups_request {
    ARRAY_OF(struct slice) states_filter; /* empty: any state; in any case */
    ARRAY_OF(struct slice) types_filter;  /* empty: any type; in any case */
};

struct list_groups_response_group {
    struct slice group_id;
    struct slice protocol_type; /* "consumer", "connect" ..., "": a group that only commits offsets */
    struct slice group_state;   /* "Stable" ... */
    struct slice group_type;    /* "classic", "consumer", "share", "streams" */
};

struct list_groups_response {
    int32_t throttle_time_ms;
    int16_t error_code; /* enum kerr */
    ARRAY_OF(struct list_groups_response_group) groups;
};

DECLARE_SCHEMA(list_groups_request);
DECLARE_SCHEMA(list_groups_response_group);
DECLARE_SCHEMA(list_groups_response);

extern const struct message list_groups_request_message, list_groups_response_message;

#endif
