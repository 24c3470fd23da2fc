/*
 * produce: appends record batches (key 0, v3-13). There is no answer to acks=0.
 */
#ifndef PROTOCOL_MESSAGES_PRODUCE_H
#define PROTOCOL_MESSAGES_PRODUCE_H

#include "protocol/schema/schema.h"

struct produce_partition {
    int32_t index;
    struct records records;
};

struct produce_topic {
    struct slice name;
    struct uuid topic_id;
    ARRAY_OF(struct produce_partition) partition_data;
};

struct produce_request {
    struct slice transactional_id; /* null: no transaction */
    int16_t acks;                  /* 0: no answer, 1: the leader has it, -1: all in-sync replicas have it */
    int32_t timeout_ms;            /* how long to wait for the others */
    ARRAY_OF(struct produce_topic) topic_data;
};

struct produce_response_record_error {
    int32_t batch_index; /* the record's, in its batch */
    struct slice batch_index_error_message;
};

struct produce_response_leader {
    int32_t leader_id; /* -1: not known */
    int32_t leader_epoch;
};

struct produce_response_partition {
    int32_t index;
    int16_t error_code;         /* enum kerr */
    int64_t base_offset;        /* of the first record; -1 with an error */
    int64_t log_append_time_ms; /* -1: the records kept their own time (CreateTime) */
    int64_t log_start_offset;
    ARRAY_OF(struct produce_response_record_error) record_errors; /* records that made the batch fail */
    struct slice error_message;                                   /* null: the stock text will do */
    struct produce_response_leader current_leader;                /* with NOT_LEADER_OR_FOLLOWER */
};

struct produce_response_topic {
    struct slice name;
    struct uuid topic_id;
    ARRAY_OF(struct produce_response_partition) partition_responses;
};

struct produce_response_node_endpoint {
    int32_t node_id;
    struct slice host;
    int32_t port;
    struct slice rack;
};

struct produce_response {
    ARRAY_OF(struct produce_response_topic) responses;
    int32_t throttle_time_ms;
    ARRAY_OF(struct produce_response_node_endpoint) node_endpoints; /* of all current leaders named above */
};

DECLARE_SCHEMA(produce_partition);
DECLARE_SCHEMA(produce_topic);
DECLARE_SCHEMA(produce_request);
DECLARE_SCHEMA(produce_response_record_error);
DECLARE_SCHEMA(produce_response_leader);
DECLARE_SCHEMA(produce_response_partition);
DECLARE_SCHEMA(produce_response_topic);
DECLARE_SCHEMA(produce_response_node_endpoint);
DECLARE_SCHEMA(produce_response);

extern const struct message produce_request_message, produce_response_message;

#endif
