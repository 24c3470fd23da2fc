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
    bool enabled;   /* constant */
    int64_t due_ms; /* the ticking thread's */
    atomic_bool changed;
    struct mutex mutex; /* RANK_CLEANER: guards the rest */
    struct condition wake;
    struct cleaner_config config;
    int32_t config_changes;
    bool look_now; /* whatever the backoff */
    bool stopping;
    int64_t free_at_us; /* monotonic: when the I/O that was granted so far is paid for */
    int32_t running;
    struct worker workers[THREADS_MAX];
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

/* When it may go on; 0: now. */
static int64_t plan(struct cleaner *cleaner, size_t bytes) NEEDS(cleaner->mutex)
{
    bool is_throttled = cleaner->config.io_max_bytes_per_second < DBL_MAX / 2;
    return is_throttled ? reserve(cleaner, bytes) : 0;
}

static int pace(void *context, size_t bytes, bool (*go_on)(void *go_on_context), void *go_on_context)
{
    struct cleaner *cleaner = context;
    mutex_lock(&cleaner->mutex);
    int64_t start_us = plan(cleaner, bytes);
    int32_t changes = cleaner->config_changes;
    bool on = !cleaner->stopping;
    while (on && clock_monotonic_us() < start_us) {
        if (changes != cleaner->config_changes) { /* at another rate */
            changes = cleaner->config_changes;
            start_us = plan(cleaner, bytes);
            continue;
        }
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

/* ---- cleaning ---- */

static int32_t threads_of(const struct cleaner_config *config)
{
    return config->threads < THREADS_MAX ? config->threads : THREADS_MAX;
}

static struct cleaning_means means_of(struct cleaner *cleaner) NEEDS(cleaner->mutex)
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

static void end_locked(struct worker *worker) NEEDS(worker->cleaner->mutex)
{
    worker->ended = true;
    worker->cleaner->running--;
}

static void end(struct worker *worker)
{
    mutex_lock(&worker->cleaner->mutex);
    end_locked(worker);
    mutex_unlock(&worker->cleaner->mutex);
}

/* Whether the calling worker may go on, and with what; else it has ended. */
static bool goes_on(struct worker *worker, struct cleaning_means *means)
{
    mutex_lock(&worker->cleaner->mutex);
    const struct cleaner *cleaner = worker->cleaner;
    bool on = !cleaner->stopping && cleaner->running <= threads_of(&cleaner->config);
    *means = means_of(worker->cleaner);
    if (!on)
        end_locked(worker);
    mutex_unlock(&worker->cleaner->mutex);
    return on;
}

static void *work(void *context)
{
    struct worker *worker = context;
    struct cleaner *cleaner = worker->cleaner;
    struct cleaning_means means;
    struct partition *partition;
    int32_t needed;
    thread_lower_priority();
    while (goes_on(worker, &means)) {
        struct cleaning_result result;
        if ((partition = choose(cleaner, &needed)) == NULL) {
            end(worker);
            break;
        }
        if (partition_clean(partition, &means, clock_wall_ms(), &result))
            atomic_store(&cleaner->changed, true);
        partition_unref(partition);
    }
    return NULL;
}

/* ---- life ---- */

struct cleaner *cleaner_new(struct partitions *partitions, const struct cleaner_config *config)
{
    struct cleaner *cleaner = calloc(1, sizeof *cleaner);
    ensure(cleaner != NULL);
    cleaner->partitions = partitions;
    cleaner->enabled = config->enable;
    cleaner->config = *config;
    cleaner->due_ms = clock_monotonic_ms() + config->backoff_ms;
    atomic_init(&cleaner->changed, false);
    mutex_init(&cleaner->mutex, RANK_CLEANER);
    condition_init(&cleaner->wake);
    for (int32_t i = 0; i < THREADS_MAX; i++)
        cleaner->workers[i].cleaner = cleaner;
    return cleaner;
}

void cleaner_set_config(struct cleaner *cleaner, const struct cleaner_config *config)
{
    mutex_lock(&cleaner->mutex);
    if (cleaner->config.io_max_bytes_per_second != config->io_max_bytes_per_second)
        cleaner->free_at_us = 0; /* what was granted at the old rate is forgotten */
    cleaner->config = *config;
    cleaner->config_changes++;
    cleaner->look_now = true;
    condition_broadcast(&cleaner->wake);
    mutex_unlock(&cleaner->mutex);
}

void cleaner_stop(struct cleaner *cleaner)
{
    mutex_lock(&cleaner->mutex);
    cleaner->stopping = true;
    condition_broadcast(&cleaner->wake);
    mutex_unlock(&cleaner->mutex);
    for (int32_t i = 0; i < THREADS_MAX; i++)
        thread_join(&cleaner->workers[i].thread);
    condition_fini(&cleaner->wake);
    mutex_fini(&cleaner->mutex);
    free(cleaner);
}

/* A worker that does not run, counted as running from now on; NULL: as many run as may. */
static struct worker *take_worker(struct cleaner *cleaner)
{
    struct worker *found = NULL;
    mutex_lock(&cleaner->mutex);
    bool any = cleaner->running < threads_of(&cleaner->config);
    for (int32_t i = 0; i < THREADS_MAX && any && found == NULL; i++)
        if (!cleaner->workers[i].thread.started || cleaner->workers[i].ended)
            found = &cleaner->workers[i];
    cleaner->running += found != NULL;
    mutex_unlock(&cleaner->mutex);
    if (found == NULL)
        return NULL;
    thread_join(&found->thread);
    found->ended = false;
    return found;
}

static bool start_worker(struct cleaner *cleaner, struct worker *worker)
{
    if (thread_start(&worker->thread, "log-cleaner", work, worker) == 0)
        return true;
    mutex_lock(&cleaner->mutex);
    cleaner->running--;
    mutex_unlock(&cleaner->mutex);
    return false;
}

static bool is_due(struct cleaner *cleaner, int64_t now_ms)
{
    mutex_lock(&cleaner->mutex);
    bool is_due = cleaner->config.threads > 0 && (cleaner->look_now || now_ms >= cleaner->due_ms);
    if (is_due) {
        cleaner->look_now = false;
        cleaner->due_ms = now_ms + cleaner->config.backoff_ms;
    }
    mutex_unlock(&cleaner->mutex);
    return is_due;
}

void cleaner_tick(struct cleaner *cleaner, int64_t now_ms)
{
    if (!cleaner->enabled || !is_due(cleaner, now_ms))
        return;
    int32_t needed;
    struct partition *dirtiest = choose(cleaner, &needed);
    if (dirtiest != NULL)
        partition_unref(dirtiest);
    struct worker *worker;
    for (; needed > 0 && (worker = take_worker(cleaner)) != NULL; needed--)
        if (!start_worker(cleaner, worker))
            break; /* the next tick tries again */
}

bool cleaner_take_changed(struct cleaner *cleaner)
{
    return atomic_exchange(&cleaner->changed, false);
}
