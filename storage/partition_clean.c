/*
 * partition_clean: see partition_clean.h.
 *
 * 1. `cleaning` is one thread's, from its beginning to its end; whoever closes the partition or cuts its log
 * waits for it to end (partition_stop_cleaning_locked).
 * 2. The mutex is held to decide, to open a file, to change segments in memory, and across renames: never
 * across other I/O.
 * 3. After each group of segments the log is whole and durable; a cleaning that ends early loses its work,
 * never data.
 * 4. Nothing is cleaned before all of the log, as it is at the beginning, is on stable storage.
 * 5. A log whose bytes are not what they should be is not cleaned again before the next start: that is
 * said once.
 */
#include "storage/partition_clean.h"

#include "protocol/base/ensure.h"
#include "storage/log_compact.h"
#include "storage/log_private.h"
#include "storage/log_read.h"
#include "storage/log_replace.h"
#include "storage/os/clock.h"
#include "storage/os/diag.h"
#include "storage/partition_private.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define DIAG_AREA DIAG_STORAGE

/* ---- what is dirty ---- */

static int64_t first_dirty_locked(struct partition *partition, bool *was_reset) NEEDS(partition->mutex)
{
    const struct log *log = partition->log;
    if (partition->first_dirty >= log->start_offset && partition->first_dirty <= log->end_offset)
        return partition->first_dirty;
    *was_reset = partition->first_dirty >= 0;
    bool expected = partition->first_dirty < 0
                    || (log->config.cleanup_delete && partition->first_dirty < log->start_offset);
    if (!expected)
        diag_warn("%s: cleaned up to %" PRId64 ", says cleaner-offset-checkpoint, but it spans %" PRId64
                  " to %" PRId64 ": it is cleaned from its start",
                  log->path, partition->first_dirty, log->start_offset, log->end_offset);
    if (*was_reset)
        partition->first_dirty = log->start_offset;
    return log->start_offset;
}

/* The base of the first segment that must not be cleaned: it holds undecided records, may still grow, or is
 * too new. */
static int64_t find_end(struct partition *partition, int64_t first_dirty, int64_t now_ms)
    NEEDS(partition->mutex)
{
    struct log *log = partition->log;
    int64_t stable = partition_last_stable_offset_locked(partition);
    int64_t end = log_active(log)->base_offset;
    int64_t lag = log->config.min_compaction_lag_ms;
    if (stable < end)
        end = log->segments[log_find_segment(log, stable)]->base_offset;
    for (int32_t i = log_find_segment(log, first_dirty); lag > 0 && log->segments[i]->base_offset < end; i++)
        if (log_is_older(log, i, now_ms - lag + 1) != 1) /* what is not known yet is asked again next time */
            end = log->segments[i]->base_offset;
    return end;
}

/* max.compaction.lag.ms: whether a closed segment with dirty records began longer ago. */
static bool is_due(struct log *log, int64_t first_dirty, int64_t now_ms)
{
    if (log->config.max_compaction_lag_ms == INT64_MAX)
        return false;
    for (int32_t i = log_find_segment(log, first_dirty); i < log->count - 1; i++) {
        int64_t first = segment_first_timestamp(log->segments[i]);
        if (first > 0 && first < now_ms - log->config.max_compaction_lag_ms)
            return true;
    }
    return false;
}

double cleanable_ratio(const struct cleanable *cleanable)
{
    int64_t total = cleanable->clean_bytes + cleanable->dirty_bytes;
    return total == 0 ? 0 : (double)cleanable->dirty_bytes / (double)total;
}

static bool may_clean_locked(const struct partition *partition) NEEDS(partition->mutex)
{
    return partition->log->config.cleanup_compact && !partition->closed && !partition->stop_cleaning
           && partition->move == NULL && !partition->is_unnamed
           && !data_dir_is_offline(partition_dir(partition));
}

static bool needs_cleaning_locked(struct partition *partition, int64_t now_ms, struct cleanable *cleanable)
    NEEDS(partition->mutex)
{
    struct log *log = partition->log;
    *cleanable = (struct cleanable){0};
    if (!may_clean_locked(partition) || partition->cleaning || partition->uncleanable
        || clock_monotonic_ms() < partition->clean_not_before_ms)
        return false;
    cleanable->first_dirty = first_dirty_locked(partition, &cleanable->was_reset);
    cleanable->end = find_end(partition, cleanable->first_dirty, now_ms);
    int32_t first = log_find_segment(log, cleanable->first_dirty);
    for (int32_t i = 0; log->segments[i]->base_offset < cleanable->end; i++) {
        if (i >= first)
            cleanable->dirty_bytes += log->segments[i]->size;
        if (log->segments[i]->base_offset < cleanable->first_dirty)
            cleanable->clean_bytes += log->segments[i]->size;
    }
    if (cleanable->end <= cleanable->first_dirty || cleanable->dirty_bytes == 0)
        return false;
    cleanable->is_due = is_due(log, cleanable->first_dirty, now_ms);
    return cleanable->is_due || cleanable_ratio(cleanable) > log->config.min_cleanable_dirty_ratio;
}

