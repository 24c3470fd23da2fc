/*
 * DescribeAcls: v1-3. Version notes:
 * v1  has pattern types (KIP-290)
 * v2  is flexible (KIP-482)
 * v3  may speak of resources of type user (KIP-373)
 */
#include "protocol/messages/describe_acls.h"

SCHEMA(describe_acls_request,
       I8(resource_type_filter),
       STRING(resource_name_filter, NULLABLE(0)),
       I8(pattern_type_filter, DEFAULT(3)),
       STRING(principal_filter, NULLABLE(0)),
       STRING(host_filter, NULLABLE(0)),
       I8(operation),
       I8(permission_type));

const struct message describe_acls_request_message = {
    .name = "DescribeAclsRequest",
    .schema = describe_acls_request_schema,
    .key = 29,
    .min_version = 1,
    .max_version = 3,
    .flexible_since = 2,
};

SCHEMA(describe_acls_response_acl,
       STRING(principal),
       STRING(host),
       I8(operation),
       I8(permission_type));

SCHEMA(describe_acls_response_resource,
       I8(resource_type),
       STRING(resource_name),
       I8(pattern_type, DEFAULT(3)),
       ARRAY(acls, describe_acls_response_acl));

SCHEMA(describe_acls_response,
       I32(throttle_time_ms),
       I16(error_code),
       STRING(error_message, NULLABLE(0)),
       ARRAY(resources, describe_acls_response_resource));

const struct message describe_acls_response_message = {
    .name = "DescribeAclsResponse",
    .schema = describe_acls_response_schema,
    .key = 29,
    .min_version = 1,
    .max_version = 3,
    .flexible_since = 2,
};
