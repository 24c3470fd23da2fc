/*
 * lz4: the LZ4 frame format through liblz4. Called by protocol/compress only.
 *
 * We write what Kafka's clients write: 64 KB independent blocks, no checksums but the header's. We read what
 * they can read: a frame with linked blocks or a dictionary is refused, because a consumer in Java would
 * choke on it. The content is the first frame; what follows its end mark is ignored, as Apache Kafka's
 * recorded verdicts show.
 */
#include "protocol/codec/codec.h"

#include "protocol/base/ensure.h"

#include <lz4frame.h>
#include <lz4hc.h>
#include <stdlib.h>

enum {
    FLG_AT = 4, /* behind the magic number */
    FLG_VERSION_MASK = 0xc0,
    FLG_VERSION = 0x40,
    FLG_INDEPENDENT = 0x20,
    FLG_CONTENT_SIZE = 0x08,
    FLG_RESERVED = 0x03, /* bit 0 is the dictionary's */
    CONTENT_SIZE_AT = 6,
    FAST_LEVEL = 9, /* compression.lz4.level's default means the fast compressor, in Kafka and here */
    LEVEL_MAX = 17,
};

static void compress_lz4(int level, struct slice in, struct buf *out)
{
    LZ4F_preferences_t preferences = LZ4F_INIT_PREFERENCES;
    preferences.frameInfo.blockSizeID = LZ4F_max64KB;
    preferences.frameInfo.blockMode = LZ4F_blockIndependent;
    preferences.compressionLevel = level == FAST_LEVEL        ? 0
                                   : level < LZ4HC_CLEVEL_MIN ? LZ4HC_CLEVEL_MIN
                                                              : level;
    size_t bound = LZ4F_compressFrameBound(in.len, &preferences);
    size_t len = LZ4F_compressFrame(buf_reserve(out, bound), bound, in.data, in.len, &preferences);
    ensure(!LZ4F_isError(len));
    out->len += len;
}

static void *open_lz4(void)
{
    LZ4F_dctx *context = NULL;
    return LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION)) ? NULL : context;
}

static void close_lz4(void *state)
{
    LZ4F_freeDecompressionContext(state);
}

static uint64_t load_little_endian(const uint8_t *at)
{
    uint64_t value = 0;
    for (int i = 7; i >= 0; i--)
        value = value << 8 | at[i];
    return value;
}

static enum inflate_result start_lz4(void *state, struct slice in, size_t cap, struct note *why)
{
    LZ4F_resetDecompressionContext(state);
    if (!slice_starts_with(in, SLICE("\x04\x22\x4d\x18")) || in.len <= FLG_AT) {
        note_set(why, "lz4: not a frame");
        return INFLATE_DAMAGED;
    }
    uint8_t flags = in.data[FLG_AT];
    if ((flags & FLG_VERSION_MASK) != FLG_VERSION || (flags & FLG_RESERVED) || !(flags & FLG_INDEPENDENT)) {
        note_set(why, "lz4: frame flags 0x%02x are not those of version 1 with independent blocks", flags);
        return INFLATE_DAMAGED;
    }
    if ((flags & FLG_CONTENT_SIZE) && in.len >= CONTENT_SIZE_AT + sizeof(uint64_t)
        && load_little_endian(in.data + CONTENT_SIZE_AT) > cap) {
        note_set(why, "lz4: more bytes promised than the %zu that are taken", cap);
        return INFLATE_OVER_CAP;
    }
    return INFLATE_OK;
}

static enum inflate_result read_lz4(void *state, struct slice *in, uint8_t *out, size_t room, size_t *got,
                                    bool *ended, struct note *why)
{
    *got = 0;
    while (*got < room) {
        size_t wrote = room - *got, read = in->len;
        size_t wanted = LZ4F_decompress(state, out + *got, &wrote, in->data, &read, NULL);
        if (LZ4F_isError(wanted)) {
            note_set(why, "lz4: %s", LZ4F_getErrorName(wanted));
            return INFLATE_DAMAGED;
        }
        *in = slice_from(*in, read);
        *got += wrote;
        *ended = wanted == 0;
        if (*ended)
            return INFLATE_OK;
        if (wrote == 0 && read == 0) {
            note_set(why, "lz4: the bytes end early");
            return INFLATE_DAMAGED;
        }
    }
    return INFLATE_OK;
}

const struct codec_ops lz4_codec = {
    .min_level = 1,
    .max_level = LEVEL_MAX,
    .default_level = FAST_LEVEL,
    .compress = compress_lz4,
    .open = open_lz4,
    .close = close_lz4,
    .start = start_lz4,
    .read = read_lz4,
};
