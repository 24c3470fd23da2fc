/*
 * check_log: see check_log.h. The files of one partition's directory by name, then segment after segment.
 *
 * 1. Nothing is opened but for reading, and nothing is made, renamed or removed.
 */
#include "storage/check/check_log.h"

#include "protocol/base/ensure.h"
#include "storage/check/check_segment.h"
#include "storage/checkpoint.h"
#include "storage/data_file.h"
#include "storage/partition_dir.h"
#include "storage/producer_snapshot.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct files {
    struct log_check *check;
    struct data_file_name *items; /* those with an offset, by offset and kind */
    size_t count;
    size_t capacity;
    int32_t deleted; /* files with .deleted behind the name */
};

static void add(struct log_check *check, enum severity severity, const char *rule, const char *name,
                const char *what)
{
    char path[FILE_PATH_MAX];
    file_path(path, "%s/%s", check->path, name);
    findings_add(&check->findings, severity, rule, path, -1, "%s", what);
}

/* ---- the files by name ---- */

/* A segment takes an older one's place with the indexes that lie beside it; Apache Kafka deletes the older
 * ones. */
static void check_swapped_times(struct log_check *check, int64_t base)
{
    char name[DATA_FILE_NAME_MAX], path[FILE_PATH_MAX];
    snprintf(name, sizeof name, "%020" PRId64 ".timeindex.swap", base);
    file_path(path, "%s/%s", check->path, name);
    if (!file_exists(check->fs, path))
        add(check, FINDING_ERROR, "time-index-missing", name,
            "it is missing, and not made anew: look-ups by time go wrong");
}

/* What is on its way in or out, and what Apache Kafka does with it at its start. */
static void found_leftover(struct files *files, const char *name, const struct data_file_name *parsed)
{
    struct log_check *check = files->check;
    switch (parsed->suffix) {
    case DATA_FILE_SWAP:
        add(check, FINDING_WARNING, "leftover-swap", name, "a compaction that was cut short: it is finished");
        if (parsed->kind == DATA_FILE_LOG)
            check_swapped_times(check, parsed->base);
        break;
    case DATA_FILE_CLEANED:
        add(check, FINDING_WARNING, "leftover-cleaned", name,
            "a compaction that was cut short: it is removed");
        break;
    case DATA_FILE_DELETED:
        files->deleted++;
        break;
    case DATA_FILE_DAMAGED:
        add(check, FINDING_NOTE, "set-aside", name,
            "what a start took out of the segment, as it was no batches: nobody reads it");
        break;
    default:
        add(check, FINDING_NOTE, "leftover-tmp", name, "a file that was not written to its end");
    }
}

static bool is_log_name(const char *name)
{
    size_t len = strlen(name);
    return len >= 4 && strcmp(name + len - 4, ".log") == 0;
}

static void take_name(void *context, const char *name)
{
    struct files *files = context;
    struct data_file_name parsed;
    if (strlen(files->check->path) + strlen(name) + 2 > FILE_PATH_MAX)
        return;
    data_file_parse(name, &parsed);
    if (parsed.suffix != DATA_FILE_PLAIN) {
        found_leftover(files, name, &parsed);
        return;
    }
    if (parsed.kind == DATA_FILE_UNKNOWN && is_log_name(name))
        add(files->check, FINDING_ERROR, "segment-name", name,
            "its name is no offset: Apache Kafka does not start with it");
    if (parsed.base < 0)
        return;
    if (files->count == files->capacity) {
        files->capacity = files->capacity == 0 ? 32 : files->capacity * 2;
        files->items = realloc(files->items, files->capacity * sizeof *files->items);
        ensure(files->items != NULL);
    }
    files->items[files->count++] = parsed;
}

static int compare_files(const void *a, const void *b)
{
    const struct data_file_name *left = a, *right = b;
    if (left->base != right->base)
        return left->base < right->base ? -1 : 1;
    return (left->kind > right->kind) - (left->kind < right->kind);
}

/* The last item of those with the base of the one at `at`. */
static size_t end_of_base(const struct files *files, size_t at)
{
    size_t end = at;
    while (end < files->count && files->items[end].base == files->items[at].base)
        end++;
    return end;
}

static bool has_kind(const struct files *files, size_t at, size_t end, enum data_file_kind kind)
{
    for (; at < end; at++)
        if (files->items[at].kind == kind)
            return true;
    return false;
}

static void found_orphans(struct log_check *check, const struct files *files, size_t at, size_t end)
{
    for (; at < end; at++) {
        enum data_file_kind kind = files->items[at].kind;
        if (kind != DATA_FILE_INDEX && kind != DATA_FILE_TIME_INDEX && kind != DATA_FILE_TXN_INDEX)
            continue;
        char name[DATA_FILE_NAME_MAX];
        data_file_format(files->items[at], name);
        add(check, FINDING_WARNING, "index-orphan", name, "an index without a log: it is removed");
    }
}

