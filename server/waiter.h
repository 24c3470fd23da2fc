/*
 * waiter: one thread waits for any of several partitions, or a deadline. Each connection has one.
 *
 * A wake is never lost: it stays until the next waiter_wait takes it, so "arm, look, wait" is safe in any
 * order.
 */
#ifndef SERVER_WAITER_H
#define SERVER_WAITER_H

#include "storage/os/mutex.h"

struct waiter {
    struct mutex mutex; /* RANK_WAITER */
    struct condition condition;
    bool woken GUARDED_BY(mutex);
    bool stopped GUARDED_BY(mutex); /* for good: the broker stops */
};

enum waiter_result { WAITER_WOKEN, WAITER_TIMED_OUT, WAITER_STOPPED };

void waiter_init(struct waiter *waiter);
void waiter_fini(struct waiter *waiter);

/* Forgets earlier wakes. */
void waiter_arm(struct waiter *waiter);

/* Blocks until woken, stopped, or the deadline (clock_monotonic_ms). */
enum waiter_result waiter_wait(struct waiter *waiter, int64_t deadline_ms);

/* Any thread, under any lock of a lower rank. */
void waiter_wake(struct waiter *waiter);
void waiter_stop(struct waiter *waiter);

#endif
