/*
 * FenceBrokerRecord and UnfenceBrokerRecord: v0. Version notes:
 * v0  is the first (KIP-631)
 */
#include "protocol/records/fence_broker_record.h"

SCHEMA(fence_broker_record,
       I32(id),
       I64(epoch),
       UNKNOWN_TAGS(unknown_tags));

const struct message fence_broker_record_message = {
    .name = "FenceBrokerRecord",
    .schema = fence_broker_record_schema,
    .key = 7,
    .min_version = 0,
    .max_version = 0,
    .flexible_since = 0,
};

SCHEMA(unfence_broker_record,
       I32(id),
       I64(epoch),
       UNKNOWN_TAGS(unknown_tags));

const struct message unfence_broker_record_message = {
    .name = "UnfenceBrokerRecord",
    .schema = unfence_broker_record_schema,
    .key = 8,
    .min_version = 0,
    .max_version = 0,
    .flexible_since = 0,
};
