/*
 * IncrementalAlterConfigs: v0-1. Version notes:
 * v0  is the first (KIP-339)
 * v1  is flexible (KIP-482)
 */
#include "protocol/messages/incremental_alter_configs.h"

SCHEMA(incremental_alter_configs_config,
       STRING(name),
       I8(config_operation),
       STRING(value, NULLABLE(0)));

SCHEMA(incremental_alter_configs_resource,
       I8(resource_type),
       STRING(resource_name),
       ARRAY(configs, incremental_alter_configs_config));

SCHEMA(incremental_alter_configs_request,
       ARRAY(resources, incremental_alter_configs_resource),
       BOOL(validate_only));

const struct message incremental_alter_configs_request_message = {
    .name = "IncrementalAlterConfigsRequest",
    .schema = incremental_alter_configs_request_schema,
    .key = 44,
    .min_version = 0,
    .max_version = 1,
    .flexible_since = 1,
};

SCHEMA(incremental_alter_configs_response_resource,
       I16(error_code),
       STRING(error_message, NULLABLE(0)),
       I8(resource_type),
       STRING(resource_name));

SCHEMA(incremental_alter_configs_response,
       I32(throttle_time_ms),
       ARRAY(responses, incremental_alter_configs_response_resource));

const struct message incremental_alter_configs_response_message = {
    .name = "IncrementalAlterConfigsResponse",
    .schema = incremental_alter_configs_response_schema,
    .key = 44,
    .min_version = 0,
    .max_version = 1,
    .flexible_since = 1,
};
