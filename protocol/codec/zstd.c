/*
 * zstd: RFC 8878 through libzstd. Called by protocol/compress only.
 *
 * Frames may follow each other; anything else behind a frame is damage. No bytes at all are an empty content.
 */
#include "protocol/codec/codec.h"

#include "protocol/base/ensure.h"

#include <stdlib.h>
#include <zstd.h>
#include <zstd_errors.h>

enum {
    WINDOW_LOG_MIN =
        23, /* what every decoder should take: encoders that stream use 2 MiB for the smallest content */
    WINDOW_LOG_MAX = 27, /* what Kafka's clients accept: 128 MiB */
    LEVEL_MIN = -131072, /* what libzstd takes and Kafka's config allows */
    LEVEL_MAX = 22,
};

struct zstd_inflater {
    ZSTD_DCtx *context;
    bool in_frame; /* bytes of a frame are still missing */
};

static void compress_zstd(int level, struct slice in, struct buf *out)
{
    size_t bound = ZSTD_compressBound(in.len);
    size_t len = ZSTD_compress(buf_reserve(out, bound), bound, in.data, in.len, level);
    ensure(!ZSTD_isError(len));
    out->len += len;
}

static void *open_zstd(void)
{
    struct zstd_inflater *zstd = calloc(1, sizeof *zstd);
    if (zstd != NULL && (zstd->context = ZSTD_createDCtx()) == NULL) {
        free(zstd);
        zstd = NULL;
    }
    return zstd;
}

static void close_zstd(void *state)
{
    struct zstd_inflater *zstd = state;
    ZSTD_freeDCtx(zstd->context);
    free(zstd);
}

/* A window that holds the cap is enough: libzstd allocates it as soon as a frame asks for it. */
static int window_log(size_t cap)
{
    int log = WINDOW_LOG_MIN;
    while (log < WINDOW_LOG_MAX && (size_t)1 << log < cap)
        log++;
    return log;
}

static enum inflate_result start_zstd(void *state, struct slice in, size_t cap, struct note *why)
{
    struct zstd_inflater *zstd = state;
    zstd->in_frame = false;
    ZSTD_DCtx_reset(zstd->context, ZSTD_reset_session_only);
    ensure(!ZSTD_isError(ZSTD_DCtx_setParameter(zstd->context, ZSTD_d_windowLogMax, window_log(cap))));
    unsigned long long declared = ZSTD_getFrameContentSize(in.data, in.len);
    if (declared < ZSTD_CONTENTSIZE_ERROR && declared > cap) {
        note_set(why, "zstd: %llu bytes promised, at most %zu are taken", declared, cap);
        return INFLATE_OVER_CAP;
    }
    return INFLATE_OK;
}

static enum inflate_result failed(size_t code, struct note *why)
{
    note_set(why, "zstd: %s", ZSTD_getErrorName(code));
    return ZSTD_getErrorCode(code) == ZSTD_error_memory_allocation ? INFLATE_OVER_CAP : INFLATE_DAMAGED;
}

static enum inflate_result read_zstd(void *state, struct slice *in, uint8_t *out, size_t room, size_t *got,
                                     bool *ended, struct note *why)
{
    struct zstd_inflater *zstd = state;
    ZSTD_outBuffer to = {out, room, 0};
    ZSTD_inBuffer from = {in->data, in->len, 0};
    while (to.pos < room && (from.pos < from.size || zstd->in_frame)) {
        size_t in_before = from.pos, out_before = to.pos;
        size_t wanted = ZSTD_decompressStream(zstd->context, &to, &from);
        if (ZSTD_isError(wanted))
            return failed(wanted, why);
        zstd->in_frame = wanted != 0;
        if (from.pos == in_before && to.pos == out_before) {
            note_set(why, "zstd: the bytes end early");
            return INFLATE_DAMAGED;
        }
    }
    *in = slice_from(*in, from.pos);
    *got = to.pos;
    *ended = !zstd->in_frame && in->len == 0;
    return INFLATE_OK;
}

const struct codec_ops zstd_codec = {
    .min_level = LEVEL_MIN,
    .max_level = LEVEL_MAX,
    .default_level = 3,
    .compress = compress_zstd,
    .open = open_zstd,
    .close = close_zstd,
    .start = start_zstd,
    .read = read_zstd,
};
