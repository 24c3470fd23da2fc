/*
 * ListConfigResources: v0-1. Version notes:
 * v0  lists client metrics only, as ListClientMetricsResources (KIP-1000)
 * v1  says which types, and lists every one (KIP-1142)
 */
#include "protocol/messages/list_config_resources.h"

SCHEMA(list_config_resources_request, I8S(resource_types, SINCE(1)));

const struct message list_config_resources_request_message = {
    .name = "ListConfigResourcesRequest",
    .schema = list_config_resources_request_schema,
    .key = 74,
    .min_version = 0,
    .max_version = 1,
    .flexible_since = 0,
};

SCHEMA(list_config_resources_response_resource,
       STRING(resource_name),
       I8(resource_type, SINCE(1), DEFAULT(16)));

SCHEMA(list_config_resources_response,
       I32(throttle_time_ms),
       I16(error_code),
       ARRAY(config_resources, list_config_resources_response_resource));

const struct message list_config_resources_response_message = {
    .name = "ListConfigResourcesResponse",
    .schema = list_config_resources_response_schema,
    .key = 74,
    .min_version = 0,
    .max_version = 1,
    .flexible_since = 0,
};
