/*
 * compress: the codecs of record batches behind one seam: gzip, snappy (xerial's framing, as Java and
 * librdkafka write it), LZ4 frames and zstd. Kafka compresses the records of a batch as one block; header and
 * count stay plain.
 *
 * Compressing is for what we build ourselves. Decompressing reads hostile bytes: memory and output follow the
 * bytes that were really produced, never what a length field promises, and end at the caller's cap. Pure; one
 * thread uses an inflater at a time.
 */
#ifndef PROTOCOL_COMPRESS_H
#define PROTOCOL_COMPRESS_H

#include "protocol/base/buf.h"
#include "protocol/base/note.h"
#include "protocol/base/slice.h"

/* Bits 0-2 of a batch's attributes, which can also hold 5 to 7: no codec. */
enum codec {
    CODEC_NONE = 0,
    CODEC_GZIP = 1,
    CODEC_SNAPPY = 2,
    CODEC_LZ4 = 3,
    CODEC_ZSTD = 4,
    CODEC_COUNT,
};

/* The defaults of the topic configs compression.{gzip,lz4,zstd}.level; snappy and none have no level. */
enum {
    GZIP_LEVEL_DEFAULT = -1,
    LZ4_LEVEL_DEFAULT = 9, /* as in Kafka: 9 is the fast compressor, any other level the thorough one */
    ZSTD_LEVEL_DEFAULT = 3,
};

/*
 * How far a batch may inflate unless the caller knows better. Kafka 4.3.1 has no bound. A batch may be 1 MiB
 * by default, and honest text shrinks up to a hundred times; 1 MiB of hostile zstd can hold tens of GiB.
 */
enum { INFLATE_CAP_DEFAULT = 128 * 1024 * 1024 };

/* "none", "gzip", "snappy", "lz4", "zstd"; "unknown" for anything else. */
const char *codec_name(int codec);

/* CODEC_NONE for "none" and "uncompressed"; -1 if there is no such codec. */
int codec_from_name(struct slice name);

int codec_default_level(enum codec codec);

/*
 * Appends the compressed form of `in` to `out`; CODEC_NONE copies. False, with nothing appended: the level is
 * out of range.
 */
bool compress_into(enum codec codec, int level, struct slice in, struct buf *out);

/*
 * Appends what `in` holds to `out`. False with the reason, and nothing appended, if it is damaged or more
 * than `cap` bytes.
 */
bool decompress_into(enum codec codec, struct slice in, size_t cap, struct buf *out, struct note *why);

/* Decompresses piece by piece. Can be started again and again; the codec's own memory is kept until _fini. */
struct inflater {
    enum codec codec; /* of `state` */
    void *state;      /* the codec's own; NULL for CODEC_NONE */
    struct slice in;  /* compressed bytes not yet read; borrowed */
    size_t left;      /* bytes that may still come out before the cap */
    bool ended;       /* everything came out, and it was whole */
    bool failed;
    bool over_cap; /* it failed for its size or for want of memory, and might be whole */
};

void inflater_init(struct inflater *inflater);
void inflater_fini(struct inflater *inflater);

/*
 * Begins with `in` (borrowed until the last read). False with the reason if the codec is unknown, the input's
 * own header promises more than `cap` bytes, or memory is short.
 */
bool inflater_start(struct inflater *inflater, int codec, struct slice in, size_t cap, struct note *why);

/*
 * Fills `out` with up to `room` (> 0) bytes. *got is less than `room` only at the end; there the input was
 * whole and checked. False with the reason if the bytes are damaged, cut or over the cap; reading again then
 * fails again.
 */
bool inflater_read(struct inflater *inflater, uint8_t *out, size_t room, size_t *got, struct note *why);

#endif
