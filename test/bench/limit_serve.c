/*
 * See limit_serve.h. Receive what has come, check and write each batch, answer; or find a range of a file
 * and send it. Layouts of Produce v7-9 and Fetch v11-12 are taken apart by hand: a field at a time, in the
 * order of the wire.
 *
 * Invariants:
 * 1. Answers leave in the order of the requests: `out` is sent before a file is.
 */
#include "test/bench/limit_serve.h"

#include "protocol/base/big_endian.h"
#include "protocol/base/varint.h"
#include "protocol/errors.h"
#include "protocol/wire/writer.h"
#include "test/bench/die.h"
#include "test/bench/limit_admin.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    PRODUCE = 0,
    FETCH = 1,
    PRODUCE_FLEXIBLE = 9,
    FETCH_FLEXIBLE = 12,
    RECEIVE_SIZE = 256 * 1024,
    FRAME_MAX = 128 * 1024 * 1024,
};

struct serving {
    struct limit_log *log;
    int fd;
    struct limit_topic *topic; /* the last one: most requests are for it again */
    uint8_t *received;
    size_t capacity, from, to;
    struct buf out;
};

/* ---- taking a request apart ---- */

struct cursor {
    const uint8_t *at, *end;
    bool flexible;
};

static bool has(const struct cursor *cursor, size_t len)
{
    return (size_t)(cursor->end - cursor->at) >= len;
}

static int64_t next_number(struct cursor *cursor, size_t size)
{
    const uint8_t *at = cursor->at;
    if (!has(cursor, size)) {
        cursor->at = cursor->end;
        return 0;
    }
    cursor->at += size;
    return size == 8 ? load_i64(at) : size == 4 ? load_i32(at) : load_i16(at);
}

/* The length of a string, array or bytes: a varint and one more, or a number of `size` bytes. */
static size_t next_count(struct cursor *cursor, size_t size)
{
    uint32_t value = 0;
    if (!cursor->flexible) {
        int64_t count = next_number(cursor, size);
        return count < 0 ? 0 : (size_t)count;
    }
    cursor->at += uvarint_read(cursor->at, (size_t)(cursor->end - cursor->at), &value);
    return value == 0 ? 0 : value - 1;
}

static struct slice next_bytes(struct cursor *cursor, size_t size)
{
    size_t len = next_count(cursor, size);
    struct slice bytes = slice_of(cursor->at, has(cursor, len) ? len : 0);
    cursor->at += bytes.len;
    return bytes;
}

/* There are none in what our clients send. */
static void skip_tags(struct cursor *cursor)
{
    if (cursor->flexible && has(cursor, 1))
        cursor->at++;
}

/* Behind api key, version and correlation id: the client id, which keeps its two bytes of length. */
static void skip_client_id(struct cursor *cursor)
{
    bool flexible = cursor->flexible;
    cursor->flexible = false;
    next_bytes(cursor, 2);
    cursor->flexible = flexible;
    skip_tags(cursor);
}

static void find_topic(struct serving *serving, struct slice name)
{
    if (serving->topic == NULL || !slice_equal_str(name, serving->topic->name)
        || serving->topic->partitions[0].fd < 0)
        serving->topic = limit_find(serving->log, name);
}

static struct limit_partition *find_partition(struct serving *serving, int64_t index)
{
    return serving->topic != NULL && index >= 0 && index < serving->topic->partition_count
               ? &serving->topic->partitions[index]
               : NULL;
}

/* ---- putting an answer together ---- */

static void put_count(struct writer *writer, bool flexible, size_t count)
{
    if (flexible)
        write_uvarint(writer, (uint32_t)count + 1);
    else
        write_i32(writer, (int32_t)count);
}

static void put_name(struct writer *writer, bool flexible, struct slice name)
{
    if (flexible)
        write_uvarint(writer, (uint32_t)name.len + 1);
    else
        write_i16(writer, (int16_t)name.len);
    write_raw(writer, name);
}

static void put_tags(struct writer *writer, bool flexible)
{
    if (flexible)
        write_i8(writer, 0);
}

static size_t begin_answer(struct writer *writer, struct buf *out, bool flexible, int32_t correlation_id)
{
    size_t start = out->len;
    writer_init(writer, out, NULL);
    write_i32(writer, 0);
    write_i32(writer, correlation_id);
    put_tags(writer, flexible);
    return start;
}

