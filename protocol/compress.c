/*
 * compress: the codecs behind one seam. Called by record (inflating batches), batch_build (compressing them)
 * and whatever else carries compressed bytes.
 *
 * 1. An inflater that has failed or ended stays so until it is started again.
 * 2. No more than `cap` bytes come out between two starts.
 *
 * How the libraries are linked. A codec that nobody uses must cost nothing, so they are linked from their .a
 * files: their code lies in pages that are never touched. Measured with an empty program on Debian 12,
 * x86-64: 1.14 MB resident and 0.55 ms to start; with zlib, lz4 and zstd in it 1.3 MB and 0.55 ms; with
 * snappy and the C++ runtime that it needs 1.4 MB and 0.75 ms; with all four as shared libraries 2.9 MB and
 * 1.25 ms. Loading them at first use would save nothing more and would fail at the worst time, when a
 * client's first batch arrives.
 */
#include "protocol/compress.h"

#include "protocol/base/ensure.h"
#include "protocol/codec/codec.h"

#include <stdlib.h>

_Static_assert((int)CODEC_COUNT == 5, "a new codec needs its file and its name here");

static const struct codec_ops *const codecs[CODEC_COUNT] = {
    [CODEC_GZIP] = &gzip_codec,
    [CODEC_SNAPPY] = &snappy_codec,
    [CODEC_LZ4] = &lz4_codec,
    [CODEC_ZSTD] = &zstd_codec,
};

static const char *const names[CODEC_COUNT] = {"none", "gzip", "snappy", "lz4", "zstd"};

const char *codec_name(int codec)
{
    return codec >= 0 && codec < CODEC_COUNT ? names[codec] : "unknown";
}

int codec_from_name(struct slice name)
{
    for (int codec = 0; codec < CODEC_COUNT; codec++)
        if (slice_equal_str(name, names[codec]))
            return codec;
    return slice_equal_str(name, "uncompressed") ? CODEC_NONE : -1;
}

int codec_default_level(enum codec codec)
{
    return codec == CODEC_NONE ? 0 : codecs[codec]->default_level;
}

bool compress_into(enum codec codec, int level, struct slice in, struct buf *out)
{
    ensure((unsigned)codec < CODEC_COUNT);
    if (codec == CODEC_NONE) {
        buf_append_slice(out, in);
        return true;
    }
    const struct codec_ops *ops = codecs[codec];
    bool has_level = ops->min_level != ops->max_level;
    if (has_level && (level < ops->min_level || level > ops->max_level))
        return false;
    ops->compress(level, in, out);
    return true;
}

void inflater_init(struct inflater *inflater)
{
    *inflater = (struct inflater){.failed = true};
}

void inflater_fini(struct inflater *inflater)
{
    if (inflater->state != NULL) {
        ensure(inflater->codec != CODEC_NONE);
        codecs[inflater->codec]->close(inflater->state);
    }
    inflater_init(inflater);
}

/* Takes down what the codec says. */
static bool settle(struct inflater *inflater, enum inflate_result result, struct note *why)
{
    inflater->failed = result != INFLATE_OK;
    inflater->over_cap = result == INFLATE_OVER_CAP;
    if (inflater->over_cap)
        note_set(why, "%s: memory is short",
                 codec_name((int)inflater->codec)); /* unless the codec said more */
    return !inflater->failed;
}

bool inflater_start(struct inflater *inflater, int codec, struct slice in, size_t cap, struct note *why)
{
    inflater->failed = true;
    inflater->over_cap = inflater->ended = false;
    if (codec < 0 || codec >= CODEC_COUNT) {
        note_set(why, "codec %d is unknown", codec);
        return false;
    }
    if ((int)inflater->codec != codec)
        inflater_fini(inflater);
    inflater->codec = (enum codec)codec;
    inflater->in = in;
    inflater->left = cap;
    if (codec == CODEC_NONE)
        return settle(inflater, INFLATE_OK, why);
    if (inflater->state == NULL)
        inflater->state = codecs[codec]->open();
    enum inflate_result result = INFLATE_OVER_CAP;
    if (inflater->state != NULL)
        result = codecs[codec]->start(inflater->state, in, cap, why);
    return settle(inflater, result, why);
}

static enum inflate_result read_plain(struct inflater *inflater, uint8_t *out, size_t room, size_t *got)
{
    *got = room < inflater->in.len ? room : inflater->in.len;
    if (*got > 0)
        memcpy(out, inflater->in.data, *got);
    inflater->in = slice_from(inflater->in, *got);
    inflater->ended = inflater->in.len == 0;
    return INFLATE_OK;
}

static bool fill(struct inflater *inflater, uint8_t *out, size_t room, size_t *got, struct note *why)
{
    *got = 0;
    enum inflate_result result;
    if (inflater->codec == CODEC_NONE)
        result = read_plain(inflater, out, room, got);
    else
        result = codecs[inflater->codec]->read(inflater->state, &inflater->in, out, room, got,
                                               &inflater->ended, why);
    return settle(inflater, result, why);
}

bool inflater_read(struct inflater *inflater, uint8_t *out, size_t room, size_t *got, struct note *why)
{
    *got = 0;
    if (inflater->failed || inflater->ended)
        return !inflater->failed;
    size_t allowed = room < inflater->left ? room : inflater->left;
    if (allowed > 0 && !fill(inflater, out, allowed, got, why))
        return false;
    inflater->left -= *got;
    if (*got == room || inflater->ended)
        return true;
    uint8_t one_more;
    size_t more = 0;
    if (!fill(inflater, &one_more, 1, &more, why))
        return false;
    if (more == 0)
        return true;
    note_set(why, "%s: more bytes than are taken", codec_name((int)inflater->codec));
    return settle(inflater, INFLATE_OVER_CAP, why);
}

enum { FIRST_PIECE = 64 * 1024 };

bool decompress_into(enum codec codec, struct slice in, size_t cap, struct buf *out, struct note *why)
{
    size_t len_before = out->len;
    struct inflater inflater;
    inflater_init(&inflater);
    bool good = inflater_start(&inflater, (int)codec, in, cap, why);
    for (size_t piece = FIRST_PIECE; good && !inflater.ended; piece *= 2) {
        size_t got = 0;
        good = inflater_read(&inflater, buf_reserve(out, piece), piece, &got, why);
        out->len += got;
    }
    if (!good)
        out->len = len_before;
    inflater_fini(&inflater);
    return good;
}
