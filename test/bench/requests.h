/*
 * requests: the frames that the load client sends, made by the project's own protocol library before the
 * clock starts, and what it must know of the answers. Produce v9 and Fetch v12: the newest that name topics
 * instead of ids.
 */
#ifndef TEST_BENCH_REQUESTS_H
#define TEST_BENCH_REQUESTS_H

#include "protocol/base/buf.h"
#include "test/bench/load.h"

enum { PRODUCE_VERSION = 9, FETCH_VERSION = 12 };

/* One batch of equal records, as every partition of a load gets. Owned by the caller. */
struct batch_shape {
    struct buf bytes;
    int32_t records;
};

void batch_shape_init(struct batch_shape *shape, const struct load *load);

/*
 * A Produce with load->batches copies of this batch, for the partitions from `partition` on (after the
 * last comes the first).
 */
void append_produce(struct buf *out, const struct load *load, struct slice batch, int partition);

/* False if any partition has an error (then *error says which). `frame` is an answer without its length. */
bool produce_succeeded(struct slice frame, int *error);

/*
 * A long poll of one partition, outside any session. Patch the offset at *offset_at (from the frame's
 * start) before sending.
 */
void append_fetch(struct buf *out, const struct load *load, int partition, int max_wait_ms,
                  size_t *offset_at);

/*
 * How much of an answer to read before fetch_prefix_read: up to behind the records' length, and perhaps the
 * first few bytes of them. No answer is shorter.
 */
size_t fetch_prefix_len(const char *topic);

struct fetch_prefix {
    size_t frame_len;  /* with its length */
    size_t records_at; /* from the frame's start */
    size_t records_len;
    int error; /* of the answer or its partition */
};

void fetch_prefix_read(const uint8_t *frame, const char *topic, struct fetch_prefix *prefix);

#endif
