/*
 * user_scram_credential_record: what a user proves a password with, and its end (types 11 and 22, v0;
 * KIP-900).
 */
#ifndef PROTOCOL_RECORDS_USER_SCRAM_CREDENTIAL_RECORD_H
#define PROTOCOL_RECORDS_USER_SCRAM_CREDENTIAL_RECORD_H

#include "protocol/schema/schema.h"

struct user_scram_credential_record {
    struct slice name; /* the user's */
    int8_t mechanism;  /* 1: SCRAM-SHA-256, 2: SCRAM-SHA-512 */
    struct slice salt;
    struct slice stored_key;
    struct slice server_key;
    int32_t iterations;
    struct slice unknown_tags;
};

struct remove_user_scram_credential_record {
    struct slice name; /* the user's */
    int8_t mechanism;
    struct slice unknown_tags;
};

DECLARE_SCHEMA(user_scram_credential_record);
DECLARE_SCHEMA(remove_user_scram_credential_record);

extern const struct message user_scram_credential_record_message, remove_user_scram_credential_record_message;

#endif
