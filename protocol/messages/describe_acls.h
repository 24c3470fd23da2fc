/*
 * describe_acls: the access control entries that a filter selects (key 29, v1-3).
 *
 * The numbers are Kafka's: see metadata's enums of ACLs, and in filters 1 for any of them.
 */
#ifndef PROTOCOL_MESSAGES_DESCRIBE_ACLS_H
#define PROTOCOL_MESSAGES_DESCRIBE_ACLS_H

#include "protocol/schema/schema.h"

struct describe_acls_request {
    int8_t resource_type_filter;
    struct slice resource_name_filter; /* null: any */
    int8_t pattern_type_filter;        /* 1: any, 2: all that cover the name, 3: literal, 4: prefixed */
    struct slice principal_filter;     /* null: any */
    struct slice host_filter;          /* null: any */
    int8_t operation;
    int8_t permission_type;
};

struct describe_acls_response_acl {
    struct slice principal; /* "User:name" */
    struct slice host;      /* an address, or * */
    int8_t operation;
    int8_t permission_type; /* 2: deny, 3: allow */
};

struct describe_acls_response_resource {
    int8_t resource_type;
    struct slice resource_name;
    int8_t pattern_type;
    ARRAY_OF(struct describe_acls_response_acl) acls;
};

struct describe_acls_response {
    int32_t throttle_time_ms;
    int16_t error_code;         /* enum kerr */
    struct slice error_message; /* null: no error, or its stock text will do */
    ARRAY_OF(struct describe_acls_response_resource) resources;
};

DECLARE_SCHEMA(describe_acls_request);
DECLARE_SCHEMA(describe_acls_response_acl);
DECLARE_SCHEMA(describe_acls_response_resource);
DECLARE_SCHEMA(describe_acls_response);

extern const struct message describe_acls_request_message, describe_acls_response_message;

#endif