bool partition_needs_cleaning(struct partition *partition, int64_t now_ms, struct cleanable *cleanable)
{
    partition_lock(partition);
    bool needs = needs_cleaning_locked(partition, now_ms, cleanable);
    partition_unlock(partition);
    return needs;
}

/* ---- beginning and end ---- */

struct cleaning {
    struct partition *partition;
    const struct cleaning_means *means;
    struct log_config config; /* as it was at the beginning */
    uint32_t cuts;            /* the log's: a truncation ends the cleaning */
    int64_t end_offset;       /* the log's too */
    struct compaction compaction;
    struct segment **with_aborted; /* referenced: segments that have a transaction index */
    int32_t with_aborted_count;
};

static struct segment *hold(struct segment *segment)
{
    atomic_fetch_add(&segment->refs, 1);
    return segment;
}

/* Segments from the log start to the end, and whichever tells of aborted transactions. What a power cut has
 * brought back below the start is nobody's, and may be torn. */
static void hold_segments(struct cleaning *cleaning, const struct log *log)
{
    struct compaction *compaction = &cleaning->compaction;
    compaction->segments = malloc(sizeof(struct segment *) * (size_t)log->count);
    cleaning->with_aborted = malloc(sizeof(struct segment *) * (size_t)log->count);
    ensure(compaction->segments != NULL && cleaning->with_aborted != NULL);
    int32_t first = log_find_segment(log, log->start_offset);
    for (int32_t i = 0; i < log->count; i++) {
        struct segment *segment = log->segments[i];
        if (i >= first && segment->base_offset < compaction->range_end)
            compaction->segments[compaction->segment_count++] = hold(segment);
        if (segment->has_txn_index)
            cleaning->with_aborted[cleaning->with_aborted_count++] = hold(segment);
    }
}

/* Producers whose last batch lies below the end, or is a marker. */
static void collect_last_records(struct compaction *compaction, const struct producers *producers)
{
    size_t cursor = 0;
    struct map_entry *entry;
    if (producers_count(producers) == 0)
        return;
    compaction->last_records = malloc(sizeof *compaction->last_records * producers_count(producers));
    ensure(compaction->last_records != NULL);
    while ((entry = map_next(&producers->by_id, &cursor)) != NULL) {
        const struct producer *producer = entry->value;
        int64_t last =
            producer->batch_count <= 0 ? -1 : producer->batches[producer->batch_count - 1].last_offset;
        if (last < compaction->range_end)
            compaction->last_records[compaction->last_record_count++] =
                (struct last_record){producer->id, last, producer->epoch};
    }
}

static bool begin(struct cleaning *cleaning, int64_t now_ms)
{
    struct partition *partition = cleaning->partition;
    struct compaction *compaction = &cleaning->compaction;
    struct cleanable cleanable;
    partition_lock(partition);
    bool needs = needs_cleaning_locked(partition, now_ms, &cleanable);
    if (needs) {
        partition->cleaning = true;
        cleaning->config = partition->log->config;
        cleaning->cuts = partition->log->cuts;
        cleaning->end_offset = partition->log->end_offset;
        compaction->first_dirty = cleanable.first_dirty;
        compaction->range_end = cleanable.end;
        hold_segments(cleaning, partition->log);
        collect_last_records(compaction, &partition->log->producers);
    }
    partition_unlock(partition);
    last_records_sort(compaction->last_records, compaction->last_record_count);
    return needs;
}

/* A record goes because a later one of its key is there, and a batch because its producer has a later one,
 * in the active segment it may be: those are on stable storage first, or a power cut takes both. */
static int sync_what_decides(struct cleaning *cleaning)
{
    enum kerr error = partition_sync_now(cleaning->partition, cleaning->end_offset, INT64_MAX);
    return error == KERR_NONE ? 0 : -EMFILE; /* a sync that failed has taken the directory offline */
}

static void release(struct cleaning *cleaning)
{
    struct compaction *compaction = &cleaning->compaction;
    for (int32_t i = 0; i < compaction->segment_count; i++)
        segment_drop(compaction->segments[i]);
    for (int32_t i = 0; i < cleaning->with_aborted_count; i++)
        segment_drop(cleaning->with_aborted[i]);
    free(compaction->segments);
    free(cleaning->with_aborted);
    free(compaction->last_records);
    free(compaction->aborted);
    log_compact_fini(compaction);
}

