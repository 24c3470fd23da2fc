/*
 * log: see log.h.
 *
 * 1. There is always an active segment. base of the first <= start_offset <= end_offset; synced_offset <=
 * end_offset.
 * 2. Offsets only grow: a batch's first offset is at or above the end (gaps are legal).
 * 3. Appending never waits for a sync; what a sync still has to cover is [synced_offset, end_offset) and, if
 *    directory_changed, the names.
 * 4. Index files and producer snapshots of a closed segment reach stable storage before recovery_point passes
 * it.
 * 5. A stage is written whole or not at all: on failure end_offset, the producers and the file are as before.
 *
 * Called by partition and metadata/cluster_log under their locks.
 */
#include "storage/log.h"

#include "protocol/base/ensure.h"
#include "storage/log_private.h"
#include "storage/os/clock.h"
#include "storage/os/diag.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define DIAG_AREA DIAG_STORAGE

void log_snapshot_path(const struct log *log, int64_t offset, char path[FILE_PATH_MAX])
{
    file_path(path, "%s/%020" PRId64 ".snapshot", log->path, offset);
}

/* ---- segments ---- */

void log_add_segment(struct log *log, struct segment *segment)
{
    if (log->count == log->capacity) {
        log->capacity = log->capacity == 0 ? 1 : log->capacity * 2;
        log->segments = realloc(log->segments, sizeof(struct segment *) * (size_t)log->capacity);
        ensure(log->segments != NULL);
    }
    ensure(log->count == 0 || log_active(log)->base_offset < segment->base_offset);
    segment->index_bytes = log->config.segment_index_bytes;
    log->segments[log->count++] = segment;
}

/* 0 .. min(segment.jitter.ms, segment.ms): any spread will do, so the clock's low bits are random enough. */
static int64_t draw_jitter(const struct log_config *config)
{
    int64_t max =
        config->segment_jitter_ms < config->segment_ms ? config->segment_jitter_ms : config->segment_ms;
    return max <= 0 ? 0
                    : (int64_t)(((uint64_t)clock_monotonic_us() * 0x9e3779b97f4a7c15U >> 16) % (uint64_t)max);
}

int log_new_segment(struct log *log, int64_t base_offset)
{
    struct segment *segment = segment_new(log->files, log->path, base_offset);
    segment->jitter_ms = draw_jitter(&log->config);
    if (log->is_unmade)
        segment_has_begun(segment);
    int result = log->is_unmade ? 0 : segment_create(segment, log->is_untouched);
    if (result < 0) {
        segment_drop(segment);
        return result;
    }
    log_add_segment(log, segment);
    log->directory_changed = true;
    return 0;
}

int32_t log_find_segment(const struct log *log, int64_t offset)
{
    int32_t low = 0;
    int32_t high = log->count;
    while (high - low > 1) {
        int32_t middle = low + (high - low) / 2;
        if (log->segments[middle]->base_offset <= offset)
            low = middle;
        else
            high = middle;
    }
    return low;
}

void log_forget_hints(struct log *log)
{
    for (int i = 0; i < LOG_RECENT; i++)
        log->recent[i].offset = -1;
    if (log->page != NULL)
        log->page->segment = -1;
}

static int sync_topic_id(struct file_system *fs, const char *directory)
{
    char path[FILE_PATH_MAX];
    file_path(path, "%s/partition.metadata", directory);
    return file_sync_path(fs, path);
}

/* The topic id above all is on stable storage before a new directory's first acknowledged record; the epochs
 * of a closed segment before nobody reads its batches for them any more. */
static int sync_small_files(struct file_system *fs, const char *directory)
{
    char path[FILE_PATH_MAX];
    int result = sync_topic_id(fs, directory);
    if (result < 0)
        return result;
    file_path(path, "%s/leader-epoch-checkpoint", directory);
    return file_sync_path(fs, path);
}

