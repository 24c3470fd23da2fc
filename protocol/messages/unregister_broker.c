/*
 * UnregisterBroker: v0. Version notes:
 * v0  is flexible (KIP-500)
 */
#include "protocol/messages/unregister_broker.h"

SCHEMA(unregister_broker_request,
       I32(broker_id));

const struct message unregister_broker_request_message = {
    .name = "UnregisterBrokerRequest",
    .schema = unregister_broker_request_schema,
    .key = 64,
    .min_version = 0,
    .max_version = 0,
    .flexible_since = 0,
};

SCHEMA(unregister_broker_response,
       I32(throttle_time_ms),
       I16(error_code),
       STRING(error_message, NULLABLE(0)));

const struct message unregister_broker_response_message = {
    .name = "UnregisterBrokerResponse",
    .schema = unregister_broker_response_schema,
    .key = 64,
    .min_version = 0,
    .max_version = 0,
    .flexible_since = 0,
};
