/*
 * unregister_broker: forgets a broker that will not come back (key 64, v0; KIP-500).
 */
#ifndef PROTOCOL_MESSAGES_UNREGISTER_BROKER_H
#define PROTOCOL_MESSAGES_UNREGISTER_BROKER_H

#include "protocol/schema/schema.h"

struct unregister_broker_request {
    int32_t broker_id;
};

struct unregister_broker_response {
    int32_t throttle_time_ms;
    int16_t error_code; /* enum kerr */
    struct slice error_message;
};

DECLARE_SCHEMA(unregister_broker_request);
DECLARE_SCHEMA(unregister_broker_response);

extern const struct message unregister_broker_request_message, unregister_broker_response_message;

#endif
