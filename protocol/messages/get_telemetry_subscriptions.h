/*
 * get_telemetry_subscriptions: which metrics a client is asked for (key 71, v0; KIP-714).
 */
#ifndef PROTOCOL_MESSAGES_GET_TELEMETRY_SUBSCRIPTIONS_H
#define PROTOCOL_MESSAGES_GET_TELEMETRY_SUBSCRIPTIONS_H

#include "protocol/schema/schema.h"

struct get_telemetry_subscriptions_request {
    struct uuid client_instance_id; /* zero: the broker gives one */
};

struct get_telemetry_subscriptions_response {
    int32_t throttle_time_ms;
    int16_t error_code; /* enum kerr */
    struct uuid client_instance_id;
    int32_t subscription_id;                     /* changes with what is asked for */
    ARRAY_OF(int8_t) accepted_compression_types; /* as batches number them, best first */
    int32_t push_interval_ms;
    int32_t telemetry_max_bytes;
    bool delta_temporality;                   /* counters are pushed as what was added */
    ARRAY_OF(struct slice) requested_metrics; /* prefixes; none: none, "*": all */
};

DECLARE_SCHEMA(get_telemetry_subscriptions_request);
DECLARE_SCHEMA(get_telemetry_subscriptions_response);

extern const struct message get_telemetry_subscriptions_request_message,
    get_telemetry_subscriptions_response_message;

#endif
