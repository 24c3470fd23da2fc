/*
 * DescribeConfigs: v1-4. Version notes:
 * v1  has sources and synonyms (KIP-226)
 * v2  throttles after the answer (KIP-219)
 * v3  adds types and documentation (KIP-569)
 * v4  is flexible (KIP-482)
 */
#include "protocol/messages/describe_configs.h"

SCHEMA(describe_configs_resource,
       I8(resource_type),
       STRING(resource_name),
       STRINGS(configuration_keys, NULLABLE(0)));

SCHEMA(describe_configs_request,
       ARRAY(resources, describe_configs_resource),
       BOOL(include_synonyms),
       BOOL(include_documentation, SINCE(3)));

const struct message describe_configs_request_message = {
    .name = "DescribeConfigsRequest",
    .schema = describe_configs_request_schema,
    .key = 32,
    .min_version = 1,
    .max_version = 4,
    .flexible_since = 4,
};

SCHEMA(describe_configs_response_synonym,
       STRING(name),
       STRING(value, NULLABLE(0)),
       I8(source));

SCHEMA(describe_configs_response_config,
       STRING(name),
       STRING(value, NULLABLE(0)),
       BOOL(read_only),
       I8(config_source, DEFAULT(-1)),
       BOOL(is_sensitive),
       ARRAY(synonyms, describe_configs_response_synonym),
       I8(config_type, SINCE(3)),
       STRING(documentation, SINCE(3), NULLABLE(0)));

SCHEMA(describe_configs_response_resource,
       I16(error_code),
       STRING(error_message, NULLABLE(0)),
       I8(resource_type),
       STRING(resource_name),
       ARRAY(configs, describe_configs_response_config));

SCHEMA(describe_configs_response,
       I32(throttle_time_ms),
       ARRAY(results, describe_configs_response_resource));

const struct message describe_configs_response_message = {
    .name = "DescribeConfigsResponse",
    .schema = describe_configs_response_schema,
    .key = 32,
    .min_version = 1,
    .max_version = 4,
    .flexible_since = 4,
};