/* Once the records below it are deleted, nothing else says what it says. */
static int sync_snapshot(struct file_system *fs, const char *directory, int64_t offset)
{
    char path[FILE_PATH_MAX];
    file_path(path, "%s/%020" PRId64 ".snapshot", directory, offset);
    return file_sync_path(fs, path);
}

int log_sync_closed(struct file_system *fs, const char *directory, int64_t end_offset)
{
    int result = sync_snapshot(fs, directory, end_offset);
    return result < 0 ? result : sync_small_files(fs, directory);
}

/* A sync that fails for want of space has dropped pages like any other: no full disk that may be waited for.
 *  */
static int sync_result(int result)
{
    return file_is_full(result) ? -EIO : result;
}

/* Of a log that nothing was ever written to: its segment's files have no bytes that could be missing, only
 * names, and epochs without records say nothing. Thousands of new partitions stop in a third of the time. */
static int sync_untouched(struct log *log)
{
    int result = sync_topic_id(log_fs(log), log->path);
    if (result == 0)
        result = file_sync_directory(log_fs(log), log->path);
    return sync_result(result);
}

/* Everything that the clean-shutdown marker will vouch for. */
int log_sync_everything(struct log *log)
{
    if (log->is_untouched)
        return sync_untouched(log);
    int result = 0;
    for (int32_t i = 0; i < log->count && result == 0; i++)
        if (!log->segments[i]->durable) {
            result = segment_finish(log->segments[i]);
            result = result < 0 ? result : sync_result(segment_sync_all(log->segments[i]));
            if (result == 0 && i + 1 < log->count)
                result =
                    sync_result(sync_snapshot(log_fs(log), log->path, log->segments[i + 1]->base_offset));
        }
    if (result == 0)
        result = sync_result(sync_snapshot(log_fs(log), log->path, log->end_offset));
    if (result == 0 && (log->directory_changed || log->parent_changed || log->epochs_unsynced))
        result = sync_result(sync_small_files(log_fs(log), log->path));
    return result < 0 ? result : sync_result(file_sync_directory(log_fs(log), log->path));
}

int log_close_cleanly(struct log *log)
{
    int result = log_store_epochs(log);
    /* Without a snapshot a clean start takes it that there are no producers (load_producers). */
    bool has_snapshot =
        producers_count(&log->producers) == 0 || log->producers.snapshot_offset == log->end_offset;
    bool unchanged = log->closed_offset == log->end_offset && has_snapshot && !log->directory_changed
                     && !log->epochs_unsynced;
    if (result < 0 || unchanged)
        return result;
    if (!log->is_untouched)
        result = segment_finish(log_active(log));
    char path[FILE_PATH_MAX];
    log_snapshot_path(log, log->end_offset, path);
    bool has_state = log->end_offset > log->start_offset || producers_count(&log->producers) > 0;
    if (result == 0 && has_state)
        result = producers_write_snapshot(&log->producers, log_fs(log), path, log->end_offset);
    if (result == 0)
        result = log_sync_everything(log);
    if (result == 0) {
        log->synced_offset = log->recovery_point = log->closed_offset = log->end_offset;
        log->epochs_unsynced = false;
    }
    return result;
}

void log_free(struct log *log)
{
    for (int32_t i = 0; i < log->count; i++)
        segment_drop(log->segments[i]);
    for (int32_t i = 0; i < log->deleted_count; i++)
        segment_drop(log->deleted[i].segment);
    free(log->segments);
    free(log->deleted);
    free(log->page);
    producers_fini(&log->producers);
    epochs_fini(&log->epochs);
    free(log->path);
    free(log->former_path);
    free(log);
}

void log_succeed(struct log *log, struct log *from)
{
    ensure(log->end_offset == from->end_offset);
    producers_take(&log->producers, &from->producers);
    log->producers.snapshot_offset = -1; /* that one is in the other directory */
    epochs_take(&log->epochs, &from->epochs);
    log->epochs.changed = true;
    log->config = from->config;
    log->start_offset = from->start_offset;
    log->closed_offset = -1;
    log->renames = from->renames + 1; /* who reads the other one's files by name is overtaken */
    (void)log_store_epochs(log);      /* else with the next change; the batches say it too */
}

