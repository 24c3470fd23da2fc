/*
 * See latency.h. Below LATENCY_STEPS nanoseconds a bucket is one nanosecond; above, the leading bits and
 * six more pick it.
 */
#include "test/bench/latency.h"

#include <stdio.h>

enum { STEP_BITS = 6 };

static unsigned bucket_of(int64_t ns)
{
    uint64_t value = ns < 0 ? 0 : (uint64_t)ns;
    if (value < LATENCY_STEPS)
        return (unsigned)value;
    unsigned doublings = 63 - (unsigned)__builtin_clzll(value) - STEP_BITS;
    unsigned bucket = (doublings + 1) * LATENCY_STEPS + (unsigned)((value >> doublings) - LATENCY_STEPS);
    return bucket < LATENCY_BUCKETS ? bucket : LATENCY_BUCKETS - 1;
}

/* The middle of a bucket. */
static int64_t value_of(unsigned bucket)
{
    if (bucket < LATENCY_STEPS)
        return bucket;
    unsigned doublings = bucket / LATENCY_STEPS - 1;
    return ((int64_t)(bucket % LATENCY_STEPS + LATENCY_STEPS) << doublings)
           + ((INT64_C(1) << doublings) >> 1);
}

void latency_add(struct latency *latency, int64_t ns)
{
    latency->count++;
    latency->buckets[bucket_of(ns)]++;
    if (ns > latency->max_ns)
        latency->max_ns = ns;
    if (ns > LATENCY_STALL_NS)
        latency->stalls++;
}

void latency_merge(struct latency *into, const struct latency *from)
{
    into->count += from->count;
    into->stalls += from->stalls;
    if (from->max_ns > into->max_ns)
        into->max_ns = from->max_ns;
    for (unsigned i = 0; i < LATENCY_BUCKETS; i++)
        into->buckets[i] += from->buckets[i];
}

int64_t latency_at(const struct latency *latency, double share)
{
    uint64_t wanted = (uint64_t)((double)latency->count * share), seen = 0;
    for (unsigned i = 0; i < LATENCY_BUCKETS; i++) {
        seen += latency->buckets[i];
        if (seen > wanted)
            return value_of(i) < latency->max_ns ? value_of(i) : latency->max_ns;
    }
    return latency->max_ns;
}

void latency_print(const struct latency *latency)
{
    printf(" p50_us=%.1f p99_us=%.1f p999_us=%.1f max_us=%.1f stalls=%llu",
           (double)latency_at(latency, 0.5) / 1e3, (double)latency_at(latency, 0.99) / 1e3,
           (double)latency_at(latency, 0.999) / 1e3, (double)latency->max_ns / 1e3,
           (unsigned long long)latency->stalls);
}
