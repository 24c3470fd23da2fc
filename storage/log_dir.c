/*
 * log_dir: see log_dir.h.
 *
 * 1. A .swap file is complete: it replaces every segment from its base to the end of its batches. Unless a
 * .cleaned file with a lower or equal base is there: then its compaction had not got so far, and the old
 * segments still hold everything.
 * 2. What log_replace does in steps is finished in steps, with the directory synced in between: nothing
 * plain is left of what a swap replaces when it gets its name, and its .log gets it first.
 * 3. A .cleaned file goes when no swap is left that it speaks against, durably: if a start is interrupted in
 * between, the next one would finish what was to be thrown away.
 */
#include "storage/log_dir.h"

#include "protocol/base/ensure.h"
#include "storage/batch_file.h"
#include "storage/log_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void unlink_name(struct log_dir *dir, const char *name)
{
    char path[FILE_PATH_MAX];
    file_path(path, "%s/%s", dir->log->path, name);
    int result = file_unlink(log_fs(dir->log), path);
    if (result < 0 && result != -ENOENT && dir->error == 0)
        dir->error = result;
    dir->log->directory_changed = true;
}

/* Whether it belongs to a segment or is a producer snapshot, and is neither on its way in nor out. */
static bool is_kept(const struct data_file_name *found)
{
    return found->kind >= DATA_FILE_LOG && found->kind <= DATA_FILE_PRODUCER_SNAPSHOT
           && (found->suffix == DATA_FILE_PLAIN || found->suffix == DATA_FILE_SWAP);
}

static void look_at(void *context, const char *name)
{
    struct log_dir *dir = context;
    struct data_file_name found;
    data_file_parse(name, &found);
    if (found.suffix == DATA_FILE_CLEANED) {
        dir->has_cleaned = true;
        if (found.base >= 0 && found.base < dir->min_cleaned)
            dir->min_cleaned = found.base;
    }
    if (found.suffix == DATA_FILE_DELETED || found.suffix == DATA_FILE_TMP) {
        unlink_name(dir, name);
        return;
    }
    if (!is_kept(&found))
        return;
    if (dir->count == dir->capacity) {
        dir->capacity = dir->capacity == 0 ? 16 : dir->capacity * 2;
        dir->files = realloc(dir->files, sizeof *dir->files * dir->capacity);
        ensure(dir->files != NULL);
    }
    dir->files[dir->count++] = found;
}

static int compare_files(const void *a, const void *b)
{
    const struct data_file_name *left = a;
    const struct data_file_name *right = b;
    if (left->base != right->base)
        return left->base < right->base ? -1 : 1;
    return (left->kind > right->kind) - (left->kind < right->kind);
}

/* Names with their bases in order. */
int log_dir_list(struct log_dir *dir, struct log *log)
{
    free(dir->files);
    *dir = (struct log_dir){.log = log, .min_cleaned = INT64_MAX};
    int result = file_list(log_fs(log), log->path, look_at, dir);
    if (dir->count > 0)
        qsort(dir->files, dir->count, sizeof *dir->files, compare_files);
    return result < 0 ? result : dir->error;
}

/* One past the last offset of a swap segment; its base if it is empty. Segments go because of it, so that
 * nothing is believed but whole batches. */
static int64_t end_of_swap(struct log *log, int64_t base)
{
    char path[FILE_PATH_MAX];
    char name[DATA_FILE_NAME_MAX];
    data_file_format((struct data_file_name){.kind = DATA_FILE_LOG, .suffix = DATA_FILE_SWAP, .base = base},
                     name);
    file_path(path, "%s/%s", log->path, name);
    int64_t next = base;
    struct batch_file reader;
    struct found_batch found;
    if (batch_file_open(&reader, log_fs(log), path, base) < 0)
        return base;
    while (batch_file_next(&reader, &found) == 1 && found.crc_right)
        next = batch_next_offset(&found.header);
    batch_file_close(&reader);
    return next;
}

void log_dir_fini(struct log_dir *dir)
{
    free(dir->files);
    *dir = (struct log_dir){0};
}

void log_dir_unlink(struct log_dir *dir, const struct data_file_name *found)
{
    char name[DATA_FILE_NAME_MAX];
    data_file_format(*found, name);
    unlink_name(dir, name);
}

static bool has_swaps(const struct log_dir *dir)
{
    for (size_t i = 0; i < dir->count; i++)
        if (dir->files[i].suffix == DATA_FILE_SWAP)
            return true;
    return false;
}

/* What the swaps replace goes, and swaps whose compaction had not got so far. */
static void unlink_replaced(struct log_dir *dir)
{
    int64_t from = INT64_MAX;
    int64_t to = -1;
    for (size_t i = 0; i < dir->count; i++) {
        struct data_file_name *found = &dir->files[i];
        if (found->suffix != DATA_FILE_SWAP || found->kind != DATA_FILE_LOG
            || found->base >= dir->min_cleaned)
            continue;
        int64_t end = end_of_swap(dir->log, found->base);
        from = found->base < from ? found->base : from;
        to = end > to ? end : to;
    }
    for (size_t i = 0; i < dir->count; i++) {
        struct data_file_name *found = &dir->files[i];
        bool replaced = found->suffix != DATA_FILE_SWAP && found->kind != DATA_FILE_PRODUCER_SNAPSHOT
                        && found->base >= from && found->base < to;
        if (replaced || (found->suffix == DATA_FILE_SWAP && found->base >= dir->min_cleaned))
            log_dir_unlink(dir, found);
    }
}

/* Swaps get their own names: the logs, or all the others. Durably. */
static int name_swaps(struct log_dir *dir, bool logs)
{
    struct log *log = dir->log;
    for (size_t i = 0; i < dir->count; i++) {
        struct data_file_name *found = &dir->files[i];
        if (found->suffix != DATA_FILE_SWAP || found->base >= dir->min_cleaned
            || (found->kind == DATA_FILE_LOG) != logs)
            continue;
        char name[DATA_FILE_NAME_MAX];
        char path[FILE_PATH_MAX];
        char plain[FILE_PATH_MAX];
        data_file_format(*found, name);
        file_path(path, "%s/%s", log->path, name);
        found->suffix = DATA_FILE_PLAIN; /* the list is read anew */
        data_file_format(*found, name);
        file_path(plain, "%s/%s", log->path, name);
        int result = file_rename(log_fs(log), path, plain);
        if (result < 0)
            return result;
    }
    return file_sync_directory(log_fs(log), log->path);
}

static void unlink_if_cleaned(void *context, const char *name)
{
    struct data_file_name found;
    data_file_parse(name, &found);
    if (found.suffix == DATA_FILE_CLEANED)
        unlink_name(context, name);
}

static int unlink_cleaned(struct log_dir *dir)
{
    if (!dir->has_cleaned)
        return 0;
    int result = file_list(log_fs(dir->log), dir->log->path, unlink_if_cleaned, dir);
    return result < 0 ? result : dir->error;
}

int log_dir_finish_swaps(struct log_dir *dir)
{
    if (!has_swaps(dir))
        return unlink_cleaned(dir);
    unlink_replaced(dir);
    int result = dir->error;
    if (result == 0)
        result = file_sync_directory(log_fs(dir->log), dir->log->path);
    if (result == 0)
        result = name_swaps(dir, true);
    if (result == 0)
        result = name_swaps(dir, false);
    if (result == 0)
        result = unlink_cleaned(dir);
    return result < 0 ? result : log_dir_list(dir, dir->log);
}
