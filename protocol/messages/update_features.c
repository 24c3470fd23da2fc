/*
 * UpdateFeatures: v0-2. Version notes:
 * v0  is flexible (KIP-584)
 * v1  tells safe and unsafe downgrades apart and may only validate (KIP-778)
 * v2  has no results of single features any more (KIP-1022)
 */
#include "protocol/messages/update_features.h"

SCHEMA(update_features_feature,
       STRING(feature),
       I16(max_version_level),
       BOOL(allow_downgrade, UNTIL(0)),
       I8(upgrade_type, SINCE(1), DEFAULT(1)));

SCHEMA(update_features_request,
       I32(timeout_ms, DEFAULT(60000)),
       ARRAY(feature_updates, update_features_feature),
       BOOL(validate_only, SINCE(1)));

const struct message update_features_request_message = {
    .name = "UpdateFeaturesRequest",
    .schema = update_features_request_schema,
    .key = 57,
    .min_version = 0,
    .max_version = 2,
    .flexible_since = 0,
};

SCHEMA(update_features_response_result,
       STRING(feature),
       I16(error_code),
       STRING(error_message, NULLABLE(0)));

SCHEMA(update_features_response,
       I32(throttle_time_ms),
       I16(error_code),
       STRING(error_message, NULLABLE(0)),
       ARRAY(results, update_features_response_result, UNTIL(1)));

const struct message update_features_response_message = {
    .name = "UpdateFeaturesResponse",
    .schema = update_features_response_schema,
    .key = 57,
    .min_version = 0,
    .max_version = 2,
    .flexible_since = 0,
};
