/*
 * partition_record: a partition with all its state (type 3, v0-2).
 */
#ifndef PROTOCOL_RECORDS_PARTITION_RECORD_H
#define PROTOCOL_RECORDS_PARTITION_RECORD_H

#include "protocol/schema/schema.h"

struct partition_record {
    int32_t partition_id;
    struct uuid topic_id;
    ARRAY_OF(int32_t) replicas;          /* broker ids, the preferred leader first */
    ARRAY_OF(int32_t) isr;               /* those in sync with the leader */
    ARRAY_OF(int32_t) removing_replicas; /* of a reassignment that is under way */
    ARRAY_OF(int32_t) adding_replicas;   /* likewise */
    int32_t leader;                      /* -1: none */
    int8_t leader_recovery_state;        /* 0: recovered, 1: recovering from an unclean election */
    int32_t leader_epoch;                /* grows with every change of the leader */
    int32_t partition_epoch;             /* grows with every change of the partition */
    /* where each replica lies, in their order; ids 0: migrating, 1: unassigned, 2: lost */
    ARRAY_OF(struct uuid) directories;
    /* outside the ISR, and yet with all committed records; null: none */
    ARRAY_OF(int32_t) eligible_leader_replicas;
    ARRAY_OF(int32_t) last_known_elr; /* null: none */
    struct slice unknown_tags;
};

DECLARE_SCHEMA(partition_record);

extern const struct message partition_record_message;

#endif
