/*
 * describe_quorum: who leads the cluster log, who votes, who follows, and how far they are (key 55, v0-2;
 * KIP-595).
 */
#ifndef PROTOCOL_MESSAGES_DESCRIBE_QUORUM_H
#define PROTOCOL_MESSAGES_DESCRIBE_QUORUM_H

#include "protocol/schema/schema.h"

struct describe_quorum_partition {
    int32_t partition_index;
};

struct describe_quorum_topic {
    struct slice topic_name;
    ARRAY_OF(struct describe_quorum_partition) partitions;
};

struct describe_quorum_request {
    ARRAY_OF(struct describe_quorum_topic) topics;
};

struct describe_quorum_response_replica {
    int32_t replica_id;
    struct uuid replica_directory_id; /* zero: not known */
    int64_t log_end_offset;           /* -1: not known */
    int64_t last_fetch_timestamp;     /* ms since 1970; -1: not known */
    int64_t last_caught_up_timestamp; /* likewise */
};

struct describe_quorum_response_partition {
    int32_t partition_index;
    int16_t error_code; /* enum kerr */
    struct slice error_message;
    int32_t leader_id;
    int32_t leader_epoch;
    int64_t high_watermark;
    ARRAY_OF(struct describe_quorum_response_replica) current_voters;
    ARRAY_OF(struct describe_quorum_response_replica) observers;
};

struct describe_quorum_response_topic {
    struct slice topic_name;
    ARRAY_OF(struct describe_quorum_response_partition) partitions;
};

struct describe_quorum_response_listener {
    struct slice name;
    struct slice host;
    uint16_t port;
};

struct describe_quorum_response_node {
    int32_t node_id;
    ARRAY_OF(struct describe_quorum_response_listener) listeners;
};

struct describe_quorum_response {
    int16_t error_code; /* of the whole request */
    struct slice error_message;
    ARRAY_OF(struct describe_quorum_response_topic) topics;
    ARRAY_OF(struct describe_quorum_response_node) nodes; /* the voters' addresses */
};

DECLARE_SCHEMA(describe_quorum_partition);
DECLARE_SCHEMA(describe_quorum_topic);
DECLARE_SCHEMA(describe_quorum_request);
DECLARE_SCHEMA(describe_quorum_response_replica);
DECLARE_SCHEMA(describe_quorum_response_partition);
DECLARE_SCHEMA(describe_quorum_response_topic);
DECLARE_SCHEMA(describe_quorum_response_listener);
DECLARE_SCHEMA(describe_quorum_response_node);
DECLARE_SCHEMA(describe_quorum_response);

extern const struct message describe_quorum_request_message, describe_quorum_response_message;

#endif
