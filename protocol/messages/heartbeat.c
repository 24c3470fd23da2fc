/*
 * Heartbeat: v0-4. Version notes:
 * v1  answers with throttleTimeMs
 * v2  is as v1
 * v3  adds groupInstanceId (KIP-345)
 * v4  is flexible
 */
#include "protocol/messages/heartbeat.h"

SCHEMA(heartbeat_request,
       STRING(group_id),
       I32(generation_id),
       STRING(member_id),
       STRING(group_instance_id, SINCE(3), NULLABLE(3), DEFAULT_NULL));

const struct message heartbeat_request_message = {
    .name = "HeartbeatRequest",
    .schema = heartbeat_request_schema,
    .key = 12,
    .min_version = 0,
    .max_version = 4,
    .flexible_since = 4,
};

SCHEMA(heartbeat_response,
       I32(throttle_time_ms, SINCE(1)),
       I16(error_code));

const struct message heartbeat_response_message = {
    .name = "HeartbeatResponse",
    .schema = heartbeat_response_schema,
    .key = 12,
    .min_version = 0,
    .max_version = 4,
    .flexible_since = 4,
};
