/*
 * atomic_file: a small file replaced as a whole, where several of them share one sync of their directory.
 */
#ifndef METADATA_ATOMIC_FILE_H
#define METADATA_ATOMIC_FILE_H

#include "protocol/base/slice.h"
#include "storage/os/file.h"

/* `directory`/`name`.tmp, fsync, rename. The caller syncs the directory (storage/checkpoint does both at
 * once). 0 or -errno. */
int atomic_file_replace(struct file_system *fs, const char *directory, const char *name,
                        struct slice content);

/* "`directory`/`name`"; -ENAMETOOLONG if it does not fit, else 0. */
int atomic_file_path(char path[FILE_PATH_MAX], const char *directory, const char *name);

#endif
