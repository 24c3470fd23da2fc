/*
 * latency: how often something took how long: a histogram with steps of 1.6 %, and the exact maximum. One
 * thread adds; merge when it has ended.
 */
#ifndef TEST_BENCH_LATENCY_H
#define TEST_BENCH_LATENCY_H

#include <stdint.h>
#include <time.h>

enum {
    LATENCY_STEPS = 64, /* to a doubling */
    LATENCY_BUCKETS = 40 * LATENCY_STEPS,
};

struct latency {
    uint64_t count;
    int64_t max_ns;
    uint64_t stalls; /* longer than LATENCY_STALL_NS */
    uint32_t buckets[LATENCY_BUCKETS];
};

enum { LATENCY_STALL_NS = 10 * 1000 * 1000 };

void latency_add(struct latency *latency, int64_t ns);
void latency_merge(struct latency *into, const struct latency *from);

/* The latency that this share (0.99) of them does not exceed; 0 if there is none. */
int64_t latency_at(const struct latency *latency, double share);

/* " p50_us=... p99_us=... p999_us=... max_us=... stalls=..." */
void latency_print(const struct latency *latency);

static inline int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

#endif
