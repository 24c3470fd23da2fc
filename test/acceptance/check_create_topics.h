/* CreateTopics v6 and v7: the request, and the check of its answer. */
#ifndef ACCEPTANCE_CHECK_CREATE_TOPICS_H
#define ACCEPTANCE_CHECK_CREATE_TOPICS_H

#include "stage.h"

struct assignment {
    int32_t partition;
    int broker_count;
    int32_t brokers[2];
};

struct config {
    const char *name;
    const char *value; /* NULL: null */
};

struct new_topic {
    const char *name;
    int32_t partitions;
    int16_t replication_factor;
    int assignment_count;
    struct assignment assignments[2];
    int config_count;
    struct config configs[2];
};

struct frame create_topics_request(struct stage *stage, const struct new_topic *topics, int count,
                                   bool validate_only);

/* One result: an error with its message, or (error_code 0) a topic. */
struct topic_result {
    const char *name;
    int16_t error_code;
    const char *message;
    int32_t partitions;
    int16_t replication_factor;
    int config_count; /* what it does not have by default */
    struct config configs[2];
    const uint8_t *topic_id; /* filled in from v7 on, NULL before */
};

/* The results have to come in this order. */
void check_create_topics_answer(struct reader *reader, int version, struct topic_result *results, int count);

/* Sends, receives "CreateTopics v<n> answer" and checks it. */
void create_topics(struct stage *stage, int connection, const struct new_topic *topics, int count,
                   bool validate_only, struct topic_result *results, int result_count);

/* The result of a topic that can be created as it is. */
struct topic_result created_result(const struct new_topic *topic);

#endif
