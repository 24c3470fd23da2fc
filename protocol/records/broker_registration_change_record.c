/*
 * BrokerRegistrationChangeRecord: v0-3. Version notes:
 * v0  fences and unfences
 * v1  adds inControlledShutdown (KIP-841)
 * v2  adds logDirs (KIP-858)
 * v3  adds cordonedLogDirs (KIP-1066)
 */
#include "protocol/records/broker_registration_change_record.h"

SCHEMA(broker_registration_change_record,
       I32(broker_id),
       I64(broker_epoch),
       I8(fenced, TAG(0)),
       I8(in_controlled_shutdown, SINCE(1), TAG(1)),
       UUIDS(log_dirs, SINCE(2), TAG(2)),
       UUIDS(cordoned_log_dirs, SINCE(3), NULLABLE(3), TAG(3), DEFAULT_NULL),
       UNKNOWN_TAGS(unknown_tags));

const struct message broker_registration_change_record_message = {
    .name = "BrokerRegistrationChangeRecord",
    .schema = broker_registration_change_record_schema,
    .key = 17,
    .min_version = 0,
    .max_version = 3,
    .flexible_since = 0,
};
