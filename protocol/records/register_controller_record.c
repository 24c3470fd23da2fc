/*
 * RegisterControllerRecord: v0. Version notes:
 * v0  is the first (KIP-919); from metadata.version 15 on
 */
#include "protocol/records/register_controller_record.h"

SCHEMA(register_controller_endpoint,
       STRING(name),
       STRING(host),
       U16(port),
       I16(security_protocol),
       UNKNOWN_TAGS(unknown_tags));

SCHEMA(register_controller_feature,
       STRING(name),
       I16(min_supported_version),
       I16(max_supported_version),
       UNKNOWN_TAGS(unknown_tags));

SCHEMA(register_controller_record,
       I32(controller_id),
       UUID(incarnation_id),
       BOOL(zk_migration_ready),
       ARRAY(end_points, register_controller_endpoint),
       ARRAY(features, register_controller_feature),
       UNKNOWN_TAGS(unknown_tags));

const struct message register_controller_record_message = {
    .name = "RegisterControllerRecord",
    .schema = register_controller_record_schema,
    .key = 27,
    .min_version = 0,
    .max_version = 0,
    .flexible_since = 0,
};
