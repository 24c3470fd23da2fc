/*
 * add_raft_voter: takes a controller into the quorum's voters (key 80, v0-1; KIP-853).
 */
#ifndef PROTOCOL_MESSAGES_ADD_RAFT_VOTER_H
#define PROTOCOL_MESSAGES_ADD_RAFT_VOTER_H

#include "protocol/schema/schema.h"

struct add_raft_voter_listener {
    struct slice name;
    struct slice host;
    uint16_t port;
};

struct add_raft_voter_request {
    struct slice cluster_id; /* null: whichever */
    int32_t timeout_ms;
    int32_t voter_id;
    struct uuid voter_directory_id;
    ARRAY_OF(struct add_raft_voter_listener) listeners;
    bool ack_when_committed; /* false: answered once the leader has written it */
};

struct add_raft_voter_response {
    int32_t throttle_time_ms;
    int16_t error_code; /* enum kerr */
    struct slice error_message;
};

DECLARE_SCHEMA(add_raft_voter_listener);
DECLARE_SCHEMA(add_raft_voter_request);
DECLARE_SCHEMA(add_raft_voter_response);

extern const struct message add_raft_voter_request_message, add_raft_voter_response_message;

#endif
