/*
 * log_recover: opening a log, after a clean stop or after a crash (kafka-storage 19).
 *
 * 1. What a crash or an interrupted clean-up left behind is put right first: .deleted and .cleaned go, a
 * finished .swap takes its place, indexes without a log go.
 * 2. After a clean stop files are trusted: only the active segment's last few batches are looked at. A
 * missing or impossible index is rebuilt all the same.
 * 3. Otherwise every segment with records beyond the recovery point is read through (log_scan): each batch's
 * size, CRC and offsets. A bad batch that no whole one follows, in its segment or a later one, is a torn
 * tail: it is cut off, and later segments are dropped. One that whole batches follow is none that a crash
 * makes: the damage is set aside in a file, and what follows is served. (Apache Kafka cuts at the first bad
 * batch and deletes all that follows.) Both are said through diag.
 * 4. Segments at the end that hold nothing, beyond the last batch, go: what was between never reached the
 * disk, and a reader would wait at that place for what the log end promises. A hole that batches follow
 * stays, and readers pass over it. So does one in a compacted log, since compaction makes them too.
 * 5. Recovery is repeatable: interrupted at any point it does the same the next time.
 *
 * Called by log_open's callers, before anybody else knows the log: no locks.
 */
#include "protocol/base/ensure.h"
#include "storage/header_scan.h"
#include "storage/log_dir.h"
#include "storage/log_private.h"
#include "storage/log_scan.h"
#include "storage/os/clock.h"
#include "storage/os/diag.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIAG_AREA DIAG_STORAGE

static int add_segment_of(struct log *log, const struct data_file_name *found)
{
    struct segment *segment = segment_new(log->files, log->path, found->base);
    char path[FILE_PATH_MAX];
    struct file_status status;
    segment_path(segment, ".log", path);
    int result = file_path_status(log_fs(log), path, &status);
    if (result < 0) {
        segment_drop(segment);
        return result;
    }
    segment->size = status.size;
    log_add_segment(log, segment);
    return 0;
}

/* Makes the segment objects; removes indexes without a log. */
static int build_segments(struct log *log, struct log_dir *dir)
{
    for (size_t i = 0; i < dir->count; i++) {
        const struct data_file_name *found = &dir->files[i];
        bool known = log->count > 0 && log_active(log)->base_offset == found->base;
        int result = 0;
        if (found->kind == DATA_FILE_LOG)
            result = add_segment_of(log, found);
        else if (found->kind == DATA_FILE_TXN_INDEX && known)
            log_active(log)->has_txn_index = true;
        else if (found->kind != DATA_FILE_PRODUCER_SNAPSHOT && !known) {
            log_dir_unlink(dir, found);
        }
        if (result < 0)
            return result;
    }
    return dir->error;
}

/* ---- producers ---- */

static int read_marker(struct segment *segment, int64_t position, const struct batch_header *header,
                       struct marker *marker)
{
    size_t len = (size_t)batch_size(header);
    uint8_t *bytes = malloc(len);
    if (bytes == NULL)
        return -ENOMEM;
    ssize_t got = segment_read(segment, bytes, len, position);
    if (got == (ssize_t)len)
        marker_read(slice_of(bytes, len), marker);
    free(bytes);
    return got < 0 ? (int)got : got == (ssize_t)len ? 0 : -EBADMSG;
}

static int replay_segment(struct log *log, struct segment *segment, int64_t from_offset)
{
    int result = segment_pin(segment);
    if (result < 0)
        return result;
    struct header_scan scan;
    struct batch_header header;
    header_scan_init(&scan, log_fs(log), segment->file.file, segment->size);
    int64_t at = 0;
    while ((result = header_scan_read(&scan, at, &header)) == 1) {
        if (batch_last_offset(&header) >= from_offset && header.base_offset < log->end_offset) {
            struct marker marker;
            struct ended_transaction ended;
            if (!batch_is_control(&header))
                producers_update(&log->producers, &header, header.max_timestamp);
            else if (read_marker(segment, at, &header, &marker) == 0)
                producers_end_transaction(&log->producers, &header, &marker, header.max_timestamp, &ended);
        }
        at += batch_size(&header);
    }
    segment_unref(segment);
    return result == -EBADMSG ? 0 : result; /* what is bad there was reported when it was found */
}

