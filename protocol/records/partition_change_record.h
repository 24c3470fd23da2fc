/*
 * partition_change_record: what changed about a partition (type 5, v0-2). A field that is not there stays
 * as it was.
 * Each record adds one to the partition epoch, and one to the leader epoch if it names a leader, even the
 * same.
 */
#ifndef PROTOCOL_RECORDS_PARTITION_CHANGE_RECORD_H
#define PROTOCOL_RECORDS_PARTITION_CHANGE_RECORD_H

#include "protocol/schema/schema.h"

enum { LEADER_UNCHANGED = -2 };

struct partition_change_record {
    int32_t partition_id;
    struct uuid topic_id;
    ARRAY_OF(int32_t) isr;                      /* null: as it was */
    int32_t leader;                             /* -2: as it was, -1: none */
    ARRAY_OF(int32_t) replicas;                 /* null: as they were */
    ARRAY_OF(int32_t) removing_replicas;        /* null: as they were; empty: the reassignment is over */
    ARRAY_OF(int32_t) adding_replicas;          /* likewise */
    int8_t leader_recovery_state;               /* -1: as it was, 0: recovered, 1: recovering */
    ARRAY_OF(struct uuid) directories;          /* null: as they were */
    ARRAY_OF(int32_t) eligible_leader_replicas; /* null: as they were */
    ARRAY_OF(int32_t) last_known_elr;           /* null: as it was */
    struct slice unknown_tags;
};

DECLARE_SCHEMA(partition_change_record);

extern const struct message partition_change_record_message;

#endif
