/*
 * ProducerIdsRecord: v0. Version notes:
 * v0  is the first (KIP-730)
 */
#include "protocol/records/producer_ids_record.h"

SCHEMA(producer_ids_record,
       I32(broker_id),
       I64(broker_epoch, DEFAULT(-1)),
       I64(next_producer_id),
       UNKNOWN_TAGS(unknown_tags));

const struct message producer_ids_record_message = {
    .name = "ProducerIdsRecord",
    .schema = producer_ids_record_schema,
    .key = 15,
    .min_version = 0,
    .max_version = 0,
    .flexible_since = 0,
};
