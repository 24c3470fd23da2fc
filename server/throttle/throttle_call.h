/*
 * throttle_call: the quotas as requests meet them: recorded, told to the client in throttle_time_ms, and its
 * connection muted (KIP-13, KIP-124, KIP-219, KIP-599).
 */
#ifndef SERVER_THROTTLE_THROTTLE_CALL_H
#define SERVER_THROTTLE_THROTTLE_CALL_H

#include "server/call.h"

/* Before a run: from now on its thread's time is the client's. */
void throttle_call_begin(struct connection *connection);

/* After the handler, before the answer is encoded: a Produce's bytes, everybody's time; then the client is
 * told and muted. */
void throttle_call_finish(struct call *call);

/* The most bytes that a fetch may bring by its client's quota. */
int32_t throttle_call_fetch_max_bytes(struct call *call);

/* A fetch that would answer with what call->response holds. True: not now, the answer is to be empty. */
bool throttle_call_fetch(struct call *call);

/* Lets a change of topics ask for its client's quota: above it, requests from `strict_since` on get
 * THROTTLING_QUOTA_EXCEEDED for a topic, older ones are throttled. */
struct controller;
struct mutation_quota {
    struct call *call;
    bool strict;
};
void throttle_call_mutations(struct call *call, int strict_since, struct mutation_quota *quota,
                             struct controller *controller);

#endif
