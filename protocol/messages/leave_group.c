/*
 * LeaveGroup: v0-5. Version notes:
 * v1  answers with throttleTimeMs
 * v2  is as v1
 * v3  several members in one request (KIP-345)
 * v4  is flexible
 * v5  adds reason (KIP-800)
 */
#include "protocol/messages/leave_group.h"

SCHEMA(leave_group_member,
       STRING(member_id),
       STRING(group_instance_id, NULLABLE(3), DEFAULT_NULL),
       STRING(reason, SINCE(5), NULLABLE(5), DEFAULT_NULL));

SCHEMA(leave_group_request,
       STRING(group_id),
       STRING(member_id, UNTIL(2)),
       ARRAY(members, leave_group_member, SINCE(3)));

const struct message leave_group_request_message = {
    .name = "LeaveGroupRequest",
    .schema = leave_group_request_schema,
    .key = 13,
    .min_version = 0,
    .max_version = 5,
    .flexible_since = 4,
};

SCHEMA(leave_group_response_member,
       STRING(member_id),
       STRING(group_instance_id, NULLABLE(3)),
       I16(error_code));

SCHEMA(leave_group_response,
       I32(throttle_time_ms, SINCE(1)),
       I16(error_code),
       ARRAY(members, leave_group_response_member, SINCE(3)));

const struct message leave_group_response_message = {
    .name = "LeaveGroupResponse",
    .schema = leave_group_response_schema,
    .key = 13,
    .min_version = 0,
    .max_version = 5,
    .flexible_since = 4,
};
