/*
 * RegisterBrokerRecord: v0-4. Version notes:
 * v0  is the first (KIP-631)
 * v1  adds inControlledShutdown (KIP-841); written at metadata.version 7
 * v2  adds isMigratingZkBroker (KIP-866); from metadata.version 8 on
 * v3  adds logDirs (KIP-858); from 17 on
 * v4  adds cordonedLogDirs (KIP-1066); from 30 on
 */
#include "protocol/records/register_broker_record.h"

SCHEMA(register_broker_endpoint,
       STRING(name),
       STRING(host),
       U16(port),
       I16(security_protocol),
       UNKNOWN_TAGS(unknown_tags));

SCHEMA(register_broker_feature,
       STRING(name),
       I16(min_supported_version),
       I16(max_supported_version),
       UNKNOWN_TAGS(unknown_tags));

SCHEMA(register_broker_record,
       I32(broker_id),
       BOOL(is_migrating_zk_broker, SINCE(2)),
       UUID(incarnation_id),
       I64(broker_epoch),
       ARRAY(end_points, register_broker_endpoint),
       ARRAY(features, register_broker_feature),
       STRING(rack, NULLABLE(0)),
       BOOL(fenced, DEFAULT(true)),
       BOOL(in_controlled_shutdown, SINCE(1)),
       UUIDS(log_dirs, SINCE(3), TAG(0)),
       UUIDS(cordoned_log_dirs, SINCE(4), NULLABLE(4), TAG(1), DEFAULT_NULL),
       UNKNOWN_TAGS(unknown_tags));

const struct message register_broker_record_message = {
    .name = "RegisterBrokerRecord",
    .schema = register_broker_record_schema,
    .key = 0,
    .min_version = 0,
    .max_version = 4,
    .flexible_since = 0,
};
