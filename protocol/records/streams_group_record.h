/*
 * streams_group_record: streams groups (KIP-1071; __consumer_offsets types 17 and 19 to 23): group, members,
 * tasks, topology. All have version 0. A record without a value removes what its key names.
 */
#ifndef PROTOCOL_RECORDS_STREAMS_GROUP_RECORD_H
#define PROTOCOL_RECORDS_STREAMS_GROUP_RECORD_H

#include "protocol/records/group_key.h"

struct streams_group_pair {
    struct slice key;
    struct slice value;
    struct slice unknown_tags;
};

/* Type 17; its key is a group_key. */
struct streams_group_metadata_value {
    int32_t epoch;
    int64_t metadata_hash;                                       /* of the topics that the topology reads */
    int32_t validated_topology_epoch;                            /* -1: none yet */
    ARRAY_OF(struct streams_group_pair) last_assignment_configs; /* null: not known */
    struct slice unknown_tags;
};

/* Type 19; its key is a group_member_key. */
struct streams_group_endpoint {
    struct slice host;
    uint16_t port;
    struct slice unknown_tags;
};

struct streams_group_member_metadata_value {
    struct slice instance_id; /* null: no static member */
    struct slice rack_id;     /* null: not said */
    struct slice client_id;
    struct slice client_host;
    int32_t rebalance_timeout_ms;
    int32_t topology_epoch;
    struct slice process_id;
    struct streams_group_endpoint *user_endpoint; /* for interactive queries; null: none */
    ARRAY_OF(struct streams_group_pair) client_tags;
    struct slice unknown_tags;
};

/* Type 20; its key is a group_key. */
struct streams_group_target_assignment_metadata_value {
    int32_t assignment_epoch;
    int64_t assignment_timestamp; /* ms; 0: not known */
    struct slice unknown_tags;
};

/* Type 21; its key is a group_member_key. */
struct streams_group_target_tasks {
    struct slice subtopology_id;
    ARRAY_OF(int32_t) partitions;
    struct slice unknown_tags;
};

struct streams_group_target_assignment_member_value {
    ARRAY_OF(struct streams_group_target_tasks) active_tasks;
    ARRAY_OF(struct streams_group_target_tasks) standby_tasks;
    ARRAY_OF(struct streams_group_target_tasks) warmup_tasks;
    struct slice unknown_tags;
};

/* Type 22; its key is a group_member_key. */
struct streams_group_tasks {
    struct slice subtopology_id;
    ARRAY_OF(int32_t) partitions;
    ARRAY_OF(int32_t) assignment_epochs; /* one per partition; empty or null: not known */
    struct slice unknown_tags;
};

struct streams_group_current_member_assignment_value {
    int32_t member_epoch;
    int32_t previous_member_epoch;
    int8_t state;
    ARRAY_OF(struct streams_group_tasks) active_tasks;
    ARRAY_OF(struct streams_group_tasks) standby_tasks;
    ARRAY_OF(struct streams_group_tasks) warmup_tasks;
    ARRAY_OF(struct streams_group_tasks) active_tasks_pending_revocation;
    ARRAY_OF(struct streams_group_tasks) standby_tasks_pending_revocation;
    ARRAY_OF(struct streams_group_tasks) warmup_tasks_pending_revocation;
    struct slice unknown_tags;
};

/* Type 23; its key is a group_key. */
struct streams_group_topic {
    struct slice name;
    int32_t partitions;         /* 0: follows from the topics that are read */
    int16_t replication_factor; /* 0: the broker's default */
    ARRAY_OF(struct streams_group_pair) topic_configs;
    struct slice unknown_tags;
};

/* Indexes into the arrays of the subtopology: topics that need the same number of partitions. */
struct streams_group_copartition {
    ARRAY_OF(int16_t) source_topics;
    ARRAY_OF(int16_t) source_topic_regex;
    ARRAY_OF(int16_t) repartition_source_topics;
    struct slice unknown_tags;
};

struct streams_group_subtopology {
    struct slice subtopology_id;
    ARRAY_OF(struct slice) source_topics;
    ARRAY_OF(struct slice) source_topic_regex;
    ARRAY_OF(struct streams_group_topic) state_changelog_topics;
    ARRAY_OF(struct slice) repartition_sink_topics;
    ARRAY_OF(struct streams_group_topic) repartition_source_topics;
    ARRAY_OF(struct streams_group_copartition) copartition_groups;
    struct slice unknown_tags;
};

struct streams_group_topology_value {
    int32_t epoch;
    ARRAY_OF(struct streams_group_subtopology) subtopologies;
    struct slice unknown_tags;
};

DECLARE_SCHEMA(streams_group_pair);
DECLARE_SCHEMA(streams_group_metadata_value);
DECLARE_SCHEMA(streams_group_endpoint);
DECLARE_SCHEMA(streams_group_member_metadata_value);
DECLARE_SCHEMA(streams_group_target_assignment_metadata_value);
DECLARE_SCHEMA(streams_group_target_tasks);
DECLARE_SCHEMA(streams_group_target_assignment_member_value);
DECLARE_SCHEMA(streams_group_tasks);
DECLARE_SCHEMA(streams_group_current_member_assignment_value);
DECLARE_SCHEMA(streams_group_topic);
DECLARE_SCHEMA(streams_group_copartition);
DECLARE_SCHEMA(streams_group_subtopology);
DECLARE_SCHEMA(streams_group_topology_value);

extern const struct message streams_group_metadata_key_message;
extern const struct message streams_group_metadata_value_message;
extern const struct message streams_group_member_metadata_key_message;
extern const struct message streams_group_member_metadata_value_message;
extern const struct message streams_group_target_assignment_metadata_key_message;
extern const struct message streams_group_target_assignment_metadata_value_message;
extern const struct message streams_group_target_assignment_member_key_message;
extern const struct message streams_group_target_assignment_member_value_message;
extern const struct message streams_group_current_member_assignment_key_message;
extern const struct message streams_group_current_member_assignment_value_message;
extern const struct message streams_group_topology_key_message;
extern const struct message streams_group_topology_value_message;

#endif
