/*
 * snappy: Google's block format, written here from its description, inside xerial's stream framing. Called by
 * protocol/compress only.
 *
 * Own code, because libsnappy is C++: its runtime would be the largest part of a C broker's start for a codec
 * that two functions describe. A block is a varint with its length, then elements: a literal, or a copy of
 * bytes that came out at most a block before. xerial's framing is a 16-byte header and blocks of 32 KB, each
 * with its length in front; bytes without that header are one bare block, which xerial and Kafka take as
 * well.
 *
 * 1. decode_block writes [out, out + len) and nothing else; of that it reads only what it has written.
 * 2. A block's promised length is believed only as far as its bytes reach: 3 of them make at most 64.
 */
#include "protocol/codec/codec.h"

#include "protocol/base/big_endian.h"
#include "protocol/base/ensure.h"
#include "protocol/base/varint.h"

#include <stdlib.h>

enum {
    BLOCK_SIZE = 32 * 1024, /* as xerial writes them */
    FRAME_HEADER_SIZE = 16,
    FRAME_VERSION = 1,
    CHUNK_LENGTH_SIZE = 4,
    MAX_EXPANSION = 22, /* 64 bytes out of 3, rounded up */

    HASH_BITS = 13,
    MIN_MATCH = 4,
    MAX_COPY = 64,
    SHORT_COPY_MAX = 11, /* a copy of 4 to 11 bytes from less than 2 KiB before takes 2 bytes */
    SHORT_COPY_REACH = 2048,
    WIDE = 16, /* bytes copied at once where there is room */
};

enum { LITERAL = 0, COPY_1 = 1, COPY_2 = 2, COPY_4 = 3 };

static const uint8_t frame_magic[8] = {0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0};

/* ---- out of a block ---- */

struct cursor {
    const uint8_t *in, *in_end;
    uint8_t *at;
    uint8_t *const begin, *const end;
};

static bool put_literal(struct cursor *c, uint8_t tag)
{
    size_t len = tag >> 2;
    if (len >= 60) {
        size_t bytes = len - 59;
        if ((size_t)(c->in_end - c->in) < bytes)
            return false;
        len = 0;
        for (size_t i = 0; i < bytes; i++)
            len |= (size_t)*c->in++ << (8 * i);
    }
    len++;
    size_t in_left = (size_t)(c->in_end - c->in), room = (size_t)(c->end - c->at);
    if (len > in_left || len > room)
        return false;
    if (len <= WIDE && in_left >= WIDE && room >= WIDE)
        memcpy(c->at, c->in, WIDE);
    else
        memcpy(c->at, c->in, len);
    c->in += len;
    c->at += len;
    return true;
}

static bool put_copy(struct cursor *c, size_t offset, size_t len)
{
    size_t room = (size_t)(c->end - c->at);
    if (offset == 0 || offset > (size_t)(c->at - c->begin) || len > room)
        return false;
    const uint8_t *from = c->at - offset;
    if (offset >= WIDE && room >= MAX_COPY) {
        for (size_t i = 0; i < len; i += WIDE)
            memcpy(c->at + i, from + i, WIDE);
    } else {
        for (size_t i = 0; i < len; i++)
            c->at[i] = from[i];
    }
    c->at += len;
    return true;
}

static bool put_element(struct cursor *c)
{
    static const uint8_t offset_bytes[] = {[COPY_1] = 1, [COPY_2] = 2, [COPY_4] = 4};
    uint8_t tag = *c->in++;
    int kind = tag & 3;
    if (kind == LITERAL)
        return put_literal(c, tag);
    if (c->in_end - c->in < offset_bytes[kind])
        return false;
    size_t offset = c->in[0], len = (size_t)(tag >> 2) + 1;
    if (kind == COPY_1) {
        offset |= (size_t)(tag >> 5) << 8;
        len = (size_t)(tag >> 2 & 7) + MIN_MATCH;
    } else if (kind == COPY_2) {
        offset |= (size_t)c->in[1] << 8;
    } else {
        offset |= (size_t)c->in[1] << 8 | (size_t)c->in[2] << 16 | (size_t)c->in[3] << 24;
    }
    c->in += offset_bytes[kind];
    return put_copy(c, offset, len);
}

/* `elements` is a block without its length; true if it makes exactly len bytes. */
static bool decode_block(struct slice elements, uint8_t *out, size_t len)
{
    struct cursor c = {elements.data, elements.data + elements.len, out, out, out + len};
    while (c.in < c.in_end)
        if (!put_element(&c))
            return false;
    return c.at == c.end;
}

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
    if (!decode_block(slice_from(block, prefix), direct ? out : snappy->block, len))
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

