/*
 * DeleteAcls: v1-3. Version notes:
 * v1  has pattern types (KIP-290)
 * v2  is flexible (KIP-482)
 * v3  may speak of resources of type user (KIP-373)
 */
#include "protocol/messages/delete_acls.h"

SCHEMA(delete_acls_filter,
       I8(resource_type_filter),
       STRING(resource_name_filter, NULLABLE(0)),
       I8(pattern_type_filter, DEFAULT(3)),
       STRING(principal_filter, NULLABLE(0)),
       STRING(host_filter, NULLABLE(0)),
       I8(operation),
       I8(permission_type));

SCHEMA(delete_acls_request,
       ARRAY(filters, delete_acls_filter));

const struct message delete_acls_request_message = {
    .name = "DeleteAclsRequest",
    .schema = delete_acls_request_schema,
    .key = 31,
    .min_version = 1,
    .max_version = 3,
    .flexible_since = 2,
};

SCHEMA(delete_acls_response_acl,
       I16(error_code),
       STRING(error_message, NULLABLE(0)),
       I8(resource_type),
       STRING(resource_name),
       I8(pattern_type, DEFAULT(3)),
       STRING(principal),
       STRING(host),
       I8(operation),
       I8(permission_type));

SCHEMA(delete_acls_response_filter,
       I16(error_code),
       STRING(error_message, NULLABLE(0)),
       ARRAY(matching_acls, delete_acls_response_acl));

SCHEMA(delete_acls_response,
       I32(throttle_time_ms),
       ARRAY(filter_results, delete_acls_response_filter));

const struct message delete_acls_response_message = {
    .name = "DeleteAclsResponse",
    .schema = delete_acls_response_schema,
    .key = 31,
    .min_version = 1,
    .max_version = 3,
    .flexible_since = 2,
};