void log_moved(struct log *log, const char *path)
{
    ensure(log->former_path == NULL);
    log->former_path = log->path;
    log->renames++;
    log->path = strdup(path);
    ensure(log->path != NULL);
    for (int32_t i = 0; i < log->count; i++)
        segment_moved(log->segments[i], path);
    for (int32_t i = 0; i < log->deleted_count; i++)
        segment_moved(log->deleted[i].segment, path);
}

int log_store_epochs(struct log *log)
{
    if (!log->epochs.changed || log->is_unmade)
        return 0;
    log->directory_changed = log->epochs_unsynced = true;
    return epochs_store(&log->epochs, log_fs(log), log->path);
}

int log_make(struct log *log)
{
    int result = segment_create(log_active(log), true);
    if (result < 0)
        return result;
    log->is_unmade = false;
    result = log_store_epochs(log);
    if (result == 0 || file_is_full(result)) /* then it is tried again with the next change */
        return 0;
    log->is_unmade = true;
    return result;
}

/* ---- appending ---- */

bool log_must_roll(struct log *log, size_t staged, size_t len, const struct batch_header *header,
                   int64_t now_ms)
{
    struct segment *active = log_active(log);
    const struct log_config *config = &log->config;
    int64_t size = active->size + (int64_t)staged;
    if (size == 0)
        return batch_last_offset(header) - active->base_offset > INT32_MAX;
    int64_t max_bytes = config->segment_bytes < INT32_MAX ? config->segment_bytes : INT32_MAX;
    if (size > max_bytes - (int64_t)len || batch_last_offset(header) - active->base_offset > INT32_MAX
        || segment_index_is_full(active))
        return true;
    if (config->segment_ms == INT64_MAX || active->size == 0)
        return false;
    int64_t first = segment_first_timestamp(active);
    int64_t waited = first >= 0 ? header->max_timestamp - first : now_ms - active->created_ms;
    return waited > config->segment_ms - active->jitter_ms;
}

int log_roll(struct log *log, int64_t base_offset, int64_t now_ms)
{
    (void)now_ms;
    struct segment *old = log_active(log);
    ensure(base_offset >= log->end_offset && base_offset > old->base_offset);
    int result = segment_finish(old);
    if (result == 0)
        result = log_new_segment(log, base_offset);
    if (result < 0)
        return result;
    diag_debug("%s: a new segment begins at %" PRId64, log->path, base_offset);
    char path[FILE_PATH_MAX];
    log_snapshot_path(log, base_offset, path);
    result = producers_write_snapshot(&log->producers, log_fs(log), path, base_offset);
    if (result < 0) /* a snapshot only saves time at the next start */
        diag_warn("%s: %s", path, strerror(-result));
    return 0;
}

void log_stage_init(struct log_stage *stage, struct log *log)
{
    stage->log = log;
    stage->count = 0;
    stage->bytes = 0;
    stage->end_offset = log->end_offset;
    stage->has_ended = false;
}

void log_stage_add(struct log_stage *stage, uint8_t *bytes, size_t len, const struct batch_header *header,
                   const struct marker *marker, int64_t now_ms)
{
    ensure(stage->count < LOG_STAGE_MAX && !stage->has_ended);
    ensure(header->base_offset >= stage->end_offset && batch_size(header) == (int64_t)len);
    struct producers *producers = &stage->log->producers;
    if (stage->count == 0)
        producers_begin(producers);
    if (marker != NULL)
        stage->has_ended = producers_end_transaction(producers, header, marker, now_ms, &stage->ended);
    else
        producers_update(producers, header, now_ms);
    stage->parts[stage->count] = (struct iovec){bytes, len};
    stage->headers[stage->count++] = header;
    stage->bytes += len;
    stage->end_offset = batch_next_offset(header);
}

