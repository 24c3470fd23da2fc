/*
 * reading: everything that a consumer gets from a partition, read the way it reads: fetch after fetch.
 */
#ifndef TEST_SIM_READING_H
#define TEST_SIM_READING_H

#include "protocol/base/buf.h"
#include "storage/partition.h"

struct reading_batch {
    struct batch_header header;
    size_t at; /* in reading.bytes */
    size_t len;
    bool crc_is_good;
};

struct reading {
    struct partition_offsets offsets;
    enum kerr error; /* of the fetch that ended it */
    struct buf bytes;
    struct reading_batch *batches;
    size_t count;
    size_t
        passed; /* batches in the fetches with a wrong checksum, whose offsets say that nobody wants them */
    struct aborted_transaction *aborted; /* as the fetches said, some of them twice */
    size_t aborted_count;
};

/* From `from` (-1: the log start) to the isolation's limit. False with the reason if a fetch makes no sense
 * (an error is none: see reading->error). */
bool reading_take(struct reading *reading, struct partition *partition, enum isolation isolation,
                  int64_t from, struct note *why);
void reading_fini(struct reading *reading);

struct slice reading_bytes(const struct reading *reading, size_t batch);

#endif
