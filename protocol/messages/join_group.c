/*
 * JoinGroup: v0-9. Version notes:
 * v1  adds rebalanceTimeoutMs (KIP-62)
 * v2  answers with throttleTimeMs
 * v3  is as v2
 * v4  a new member is told its id first (KIP-394)
 * v5  adds groupInstanceId (KIP-345)
 * v6  is flexible
 * v7  answers with protocolType; protocolName may be null (KIP-559)
 * v8  adds reason (KIP-800)
 * v9  answers with skipAssignment (KIP-814)
 */
#include "protocol/messages/join_group.h"

SCHEMA(join_group_protocol,
       STRING(name),
       BYTES(metadata));

SCHEMA(join_group_request,
       STRING(group_id),
       I32(session_timeout_ms),
       I32(rebalance_timeout_ms, SINCE(1), DEFAULT(-1)),
       STRING(member_id),
       STRING(group_instance_id, SINCE(5), NULLABLE(5), DEFAULT_NULL),
       STRING(protocol_type),
       ARRAY(protocols, join_group_protocol),
       STRING(reason, SINCE(8), NULLABLE(8), DEFAULT_NULL));

const struct message join_group_request_message = {
    .name = "JoinGroupRequest",
    .schema = join_group_request_schema,
    .key = 11,
    .min_version = 0,
    .max_version = 9,
    .flexible_since = 6,
};

SCHEMA(join_group_response_member,
       STRING(member_id),
       STRING(group_instance_id, SINCE(5), NULLABLE(5), DEFAULT_NULL),
       BYTES(metadata));

SCHEMA(join_group_response,
       I32(throttle_time_ms, SINCE(2)),
       I16(error_code),
       I32(generation_id, DEFAULT(-1)),
       STRING(protocol_type, SINCE(7), NULLABLE(7), DEFAULT_NULL),
       STRING(protocol_name, NULLABLE(7)),
       STRING(leader),
       BOOL(skip_assignment, SINCE(9)),
       STRING(member_id),
       ARRAY(members, join_group_response_member));

const struct message join_group_response_message = {
    .name = "JoinGroupResponse",
    .schema = join_group_response_schema,
    .key = 11,
    .min_version = 0,
    .max_version = 9,
    .flexible_since = 6,
};
