/*
 * open_files: the segment files that are open, so that thousands of idle partitions hold none.
 *
 * A file is opened when it is pinned first and stays open while it is pinned; idle ones are closed by
 * open_files_tick, and at once when the process runs out of descriptors. Pinning an open file takes no lock.
 * RANK_FILES guards the list.
 */
#ifndef STORAGE_OPEN_FILES_H
#define STORAGE_OPEN_FILES_H

#include "protocol/base/list.h"
#include "storage/os/file.h"
#include "storage/os/mutex.h"

#include <stdatomic.h>

struct cached_file {
    struct list_node node; /* in open_files.open while open; guarded by its mutex */
    atomic_int pins;       /* CACHED_FILE_CLOSED, or how many use it */
    atomic_bool used;      /* since the last tick */
    int file;              /* valid while pinned */
};

struct open_files {
    struct file_system *fs;
    struct mutex mutex;
    struct list_node open; /* guarded by mutex, as is count */
    size_t count;
};

void open_files_init(struct open_files *files, struct file_system *fs);
void open_files_fini(struct open_files *files);

void cached_file_init(struct cached_file *file);

/* Pins the file if it is open. */
bool cached_file_try_pin(struct cached_file *file);

/* Pins it, opening `path` for reading and writing first if need be. 0 or -errno. */
int open_files_pin(struct open_files *files, struct cached_file *file, const char *path);

void cached_file_pin_again(struct cached_file *file); /* by who has it pinned */
void cached_file_unpin(struct cached_file *file);

/* Closes it; nobody has it pinned. Harmless if it is closed. */
void open_files_forget(struct open_files *files, struct cached_file *file);

/* Closes what was not used since the last tick. */
void open_files_tick(struct open_files *files);

/* For who opens another file and cannot for want of descriptors: closes idle ones. False: there are none. */
bool open_files_make_room(struct open_files *files);

size_t open_files_count(struct open_files *files);

#endif
