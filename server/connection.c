/*
 * See connection.h. Invariants:
 *   1. Memory grows with the bytes that have arrived, never with what a length field promises.
 *   2. While the thread waits for a quiet client (beyond QUIET_MS) it holds its stack and this struct,
 *      nothing else.
 *   3. No lock is held while the thread reads from or writes to the socket.
 */
#include "server/connection.h"

#include "protocol/base/big_endian.h"
#include "protocol/base/memory.h"
#include "server/broker.h"
#include "server/listener.h"
#include "server/respond.h"
#include "server/run.h"
#include "server/telemetry/telemetry.h"
#include "storage/os/clock.h"
#include "storage/os/diag.h"
#include "storage/os/thread.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define DIAG_AREA DIAG_SERVER

enum {
    PEER_CHECK_MS = 1000,               /* how often a muted client is looked at */
    QUIET_MS = 1000,                    /* after this long without a byte the buffers go back */
    SEND_STALL_MS = 60 * 1000,          /* a peer that takes nothing for so long is cut off */
    BUFFER_BYTES = 128 * 1024,          /* of a connection that is busy; larger frames make it grow */
    BUFFER_FIRST_BYTES = 4 * 1024,      /* of one that has just said its first word */
    ARENA_CAP_BYTES = 64 * 1024 * 1024, /* for what requests ask for: a million partitions in one Fetch */
    SOFTWARE_BYTES = 255,
    CLIENT_NAME_BYTES = 9, /* so that the port has room behind it */
};

static const int64_t FOREVER_MS = INT64_C(30) * 24 * 3600 * 1000;

struct input {
    uint8_t *data;
    size_t start; /* where what has not been executed begins */
    size_t len;   /* bytes of that */
    size_t capacity;
    bool filled;            /* the last read took all the room there was: more is waiting */
    int64_t frame_since_ms; /* when the first byte of an unfinished frame came; 0: there is none */
};

static void input_trim(struct input *input)
{
    if (input->len > 0)
        return;
    free(input->data);
    *input = (struct input){0};
}

/* Bytes that the frame at the front still needs; 0 if it is whole. SIZE_MAX: its length is not acceptable. */
static size_t bytes_missing(const struct input *input, int32_t max_frame_bytes)
{
    if (input->len < 4)
        return 4 - input->len;
    int32_t len = load_i32(input->data + input->start);
    if (len < 0 || len > max_frame_bytes)
        return SIZE_MAX;
    size_t whole = 4 + (size_t)len;
    return input->len >= whole ? 0 : whole - input->len;
}

/* Room for the next read. The buffer doubles when a read has filled it, so that it follows what arrives;
 * beyond BUFFER_BYTES only a frame that needs it makes it grow. */
static bool make_room(struct input *input, size_t missing)
{
    if (input->start > 0)
        memmove(input->data, input->data + input->start, input->len);
    input->start = 0;
    bool has_room = input->capacity > input->len;
    if (has_room && !input->filled)
        return true;
    size_t wanted = input->capacity == 0 ? BUFFER_FIRST_BYTES : input->capacity * 2;
    size_t needed = input->len + missing;
    if (wanted > BUFFER_BYTES && wanted > needed)
        wanted = needed > BUFFER_BYTES ? needed : BUFFER_BYTES;
    if (wanted <= input->capacity)
        return has_room;
    uint8_t *data = realloc(input->data, wanted);
    if (data == NULL)
        return false;
    input->data = data;
    input->capacity = wanted;
    return true;
}

/* What is left is moved to the front when more must be read, not for each of many small requests. A buffer
 * that a large frame has left behind goes back at the first run that did not need it. */
static void consume(struct input *input, size_t used)
{
    input->start += used;
    input->len -= used;
    input->frame_since_ms = 0;
    if (used <= BUFFER_BYTES && input->capacity > BUFFER_BYTES)
        input_trim(input);
}

/* connections.max.idle.ms, which also bounds how long one frame may take; a month stands for never. */
static int64_t max_idle_ms(const struct connection *connection)
{
    int64_t idle_ms = connection->broker->config.connections_max_idle_ms;
    return idle_ms < 0 ? FOREVER_MS : idle_ms;
}

static int64_t send_stall_ms(const struct connection *connection)
{
    int64_t idle_ms = max_idle_ms(connection);
    return idle_ms < 1 ? 1 : idle_ms < SEND_STALL_MS ? idle_ms : SEND_STALL_MS;
}

/* Reads once. A client that has been quiet costs its memory only for QUIET_MS; then the rest of the idle time
 * is waited for. */
static enum net_result read_more(struct connection *connection, struct run *run, struct input *input,
                                 size_t missing)
{
    if (!make_room(input, missing))
        return NET_CLOSED;
    size_t got = 0;
    enum net_result result =
        net_read(connection->fd, input->data + input->len, input->capacity - input->len, &got);
    input->filled = got == input->capacity - input->len;
    if (result == NET_TIMED_OUT && input->len > 0)
        return NET_OK; /* within a frame; receive_frame knows how long it may take */
    if (result == NET_TIMED_OUT) {
        input_trim(input);
        run_trim(run);
        if (!make_room(input, missing))
            return NET_CLOSED;
        int64_t idle_ms = max_idle_ms(connection);
        net_set_read_timeout(connection->fd, idle_ms > QUIET_MS ? idle_ms - QUIET_MS : 1);
        result = net_read(connection->fd, input->data, input->capacity, &got);
        net_set_read_timeout(connection->fd, QUIET_MS);
    }
    input->len += got;
    return result;
}

