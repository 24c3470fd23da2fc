/*
 * incremental_alter_configs: sets, deletes, appends to and subtracts from single configs (key 44, v0-1;
 * KIP-339).
 */
#ifndef PROTOCOL_MESSAGES_INCREMENTAL_ALTER_CONFIGS_H
#define PROTOCOL_MESSAGES_INCREMENTAL_ALTER_CONFIGS_H

#include "protocol/schema/schema.h"

struct incremental_alter_configs_config {
    struct slice name;
    int8_t config_operation; /* 0: set, 1: delete, 2: append, 3: subtract (the latter two: lists only) */
    struct slice value;
};

struct incremental_alter_configs_resource {
    int8_t resource_type; /* as in describe_configs.h */
    struct slice resource_name;
    ARRAY_OF(struct incremental_alter_configs_config) configs;
};

struct incremental_alter_configs_request {
    ARRAY_OF(struct incremental_alter_configs_resource) resources;
    bool validate_only; /* check, and change nothing */
};

struct incremental_alter_configs_response_resource {
    int16_t error_code; /* enum kerr */
    struct slice error_message;
    int8_t resource_type;
    struct slice resource_name;
};

struct incremental_alter_configs_response {
    int32_t throttle_time_ms;
    ARRAY_OF(struct incremental_alter_configs_response_resource) responses;
};

DECLARE_SCHEMA(incremental_alter_configs_config);
DECLARE_SCHEMA(incremental_alter_configs_resource);
DECLARE_SCHEMA(incremental_alter_configs_request);
DECLARE_SCHEMA(incremental_alter_configs_response_resource);
DECLARE_SCHEMA(incremental_alter_configs_response);

extern const struct message incremental_alter_configs_request_message,
    incremental_alter_configs_response_message;

#endif
