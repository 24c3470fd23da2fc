/*
 * batch_validate: what a leader checks of a produced batch before it takes the partition's lock, in Apache
 * Kafka's order and with its codes and messages. What depends on the producer's state, on segment.bytes or on
 * the topic's existence is not here.
 *
 *   1. batch_scan        every partition's records, before anything else: an error fails the whole request;
 *   2. batch_check_shape each partition's records, after authorisation and existence;
 *   3. batch_validate    each partition's records, when they are about to be appended (it repeats 2).
 *
 * Pure; bytes are patched in place, everything else is in the caller's arena.
 */
#ifndef PROTOCOL_BATCH_VALIDATE_H
#define PROTOCOL_BATCH_VALIDATE_H

#include "protocol/base/arena.h"
#include "protocol/base/note.h"
#include "protocol/batch.h"
#include "protocol/errors.h"

struct inflater;

enum { COMPRESSION_PRODUCER = -1 };

/* What the topic asks for; levels as its configs say. */
struct batch_rules {
    int64_t now_ms;
    bool compacted;        /* cleanup.policy has compact: records need keys */
    bool log_append_time;  /* message.timestamp.type */
    int64_t before_max_ms; /* message.timestamp.before.max.ms */
    int64_t after_max_ms;
    int32_t max_message_bytes;
    int compression; /* compression.type: COMPRESSION_PRODUCER or an enum codec */
    int gzip_level, lz4_level, zstd_level;
    struct slice topic; /* for messages */
    int32_t partition;
    int api_version;           /* of the Produce request */
    size_t inflate_cap;        /* 0: INFLATE_CAP_DEFAULT */
    struct inflater *inflater; /* kept by the caller from batch to batch; may be NULL */
};

struct batch_record_error {
    int32_t batch_index; /* from 0 */
    struct slice message;
};

struct batch_verdict {
    enum kerr error;
    bool whole_request;         /* the error is every partition's, and nothing of the request is done */
    bool has_log_start_offset;  /* the answer's logStartOffset is the partition's, not -1 */
    struct slice error_message; /* null if Kafka sends none */
    struct batch_record_error *record_errors; /* at most BATCH_RECORD_ERRORS_MAX */
    int32_t record_error_count;

    /* if error is KERR_NONE: */
    uint8_t *batch; /* the caller's bytes, or rebuilt in the arena; set base offset and leader epoch */
    size_t len;
    struct batch_header header; /* of `batch` as it is now */
    int64_t max_timestamp;
    int32_t max_timestamp_delta; /* the first record that has it is at base_offset + this; -1: none has one */
};

/*
 * More errors are counted in the message, not listed: Kafka's clients treat a record without one as failed
 * with the others.
 */
enum { BATCH_RECORD_ERRORS_MAX = 16384 };

/* What can be told of a partition's records before anything of them is believed. */
struct batch_scan {
    bool has_batch;     /* a whole batch of magic 0 to 2 begins here */
    bool transactional; /* ... whose attributes say so */
};

/*
 * The first batch's size and magic. KERR_CORRUPT_MESSAGE (with the message) and KERR_UNKNOWN_SERVER_ERROR (a
 * size near 2^31; without) fail every partition of the request.
 */
enum kerr batch_scan(struct slice records, struct batch_scan *scan, struct note *why);

/*
 * One whole batch of magic 2, and a codec that the version may use. Sets error, whole_request and, if good,
 * len and header.
 */
void batch_check_shape(struct slice records, int api_version, struct batch_verdict *verdict);

/*
 * Everything: shape, base offset, size, CRC, counts, control bit, sequence, each record, timestamps;
 * recompression where the topic asks for it; max_timestamp and timestamp type patched with a new CRC only if
 * they were not right. `bytes` is a partition's records as received (data NULL for null: INVALID_RECORD) and
 * is written to; `verdict` is overwritten.
 */
void batch_validate(uint8_t *bytes, size_t len, const struct batch_rules *rules, struct arena *arena,
                    struct batch_verdict *verdict);

#endif
