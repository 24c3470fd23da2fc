/*
 * See listener.h. Invariants:
 *   1. A connection is in the list from before its thread starts until that thread has closed the socket.
 *   2. The listener outlives its connections' threads: each joins the one that ended before it, and
 *      listener_close the last.
 *   3. Lack of descriptors, memory or threads refuses one client at a time and never spins.
 */
#include "server/listener.h"

#include "protocol/base/list.h"
#include "server/broker.h"
#include "server/connection.h"
#include "server/net.h"
#include "storage/os/clock.h"
#include "storage/os/diag.h"
#include "storage/os/thread.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DIAG_AREA DIAG_SERVER

enum {
    LEAST_BACKLOG = 4096, /* the system takes off what it finds too much */
    BACK_OFF_MS = 50,     /* after accept failed for want of something */
    LOOK_AGAIN_MS = 1000, /* while there are no descriptors and no clients */
    COMPLAIN_EVERY_MS = 10 * 1000,
};

struct listener {
    struct broker *broker;
    enum listener_role role;
    struct slice name;
    int fd;
    int spare_fd; /* given up to accept and refuse a client when there are no descriptors left */
    uint16_t port;
    struct thread acceptor;
    atomic_bool stopping;
    int64_t complained_ms; /* the acceptor's own, as the next one */
    bool has_client;       /* one was at the door before accept was asked last */
    struct mutex mutex;    /* RANK_LISTENER */
    struct condition changed;
    struct list_node connections GUARDED_BY(mutex);
    int connection_count GUARDED_BY(mutex);
    struct thread ended GUARDED_BY(mutex); /* the connection's that ended last; nobody has joined it yet */
};

struct listener *listener_open(struct broker *broker, enum listener_role role,
                               const struct endpoint *endpoint, struct note *why)
{
    char host[256];
    snprintf(host, sizeof host, "%.*s", SLICE_ARGS(endpoint->host));
    uint16_t port = endpoint->port;
    int backlog = broker->config.socket_listen_backlog_size;
    int fd = net_listen(host, &port, backlog > LEAST_BACKLOG ? backlog : LEAST_BACKLOG, why);
    if (fd < 0)
        return NULL;
    struct listener *listener = calloc(1, sizeof *listener);
    if (listener == NULL) {
        note_set(why, "out of memory");
        close(fd);
        return NULL;
    }
    listener->broker = broker;
    listener->role = role;
    listener->name = endpoint->name;
    listener->fd = fd;
    listener->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    listener->port = port;
    mutex_init(&listener->mutex, RANK_LISTENER);
    condition_init(&listener->changed);
    list_init(&listener->connections);
    return listener;
}

enum listener_role listener_role(const struct listener *listener)
{
    return listener->role;
}

struct slice listener_name(const struct listener *listener)
{
    return listener->name;
}

uint16_t listener_port(const struct listener *listener)
{
    return listener->port;
}

/* Takes the connection off the list and frees it. `self` is the calling thread if it is the connection's own.
 * Returns the thread that ended before it, to be joined. */
static struct thread forget(struct connection *connection, struct thread self)
{
    struct listener *listener = connection->listener;
    struct thread before = {.started = false};
    broker_connection_ended(listener->broker, listener->role, connection->peer);
    mutex_lock(&listener->mutex);
    list_remove(&connection->node);
    close(connection->fd); /* under the lock: nobody shuts down a descriptor that is another's by now */
    listener->connection_count--;
    if (self.started) {
        before = listener->ended;
        listener->ended = self;
    }
    condition_broadcast(&listener->changed);
    mutex_unlock(&listener->mutex);
    waiter_fini(&connection->waiter);
    free(connection);
    return before;
}

static void *connection_main(void *context)
{
    struct connection *connection = context;
    connection_serve(connection);
    struct thread before = forget(connection, (struct thread){.id = pthread_self(), .started = true});
    thread_join(&before);
    return NULL;
}

/* At most once in a while: a flood of clients must not become a flood of lines. */
static void complain(struct listener *listener, const char *what, int error)
{
    int64_t now_ms = clock_monotonic_ms();
    if (listener->complained_ms != 0 && now_ms - listener->complained_ms < COMPLAIN_EVERY_MS)
        return;
    listener->complained_ms = now_ms;
    diag_warn("listener %.*s: %s: %s; clients are refused", SLICE_ARGS(listener->name), what,
              strerror(error));
}

