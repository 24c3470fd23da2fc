/*
 * reader: takes big-endian values off borrowed bytes, never past their end.
 *
 * Errors are sticky: after the first one every read gives zero and moves nowhere, so a caller reads on and
 * checks `failed` once. `error` then says what was wrong; the field tables put the path in front of it.
 * Strings, bytes and records that it returns borrow from what is read; nothing is copied.
 */
#ifndef PROTOCOL_WIRE_READER_H
#define PROTOCOL_WIRE_READER_H

#include "protocol/base/arena.h"
#include "protocol/base/slice.h"
#include "protocol/base/uuid.h"

enum { READER_ERROR_SIZE = 256 };

struct reader {
    const uint8_t *at;
    const uint8_t *end;
    struct arena *arena; /* where arrays go; may be NULL if only scalars are read */
    bool failed;
    char error[READER_ERROR_SIZE]; /* set once `failed` is */
};

void reader_init(struct reader *reader, struct slice bytes, struct arena *arena);

static inline size_t reader_left(const struct reader *reader)
{
    return (size_t)(reader->end - reader->at);
}

/* Makes the error stick, unless there is one. */
void reader_fail(struct reader *reader, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts "format" directly before the error: each level of a message adds its part of the path. */
void reader_fail_prefix(struct reader *reader, const char *format, ...) __attribute__((format(printf, 2, 3)));

bool read_bool(struct reader *reader); /* any byte but 0 is true, as in Kafka */
int8_t read_i8(struct reader *reader);
int16_t read_i16(struct reader *reader);
uint16_t read_u16(struct reader *reader);
int32_t read_i32(struct reader *reader);
uint32_t read_u32(struct reader *reader);
int64_t read_i64(struct reader *reader);
double read_f64(struct reader *reader);
struct uuid read_uuid(struct reader *reader);
uint32_t read_uvarint(struct reader *reader);
struct slice read_raw(struct reader *reader, size_t len); /* the next len bytes, as they are */

#endif
