/*
 * gzip: RFC 1952 through zlib. Called by protocol/compress only.
 *
 * Members that follow each other are one stream; anything else behind a member's end is ignored, as Java's
 * GZIPInputStream does and as the recorded verdicts of Apache Kafka show.
 */
#include "protocol/codec/codec.h"

#include "protocol/base/ensure.h"

#include <stdlib.h>
#include <zlib.h>

enum {
    WINDOW_BITS = 15 + 16, /* the largest window; 16 asks zlib for gzip's header and trailer */
    MEMORY_LEVEL = 8,
    UNKNOWN_SYSTEM = 255, /* the header's OS byte, as the JDK writes it */
};

static void compress_gzip(int level, struct slice in, struct buf *out)
{
    z_stream z = {0};
    ensure(deflateInit2(&z, level, Z_DEFLATED, WINDOW_BITS, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) == Z_OK);
    gz_header header = {.os = UNKNOWN_SYSTEM};
    ensure(deflateSetHeader(&z, &header) == Z_OK);
    ensure(in.len <= UINT32_MAX / 2);
    size_t bound = deflateBound(&z, in.len);
    z.next_in = (z_const Bytef *)in.data;
    z.avail_in = (uInt)in.len;
    z.next_out = buf_reserve(out, bound);
    z.avail_out = (uInt)bound;
    ensure(deflate(&z, Z_FINISH) == Z_STREAM_END);
    out->len += bound - z.avail_out;
    deflateEnd(&z);
}

static void *open_gzip(void)
{
    z_stream *z = calloc(1, sizeof *z);
    if (z != NULL && inflateInit2(z, WINDOW_BITS) != Z_OK) {
        free(z);
        z = NULL;
    }
    return z;
}

static void close_gzip(void *state)
{
    inflateEnd(state);
    free(state);
}

static enum inflate_result start_gzip(void *state, struct slice in, size_t cap, struct note *why)
{
    (void)in, (void)cap, (void)why;
    ensure(inflateReset(state) == Z_OK);
    return INFLATE_OK;
}

static bool another_member(struct slice in)
{
    return slice_starts_with(in, SLICE("\x1f\x8b\x08"));
}

static enum inflate_result read_gzip(void *state, struct slice *in, uint8_t *out, size_t room, size_t *got,
                                     bool *ended, struct note *why)
{
    z_stream *z = state;
    size_t piece = room < UINT32_MAX ? room : UINT32_MAX;
    z->next_out = out;
    z->avail_out = (uInt)piece;
    int result = Z_OK;
    while (z->avail_out > 0 && result == Z_OK) {
        size_t part = in->len < UINT32_MAX ? in->len : UINT32_MAX;
        z->next_in = (z_const Bytef *)in->data;
        z->avail_in = (uInt)part;
        result = inflate(z, Z_NO_FLUSH);
        *in = slice_from(*in, part - z->avail_in);
        if (result == Z_STREAM_END && another_member(*in))
            result = inflateReset(z);
    }
    *got = piece - z->avail_out;
    *ended = result == Z_STREAM_END;
    if (result == Z_OK || result == Z_STREAM_END)
        return INFLATE_OK;
    if (result == Z_MEM_ERROR)
        return INFLATE_OVER_CAP;
    note_set(why, "gzip: %s", result == Z_BUF_ERROR ? "the bytes end early" : z->msg ? z->msg : "damaged");
    return INFLATE_DAMAGED;
}

const struct codec_ops gzip_codec = {
    .min_level = -1,
    .max_level = 9,
    .default_level = -1,
    .compress = compress_gzip,
    .open = open_gzip,
    .close = close_gzip,
    .start = start_gzip,
    .read = read_gzip,
};
