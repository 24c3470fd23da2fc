/*
 * renew_delegation_token: puts off the end of a delegation token (key 39, v1-2; KIP-48).
 */
#ifndef PROTOCOL_MESSAGES_RENEW_DELEGATION_TOKEN_H
#define PROTOCOL_MESSAGES_RENEW_DELEGATION_TOKEN_H

#include "protocol/schema/schema.h"

struct renew_delegation_token_request {
    struct slice hmac;       /* the secret itself */
    int64_t renew_period_ms; /* -1: the broker's default */
};

struct renew_delegation_token_response {
    int16_t error_code; /* enum kerr */
    int64_t expiry_timestamp_ms;
    int32_t throttle_time_ms;
};

DECLARE_SCHEMA(renew_delegation_token_request);
DECLARE_SCHEMA(renew_delegation_token_response);

extern const struct message renew_delegation_token_request_message, renew_delegation_token_response_message;

#endif
