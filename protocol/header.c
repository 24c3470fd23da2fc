/*
 * RequestHeader: v1-2, ResponseHeader: v0-1. Version notes:
 * v2 of the request's and v1 of the answer's are flexible (KIP-482). A client id keeps its two-byte length
 * in v2.
 * v0 of the request's, without a client id, went with Kafka 4.0.
 *
 * Flexible messages have flexible headers, with one exception: an answer to ApiVersions must be readable by
 * a client that does not know yet what the server speaks (KIP-511).
 */
#include "protocol/header.h"

#include "protocol/base/ensure.h"

enum { API_KEY_API_VERSIONS = 18 };

SCHEMA(request_header,
       I16(request_api_key),
       I16(request_api_version),
       I32(correlation_id),
       STRING(client_id, NULLABLE(1), NOT_FLEXIBLE));

const struct message request_header_message = {
    .name = "RequestHeader",
    .schema = request_header_schema,
    .key = -1,
    .min_version = 1,
    .max_version = 2,
    .flexible_since = 2,
};

SCHEMA(response_header,
       I32(correlation_id));

const struct message response_header_message = {
    .name = "ResponseHeader",
    .schema = response_header_schema,
    .key = -1,
    .min_version = 0,
    .max_version = 1,
    .flexible_since = 1,
};

int request_header_version(const struct api *api, int version)
{
    ensure(api->request != NULL);
    return message_is_flexible(api->request, version) ? 2 : 1;
}

int response_header_version(const struct api *api, int version)
{
    ensure(api->response != NULL);
    if (api->key == API_KEY_API_VERSIONS)
        return 0;
    return message_is_flexible(api->response, version) ? 1 : 0;
}