static int replay_producers(struct log *log, int64_t from_offset)
{
    int result = 0;
    for (int32_t i = log_find_segment(log, from_offset); i < log->count && result == 0; i++)
        result = replay_segment(log, log->segments[i], from_offset);
    producers_first_unstable(&log->producers,
                             INT64_MAX); /* markers found in the log are below the high watermark */
    return result;
}

/* The newest good snapshot, then the batches behind it. One at the log start counts too, or at the base of
 * the segment that it lies in, other than in Kafka: a producer is not forgotten because its records are
 * deleted (KIP-360 thought so too). */
static int load_producers(struct log *log, const struct log_dir *dir, int64_t end, bool skip_replay_without)
{
    producers_clear(&log->producers);
    int64_t from = -1;
    int64_t lowest = log->segments[log_find_segment(log, log->start_offset)]->base_offset;
    if (lowest > log->start_offset)
        lowest = log->start_offset;
    bool was_damaged = false; /* then the batches say what it said */
    for (size_t i = dir->count; i > 0 && from < 0; i--) {
        const struct data_file_name *found = &dir->files[i - 1];
        if (found->kind != DATA_FILE_PRODUCER_SNAPSHOT || found->base > end || found->base < lowest)
            continue;
        char path[FILE_PATH_MAX];
        struct note why = {""};
        log_snapshot_path(log, found->base, path);
        int result = producers_read_snapshot(&log->producers, log_fs(log), path, &why);
        if (result == 0) {
            from = log->producers.snapshot_offset = found->base;
        } else if (result != -EBADMSG && result != -EFBIG && result != -ENOENT) {
            return result; /* the next start may be able to read it */
        } else {
            diag_warn("%s; it is removed", why.text[0] != '\0' ? why.text : path);
            (void)file_unlink(log_fs(log), path);
            producers_clear(&log->producers);
            was_damaged = true;
        }
    }
    if ((from < 0 && skip_replay_without && !was_damaged) || from == log->end_offset)
        return 0;
    return replay_producers(log, from < 0 ? log->start_offset : from);
}

int log_reload_producers(struct log *log)
{
    struct log_dir dir = {0};
    int result = log_dir_list(&dir, log);
    if (result == 0)
        result = load_producers(log, &dir, log->end_offset, false);
    log_dir_fini(&dir);
    return result;
}

/* A producer was last seen when the segment that holds its last batch was written last, at the latest:
 * batches may carry old timestamps, files do not. */
static void date_producers(struct log *log)
{
    size_t cursor = 0;
    struct map_entry *entry;
    int32_t dated = -1;
    int64_t written_ms = 0;
    while ((entry = map_next(&log->producers.by_id, &cursor)) != NULL) {
        struct producer *producer = entry->value;
        int64_t last = producer->batch_count == 0 ? log->start_offset
                                                  : producer->batches[producer->batch_count - 1].last_offset;
        int32_t at = log_find_segment(log, last);
        if (at != dated) {
            char path[FILE_PATH_MAX];
            struct file_status status;
            segment_path(log->segments[at], ".log", path);
            written_ms = file_path_status(log_fs(log), path, &status) == 0 ? status.modified_ms : 0;
            dated = at;
        }
        if (written_ms > producer->seen_ms)
            producer->seen_ms = written_ms;
    }
}

/* ---- segments read through ---- */

/* A torn tail goes: without a sync in between, what it held was promised to nobody. */
static int cut_tail(struct log *log, struct segment *segment, const struct damage_range *tail,
                    struct recovery_progress *progress)
{
    int64_t bytes = tail->end - tail->position;
    diag_warn("%s: segment %" PRId64 ": %s: %" PRId64 " of its %" PRId64 " bytes are cut off", log->path,
              segment->base_offset, tail->what, bytes, segment->size);
    if (progress != NULL)
        atomic_fetch_add(&progress->bytes_cut, bytes);
    return segment_truncate(segment, segment->size - bytes, tail->next_offset);
}

/* Takes the damage out of a segment that was scanned; with `torn` its tail is cut instead of kept. */
static int mend(struct log *log, struct segment *segment, const struct damage *damage, bool torn,
                struct recovery_progress *progress)
{
    struct damage kept = {damage->ranges, torn ? damage->count - 1 : damage->count};
    for (int i = 0; i < kept.count && progress != NULL; i++)
        atomic_fetch_add(&progress->bytes_kept, kept.ranges[i].end - kept.ranges[i].position);
    int result = damage_set_aside(log, segment, &kept);
    return result < 0 || !torn ? result : cut_tail(log, segment, &damage->ranges[kept.count], progress);
}

