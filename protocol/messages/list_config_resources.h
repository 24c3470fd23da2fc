/*
 * list_config_resources: the names of what has configs (key 74, v0-1; KIP-1142).
 */
#ifndef PROTOCOL_MESSAGES_LIST_CONFIG_RESOURCES_H
#define PROTOCOL_MESSAGES_LIST_CONFIG_RESOURCES_H

#include "protocol/schema/schema.h"

struct list_config_resources_request {
    ARRAY_OF(int8_t) resource_types; /* as in describe_configs.h; empty: all */
};

struct list_config_resources_response_resource {
    struct slice resource_name;
    int8_t resource_type;
};

struct list_config_resources_response {
    int32_t throttle_time_ms;
    int16_t error_code; /* enum kerr */
    ARRAY_OF(struct list_config_resources_response_resource) config_resources;
};

DECLARE_SCHEMA(list_config_resources_request);
DECLARE_SCHEMA(list_config_resources_response_resource);
DECLARE_SCHEMA(list_config_resources_response);

extern const struct message list_config_resources_request_message, list_config_resources_response_message;

#endif
