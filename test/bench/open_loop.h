/*
 * open_loop: a record is due every 1/rate seconds and carries that time; its latency counts from there,
 * whether or not the client or the broker was late, so that no stall hides the records that it held up. Three
 * threads: the sender, one that takes the producer's answers, and the consumer.
 */
#ifndef TEST_BENCH_OPEN_LOOP_H
#define TEST_BENCH_OPEN_LOOP_H

#include "test/bench/latency.h"
#include "test/bench/record_path.h"

#include <pthread.h>
#include <stdatomic.h>

enum { OPEN_LOOP_WINDOWS = 2 };

/* The records that were due in a time. The times are set by the main thread; the latency is the consumer's
 * until the loop has ended. */
struct due_window {
    _Atomic int64_t from_ns, to_ns;
    struct latency latency;
};

struct open_loop {
    struct record_path path;
    struct due_window windows[OPEN_LOOP_WINDOWS];
    int64_t start_ns;       /* when the first record is due */
    _Atomic bool stopping;  /* the next record is the last */
    _Atomic uint64_t total; /* records, once the last is known */
    pthread_t threads[3];
};

/* Makes load->topic and starts, at load->rate. */
struct open_loop *open_loop_start(const struct load *load);

/* The records that are due between these two calls are counted. */
void open_loop_open_window(struct due_window *window);
void open_loop_close_window(struct due_window *window);

/* Waits until the last record has come; the windows may be read then. */
void open_loop_end(struct open_loop *loop);
void open_loop_free(struct open_loop *loop);

#endif
