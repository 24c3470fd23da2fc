/*
 * CreateDelegationToken: v1-3. Version notes:
 * v1  is the oldest that Kafka 4 speaks (KIP-48)
 * v2  is flexible (KIP-482)
 * v3  makes tokens for others (KIP-373)
 */
#include "protocol/messages/create_delegation_token.h"

SCHEMA(create_delegation_token_renewer, STRING(principal_type), STRING(principal_name));

SCHEMA(create_delegation_token_request,
       STRING(owner_principal_type, SINCE(3), NULLABLE(3)),
       STRING(owner_principal_name, SINCE(3), NULLABLE(3)),
       ARRAY(renewers, create_delegation_token_renewer),
       I64(max_lifetime_ms));

const struct message create_delegation_token_request_message = {
    .name = "CreateDelegationTokenRequest",
    .schema = create_delegation_token_request_schema,
    .key = 38,
    .min_version = 1,
    .max_version = 3,
    .flexible_since = 2,
};

SCHEMA(create_delegation_token_response,
       I16(error_code),
       STRING(principal_type),
       STRING(principal_name),
       STRING(token_requester_principal_type, SINCE(3)),
       STRING(token_requester_principal_name, SINCE(3)),
       I64(issue_timestamp_ms),
       I64(expiry_timestamp_ms),
       I64(max_timestamp_ms),
       STRING(token_id),
       BYTES(hmac),
       I32(throttle_time_ms));

const struct message create_delegation_token_response_message = {
    .name = "CreateDelegationTokenResponse",
    .schema = create_delegation_token_response_schema,
    .key = 38,
    .min_version = 1,
    .max_version = 3,
    .flexible_since = 2,
};
