/*
 * reader: see reader.h. Called by the schema interpreter and by whatever parses bytes by hand (headers,
 * batches, files).
 *
 * Invariants:
 * 1. at <= end, and nothing at or behind `end` is ever looked at.
 * 2. A reader that has failed has at == end, so that no read needs to ask for the error first.
 */
#include "protocol/wire/reader.h"

#include "protocol/base/big_endian.h"
#include "protocol/base/varint.h"

#include <stdarg.h>
#include <stdio.h>

void reader_init(struct reader *reader, struct slice bytes, struct arena *arena)
{
    reader->at = bytes.data == NULL ? (const uint8_t *)"" : bytes.data;
    reader->end = reader->at + bytes.len;
    reader->arena = arena;
    reader->failed = false;
    reader->error[0] = '\0';
}

void reader_fail(struct reader *reader, const char *format, ...)
{
    if (reader->failed)
        return;
    reader->failed = true;
    reader->end = reader->at;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reader->error, sizeof reader->error, format, arguments);
    va_end(arguments);
}

void reader_fail_prefix(struct reader *reader, const char *format, ...)
{
    char before[READER_ERROR_SIZE];
    memcpy(before, reader->error, sizeof before);
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(reader->error, sizeof reader->error, format, arguments);
    va_end(arguments);
    if (len >= 0 && (size_t)len < sizeof reader->error)
        snprintf(reader->error + len, sizeof reader->error - (size_t)len, "%s", before);
}

/* The next `len` bytes, or NULL and the error. */
static inline const uint8_t *take(struct reader *reader, size_t len)
{
    const uint8_t *at = reader->at;
    if (__builtin_expect(reader_left(reader) < len, 0)) {
        reader_fail(reader, "%zu bytes left, %zu needed", reader_left(reader), len);
        return NULL;
    }
    reader->at += len;
    return at;
}

bool read_bool(struct reader *reader)
{
    return read_i8(reader) != 0;
}

int8_t read_i8(struct reader *reader)
{
    const uint8_t *at = take(reader, 1);
    return at == NULL ? 0 : (int8_t)*at;
}

int16_t read_i16(struct reader *reader)
{
    const uint8_t *at = take(reader, 2);
    return at == NULL ? 0 : load_i16(at);
}

uint16_t read_u16(struct reader *reader)
{
    return (uint16_t)read_i16(reader);
}

int32_t read_i32(struct reader *reader)
{
    const uint8_t *at = take(reader, 4);
    return at == NULL ? 0 : load_i32(at);
}

uint32_t read_u32(struct reader *reader)
{
    return (uint32_t)read_i32(reader);
}

int64_t read_i64(struct reader *reader)
{
    const uint8_t *at = take(reader, 8);
    return at == NULL ? 0 : load_i64(at);
}

double read_f64(struct reader *reader)
{
    int64_t bits = read_i64(reader);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

struct uuid read_uuid(struct reader *reader)
{
    struct uuid value = UUID_ZERO;
    const uint8_t *at = take(reader, sizeof value.bytes);
    if (at != NULL)
        memcpy(value.bytes, at, sizeof value.bytes);
    return value;
}

uint32_t read_uvarint(struct reader *reader)
{
    uint32_t value = 0;
    size_t used = uvarint_read(reader->at, reader_left(reader), &value);
    if (used > 0) {
        reader->at += used;
        return value;
    }
    if (reader_left(reader) < VARINT_MAX)
        reader_fail(reader, "%zu bytes left, which end within a number", reader_left(reader));
    else
        reader_fail(reader, "a number of more than 32 bits");
    return 0;
}

struct slice read_raw(struct reader *reader, size_t len)
{
    const uint8_t *at = reader->failed ? NULL : take(reader, len);
    return slice_of(at, at == NULL ? 0 : len);
}
