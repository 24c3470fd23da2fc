/*
 * ClientQuotaRecord: v0. Version notes:
 * v0  is the first (KIP-631)
 */
#include "protocol/records/client_quota_record.h"

SCHEMA(client_quota_entity,
       STRING(entity_type),
       STRING(entity_name, NULLABLE(0)),
       UNKNOWN_TAGS(unknown_tags));

SCHEMA(client_quota_record,
       ARRAY(entity, client_quota_entity),
       STRING(key),
       F64(value),
       BOOL(remove),
       UNKNOWN_TAGS(unknown_tags));

const struct message client_quota_record_message = {
    .name = "ClientQuotaRecord",
    .schema = client_quota_record_schema,
    .key = 14,
    .min_version = 0,
    .max_version = 0,
    .flexible_since = 0,
};
