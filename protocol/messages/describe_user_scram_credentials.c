/*
 * DescribeUserScramCredentials: v0. Version notes:
 * v0  is the first, and flexible (KIP-554)
 */
#include "protocol/messages/describe_user_scram_credentials.h"

SCHEMA(describe_user_scram_credentials_user, STRING(name));

SCHEMA(describe_user_scram_credentials_request,
       ARRAY(users, describe_user_scram_credentials_user, NULLABLE(0)));

const struct message describe_user_scram_credentials_request_message = {
    .name = "DescribeUserScramCredentialsRequest",
    .schema = describe_user_scram_credentials_request_schema,
    .key = 50,
    .min_version = 0,
    .max_version = 0,
    .flexible_since = 0,
};

SCHEMA(describe_user_scram_credentials_response_info, I8(mechanism), I32(iterations));

SCHEMA(describe_user_scram_credentials_response_result,
       STRING(user),
       I16(error_code),
       STRING(error_message, NULLABLE(0)),
       ARRAY(credential_infos, describe_user_scram_credentials_response_info));

SCHEMA(describe_user_scram_credentials_response,
       I32(throttle_time_ms),
       I16(error_code),
       STRING(error_message, NULLABLE(0)),
       ARRAY(results, describe_user_scram_credentials_response_result));

const struct message describe_user_scram_credentials_response_message = {
    .name = "DescribeUserScramCredentialsResponse",
    .schema = describe_user_scram_credentials_response_schema,
    .key = 50,
    .min_version = 0,
    .max_version = 0,
    .flexible_since = 0,
};
