/*
 * remove_raft_voter: takes a controller off the quorum's voters (key 81, v0; KIP-853).
 */
#ifndef PROTOCOL_MESSAGES_REMOVE_RAFT_VOTER_H
#define PROTOCOL_MESSAGES_REMOVE_RAFT_VOTER_H

#include "protocol/schema/schema.h"

struct remove_raft_voter_request {
    struct slice cluster_id; /* null: whichever */
    int32_t voter_id;
    struct uuid voter_directory_id;
};

struct remove_raft_voter_response {
    int32_t throttle_time_ms;
    int16_t error_code; /* enum kerr */
    struct slice error_message;
};

DECLARE_SCHEMA(remove_raft_voter_request);
DECLARE_SCHEMA(remove_raft_voter_response);

extern const struct message remove_raft_voter_request_message, remove_raft_voter_response_message;

#endif