static void end_answer(struct buf *out, size_t start, size_t more)
{
    store_u32(out->data + start, (uint32_t)(out->len - start - sizeof(uint32_t) + more));
}

/* ---- Produce ---- */

static void produce_partition(struct serving *serving, struct cursor *cursor, struct writer *writer,
                              int version, bool sync)
{
    int64_t index = next_number(cursor, 4), base_offset = -1;
    struct slice records = next_bytes(cursor, 4);
    struct limit_partition *partition = find_partition(serving, index);
    skip_tags(cursor);
    if (partition != NULL)
        base_offset = limit_append(partition, (uint8_t *)(uintptr_t)records.data, records.len, sync);
    write_i32(writer, (int32_t)index);
    write_i16(writer, partition == NULL ? KERR_UNKNOWN_TOPIC_OR_PARTITION
                      : base_offset < 0 ? KERR_CORRUPT_MESSAGE
                                        : KERR_NONE);
    write_i64(writer, base_offset);
    write_i64(writer, -1);
    write_i64(writer, 0);
    if (version >= 8) {
        put_count(writer, cursor->flexible, 0);
        cursor->flexible ? write_uvarint(writer, 0) : write_i16(writer, -1);
    }
    put_tags(writer, cursor->flexible);
}

static void produce(struct serving *serving, struct cursor *cursor, int version, int32_t correlation_id)
{
    struct writer writer;
    size_t start = begin_answer(&writer, &serving->out, cursor->flexible, correlation_id);
    skip_client_id(cursor);
    next_bytes(cursor, 2); /* transactional id */
    bool sync = next_number(cursor, 2) < 0 && serving->log->sync;
    next_number(cursor, 4); /* timeout */
    size_t topics = next_count(cursor, 4);
    put_count(&writer, cursor->flexible, topics);
    for (; topics > 0; topics--) {
        struct slice name = next_bytes(cursor, 2);
        size_t partitions = next_count(cursor, 4);
        find_topic(serving, name);
        put_name(&writer, cursor->flexible, name);
        put_count(&writer, cursor->flexible, partitions);
        for (; partitions > 0 && has(cursor, 1); partitions--)
            produce_partition(serving, cursor, &writer, version, sync);
        skip_tags(cursor);
        put_tags(&writer, cursor->flexible);
    }
    write_i32(&writer, 0); /* throttle */
    put_tags(&writer, cursor->flexible);
    end_answer(&serving->out, start, 0);
}

/* ---- Fetch ---- */

