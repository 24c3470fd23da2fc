/*
 * listener: one bound address, its acceptor thread, and the connections that came through it.
 */
#ifndef SERVER_LISTENER_H
#define SERVER_LISTENER_H

#include "protocol/base/note.h"
#include "protocol/base/slice.h"
#include "storage/os/mutex.h"

struct broker;
struct endpoint;
struct listener;

/* Whom clients reach through a listener (KIP-919): that decides which APIs are served there, and against
 * which of the two counts of connections a client stands. */
enum listener_role { LISTENER_OF_BROKER, LISTENER_OF_CONTROLLER, LISTENER_ROLES };

/* Binds the endpoint's host and port and listens; accepts nothing yet. The endpoint's name ("PLAINTEXT") is
 * borrowed; port 0 picks one. NULL with the reason. */
struct listener *listener_open(struct broker *broker, enum listener_role role,
                               const struct endpoint *endpoint, struct note *why);

/* Starts the acceptor. */
bool listener_start(struct listener *listener, struct note *why);

/* Accepts no more and asks every connection to end; does not wait for them. */
void listener_stop(struct listener *listener);

/* After listener_stop. Leaves answers on their way until the deadline (clock_monotonic_ms), then cuts their
 * connections off, whatever the peers do; waits for the threads; frees. */
void listener_close(struct listener *listener, int64_t deadline_ms);

enum listener_role listener_role(const struct listener *listener);
struct slice listener_name(const struct listener *listener);
uint16_t listener_port(const struct listener *listener); /* as bound */

#endif
