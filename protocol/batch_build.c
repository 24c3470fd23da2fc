/*
 * batch_build: makes record batches. Called by whoever writes records of its own: the cluster log, the
 * coordinators, markers, recompression in batch_validate, the cleaner, and tests.
 */
#include "protocol/batch_build.h"

#include "protocol/base/big_endian.h"
#include "protocol/base/ensure.h"
#include "protocol/base/varint.h"

enum { CONTROL_KEY_SIZE = 4, CONTROL_VERSION = 0 };

static void reserve_header(struct buf *buf)
{
    buf_clear(buf, SIZE_MAX);
    memset(buf_reserve(buf, BATCH_HEADER_SIZE), 0, BATCH_HEADER_SIZE);
    buf->len = BATCH_HEADER_SIZE;
}

void batch_builder_reset(struct batch_builder *builder)
{
    reserve_header(&builder->bytes);
    builder->has_base_timestamp = false;
    builder->header = (struct batch_header){
        .partition_leader_epoch = -1,
        .magic = BATCH_MAGIC,
        .last_offset_delta = -1,
        .base_timestamp = NO_TIMESTAMP,
        .max_timestamp = NO_TIMESTAMP,
        .producer_id = NO_PRODUCER_ID,
        .producer_epoch = NO_PRODUCER_EPOCH,
        .base_sequence = NO_SEQUENCE,
    };
}

void batch_builder_init(struct batch_builder *builder, enum codec codec, int level)
{
    *builder = (struct batch_builder){.codec = codec, .level = level};
    batch_builder_reset(builder);
}

void batch_builder_fini(struct batch_builder *builder)
{
    buf_fini(&builder->bytes);
    buf_fini(&builder->packed);
}

void batch_builder_set_base_timestamp(struct batch_builder *builder, int64_t timestamp_ms)
{
    ensure(builder->header.record_count == 0);
    builder->header.base_timestamp = timestamp_ms;
    builder->has_base_timestamp = true;
}

/* 32-bit values take the same bytes as 64-bit ones. */
static void append_varint(struct buf *out, int64_t value)
{
    out->len += varlong_write(buf_reserve(out, VARLONG_MAX), value);
}

static size_t bytes_size(struct slice bytes)
{
    return slice_is_null(bytes) ? varlong_size(-1) : varlong_size((int64_t)bytes.len) + bytes.len;
}

static void append_bytes(struct buf *out, struct slice bytes)
{
    append_varint(out, slice_is_null(bytes) ? -1 : (int64_t)bytes.len);
    buf_append_slice(out, bytes);
}

/* Keeps the header's sums, and gives the timestamp's distance from the first one. */
static int64_t count_record(struct batch_builder *builder, int32_t offset_delta, int64_t timestamp_ms)
{
    struct batch_header *header = &builder->header;
    if (!builder->has_base_timestamp)
        batch_builder_set_base_timestamp(builder, timestamp_ms);
    if (timestamp_ms > header->max_timestamp)
        header->max_timestamp = timestamp_ms;
    header->record_count++;
    header->last_offset_delta = offset_delta;
    return (int64_t)((uint64_t)timestamp_ms - (uint64_t)header->base_timestamp);
}

void batch_builder_append_raw(struct batch_builder *builder, int32_t offset_delta, int64_t timestamp_ms,
                              struct slice key, struct slice value, struct slice headers,
                              int32_t header_count)
{
    ensure(header_count >= 0 && builder->header.record_count < INT32_MAX);
    int64_t timestamp_delta = count_record(builder, offset_delta, timestamp_ms);
    size_t size = 1 + varlong_size(timestamp_delta) + varlong_size(offset_delta) + bytes_size(key)
                  + bytes_size(value) + varlong_size(header_count) + headers.len;
    ensure(size <= INT32_MAX && builder->bytes.len + size <= INT32_MAX);
    struct buf *out = &builder->bytes;
    buf_reserve(out, VARINT_MAX + size);
    append_varint(out, (int64_t)size);
    buf_append_char(out, 0); /* attributes: none are in use */
    append_varint(out, timestamp_delta);
    append_varint(out, offset_delta);
    append_bytes(out, key);
    append_bytes(out, value);
    append_varint(out, header_count);
    buf_append_slice(out, headers);
}

void batch_builder_append(struct batch_builder *builder, int64_t timestamp_ms, struct slice key,
                          struct slice value, const struct record_header *headers, int32_t header_count)
{
    struct buf raw = {0};
    for (int32_t i = 0; i < header_count; i++) {
        ensure(!slice_is_null(headers[i].key));
        append_bytes(&raw, headers[i].key);
        append_bytes(&raw, headers[i].value);
    }
    batch_builder_append_raw(builder, builder->header.last_offset_delta + 1, timestamp_ms, key, value,
                             buf_slice(&raw), header_count);
    buf_fini(&raw);
}

void batch_builder_append_control(struct batch_builder *builder, int64_t timestamp_ms, enum control_type type,
                                  struct slice value)
{
    uint8_t key[CONTROL_KEY_SIZE];
    store_i16(key, CONTROL_VERSION);
    store_i16(key + 2, (int16_t)type);
    builder->header.attributes |= BATCH_CONTROL;
    batch_builder_append(builder, timestamp_ms, slice_of(key, sizeof key), value, NULL, 0);
}

int control_record_type(const struct record *record)
{
    return record->key.len < CONTROL_KEY_SIZE ? -1 : load_i16(record->key.data + 2);
}

size_t batch_builder_size(const struct batch_builder *builder)
{
    return builder->bytes.len;
}

struct slice batch_builder_finish(struct batch_builder *builder)
{
    struct batch_header *header = &builder->header;
    struct buf *out = &builder->bytes;
    bool compress = builder->codec != CODEC_NONE && header->record_count > 0;
    if (compress) {
        reserve_header(&builder->packed);
        struct slice plain = slice_from(buf_slice(&builder->bytes), BATCH_HEADER_SIZE);
        if (!compress_into(builder->codec, builder->level, plain, &builder->packed))
            return SLICE_NULL;
        out = &builder->packed;
    }
    header->magic = BATCH_MAGIC;
    header->attributes =
        (int16_t)((header->attributes & ~BATCH_CODEC_MASK) | (compress ? (int)builder->codec : 0));
    header->batch_length = (int32_t)(out->len - BATCH_LOG_OVERHEAD);
    batch_header_write(out->data, header);
    header->crc = batch_compute_crc(buf_slice(out));
    store_u32(out->data + BATCH_CRC_AT, header->crc);
    return buf_slice(out);
}
