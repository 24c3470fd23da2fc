/*
 * describe_topic_partitions: topics with their partitions, in pages (key 75, v0; KIP-966).
 */
#ifndef PROTOCOL_MESSAGES_DESCRIBE_TOPIC_PARTITIONS_H
#define PROTOCOL_MESSAGES_DESCRIBE_TOPIC_PARTITIONS_H

#include "protocol/schema/schema.h"

/* Where a page begins; the same in the request and the answer. */
struct describe_topic_partitions_cursor {
    struct slice topic_name;
    int32_t partition_index;
};

struct describe_topic_partitions_topic {
    struct slice name;
};

struct describe_topic_partitions_request {
    ARRAY_OF(struct describe_topic_partitions_topic) topics; /* empty: all */
    int32_t response_partition_limit;                        /* at most so many partitions in the answer */
    struct describe_topic_partitions_cursor *cursor;         /* NULL: from the first topic on */
};

struct describe_topic_partitions_response_partition {
    int16_t error_code; /* enum kerr */
    int32_t partition_index;
    int32_t leader_id; /* -1: none */
    int32_t leader_epoch;
    ARRAY_OF(int32_t) replica_nodes;
    ARRAY_OF(int32_t) isr_nodes;
    ARRAY_OF(int32_t) eligible_leader_replicas; /* outside the ISR, and yet with all committed records */
    ARRAY_OF(int32_t) last_known_elr;
    ARRAY_OF(int32_t) offline_replicas;
};

struct describe_topic_partitions_response_topic {
    int16_t error_code; /* enum kerr */
    struct slice name;
    struct uuid topic_id;
    bool is_internal;
    ARRAY_OF(struct describe_topic_partitions_response_partition) partitions;
    int32_t topic_authorized_operations; /* bit n: may do operation n */
};

struct describe_topic_partitions_response {
    int32_t throttle_time_ms;
    ARRAY_OF(struct describe_topic_partitions_response_topic) topics; /* ordered by name */
    struct describe_topic_partitions_cursor *next_cursor;             /* NULL: this was the last page */
};

DECLARE_SCHEMA(describe_topic_partitions_cursor);
DECLARE_SCHEMA(describe_topic_partitions_topic);
DECLARE_SCHEMA(describe_topic_partitions_request);
DECLARE_SCHEMA(describe_topic_partitions_response_partition);
DECLARE_SCHEMA(describe_topic_partitions_response_topic);
DECLARE_SCHEMA(describe_topic_partitions_response);

extern const struct message describe_topic_partitions_request_message,
    describe_topic_partitions_response_message;

#endif
