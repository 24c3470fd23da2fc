/*
 * elect_leaders: lets partitions choose a leader again (key 43, v0-2; KIP-183, KIP-460).
 */
#ifndef PROTOCOL_MESSAGES_ELECT_LEADERS_H
#define PROTOCOL_MESSAGES_ELECT_LEADERS_H

#include "protocol/schema/schema.h"

struct elect_leaders_topic {
    struct slice topic;
    ARRAY_OF(int32_t) partitions;
};

struct elect_leaders_request {
    int8_t election_type;                                  /* 0: the preferred replica, 1: any that lives */
    ARRAY_OF(struct elect_leaders_topic) topic_partitions; /* null: all */
    int32_t timeout_ms;
};

struct elect_leaders_response_partition {
    int32_t partition_id;
    int16_t error_code; /* enum kerr */
    struct slice error_message;
};

struct elect_leaders_response_topic {
    struct slice topic;
    ARRAY_OF(struct elect_leaders_response_partition) partition_result;
};

struct elect_leaders_response {
    int32_t throttle_time_ms;
    int16_t error_code; /* of the whole request */
    ARRAY_OF(struct elect_leaders_response_topic) replica_election_results;
};

DECLARE_SCHEMA(elect_leaders_topic);
DECLARE_SCHEMA(elect_leaders_request);
DECLARE_SCHEMA(elect_leaders_response_partition);
DECLARE_SCHEMA(elect_leaders_response_topic);
DECLARE_SCHEMA(elect_leaders_response);

extern const struct message elect_leaders_request_message, elect_leaders_response_message;

#endif