/* ---- segments ---- */

/* Where the next segment begins behind the items of this one; -1: there is none. */
static int64_t next_base(const struct files *files, size_t at)
{
    for (; at < files->count; at++)
        if (files->items[at].kind == DATA_FILE_LOG)
            return files->items[at].base;
    return -1;
}

static void check_segments(struct log_walk *walk, const struct files *files)
{
    struct log_check *check = walk->check;
    size_t end;
    for (size_t at = 0; at < files->count; at = end) {
        end = end_of_base(files, at);
        if (!has_kind(files, at, end, DATA_FILE_LOG)) {
            found_orphans(check, files, at, end);
            continue;
        }
        struct segment_files segment = {
            .base = files->items[at].base,
            .next_base = next_base(files, end),
            .has_index = has_kind(files, at, end, DATA_FILE_INDEX),
            .has_time_index = has_kind(files, at, end, DATA_FILE_TIME_INDEX),
            .has_txn_index = has_kind(files, at, end, DATA_FILE_TXN_INDEX),
        };
        if (check->first_offset < 0)
            check->first_offset = segment.base;
        check_segment(walk, &segment);
        check->end_offset = walk->next_offset;
    }
}

/* ---- producer snapshots ---- */

static void check_snapshot_entries(struct log_check *check, struct producer_snapshot *snapshot,
                                   const char *path, int64_t base)
{
    struct producer_snapshot_entry entry;
    while (producer_snapshot_next(snapshot, &entry))
        if (entry.last_offset >= base || entry.transaction_start >= base || entry.epoch < -1)
            findings_add(&check->findings, FINDING_ERROR, "snapshot-entry", path, -1,
                         "producer %" PRId64 ": offset %" PRId64 " is not below the snapshot's own",
                         entry.producer_id,
                         entry.last_offset >= base ? entry.last_offset : entry.transaction_start);
}

/* True if it could be read. */
static bool check_snapshot(struct log_check *check, int64_t base)
{
    char path[FILE_PATH_MAX];
    struct producer_snapshot snapshot;
    struct note why = {""};
    file_path(path, "%s/%020" PRId64 ".snapshot", check->path, base);
    int result = producer_snapshot_open(&snapshot, check->fs, path, &why);
    if (result == -EBADMSG)
        findings_add(&check->findings, FINDING_WARNING, "snapshot-damaged", path, -1,
                     "%s; it is removed, and an older one is taken", why.text);
    else if (result < 0)
        findings_add(&check->findings, FINDING_ERROR, "unreadable", path, -1, "%s", strerror(-result));
    else
        check_snapshot_entries(check, &snapshot, path, base);
    producer_snapshot_close(&snapshot);
    return result == 0;
}

static void check_snapshots(const struct log_walk *walk, const struct files *files)
{
    struct log_check *check = walk->check;
    bool any = false;
    for (size_t i = 0; i < files->count; i++) {
        const struct data_file_name *file = &files->items[i];
        if (file->kind != DATA_FILE_PRODUCER_SNAPSHOT)
            continue;
        char name[DATA_FILE_NAME_MAX];
        data_file_format(*file, name);
        if (check->end_offset >= 0 && file->base > check->end_offset)
            add(check, FINDING_WARNING, "snapshot-stray", name,
                "it is of an offset beyond the log's end: removed");
        else
            any = check_snapshot(check, file->base) || any;
    }
    if (!any && check->clean && !check->is_cluster_log && walk->producers_known
        && producers_count(&walk->producers) > 0)
        findings_add(
            &check->findings, FINDING_ERROR, "snapshot-missing", check->path, -1,
            "%zu producers wrote, and no snapshot tells of them: after a clean stop Apache Kafka does "
            "not look for them, and would take what they send again",
            producers_count(&walk->producers));
}

/* ---- small files ---- */

static void check_epochs(struct log_walk *walk)
{
    struct log_check *check = walk->check;
    struct checkpoint checkpoint;
    struct note why = {""};
    char path[FILE_PATH_MAX];
    int32_t epoch, last_epoch = -1;
    int64_t start, last_start = -1;
    file_path(path, "%s/leader-epoch-checkpoint", check->path);
    if (!file_exists(check->fs, path)) {
        findings_add(&check->findings, FINDING_WARNING, "epochs-missing", path, -1,
                     "it is missing: it is made anew");
        return;
    }
    int result = checkpoint_open(&checkpoint, check->fs, path, &why);
    while (result == 0 && (result = checkpoint_next_epoch(&checkpoint, &epoch, &start, &why)) == 1) {
        if (epoch <= last_epoch || start <= last_start)
            findings_add(&check->findings, FINDING_WARNING, "epochs-order", path, -1,
                         "epoch %" PRId32 " at %" PRId64 " behind epoch %" PRId32 " at %" PRId64, epoch,
                         start, last_epoch, last_start);
        last_epoch = epoch;
        last_start = start;
        epochs_assign(&walk->epochs, epoch, start);
        result = 0;
    }
    if (result == -EBADMSG)
        findings_add(&check->findings, FINDING_ERROR, "epochs-damaged", path, -1,
                     "%s: Apache Kafka takes the log directory offline", why.text);
    else if (result < 0)
        findings_add(&check->findings, FINDING_ERROR, "unreadable", path, -1, "%s", strerror(-result));
    walk->epochs_known = result == 0;
    checkpoint_close(&checkpoint);
}