/* The last index entries. On a full disk they stay in memory, and are written once there is room, before the
 * recovery point passes the segment (log_flush_begin). */
static int finish(struct log *log, struct segment *segment)
{
    ensure(segment != NULL);
    int result = segment_finish(segment);
    if (!file_is_full(result))
        return result;
    diag_warn("%s: no room for the indexes of segment %" PRId64, log->path, segment->base_offset);
    return 0;
}

/* Room that was made ahead and never written to. */
static bool is_zeros(struct segment *segment, const struct damage_range *range)
{
    uint8_t piece[4096];
    bool zeros = segment_pin(segment) == 0;
    if (!zeros)
        return false;
    for (int64_t at = range->position; zeros && at < range->end;) {
        size_t want = range->end - at < (int64_t)sizeof piece ? (size_t)(range->end - at) : sizeof piece;
        zeros = segment_read(segment, piece, want, at) == (ssize_t)want && piece[0] == 0
                && memcmp(piece, piece + 1, want - 1) == 0;
        at += (int64_t)want;
    }
    segment_unref(segment);
    return zeros;
}

/* A segment whose indexes are missing or impossible, in a log that was closed cleanly: there is no torn tail
 * in what was all on stable storage. */
static int rebuild_indexes(struct log *log, int32_t at)
{
    struct segment *segment = log->segments[at];
    bool is_last = at == log->count - 1;
    struct log_scan scan = {.log = log,
                            .segment = segment,
                            .offset_limit = is_last ? INT64_MAX : log->segments[at + 1]->base_offset};
    int result = log_scan_segment(&scan);
    bool is_cut = result == 0 && is_last && damage_has_tail(&scan.damage, segment)
                  && is_zeros(segment, &scan.damage.ranges[scan.damage.count - 1]);
    if (result == 0)
        result = mend(log, segment, &scan.damage, is_cut, NULL);
    free(scan.damage.ranges);
    return result < 0 || is_last ? result : finish(log, segment);
}

/* ---- after a crash ---- */

/* Durably: once the segment before them is cut, nothing says any more that they are to go. */
static int drop_after(struct log *log, int32_t last)
{
    int64_t bytes = 0;
    int result = 0;
    if (log->count - 1 == last)
        return 0;
    while (log->count - 1 > last && result == 0) {
        struct segment *segment = log_active(log);
        bytes += segment->size;
        result = segment_rename_deleted(segment);
        if (result == 0) {
            segment_unlink_deleted(segment);
            log->count--;
            segment_drop(segment);
        }
    }
    if (bytes > 0)
        diag_warn("%s: %" PRId64 " bytes in later segments are dropped: there is no whole batch in them",
                  log->path, bytes);
    return result < 0 ? result : file_sync_directory(log_fs(log), log->path);
}

static int unlink_txn_index(struct segment *segment)
{
    char path[FILE_PATH_MAX];
    segment_path(segment, ".txnindex", path);
    int result = segment->has_txn_index ? file_unlink(segment_fs(segment), path) : 0;
    segment->has_txn_index = false;
    return result == -ENOENT ? 0 : result;
}

/* What the segments that were scanned look like. */
struct recovery {
    struct log *log;
    int32_t first; /* of the segments that are scanned */
    int64_t durable_below;
    struct recovery_progress *progress;
    struct log_scan *scans; /* one a segment */
};

static int scan_segment(struct recovery *recovery, int32_t at)
{
    struct log *log = recovery->log;
    struct log_scan *scan = &recovery->scans[at - recovery->first];
    *scan = (struct log_scan){
        .log = log,
        .segment = log->segments[at],
        .with_state = true,
        .durable_below = recovery->durable_below,
        .offset_limit = at + 1 < log->count ? log->segments[at + 1]->base_offset : INT64_MAX,
        .progress = recovery->progress,
    };
    int result = unlink_txn_index(scan->segment);
    bool is_read = log->producers.snapshot_offset == scan->segment->base_offset; /* whole, so it stays */
    if (result == 0 && at > 0 && !is_read) {
        char path[FILE_PATH_MAX];
        log_snapshot_path(log, scan->segment->base_offset, path);
        result = producers_write_snapshot(&log->producers, log_fs(log), path, scan->segment->base_offset);
        if (file_is_full(result)) {
            diag_warn("%s: %s", path, strerror(-result)); /* it only saves time at the next start */
            result = 0;
        }
    }
    return result < 0 ? result : log_scan_segment(scan);
}

