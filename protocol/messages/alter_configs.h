/*
 * alter_configs: replaces all configs of a resource (key 33, v0-2; KIP-133). Old; incremental_alter_configs
 * took its place.
 */
#ifndef PROTOCOL_MESSAGES_ALTER_CONFIGS_H
#define PROTOCOL_MESSAGES_ALTER_CONFIGS_H

#include "protocol/schema/schema.h"

struct alter_configs_config {
    struct slice name;
    struct slice value;
};

struct alter_configs_resource {
    int8_t resource_type; /* as in describe_configs.h */
    struct slice resource_name;
    ARRAY_OF(struct alter_configs_config) configs; /* those that are not here go back to their default */
};

struct alter_configs_request {
    ARRAY_OF(struct alter_configs_resource) resources;
    bool validate_only; /* check, and change nothing */
};

struct alter_configs_response_resource {
    int16_t error_code; /* enum kerr */
    struct slice error_message;
    int8_t resource_type;
    struct slice resource_name;
};

struct alter_configs_response {
    int32_t throttle_time_ms;
    ARRAY_OF(struct alter_configs_response_resource) responses;
};

DECLARE_SCHEMA(alter_configs_config);
DECLARE_SCHEMA(alter_configs_resource);
DECLARE_SCHEMA(alter_configs_request);
DECLARE_SCHEMA(alter_configs_response_resource);
DECLARE_SCHEMA(alter_configs_response);

extern const struct message alter_configs_request_message, alter_configs_response_message;

#endif
