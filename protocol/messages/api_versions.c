/*
 * ApiVersions: v0-4. Version notes:
 * v1  adds throttleTimeMs (KIP-124)
 * v2  throttles after the answer (KIP-219)
 * v3  is flexible (KIP-482); adds the client's software (KIP-511) and the features (KIP-584)
 * v4  answers features whose lowest version is 0 as they are; v3 leaves those out (KIP-1022)
 *
 * A request of a version that the server does not have is answered in v0 with UNSUPPORTED_VERSION and the
 * list.
 */
#include "protocol/messages/api_versions.h"

SCHEMA(api_versions_request,
       STRING(client_software_name, SINCE(3)),
       STRING(client_software_version, SINCE(3)));

const struct message api_versions_request_message = {
    .name = "ApiVersionsRequest",
    .schema = api_versions_request_schema,
    .key = 18,
    .min_version = 0,
    .max_version = 4,
    .flexible_since = 3,
};

SCHEMA(api_versions_response_api,
       I16(api_key),
       I16(min_version),
       I16(max_version));

SCHEMA(api_versions_response_supported_feature,
       STRING(name),
       I16(min_version),
       I16(max_version));

SCHEMA(api_versions_response_finalized_feature,
       STRING(name),
       I16(max_version_level),
       I16(min_version_level));

SCHEMA(api_versions_response,
       I16(error_code),
       ARRAY(api_keys, api_versions_response_api),
       I32(throttle_time_ms, SINCE(1)),
       ARRAY(supported_features, api_versions_response_supported_feature, SINCE(3), TAG(0)),
       I64(finalized_features_epoch, SINCE(3), TAG(1), DEFAULT(-1)),
       ARRAY(finalized_features, api_versions_response_finalized_feature, SINCE(3), TAG(2)),
       BOOL(zk_migration_ready, SINCE(3), TAG(3)));

const struct message api_versions_response_message = {
    .name = "ApiVersionsResponse",
    .schema = api_versions_response_schema,
    .key = 18,
    .min_version = 0,
    .max_version = 4,
    .flexible_since = 3,
};