/* The segment that ends in a torn batch, -1 if none does: behind it there is no whole batch. Damage before
 * that is none that a crash makes, and damage of what was on stable storage is none either. */
static int32_t find_torn(const struct recovery *recovery)
{
    int32_t last_good = recovery->first;
    for (int32_t i = recovery->first; i < recovery->log->count; i++)
        if (recovery->scans[i - recovery->first].has_batches)
            last_good = i;
    for (int32_t i = last_good; i < recovery->log->count; i++) {
        const struct log_scan *scan = &recovery->scans[i - recovery->first];
        if (damage_has_tail(&scan->damage, scan->segment))
            return i;
    }
    return -1;
}

/* Trailing segments without a batch that do not begin where the last batch ends, or the log begins. Below the
 * recovery point something is missing that was there: its offsets are not given again. */
static int drop_behind_hole(struct recovery *recovery)
{
    struct log *log = recovery->log;
    int32_t last = log->count - 1;
    while (last > recovery->first && !recovery->scans[last - recovery->first].has_batches)
        last--;
    int64_t end = recovery->scans[last - recovery->first].next_offset;
    if (end < log->start_offset)
        end = log->start_offset;
    if (log->config.cleanup_compact || end < recovery->durable_below)
        return 0;
    while (last + 1 < log->count && log->segments[last + 1]->base_offset <= end)
        last++;
    if (last == log->count - 1)
        return 0;
    diag_warn("%s: ends at %" PRId64 ": there is nothing between that and %" PRId64
              ", where its last, empty segment begins",
              log->path, end, log_active(log)->base_offset);
    return drop_after(log, last);
}

static int mend_all(struct recovery *recovery)
{
    struct log *log = recovery->log;
    int32_t torn = find_torn(recovery);
    int result = torn < 0 ? 0 : drop_after(log, torn);
    if (result == 0)
        result = drop_behind_hole(recovery);
    for (int32_t i = recovery->first; i < log->count && result == 0; i++) {
        struct log_scan *scan = &recovery->scans[i - recovery->first];
        bool is_torn = i == torn && scan->next_offset >= recovery->durable_below;
        log->end_offset = scan->next_offset;
        result = mend(log, scan->segment, &scan->damage, is_torn, recovery->progress);
        if (result == 0 && i < log->count - 1)
            result = finish(log, scan->segment);
    }
    return result;
}

/* After a failed sync: first memory and disk are made the same, then what they hold is looked at. The other
 * way round a page that is dropped in between would show what was not there when it was checked. */
static int write_again(struct log *log, int32_t first)
{
    int result = 0;
    for (int32_t i = first; i < log->count && result == 0; i++)
        result = segment_write_again(log->segments[i]);
    log->epochs.changed = log->directory_changed = log->parent_changed = true;
    return result;
}

/* ---- epochs ---- */

static int take_epochs(struct log *log, struct segment *segment)
{
    int result = segment_pin(segment);
    if (result < 0)
        return result;
    struct header_scan scan;
    struct batch_header header;
    int64_t at = 0;
    header_scan_init(&scan, log_fs(log), segment->file.file, segment->size);
    while ((result = header_scan_read(&scan, at, &header)) == 1) {
        if (header.partition_leader_epoch > epochs_latest(&log->epochs))
            epochs_assign(&log->epochs, header.partition_leader_epoch, header.base_offset);
        at += batch_size(&header);
    }
    segment_unref(segment);
    return result == -EBADMSG ? 0 : result;
}

/* leader-epoch-checkpoint is replaced without a sync, and a power cut may leave an empty one: the batches of
 * the segments that nothing else reads say it again. */
static int find_epochs_again(struct log *log, int32_t segments)
{
    if (log->epochs.count > 0 && log->epochs.entries[0].start_offset <= log->start_offset)
        return 0;
    log->epochs.count = 0;
    int result = 0;
    for (int32_t i = 0; i < segments && result == 0; i++)
        result = take_epochs(log, log->segments[i]);
    return result;
}

/* Of a segment below the recovery point. What must be made anew is on stable storage at once, as nobody looks
 * again: half of it after the next power cut would mislead. A time index without an entry is none that a
 * closed segment has. */
static int load_indexes(struct log *log, int32_t at)
{
    struct segment *segment = log->segments[at];
    int result = segment_load_indexes(segment);
    bool is_missing = result == 0 && segment->times.count == 0 && segment->size > 0;
    if (!is_missing && result != -ENOENT && result != -EBADMSG)
        return result;
    result = rebuild_indexes(log, at);
    return result < 0 ? result : segment_sync_all(segment);
}

