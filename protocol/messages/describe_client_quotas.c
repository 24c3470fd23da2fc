/*
 * DescribeClientQuotas: v0-1. Version notes:
 * v0  is the first (KIP-546)
 * v1  is flexible (KIP-482)
 */
#include "protocol/messages/describe_client_quotas.h"

SCHEMA(describe_client_quotas_component,
       STRING(entity_type),
       I8(match_type),
       STRING(match, NULLABLE(0)));

SCHEMA(describe_client_quotas_request,
       ARRAY(components, describe_client_quotas_component),
       BOOL(strict));

const struct message describe_client_quotas_request_message = {
    .name = "DescribeClientQuotasRequest",
    .schema = describe_client_quotas_request_schema,
    .key = 48,
    .min_version = 0,
    .max_version = 1,
    .flexible_since = 1,
};

SCHEMA(describe_client_quotas_response_entity,
       STRING(entity_type),
       STRING(entity_name, NULLABLE(0)));

SCHEMA(describe_client_quotas_response_value, STRING(key), F64(value));

SCHEMA(describe_client_quotas_response_entry,
       ARRAY(entity, describe_client_quotas_response_entity),
       ARRAY(values, describe_client_quotas_response_value));

SCHEMA(describe_client_quotas_response,
       I32(throttle_time_ms),
       I16(error_code),
       STRING(error_message, NULLABLE(0)),
       ARRAY(entries, describe_client_quotas_response_entry, NULLABLE(0)));

const struct message describe_client_quotas_response_message = {
    .name = "DescribeClientQuotasResponse",
    .schema = describe_client_quotas_response_schema,
    .key = 48,
    .min_version = 0,
    .max_version = 1,
    .flexible_since = 1,
};
