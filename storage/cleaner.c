/*
 * cleaner: see cleaner.h.
 *
 * 1. Threads are started and joined by the ticking thread, and joined by cleaner_stop once that has ended.
 * 2. Memory for keys and buffers is a cleaning's own and goes with it: between cleanings nothing is held.
 * 3. The mutex guards the threads' states and the throttle; nothing is done under it but waiting.
 * 4. The checkpoint file is written by the ticking thread (partitions_tick), after cleaner_take_changed: one
 * writer for each file.
 */
#include "storage/cleaner.h"

#include "protocol/base/ensure.h"
#include "storage/os/clock.h"
#include "storage/os/mutex.h"
#include "storage/os/random.h"
#include "storage/os/thread.h"
#include "storage/partition_clean.h"
#include "storage/partitions.h"

#include <errno.h>
#include <float.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { LOOK_AT_LEAST_EVERY_MS = 50, THREADS_MAX = 64 };

struct worker {
    struct cleaner *cleaner;
    struct thread thread;
    bool ended; /* guarded by the cleaner's mutex */
};

struct cleaner {
    struct partitions *partitions;
    struct cleaner_config config; /* constant */
    struct cleaning_means means;  /* constant */
    int64_t due_ms;               /* the ticking thread's */
    atomic_bool changed;
    struct mutex mutex; /* RANK_CLEANER: guards the rest */
    struct condition wake;
    bool stopping;
    int64_t free_at_us; /* monotonic: when the I/O that was granted so far is paid for */
    int32_t count;
    struct worker workers[];
};

/* ---- the throttle ---- */

/* Takes its place in the row of I/O, and says when it is its turn. */
static int64_t reserve(struct cleaner *cleaner, size_t bytes) NEEDS(cleaner->mutex)
{
    int64_t now = clock_monotonic_us();
    int64_t start = cleaner->free_at_us > now ? cleaner->free_at_us : now;
    double cost_us = (double)bytes / cleaner->config.io_max_bytes_per_second * 1e6;
    const double most_us = 1e12; /* a rate of 0 stops it for good */
    cleaner->free_at_us = start + (int64_t)(cost_us < 0 ? 0 : cost_us < most_us ? cost_us : most_us);
    return start;
}

static int pace(void *context, size_t bytes, bool (*go_on)(void *go_on_context), void *go_on_context)
{
    struct cleaner *cleaner = context;
    bool is_throttled = cleaner->config.io_max_bytes_per_second < DBL_MAX / 2;
    mutex_lock(&cleaner->mutex);
    int64_t start_us = is_throttled ? reserve(cleaner, bytes) : 0;
    bool on = !cleaner->stopping;
    while (on && clock_monotonic_us() < start_us) {
        int64_t now_ms = clock_monotonic_ms();
        int64_t until_ms = start_us / 1000 + 1;
        if (until_ms > now_ms + LOOK_AT_LEAST_EVERY_MS)
            until_ms = now_ms + LOOK_AT_LEAST_EVERY_MS;
        (void)condition_wait_until(&cleaner->wake, &cleaner->mutex, until_ms);
        mutex_unlock(&cleaner->mutex);
        on = go_on(go_on_context);
        mutex_lock(&cleaner->mutex);
        on = on && !cleaner->stopping;
    }
    mutex_unlock(&cleaner->mutex);
    return on ? 0 : -ECANCELED;
}

/* ---- choosing ---- */

/* The dirtiest of those that need it, referenced, or NULL; how many they are. */
static struct partition *choose(struct cleaner *cleaner, int32_t *needed)
{
    size_t count;
    struct partition **all = partitions_all(cleaner->partitions, &count);
    struct partition *best = NULL;
    double best_ratio = -1;
    int64_t now_ms = clock_wall_ms();
    *needed = 0;
    for (size_t i = 0; i < count; i++) {
        struct cleanable cleanable;
        bool needs = partition_needs_cleaning(all[i], now_ms, &cleanable);
        if (cleanable.was_reset)
            atomic_store(&cleaner->changed, true);
        if (!needs)
            continue;
        (*needed)++;
        if (cleanable_ratio(&cleanable) <= best_ratio)
            continue;
        best_ratio = cleanable_ratio(&cleanable);
        best = all[i];
    }
    if (best != NULL)
        partition_ref(best);
    partitions_unref_all(all, count);
    return best;
}

