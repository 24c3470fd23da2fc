/*
 * client: see client.h. Called by call_command.c and by test/conversation.
 *
 * Invariants:
 * 1. taken <= received.len; the bytes before `taken` are the frame that was handed out last.
 */
#include "server/client.h"

#include <unistd.h>

#include "protocol/base/big_endian.h"
#include "protocol/base/ensure.h"
#include "storage/os/clock.h"

enum {
    LENGTH_SIZE = 4,          /* of a frame, not counting itself */
    RECEIVE_SIZE = 64 * 1024, /* asked of the socket at a time */
    KEPT_SIZE = 1024 * 1024,  /* of the buffer, between frames */
};

bool client_open(struct client *client, const char *host, uint16_t port, int timeout_ms, struct note *why)
{
    *client = (struct client){.fd = net_connect(host, port, timeout_ms, why)};
    return client->fd >= 0;
}

void client_close(struct client *client)
{
    if (client->fd >= 0)
        close(client->fd);
    buf_fini(&client->received);
    *client = (struct client){.fd = -1};
}

enum net_result client_send(struct client *client, struct slice bytes, int64_t timeout_ms)
{
    net_set_write_timeout(client->fd, timeout_ms);
    return net_write(client->fd, bytes.data, bytes.len, false);
}

/* ---- frames in ---- */

static void drop_taken(struct client *client)
{
    struct buf *received = &client->received;
    size_t left = received->len - client->taken;
    if (client->taken == 0)
        return;
    if (left == 0)
        buf_clear(received, KEPT_SIZE);
    else
        memmove(received->data, received->data + client->taken, left);
    received->len = left;
    client->taken = 0;
}

/* NET_OK: a whole frame is there; NET_TIMED_OUT: not yet. */
static enum net_result take_frame(struct client *client, struct slice *frame, struct note *why)
{
    struct slice received = buf_slice(&client->received);
    if (received.len < LENGTH_SIZE)
        return NET_TIMED_OUT;
    int32_t len = load_i32(received.data);
    if (len < 0) {
        note_set(why, "a frame of %d bytes", len);
        return NET_CLOSED;
    }
    if (received.len - LENGTH_SIZE < (size_t)len)
        return NET_TIMED_OUT;
    *frame = slice_of(received.data + LENGTH_SIZE, (size_t)len);
    client->taken = LENGTH_SIZE + (size_t)len;
    return NET_OK;
}

static enum net_result receive_some(struct client *client, int64_t timeout_ms)
{
    size_t got = 0;
    uint8_t *room = buf_reserve(&client->received, RECEIVE_SIZE);
    net_set_read_timeout(client->fd, timeout_ms);
    enum net_result result = net_read(client->fd, room, RECEIVE_SIZE, &got);
    client->received.len += got;
    return result;
}

enum net_result client_receive(struct client *client, int64_t timeout_ms, struct slice *frame,
                               struct note *why)
{
    int64_t deadline_ms = clock_monotonic_ms() + timeout_ms;
    drop_taken(client);
    enum net_result result = take_frame(client, frame, why);
    while (result == NET_TIMED_OUT) {
        int64_t left_ms = deadline_ms - clock_monotonic_ms();
        if (left_ms <= 0)
            break;
        result = receive_some(client, left_ms);
        if (result == NET_OK)
            result = take_frame(client, frame, why);
    }
    return result;
}

/* ---- messages ---- */

void client_append_frame(struct buf *out, const struct request_header *header, int header_version,
                         struct slice body)
{
    struct writer writer;
    size_t start = out->len;
    writer_init(&writer, out, NULL);
    write_i32(&writer, 0);
    message_write(&request_header_message, header_version, &writer, header);
    write_raw(&writer, body);
    ensure(out->len - start - LENGTH_SIZE <= INT32_MAX);
    store_u32(out->data + start, (uint32_t)(out->len - start - LENGTH_SIZE));
}

void client_append_request(struct buf *out, const struct api *api, int version, int32_t correlation_id,
                           struct slice client_id, const void *request)
{
    struct request_header header = {
        .request_api_key = api->key,
        .request_api_version = (int16_t)version,
        .correlation_id = correlation_id,
        .client_id = client_id,
    };
    struct buf body = {0};
    struct writer writer;
    writer_init(&writer, &body, NULL);
    message_write(api->request, version, &writer, request);
    client_append_frame(out, &header, request_header_version(api, version), buf_slice(&body));
    buf_fini(&body);
}

bool client_read_answer(const struct api *api, int version, struct slice frame, struct arena *arena,
                        struct client_answer *answer, struct note *why)
{
    struct reader reader;
    struct response_header header;
    reader_init(&reader, frame, arena);
    *answer = (struct client_answer){.body = arena_alloc(arena, api->response->schema()->size)};
    if (message_read(&response_header_message, response_header_version(api, version), &reader, &header)) {
        answer->correlation_id = header.correlation_id;
        answer->body_bytes = slice_of(reader.at, reader_left(&reader));
        if (message_read(api->response, version, &reader, answer->body)) {
            answer->left_over = slice_of(reader.at, reader_left(&reader));
            return true;
        }
    }
    note_set(why, "%s", reader.error);
    return false;
}
