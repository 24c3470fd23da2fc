/*
 * old_batches: message sets of magic 0 and 1, from before Kafka 0.11 (KIP-32, KIP-98). Nothing but the runner
 * makes them.
 */
#ifndef CONVERSATION_OLD_BATCHES_H
#define CONVERSATION_OLD_BATCHES_H

#include "protocol/compress.h"
#include "protocol/record.h"
#include "test/conversation/values.h"

/* A record of a batch of any magic. */
struct batch_record {
    struct slice key, value;
    int64_t timestamp;
    int32_t delta;                 /* of its offset */
    struct record_header *headers; /* magic 2 only */
    int32_t header_count;
};

struct batch_records {
    struct batch_record *items;
    int32_t count;
};

/* Offsets begin at 0. False with the reason: only magic 0 and 1, uncompressed or with gzip, can be made. */
bool old_batches_append(const struct expanding *in, const struct batch_records *records, int magic,
                        enum codec codec, struct buf *out);

#endif
