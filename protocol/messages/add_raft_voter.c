/*
 * AddRaftVoter: v0-1. Version notes:
 * v0  is flexible (KIP-853)
 * v1  may be answered before the voters have committed it (KIP-1186)
 */
#include "protocol/messages/add_raft_voter.h"

SCHEMA(add_raft_voter_listener,
       STRING(name),
       STRING(host),
       U16(port));

SCHEMA(add_raft_voter_request,
       STRING(cluster_id, NULLABLE(0)),
       I32(timeout_ms),
       I32(voter_id),
       UUID(voter_directory_id),
       ARRAY(listeners, add_raft_voter_listener),
       BOOL(ack_when_committed, SINCE(1), DEFAULT(1)));

const struct message add_raft_voter_request_message = {
    .name = "AddRaftVoterRequest",
    .schema = add_raft_voter_request_schema,
    .key = 80,
    .min_version = 0,
    .max_version = 1,
    .flexible_since = 0,
};

SCHEMA(add_raft_voter_response,
       I32(throttle_time_ms),
       I16(error_code),
       STRING(error_message, NULLABLE(0)));

const struct message add_raft_voter_response_message = {
    .name = "AddRaftVoterResponse",
    .schema = add_raft_voter_response_schema,
    .key = 80,
    .min_version = 0,
    .max_version = 1,
    .flexible_since = 0,
};
