/*
 * See requests.h. Layouts of the answers are spelt out here because a load client cannot afford to decode
 * them; whatever does not look as it should ends the program. Any thread may call.
 */
#include "test/bench/requests.h"

#include "protocol/base/big_endian.h"
#include "protocol/base/varint.h"
#include "protocol/batch_build.h"
#include "protocol/messages/fetch.h"
#include "protocol/messages/produce.h"
#include "server/client.h"
#include "test/bench/die.h"

#include <stdlib.h>
#include <time.h>

enum {
    API_PRODUCE = 0,
    API_FETCH = 1,
    TIMEOUT_MS = 30000,
    RECORD_OVERHEAD = 24,  /* at most, of a record with a value and no key */
    FETCH_LENGTH_SIZE = 4, /* of the records' length we look at: enough for 256 MB */
    FETCH_FIXED_SIZE = 57, /* of the answer, before the records' length, without the topic's name */
    PRODUCE_PARTITION_SIZE = 33,
};

#define CLIENT_ID   SLICE("bench")
#define OFFSET_MARK INT64_C(0x0102030405060708)

void batch_shape_init(struct batch_shape *shape, const struct load *load)
{
    struct batch_builder builder;
    struct timespec now;
    uint8_t *value = malloc((size_t)load->record_bytes);
    if (value == NULL)
        die("malloc:");
    for (int i = 0; i < load->record_bytes; i++)
        value[i] = (uint8_t)('!' + (i * 31) % 94);
    clock_gettime(CLOCK_REALTIME, &now);
    batch_builder_init(&builder, CODEC_NONE, 0);
    do {
        batch_builder_append(&builder, now.tv_sec * 1000, SLICE_NULL,
                             slice_of(value, (size_t)load->record_bytes), NULL, 0);
    } while (batch_builder_size(&builder) + (size_t)load->record_bytes + RECORD_OVERHEAD
             <= load->batch_bytes);
    *shape = (struct batch_shape){.records = builder.header.record_count};
    buf_append_slice(&shape->bytes, batch_builder_finish(&builder));
    shape->records = builder.header.record_count;
    batch_builder_fini(&builder);
    free(value);
}

/* ---- Produce ---- */

void append_produce(struct buf *out, const struct load *load, struct slice batch, int partition)
{
    struct produce_partition *partitions = calloc((size_t)load->batches, sizeof *partitions);
    if (partitions == NULL)
        die("calloc:");
    for (int i = 0; i < load->batches; i++)
        partitions[i] = (struct produce_partition){(partition + i) % load->partitions, {.bytes = batch}};
    struct produce_topic topic = {.name = slice_str(load->topic),
                                  .partition_data = {partitions, load->batches}};
    struct produce_request request = {
        .acks = (int16_t)load->acks, .timeout_ms = TIMEOUT_MS, .topic_data = {&topic, 1}};
    client_append_request(out, find_api(API_PRODUCE), PRODUCE_VERSION, 0, CLIENT_ID, &request);
    free(partitions);
}

/* index 4, error 2, base offset 8, append time 8, log start 8, record errors 1, message 1, tags 1 */
static int produce_partition_error(const uint8_t *at)
{
    int error = load_i16(at + 4);
    if (error == 0 && (at[30] != 1 || at[31] != 0 || at[32] != 0))
        die("an answer to Produce is not as expected");
    return error;
}

bool produce_succeeded(struct slice frame, int *error)
{
    uint32_t topics = 0, name_len = 0, partitions = 0;
    size_t at = 5; /* correlation id, tags */
    at += uvarint_read(frame.data + at, frame.len - at, &topics);
    at += uvarint_read(frame.data + at, frame.len - at, &name_len);
    at += name_len - 1;
    if (topics != 2 || at >= frame.len)
        die("an answer to Produce has %u topics", topics - 1);
    at += uvarint_read(frame.data + at, frame.len - at, &partitions);
    for (uint32_t i = 1; i < partitions; i++, at += PRODUCE_PARTITION_SIZE) {
        if (at + PRODUCE_PARTITION_SIZE > frame.len)
            die("an answer to Produce is too short");
        *error = produce_partition_error(frame.data + at);
        if (*error != 0)
            return false;
    }
    return true;
}

/* ---- Fetch ---- */

static size_t find_mark(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i + 8 <= len; i++)
        if (load_i64(bytes + i) == OFFSET_MARK)
            return i;
    die("no offset in a Fetch");
}

void append_fetch(struct buf *out, const struct load *load, int partition, int max_wait_ms, size_t *offset_at)
{
    struct fetch_partition from;
    schema_set_defaults(fetch_partition_schema(), &from);
    from.partition = partition;
    from.fetch_offset = OFFSET_MARK;
    from.partition_max_bytes = (int32_t)load->fetch_bytes;
    struct fetch_topic topic = {.topic = slice_str(load->topic), .partitions = {&from, 1}};
    struct fetch_request request;
    schema_set_defaults(fetch_request_schema(), &request);
    request.max_wait_ms = max_wait_ms;
    request.min_bytes = 1;
    request.max_bytes = 50 * 1024 * 1024;
    request.session_epoch = -1;
    request.topics.items = &topic;
    request.topics.count = 1;
    request.rack_id = SLICE("");
    size_t start = out->len;
    client_append_request(out, find_api(API_FETCH), FETCH_VERSION, 0, CLIENT_ID, &request);
    *offset_at = find_mark(out->data + start, out->len - start);
}

size_t fetch_prefix_len(const char *topic)
{
    return FETCH_FIXED_SIZE + strlen(topic) + FETCH_LENGTH_SIZE;
}

/*
 * length 4, correlation id 4, tags 1, throttle 4, error 2, session 4, topics 1, name 1 + n, partitions 1,
 * index 4, error 2, high watermark 8, stable 8, start 8, aborted 1, replica 4, then the length of the
 * records
 */
void fetch_prefix_read(const uint8_t *frame, const char *topic, struct fetch_prefix *prefix)
{
    size_t name_len = strlen(topic);
    const uint8_t *partition = frame + 22 + name_len;
    uint32_t len = 0;
    *prefix = (struct fetch_prefix){.frame_len = load_u32(frame) + 4, .error = load_i16(frame + 13)};
    if (prefix->error != 0)
        return;
    if (frame[19] != 2 || frame[20] != name_len + 1 || partition[-1] != 2 || partition[30] > 1)
        die("an answer to Fetch is not as expected");
    prefix->error = load_i16(partition + 4);
    size_t used = uvarint_read(partition + 35, FETCH_LENGTH_SIZE, &len);
    if (used == 0)
        die("an answer to Fetch is too long");
    prefix->records_at = FETCH_FIXED_SIZE + name_len + used;
    prefix->records_len = len == 0 ? 0 : len - 1;
}