static void check_epochs_end(const struct log_walk *walk)
{
    struct log_check *check = walk->check;
    const struct epochs *epochs = &walk->epochs;
    if (epochs->count > 0 && check->end_offset >= 0
        && epochs->entries[epochs->count - 1].start_offset > check->end_offset)
        add(check, FINDING_WARNING, "epochs-beyond-end", "leader-epoch-checkpoint",
            "an epoch begins beyond the log's end: it is cut off");
}

static void check_topic_id(struct log_check *check)
{
    struct note why = {""};
    char path[FILE_PATH_MAX];
    file_path(path, "%s/partition.metadata", check->path);
    int result = partition_dir_read_id(check->fs, check->path, &check->topic_id, &why);
    check->has_topic_id = result == 1;
    if (result == 0 && file_exists(check->fs, path))
        add(check, FINDING_ERROR, "topic-id-damaged", "partition.metadata",
            "it is empty: Apache Kafka does not start");
    else if (result == -EBADMSG)
        add(check, FINDING_ERROR, "topic-id-damaged", "partition.metadata", "it cannot be read");
    else if (result < 0)
        add(check, FINDING_ERROR, "unreadable", "partition.metadata", strerror(-result));
    else if (result == 0 && check->end_offset > check->first_offset)
        add(check, FINDING_ERROR, "topic-id-missing", "partition.metadata",
            "nobody knows which topic this is: Apache Kafka renames the directory to -stray");
    else if (result == 0)
        add(check, FINDING_WARNING, "topic-id-missing", "partition.metadata", "it is missing");
}

/* ---- what the checkpoints of the directory promise ---- */

/* After a kill the file may be seconds old, and tell of a deleted topic of that name. */
static void found_high_watermark(struct log_check *check, int64_t end)
{
    findings_add(&check->findings, check->clean ? FINDING_ERROR : FINDING_WARNING, "high-watermark",
                 check->path, -1,
                 "the log ends at %" PRId64 ", and all up to %" PRId64 " was shown to consumers%s", end,
                 check->high_watermark, check->clean ? "" : ", if no other topic had its name");
}

/* A clean stop of ours leaves the recovery point a record below the end (log_recovery_point). */
static bool is_low(const struct log_check *check, int64_t end)
{
    return check->clean && check->recovery_point >= 0 && check->recovery_point < end - 1;
}

static void check_promises(struct log_check *check)
{
    int64_t end = check->end_offset < 0 ? 0 : check->end_offset;
    struct findings *findings = &check->findings;
    if (check->recovery_point > end)
        findings_add(findings, FINDING_ERROR, "recovery-point", check->path, -1,
                     "the log ends at %" PRId64 ", and all up to %" PRId64 " was on the disk once", end,
                     check->recovery_point);
    else if (check->high_watermark > end)
        found_high_watermark(check, end);
    else if (is_low(check, end))
        findings_add(findings, FINDING_NOTE, "recovery-point-low", check->path, -1,
                     "closed cleanly, with the recovery point %" PRId64 " before its end %" PRId64,
                     check->recovery_point, end);
    if (check->log_start > end)
        findings_add(findings, FINDING_ERROR, "log-start", check->path, -1,
                     "the log starts at %" PRId64 " and ends at %" PRId64
                     ": Apache Kafka throws all of it away",
                     check->log_start, end);
}

void check_log(struct log_check *check)
{
    struct log_walk walk = {.check = check, .producers_known = true, .last_epoch = -1};
    struct files files = {.check = check};
    check->first_offset = check->end_offset = -1;
    epochs_init(&walk.epochs);
    producers_init(&walk.producers);
    inflater_init(&walk.inflater);
    int result = file_list(check->fs, check->path, take_name, &files);
    if (result < 0)
        findings_add(&check->findings, FINDING_ERROR, "unreadable", check->path, -1, "%s", strerror(-result));
    if (files.deleted > 0)
        findings_add(&check->findings, FINDING_NOTE, "leftover-deleted", check->path, -1,
                     "%" PRId32 " files are on their way out", files.deleted);
    if (files.count > 0)
        qsort(files.items, files.count, sizeof *files.items, compare_files);
    check_epochs(&walk);
    check_segments(&walk, &files);
    check_epochs_end(&walk);
    check_snapshots(&walk, &files);
    check_topic_id(check);
    check_promises(check);
    inflater_fini(&walk.inflater);
    producers_fini(&walk.producers);
    epochs_fini(&walk.epochs);
    free(files.items);
}
