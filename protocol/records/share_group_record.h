/*
 * share_group_record: share groups (KIP-932; __consumer_offsets types 10 to 15): group, members, assignments,
 * and for which partitions state is kept. All have version 0. A record without a value removes what its key
 * names.
 */
#ifndef PROTOCOL_RECORDS_SHARE_GROUP_RECORD_H
#define PROTOCOL_RECORDS_SHARE_GROUP_RECORD_H

#include "protocol/records/group_key.h"

/* Type 10; its key is a group_member_key. */
struct share_group_member_metadata_value {
    struct slice rack_id; /* null: not said */
    struct slice client_id;
    struct slice client_host;
    ARRAY_OF(struct slice) subscribed_topic_names;
    struct slice unknown_tags;
};

/* Type 11; its key is a group_key. */
struct share_group_metadata_value {
    int32_t epoch;
    int64_t metadata_hash; /* of the subscribed topics */
    struct slice unknown_tags;
};

/* Type 12; its key is a group_key. */
struct share_group_target_assignment_metadata_value {
    int32_t assignment_epoch;
    int64_t assignment_timestamp; /* ms; 0: not known */
    struct slice unknown_tags;
};

struct share_group_topic_partitions {
    struct uuid topic_id;
    ARRAY_OF(int32_t) partitions;
    struct slice unknown_tags;
};

/* Type 13; its key is a group_member_key. */
struct share_group_target_assignment_member_value {
    ARRAY_OF(struct share_group_topic_partitions) topic_partitions;
    struct slice unknown_tags;
};

/* Type 14; its key is a group_member_key. */
struct share_group_current_member_assignment_value {
    int32_t member_epoch;
    int32_t previous_member_epoch;
    int8_t state;
    ARRAY_OF(struct share_group_topic_partitions) assigned_partitions;
    struct slice unknown_tags;
};

/* Type 15; its key is a group_key. */
struct share_group_state_topic {
    struct uuid topic_id;
    struct slice topic_name;
    ARRAY_OF(int32_t) partitions;
    struct slice unknown_tags;
};

struct share_group_deleting_topic {
    struct uuid topic_id;
    struct slice topic_name;
    struct slice unknown_tags;
};

struct share_group_state_partition_metadata_value {
    ARRAY_OF(struct share_group_state_topic) initializing_topics;
    ARRAY_OF(struct share_group_state_topic) initialized_topics;
    ARRAY_OF(struct share_group_deleting_topic) deleting_topics;
    struct slice unknown_tags;
};

DECLARE_SCHEMA(share_group_member_metadata_value);
DECLARE_SCHEMA(share_group_metadata_value);
DECLARE_SCHEMA(share_group_target_assignment_metadata_value);
DECLARE_SCHEMA(share_group_topic_partitions);
DECLARE_SCHEMA(share_group_target_assignment_member_value);
DECLARE_SCHEMA(share_group_current_member_assignment_value);
DECLARE_SCHEMA(share_group_state_topic);
DECLARE_SCHEMA(share_group_deleting_topic);
DECLARE_SCHEMA(share_group_state_partition_metadata_value);

extern const struct message share_group_member_metadata_key_message;
extern const struct message share_group_member_metadata_value_message;
extern const struct message share_group_metadata_key_message;
extern const struct message share_group_metadata_value_message;
extern const struct message share_group_target_assignment_metadata_key_message;
extern const struct message share_group_target_assignment_metadata_value_message;
extern const struct message share_group_target_assignment_member_key_message;
extern const struct message share_group_target_assignment_member_value_message;
extern const struct message share_group_current_member_assignment_key_message;
extern const struct message share_group_current_member_assignment_value_message;
extern const struct message share_group_state_partition_metadata_key_message;
extern const struct message share_group_state_partition_metadata_value_message;

#endif
