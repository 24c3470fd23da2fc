/*
 * snappy: Google's blocks, by its library, inside xerial's stream framing, which is ours. Called by
 * protocol/compress only.
 *
 * xerial's framing is a 16-byte header and blocks of 32 KB, each with its length in front; bytes without that
 * header are one bare block, which xerial and Kafka take as well.
 *
 * 1. A block's promised length is believed only as far as its bytes reach: 3 of them make at most 64.
 */
#include "protocol/codec/codec.h"

#include "protocol/base/big_endian.h"
#include "protocol/base/ensure.h"
#include "protocol/base/varint.h"

#include <snappy-c.h>
#include <stdlib.h>

enum {
    BLOCK_SIZE = 32 * 1024, /* as xerial writes them */
    FRAME_HEADER_SIZE = 16,
    FRAME_VERSION = 1,
    CHUNK_LENGTH_SIZE = 4,
    MAX_EXPANSION = 22, /* 64 bytes out of 3, rounded up */
};

static const uint8_t frame_magic[8] = {0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0};

/* ---- the framing ---- */

struct snappy_inflater {
    size_t cap;
    bool framed;
    bool bare_done; /* the one block of unframed bytes was read */
    uint8_t *block; /* a block that did not fit the caller's room */
    size_t capacity, len, pos;
};

static void *open_snappy(void)
{
    return calloc(1, sizeof(struct snappy_inflater));
}

static void close_snappy(void *state)
{
    struct snappy_inflater *snappy = state;
    free(snappy->block);
    free(snappy);
}

static bool has_frame_header(struct slice in)
{
    return in.len >= FRAME_HEADER_SIZE && memcmp(in.data, frame_magic, sizeof frame_magic) == 0;
}

static enum inflate_result damaged(struct note *why, const char *what)
{
    note_set(why, "snappy: %s", what);
    return INFLATE_DAMAGED;
}

static enum inflate_result start_snappy(void *state, struct slice in, size_t cap, struct note *why)
{
    struct snappy_inflater *snappy = state;
    snappy->cap = cap;
    snappy->framed = has_frame_header(in);
    snappy->bare_done = false;
    snappy->len = snappy->pos = 0;
    if (in.len == 0)
        return damaged(why, "no bytes");
    return INFLATE_OK;
}

/* The next block with its length; null at the end of the input. */
static enum inflate_result next_block(struct snappy_inflater *snappy, struct slice *in, struct slice *block,
                                      struct note *why)
{
    *block = SLICE_NULL;
    if (!snappy->framed) {
        if (!snappy->bare_done)
            *block = *in;
        snappy->bare_done = true;
        *in = slice_from(*in, in->len);
        return INFLATE_OK;
    }
    while (has_frame_header(*in)) { /* streams may follow each other */
        if (load_i32(in->data + sizeof frame_magic) < FRAME_VERSION)
            return damaged(why, "a frame version below 1");
        *in = slice_from(*in, FRAME_HEADER_SIZE);
    }
    if (in->len < CHUNK_LENGTH_SIZE) /* a few stray bytes are no block: xerial drops them */
        return INFLATE_OK;
    uint32_t len = load_u32(in->data);
    *in = slice_from(*in, CHUNK_LENGTH_SIZE);
    if (len > in->len)
        return damaged(why, "a block is cut short");
    *block = slice_of(in->data, len);
    *in = slice_from(*in, len);
    return INFLATE_OK;
}

static enum inflate_result make_room(struct snappy_inflater *snappy, size_t len)
{
    snappy->len = snappy->pos = 0;
    if (snappy->capacity < len) {
        free(snappy->block);
        snappy->block = malloc(len);
        snappy->capacity = snappy->block == NULL ? 0 : len;
    }
    return snappy->block == NULL && len > 0 ? INFLATE_OVER_CAP : INFLATE_OK;
}

/* Decodes straight into out if the block fits there, else into the inflater's own memory. */
static enum inflate_result read_block(struct snappy_inflater *snappy, struct slice block, uint8_t *out,
                                      size_t room, size_t *got, struct note *why)
{
    uint32_t len = 0;
    size_t prefix = uvarint_read(block.data, block.len, &len);
    if (prefix == 0 || len > block.len * MAX_EXPANSION)
        return damaged(why, "a block's length is impossible");
    if (len > snappy->cap) {
        note_set(why, "snappy: a block of %u bytes, at most %zu are taken", len, snappy->cap);
        return INFLATE_OVER_CAP;
    }
    bool direct = len <= room;
    enum inflate_result result = direct ? INFLATE_OK : make_room(snappy, len);
    if (result != INFLATE_OK)
        return result;
    size_t made = len;
    if (snappy_uncompress((const char *)block.data, block.len, (char *)(direct ? out : snappy->block), &made)
            != SNAPPY_OK
        || made != len)
        return damaged(why, "a block is damaged");
    if (direct)
        *got += len;
    else
        snappy->len = len;
    return INFLATE_OK;
}

static enum inflate_result read_snappy(void *state, struct slice *in, uint8_t *out, size_t room, size_t *got,
                                       bool *ended, struct note *why)
{
    struct snappy_inflater *snappy = state;
    *got = 0;
    while (*got < room) {
        size_t left = snappy->len - snappy->pos;
        if (left > 0) {
            size_t piece = left < room - *got ? left : room - *got;
            memcpy(out + *got, snappy->block + snappy->pos, piece);
            snappy->pos += piece;
            *got += piece;
            continue;
        }
        struct slice block;
        enum inflate_result result = next_block(snappy, in, &block, why);
        *ended = result == INFLATE_OK && slice_is_null(block);
        if (*ended)
            return INFLATE_OK;
        if (result == INFLATE_OK)
            result = read_block(snappy, block, out + *got, room - *got, got, why);
        if (result != INFLATE_OK)
            return result;
    }
    return INFLATE_OK;
}

static void compress_snappy(int level, struct slice in, struct buf *out)
{
    (void)level;
    static const uint8_t versions[8] = {0, 0, 0, FRAME_VERSION, 0, 0, 0, FRAME_VERSION};
    buf_append(out, frame_magic, sizeof frame_magic);
    buf_append(out, versions, sizeof versions);
    for (size_t pos = 0; pos < in.len; pos += BLOCK_SIZE) {
        size_t len = in.len - pos < BLOCK_SIZE ? in.len - pos : BLOCK_SIZE;
        size_t size = snappy_max_compressed_length(len);
        uint8_t *at = buf_reserve(out, CHUNK_LENGTH_SIZE + size);
        snappy_status status =
            snappy_compress((const char *)in.data + pos, len, (char *)at + CHUNK_LENGTH_SIZE, &size);
        ensure(status == SNAPPY_OK);
        store_u32(at, (uint32_t)size);
        out->len += CHUNK_LENGTH_SIZE + size;
    }
}

const struct codec_ops snappy_codec = {
    .compress = compress_snappy,
    .open = open_snappy,
    .close = close_snappy,
    .start = start_snappy,
    .read = read_snappy,
};
