#include "protocol/base/buf.h"

#include "protocol/base/ensure.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void buf_fini(struct buf *buf)
{
    free(buf->data);
    *buf = (struct buf){0};
}

uint8_t *buf_reserve(struct buf *buf, size_t more)
{
    ensure(more <= SIZE_MAX / 4 && buf->len <= SIZE_MAX / 4);
    if (buf->capacity - buf->len < more) {
        size_t capacity = buf->capacity < 128 ? 256 : buf->capacity * 2;
        if (capacity < buf->len + more)
            capacity = buf->len + more;
        uint8_t *data = realloc(buf->data, capacity);
        ensure(data != NULL && "out of memory");
        buf->data = data;
        buf->capacity = capacity;
    }
    return buf->data + buf->len;
}

void buf_append(struct buf *buf, const void *bytes, size_t len)
{
    if (len == 0)
        return;
    memcpy(buf_reserve(buf, len), bytes, len);
    buf->len += len;
}

void buf_append_slice(struct buf *buf, struct slice bytes)
{
    buf_append(buf, bytes.data, bytes.len);
}

void buf_append_str(struct buf *buf, const char *text)
{
    buf_append(buf, text, strlen(text));
}

void buf_append_char(struct buf *buf, char c)
{
    buf_append(buf, &c, 1);
}

void buf_append_number(struct buf *buf, int64_t number)
{
    char digits[20];
    size_t at = sizeof digits;
    uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0)
        digits[--at] = '-';
    buf_append(buf, digits + at, sizeof digits - at);
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    va_list again;
    va_copy(again, arguments);
    int len = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    ensure(len >= 0);
    vsnprintf((char *)buf_reserve(buf, (size_t)len + 1), (size_t)len + 1, format, again);
    va_end(again);
    buf->len += (size_t)len;
}

void buf_clear(struct buf *buf, size_t keep)
{
    buf->len = 0;
    if (buf->capacity > keep)
        buf_fini(buf);
}