/* Says what went wrong, if somebody is to know, and when to try again. */
static void report(struct cleaning *cleaning, int result, const struct note *why)
    NEEDS(cleaning->partition->mutex)
{
    struct partition *partition = cleaning->partition;
    const char *path = partition->log->path;
    if (!may_clean_locked(cleaning->partition) || result == -ECANCELED)
        return;
    if (file_is_refused(result)) {
        if (!partition->clean_refused)
            diag_warn("%s: is not cleaned now: %s", path, strerror(-result));
        partition->clean_refused = true;
        partition->clean_not_before_ms = clock_monotonic_ms() + cleaning->means->backoff_ms;
    } else if (result == -EBADMSG || result == -E2BIG) {
        partition->uncleanable = true;
        diag_error("%s: cannot be cleaned: %s; it is left as it is until the next start", path,
                   why->text[0] != '\0' ? why->text : "a damaged batch");
    } else {
        data_dir_fail(partition_dir(partition), "%s: a cleaning failed: %s", path, strerror(-result));
    }
}

static void end(struct cleaning *cleaning, int result, const struct note *why)
{
    struct partition *partition = cleaning->partition;
    partition_lock(cleaning->partition);
    if (result < 0)
        report(cleaning, result, why);
    if (result == 0) {
        partition->first_dirty = cleaning->compaction.map_end;
        partition->clean_refused = false;
    }
    partition->cleaning = false;
    condition_broadcast(&partition->cleaned);
    partition_unlock(cleaning->partition);
}

void partition_restore_first_dirty(struct partition *partition, int64_t first_dirty)
{
    partition_lock(partition);
    if (first_dirty <= partition->log->end_offset)
        partition->first_dirty = first_dirty;
    else /* now, before the log grows beyond it */
        diag_warn("%s: cleaned up to %" PRId64 ", says cleaner-offset-checkpoint, but it ends at %" PRId64
                  ": it is cleaned from its start",
                  partition->log->path, first_dirty, partition->log->end_offset);
    partition_unlock(partition);
}

void partition_stop_cleaning_locked(struct partition *partition)
{
    while (partition->cleaning) {
        partition->stop_cleaning = true;
        condition_wait(&partition->cleaned, &partition->mutex);
    }
    partition->stop_cleaning = false;
}

/* ---- the compaction's owner ---- */

static bool goes_on_locked(const struct cleaning *cleaning) NEEDS(cleaning->partition->mutex)
{
    return may_clean_locked(cleaning->partition) && cleaning->partition->log->cuts == cleaning->cuts;
}

static bool goes_on(void *context)
{
    struct cleaning *cleaning = context;
    partition_lock(cleaning->partition);
    bool on = goes_on_locked(cleaning);
    partition_unlock(cleaning->partition);
    return on;
}

static int pace(void *context, size_t bytes)
{
    struct cleaning *cleaning = context;
    if (!goes_on(cleaning))
        return -ECANCELED;
    return cleaning->means->pace(cleaning->means->context, bytes, goes_on, cleaning);
}

static int pin(void *context, struct segment *segment)
{
    struct cleaning *cleaning = context;
    struct partition *partition = cleaning->partition;
    partition_lock(cleaning->partition);
    const struct log *log = partition->log;
    bool is_there =
        goes_on_locked(cleaning) && log->segments[log_find_segment(log, segment->base_offset)] == segment;
    int result = is_there ? segment_pin(segment) : -ECANCELED;
    partition_unlock(cleaning->partition);
    return result;
}

/* ---- aborted transactions ---- */

static int read_aborted(struct cleaning *cleaning)
{
    struct compaction *compaction = &cleaning->compaction;
    for (int32_t i = 0; i < cleaning->with_aborted_count; i++) {
        char path[FILE_PATH_MAX];
        struct aborted_entry *entries;
        struct segment *segment = cleaning->with_aborted[i];
        segment_path(segment, ".txnindex", path);
        int64_t count = txn_index_read(segment_fs(segment), path, &entries);
        if (count < 0)
            return (int)count;
        size_t all = (size_t)(compaction->aborted_count + count);
        compaction->aborted = realloc(compaction->aborted, sizeof *entries * (all + 1));
        ensure(compaction->aborted != NULL);
        if (count > 0)
            memcpy(compaction->aborted + compaction->aborted_count, entries, sizeof *entries * (size_t)count);
        compaction->aborted_count += count;
        free(entries);
    }
    aborted_entries_sort(compaction->aborted, compaction->aborted_count);
    return 0;
}

/* ---- putting a group in its place ---- */

/* A position in a segment that is no more, or is another now: the beginning of what follows. */
static void move_position(struct log_position *position, int64_t from, int64_t to)
{
    if (position->segment >= from && position->segment < to && position->offset != INT64_MAX)
        *position = position->offset >= to ? (struct log_position){position->offset, to, 0}
                                           : (struct log_position){INT64_MAX, 0, 0};
}

