/*
 * log_cut: what takes segments off a log: truncation at its end, deletion below its start, beginning anew.
 *
 * 1. A segment's files are renamed while the owner's lock is held, and unlinked later without it.
 * 2. The producer snapshot of a segment goes with it, in the same two steps.
 * 3. After a cut, positions that readers remember, epochs, producers and recovery points fit what is left.
 *
 * Called by partition and metadata/cluster_log under their locks, as log.c is.
 */
#include "protocol/base/ensure.h"
#include "storage/data_file.h"
#include "storage/log_private.h"
#include "storage/log_read.h"

#include <stdlib.h>
#include <string.h>

/* The producer snapshot goes with its segment, in the same two steps. A failure only leaves a file that
 * the next start removes. */
static void rename_snapshot(struct log *log, int64_t base_offset)
{
    char from[FILE_PATH_MAX];
    char to[FILE_PATH_MAX];
    log_snapshot_path(log, base_offset, from);
    file_path(to, "%.4000s.deleted", from);
    (void)file_rename(log_fs(log), from, to);
}

void log_bury(struct log *log, struct segment *segment, int64_t due_ms)
{
    log->deleted = realloc(log->deleted, sizeof *log->deleted * ((size_t)log->deleted_count + 1));
    ensure(log->deleted != NULL);
    log->deleted[log->deleted_count++] = (struct deleted_segment){segment, due_ms};
}

static int delete_segment(struct log *log, int32_t at, int64_t due_ms)
{
    struct segment *segment = log->segments[at];
    int result = segment_rename_deleted(segment);
    if (result < 0)
        return result;
    if (at > 0 || segment->base_offset < log->start_offset)
        rename_snapshot(log, segment->base_offset);
    memmove(log->segments + at, log->segments + at + 1,
            sizeof(struct segment *) * (size_t)(log->count - at - 1));
    log->count--;
    log->directory_changed = true;
    log_bury(log, segment, due_ms);
    return 0;
}

int32_t log_take_deleted(struct log *log, int64_t now_ms, struct segment **taken, int32_t capacity)
{
    int32_t kept = 0;
    int32_t count = 0;
    for (int32_t i = 0; i < log->deleted_count; i++)
        if (count < capacity && log->deleted[i].due_ms <= now_ms)
            taken[count++] = log->deleted[i].segment;
        else
            log->deleted[kept++] = log->deleted[i];
    log->deleted_count = kept;
    if (kept == 0) {
        free(log->deleted);
        log->deleted = NULL;
    }
    return count;
}

void log_unlink_deleted(struct segment *segment)
{
    char path[FILE_PATH_MAX];
    segment_unlink_deleted(segment);
    segment_path(segment, ".snapshot.deleted", path);
    (void)file_unlink(segment_fs(segment), path);
    segment_drop(segment);
}

/* Removes producer snapshots above `offset`: file_list's callback. */
struct snapshot_removal {
    struct log *log;
    int64_t above;
};

static void remove_snapshot(void *context, const char *name)
{
    struct snapshot_removal *removal = context;
    struct data_file_name parsed;
    data_file_parse(name, &parsed);
    if (parsed.kind == DATA_FILE_PRODUCER_SNAPSHOT && parsed.suffix == DATA_FILE_PLAIN
        && parsed.base > removal->above) {
        char path[FILE_PATH_MAX];
        log_snapshot_path(removal->log, parsed.base, path);
        (void)file_unlink(log_fs(removal->log), path);
    }
}

static int state_after_cut(struct log *log)
{
    log_forget_hints(log);
    log->cuts++;
    log->closed_offset = -1;
    if (log->durable_start > log->start_offset)
        log->durable_start = log->start_offset;
    epochs_truncate_end(&log->epochs, log->end_offset);
    struct snapshot_removal removal = {log, log->end_offset};
    int result = file_list(log_fs(log), log->path, remove_snapshot, &removal);
    if (log->synced_offset > log->end_offset)
        log->synced_offset = log->end_offset;
    if (log->recovery_point > log->end_offset)
        log->recovery_point = log->end_offset;
    if (result == 0)
        result = log_reload_producers(log);
    int stored = log_store_epochs(log);
    return result < 0 ? result : stored;
}

int log_truncate(struct log *log, int64_t offset)
{
    if (offset >= log->end_offset)
        return 0;
    if (offset <= log->segments[0]->base_offset)
        return log_restart_at(log, offset);
    int result = 0;
    while (result == 0 && log_active(log)->base_offset > offset)
        result = delete_segment(log, log->count - 1, 0);
    struct log_position cut;
    if (result == 0)
        result = log_find_position(log, offset, &cut);
    if (result == 0)
        result = segment_truncate(log_active(log), cut.position, offset);
    if (result < 0)
        return result;
    log->end_offset = offset;
    if (log->start_offset > offset)
        log->start_offset = offset;
    return state_after_cut(log);
}

/* What was deleted must not meet the files that come now. */
static void unlink_all_deleted(struct log *log)
{
    for (int32_t i = 0; i < log->deleted_count; i++)
        log_unlink_deleted(log->deleted[i].segment);
    log->deleted_count = 0;
}

int log_restart_at(struct log *log, int64_t offset)
{
    int result = 0;
    while (log->count > 0 && result == 0)
        result = delete_segment(log, log->count - 1, 0);
    unlink_all_deleted(log);
    if (result == 0)
        result = log_new_segment(log, offset);
    if (result < 0)
        return result;
    log->start_offset = log->end_offset = offset;
    return state_after_cut(log);
}

int log_advance_start(struct log *log, int64_t offset)
{
    ensure(offset <= log->end_offset);
    if (offset > log->start_offset)
        log->start_offset = offset;
    epochs_truncate_start(&log->epochs, log->start_offset);
    int result = log_store_epochs(log);
    return file_is_full(result) ? 0
                                : result; /* tried again with the next change, and found again without it */
}

bool log_is_named_from(const struct log *log, int64_t offset)
{
    return offset <= log->segments[0]->base_offset && !log->directory_changed && log->directory_syncs == 0;
}

int log_delete_below(struct log *log, int64_t offset, int32_t max, int64_t now_ms)
{
    ensure(offset <= log->start_offset);
    int64_t due_ms = now_ms + log->config.file_delete_delay_ms;
    int32_t count = 0;
    int result = 0;
    while (count < max && log->count > 1 && log->segments[1]->base_offset <= offset
           && (result = delete_segment(log, 0, due_ms)) == 0)
        count++;
    int64_t base = log->segments[0]->base_offset;
    if (log->recovery_point < base)
        log->recovery_point = base; /* what is not there needs no recovery */
    if (log->synced_offset < base)
        log->synced_offset = base;
    return result < 0 ? result : count;
}
