/*
 * RenewDelegationToken: v1-2. Version notes:
 * v1  is the oldest that Kafka 4 speaks (KIP-48)
 * v2  is flexible (KIP-482)
 */
#include "protocol/messages/renew_delegation_token.h"

SCHEMA(renew_delegation_token_request, BYTES(hmac), I64(renew_period_ms));

const struct message renew_delegation_token_request_message = {
    .name = "RenewDelegationTokenRequest",
    .schema = renew_delegation_token_request_schema,
    .key = 39,
    .min_version = 1,
    .max_version = 2,
    .flexible_since = 2,
};

SCHEMA(renew_delegation_token_response, I16(error_code), I64(expiry_timestamp_ms), I32(throttle_time_ms));

const struct message renew_delegation_token_response_message = {
    .name = "RenewDelegationTokenResponse",
    .schema = renew_delegation_token_response_schema,
    .key = 39,
    .min_version = 1,
    .max_version = 2,
    .flexible_since = 2,
};
