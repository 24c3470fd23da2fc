/*
 * LeaderChangeMessage: v0-1. Version notes:
 * v0  is the first (KIP-595)
 * v1  adds the voters' directories (KIP-853)
 */
#include "protocol/records/leader_change.h"

SCHEMA(leader_change_voter,
       I32(voter_id),
       UUID(voter_directory_id, SINCE(1)),
       UNKNOWN_TAGS(unknown_tags));

SCHEMA(leader_change,
       I16(version),
       I32(leader_id),
       ARRAY(voters, leader_change_voter),
       ARRAY(granting_voters, leader_change_voter),
       UNKNOWN_TAGS(unknown_tags));

const struct message leader_change_message = {
    .name = "LeaderChangeMessage",
    .schema = leader_change_schema,
    .key = -1,
    .min_version = 0,
    .max_version = 1,
    .flexible_since = 0,
};
