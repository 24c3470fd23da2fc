/*
 * alter_user_scram_credentials: sets and deletes users' SCRAM credentials (key 51, v0; KIP-554).
 */
#ifndef PROTOCOL_MESSAGES_ALTER_USER_SCRAM_CREDENTIALS_H
#define PROTOCOL_MESSAGES_ALTER_USER_SCRAM_CREDENTIALS_H

#include "protocol/schema/schema.h"

struct alter_user_scram_credentials_deletion {
    struct slice name;
    int8_t mechanism; /* 1: SCRAM-SHA-256, 2: SCRAM-SHA-512 */
};

struct alter_user_scram_credentials_upsertion {
    struct slice name;
    int8_t mechanism;
    int32_t iterations;
    struct slice salt;
    struct slice salted_password; /* the password itself never travels */
};

struct alter_user_scram_credentials_request {
    ARRAY_OF(struct alter_user_scram_credentials_deletion) deletions;
    ARRAY_OF(struct alter_user_scram_credentials_upsertion) upsertions;
};

struct alter_user_scram_credentials_response_result {
    struct slice user;
    int16_t error_code; /* enum kerr */
    struct slice error_message;
};

struct alter_user_scram_credentials_response {
    int32_t throttle_time_ms;
    ARRAY_OF(struct alter_user_scram_credentials_response_result) results;
};

DECLARE_SCHEMA(alter_user_scram_credentials_deletion);
DECLARE_SCHEMA(alter_user_scram_credentials_upsertion);
DECLARE_SCHEMA(alter_user_scram_credentials_request);
DECLARE_SCHEMA(alter_user_scram_credentials_response_result);
DECLARE_SCHEMA(alter_user_scram_credentials_response);

extern const struct message alter_user_scram_credentials_request_message,
    alter_user_scram_credentials_response_message;

#endif
