/*
 * writer: appends big-endian values to a buf. A range of a segment file is not copied: the writer remembers
 * where in the stream it belongs, and the answer becomes parts (bytes, range, bytes, ...) whose lengths are
 * known before anything is sent.
 */
#ifndef PROTOCOL_WIRE_WRITER_H
#define PROTOCOL_WIRE_WRITER_H

#include "protocol/base/arena.h"
#include "protocol/base/buf.h"
#include "protocol/base/records.h"
#include "protocol/base/uuid.h"

/* A range that goes out after the first `after` bytes of the buf, in order. */
struct range {
    size_t after;
    struct records records;
    struct range *next;
};

struct writer {
    struct buf *out;
    struct arena *arena; /* where ranges go; may be NULL if there are none */
    struct range *first_range;
    struct range *last_range;
    size_t range_bytes; /* of all ranges */
};

void writer_init(struct writer *writer, struct buf *out, struct arena *arena);

/* Bytes of everything written to this writer's buf (with what was there before) and all ranges. */
size_t writer_len(const struct writer *writer);

void write_bool(struct writer *writer, bool value);
void write_i8(struct writer *writer, int8_t value);
void write_i16(struct writer *writer, int16_t value);
void write_u16(struct writer *writer, uint16_t value);
void write_i32(struct writer *writer, int32_t value);
void write_u32(struct writer *writer, uint32_t value);
void write_i64(struct writer *writer, int64_t value);
void write_f64(struct writer *writer, double value);
void write_uuid(struct writer *writer, struct uuid value);
void write_uvarint(struct writer *writer, uint32_t value);
void write_raw(struct writer *writer, struct slice bytes);

/* The bytes of `records` (no length before them): copied if in memory, remembered if a range. */
void write_records(struct writer *writer, const struct records *records);

#endif
