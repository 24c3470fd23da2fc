/*
 * leader_change: the value of the control record that opens a leader's epoch in the cluster log (control
 * type 2; KIP-595).
 */
#ifndef PROTOCOL_RECORDS_LEADER_CHANGE_H
#define PROTOCOL_RECORDS_LEADER_CHANGE_H

#include "protocol/schema/schema.h"

struct leader_change_voter {
    int32_t voter_id;
    struct uuid voter_directory_id;
    struct slice unknown_tags;
};

struct leader_change {
    int16_t version; /* this message's version, once more */
    int32_t leader_id;
    ARRAY_OF(struct leader_change_voter) voters;          /* all who may vote */
    ARRAY_OF(struct leader_change_voter) granting_voters; /* those who voted for the leader */
    struct slice unknown_tags;
};

DECLARE_SCHEMA(leader_change_voter);
DECLARE_SCHEMA(leader_change);

extern const struct message leader_change_message;

#endif
