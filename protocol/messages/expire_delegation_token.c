/*
 * ExpireDelegationToken: v1-2. Version notes:
 * v1  is the oldest that Kafka 4 speaks (KIP-48)
 * v2  is flexible (KIP-482)
 */
#include "protocol/messages/expire_delegation_token.h"

SCHEMA(expire_delegation_token_request, BYTES(hmac), I64(expiry_time_period_ms));

const struct message expire_delegation_token_request_message = {
    .name = "ExpireDelegationTokenRequest",
    .schema = expire_delegation_token_request_schema,
    .key = 40,
    .min_version = 1,
    .max_version = 2,
    .flexible_since = 2,
};

SCHEMA(expire_delegation_token_response, I16(error_code), I64(expiry_timestamp_ms), I32(throttle_time_ms));

const struct message expire_delegation_token_response_message = {
    .name = "ExpireDelegationTokenResponse",
    .schema = expire_delegation_token_response_schema,
    .key = 40,
    .min_version = 1,
    .max_version = 2,
    .flexible_since = 2,
};
