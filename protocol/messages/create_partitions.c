/*
 * CreatePartitions: v0-3. Version notes:
 * v0  is the first (KIP-195)
 * v1  throttles after the answer (KIP-219)
 * v2  is flexible (KIP-482)
 * v3  may answer THROTTLING_QUOTA_EXCEEDED (KIP-599)
 */
#include "protocol/messages/create_partitions.h"

SCHEMA(create_partitions_assignment,
       I32S(broker_ids));

SCHEMA(create_partitions_topic,
       STRING(name),
       I32(count),
       ARRAY(assignments, create_partitions_assignment, NULLABLE(0)));

SCHEMA(create_partitions_request,
       ARRAY(topics, create_partitions_topic),
       I32(timeout_ms),
       BOOL(validate_only));

const struct message create_partitions_request_message = {
    .name = "CreatePartitionsRequest",
    .schema = create_partitions_request_schema,
    .key = 37,
    .min_version = 0,
    .max_version = 3,
    .flexible_since = 2,
};

SCHEMA(create_partitions_response_topic,
       STRING(name),
       I16(error_code),
       STRING(error_message, NULLABLE(0), DEFAULT_NULL));

SCHEMA(create_partitions_response,
       I32(throttle_time_ms),
       ARRAY(results, create_partitions_response_topic));

const struct message create_partitions_response_message = {
    .name = "CreatePartitionsResponse",
    .schema = create_partitions_response_schema,
    .key = 37,
    .min_version = 0,
    .max_version = 3,
    .flexible_since = 2,
};
