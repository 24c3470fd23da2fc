/*
 * partition_sync: group commit. One thread syncs for all who wait; who comes meanwhile waits for the next
 * round.
 *
 * 1. At most one sync of a partition runs at a time (`syncing`).
 * 2. Before a round, under the partition's mutex, the unsynced batches that wait become the syncing ones;
 * after a good round they are on stable storage and the high watermark moves; only then are the waiters told.
 * 3. A sync that fails is never tried again: the kernel may have dropped the pages and would call the next
 * one a success. The directory goes offline, everybody gets KAFKA_STORAGE_ERROR.
 */
#include "storage/partition_private.h"

#include <string.h>

static const struct log_position nowhere = {INT64_MAX, 0, 0};

void partition_sync_has_failed(struct partition *partition, int result)
{
    partition_lock(partition);
    bool closed = partition->closed;
    partition_unlock(partition);
    if (!closed)
        data_dir_fail(partition_dir(partition), "%s-%d: a sync failed: %s", partition->topic,
                      (int)partition->index, strerror(-result));
}

int partition_sync_begin_locked(struct partition *partition, struct log_sync *sync)
{
    int result = log_sync_begin(partition->log, sync);
    if (result == 0) {
        partition->syncing_held = partition->unsynced_held;
        partition->unsynced_held = nowhere;
    }
    return result;
}

static int begin_round(struct partition *partition, struct log_sync *sync)
{
    partition_lock(partition);
    int result = partition_sync_begin_locked(partition, sync);
    partition_unlock(partition);
    return result;
}

void partition_sync_end(struct partition *partition, struct log_sync *sync, bool done)
{
    partition_lock(partition);
    log_sync_end(partition->log, sync, done);
    if (done) {
        partition->syncing_held = nowhere;
        partition_move_high_watermark_locked(partition, partition->log->end_offset);
    } else {
        partition_wake_all_locked(partition); /* they find the directory offline */
    }
    partition_unlock(partition);
}

enum round { ROUND_DONE, ROUND_REFUSED, ROUND_FAILED };

/* One sync, by the thread that leads. *end is what is on stable storage then. Refused: a file could not be
 * opened; nothing was synced, nothing is lost, and the next one may try. */
static enum round run_round(struct partition *partition, int64_t *end)
{
    struct log_sync sync;
    if (data_dir_is_offline(partition_dir(partition)))
        return ROUND_FAILED;
    if (begin_round(partition, &sync) < 0)
        return ROUND_REFUSED;
    *end = sync.end_offset;
    int result = log_sync_run(&sync);
    if (result < 0)
        partition_sync_has_failed(partition, result);
    partition_sync_end(partition, &sync, result == 0);
    return result < 0 ? ROUND_FAILED : ROUND_DONE;
}

/* Leads a round, without the mutex meanwhile. */
static enum round lead(struct partition *partition) NEEDS(partition->sync_mutex)
{
    int64_t end = 0;
    partition->syncing = true;
    mutex_unlock(&partition->sync_mutex);
    enum round round = run_round(partition, &end);
    mutex_lock(&partition->sync_mutex);
    partition->syncing = false;
    if (round == ROUND_FAILED)
        partition->sync_failed = true;
    if (end > partition->synced_offset && round == ROUND_DONE)
        partition->synced_offset = end;
    condition_broadcast(&partition->synced);
    return round;
}

void partition_sync_lead(struct partition *partition)
{
    mutex_lock(&partition->sync_mutex);
    while (partition->syncing)
        condition_wait(&partition->synced, &partition->sync_mutex);
    partition->syncing = true;
    mutex_unlock(&partition->sync_mutex);
}

void partition_sync_leave(struct partition *partition, int64_t synced_offset, bool failed)
{
    mutex_lock(&partition->sync_mutex);
    partition->syncing = false;
    partition->sync_failed |= failed;
    if (!failed && synced_offset > partition->synced_offset)
        partition->synced_offset = synced_offset;
    condition_broadcast(&partition->synced);
    mutex_unlock(&partition->sync_mutex);
}

enum kerr partition_sync_now(struct partition *partition, int64_t offset, int64_t deadline_ms)
{
    enum kerr error = KERR_NONE;
    mutex_lock(&partition->sync_mutex);
    while (error == KERR_NONE && partition->synced_offset < offset) {
        if (partition->sync_failed)
            error = KERR_KAFKA_STORAGE_ERROR;
        else if (!partition->syncing)
            error = lead(partition) == ROUND_REFUSED ? KERR_KAFKA_STORAGE_ERROR : KERR_NONE;
        else if (!condition_wait_until(&partition->synced, &partition->sync_mutex, deadline_ms)
                 && partition->syncing && partition->synced_offset < offset)
            error = KERR_REQUEST_TIMED_OUT;
    }
    mutex_unlock(&partition->sync_mutex);
    return error;
}

enum kerr partition_sync(struct partition *partition, int64_t offset, int64_t deadline_ms)
{
    if (!atomic_load(&partition->sync_acks_all)) {
        int64_t due = atomic_load(&partition->flush_due);
        if (offset > due)
            offset = due;
    }
    return partition_sync_now(partition, offset, deadline_ms);
}

/* The ticking thread's; it alone frees a log that was moved away from, so this one lives. */
void partition_flush_closed(struct partition *partition)
{
    for (;;) {
        partition_lock(partition);
        struct log *log = partition->log;
        uint32_t changes = partition->log_changes;
        struct segment *segment = log_flush_begin(log);
        partition_unlock(partition);
        if (segment == NULL)
            return;
        int result = log_flush_run(segment);
        partition_lock(partition);
        bool has_moved = partition->log_changes != changes;
        log_flush_end(log, segment, result == 0);
        partition_unlock(partition);
        if (result < 0 && !has_moved)
            partition_sync_has_failed(partition, result);
        if (result < 0 || has_moved)
            return;
    }
}
