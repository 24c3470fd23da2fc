/*
 * CreateAcls: v1-3. Version notes:
 * v1  has pattern types (KIP-290)
 * v2  is flexible (KIP-482)
 * v3  may speak of resources of type user (KIP-373)
 */
#include "protocol/messages/create_acls.h"

SCHEMA(create_acls_creation,
       I8(resource_type),
       STRING(resource_name),
       I8(resource_pattern_type, DEFAULT(3)),
       STRING(principal),
       STRING(host),
       I8(operation),
       I8(permission_type));

SCHEMA(create_acls_request,
       ARRAY(creations, create_acls_creation));

const struct message create_acls_request_message = {
    .name = "CreateAclsRequest",
    .schema = create_acls_request_schema,
    .key = 30,
    .min_version = 1,
    .max_version = 3,
    .flexible_since = 2,
};

SCHEMA(create_acls_response_result,
       I16(error_code),
       STRING(error_message, NULLABLE(0)));

SCHEMA(create_acls_response,
       I32(throttle_time_ms),
       ARRAY(results, create_acls_response_result));

const struct message create_acls_response_message = {
    .name = "CreateAclsResponse",
    .schema = create_acls_response_schema,
    .key = 30,
    .min_version = 1,
    .max_version = 3,
    .flexible_since = 2,
};
