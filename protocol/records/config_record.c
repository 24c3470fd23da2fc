/*
 * ConfigRecord: v0. Version notes:
 * v0  is the first (KIP-631)
 */
#include "protocol/records/config_record.h"

SCHEMA(config_record,
       I8(resource_type),
       STRING(resource_name),
       STRING(name),
       STRING(value, NULLABLE(0)),
       UNKNOWN_TAGS(unknown_tags));

const struct message config_record_message = {
    .name = "ConfigRecord",
    .schema = config_record_schema,
    .key = 4,
    .min_version = 0,
    .max_version = 0,
    .flexible_since = 0,
};
