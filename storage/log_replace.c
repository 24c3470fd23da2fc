/*
 * log_replace: see log_replace.h.
 *
 * 1. A *.swap name says: this file is whole and stands for every segment from its base to the end of its
 * batches. So every file has it, durably, before a source loses its name.
 * 2. No plain name of a source is left, durably, when the new segment gets the first one: two segments never
 * hold the same offsets. A source behind the last batch that is left is not covered by 1; such ones go one by
 * one, oldest first, so that a tombstone never goes before what it deletes.
 * 3. The .log gets its name first: while a .log.swap stands there, a start takes plain indexes for a
 * source's.
 * 4. In memory the log changes hands at once, under the lock, before any source is renamed. Readers that
 * found positions before see `replaced`, or that `renames` has moved on.
 *
 * Called by partition_clean.
 */
#include "storage/log_replace.h"

#include "storage/log_private.h"

#include <errno.h>
#include <string.h>

static int rename_file(struct segment *segment, const char *suffix, enum segment_names to)
{
    char from[FILE_PATH_MAX];
    char path[FILE_PATH_MAX];
    segment_path(segment, suffix, from);
    segment_path_as(segment, to, suffix, path);
    int result = file_rename(segment_fs(segment), from, path);
    return result == -ENOENT && strcmp(suffix, ".txnindex") == 0 ? 0 : result;
}

int log_replace_announce(struct replacement *replacement)
{
    struct segment *segment = replacement->segment;
    for (int i = SEGMENT_SUFFIX_COUNT - 1; i >= 0; i--) {
        int result = rename_file(segment, segment_suffixes[i], SEGMENT_SWAP);
        if (result < 0)
            return result;
    }
    atomic_store(&segment->names, SEGMENT_SWAP);
    return file_sync_directory(segment_fs(segment), segment->directory);
}

/* Where the sources stand in the log; -1 if it has others now. */
static int32_t find_sources(const struct log *log, const struct replacement *replacement)
{
    int32_t at = log_find_segment(log, replacement->sources[0]->base_offset);
    if (at + replacement->count >= log->count) /* the active segment is never one of them */
        return -1;
    for (int32_t i = 0; i < replacement->count; i++)
        if (log->segments[at + i] != replacement->sources[i])
            return -1;
    return at;
}

bool log_replace_begin(struct log *log, struct replacement *replacement)
{
    int32_t at = find_sources(log, replacement);
    if (at < 0)
        return false;
    int32_t gone = replacement->count - 1;
    for (int32_t i = 0; i < replacement->count; i++)
        atomic_store(&log->segments[at + i]->replaced, true);
    log->segments[at] = replacement->segment;
    memmove(log->segments + at + 1, log->segments + at + 1 + gone,
            sizeof(struct segment *) * (size_t)(log->count - at - 1 - gone));
    log->count -= gone;
    log->renames++;
    log_forget_hints(log);
    return true;
}

int log_replace_bury(struct replacement *replacement)
{
    struct file_system *fs = segment_fs(replacement->segment);
    const char *directory = replacement->segment->directory;
    for (int32_t i = 0; i < replacement->count; i++) {
        bool is_covered = replacement->sources[i]->base_offset < replacement->next_offset;
        int result = i > 0 && !is_covered ? file_sync_directory(fs, directory) : 0;
        if (result == 0)
            result = segment_rename_deleted(replacement->sources[i]);
        if (result < 0)
            return result;
    }
    return file_sync_directory(fs, directory);
}

static bool has_segment(const struct log *log, const struct segment *segment)
{
    return log->segments[log_find_segment(log, segment->base_offset)] == segment;
}

void log_replace_drop_sources(struct log *log, const struct replacement *replacement, int64_t due_ms)
{
    for (int32_t i = 0; i < replacement->count; i++)
        log_bury(log, replacement->sources[i], due_ms);
}

int log_replace_name_log(struct log *log, struct replacement *replacement)
{
    struct segment *segment = replacement->segment;
    if (!has_segment(log, segment))
        return 0;
    int result = rename_file(segment, ".log", SEGMENT_PLAIN);
    if (result == 0)
        atomic_store(&segment->names, SEGMENT_SWAP_INDEXES);
    log->renames++;
    return result;
}

int log_replace_name_indexes(struct log *log, struct replacement *replacement)
{
    struct segment *segment = replacement->segment;
    if (!has_segment(log, segment))
        return 0;
    for (int i = 1; i < SEGMENT_SUFFIX_COUNT; i++) {
        int result = rename_file(segment, segment_suffixes[i], SEGMENT_PLAIN);
        if (result < 0)
            return result;
    }
    atomic_store(&segment->names, SEGMENT_PLAIN);
    log->renames++;
    return 0;
}

void log_replace_drop_snapshots(const struct log *log, const struct replacement *replacement)
{
    for (int32_t i = 1; i < replacement->count; i++) {
        char path[FILE_PATH_MAX];
        log_snapshot_path(log, replacement->sources[i]->base_offset, path);
        (void)file_unlink(log->files->fs, path);
    }
}
