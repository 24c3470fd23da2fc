/*
 * expire_delegation_token: ends a delegation token, or says when it ends (key 40, v1-2; KIP-48).
 */
#ifndef PROTOCOL_MESSAGES_EXPIRE_DELEGATION_TOKEN_H
#define PROTOCOL_MESSAGES_EXPIRE_DELEGATION_TOKEN_H

#include "protocol/schema/schema.h"

struct expire_delegation_token_request {
    struct slice hmac;             /* the secret itself */
    int64_t expiry_time_period_ms; /* negative: at once */
};

struct expire_delegation_token_response {
    int16_t error_code; /* enum kerr */
    int64_t expiry_timestamp_ms;
    int32_t throttle_time_ms;
};

DECLARE_SCHEMA(expire_delegation_token_request);
DECLARE_SCHEMA(expire_delegation_token_response);

extern const struct message expire_delegation_token_request_message, expire_delegation_token_response_message;

#endif
