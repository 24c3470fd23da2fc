/* See record_path.h. */
#include "test/bench/record_path.h"

#include "protocol/base/big_endian.h"
#include "protocol/base/crc32c.h"
#include "protocol/batch.h"
#include "test/bench/die.h"
#include "test/bench/latency.h"
#include "test/bench/requests.h"
#include "test/bench/topics.h"

#include <unistd.h>

enum {
    MAX_WAIT_MS = 500,
    TAGS_BEHIND_BATCH = 3, /* of the partition, the topic and the request: none */
    /* in a batch: behind the header, length (2), attributes, two deltas, key length, value length (2) */
    VALUE_AT = 61 + 8,
    VALUE_MIN = 64, /* so that its length and the record's take two bytes */
    VALUE_MAX = 4096,
};

void record_path_init(struct record_path *path, const struct load *load)
{
    struct batch_shape shape;
    *path = (struct record_path){.load = load};
    batch_shape_init(&shape, load);
    if (shape.records != 1 || load->record_bytes < VALUE_MIN || load->record_bytes > VALUE_MAX)
        die("end to end wants one record of %d to %d bytes", VALUE_MIN, VALUE_MAX);
    append_produce(&path->produce, load, buf_slice(&shape.bytes), 0);
    append_fetch(&path->fetch, load, 0, MAX_WAIT_MS, &path->offset_at);
    path->batch_len = shape.bytes.len;
    path->batch_at = path->produce.len - TAGS_BEHIND_BATCH - shape.bytes.len;
    buf_fini(&shape.bytes);
    topic_create(load);
    path->producer = peer_connect(load->port);
    path->consumer = peer_connect(load->port);
    frames_init(&path->acks, path->producer);
    frames_init(&path->fetched, path->consumer);
}

void record_path_fini(struct record_path *path)
{
    close(path->producer);
    close(path->consumer);
    frames_fini(&path->acks);
    frames_fini(&path->fetched);
    buf_fini(&path->produce);
    buf_fini(&path->fetch);
    if (!path->load->keep)
        topic_delete(path->load->port, path->load->topic);
}

void record_path_send(struct record_path *path, int64_t due_ns)
{
    uint8_t *batch = path->produce.data + path->batch_at;
    store_i64(batch + VALUE_AT, due_ns);
    store_u32(batch + BATCH_CRC_AT,
              crc32c(batch + BATCH_ATTRIBUTES_AT, path->batch_len - BATCH_ATTRIBUTES_AT));
    peer_send(path->producer, path->produce.data, path->produce.len);
}

void record_path_send_fetch(struct record_path *path)
{
    store_i64(path->fetch.data + path->offset_at, path->offset);
    peer_send(path->consumer, path->fetch.data, path->fetch.len);
}

static struct slice next_frame(struct frames *frames)
{
    struct slice frame;
    while (!frames_take(frames, &frame))
        if (!frames_fill(frames))
            die("the broker closed the connection");
    return frame;
}

void record_path_take_ack(struct record_path *path)
{
    int error = 0;
    if (!produce_succeeded(next_frame(&path->acks), &error))
        die("Produce failed with error %d", error);
}

void record_path_take_records(struct record_path *path,
                              void (*take)(void *context, int64_t due_ns, int64_t time_ns), void *context)
{
    struct fetch_prefix prefix;
    struct slice frame = next_frame(&path->fetched);
    int64_t time_ns = now_ns();
    const uint8_t *start = frame.data - sizeof(uint32_t);
    fetch_prefix_read(start, path->load->topic, &prefix);
    if (prefix.error != 0)
        die("Fetch failed with error %d", prefix.error);
    for (size_t at = 0; at + path->batch_len <= prefix.records_len; at += path->batch_len) {
        const uint8_t *batch = start + prefix.records_at + at;
        if (load_i64(batch) != path->offset++)
            die("the record of another offset came");
        take(context, load_i64(batch + VALUE_AT), time_ns);
    }
}
