/* atomic_file: see the header. Called at start, before anything serves. */
#include "metadata/atomic_file.h"

#include <errno.h>
#include <stdio.h>

int atomic_file_path(char path[FILE_PATH_MAX], const char *directory, const char *name)
{
    int len = snprintf(path, FILE_PATH_MAX, "%s/%s", directory, name);
    return len < 0 || len >= FILE_PATH_MAX ? -ENAMETOOLONG : 0;
}

static int write_synced(struct file_system *fs, const char *path, struct slice content)
{
    int file = file_open(fs, path, FILE_CREATE | FILE_TRUNCATE);
    if (file < 0)
        return file;
    int error = file_write(fs, file, content.data, content.len, 0);
    if (error >= 0)
        error = file_sync(fs, file);
    file_close(fs, file);
    return error < 0 ? error : 0;
}

int atomic_file_replace(struct file_system *fs, const char *directory, const char *name, struct slice content)
{
    char path[FILE_PATH_MAX], temporary[FILE_PATH_MAX];
    int error = atomic_file_path(path, directory, name);
    if (error < 0)
        return error;
    int len = snprintf(temporary, sizeof temporary, "%s.tmp", path);
    if (len < 0 || len >= FILE_PATH_MAX)
        return -ENAMETOOLONG;
    error = write_synced(fs, temporary, content);
    if (file_is_full(error))
        (void)file_unlink(fs, temporary);
    if (error < 0)
        return error;
    error = file_rename(fs, temporary, path);
    return error < 0 ? error : 0;
}
