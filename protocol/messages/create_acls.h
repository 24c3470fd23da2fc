/*
 * create_acls: adds access control entries (key 30, v1-3). The numbers are those of describe_acls.h.
 */
#ifndef PROTOCOL_MESSAGES_CREATE_ACLS_H
#define PROTOCOL_MESSAGES_CREATE_ACLS_H

#include "protocol/schema/schema.h"

struct create_acls_creation {
    int8_t resource_type;
    struct slice resource_name;
    int8_t resource_pattern_type; /* 3: literal, 4: prefixed */
    struct slice principal;       /* "User:name" */
    struct slice host;            /* an address, or * */
    int8_t operation;
    int8_t permission_type; /* 2: deny, 3: allow */
};

struct create_acls_request {
    ARRAY_OF(struct create_acls_creation) creations;
};

struct create_acls_response_result {
    int16_t error_code;         /* enum kerr */
    struct slice error_message; /* null: no error, or its stock text will do */
};

struct create_acls_response {
    int32_t throttle_time_ms;
    ARRAY_OF(struct create_acls_response_result) results; /* in the order of the creations */
};

DECLARE_SCHEMA(create_acls_creation);
DECLARE_SCHEMA(create_acls_request);
DECLARE_SCHEMA(create_acls_response_result);
DECLARE_SCHEMA(create_acls_response);

extern const struct message create_acls_request_message, create_acls_response_message;

#endif
