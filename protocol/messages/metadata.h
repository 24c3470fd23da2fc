/*
 * metadata: brokers, topics and leaders (key 3, v0-13); creates topics if both sides want that.
 */
#ifndef PROTOCOL_MESSAGES_METADATA_H
#define PROTOCOL_MESSAGES_METADATA_H

#include "protocol/schema/schema.h"

struct metadata_topic {
    struct uuid topic_id; /* all zero: by name */
    struct slice name;    /* null: by id */
};

struct metadata_request {
    ARRAY_OF(struct metadata_topic) topics; /* null: all; empty: none (v0: all) */
    bool allow_auto_topic_creation;
    bool include_cluster_authorized_operations;
    bool include_topic_authorized_operations;
};

struct metadata_response_broker {
    int32_t node_id;
    struct slice host;
    int32_t port;
    struct slice rack; /* null: not known */
};

struct metadata_response_partition {
    int16_t error_code; /* enum kerr; LEADER_NOT_AVAILABLE comes with leader_id -1 */
    int32_t partition_index;
    int32_t leader_id;               /* -1: none */
    int32_t leader_epoch;            /* -1: not known */
    ARRAY_OF(int32_t) replica_nodes; /* all that have the partition */
    ARRAY_OF(int32_t) isr_nodes;     /* those in sync with the leader */
    ARRAY_OF(int32_t) offline_replicas;
};

struct metadata_response_topic {
    int16_t error_code; /* enum kerr */
    struct slice name;  /* null: asked for by an id that is unknown */
    struct uuid topic_id;
    bool is_internal; /* one of the coordinators' own */
    ARRAY_OF(struct metadata_response_partition) partitions;
    int32_t topic_authorized_operations; /* bit n: may do operation n; INT32_MIN: not asked for */
};

struct metadata_response {
    int32_t throttle_time_ms;
    ARRAY_OF(struct metadata_response_broker) brokers; /* those alive */
    struct slice cluster_id;
    /* a broker that takes requests for the controller; -1: not known */
    int32_t controller_id;
    ARRAY_OF(struct metadata_response_topic) topics;
    int32_t cluster_authorized_operations; /* as topic_authorized_operations */
    int16_t error_code;                    /* enum kerr, of the request as a whole */
};

DECLARE_SCHEMA(metadata_topic);
DECLARE_SCHEMA(metadata_request);
DECLARE_SCHEMA(metadata_response_broker);
DECLARE_SCHEMA(metadata_response_partition);
DECLARE_SCHEMA(metadata_response_topic);
DECLARE_SCHEMA(metadata_response);

extern const struct message metadata_request_message, metadata_response_message;

#endif
