/*
 * UnregisterBrokerRecord: v0. Version notes:
 * v0  is the first (KIP-631)
 */
#include "protocol/records/unregister_broker_record.h"

SCHEMA(unregister_broker_record,
       I32(broker_id),
       I64(broker_epoch),
       UNKNOWN_TAGS(unknown_tags));

const struct message unregister_broker_record_message = {
    .name = "UnregisterBrokerRecord",
    .schema = unregister_broker_record_schema,
    .key = 1,
    .min_version = 0,
    .max_version = 0,
    .flexible_since = 0,
};
