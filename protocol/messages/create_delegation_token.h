/*
 * create_delegation_token: a secret that stands for a user for a while (key 38, v1-3; KIP-48).
 */
#ifndef PROTOCOL_MESSAGES_CREATE_DELEGATION_TOKEN_H
#define PROTOCOL_MESSAGES_CREATE_DELEGATION_TOKEN_H

#include "protocol/schema/schema.h"

struct create_delegation_token_renewer {
    struct slice principal_type; /* User */
    struct slice principal_name;
};

struct create_delegation_token_request {
    struct slice owner_principal_type; /* null: who asks */
    struct slice owner_principal_name;
    ARRAY_OF(struct create_delegation_token_renewer) renewers;
    int64_t max_lifetime_ms; /* -1: the broker's default */
};

struct create_delegation_token_response {
    int16_t error_code; /* enum kerr */
    struct slice principal_type;
    struct slice principal_name;
    struct slice token_requester_principal_type;
    struct slice token_requester_principal_name;
    int64_t issue_timestamp_ms;
    int64_t expiry_timestamp_ms;
    int64_t max_timestamp_ms;
    struct slice token_id;
    struct slice hmac;
    int32_t throttle_time_ms;
};

DECLARE_SCHEMA(create_delegation_token_renewer);
DECLARE_SCHEMA(create_delegation_token_request);
DECLARE_SCHEMA(create_delegation_token_response);

extern const struct message create_delegation_token_request_message, create_delegation_token_response_message;

#endif