int log_note_aborted(struct segment *segment, const struct ended_transaction *ended)
{
    char path[FILE_PATH_MAX];
    segment_path(segment, ".txnindex", path);
    const struct aborted_entry entry = {
        .producer_id = ended->producer_id,
        .first_offset = ended->first_offset,
        .last_offset = ended->last_offset,
        .last_stable_offset = ended->last_stable_offset,
    };
    segment->has_txn_index = true;
    return txn_index_append(segment_fs(segment), path, &entry);
}

static void remember(struct log *log, int64_t offset, int64_t position)
{
    log->recent[log->recent_next++ % LOG_RECENT] =
        (struct log_position){offset, log_active(log)->base_offset, position};
}

int log_stage_write(struct log_stage *stage)
{
    struct log *log = stage->log;
    if (stage->count == 0)
        return 0;
    struct segment *active = log_active(log);
    int64_t position = active->size;
    log->is_untouched = false;
    if (active->size == 0 && log->count == 1) /* a stop before the first record left them (sync_untouched) */
        log->epochs_unsynced = true;
    int result = segment_load_indexes(active);
    if (result == 0)
        result = segment_append(active, stage->parts, stage->count, stage->bytes);
    if (result == 0 && stage->has_ended && stage->ended.aborted) {
        result = log_note_aborted(active, &stage->ended);
        if (result < 0) /* without its entry readers would believe the aborted records */
            (void)segment_truncate(active, position, stage->headers[0]->base_offset);
    }
    if (result < 0) {
        producers_rollback(&log->producers);
        log_stage_init(stage, log);
        return result;
    }
    producers_commit(&log->producers);
    for (int i = 0; i < stage->count; i++) {
        const struct batch_header *header = stage->headers[i];
        segment_index_batch(active, header, position, log->config.index_interval_bytes);
        remember(log, header->base_offset, position);
        if (header->partition_leader_epoch >= epochs_latest(&log->epochs))
            epochs_assign(&log->epochs, header->partition_leader_epoch, header->base_offset);
        position += batch_size(header);
    }
    log->end_offset = stage->end_offset;
    log_stage_init(stage, log);
    (void)log_store_epochs(log); /* the batches say it too; what failed is tried again */
    return 0;
}

static int append_one(struct log_stage *stage, uint8_t *bytes, const struct batch_header *header,
                      int64_t now_ms)
{
    struct log *log = stage->log;
    size_t len = (size_t)batch_size(header);
    struct marker marker;
    if (batch_is_control(header))
        marker_read(slice_of(bytes, len), &marker);
    if (log_must_roll(log, 0, len, header, now_ms)) {
        int result = log_roll(log, header->base_offset, now_ms);
        if (result < 0)
            return result;
    }
    log_stage_add(stage, bytes, len, header, batch_is_control(header) ? &marker : NULL, now_ms);
    return log_stage_write(stage);
}

int log_append_batches(struct log *log, uint8_t *bytes, size_t len, int64_t now_ms, struct note *why)
{
    struct log_stage stage;
    log_stage_init(&stage, log);
    for (size_t at = 0; at < len;) {
        struct batch_header header;
        size_t size;
        if (batch_next(slice_of(bytes + at, len - at), &header, &size, why) != BATCH_WHOLE)
            return -EBADMSG;
        if (header.base_offset < log->end_offset) {
            note_set(why, "offset %" PRId64 " is below the log end %" PRId64, header.base_offset,
                     log->end_offset);
            return -EBADMSG;
        }
        int result = append_one(&stage, bytes + at, &header, now_ms);
        if (result < 0) {
            note_set(why, "%s: %s", log->path, strerror(-result));
            return result;
        }
        at += size;
    }
    return 0;
}

/* ---- syncing ---- */

