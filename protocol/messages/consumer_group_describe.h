/*
 * consumer_group_describe: consumer groups with their members and assignments (key 69, v0-v1; KIP-848).
 */
#ifndef PROTOCOL_MESSAGES_CONSUMER_GROUP_DESCRIBE_H
#define PROTOCOL_MESSAGES_CONSUMER_GROUP_DESCRIBE_H

#include "protocol/schema/schema.h"

struct consumer_group_describe_request {
    ARRAY_OF(struct slice) group_ids;
    bool include_authorized_operations;
};

struct consumer_group_describe_response_topic_partitions {
    struct uuid topic_id;
    struct slice topic_name;
    ARRAY_OF(int32_t) partitions;
};

struct consumer_group_describe_response_assignment {
    ARRAY_OF(struct consumer_group_describe_response_topic_partitions) topic_partitions;
};

struct consumer_group_describe_response_member {
    struct slice member_id;
    struct slice instance_id; /* null: no static member */
    struct slice rack_id;     /* null: not said */
    int32_t member_epoch;
    struct slice client_id;
    struct slice client_host;
    ARRAY_OF(struct slice) subscribed_topic_names;
    struct slice subscribed_topic_regex;                                  /* null: none */
    struct consumer_group_describe_response_assignment assignment;        /* what it owns */
    struct consumer_group_describe_response_assignment target_assignment; /* what it shall own */
    int8_t member_type; /* 0: speaks the classic protocol; 1: the consumer protocol; -1: not known */
};

struct consumer_group_describe_response_group {
    int16_t error_code; /* enum kerr */
    struct slice error_message;
    struct slice group_id;
    struct slice group_state;
    int32_t group_epoch;
    int32_t assignment_epoch;
    struct slice assignor_name;
    ARRAY_OF(struct consumer_group_describe_response_member) members;
    int32_t authorized_operations; /* a bit field; the least number: not asked for */
};

struct consumer_group_describe_response {
    int32_t throttle_time_ms;
    ARRAY_OF(struct consumer_group_describe_response_group) groups;
};

DECLARE_SCHEMA(consumer_group_describe_request);
DECLARE_SCHEMA(consumer_group_describe_response_topic_partitions);
DECLARE_SCHEMA(consumer_group_describe_response_assignment);
DECLARE_SCHEMA(consumer_group_describe_response_member);
DECLARE_SCHEMA(consumer_group_describe_response_group);
DECLARE_SCHEMA(consumer_group_describe_response);

extern const struct message consumer_group_describe_request_message;
extern const struct message consumer_group_describe_response_message;

#endif
