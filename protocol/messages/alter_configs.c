/*
 * AlterConfigs: v0-2. Version notes:
 * v0  is the first (KIP-133)
 * v1  throttles after the answer (KIP-219)
 * v2  is flexible (KIP-482)
 */
#include "protocol/messages/alter_configs.h"

SCHEMA(alter_configs_config,
       STRING(name),
       STRING(value, NULLABLE(0)));

SCHEMA(alter_configs_resource,
       I8(resource_type),
       STRING(resource_name),
       ARRAY(configs, alter_configs_config));

SCHEMA(alter_configs_request,
       ARRAY(resources, alter_configs_resource),
       BOOL(validate_only));

const struct message alter_configs_request_message = {
    .name = "AlterConfigsRequest",
    .schema = alter_configs_request_schema,
    .key = 33,
    .min_version = 0,
    .max_version = 2,
    .flexible_since = 2,
};

SCHEMA(alter_configs_response_resource,
       I16(error_code),
       STRING(error_message, NULLABLE(0)),
       I8(resource_type),
       STRING(resource_name));

SCHEMA(alter_configs_response,
       I32(throttle_time_ms),
       ARRAY(responses, alter_configs_response_resource));

const struct message alter_configs_response_message = {
    .name = "AlterConfigsResponse",
    .schema = alter_configs_response_schema,
    .key = 33,
    .min_version = 0,
    .max_version = 2,
    .flexible_since = 2,
};
