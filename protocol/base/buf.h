/*
 * buf: bytes that grow. Owns its memory. Appending stops the process when the machine is out of memory: a buf
 * holds what we make ourselves, never what a peer's length field promises.
 */
#ifndef PROTOCOL_BASE_BUF_H
#define PROTOCOL_BASE_BUF_H

#include "protocol/base/slice.h"

struct buf {
    uint8_t *data;
    size_t len;      /* bytes in use */
    size_t capacity; /* bytes allocated */
};

void buf_fini(struct buf *buf);

/* Makes room for `more` bytes behind the end and returns where they start; len does not move. */
uint8_t *buf_reserve(struct buf *buf, size_t more);

void buf_append(struct buf *buf, const void *bytes, size_t len);
void buf_append_slice(struct buf *buf, struct slice bytes);
void buf_append_str(struct buf *buf, const char *text);
void buf_append_char(struct buf *buf, char c);
void buf_append_number(struct buf *buf, int64_t number); /* decimal; many times faster than buf_printf */
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Empties it; memory beyond `keep` bytes goes back to the allocator. */
void buf_clear(struct buf *buf, size_t keep);

static inline struct slice buf_slice(const struct buf *buf)
{
    return slice_of(buf->data ? buf->data : (const uint8_t *)"", buf->len);
}

#endif
