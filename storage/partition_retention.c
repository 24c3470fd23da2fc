/*
 * partition_retention: what moves a partition's log start: retention, and DeleteRecords; what goes below it.
 *
 * 1. The log start never passes the high watermark.
 * 2. It moves first, and is on stable storage, before a segment below it leaves the log: a directory may keep
 * renames in any order, and after a power cut records would be back without those between them, a
 * transaction without its marker. One checkpoint file serves all partitions of a pass. On a disk too full for
 * it the oldest segment goes, and its directory is synced before the next one goes.
 * 3. A few segments under one hold of the lock, so that deleting a large log does not keep its writers
 * waiting. Files are unlinked without it.
 * 4. No pass keeps the ticking thread for long: checkpoints are due, and the broker may want to stop. Of
 * directories that store their log starts every partition has its turn in every pass; of full ones as many as
 * there is time for, since each of their steps is a sync.
 * 5. A fetch that waits below the new start is woken: it is answered OFFSET_OUT_OF_RANGE.
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

#define DIAG_AREA DIAG_STORAGE

/* Renaming one segment's files takes about as long as beginning a new one does. SLICE_MS: for all partitions
 * together in one tick; who comes later does one step each, the rest next time. */
enum { RETAINED_AT_ONCE = 8, DELETED_AT_ONCE = 1, UNLINKED_AT_ONCE = 8, SLICE_MS = 300 };

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

static bool is_open(struct partition *partition) NEEDS(partition->mutex)
{
    return !partition->closed && !data_dir_is_offline(partition_dir(partition));
}

/* One step of retention: over how many segments the start has moved, -EAGAIN: not known yet, or -errno. */
static int retain_some(struct partition *partition, int64_t wall_ms)
{
    partition_lock(partition);
    const struct log_retention pass = {.high_watermark = partition->high_watermark.offset,
                                       .wall_ms = wall_ms};
    int passed = is_open(partition) ? log_retain(partition->log, &pass, RETAINED_AT_ONCE) : 0;
    if (passed != 0 && passed != -EAGAIN) {
        start_has_moved(partition);
        wake_below_start(partition);
    }
    partition_unlock(partition);
    return passed;
}

/* One step of deletion: how many segments went, or -errno. */
static int delete_some(struct partition *partition, int64_t now_ms)
{
    partition_lock(partition);
    struct log *log = partition->log;
    int deleted = is_open(partition) ? log_delete_below(log, log->durable_start, DELETED_AT_ONCE, now_ms) : 0;
    if (deleted != 0)
        start_has_moved(partition);
    partition_unlock(partition);
    return deleted;
}

/* The same where nothing says the log start but the first segment's name. The path lives as long as the
 * ticking thread wants. */
static int delete_by_name(struct partition *partition, int64_t now_ms)
{
    partition_lock(partition);
    struct log *log = partition->log;
    int deleted = is_open(partition) ? log_delete_below(log, log->start_offset, 1, now_ms) : 0;
    if (deleted != 0)
        start_has_moved(partition);
    const char *path = log->path;
    uint32_t changes = partition->log_changes;
    struct file_system *fs = log->files->fs;
    partition_unlock(partition);
    int result = deleted > 0 ? file_sync_directory(fs, path) : 0;
    partition_lock(partition);
    bool has_gone = partition->closed || partition->log_changes != changes;
    partition_unlock(partition);
    return has_gone ? 0 : result < 0 ? result : deleted;
}

static bool has_time(int64_t now_ms)
{
    return clock_monotonic_ms() < now_ms + SLICE_MS;
}

static void say_failure(struct partition *partition, int result)
{
    if (file_is_refused(result))
        diag_warn("%s-%d: retention waits: %s", partition->topic, (int)partition->index, strerror(-result));
    else
        data_dir_fail(partition_dir(partition), "%s-%d: retention failed: %s", partition->topic,
                      (int)partition->index, strerror(-result));
}

bool partition_retain(struct partition *partition, int64_t now_ms, int64_t wall_ms)
{
    int passed;
    bool more;
    do {
        passed = retain_some(partition, wall_ms);
        more = passed > 0 || passed == -EAGAIN;
        if (more)
            thread_give_way();
    } while (more && has_time(now_ms));
    if (passed < 0 && !more)
        say_failure(partition, passed);
    return more;
}

bool partition_delete_below_start(struct partition *partition, bool is_stored, int64_t now_ms)
{
    int (*step)(struct partition * partition, int64_t now_ms) = is_stored ? delete_some : delete_by_name;
    int deleted;
    if (!is_stored && !has_time(now_ms))
        return true;
    while ((deleted = step(partition, now_ms)) > 0 && has_time(now_ms))
        thread_give_way();
    if (deleted < 0)
        say_failure(partition, deleted);
    return deleted > 0;
}

void partition_note_stored_start(struct partition *partition, const struct data_dir *dir, int64_t offset)
{
    partition_lock(partition);
    struct log *log = partition->log;
    if (partition_dir(partition) == dir && offset > log->durable_start && offset <= log->start_offset)
        log->durable_start = offset;
    partition_unlock(partition);
}

bool partition_start_is_stored(struct partition *partition, int64_t offset)
{
    partition_lock(partition);
    bool is_stored = partition->log->durable_start >= offset || log_is_named_from(partition->log, offset);
    partition_unlock(partition);
    return is_stored;
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
