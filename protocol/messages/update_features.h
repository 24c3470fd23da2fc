/*
 * update_features: raises and lowers the levels of features (key 57, v0-2; KIP-584).
 */
#ifndef PROTOCOL_MESSAGES_UPDATE_FEATURES_H
#define PROTOCOL_MESSAGES_UPDATE_FEATURES_H

#include "protocol/schema/schema.h"

struct update_features_feature {
    struct slice feature;
    int16_t max_version_level; /* 0: the feature is turned off */
    bool allow_downgrade;
    int8_t upgrade_type; /* 1: upgrade, 2: downgrade that loses nothing, 3: any downgrade */
};

struct update_features_request {
    int32_t timeout_ms;
    ARRAY_OF(struct update_features_feature) feature_updates;
    bool validate_only; /* check, and change nothing */
};

struct update_features_response_result {
    struct slice feature;
    int16_t error_code; /* enum kerr */
    struct slice error_message;
};

struct update_features_response {
    int32_t throttle_time_ms;
    int16_t error_code; /* of the whole request */
    struct slice error_message;
    ARRAY_OF(struct update_features_response_result) results;
};

DECLARE_SCHEMA(update_features_feature);
DECLARE_SCHEMA(update_features_request);
DECLARE_SCHEMA(update_features_response_result);
DECLARE_SCHEMA(update_features_response);

extern const struct message update_features_request_message, update_features_response_message;

#endif
