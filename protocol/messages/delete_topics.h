/*
 * delete_topics: removes topics by name, or by id (key 20, v1-6).
 */
#ifndef PROTOCOL_MESSAGES_DELETE_TOPICS_H
#define PROTOCOL_MESSAGES_DELETE_TOPICS_H

#include "protocol/schema/schema.h"

struct delete_topics_topic {
    struct slice name;    /* null: by id */
    struct uuid topic_id; /* all zero: by name */
};

struct delete_topics_request {
    ARRAY_OF(struct delete_topics_topic) topics;
    ARRAY_OF(struct slice) topic_names;
    int32_t timeout_ms;
};

struct delete_topics_response_topic {
    struct slice name; /* null: asked for by an id that is unknown, or whose name the client may not see */
    struct uuid topic_id;
    int16_t error_code; /* enum kerr */
    struct slice error_message;
};

struct delete_topics_response {
    int32_t throttle_time_ms;
    ARRAY_OF(struct delete_topics_response_topic) responses;
};

DECLARE_SCHEMA(delete_topics_topic);
DECLARE_SCHEMA(delete_topics_request);
DECLARE_SCHEMA(delete_topics_response_topic);
DECLARE_SCHEMA(delete_topics_response);

extern const struct message delete_topics_request_message, delete_topics_response_message;

#endif
