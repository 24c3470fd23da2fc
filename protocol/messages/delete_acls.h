/*
 * delete_acls: removes the access control entries that filters select (key 31, v1-3). The numbers are those
 * of describe_acls.h.
 */
#ifndef PROTOCOL_MESSAGES_DELETE_ACLS_H
#define PROTOCOL_MESSAGES_DELETE_ACLS_H

#include "protocol/schema/schema.h"

/* As describe_acls_request. */
struct delete_acls_filter {
    int8_t resource_type_filter;
    struct slice resource_name_filter;
    int8_t pattern_type_filter;
    struct slice principal_filter;
    struct slice host_filter;
    int8_t operation;
    int8_t permission_type;
};

struct delete_acls_request {
    ARRAY_OF(struct delete_acls_filter) filters;
};

struct delete_acls_response_acl {
    int16_t error_code;         /* enum kerr */
    struct slice error_message; /* null: no error, or its stock text will do */
    int8_t resource_type;
    struct slice resource_name;
    int8_t pattern_type;
    struct slice principal;
    struct slice host;
    int8_t operation;
    int8_t permission_type;
};

struct delete_acls_response_filter {
    int16_t error_code;         /* enum kerr */
    struct slice error_message; /* null: no error, or its stock text will do */
    ARRAY_OF(struct delete_acls_response_acl) matching_acls;
};

struct delete_acls_response {
    int32_t throttle_time_ms;
    ARRAY_OF(struct delete_acls_response_filter) filter_results; /* in the order of the filters */
};

DECLARE_SCHEMA(delete_acls_filter);
DECLARE_SCHEMA(delete_acls_request);
DECLARE_SCHEMA(delete_acls_response_acl);
DECLARE_SCHEMA(delete_acls_response_filter);
DECLARE_SCHEMA(delete_acls_response);

extern const struct message delete_acls_request_message, delete_acls_response_message;

#endif
