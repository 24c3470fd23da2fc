/*
 * CreateTopics: v2-7. Version notes:
 * v2  has validateOnly and throttleTimeMs already (KIP-124)
 * v3  throttles after the answer (KIP-219)
 * v4  takes -1 partitions and replicas: the broker's defaults (KIP-464)
 * v5  is flexible (KIP-482); answers with partitions and configs (KIP-525)
 * v6  may answer THROTTLING_QUOTA_EXCEEDED (KIP-599)
 * v7  answers with the topic id (KIP-516)
 */
#include "protocol/messages/create_topics.h"

SCHEMA(create_topics_assignment,
       I32(partition_index),
       I32S(broker_ids));

SCHEMA(create_topics_config,
       STRING(name),
       STRING(value, NULLABLE(0)));

SCHEMA(create_topics_topic,
       STRING(name),
       I32(num_partitions),
       I16(replication_factor),
       ARRAY(assignments, create_topics_assignment),
       ARRAY(configs, create_topics_config));

SCHEMA(create_topics_request,
       ARRAY(topics, create_topics_topic),
       I32(timeout_ms, DEFAULT(60000)),
       BOOL(validate_only));

const struct message create_topics_request_message = {
    .name = "CreateTopicsRequest",
    .schema = create_topics_request_schema,
    .key = 19,
    .min_version = 2,
    .max_version = 7,
    .flexible_since = 5,
};

SCHEMA(create_topics_response_config,
       STRING(name),
       STRING(value, NULLABLE(5)),
       BOOL(read_only),
       I8(config_source, DEFAULT(-1)),
       BOOL(is_sensitive));

SCHEMA(create_topics_response_topic,
       STRING(name),
       UUID(topic_id, SINCE(7)),
       I16(error_code),
       STRING(error_message, NULLABLE(0)),
       I16(topic_config_error_code, SINCE(5), TAG(0)),
       I32(num_partitions, SINCE(5), DEFAULT(-1)),
       I16(replication_factor, SINCE(5), DEFAULT(-1)),
       ARRAY(configs, create_topics_response_config, SINCE(5), NULLABLE(5)));

SCHEMA(create_topics_response,
       I32(throttle_time_ms),
       ARRAY(topics, create_topics_response_topic));

const struct message create_topics_response_message = {
    .name = "CreateTopicsResponse",
    .schema = create_topics_response_schema,
    .key = 19,
    .min_version = 2,
    .max_version = 7,
    .flexible_since = 5,
};
