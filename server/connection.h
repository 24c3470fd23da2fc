/*
 * connection: one client, one thread: read frames, run them, write the answers.
 */
#ifndef SERVER_CONNECTION_H
#define SERVER_CONNECTION_H

#include "protocol/base/list.h"
#include "protocol/base/slice.h"
#include "protocol/base/uuid.h"
#include "server/net.h"
#include "server/throttle/throttle.h"
#include "server/waiter.h"

struct broker;
struct listener;

struct connection {
    struct list_node node; /* in its listener's list, under the listener's lock */
    struct broker *broker;
    struct listener *listener;
    int fd;
    char peer[NET_ADDRESS_SIZE];
    uint16_t peer_port;
    struct slice principal;     /* who the client is, "User:name"; lives as long as the connection */
    struct waiter waiter;       /* what a request of this connection waits with */
    struct slice software_name; /* as ApiVersions told, its own memory; null: it has not */
    struct slice software_version;
    struct uuid metrics_instance;    /* under which it has asked for its subscription; zero: it has not */
    struct throttle_client throttle; /* its quotas */
    int64_t cpu_us;     /* of its thread, when the quota on the time of requests was asked last; 0: never */
    int32_t mute_ms;    /* nothing more is read from it for so long, once the answers are out */
    int32_t refused_ms; /* above its address's connection_creation_rate: closed after so long */
    uint64_t named_for; /* hash of the client id that the thread's name was made from */
};

/* The thread's work: serves the client until it goes, misbehaves, falls idle, or the broker stops. Closes the
 * socket. */
void connection_serve(struct connection *connection);

/* What the client says that it is (KIP-511), copied, of each the first 255 bytes. */
void connection_set_software(struct connection *connection, struct slice name, struct slice version);

/* Ends it soon, from another thread: requests that have arrived are answered, waits end. */
void connection_stop(struct connection *connection);

#endif
