/*
 * FeatureLevelRecord: v0. Version notes:
 * v0  is the first (KIP-631)
 */
#include "protocol/records/feature_level_record.h"

SCHEMA(feature_level_record,
       STRING(name),
       I16(feature_level),
       UNKNOWN_TAGS(unknown_tags));

const struct message feature_level_record_message = {
    .name = "FeatureLevelRecord",
    .schema = feature_level_record_schema,
    .key = 12,
    .min_version = 0,
    .max_version = 0,
    .flexible_since = 0,
};
