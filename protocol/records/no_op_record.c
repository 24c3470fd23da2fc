/*
 * NoOpRecord: v0. Version notes:
 * v0  is the first (KIP-835)
 */
#include "protocol/records/no_op_record.h"

SCHEMA(no_op_record,
       UNKNOWN_TAGS(unknown_tags));

const struct message no_op_record_message = {
    .name = "NoOpRecord",
    .schema = no_op_record_schema,
    .key = 20,
    .min_version = 0,
    .max_version = 0,
    .flexible_since = 0,
};
