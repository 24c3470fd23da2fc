/*
 * FindCoordinator: v0-6. Version notes:
 * v1  adds keyType, for transactions (KIP-98), throttleTimeMs and errorMessage
 * v2  throttles after the answer (KIP-219)
 * v3  is flexible (KIP-482)
 * v4  asks for many keys at once (KIP-699); the old fields are gone
 * v5  may answer TRANSACTION_ABORTABLE (KIP-890)
 * v6  takes keyType 2: share groups (KIP-932)
 */
#include "protocol/messages/find_coordinator.h"

SCHEMA(find_coordinator_request,
       STRING(key, UNTIL(3)),
       I8(key_type, SINCE(1)),
       STRINGS(coordinator_keys, SINCE(4)));

const struct message find_coordinator_request_message = {
    .name = "FindCoordinatorRequest",
    .schema = find_coordinator_request_schema,
    .key = 10,
    .min_version = 0,
    .max_version = 6,
    .flexible_since = 3,
};

SCHEMA(find_coordinator_response_coordinator,
       STRING(key),
       I32(node_id),
       STRING(host),
       I32(port),
       I16(error_code),
       STRING(error_message, NULLABLE(4)));

SCHEMA(find_coordinator_response,
       I32(throttle_time_ms, SINCE(1)),
       I16(error_code, UNTIL(3)),
       STRING(error_message, SINCE(1), UNTIL(3), NULLABLE(1)),
       I32(node_id, UNTIL(3)),
       STRING(host, UNTIL(3)),
       I32(port, UNTIL(3)),
       ARRAY(coordinators, find_coordinator_response_coordinator, SINCE(4)));

const struct message find_coordinator_response_message = {
    .name = "FindCoordinatorResponse",
    .schema = find_coordinator_response_schema,
    .key = 10,
    .min_version = 0,
    .max_version = 6,
    .flexible_since = 3,
};