int log_sync_begin(struct log *log, struct log_sync *sync)
{
    *sync = (struct log_sync){.end_offset = log->end_offset, .cuts = log->cuts};
    int32_t first = log_find_segment(log, log->synced_offset);
    sync->segments = sync->own;
    if (log->count - first > LOG_SYNC_OWN) {
        sync->segments = malloc(sizeof(struct segment *) * (size_t)(log->count - first));
        ensure(sync->segments != NULL);
    }
    for (int32_t i = first; i < log->count; i++) {
        int result = segment_pin(log->segments[i]);
        if (result < 0) {
            log_sync_end(log, sync, false);
            return result;
        }
        sync->segments[sync->count++] = log->segments[i];
    }
    if (log->directory_changed || log->parent_changed)
        sync->directory = log->path;
    log->directory_syncs += sync->directory != NULL;
    sync->parent = log->parent_changed;
    log->directory_changed = log->parent_changed = false;
    return 0;
}

int log_sync_run(struct log_sync *sync)
{
    ensure(sync->count > 0);
    struct file_system *fs = segment_fs(sync->segments[0]);
    for (int i = 0; i < sync->count; i++) {
        int result = file_sync_data(fs, sync->segments[i]->file.file);
        if (result < 0)
            return result;
    }
    int result = sync->parent ? sync_small_files(fs, sync->directory) : 0;
    if (result == 0 && sync->directory != NULL)
        result = file_sync_directory(fs, sync->directory);
    if (result == 0 && sync->parent)
        result = file_sync_parent(fs, sync->directory);
    return result;
}

void log_sync_end(struct log *log, struct log_sync *sync, bool done)
{
    for (int i = 0; i < sync->count; i++)
        segment_unref(sync->segments[i]);
    log->directory_syncs -= sync->directory != NULL;
    if (done && sync->cuts == log->cuts && sync->end_offset > log->synced_offset)
        log->synced_offset = sync->end_offset;
    if (!done) {
        log->directory_changed |= sync->directory != NULL;
        log->parent_changed |= sync->parent;
    }
    if (sync->segments != sync->own)
        free(sync->segments);
    sync->count = 0;
}

int log_sync_now(struct log *log)
{
    struct log_sync sync;
    int result = log_sync_begin(log, &sync);
    if (result < 0)
        return result;
    result = log_sync_run(&sync);
    log_sync_end(log, &sync, result == 0);
    return result;
}

int64_t log_recovery_point(const struct log *log)
{
    int64_t base = log_active(log)->base_offset;
    bool only_active = log->recovery_point >= base || log->count == 1;
    int64_t point = log->recovery_point;
    if (only_active && log->synced_offset > point)
        point = log->synced_offset;
    /* A record less than the active segment's end: should the next one begin there, the point would vouch for
     * this one's indexes, which are not synced, and after an unclean stop are made anew. */
    return point > base ? point - 1 : point;
}

struct segment *log_flush_begin(struct log *log)
{
    for (int32_t i = 0; i < log->count - 1; i++)
        if (!log->segments[i]->durable) {
            if (segment_finish(log->segments[i]) < 0) /* recovery had no room for its indexes; nor have we */
                return NULL;
            atomic_fetch_add(&log->segments[i]->refs, 1);
            log->segments[i]->being_flushed = true;
            log->segments[i]->next_base = log->segments[i + 1]->base_offset;
            return log->segments[i];
        }
    return NULL;
}

int log_flush_run(struct segment *segment)
{
    const char *directory = atomic_load(&segment->directory);
    int result = segment_sync_all(segment);
    if (result == 0)
        result = log_sync_closed(segment_fs(segment), directory, segment->next_base);
    return result < 0 ? result : file_sync_directory(segment_fs(segment), directory);
}

void log_move_recovery_point(struct log *log)
{
    int32_t i = 0;
    while (i < log->count - 1 && log->segments[i]->durable)
        i++;
    int64_t point = log->segments[i]->base_offset;
    if (point > log->recovery_point && point <= log->end_offset)
        log->recovery_point = point;
    if (log->synced_offset < log->recovery_point)
        log->synced_offset = log->recovery_point;
}

void log_flush_end(struct log *log, struct segment *segment, bool done)
{
    if (done && segment->being_flushed) {
        segment->durable = true;
        log_move_recovery_point(log);
    }
    segment->being_flushed = false;
    segment_drop(segment);
}
