/*
 * api_versions: what the server speaks (key 18, v0-4). The first request on most connections; its answer
 * has no tagged fields
 * in its header in any version, so that a client can read it before it knows what the server speaks.
 */
#ifndef PROTOCOL_MESSAGES_API_VERSIONS_H
#define PROTOCOL_MESSAGES_API_VERSIONS_H

#include "protocol/schema/schema.h"

struct api_versions_request {
    struct slice client_software_name;    /* [a-zA-Z0-9] and [-.] inside; else INVALID_REQUEST */
    struct slice client_software_version; /* likewise */
};

struct api_versions_response_api {
    int16_t api_key;
    int16_t min_version; /* the lowest version, inclusive */
    int16_t max_version; /* the highest version, inclusive */
};

struct api_versions_response_supported_feature {
    struct slice name;
    int16_t min_version;
    int16_t max_version;
};

struct api_versions_response_finalized_feature {
    struct slice name;
    int16_t max_version_level; /* the level that the cluster is at */
    int16_t min_version_level;
};

struct api_versions_response {
    int16_t error_code; /* enum kerr */
    ARRAY_OF(struct api_versions_response_api) api_keys;
    int32_t throttle_time_ms;
    /* what this server could do */
    ARRAY_OF(struct api_versions_response_supported_feature) supported_features;
    /* offset in the cluster log that the finalized features are as of; -1: unknown */
    int64_t finalized_features_epoch;
    /* what the cluster has agreed on; to be ignored if the epoch is -1 */
    ARRAY_OF(struct api_versions_response_finalized_feature) finalized_features;
    bool zk_migration_ready; /* a controller's readiness to leave ZooKeeper (KIP-866); false today */
};

DECLARE_SCHEMA(api_versions_request);
DECLARE_SCHEMA(api_versions_response_api);
DECLARE_SCHEMA(api_versions_response_supported_feature);
DECLARE_SCHEMA(api_versions_response_finalized_feature);
DECLARE_SCHEMA(api_versions_response);

extern const struct message api_versions_request_message, api_versions_response_message;

#endif