/* Changes hands in memory. */
static bool change_hands(struct cleaning *cleaning, struct replacement *replacement)
{
    struct partition *partition = cleaning->partition;
    partition_lock(cleaning->partition);
    struct log *log = partition->log;
    bool done = goes_on_locked(cleaning) && log_replace_begin(log, replacement);
    if (done) {
        int64_t from = replacement->segment->base_offset;
        int64_t to = log->segments[log_find_segment(log, from) + 1]->base_offset;
        move_position(&partition->high_watermark, from, to);
        move_position(&partition->syncing_held, from, to);
        move_position(&partition->unsynced_held, from, to);
        move_position(&partition->stable, from, to);
    }
    partition_unlock(cleaning->partition);
    return done;
}

static int sync_names(const struct replacement *replacement)
{
    return file_sync_directory(segment_fs(replacement->segment), replacement->segment->directory);
}

/* From the change of hands on there is no way back: whatever fails takes the directory offline. */
static int name_files(struct cleaning *cleaning, struct replacement *replacement)
{
    struct partition *partition = cleaning->partition;
    struct log *log = partition->log;
    int result = log_replace_bury(replacement);
    partition_lock(partition);
    log_replace_drop_sources(log, replacement, clock_monotonic_ms() + log->config.file_delete_delay_ms);
    if (result == 0)
        result = log_replace_name_log(log, replacement);
    partition_unlock(partition);
    if (result == 0)
        result = sync_names(replacement);
    partition_lock(partition);
    if (result == 0)
        result = log_replace_name_indexes(log, replacement);
    partition_unlock(partition);
    if (result == 0)
        result = sync_names(replacement);
    partition_lock(partition);
    if (result == 0)
        log_move_recovery_point(log);
    else
        data_dir_fail(partition_dir(partition), "%s: putting a cleaned segment in its place failed: %s",
                      log->path, strerror(-result));
    partition_unlock(partition);
    if (result == 0)
        log_replace_drop_snapshots(log, replacement);
    return result;
}

/* One past the last record that is left. */
static int64_t end_of_records(struct segment *segment)
{
    int64_t next_offset;
    int64_t valid;
    return segment_scan_tail(segment, &next_offset, &valid) < 0 ? segment->base_offset : next_offset;
}

static int replace_group(struct cleaning *cleaning, int32_t first, int32_t count, struct segment *segment)
{
    struct replacement replacement = {
        .segment = segment,
        .sources = cleaning->compaction.segments + first,
        .count = count,
        .next_offset = end_of_records(segment),
    };
    int result = log_replace_announce(&replacement);
    if (result == 0 && change_hands(cleaning, &replacement))
        return name_files(cleaning, &replacement);
    log_compact_discard(segment);
    return result < 0 ? result : -ECANCELED;
}

/* ---- all of it ---- */

static int clean_groups(struct cleaning *cleaning, struct note *why)
{
    struct compaction *compaction = &cleaning->compaction;
    int result = 0;
    for (int32_t at = 0; result == 0 && at < compaction->segment_count
                         && compaction->segments[at]->base_offset < compaction->map_end;) {
        int32_t count = log_compact_group_size(compaction, at);
        struct segment *segment;
        result = log_compact_group(compaction, at, count, &segment, why);
        if (result == 0)
            result = replace_group(cleaning, at, count, segment);
        at += count;
    }
    return result;
}

bool partition_clean(struct partition *partition, const struct cleaning_means *means, int64_t now_ms,
                     struct cleaning_result *result)
{
    struct cleaning cleaning = {
        .partition = partition,
        .means = means,
        .compaction = {.owner = {&cleaning, pin, pace},
                       .config = &cleaning.config,
                       .now_ms = now_ms,
                       .map_bytes = means->map_bytes,
                       .map_load_factor = means->map_load_factor,
                       .buffer_bytes = means->buffer_bytes,
                       .secret = {means->secret[0], means->secret[1]}},
    };
    struct note why = {""};
    if (!begin(&cleaning, now_ms))
        return false;
    int error = sync_what_decides(&cleaning);
    if (error == 0)
        error = read_aborted(&cleaning);
    if (error == 0)
        error = log_compact_map(&cleaning.compaction, &why);
    if (error == 0)
        error = clean_groups(&cleaning, &why);
    *result = (struct cleaning_result){
        .first_dirty = cleaning.compaction.map_end,
        .bytes_read = cleaning.compaction.bytes_read,
        .bytes_written = cleaning.compaction.bytes_written,
    };
    release(&cleaning);
    end(&cleaning, error, &why);
    return error == 0;
}
