/*
 * DescribeGroups: v0-6. Version notes:
 * v1  answers with throttleTimeMs
 * v2  is as v1
 * v3  adds includeAuthorizedOperations (KIP-430)
 * v4  answers with groupInstanceId (KIP-345)
 * v5  is flexible
 * v6  answers with errorMessage, and GROUP_ID_NOT_FOUND where there is no such group (KIP-1043)
 */
#include "protocol/messages/describe_groups.h"

SCHEMA(describe_groups_request,
       STRINGS(groups),
       BOOL(include_authorized_operations, SINCE(3)));

const struct message describe_groups_request_message = {
    .name = "DescribeGroupsRequest",
    .schema = describe_groups_request_schema,
    .key = 15,
    .min_version = 0,
    .max_version = 6,
    .flexible_since = 5,
};

SCHEMA(describe_groups_response_member,
       STRING(member_id),
       STRING(group_instance_id, SINCE(4), NULLABLE(4), DEFAULT_NULL),
       STRING(client_id),
       STRING(client_host),
       BYTES(member_metadata),
       BYTES(member_assignment));

SCHEMA(describe_groups_response_group,
       I16(error_code),
       STRING(error_message, SINCE(6), NULLABLE(6), DEFAULT_NULL),
       STRING(group_id),
       STRING(group_state),
       STRING(protocol_type),
       STRING(protocol_data),
       ARRAY(members, describe_groups_response_member),
       I32(authorized_operations, SINCE(3), DEFAULT(INT32_MIN)));

SCHEMA(describe_groups_response,
       I32(throttle_time_ms, SINCE(1)),
       ARRAY(groups, describe_groups_response_group));

const struct message describe_groups_response_message = {
    .name = "DescribeGroupsResponse",
    .schema = describe_groups_response_schema,
    .key = 15,
    .min_version = 0,
    .max_version = 6,
    .flexible_since = 5,
};
