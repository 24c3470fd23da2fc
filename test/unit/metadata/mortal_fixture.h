/*
 * mortal_fixture: a process that dies anywhere: from some call of the file system on nothing gets through to
 * the disk any more.
 */
#ifndef TEST_UNIT_METADATA_MORTAL_FIXTURE_H
#define TEST_UNIT_METADATA_MORTAL_FIXTURE_H

#include "test/unit/metadata/cluster_fixture.h"

#include <errno.h>

FIXTURE struct file_system mortal;
FIXTURE int mortal_steps, mortal_steps_allowed; /* calls that change something */

FIXTURE bool mortal_dies_here(void)
{
    return ++mortal_steps > mortal_steps_allowed;
}

FIXTURE int mortal_sync(struct file_system *fs, int file, bool data_only)
{
    return mortal_dies_here() ? -EIO : file_system_os()->sync(fs, file, data_only);
}

FIXTURE int mortal_sync_directory(struct file_system *fs, const char *path)
{
    return mortal_dies_here() ? -EIO : file_system_os()->sync_directory(fs, path);
}

/* The write that is under way then gets half through. */
FIXTURE ssize_t mortal_pwritev(struct file_system *fs, int file, const struct iovec *parts, int count,
                               int64_t at)
{
    if (!mortal_dies_here())
        return file_system_os()->pwritev(fs, file, parts, count, at);
    struct iovec half = {parts[0].iov_base, parts[0].iov_len / 2};
    if (mortal_steps == mortal_steps_allowed + 1)
        (void)file_system_os()->pwritev(fs, file, &half, 1, at);
    return -EIO;
}

FIXTURE int mortal_truncate(struct file_system *fs, int file, int64_t size)
{
    return mortal_dies_here() ? -EIO : file_system_os()->truncate(fs, file, size);
}

FIXTURE int mortal_rename(struct file_system *fs, const char *from, const char *to)
{
    return mortal_dies_here() ? -EIO : file_system_os()->rename(fs, from, to);
}

FIXTURE int mortal_unlink(struct file_system *fs, const char *path)
{
    return mortal_dies_here() ? -EIO : file_system_os()->unlink(fs, path);
}

FIXTURE int mortal_mkdir(struct file_system *fs, const char *path)
{
    return strstr(path, "__cluster") != NULL && mortal_dies_here() ? -EIO : file_system_os()->mkdir(fs, path);
}

FIXTURE int mortal_open(struct file_system *fs, const char *path, int flags, unsigned mode)
{
    if ((flags & FILE_CREATE) != 0 && strstr(path, ".lock") == NULL && mortal_dies_here())
        return -EIO;
    return file_system_os()->open(fs, path, flags, mode);
}

/* From now on so many steps get through. */
FIXTURE void mortal_begin(struct node_fixture *fixture, int steps)
{
    mortal = *file_system_os();
    mortal.sync = mortal_sync;
    mortal.sync_directory = mortal_sync_directory;
    mortal.pwritev = mortal_pwritev;
    mortal.truncate = mortal_truncate;
    mortal.rename = mortal_rename;
    mortal.unlink = mortal_unlink;
    mortal.mkdir = mortal_mkdir;
    mortal.open = mortal_open;
    mortal_steps = 0;
    mortal_steps_allowed = steps;
    fixture->fs = &mortal;
}

FIXTURE bool mortal_has_died(void)
{
    return mortal_steps > mortal_steps_allowed;
}

#endif
