/*
 * GetTelemetrySubscriptions: v0. Version notes:
 * v0  is the first, and flexible (KIP-714)
 */
#include "protocol/messages/get_telemetry_subscriptions.h"

SCHEMA(get_telemetry_subscriptions_request, UUID(client_instance_id));

const struct message get_telemetry_subscriptions_request_message = {
    .name = "GetTelemetrySubscriptionsRequest",
    .schema = get_telemetry_subscriptions_request_schema,
    .key = 71,
    .min_version = 0,
    .max_version = 0,
    .flexible_since = 0,
};

SCHEMA(get_telemetry_subscriptions_response,
       I32(throttle_time_ms),
       I16(error_code),
       UUID(client_instance_id),
       I32(subscription_id),
       I8S(accepted_compression_types),
       I32(push_interval_ms),
       I32(telemetry_max_bytes),
       BOOL(delta_temporality),
       STRINGS(requested_metrics));

const struct message get_telemetry_subscriptions_response_message = {
    .name = "GetTelemetrySubscriptionsResponse",
    .schema = get_telemetry_subscriptions_response_schema,
    .key = 71,
    .min_version = 0,
    .max_version = 0,
    .flexible_since = 0,
};
