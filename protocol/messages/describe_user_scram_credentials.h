/*
 * describe_user_scram_credentials: which users have SCRAM credentials, and how hard those are (key 50, v0;
 * KIP-554).
 */
#ifndef PROTOCOL_MESSAGES_DESCRIBE_USER_SCRAM_CREDENTIALS_H
#define PROTOCOL_MESSAGES_DESCRIBE_USER_SCRAM_CREDENTIALS_H

#include "protocol/schema/schema.h"

struct describe_user_scram_credentials_user {
    struct slice name;
};

struct describe_user_scram_credentials_request {
    ARRAY_OF(struct describe_user_scram_credentials_user) users; /* null or empty: all */
};

struct describe_user_scram_credentials_response_info {
    int8_t mechanism; /* 1: SCRAM-SHA-256, 2: SCRAM-SHA-512 */
    int32_t iterations;
};

struct describe_user_scram_credentials_response_result {
    struct slice user;
    int16_t error_code; /* enum kerr */
    struct slice error_message;
    ARRAY_OF(struct describe_user_scram_credentials_response_info) credential_infos;
};

struct describe_user_scram_credentials_response {
    int32_t throttle_time_ms;
    int16_t error_code; /* of the request as a whole */
    struct slice error_message;
    ARRAY_OF(struct describe_user_scram_credentials_response_result) results;
};

DECLARE_SCHEMA(describe_user_scram_credentials_user);
DECLARE_SCHEMA(describe_user_scram_credentials_request);
DECLARE_SCHEMA(describe_user_scram_credentials_response_info);
DECLARE_SCHEMA(describe_user_scram_credentials_response_result);
DECLARE_SCHEMA(describe_user_scram_credentials_response);

extern const struct message describe_user_scram_credentials_request_message,
    describe_user_scram_credentials_response_message;

#endif
