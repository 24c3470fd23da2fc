/*
 * create_partitions: gives topics more partitions (key 37, v0-3; KIP-195).
 */
#ifndef PROTOCOL_MESSAGES_CREATE_PARTITIONS_H
#define PROTOCOL_MESSAGES_CREATE_PARTITIONS_H

#include "protocol/schema/schema.h"

struct create_partitions_assignment {
    ARRAY_OF(int32_t) broker_ids; /* the first one leads */
};

struct create_partitions_topic {
    struct slice name;
    int32_t count; /* what it shall have, those that it has included */
    /* of the new ones, in order; null: the controller places them */
    ARRAY_OF(struct create_partitions_assignment) assignments;
};

struct create_partitions_request {
    ARRAY_OF(struct create_partitions_topic) topics;
    int32_t timeout_ms;
    bool validate_only; /* check, and make nothing */
};

struct create_partitions_response_topic {
    struct slice name;
    int16_t error_code; /* enum kerr */
    struct slice error_message;
};

struct create_partitions_response {
    int32_t throttle_time_ms;
    ARRAY_OF(struct create_partitions_response_topic) results;
};

DECLARE_SCHEMA(create_partitions_assignment);
DECLARE_SCHEMA(create_partitions_topic);
DECLARE_SCHEMA(create_partitions_request);
DECLARE_SCHEMA(create_partitions_response_topic);
DECLARE_SCHEMA(create_partitions_response);

extern const struct message create_partitions_request_message, create_partitions_response_message;

#endif
