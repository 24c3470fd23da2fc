/*
 * SyncGroup: v0-5. Version notes:
 * v1  answers with throttleTimeMs
 * v2  is as v1
 * v3  adds groupInstanceId (KIP-345)
 * v4  is flexible
 * v5  adds protocolType and protocolName (KIP-559)
 */
#include "protocol/messages/sync_group.h"

SCHEMA(sync_group_assignment,
       STRING(member_id),
       BYTES(assignment));

SCHEMA(sync_group_request,
       STRING(group_id),
       I32(generation_id),
       STRING(member_id),
       STRING(group_instance_id, SINCE(3), NULLABLE(3), DEFAULT_NULL),
       STRING(protocol_type, SINCE(5), NULLABLE(5), DEFAULT_NULL),
       STRING(protocol_name, SINCE(5), NULLABLE(5), DEFAULT_NULL),
       ARRAY(assignments, sync_group_assignment));

const struct message sync_group_request_message = {
    .name = "SyncGroupRequest",
    .schema = sync_group_request_schema,
    .key = 14,
    .min_version = 0,
    .max_version = 5,
    .flexible_since = 4,
};

SCHEMA(sync_group_response,
       I32(throttle_time_ms, SINCE(1)),
       I16(error_code),
       STRING(protocol_type, SINCE(5), NULLABLE(5), DEFAULT_NULL),
       STRING(protocol_name, SINCE(5), NULLABLE(5), DEFAULT_NULL),
       BYTES(assignment));

const struct message sync_group_response_message = {
    .name = "SyncGroupResponse",
    .schema = sync_group_response_schema,
    .key = 14,
    .min_version = 0,
    .max_version = 5,
    .flexible_since = 4,
};
