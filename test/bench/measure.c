/*
 * See measure.h.
 *
 * Invariants:
 * 1. The phase only grows. A worker's latency is read after its thread was joined.
 */
#include "test/bench/measure.h"

#include "test/bench/die.h"
#include "test/bench/peer.h"
#include "test/bench/process.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { STACK_SIZE = 256 * 1024, LOOK_US = 2000, FIRST_PASS_MAX_S = 10 };

static const uint64_t no_limit = UINT64_MAX;

static void sum(struct measure *measure, uint64_t *requests, uint64_t *bytes)
{
    *requests = *bytes = 0;
    for (int i = 0; i < measure->worker_count; i++) {
        *requests += atomic_load_explicit(&measure->workers[i].requests, memory_order_relaxed);
        *bytes += atomic_load_explicit(&measure->workers[i].bytes, memory_order_relaxed);
    }
}

static void start_workers(struct measure *measure, void *(*work)(void *))
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    for (int i = 0; i < measure->worker_count; i++) {
        measure->workers[i].measure = measure;
        measure->workers[i].index = i;
        measure->workers[i].fd = peer_connect(measure->load->port);
    }
    for (int i = 0; i < measure->worker_count; i++)
        if (pthread_create(&measure->workers[i].thread, &attributes, work, &measure->workers[i]) != 0)
            die("cannot start a thread");
    pthread_attr_destroy(&attributes);
}

static void end_workers(struct measure *measure)
{
    atomic_store(&measure->phase, PHASE_OVER);
    for (int i = 0; i < measure->worker_count; i++) {
        pthread_join(measure->workers[i].thread, NULL);
        latency_merge(&measure->latency, &measure->workers[i].latency);
        close(measure->workers[i].fd);
    }
}

struct cpu_mark cpu_mark(const struct load *load)
{
    return (struct cpu_mark){process_cpu_ns(load->pid), own_cpu_ns(), machine_cpu_ns()};
}

void measure_cpu_since(struct measure *measure, const struct load *load, const struct cpu_mark *mark)
{
    struct cpu_mark now = cpu_mark(load);
    int64_t ours_ns = now.broker_ns - mark->broker_ns + now.own_ns - mark->own_ns;
    int64_t others_ns = now.machine_ns - mark->machine_ns - ours_ns;
    measure->cpu_s = (double)(now.broker_ns - mark->broker_ns) / 1e9;
    measure->others_s = others_ns < 0 ? 0 : (double)others_ns / 1e9;
}

/* Until the time is over, so many bytes or requests are answered in all, or no thread runs any more. */
static void wait_for(struct measure *measure, double seconds, uint64_t max_bytes, uint64_t max_requests)
{
    int64_t end_ns = now_ns() + (int64_t)(seconds * 1e9);
    uint64_t requests = 0, bytes = 0;
    while (atomic_load(&measure->running) > 0 && now_ns() < end_ns && (max_bytes == 0 || bytes < max_bytes)
           && requests < max_requests) {
        int64_t left_us = (end_ns - now_ns()) / 1000;
        usleep(left_us > LOOK_US ? LOOK_US : (useconds_t)(left_us > 0 ? left_us : 1));
        sum(measure, &requests, &bytes);
    }
}

static void count_window(struct measure *measure)
{
    const struct load *load = measure->load;
    uint64_t requests, bytes;
    sum(measure, &requests, &bytes);
    struct cpu_mark mark = cpu_mark(load);
    int64_t from_ns = now_ns();
    atomic_store(&measure->phase, PHASE_COUNTED);
    wait_for(measure, load->seconds, load->max_bytes > 0 ? bytes + load->max_bytes : 0, no_limit);
    sum(measure, &measure->requests, &measure->bytes);
    measure->seconds = (double)(now_ns() - from_ns) / 1e9;
    measure_cpu_since(measure, load, &mark);
    measure->requests -= requests;
    measure->bytes -= bytes;
}

void measure_run(struct measure *measure, const struct load *load, void *frames, void *(*work)(void *))
{
    size_t size = sizeof *measure->workers * (size_t)load->connections;
    *measure = (struct measure){.load = load, .frames = frames, .worker_count = load->connections};
    measure->workers = aligned_alloc(_Alignof(struct worker), size);
    if (measure->workers == NULL)
        die("aligned_alloc:");
    memset(measure->workers, 0, size);
    atomic_store(&measure->running, load->connections);
    start_workers(measure, work);
    if (load->warmup_s
        > 0) { /* at least until each partition was used twice: files are opened at the first time */
        wait_for(measure, FIRST_PASS_MAX_S, 0, (uint64_t)(2 * load->partitions / load->batches));
        wait_for(measure, load->warmup_s, load->max_bytes / 4, no_limit);
    }
    count_window(measure);
    end_workers(measure);
}

void measure_fini(struct measure *measure)
{
    free(measure->workers);
}

void measure_print(const struct measure *measure)
{
    double gb = (double)measure->bytes / 1e9, requests = (double)measure->requests;
    printf("mb_s=%.1f req_s=%.0f cpu_s_gb=%.4f cpu_us_req=%.3f core=%.2f others=%.2f",
           gb * 1e3 / measure->seconds, requests / measure->seconds, gb > 0 ? measure->cpu_s / gb : 0,
           requests > 0 ? measure->cpu_s * 1e6 / requests : 0, 100 * measure->cpu_s / measure->seconds,
           measure->others_s / measure->seconds);
    latency_print(&measure->latency);
    printf("\n");
}
