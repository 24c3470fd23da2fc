/*
 * DeleteTopics: v1-6. Version notes:
 * v1  has throttleTimeMs already (KIP-124)
 * v2  throttles after the answer (KIP-219)
 * v3  may answer TOPIC_DELETION_DISABLED (KIP-322)
 * v4  is flexible (KIP-482)
 * v5  adds errorMessage; may answer THROTTLING_QUOTA_EXCEEDED (KIP-599)
 * v6  names topics in structs, by name or by id (KIP-516)
 */
#include "protocol/messages/delete_topics.h"

SCHEMA(delete_topics_topic,
       STRING(name, NULLABLE(6), DEFAULT_NULL),
       UUID(topic_id));

SCHEMA(delete_topics_request,
       ARRAY(topics, delete_topics_topic, SINCE(6)),
       STRINGS(topic_names, UNTIL(5)),
       I32(timeout_ms));

const struct message delete_topics_request_message = {
    .name = "DeleteTopicsRequest",
    .schema = delete_topics_request_schema,
    .key = 20,
    .min_version = 1,
    .max_version = 6,
    .flexible_since = 4,
};

SCHEMA(delete_topics_response_topic,
       STRING(name, NULLABLE(6)),
       UUID(topic_id, SINCE(6)),
       I16(error_code),
       STRING(error_message, SINCE(5), NULLABLE(5), DEFAULT_NULL));

SCHEMA(delete_topics_response,
       I32(throttle_time_ms),
       ARRAY(responses, delete_topics_response_topic));

const struct message delete_topics_response_message = {
    .name = "DeleteTopicsResponse",
    .schema = delete_topics_response_schema,
    .key = 20,
    .min_version = 1,
    .max_version = 6,
    .flexible_since = 4,
};
