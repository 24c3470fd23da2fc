/*
 * consumer_group_record: the groups of the consumer protocol (KIP-848; __consumer_offsets types 3 to 8 and
 * 16): group, members, the assignment that is wanted and the one that each member has. All have version 0. A
 * record without a value removes what its key names.
 */
#ifndef PROTOCOL_RECORDS_CONSUMER_GROUP_RECORD_H
#define PROTOCOL_RECORDS_CONSUMER_GROUP_RECORD_H

#include "protocol/records/group_key.h"

/* Type 3; its key is a group_key. */
struct consumer_group_metadata_value {
    int32_t epoch;         /* grows whenever members or subscribed topics change */
    int64_t metadata_hash; /* of the subscribed topics; 0: not known */
    struct slice unknown_tags;
};

/* Type 4; its key is a group_key. 4.0 wrote it, later releases only remove it. */
struct consumer_group_partition_racks {
    int32_t partition;
    ARRAY_OF(struct slice) racks;
    struct slice unknown_tags;
};

struct consumer_group_topic_metadata {
    struct uuid topic_id;
    struct slice topic_name;
    int32_t num_partitions;
    ARRAY_OF(struct consumer_group_partition_racks) partition_metadata;
    struct slice unknown_tags;
};

struct consumer_group_partition_metadata_value {
    ARRAY_OF(struct consumer_group_topic_metadata) topics;
    struct slice unknown_tags;
};

/* Type 5; its key is a group_member_key. */
struct consumer_group_classic_protocol {
    struct slice name;
    struct slice metadata; /* ConsumerProtocolSubscription */
    struct slice unknown_tags;
};

struct consumer_group_classic_member {
    int32_t session_timeout_ms;
    ARRAY_OF(struct consumer_group_classic_protocol) supported_protocols;
    struct slice unknown_tags;
};

struct consumer_group_member_metadata_value {
    struct slice instance_id; /* null: no static member */
    struct slice rack_id;     /* null: not said */
    struct slice client_id;
    struct slice client_host;
    ARRAY_OF(struct slice) subscribed_topic_names;
    struct slice subscribed_topic_regex; /* null: none */
    int32_t rebalance_timeout_ms;
    struct slice server_assignor;                                  /* null: no preference */
    struct consumer_group_classic_member *classic_member_metadata; /* null: speaks the consumer protocol */
    struct slice unknown_tags;
};

/* Type 6; its key is a group_key. */
struct consumer_group_target_assignment_metadata_value {
    int32_t assignment_epoch;
    int64_t assignment_timestamp; /* ms; 0: not known */
    struct slice unknown_tags;
};

/* Type 7; its key is a group_member_key. */
struct consumer_group_target_partitions {
    struct uuid topic_id;
    ARRAY_OF(int32_t) partitions;
    struct slice unknown_tags;
};

struct consumer_group_target_assignment_member_value {
    ARRAY_OF(struct consumer_group_target_partitions) topic_partitions;
    struct slice unknown_tags;
};

/* Type 8; its key is a group_member_key. */
struct consumer_group_assigned_partitions {
    struct uuid topic_id;
    ARRAY_OF(int32_t) partitions;
    ARRAY_OF(int32_t) assignment_epochs; /* one per partition; empty or null: not known */
    struct slice unknown_tags;
};

struct consumer_group_current_member_assignment_value {
    int32_t member_epoch;
    int32_t previous_member_epoch;
    int8_t state; /* 0 stable, 1 has to revoke, 2 waits for others to revoke, 127 unknown */
    ARRAY_OF(struct consumer_group_assigned_partitions) assigned_partitions;
    ARRAY_OF(struct consumer_group_assigned_partitions) partitions_pending_revocation;
    struct slice unknown_tags;
};

/* Type 16. */
struct consumer_group_regular_expression_key {
    struct slice group_id;
    struct slice regular_expression;
};

struct consumer_group_regular_expression_value {
    ARRAY_OF(struct slice) topics; /* those that it matched */
    int64_t version;               /* of the cluster's topics that it was held against: an offset of theirs */
    int64_t timestamp;             /* ms */
    struct slice unknown_tags;
};

DECLARE_SCHEMA(consumer_group_metadata_value);
DECLARE_SCHEMA(consumer_group_partition_racks);
DECLARE_SCHEMA(consumer_group_topic_metadata);
DECLARE_SCHEMA(consumer_group_partition_metadata_value);
DECLARE_SCHEMA(consumer_group_classic_protocol);
DECLARE_SCHEMA(consumer_group_classic_member);
DECLARE_SCHEMA(consumer_group_member_metadata_value);
DECLARE_SCHEMA(consumer_group_target_assignment_metadata_value);
DECLARE_SCHEMA(consumer_group_target_partitions);
DECLARE_SCHEMA(consumer_group_target_assignment_member_value);
DECLARE_SCHEMA(consumer_group_assigned_partitions);
DECLARE_SCHEMA(consumer_group_current_member_assignment_value);
DECLARE_SCHEMA(consumer_group_regular_expression_key);
DECLARE_SCHEMA(consumer_group_regular_expression_value);

extern const struct message consumer_group_metadata_key_message;
extern const struct message consumer_group_metadata_value_message;
extern const struct message consumer_group_partition_metadata_key_message;
extern const struct message consumer_group_partition_metadata_value_message;
extern const struct message consumer_group_member_metadata_key_message;
extern const struct message consumer_group_member_metadata_value_message;
extern const struct message consumer_group_target_assignment_metadata_key_message;
extern const struct message consumer_group_target_assignment_metadata_value_message;
extern const struct message consumer_group_target_assignment_member_key_message;
extern const struct message consumer_group_target_assignment_member_value_message;
extern const struct message consumer_group_current_member_assignment_key_message;
extern const struct message consumer_group_current_member_assignment_value_message;
extern const struct message consumer_group_regular_expression_key_message;
extern const struct message consumer_group_regular_expression_value_message;

#endif
