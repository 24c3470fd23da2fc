/*
 * measure: one window of time over the threads of a load: warm-up, then what counts. The threads add to
 * their own counters and look at the phase; the main thread samples those and the broker's CPU clock at
 * both ends of the window.
 */
#ifndef TEST_BENCH_MEASURE_H
#define TEST_BENCH_MEASURE_H

#include "test/bench/latency.h"
#include "test/bench/load.h"

#include <pthread.h>
#include <stdatomic.h>

enum phase {
    PHASE_WARM_UP,
    PHASE_COUNTED,
    PHASE_OVER, /* send nothing more, take the answers that are due, and end */
};

struct measure;

/* One thread. `latency` is of the counted phase. */
struct worker {
    _Alignas(64) _Atomic uint64_t requests; /* answered so far */
    _Atomic uint64_t bytes;                 /* of batches, in them */
    struct measure *measure;
    int index;
    int fd;
    pthread_t thread;
    struct latency latency;
};

struct measure {
    const struct load *load;
    void *frames; /* the scenario's; constant */
    struct worker *workers;
    int worker_count;
    _Atomic int phase;
    _Atomic int running; /* threads */
    struct latency latency;
    double seconds;  /* of the window */
    double cpu_s;    /* the broker's, in it */
    double others_s; /* CPU of all but the broker and this process: how quiet the machine was */
    uint64_t requests, bytes;
};

/* What had been used when a window began. */
struct cpu_mark {
    int64_t broker_ns, own_ns, machine_ns;
};

struct cpu_mark cpu_mark(const struct load *load);

/* Sets cpu_s and others_s. */
void measure_cpu_since(struct measure *measure, const struct load *load, const struct cpu_mark *mark);

static inline enum phase measure_phase(struct measure *measure)
{
    return (enum phase)atomic_load_explicit(&measure->phase, memory_order_relaxed);
}

static inline void worker_count(struct worker *worker, uint64_t requests, uint64_t bytes)
{
    atomic_fetch_add_explicit(&worker->requests, requests, memory_order_relaxed);
    atomic_fetch_add_explicit(&worker->bytes, bytes, memory_order_relaxed);
}

/*
 * Connects load->connections workers, runs `work` (its argument: the struct worker) in a thread each, and
 * measures. Returns when all have ended.
 */
void measure_run(struct measure *measure, const struct load *load, void *frames, void *(*work)(void *));
void measure_fini(struct measure *measure);

/* One line of key=value for the scenario's result. */
void measure_print(const struct measure *measure);

#endif
