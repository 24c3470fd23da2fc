/*
 * AlterClientQuotas: v0-1. Version notes:
 * v0  is the first (KIP-546)
 * v1  is flexible (KIP-482)
 */
#include "protocol/messages/alter_client_quotas.h"

SCHEMA(alter_client_quotas_entity, STRING(entity_type), STRING(entity_name, NULLABLE(0)));

SCHEMA(alter_client_quotas_op, STRING(key), F64(value), BOOL(remove));

SCHEMA(alter_client_quotas_entry,
       ARRAY(entity, alter_client_quotas_entity),
       ARRAY(ops, alter_client_quotas_op));

SCHEMA(alter_client_quotas_request,
       ARRAY(entries, alter_client_quotas_entry),
       BOOL(validate_only));

const struct message alter_client_quotas_request_message = {
    .name = "AlterClientQuotasRequest",
    .schema = alter_client_quotas_request_schema,
    .key = 49,
    .min_version = 0,
    .max_version = 1,
    .flexible_since = 1,
};

SCHEMA(alter_client_quotas_response_entry,
       I16(error_code),
       STRING(error_message, NULLABLE(0)),
       ARRAY(entity, alter_client_quotas_entity));

SCHEMA(alter_client_quotas_response,
       I32(throttle_time_ms),
       ARRAY(entries, alter_client_quotas_response_entry));

const struct message alter_client_quotas_response_message = {
    .name = "AlterClientQuotasResponse",
    .schema = alter_client_quotas_response_schema,
    .key = 49,
    .min_version = 0,
    .max_version = 1,
    .flexible_since = 1,
};
