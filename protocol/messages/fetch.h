/*
 * fetch: reads record batches, or waits for some (key 1, v4-18). Consumers and followers send it.
 */
#ifndef PROTOCOL_MESSAGES_FETCH_H
#define PROTOCOL_MESSAGES_FETCH_H

#include "protocol/schema/schema.h"

struct fetch_replica_state {
    int32_t replica_id;    /* the follower's broker id; -1: a consumer */
    int64_t replica_epoch; /* its broker epoch; -1: not known */
};

struct fetch_partition {
    int32_t partition;
    int32_t current_leader_epoch; /* what the client believes; -1: not known */
    int64_t fetch_offset;
    int32_t last_fetched_epoch;       /* leader epoch of the last record it has; -1: not known */
    int64_t log_start_offset;         /* the follower's; -1: a consumer */
    int32_t partition_max_bytes;      /* the first batch of the answer may be larger (KIP-74) */
    struct uuid replica_directory_id; /* the follower's log directory */
    int64_t high_watermark;           /* the follower's; INT64_MAX: not told */
};

struct fetch_topic {
    struct slice topic;
    struct uuid topic_id;
    ARRAY_OF(struct fetch_partition) partitions;
};

struct fetch_forgotten_topic {
    struct slice topic;
    struct uuid topic_id;
    ARRAY_OF(int32_t) partitions;
};

struct fetch_request {
    struct slice cluster_id; /* the cluster that the follower belongs to; null: it does not say */
    int32_t replica_id;      /* as in replica_state */
    struct fetch_replica_state replica_state;
    int32_t max_wait_ms;
    int32_t min_bytes;                   /* answer when so much is there, or the time is over */
    int32_t max_bytes;                   /* of the whole answer */
    int8_t isolation_level;              /* 0: read uncommitted, 1: read committed */
    int32_t session_id;                  /* 0: none */
    int32_t session_epoch;               /* -1: no session, or the last request in it; 0: a new one */
    ARRAY_OF(struct fetch_topic) topics; /* in a session: what is new or has changed */
    ARRAY_OF(struct fetch_forgotten_topic) forgotten_topics_data; /* what the session shall drop */
    struct slice rack_id;                                         /* the consumer's; empty: not known */
};

struct fetch_response_epoch_end {
    int32_t epoch;
    int64_t end_offset;
};

struct fetch_response_leader {
    int32_t leader_id; /* -1: not known */
    int32_t leader_epoch;
};

struct fetch_response_snapshot_id {
    int64_t end_offset;
    int32_t epoch;
};

struct fetch_response_aborted_transaction {
    int64_t producer_id;
    int64_t first_offset;
};

struct fetch_response_partition {
    int32_t partition_index;
    int16_t error_code;         /* enum kerr */
    int64_t high_watermark;     /* -1 with an error */
    int64_t last_stable_offset; /* where read committed ends */
    int64_t log_start_offset;
    /* the follower's log leaves ours: the last epoch both have, and where it ends */
    struct fetch_response_epoch_end diverging_epoch;
    struct fetch_response_leader current_leader; /* with NOT_LEADER_OR_FOLLOWER and FENCED_LEADER_EPOCH */
    /* of the cluster log: fetch this snapshot, the offset is before the log's start */
    struct fetch_response_snapshot_id snapshot_id;
    ARRAY_OF(struct fetch_response_aborted_transaction) aborted_transactions; /* null: read uncommitted */
    int32_t preferred_read_replica; /* fetch there; -1: fetch here */
    struct records records;         /* whole batches; the last one may be cut */
};

struct fetch_response_topic {
    struct slice topic;
    struct uuid topic_id;
    ARRAY_OF(struct fetch_response_partition) partitions;
};

struct fetch_response_node_endpoint {
    int32_t node_id;
    struct slice host;
    int32_t port;
    struct slice rack;
};

struct fetch_response {
    int32_t throttle_time_ms;
    int16_t error_code; /* enum kerr, of the session or the request as a whole */
    int32_t session_id; /* 0: none */
    ARRAY_OF(struct fetch_response_topic) responses;
    ARRAY_OF(struct fetch_response_node_endpoint) node_endpoints; /* of all current leaders named above */
};

DECLARE_SCHEMA(fetch_replica_state);
DECLARE_SCHEMA(fetch_partition);
DECLARE_SCHEMA(fetch_topic);
DECLARE_SCHEMA(fetch_forgotten_topic);
DECLARE_SCHEMA(fetch_request);
DECLARE_SCHEMA(fetch_response_epoch_end);
DECLARE_SCHEMA(fetch_response_leader);
DECLARE_SCHEMA(fetch_response_snapshot_id);
DECLARE_SCHEMA(fetch_response_aborted_transaction);
DECLARE_SCHEMA(fetch_response_partition);
DECLARE_SCHEMA(fetch_response_topic);
DECLARE_SCHEMA(fetch_response_node_endpoint);
DECLARE_SCHEMA(fetch_response);

extern const struct message fetch_request_message, fetch_response_message;

#endif
