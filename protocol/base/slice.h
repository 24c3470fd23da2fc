/*
 * slice: borrowed bytes, passed by value. A slice never owns what it points to.
 *
 * A null slice (data == NULL) is Kafka's null string or null bytes; an empty one has data and no length. Text
 * is UTF-8 and is not terminated.
 */
#ifndef PROTOCOL_BASE_SLICE_H
#define PROTOCOL_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
    const uint8_t *data; /* NULL: null */
    size_t len;          /* bytes */
};

#define SLICE(literal) ((struct slice){(const uint8_t *)("" literal), sizeof(literal) - 1})
#define SLICE_NULL     ((struct slice){NULL, 0})

/* For printf: "%.*s" takes SLICE_ARGS(s). */
#define SLICE_ARGS(s) ((int)(s).len), ((const char *)((s).data ? (s).data : (const uint8_t *)""))

static inline struct slice slice_of(const void *data, size_t len)
{
    return (struct slice){data, len};
}

/* Borrows a terminated string; NULL becomes the null slice. */
static inline struct slice slice_str(const char *text)
{
    return (struct slice){(const uint8_t *)text, text ? strlen(text) : 0};
}

static inline bool slice_is_null(struct slice s)
{
    return s.data == NULL;
}

/* True if both are null, or neither is and their bytes are the same. */
static inline bool slice_equal(struct slice a, struct slice b)
{
    return slice_is_null(a) == slice_is_null(b) && a.len == b.len
           && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline bool slice_equal_str(struct slice a, const char *text)
{
    return slice_equal(a, slice_str(text));
}

/* Byte order, shorter first where one is the beginning of the other: Kafka's order of names (ASCII). */
static inline int slice_compare(struct slice a, struct slice b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len == 0 ? 0 : memcmp(a.data, b.data, len);
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* The length of UTF-8 text as Java counts it: UTF-16 units, of which a character beyond the basic plane (4
 * bytes in UTF-8) takes two. */
static inline size_t slice_utf16_len(struct slice text)
{
    size_t units = 0;
    for (size_t i = 0; i < text.len; i++) {
        if ((text.data[i] & 0xc0) != 0x80)
            units++;
        if (text.data[i] >= 0xf0)
            units++;
    }
    return units;
}

static inline bool slice_starts_with(struct slice s, struct slice prefix)
{
    return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.data, prefix.data, prefix.len) == 0);
}

/* The bytes from `from` (at most s.len) on. */
static inline struct slice slice_from(struct slice s, size_t from)
{
    return (struct slice){s.data + from, s.len - from};
}

#endif