/* ---- into blocks ---- */

static uint8_t *write_literal(uint8_t *at, const uint8_t *from, size_t len)
{
    size_t n = len - 1;
    if (n < 60) {
        *at++ = (uint8_t)(n << 2 | LITERAL);
    } else {
        int bytes = n < 256 ? 1 : 2; /* a block is smaller than 64 KiB */
        *at++ = (uint8_t)((59 + bytes) << 2 | LITERAL);
        *at++ = (uint8_t)n;
        if (bytes == 2)
            *at++ = (uint8_t)(n >> 8);
    }
    memcpy(at, from, len);
    return at + len;
}

static uint8_t *write_copy(uint8_t *at, size_t offset, size_t len)
{
    while (len > 0) {
        /* A rest of 1 to 3 bytes would be no short copy: leave at least MIN_MATCH for it. */
        size_t piece = len <= MAX_COPY ? len : len < MAX_COPY + MIN_MATCH ? MAX_COPY - MIN_MATCH : MAX_COPY;
        if (piece >= MIN_MATCH && piece <= SHORT_COPY_MAX && offset < SHORT_COPY_REACH) {
            *at++ = (uint8_t)(offset >> 8 << 5 | (piece - MIN_MATCH) << 2 | COPY_1);
            *at++ = (uint8_t)offset;
        } else {
            *at++ = (uint8_t)((piece - 1) << 2 | COPY_2);
            *at++ = (uint8_t)offset;
            *at++ = (uint8_t)(offset >> 8);
        }
        len -= piece;
    }
    return at;
}

static uint32_t load_word(const uint8_t *at)
{
    uint32_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

static size_t hash_of(uint32_t word)
{
    return word * 0x9e3779b1u >> (32 - HASH_BITS);
}

static size_t match_length(const uint8_t *a, const uint8_t *b, const uint8_t *end)
{
    const uint8_t *begin = b;
    while (b < end && *a == *b)
        a++, b++;
    return (size_t)(b - begin);
}

/*
 * Greedy: at each place, the last one that hashed alike; steps grow while nothing matches. Returns the end of
 * what it wrote.
 */
static uint8_t *encode_block(struct slice in, uint8_t *at, uint16_t *table)
{
    memset(table, 0, sizeof *table << HASH_BITS);
    at += uvarlong_write(at, in.len);
    const uint8_t *base = in.data, *end = base + in.len, *next = base, *pending = base;
    size_t misses = 0;
    while (end - next >= MIN_MATCH) {
        uint32_t word = load_word(next);
        size_t slot = hash_of(word);
        const uint8_t *candidate = base + table[slot];
        table[slot] = (uint16_t)(next - base);
        if (candidate >= next || load_word(candidate) != word) {
            next += 1 + (misses++ >> 5);
            continue;
        }
        size_t len = MIN_MATCH + match_length(candidate + MIN_MATCH, next + MIN_MATCH, end);
        if (next > pending)
            at = write_literal(at, pending, (size_t)(next - pending));
        at = write_copy(at, (size_t)(next - candidate), len);
        next += len;
        pending = next;
        misses = 0;
    }
    return end > pending ? write_literal(at, pending, (size_t)(end - pending)) : at;
}

/* A literal costs at most one byte in 60 and three more; a copy is never longer than what it copies. */
static size_t block_bound(size_t len)
{
    return 32 + len + len / 6;
}

static void compress_snappy(int level, struct slice in, struct buf *out)
{
    (void)level;
    static const uint8_t versions[8] = {0, 0, 0, FRAME_VERSION, 0, 0, 0, FRAME_VERSION};
    uint16_t table[1 << HASH_BITS];
    buf_append(out, frame_magic, sizeof frame_magic);
    buf_append(out, versions, sizeof versions);
    for (size_t pos = 0; pos < in.len; pos += BLOCK_SIZE) {
        size_t len = in.len - pos < BLOCK_SIZE ? in.len - pos : BLOCK_SIZE;
        uint8_t *at = buf_reserve(out, CHUNK_LENGTH_SIZE + block_bound(len));
        uint8_t *end = encode_block(slice_of(in.data + pos, len), at + CHUNK_LENGTH_SIZE, table);
        size_t size = (size_t)(end - at) - CHUNK_LENGTH_SIZE;
        ensure(size <= block_bound(len));
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
