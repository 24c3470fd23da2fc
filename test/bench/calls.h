/*
 * calls: requests that are not measured one by one: made, sent and decoded by the project's own tables. One
 * thread uses a client at a time.
 */
#ifndef TEST_BENCH_CALLS_H
#define TEST_BENCH_CALLS_H

#include "server/client.h"

enum { CALL_PATIENCE_MS = 60000 };

/* A client of the broker at this port of this machine. */
void call_open(struct client *client, uint16_t port);

/* Sends one request and waits for its answer, which lives in the arena. NULL: the connection broke. */
void *call(struct client *client, int key, int version, const void *request, struct arena *arena);

/* Until the broker has a coordinator for the group; makes __consumer_offsets. */
void call_until_coordinated(struct client *client, struct slice group);

/* Whether a group's error says no more than that its coordinator is not ready yet. */
bool call_is_too_early(int error);

#endif