static bool send_out(struct serving *serving, bool more)
{
    struct buf *out = &serving->out;
    for (size_t at = 0; at < out->len;) {
        ssize_t sent = send(serving->fd, out->data + at, out->len - at, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
        if (sent <= 0)
            return false;
        at += (size_t)sent;
    }
    buf_clear(out, RECEIVE_SIZE);
    return true;
}

static bool send_range(struct serving *serving, const struct limit_range *range)
{
    off_t position = range->position;
    for (size_t left = range->len; left > 0;) {
        ssize_t sent = sendfile(serving->fd, range->fd, &position, left);
        if (sent <= 0)
            return false;
        left -= (size_t)sent;
    }
    return true;
}

/* A Fetch of one partition, as a plain consumer of one partition sends it. */
struct wanted {
    int wait_ms;
    struct slice name;
    int64_t partition, offset, max_bytes;
    bool any;
};

static void read_fetch(struct cursor *cursor, int version, struct wanted *wanted)
{
    skip_client_id(cursor);
    next_number(cursor, 4); /* replica */
    wanted->wait_ms = (int)next_number(cursor, 4);
    next_number(cursor, 8);       /* least and most bytes */
    cursor->at += has(cursor, 1); /* isolation level */
    next_number(cursor, 8);       /* session */
    wanted->any = next_count(cursor, 4) > 0;
    if (!wanted->any)
        return;
    wanted->name = next_bytes(cursor, 2);
    next_count(cursor, 4);
    wanted->partition = next_number(cursor, 4);
    next_number(cursor, 4); /* leader epoch */
    wanted->offset = next_number(cursor, 8);
    if (version >= 12)
        next_number(cursor, 4); /* last fetched epoch */
    next_number(cursor, 8);     /* log start */
    wanted->max_bytes = next_number(cursor, 4);
}

static void put_fetch(struct writer *writer, bool flexible, const struct wanted *wanted, int error,
                      const struct limit_range *range)
{
    put_count(writer, flexible, 1);
    put_name(writer, flexible, wanted->name);
    put_count(writer, flexible, 1);
    write_i32(writer, (int32_t)wanted->partition);
    write_i16(writer, (int16_t)error);
    write_i64(writer, range->end_offset);
    write_i64(writer, range->end_offset);
    write_i64(writer, 0);
    flexible ? write_uvarint(writer, 0) : write_i32(writer, -1); /* aborted transactions */
    write_i32(writer, -1);
    put_count(writer, flexible, range->len);
}

static bool fetch(struct serving *serving, struct cursor *cursor, int version, int32_t correlation_id)
{
    struct wanted wanted = {0};
    struct limit_range range = {0};
    struct writer writer;
    read_fetch(cursor, version, &wanted);
    find_topic(serving, wanted.name);
    struct limit_partition *partition = find_partition(serving, wanted.partition);
    int error = partition == NULL ? KERR_UNKNOWN_TOPIC_OR_PARTITION : KERR_NONE;
    if (partition != NULL
        && !limit_read(partition, wanted.offset, (size_t)wanted.max_bytes, wanted.wait_ms, &range))
        error = KERR_OFFSET_OUT_OF_RANGE;
    size_t start = begin_answer(&writer, &serving->out, cursor->flexible, correlation_id);
    write_i32(&writer, 0); /* throttle */
    write_i16(&writer, 0);
    write_i32(&writer, 0); /* session */
    if (wanted.any)
        put_fetch(&writer, cursor->flexible, &wanted, error, &range);
    else
        put_count(&writer, cursor->flexible, 0);
    size_t tags = cursor->flexible ? wanted.any ? 3 : 1 : 0;
    end_answer(&serving->out, start, range.len + tags);
    if (range.len > 0 && !(send_out(serving, true) && send_range(serving, &range)))
        return false;
    write_raw(&writer, slice_of("\0\0\0", tags)); /* of the partition, the topic, the answer */
    return true;
}

/* ---- the connection ---- */

static bool execute(struct serving *serving, struct slice frame)
{
    if (frame.len < 8)
        return false;
    int key = load_i16(frame.data), version = load_i16(frame.data + 2);
    int32_t correlation_id = load_i32(frame.data + 4);
    struct cursor cursor = {frame.data + 8, frame.data + frame.len, false};
    if (key == PRODUCE) {
        cursor.flexible = version >= PRODUCE_FLEXIBLE;
        produce(serving, &cursor, version, correlation_id);
        return true;
    }
    if (key == FETCH) {
        cursor.flexible = version >= FETCH_FLEXIBLE;
        return fetch(serving, &cursor, version, correlation_id);
    }
    return limit_answer_admin(serving->log, frame, &serving->out);
}

/* Everything that has come whole. */
static bool execute_all(struct serving *serving)
{
    while (serving->to - serving->from >= sizeof(uint32_t)) {
        size_t len = load_u32(serving->received + serving->from),
               there = serving->to - serving->from - sizeof(uint32_t);
        if (len > FRAME_MAX)
            return false;
        if (there < len)
            break;
        struct slice frame = slice_of(serving->received + serving->from + sizeof(uint32_t), len);
        serving->from += sizeof(uint32_t) + len;
        if (!execute(serving, frame))
            return false;
    }
    return send_out(serving, false);
}

static void make_room(struct serving *serving)
{
    size_t left = serving->to - serving->from;
    if (serving->from > 0)
        memmove(serving->received, serving->received + serving->from, left);
    serving->from = 0;
    serving->to = left;
    size_t wanted = left >= sizeof(uint32_t) ? load_u32(serving->received) + sizeof(uint32_t) : 0;
    if (wanted <= serving->capacity)
        return;
    serving->received = realloc(serving->received, wanted);
    serving->capacity = wanted;
    if (serving->received == NULL)
        die("realloc:");
}

static bool receive(struct serving *serving)
{
    make_room(serving);
    ssize_t got = recv(serving->fd, serving->received + serving->to, serving->capacity - serving->to, 0);
    if (got <= 0)
        return false;
    serving->to += (size_t)got;
    return true;
}

void limit_serve(struct limit_log *log, int fd)
{
    struct serving serving = {
        .log = log, .fd = fd, .received = malloc(RECEIVE_SIZE), .capacity = RECEIVE_SIZE};
    if (serving.received == NULL)
        die("malloc:");
    while (receive(&serving) && execute_all(&serving))
        ;
    free(serving.received);
    buf_fini(&serving.out);
    close(fd);
}
