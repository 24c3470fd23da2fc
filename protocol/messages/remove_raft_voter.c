/*
 * RemoveRaftVoter: v0. Version notes:
 * v0  is flexible (KIP-853)
 */
#include "protocol/messages/remove_raft_voter.h"

SCHEMA(remove_raft_voter_request,
       STRING(cluster_id, NULLABLE(0)),
       I32(voter_id),
       UUID(voter_directory_id));

const struct message remove_raft_voter_request_message = {
    .name = "RemoveRaftVoterRequest",
    .schema = remove_raft_voter_request_schema,
    .key = 81,
    .min_version = 0,
    .max_version = 0,
    .flexible_since = 0,
};

SCHEMA(remove_raft_voter_response,
       I32(throttle_time_ms),
       I16(error_code),
       STRING(error_message, NULLABLE(0)));

const struct message remove_raft_voter_response_message = {
    .name = "RemoveRaftVoterResponse",
    .schema = remove_raft_voter_response_schema,
    .key = 81,
    .min_version = 0,
    .max_version = 0,
    .flexible_since = 0,
};
