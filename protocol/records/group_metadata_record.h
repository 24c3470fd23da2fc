/*
 * group_metadata_record: a group of the classic protocol with its members (__consumer_offsets type 2). A
 * record without a value ends the group.
 */
#ifndef PROTOCOL_RECORDS_GROUP_METADATA_RECORD_H
#define PROTOCOL_RECORDS_GROUP_METADATA_RECORD_H

#include "protocol/schema/schema.h"

struct group_metadata_key {
    struct slice group;
};

struct group_metadata_member {
    struct slice member_id;
    struct slice group_instance_id; /* null: no static member */
    struct slice client_id;
    struct slice client_host;
    int32_t rebalance_timeout; /* ms; -1: not said */
    int32_t session_timeout;   /* ms */
    struct slice subscription; /* bytes of the chosen protocol: ConsumerProtocolSubscription for consumers */
    struct slice assignment;   /* likewise: ConsumerProtocolAssignment */
    struct slice unknown_tags;
};

struct group_metadata_value {
    struct slice protocol_type; /* "consumer", "connect" ...; "" of a group that has just been made */
    int32_t generation;
    struct slice protocol;           /* the assignor that was chosen; null: none */
    struct slice leader;             /* a member's id; null: none */
    int64_t current_state_timestamp; /* ms; -1: not known */
    ARRAY_OF(struct group_metadata_member) members;
    struct slice unknown_tags;
};

DECLARE_SCHEMA(group_metadata_key);
DECLARE_SCHEMA(group_metadata_member);
DECLARE_SCHEMA(group_metadata_value);

extern const struct message group_metadata_key_message;
extern const struct message group_metadata_value_message;

#endif
