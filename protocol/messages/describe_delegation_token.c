/*
 * DescribeDelegationToken: v1-3. Version notes:
 * v1  is the oldest that Kafka 4 speaks (KIP-48)
 * v2  is flexible (KIP-482)
 * v3  says who asked for a token (KIP-373)
 */
#include "protocol/messages/describe_delegation_token.h"

SCHEMA(describe_delegation_token_owner, STRING(principal_type), STRING(principal_name));

SCHEMA(describe_delegation_token_request, ARRAY(owners, describe_delegation_token_owner, NULLABLE(0)));

const struct message describe_delegation_token_request_message = {
    .name = "DescribeDelegationTokenRequest",
    .schema = describe_delegation_token_request_schema,
    .key = 41,
    .min_version = 1,
    .max_version = 3,
    .flexible_since = 2,
};

SCHEMA(describe_delegation_token_response_renewer, STRING(principal_type), STRING(principal_name));

SCHEMA(describe_delegation_token_response_token,
       STRING(principal_type),
       STRING(principal_name),
       STRING(token_requester_principal_type, SINCE(3)),
       STRING(token_requester_principal_name, SINCE(3)),
       I64(issue_timestamp),
       I64(expiry_timestamp),
       I64(max_timestamp),
       STRING(token_id),
       BYTES(hmac),
       ARRAY(renewers, describe_delegation_token_response_renewer));

SCHEMA(describe_delegation_token_response,
       I16(error_code),
       ARRAY(tokens, describe_delegation_token_response_token),
       I32(throttle_time_ms));

const struct message describe_delegation_token_response_message = {
    .name = "DescribeDelegationTokenResponse",
    .schema = describe_delegation_token_response_schema,
    .key = 41,
    .min_version = 1,
    .max_version = 3,
    .flexible_since = 2,
};