static void start_connection(struct listener *listener, struct connection *connection)
{
    mutex_lock(&listener->mutex);
    list_append(&listener->connections, &connection->node);
    listener->connection_count++;
    mutex_unlock(&listener->mutex);
    char name[16];
    snprintf(name, sizeof name, "client:%u", connection->peer_port);
    struct thread thread; /* not kept: it may have ended already */
    int error = thread_start(&thread, name, connection_main, connection);
    if (error != 0) {
        complain(listener, "cannot start a thread", error);
        forget(connection, thread);
        usleep(BACK_OFF_MS * 1000);
    }
}

static void welcome(struct listener *listener, int fd, const char *peer, uint16_t peer_port)
{
    struct connection *connection = calloc(1, sizeof *connection);
    if (connection == NULL) {
        broker_connection_ended(listener->broker, listener->role, peer);
        close(fd);
        return;
    }
    connection->broker = listener->broker;
    connection->listener = listener;
    connection->fd = fd;
    connection->peer_port = peer_port;
    memcpy(connection->peer, peer, sizeof connection->peer);
    connection->principal = SLICE("User:ANONYMOUS"); /* whoever has not said who he is */
    connection->refused_ms = throttle_connection(listener->broker->throttle, peer, clock_monotonic_ms());
    waiter_init(&connection->waiter);
    net_set_buffers(fd, listener->broker->config.socket_send_buffer_bytes,
                    listener->broker->config.socket_receive_buffer_bytes);
    start_connection(listener, connection);
}

/* No descriptors: gives the spare one up to take a client off the queue and turn it away. accept says so also
 * when nobody is there; then it is asked again once somebody is, for by that time there may be
 * descriptors. Only who was there before it was asked is turned away: others may have come when there were
 * descriptors again. */
static void refuse_one(struct listener *listener, int error)
{
    if (!listener->has_client) {
        listener->has_client = net_has_client(listener->fd, LOOK_AGAIN_MS);
        return;
    }
    listener->has_client = false;
    complain(listener, "cannot accept", error);
    if (listener->spare_fd >= 0) {
        close(listener->spare_fd);
        net_refuse(listener->fd);
    }
    listener->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    usleep(BACK_OFF_MS * 1000);
}

static void *acceptor_main(void *context)
{
    struct listener *listener = context;
    char peer[NET_ADDRESS_SIZE];
    uint16_t peer_port;
    while (!atomic_load(&listener->stopping)) {
        if (!broker_wait_for_connection_slot(listener->broker, listener->role))
            break;
        int fd = net_accept(listener->fd, peer, &peer_port);
        if (fd >= 0) {
            listener->has_client = false;
            if (broker_connection_began(listener->broker, listener->role, peer))
                welcome(listener, fd, peer, peer_port);
            else
                close(fd); /* max.connections.per.ip */
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
            refuse_one(listener, errno);
        } else if (errno == EBADF || errno == EINVAL) {
            break; /* shut down */
        }
    }
    return NULL;
}

bool listener_start(struct listener *listener, struct note *why)
{
    char name[16];
    snprintf(name, sizeof name, "acc:%u", listener->port);
    int error = thread_start(&listener->acceptor, name, acceptor_main, listener);
    if (error != 0)
        note_set(why, "cannot start the acceptor: %s", strerror(error));
    return error == 0;
}

void listener_stop(struct listener *listener)
{
    atomic_store(&listener->stopping, true);
    net_shutdown(listener->fd);
    thread_join(&listener->acceptor);
    mutex_lock(&listener->mutex);
    list_for_each(node, &listener->connections)
        connection_stop(list_entry(node, struct connection, node));
    mutex_unlock(&listener->mutex);
}

static void wait_for_connections(struct listener *listener, int64_t deadline_ms)
{
    mutex_lock(&listener->mutex);
    while (listener->connection_count > 0)
        if (!condition_wait_until(&listener->changed, &listener->mutex, deadline_ms))
            break;
    mutex_unlock(&listener->mutex);
}

static void cut_off_connections(struct listener *listener)
{
    mutex_lock(&listener->mutex);
    list_for_each(node, &listener->connections)
        net_shutdown(list_entry(node, struct connection, node)->fd);
    mutex_unlock(&listener->mutex);
}

void listener_close(struct listener *listener, int64_t deadline_ms)
{
    wait_for_connections(listener, deadline_ms);
    cut_off_connections(listener);
    wait_for_connections(listener, INT64_MAX);
    mutex_lock(&listener->mutex);
    struct thread last = listener->ended;
    mutex_unlock(&listener->mutex);
    thread_join(&last);
    close(listener->fd);
    if (listener->spare_fd >= 0)
        close(listener->spare_fd);
    condition_fini(&listener->changed);
    mutex_fini(&listener->mutex);
    free(listener);
}
