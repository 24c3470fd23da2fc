/*
 * open_files: see open_files.h.
 *
 * 1. pins >= 0 exactly while the file is open. It goes from CLOSED to 1 and from 0 to CLOSED under the mutex
 * only; all other steps are lock-free.
 * 2. `file` is written before pins leaves CLOSED and read only while pinned.
 */
#include "storage/open_files.h"

#include "protocol/base/ensure.h"

#include <errno.h>

enum { CACHED_FILE_CLOSED = -1 };

void open_files_init(struct open_files *files, struct file_system *fs)
{
    *files = (struct open_files){.fs = fs};
    mutex_init(&files->mutex, RANK_FILES);
    list_init(&files->open);
}

void open_files_fini(struct open_files *files)
{
    ensure(list_is_empty(&files->open));
    mutex_fini(&files->mutex);
}

void cached_file_init(struct cached_file *file)
{
    list_init(&file->node);
    atomic_init(&file->pins, CACHED_FILE_CLOSED);
    atomic_init(&file->used, false);
    file->file = -1;
}

bool cached_file_try_pin(struct cached_file *file)
{
    int pins = atomic_load_explicit(&file->pins, memory_order_relaxed);
    while (pins >= 0)
        if (atomic_compare_exchange_weak_explicit(&file->pins, &pins, pins + 1, memory_order_acquire,
                                                  memory_order_relaxed)) {
            if (!atomic_load_explicit(&file->used, memory_order_relaxed))
                atomic_store_explicit(&file->used, true, memory_order_relaxed);
            return true;
        }
    return false;
}

static bool close_if_idle(struct open_files *files, struct cached_file *file) NEEDS(files->mutex)
{
    int pins = 0;
    if (!atomic_compare_exchange_strong(&file->pins, &pins, CACHED_FILE_CLOSED))
        return false;
    file_close(files->fs, file->file);
    file->file = -1;
    list_remove(&file->node);
    files->count--;
    return true;
}

/* Closes idle files, those that were not used lately first and all of them if there are none such. */
static bool make_room(struct open_files *files) NEEDS(files->mutex)
{
    bool closed = false;
    for (int only_unused = 1; only_unused >= 0 && !closed; only_unused--)
        list_for_each(node, &files->open) {
            struct cached_file *file = list_entry(node, struct cached_file, node);
            if (!only_unused || !atomic_load_explicit(&file->used, memory_order_relaxed))
                closed |= close_if_idle(files, file);
        }
    return closed;
}

int open_files_pin(struct open_files *files, struct cached_file *file, const char *path)
{
    if (cached_file_try_pin(file))
        return 0;
    mutex_lock(&files->mutex);
    int opened = 0;
    if (!cached_file_try_pin(file)) {
        opened = file_open(files->fs, path, FILE_WRITE);
        if ((opened == -EMFILE || opened == -ENFILE) && make_room(files))
            opened = file_open(files->fs, path, FILE_WRITE);
        if (opened >= 0) {
            file->file = opened;
            list_append(&files->open, &file->node);
            files->count++;
            atomic_store(&file->used, true);
            atomic_store(&file->pins, 1);
        }
    }
    mutex_unlock(&files->mutex);
    return opened < 0 ? opened : 0;
}

void cached_file_pin_again(struct cached_file *file)
{
    int before = atomic_fetch_add(&file->pins, 1);
    ensure(before > 0);
}

void cached_file_unpin(struct cached_file *file)
{
    int before = atomic_fetch_sub_explicit(&file->pins, 1, memory_order_release);
    ensure(before > 0);
}

void open_files_forget(struct open_files *files, struct cached_file *file)
{
    mutex_lock(&files->mutex);
    bool closed = close_if_idle(files, file);
    ensure(closed || atomic_load(&file->pins) == CACHED_FILE_CLOSED);
    mutex_unlock(&files->mutex);
}

void open_files_tick(struct open_files *files)
{
    mutex_lock(&files->mutex);
    list_for_each(node, &files->open) {
        struct cached_file *file = list_entry(node, struct cached_file, node);
        if (!atomic_exchange_explicit(&file->used, false, memory_order_relaxed))
            close_if_idle(files, file);
    }
    mutex_unlock(&files->mutex);
}

bool open_files_make_room(struct open_files *files)
{
    mutex_lock(&files->mutex);
    bool made = make_room(files);
    mutex_unlock(&files->mutex);
    return made;
}

size_t open_files_count(struct open_files *files)
{
    mutex_lock(&files->mutex);
    size_t count = files->count;
    mutex_unlock(&files->mutex);
    return count;
}
