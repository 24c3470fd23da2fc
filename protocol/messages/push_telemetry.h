/*
 * push_telemetry: a client's own metrics (key 72, v0; KIP-714).
 */
#ifndef PROTOCOL_MESSAGES_PUSH_TELEMETRY_H
#define PROTOCOL_MESSAGES_PUSH_TELEMETRY_H

#include "protocol/schema/schema.h"

struct push_telemetry_request {
    struct uuid client_instance_id;
    int32_t subscription_id;
    bool terminating; /* the last push of this client */
    int8_t compression_type;
    struct slice metrics; /* OpenTelemetry's MetricsData, compressed */
};

struct push_telemetry_response {
    int32_t throttle_time_ms;
    int16_t error_code; /* enum kerr */
};

DECLARE_SCHEMA(push_telemetry_request);
DECLARE_SCHEMA(push_telemetry_response);

extern const struct message push_telemetry_request_message, push_telemetry_response_message;

#endif