/* The segment that recovery begins with. Nobody reads below the log start; and what lies there may have come
 * back after a power cut without what was between: a transaction without the marker that ended it would be
 * taken for open, and the next marker for its own. */
static int32_t first_segment(const struct log *log, const struct log_options *options)
{
    bool is_below = options->recovery_point < log->start_offset;
    return log_find_segment(log, is_below ? log->start_offset : options->recovery_point);
}

static int recover(struct log *log, const struct log_dir *dir, const struct log_options *options)
{
    int32_t first = first_segment(log, options);
    log->end_offset = log->segments[first]->base_offset;
    int result = options->suspect ? write_again(log, first) : 0;
    if (result == 0)
        result = load_producers(log, dir, log->end_offset, false);
    if (options->suspect) /* that snapshot may be in memory alone, so it is written again too */
        log->producers.snapshot_offset = -1;
    if (result == 0)
        result = find_epochs_again(log, first);
    for (int32_t i = 0; i < first && result == 0; i++) {
        result = load_indexes(log, i);
        log->segments[i]->durable = result == 0;
    }
    size_t count = (size_t)(log->count - first);
    struct recovery recovery = {.log = log,
                                .first = first,
                                .durable_below = options->recovery_point,
                                .progress = options->progress,
                                .scans = calloc(count, sizeof *recovery.scans)};
    ensure(recovery.scans != NULL);
    for (int32_t i = first; i < log->count && result == 0; i++)
        result = scan_segment(&recovery, i);
    if (result == 0)
        result = mend_all(&recovery);
    if (log->producers.snapshot_offset > log->end_offset) /* of a segment that is dropped: no reason not to */
        log->producers.snapshot_offset = -1;              /* write the next one */
    for (size_t i = 0; i < count; i++)
        free(recovery.scans[i].damage.ranges);
    free(recovery.scans);
    recovery_progress_log(options->progress);
    return result;
}

/* ---- after a clean stop ---- */

static int load(struct log *log)
{
    struct segment *active = log_active(log);
    for (int32_t i = 0; i < log->count; i++) {
        struct segment *segment = log->segments[i];
        segment->durable = i < log->count - 1;
        char path[FILE_PATH_MAX];
        segment_path(segment, ".index", path);
        int result = segment == active                ? segment_load_indexes(segment)
                     : file_exists(log_fs(log), path) ? 0
                                                      : -ENOENT;
        bool rebuild = result == -ENOENT || result == -EBADMSG;
        if (rebuild) {
            segment->durable = false;
            result = rebuild_indexes(log, i);
        }
        if (result < 0)
            return result;
    }
    int64_t valid;
    int result = segment_scan_tail(active, &log->end_offset, &valid);
    if (result != -EBADMSG)
        return result;
    result = rebuild_indexes(log, log->count - 1);
    return result < 0 ? result : segment_scan_tail(active, &log->end_offset, &valid);
}

/* Snapshots that belong to no segment go, but for the newest at or above the last segment's base, and those
 * up to `kept`: what recovery has written instead is not on stable storage yet. */
static void remove_stray_snapshots(struct log *log, const struct log_dir *dir, int64_t kept)
{
    bool newest = true;
    for (size_t i = dir->count; i > 0; i--) {
        const struct data_file_name *found = &dir->files[i - 1];
        if (found->kind != DATA_FILE_PRODUCER_SNAPSHOT)
            continue;
        bool at_base = log->segments[log_find_segment(log, found->base)]->base_offset == found->base;
        bool is_newest =
            newest && found->base >= log_active(log)->base_offset && found->base <= log->end_offset;
        newest = newest && !is_newest;
        if (at_base || is_newest || found->base <= kept)
            continue;
        char path[FILE_PATH_MAX];
        log_snapshot_path(log, found->base, path);
        (void)file_unlink(log_fs(log), path);
    }
}

static int open_segments(struct log *log, const struct log_options *options, struct log_dir *dir)
{
    int result = log_dir_list(dir, log);
    if (result == 0)
        result = log_dir_finish_swaps(dir);
    if (result == 0)
        result = build_segments(log, dir);
    if (result == 0 && log->count == 0)
        result = log_new_segment(log, options->start_offset);
    return result;
}

