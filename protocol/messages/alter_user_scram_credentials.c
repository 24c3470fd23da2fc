/*
 * AlterUserScramCredentials: v0. Version notes:
 * v0  is the first, and flexible (KIP-554)
 */
#include "protocol/messages/alter_user_scram_credentials.h"

SCHEMA(alter_user_scram_credentials_deletion, STRING(name), I8(mechanism));

SCHEMA(alter_user_scram_credentials_upsertion,
       STRING(name),
       I8(mechanism),
       I32(iterations),
       BYTES(salt),
       BYTES(salted_password));

SCHEMA(alter_user_scram_credentials_request,
       ARRAY(deletions, alter_user_scram_credentials_deletion),
       ARRAY(upsertions, alter_user_scram_credentials_upsertion));

const struct message alter_user_scram_credentials_request_message = {
    .name = "AlterUserScramCredentialsRequest",
    .schema = alter_user_scram_credentials_request_schema,
    .key = 51,
    .min_version = 0,
    .max_version = 0,
    .flexible_since = 0,
};

SCHEMA(alter_user_scram_credentials_response_result,
       STRING(user),
       I16(error_code),
       STRING(error_message, NULLABLE(0)));

SCHEMA(alter_user_scram_credentials_response,
       I32(throttle_time_ms),
       ARRAY(results, alter_user_scram_credentials_response_result));

const struct message alter_user_scram_credentials_response_message = {
    .name = "AlterUserScramCredentialsResponse",
    .schema = alter_user_scram_credentials_response_schema,
    .key = 51,
    .min_version = 0,
    .max_version = 0,
    .flexible_since = 0,
};
