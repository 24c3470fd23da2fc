/*
 * describe_delegation_token: the delegation tokens that the asking one may see (key 41, v1-3; KIP-48).
 */
#ifndef PROTOCOL_MESSAGES_DESCRIBE_DELEGATION_TOKEN_H
#define PROTOCOL_MESSAGES_DESCRIBE_DELEGATION_TOKEN_H

#include "protocol/schema/schema.h"

struct describe_delegation_token_owner {
    struct slice principal_type; /* User */
    struct slice principal_name;
};

struct describe_delegation_token_request {
    ARRAY_OF(struct describe_delegation_token_owner) owners; /* null: all */
};

struct describe_delegation_token_response_renewer {
    struct slice principal_type;
    struct slice principal_name;
};

struct describe_delegation_token_response_token {
    struct slice principal_type;
    struct slice principal_name;
    struct slice token_requester_principal_type;
    struct slice token_requester_principal_name;
    int64_t issue_timestamp;
    int64_t expiry_timestamp;
    int64_t max_timestamp;
    struct slice token_id;
    struct slice hmac;
    ARRAY_OF(struct describe_delegation_token_response_renewer) renewers;
};

struct describe_delegation_token_response {
    int16_t error_code; /* enum kerr */
    ARRAY_OF(struct describe_delegation_token_response_token) tokens;
    int32_t throttle_time_ms;
};

DECLARE_SCHEMA(describe_delegation_token_owner);
DECLARE_SCHEMA(describe_delegation_token_request);
DECLARE_SCHEMA(describe_delegation_token_response_renewer);
DECLARE_SCHEMA(describe_delegation_token_response_token);
DECLARE_SCHEMA(describe_delegation_token_response);

extern const struct message describe_delegation_token_request_message,
    describe_delegation_token_response_message;

#endif
