/*
 * writer: see writer.h. Called by the schema interpreter and by whatever makes bytes by hand.
 *
 * Invariants:
 * 1. The ranges' `after` never falls from one to the next and never exceeds the buf's length.
 * 2. range_bytes is the sum of their lengths.
 */
#include "protocol/wire/writer.h"

#include "protocol/base/big_endian.h"
#include "protocol/base/ensure.h"
#include "protocol/base/varint.h"

void writer_init(struct writer *writer, struct buf *out, struct arena *arena)
{
    *writer = (struct writer){.out = out, .arena = arena};
}

size_t writer_len(const struct writer *writer)
{
    return writer->out->len + writer->range_bytes;
}

/* Where `len` new bytes go. */
static inline uint8_t *grow(struct writer *writer, size_t len)
{
    uint8_t *at = buf_reserve(writer->out, len);
    writer->out->len += len;
    return at;
}

void write_bool(struct writer *writer, bool value)
{
    *grow(writer, 1) = value;
}

void write_i8(struct writer *writer, int8_t value)
{
    *grow(writer, 1) = (uint8_t)value;
}

void write_i16(struct writer *writer, int16_t value)
{
    store_i16(grow(writer, 2), value);
}

void write_u16(struct writer *writer, uint16_t value)
{
    store_u16(grow(writer, 2), value);
}

void write_i32(struct writer *writer, int32_t value)
{
    store_i32(grow(writer, 4), value);
}

void write_u32(struct writer *writer, uint32_t value)
{
    store_u32(grow(writer, 4), value);
}

void write_i64(struct writer *writer, int64_t value)
{
    store_i64(grow(writer, 8), value);
}

void write_f64(struct writer *writer, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    store_u64(grow(writer, 8), bits);
}

void write_uuid(struct writer *writer, struct uuid value)
{
    memcpy(grow(writer, sizeof value.bytes), value.bytes, sizeof value.bytes);
}

void write_uvarint(struct writer *writer, uint32_t value)
{
    uint8_t *at = buf_reserve(writer->out, VARINT_MAX);
    writer->out->len += uvarlong_write(at, value);
}

void write_raw(struct writer *writer, struct slice bytes)
{
    buf_append_slice(writer->out, bytes);
}

void write_records(struct writer *writer, const struct records *records)
{
    if (records->segment == NULL) {
        buf_append_slice(writer->out, records->bytes);
        return;
    }
    ensure(writer->arena != NULL);
    struct range *range = arena_new(writer->arena, struct range);
    *range = (struct range){.after = writer->out->len, .records = *records};
    if (writer->last_range == NULL)
        writer->first_range = range;
    else
        writer->last_range->next = range;
    writer->last_range = range;
    writer->range_bytes += records->range_len;
}