/* A transaction index cannot be made anew alone: it takes the producers' state. So its segment and what
 * follows are recovered, after a clean stop too. */
static int distrust_txn_indexes(const struct log *log, struct log_options *options)
{
    for (int32_t i = 0; i < log->count; i++) {
        char path[FILE_PATH_MAX];
        if (!log->segments[i]->has_txn_index)
            continue;
        segment_path(log->segments[i], ".txnindex", path);
        int result = txn_index_check(log_fs(log), path, log->segments[i]->base_offset);
        if (result == 0)
            continue;
        if (result != -EBADMSG)
            return result;
        diag_warn("%s cannot be what it should be: it is made anew", path);
        if (options->clean || options->recovery_point > log->segments[i]->base_offset)
            options->recovery_point = log->segments[i]->base_offset;
        options->clean = false;
        return 0;
    }
    return 0;
}

static int load_or_recover(struct log *log, struct log_options *options, struct note *why)
{
    struct note broken = {""};
    int result = epochs_load(&log->epochs, log_fs(log), log->path, &broken);
    if (result == -EBADMSG) { /* the batches say it again */
        diag_warn("%s; it is made anew", broken.text);
        log->epochs.count = 0;
        result = 0;
    }
    struct log_dir dir = {0};
    if (result == 0)
        result = open_segments(log, options, &dir);
    if (result == 0)
        result = distrust_txn_indexes(log, options);
    if (result == 0) {
        log->start_offset = log->segments[0]->base_offset;
        if (options->start_offset > log->start_offset)
            log->start_offset = options->start_offset;
        result = options->clean ? load(log) : recover(log, &dir, options);
    }
    if (result == 0 && options->clean && broken.text[0] != '\0')
        result = find_epochs_again(log, log->count);
    if (result == 0 && log->end_offset < log->start_offset) {
        diag_warn("%s: ends at %" PRId64 ", before its start %" PRId64 "; it begins anew there", log->path,
                  log->end_offset, log->start_offset);
        result = log_restart_at(log, log->start_offset);
    }
    if (result == 0) {
        int32_t first = first_segment(log, options);
        remove_stray_snapshots(log, &dir, options->clean ? -1 : log->segments[first]->base_offset);
        if (options->clean)
            result = load_producers(log, &dir, log->end_offset, true);
    }
    log_dir_fini(&dir);
    if (result < 0)
        note_set(why, "%s: %s", log->path, strerror(-result));
    return result;
}

/* A directory made just now, or not yet: nothing to look at. */
static int create(struct log *log, const struct log_options *options)
{
    log->is_unmade = options->unmade;
    log->start_offset = log->end_offset = options->start_offset;
    log->parent_changed = true;
    log->is_untouched = log->epochs.is_new = true;
    log->epochs.changed = true; /* Kafka has the file, empty or not */
    return log_new_segment(log, options->start_offset);
}

struct log *log_open(const struct log_options *given, int *error, struct note *why)
{
    struct log_options copy = *given;
    struct log_options *options = &copy;
    struct log *log = calloc(1, sizeof *log);
    ensure(log != NULL);
    log->files = options->files;
    log->config = options->config;
    log->path = strdup(options->path);
    ensure(log->path != NULL);
    producers_init(&log->producers);
    epochs_init(&log->epochs);
    for (int i = 0; i < LOG_RECENT; i++)
        log->recent[i].offset = -1;

    *error = options->create || options->unmade ? create(log, options) : load_or_recover(log, options, why);
    if (*error < 0) {
        log_free(log);
        return NULL;
    }
    epochs_truncate_end(&log->epochs, log->end_offset + 1);
    epochs_truncate_start(&log->epochs, log->start_offset);
    date_producers(log);
    log->recovery_point = log->end_offset;
    if (!options->clean && options->recovery_point < log->end_offset)
        log->recovery_point =
            options->recovery_point > log->start_offset ? options->recovery_point : log->start_offset;
    log->synced_offset = log->recovery_point;
    log->closed_offset = options->clean ? log->end_offset : -1;
    if (!options->clean) /* whoever made the names may not have lived to sync them */
        log->directory_changed = log->parent_changed = log->epochs_unsynced = true;
    producers_expire(&log->producers, clock_wall_ms() - log->config.producer_id_expiration_ms);
    for (int32_t i = 0; i < log->count; i++) /* thousands of partitions must not hold a descriptor each */
        open_files_forget(log->files, &log->segments[i]->file);
    return log;
}
