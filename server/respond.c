/* See respond.h. */
#include "server/respond.h"

#include "storage/segment.h"

enum {
    /* Ranges up to this size are read and sent together with the bytes around them: one system call less than
     * sendfile, and on loopback and small answers a copy of this size costs less than that call. */
    COPY_BYTES = 32 * 1024,
};

/* The bytes collected so far, so that an answer of a few small parts goes out in one send. They stand behind
 * the answer's own bytes in its buf: not on the stack, whose touched pages an idle connection keeps. */
struct pending {
    int fd;
    size_t len;
    uint8_t *bytes; /* COPY_BYTES */
};

static enum net_result flush(struct pending *pending, bool more)
{
    enum net_result result = NET_OK;
    if (pending->len > 0)
        result = net_write(pending->fd, pending->bytes, pending->len, more);
    pending->len = 0;
    return result;
}

static enum net_result send_bytes(struct pending *pending, struct slice bytes, bool more)
{
    if (bytes.len <= COPY_BYTES - pending->len) {
        if (bytes.len > 0)
            memcpy(pending->bytes + pending->len, bytes.data, bytes.len);
        pending->len += bytes.len;
        return NET_OK;
    }
    enum net_result result = flush(pending, true);
    return result == NET_OK ? net_write(pending->fd, bytes.data, bytes.len, more) : result;
}

/* A file without a descriptor (another file system than the machine's) goes through the buffer, piece by
 * piece. */
static enum net_result copy_range(struct pending *pending, const struct records *records)
{
    int64_t position = records->position;
    size_t left = records->range_len;
    while (left > 0) {
        size_t len = left < COPY_BYTES - pending->len ? left : COPY_BYTES - pending->len;
        if (segment_read(records->segment, pending->bytes + pending->len, len, position) != (ssize_t)len)
            return NET_CLOSED;
        pending->len += len;
        position += (int64_t)len;
        left -= len;
        if (left > 0 && flush(pending, true) != NET_OK)
            return NET_CLOSED;
    }
    return NET_OK;
}

static enum net_result send_range(struct pending *pending, const struct records *records)
{
    int file = segment_fd(records->segment);
    if (file < 0 || records->range_len <= COPY_BYTES - pending->len)
        return copy_range(pending, records);
    enum net_result result = flush(pending, true);
    return result == NET_OK ? net_send_file(pending->fd, file, records->position, records->range_len)
                            : result;
}

static enum net_result send_parts(struct pending *pending, const struct writer *writer)
{
    struct slice left = buf_slice(writer->out);
    size_t sent = 0;
    for (const struct range *range = writer->first_range; range != NULL; range = range->next) {
        enum net_result result = send_bytes(pending, slice_of(left.data, range->after - sent), true);
        if (result == NET_OK)
            result = send_range(pending, &range->records);
        if (result != NET_OK)
            return result;
        left = slice_from(left, range->after - sent);
        sent = range->after;
    }
    enum net_result result = send_bytes(pending, left, false);
    return result == NET_OK ? flush(pending, false) : result;
}

enum net_result respond(int fd, struct writer *writer)
{
    if (writer->first_range == NULL)
        return net_write(fd, writer->out->data, writer->out->len, false);
    struct pending pending = {.fd = fd, .bytes = buf_reserve(writer->out, COPY_BYTES)};
    return send_parts(&pending, writer);
}
