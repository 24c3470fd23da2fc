/* Record batches (version 2): made for requests and files, and taken apart again. */
#ifndef ACCEPTANCE_BATCH_H
#define ACCEPTANCE_BATCH_H

#include "frame.h"

#include <stddef.h>
#include <stdint.h>

struct reader;

/* What the stages vary; everything else is zero, keys are null. */
struct batch {
    int64_t base_offset;
    int32_t leader_epoch;
    int64_t timestamp_ms;
    int64_t producer_id;
    int16_t producer_epoch;
    int32_t base_sequence;
    int64_t header_count; /* of every record: 0, or the tester's -1 */
    const struct frame *values;
    int value_count;
};

void put_batch(struct frame *frame, const struct batch *batch);

/* Of the batch that frame starts with. */
int32_t batch_record_count(const struct frame *frame);

/* One batch as it was read. */
struct record_read {
    size_t value_start; /* in the reader's bytes */
    size_t value_size;
};

struct batch_read {
    size_t start;
    size_t size;
    int64_t base_offset;
    int32_t leader_epoch;
    uint32_t crc;
    int32_t record_count;
    struct record_read *records;
};

/* Takes one batch, "batches[index]"; the stage fails unless it is whole, of version 2, has the CRC-32C
 * of its content, and its records have exactly the lengths that they say. */
struct batch_read read_batch(struct reader *reader, int index);

/* The bytes from..to of what is being read are exactly these. */
void expect_bytes(const struct reader *reader, const char *name, size_t from, size_t to,
                  const struct frame *expected);

#endif
