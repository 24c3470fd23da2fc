/*
 * create_topics: makes topics (key 19, v2-7).
 */
#ifndef PROTOCOL_MESSAGES_CREATE_TOPICS_H
#define PROTOCOL_MESSAGES_CREATE_TOPICS_H

#include "protocol/schema/schema.h"

struct create_topics_assignment {
    int32_t partition_index;
    ARRAY_OF(int32_t) broker_ids; /* the first one leads */
};

struct create_topics_config {
    struct slice name;
    struct slice value;
};

struct create_topics_topic {
    struct slice name;
    int32_t num_partitions;                                /* -1: see assignments, or the broker's default */
    int16_t replication_factor;                            /* -1: likewise */
    ARRAY_OF(struct create_topics_assignment) assignments; /* empty: the controller places the replicas */
    ARRAY_OF(struct create_topics_config) configs;
};

struct create_topics_request {
    ARRAY_OF(struct create_topics_topic) topics;
    int32_t timeout_ms;
    bool validate_only; /* check, and make nothing */
};

struct create_topics_response_config {
    struct slice name;
    struct slice value;
    bool read_only;
    int8_t config_source; /* as in describe_configs.h */
    bool is_sensitive;    /* its value is null then */
};

struct create_topics_response_topic {
    struct slice name;
    struct uuid topic_id;
    int16_t error_code;              /* enum kerr */
    struct slice error_message;      /* null: no error, or its stock text will do */
    int16_t topic_config_error_code; /* why partitions, replicas and configs are not told */
    int32_t num_partitions;          /* -1: not told */
    int16_t replication_factor;      /* -1: not told */
    ARRAY_OF(struct create_topics_response_config) configs; /* null: not told */
};

struct create_topics_response {
    int32_t throttle_time_ms;
    ARRAY_OF(struct create_topics_response_topic) topics;
};

DECLARE_SCHEMA(create_topics_assignment);
DECLARE_SCHEMA(create_topics_config);
DECLARE_SCHEMA(create_topics_topic);
DECLARE_SCHEMA(create_topics_request);
DECLARE_SCHEMA(create_topics_response_config);
DECLARE_SCHEMA(create_topics_response_topic);
DECLARE_SCHEMA(create_topics_response);

extern const struct message create_topics_request_message, create_topics_response_message;

#endif
