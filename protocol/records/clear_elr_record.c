/*
 * ClearElrRecord: v0. Version notes:
 * v0  is the first (KIP-966)
 */
#include "protocol/records/clear_elr_record.h"

SCHEMA(clear_elr_record,
       STRING(topic_name),
       UNKNOWN_TAGS(unknown_tags));

const struct message clear_elr_record_message = {
    .name = "ClearElrRecord",
    .schema = clear_elr_record_schema,
    .key = 28,
    .min_version = 0,
    .max_version = 0,
    .flexible_since = 0,
};
