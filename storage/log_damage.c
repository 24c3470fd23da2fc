/*
 * log_damage: damage in the middle of a segment is taken out of it and kept beside it. See log_scan.h.
 *
 * 1. The bytes are on stable storage in their own file before the segment is without them.
 * 2. The mended segment is written under a name that every start throws away (.cleaned) and takes the
 * segment's place with one rename: interrupted anywhere, the next recovery finds the same damage and does the
 * same again. (.swap is for several segments that become one.)
 *
 * Called by log_recover, before anybody else knows the log.
 */
#include "storage/log_scan.h"

#include "storage/open_files.h"
#include "storage/os/diag.h"
#include "storage/set_aside.h"

#include <inttypes.h>

#define DIAG_AREA DIAG_STORAGE

/* [from, to) of the segment to the end of the file. */
static int copy(struct segment *segment, int64_t from, int64_t to, int file, int64_t *at)
{
    int64_t copied = set_aside_copy(segment_fs(segment), segment->file.file, from, to, file, *at);
    *at += copied > 0 ? copied : 0;
    return copied < 0 ? (int)copied : 0;
}

static int keep_range(struct segment *segment, const struct damage_range *range)
{
    char name[DATA_FILE_NAME_MAX];
    int result = set_aside(segment_fs(segment), segment->directory, segment->base_offset, segment->file.file,
                           range->position, range->end, name);
    if (result < 0)
        return result;
    diag_error("%s: segment %" PRId64 ": %s at byte %" PRId64 ", behind offset %" PRId64 ": %" PRId64
               " bytes are damaged and set aside in %s; what follows them is served",
               segment->directory, segment->base_offset, range->what, range->position, range->next_offset - 1,
               range->end - range->position, name);
    return 0;
}

/* What is left, into a new file. */
static int write_rest(struct segment *segment, const struct damage *damage, const char *path, int64_t *size)
{
    struct file_system *fs = segment_fs(segment);
    int64_t from = 0;
    *size = 0;
    int file = file_open(fs, path, FILE_CREATE | FILE_TRUNCATE);
    if (file < 0)
        return file;
    int result = 0;
    for (int i = 0; i < damage->count && result == 0; i++) {
        result = copy(segment, from, damage->ranges[i].position, file, size);
        from = damage->ranges[i].end;
    }
    if (result == 0)
        result = copy(segment, from, segment->size, file, size);
    if (result == 0)
        result = file_sync(fs, file);
    file_close(fs, file);
    if (result < 0)
        (void)file_unlink(fs, path);
    return result;
}

static int replace(struct segment *segment, const struct damage *damage)
{
    char cleaned[FILE_PATH_MAX];
    char path[FILE_PATH_MAX];
    int64_t size;
    segment_path(segment, ".log.cleaned", cleaned);
    segment_path(segment, ".log", path);
    int result = write_rest(segment, damage, cleaned, &size);
    if (result < 0)
        return result;
    result = file_rename(segment_fs(segment), cleaned, path);
    if (result == 0)
        segment->size = size;
    return result;
}

/* Nothing to keep behind it: the file is cut. */
static int cut(struct segment *segment, const struct damage_range *range)
{
    int result = file_truncate(segment_fs(segment), segment->file.file, range->position);
    if (result == 0)
        segment->size = range->position;
    return result;
}

int damage_set_aside(struct log *log, struct segment *segment, const struct damage *damage)
{
    if (damage->count == 0)
        return 0;
    int result = segment_pin(segment);
    if (result < 0)
        return result;
    for (int i = 0; i < damage->count && result == 0; i++)
        result = keep_range(segment, &damage->ranges[i]);
    if (result == 0)
        result = file_sync_directory(segment_fs(segment), log->path);
    if (result == 0)
        result = damage->count == 1 && damage_has_tail(damage, segment) ? cut(segment, &damage->ranges[0])
                                                                        : replace(segment, damage);
    segment_unref(segment);
    open_files_forget(segment->files, &segment->file); /* the name stands for another file now */
    if (result == 0)
        result = file_sync_directory(segment_fs(segment), log->path);
    log->directory_changed = true;
    return result;
}
