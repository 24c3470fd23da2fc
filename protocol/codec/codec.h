/*
 * codec: what each codec gives to protocol/compress, its only caller. One file per codec; whatever library it
 * needs is included in that file and nowhere else.
 *
 * Decoders read hostile bytes that lie in memory whole. They fill what they are given to fill and allocate no
 * more than the bytes in hand can justify and the cap allows.
 */
#ifndef PROTOCOL_CODEC_CODEC_H
#define PROTOCOL_CODEC_CODEC_H

#include "protocol/base/buf.h"
#include "protocol/base/note.h"
#include "protocol/base/slice.h"

enum inflate_result {
    INFLATE_OK,
    INFLATE_DAMAGED,
    INFLATE_OVER_CAP, /* the bytes' own header promises more than the cap, or memory is short */
};

struct codec_ops {
    int min_level, max_level, default_level;

    /* Appends to out. The level is in range. */
    void (*compress)(int level, struct slice in, struct buf *out);

    /* A decoder's memory, NULL if there is none to be had. It serves one input after the other. */
    void *(*open)(void);
    void (*close)(void *state);

    enum inflate_result (*start)(void *state, struct slice in, size_t cap, struct note *why);

    /*
     * Moves *in on and adds up to `room` (> 0) bytes to out, fewer only at the end. The end of whole and
     * checked input gives *ended, with the last bytes or in a call that adds none; it is not called again
     * after that.
     */
    enum inflate_result (*read)(void *state, struct slice *in, uint8_t *out, size_t room, size_t *got,
                                bool *ended, struct note *why);
};

extern const struct codec_ops gzip_codec;
extern const struct codec_ops snappy_codec;
extern const struct codec_ops lz4_codec;
extern const struct codec_ops zstd_codec;

#endif