static bool is_stopping(struct cleaner *cleaner)
{
    mutex_lock(&cleaner->mutex);
    bool stopping = cleaner->stopping;
    mutex_unlock(&cleaner->mutex);
    return stopping;
}

static void *work(void *context)
{
    struct worker *worker = context;
    struct cleaner *cleaner = worker->cleaner;
    struct partition *partition;
    int32_t needed;
    thread_lower_priority();
    while (!is_stopping(cleaner) && (partition = choose(cleaner, &needed)) != NULL) {
        struct cleaning_result result;
        if (partition_clean(partition, &cleaner->means, clock_wall_ms(), &result))
            atomic_store(&cleaner->changed, true);
        partition_unref(partition);
    }
    mutex_lock(&cleaner->mutex);
    worker->ended = true;
    mutex_unlock(&cleaner->mutex);
    return NULL;
}

/* ---- life ---- */

static struct cleaning_means means_of(struct cleaner *cleaner)
{
    const struct cleaner_config *config = &cleaner->config;
    int32_t share = config->threads < 1 ? 1 : config->threads;
    return (struct cleaning_means){
        .map_bytes = config->dedupe_buffer_bytes / share,
        .map_load_factor = config->io_buffer_load_factor,
        .buffer_bytes = (size_t)(config->io_buffer_bytes / share / 2),
        .secret = {random_bits(), random_bits()},
        .backoff_ms = config->backoff_ms,
        .pace = pace,
        .context = cleaner,
    };
}

struct cleaner *cleaner_new(struct partitions *partitions, const struct cleaner_config *config)
{
    int32_t count = !config->enable ? 0 : config->threads < THREADS_MAX ? config->threads : THREADS_MAX;
    struct cleaner *cleaner = calloc(1, sizeof *cleaner + sizeof cleaner->workers[0] * (size_t)count);
    ensure(cleaner != NULL);
    cleaner->partitions = partitions;
    cleaner->config = *config;
    cleaner->means = means_of(cleaner);
    cleaner->due_ms = clock_monotonic_ms() + config->backoff_ms;
    cleaner->count = count;
    atomic_init(&cleaner->changed, false);
    mutex_init(&cleaner->mutex, RANK_CLEANER);
    condition_init(&cleaner->wake);
    for (int32_t i = 0; i < count; i++)
        cleaner->workers[i].cleaner = cleaner;
    return cleaner;
}

void cleaner_stop(struct cleaner *cleaner)
{
    mutex_lock(&cleaner->mutex);
    cleaner->stopping = true;
    condition_broadcast(&cleaner->wake);
    mutex_unlock(&cleaner->mutex);
    for (int32_t i = 0; i < cleaner->count; i++)
        thread_join(&cleaner->workers[i].thread);
    condition_fini(&cleaner->wake);
    mutex_fini(&cleaner->mutex);
    free(cleaner);
}

/* A worker that does not run; NULL: all do. */
static struct worker *free_worker(struct cleaner *cleaner)
{
    for (int32_t i = 0; i < cleaner->count; i++) {
        struct worker *worker = &cleaner->workers[i];
        mutex_lock(&cleaner->mutex);
        bool is_free = !worker->thread.started || worker->ended;
        mutex_unlock(&cleaner->mutex);
        if (!is_free)
            continue;
        thread_join(&worker->thread);
        worker->ended = false;
        return worker;
    }
    return NULL;
}

void cleaner_tick(struct cleaner *cleaner, int64_t now_ms)
{
    if (cleaner->count == 0 || now_ms < cleaner->due_ms)
        return;
    cleaner->due_ms = now_ms + cleaner->config.backoff_ms;
    int32_t needed;
    struct partition *dirtiest = choose(cleaner, &needed);
    if (dirtiest != NULL)
        partition_unref(dirtiest);
    struct worker *worker;
    for (; needed > 0 && (worker = free_worker(cleaner)) != NULL; needed--)
        if (thread_start(&worker->thread, "log-cleaner", work, worker) != 0)
            break; /* the next tick tries again */
}

bool cleaner_take_changed(struct cleaner *cleaner)
{
    return atomic_exchange(&cleaner->changed, false);
}