/* Whether the unfinished frame at the front has taken too long, also if a byte of it comes now and then. */
static bool is_late(const struct connection *connection, struct input *input)
{
    if (input->len == 0)
        return false;
    int64_t now_ms = clock_monotonic_ms();
    if (input->frame_since_ms == 0)
        input->frame_since_ms = now_ms;
    return now_ms - input->frame_since_ms >= max_idle_ms(connection);
}

/* Until a whole frame stands at the front of the input. */
static enum net_result receive_frame(struct connection *connection, struct run *run, struct input *input)
{
    size_t missing;
    while ((missing = bytes_missing(input, connection->broker->config.socket_request_max_bytes)) > 0) {
        if (missing == SIZE_MAX)
            return NET_CLOSED;
        if (is_late(connection, input))
            return NET_TIMED_OUT;
        enum net_result result = read_more(connection, run, input, missing);
        if (result != NET_OK)
            return result;
    }
    return NET_OK;
}

/* Names the thread after its client, so that gdb's `info threads` and top say who is served. */
static void name_thread(struct connection *connection, struct run *run)
{
    if (run->call_count == 0)
        return;
    struct slice client = run->calls[0].client_id;
    uint64_t hash = 1469598103934665603U;
    for (size_t i = 0; i < client.len; i++)
        hash = (hash ^ client.data[i]) * 1099511628211U;
    if (hash == connection->named_for)
        return;
    connection->named_for = hash;
    char client_name[CLIENT_NAME_BYTES + 1] = "client";
    for (size_t i = 0; i < client.len && i < CLIENT_NAME_BYTES; i++) {
        bool printable = client.data[i] > ' ' && client.data[i] < 0x7f;
        client_name[i] = printable ? (char)client.data[i] : '?'; /* names end up on terminals */
        client_name[i + 1] = '\0';
    }
    char name[24];
    snprintf(name, sizeof name, "%s:%u", client_name, connection->peer_port);
    thread_set_name(name);
}

/* Waits, unless the broker stops or the peer goes. */
static void be_quiet(struct connection *connection, int64_t for_ms)
{
    int64_t until_ms = clock_monotonic_ms() + for_ms;
    waiter_arm(&connection->waiter);
    for (int64_t now_ms; (now_ms = clock_monotonic_ms()) < until_ms;) {
        int64_t next_ms = until_ms - now_ms > PEER_CHECK_MS ? now_ms + PEER_CHECK_MS : until_ms;
        if (waiter_wait(&connection->waiter, next_ms) == WAITER_STOPPED || net_peer_is_gone(connection->fd))
            return;
    }
}

/* Above a quota: the client has been told, and is not read from, for so long (KIP-219). */
static void mute(struct connection *connection, struct run *run, struct input *input)
{
    int64_t for_ms = connection->mute_ms;
    connection->mute_ms = 0;
    if (for_ms > QUIET_MS) {
        input_trim(input);
        run_trim(run);
    }
    be_quiet(connection, for_ms);
}

/* Runs what has arrived and sends the answers. */
static bool serve_run(struct connection *connection, struct run *run, struct input *input)
{
    size_t used = 0;
    enum run_result result = run_execute(run, input->data + input->start, input->len, &used);
    name_thread(connection, run);
    enum net_result sent = run->out.len > 0 ? respond(connection->fd, &run->writer) : NET_OK;
    run_reset(run);
    consume(input, used);
    if (connection->mute_ms > 0 && result == RUN_GO_ON && sent == NET_OK)
        mute(connection, run, input);
    return result == RUN_GO_ON && sent == NET_OK;
}

static void replace(struct slice *held, struct slice text)
{
    memory_free_slice(*held);
    *held = memory_dup(slice_of(text.data, text.len < SOFTWARE_BYTES ? text.len : SOFTWARE_BYTES));
}

void connection_set_software(struct connection *connection, struct slice name, struct slice version)
{
    replace(&connection->software_name, name);
    replace(&connection->software_version, version);
}

/* What others know of the client by this connection goes with it. */
static void forget_client(struct connection *connection)
{
    if (!uuid_is_zero(connection->metrics_instance))
        telemetry_forget(connection->broker->telemetry, connection->metrics_instance);
    throttle_client_fini(connection->broker->throttle, &connection->throttle);
    memory_free_slice(connection->software_name);
    memory_free_slice(connection->software_version);
}

/* Until the connection is to end; why. */
static const char *serve_runs(struct connection *connection, struct run *run, struct input *input)
{
    enum net_result received;
    while ((received = receive_frame(connection, run, input)) == NET_OK)
        if (!serve_run(connection, run, input))
            return "a request that cannot be answered, or an answer that is not taken";
    return received == NET_TIMED_OUT ? "silent for too long"
                                     : "closed by the client, or a frame's length that cannot be";
}

void connection_serve(struct connection *connection)
{
    if (connection->refused_ms > 0) {
        be_quiet(connection, connection->refused_ms);
        net_shutdown(connection->fd);
        return;
    }
    net_set_read_timeout(connection->fd, QUIET_MS);
    net_set_write_timeout(connection->fd, send_stall_ms(connection));
    struct run *run = malloc(sizeof *run);
    struct input input = {0};
    if (run != NULL) {
        run_init(run, connection->broker, connection, ARENA_CAP_BYTES);
        diag_debug("%s:%u comes", connection->peer, connection->peer_port);
        const char *why = serve_runs(connection, run, &input);
        diag_debug("%s:%u goes: %s", connection->peer, connection->peer_port, why);
        run_fini(run);
    }
    free(run);
    free(input.data);
    forget_client(connection);
    net_shutdown(connection->fd); /* whatever the peer still sends is not waited for */
}

void connection_stop(struct connection *connection)
{
    net_shutdown_read(connection->fd);
    waiter_stop(&connection->waiter);
}
