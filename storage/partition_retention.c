/*
 * partition_retention: what moves a partition's log start: retention, and DeleteRecords.
 *
 * 1. The log start never passes the high watermark.
 * 2. A segment leaves the log, and the log start moves, under one hold of the lock; one segment each time, so
 * that deleting a large log does not keep its writers waiting. Files are unlinked without it.
 * 3. No pass keeps the ticking thread for long: checkpoints are due, and the broker may want to stop.
 * 4. A fetch that waits below the new start is woken: it is answered OFFSET_OUT_OF_RANGE.
 *
 * Called by partitions' ticking thread, and by request handlers.
 */
#include "storage/log_retention.h"
#include "storage/os/clock.h"
#include "storage/os/diag.h"
#include "storage/os/thread.h"
#include "storage/partition_private.h"

#include <errno.h>
#include <string.h>

/* Renaming one segment's files takes about as long as beginning a new one does. SLICE_MS: for all partitions
 * together in one tick; who comes later does one step each, the rest next time. */
enum { DELETED_AT_ONCE = 1, UNLINKED_AT_ONCE = 8, SLICE_MS = 300 };

/* Positions that are kept in memory may lie in a segment that is gone. */
static void start_has_moved(struct partition *partition) NEEDS(partition->mutex)
{
    partition->stable.offset = INT64_MAX;
    partition_move_high_watermark_locked(partition, partition->log->end_offset);
}

static void wake_below_start(struct partition *partition) NEEDS(partition->mutex)
{
    struct list_node *lists[] = {&partition->watches, &partition->replica_watches};
    for (int i = 0; i < 2; i++)
        list_for_each(node, lists[i]) {
            struct partition_watch *watch = list_entry(node, struct partition_watch, node);
            if (watch->fetch_offset < partition->log->start_offset)
                watch->wake(watch);
        }
}

/* One step of retention: how many segments went, or -errno. */
static int retain_some(struct partition *partition, const struct log_retention *given)
{
    struct log_retention pass = *given;
    partition_lock(partition);
    pass.high_watermark = partition->high_watermark.offset;
    bool open = !partition->closed && !data_dir_is_offline(partition_dir(partition));
    int deleted = open ? log_retain(partition->log, &pass, DELETED_AT_ONCE) : 0;
    if (deleted != 0) {
        start_has_moved(partition);
        wake_below_start(partition);
    }
    partition_unlock(partition);
    return deleted;
}

static bool has_time(int64_t now_ms)
{
    return clock_monotonic_ms() < now_ms + SLICE_MS;
}

bool partition_retain(struct partition *partition, int64_t now_ms, int64_t wall_ms)
{
    const struct log_retention pass = {.now_ms = now_ms, .wall_ms = wall_ms};
    int deleted;
    while ((deleted = retain_some(partition, &pass)) > 0 && has_time(now_ms))
        thread_give_way();
    if (file_is_full(deleted) || deleted == -EMFILE || deleted == -ENFILE)
        diag_warn("%s-%d: retention waits: %s", partition->topic, (int)partition->index, strerror(-deleted));
    else if (deleted < 0)
        data_dir_fail(partition_dir(partition), "%s-%d: retention failed: %s", partition->topic,
                      (int)partition->index, strerror(-deleted));
    return deleted > 0;
}

void partition_unlink_deleted(struct partition *partition, int64_t now_ms)
{
    struct segment *taken[UNLINKED_AT_ONCE];
    int32_t count;
    do {
        partition_lock(partition);
        count = partition->closed ? 0 : log_take_deleted(partition->log, now_ms, taken, UNLINKED_AT_ONCE);
        partition_unlock(partition);
        for (int32_t i = 0; i < count; i++)
            log_unlink_deleted(taken[i]);
    } while (count == UNLINKED_AT_ONCE && has_time(now_ms));
}

/* Why records may not be deleted, in Kafka's order; the offset is known then. */
static enum kerr check(struct partition *partition, int64_t *offset) NEEDS(partition->mutex)
{
    const struct log_config *config = &partition->log->config;
    enum kerr error = partition_check_locked(partition, -1, true);
    if (error != KERR_NONE)
        return error;
    if (config->cleanup_compact && !config->cleanup_delete)
        return KERR_POLICY_VIOLATION;
    if (*offset == DELETE_ALL_RECORDS)
        *offset = partition->high_watermark.offset;
    return *offset < 0 || *offset > partition->high_watermark.offset ? KERR_OFFSET_OUT_OF_RANGE : KERR_NONE;
}

enum kerr partition_delete_records(struct partition *partition, int64_t offset, int64_t *log_start_offset)
{
    *log_start_offset = -1;
    partition_lock(partition);
    enum kerr error = check(partition, &offset);
    if (error == KERR_NONE) {
        struct log *log = partition->log;
        if (offset > log->start_offset) {
            (void)log_advance_start(log, offset); /* the epochs are stored with the next change if not now */
            start_has_moved(partition);
            wake_below_start(partition);
        }
        *log_start_offset = log->start_offset;
    }
    partition_unlock(partition);
    return error;
}
