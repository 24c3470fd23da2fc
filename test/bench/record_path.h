/*
 * record_path: the way of one record at a time, from a producer's connection through the broker to a consumer
 * that waits in a long poll. Each record carries the time at which it was due.
 */
#ifndef TEST_BENCH_RECORD_PATH_H
#define TEST_BENCH_RECORD_PATH_H

#include "protocol/base/buf.h"
#include "test/bench/load.h"
#include "test/bench/peer.h"

/* The producer's connection is used by one thread for sending and one for answers, the consumer's by one. */
struct record_path {
    const struct load *load;
    struct buf produce, fetch;
    size_t batch_at, batch_len; /* in `produce` */
    size_t offset_at;           /* in `fetch` */
    int producer, consumer;     /* sockets */
    struct frames acks, fetched;
    int64_t offset; /* the consumer's: so many records have come */
};

/* Makes load->topic (record_path_fini deletes it, unless the load keeps it) and connects. */
void record_path_init(struct record_path *path, const struct load *load);
void record_path_fini(struct record_path *path);

void record_path_send(struct record_path *path, int64_t due_ns);
void record_path_take_ack(struct record_path *path);

/* Asks for the records from path->offset on. */
void record_path_send_fetch(struct record_path *path);

/* Waits for one answer to a Fetch, and tells of each record in it when it was due and when it has come. */
void record_path_take_records(struct record_path *path,
                              void (*take)(void *context, int64_t due_ns, int64_t time_ns), void *context);

#endif
