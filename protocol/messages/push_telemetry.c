/*
 * PushTelemetry: v0. Version notes:
 * v0  is the first, and flexible (KIP-714)
 */
#include "protocol/messages/push_telemetry.h"

SCHEMA(push_telemetry_request,
       UUID(client_instance_id),
       I32(subscription_id),
       BOOL(terminating),
       I8(compression_type),
       BYTES(metrics));

const struct message push_telemetry_request_message = {
    .name = "PushTelemetryRequest",
    .schema = push_telemetry_request_schema,
    .key = 72,
    .min_version = 0,
    .max_version = 0,
    .flexible_since = 0,
};

SCHEMA(push_telemetry_response, I32(throttle_time_ms), I16(error_code));

const struct message push_telemetry_response_message = {
    .name = "PushTelemetryResponse",
    .schema = push_telemetry_response_schema,
    .key = 72,
    .min_version = 0,
    .max_version = 0,
    .flexible_since = 0,
};
