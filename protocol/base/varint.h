/*
 * varint: LEB128 numbers of up to 32 and 64 bits, plain (lengths, tags, metadata frames) and zig-zag
 * (records). Decoders return the bytes used, or 0 if the bytes end early or the number does not fit.
 */
#ifndef PROTOCOL_BASE_VARINT_H
#define PROTOCOL_BASE_VARINT_H

#include <stddef.h>
#include <stdint.h>

enum { VARINT_MAX = 5, VARLONG_MAX = 10 };

static inline size_t uvarint_read(const uint8_t *at, size_t left, uint32_t *value)
{
    uint32_t result = 0;
    for (size_t i = 0; i < left && i < VARINT_MAX; i++) {
        result |= (uint32_t)(at[i] & 0x7f) << (7 * i);
        if (at[i] < 0x80) {
            *value = result;
            return i == VARINT_MAX - 1 && at[i] > 0x0f ? 0 : i + 1;
        }
    }
    return 0;
}

static inline size_t uvarlong_read(const uint8_t *at, size_t left, uint64_t *value)
{
    uint64_t result = 0;
    for (size_t i = 0; i < left && i < VARLONG_MAX; i++) {
        result |= (uint64_t)(at[i] & 0x7f) << (7 * i);
        if (at[i] < 0x80) {
            *value = result;
            return i == VARLONG_MAX - 1 && at[i] > 1 ? 0 : i + 1;
        }
    }
    return 0;
}

static inline size_t varint_read(const uint8_t *at, size_t left, int32_t *value)
{
    uint32_t raw = 0;
    size_t used = uvarint_read(at, left, &raw);
    *value = (int32_t)(raw >> 1) ^ -(int32_t)(raw & 1);
    return used;
}

static inline size_t varlong_read(const uint8_t *at, size_t left, int64_t *value)
{
    uint64_t raw = 0;
    size_t used = uvarlong_read(at, left, &raw);
    *value = (int64_t)(raw >> 1) ^ -(int64_t)(raw & 1);
    return used;
}

/* `at` has room for VARLONG_MAX (or VARINT_MAX for a 32-bit value) bytes. Returns the bytes written. */
static inline size_t uvarlong_write(uint8_t *at, uint64_t value)
{
    size_t len = 0;
    for (; value >= 0x80; value >>= 7)
        at[len++] = (uint8_t)(value | 0x80);
    at[len++] = (uint8_t)value;
    return len;
}

static inline size_t varlong_write(uint8_t *at, int64_t value)
{
    return uvarlong_write(at, ((uint64_t)value << 1) ^ (uint64_t)(value >> 63));
}

static inline size_t uvarlong_size(uint64_t value)
{
    size_t len = 1;
    for (; value >= 0x80; value >>= 7)
        len++;
    return len;
}

static inline size_t varlong_size(int64_t value)
{
    return uvarlong_size(((uint64_t)value << 1) ^ (uint64_t)(value >> 63));
}

#endif
