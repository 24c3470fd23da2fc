/*
 * record: the records inside a batch (magic 2), one after the other, whatever the codec.
 *
 * Uncompressed records are borrowed from the batch. Compressed ones are inflated through a window that holds
 * one record at a time (64 KiB, or the largest record), so a batch is never inflated whole; what is borrowed
 * from a record lives until the next call. Every bound is checked against the bytes that are there. Pure; one
 * thread uses an iterator at a time.
 */
#ifndef PROTOCOL_RECORD_H
#define PROTOCOL_RECORD_H

#include "protocol/batch.h"
#include "protocol/compress.h"

struct record {
    int64_t offset;       /* base_offset + offset_delta */
    int64_t timestamp;    /* ms; the batch's max_timestamp if that is a LogAppendTime batch */
    int32_t offset_delta; /* as sent */
    int32_t sequence;     /* NO_SEQUENCE if the batch has none */
    int8_t attributes;    /* unused by Kafka */
    int32_t header_count;
    struct slice key; /* null for any negative length, as in Kafka */
    struct slice value;
    struct slice headers; /* their bytes, behind the count; see record_headers_next */
    size_t size;          /* bytes with the length in front, uncompressed */
};

struct record_header {
    struct slice key; /* never null */
    struct slice value;
};

enum record_result {
    RECORD_READ,
    RECORD_END,        /* as many as record_count says were read and nothing is left over */
    RECORD_INVALID,    /* a length, the structure or the count is wrong: INVALID_RECORD to a producer */
    RECORD_UNREADABLE, /* it does not decompress, or a length is no varint: UNKNOWN_SERVER_ERROR */
    RECORD_TOO_LARGE,  /* it inflates to more than the cap, or memory is short */
};

struct record_options {
    size_t inflate_cap;        /* bytes; 0 means INFLATE_CAP_DEFAULT */
    bool tolerant;             /* takes a negative header count for none: logs written by others hold that */
    struct inflater *inflater; /* borrowed, to save its set-up batch for batch; NULL: an own one */
};

struct record_iterator {
    struct batch_header header;
    const uint8_t *at; /* what of the batch, or of the window, was not read yet */
    const uint8_t *end;
    int32_t left;              /* records still to come, as the header says */
    enum record_result result; /* of the last call */
    bool compressed, started, tolerant;
    size_t inflate_cap;
    struct slice packed; /* the compressed records */
    struct inflater *borrowed, own;
    uint8_t *window; /* inflated bytes: [at, end) of them are unread */
    size_t window_size;
};

/*
 * `batch` is a whole batch as batch_next gives it (borrowed until _fini). options may be NULL. An unknown
 * codec or bytes that do not decompress show at the first record_iterator_next.
 */
void record_iterator_init(struct record_iterator *it, struct slice batch,
                          const struct record_options *options);
void record_iterator_fini(struct record_iterator *it);

/*
 * The next record. Anything but RECORD_READ ends it: further calls return the same. why (may be NULL) says
 * what is wrong.
 */
enum record_result record_iterator_next(struct record_iterator *it, struct record *record, struct note *why);

/*
 * Takes the next header off `headers`, which began as a copy of record.headers; false at the end. The
 * iterator has checked them.
 */
bool record_headers_next(struct slice *headers, struct record_header *header);

#endif
