/*
 * partition_make: the directory of a new partition, which is made once it is needed.
 *
 * 1. Until then its log is known by its name alone (log.is_unmade): an empty log to who reads, and on no
 * disk. A power cut or a kill takes nothing: a start creates what the image says and no directory has.
 * 2. It is made under the partition's mutex by whoever needs files first: an append, a move, a clean stop; or
 * by the registry, at once or in the background (partitions_create.c).
 * 3. What lies in its place is set aside.
 * 4. One that cannot be made is as it was before. Want of space passes; all else takes its directory offline.
 */
#include "storage/open_files.h"
#include "storage/os/diag.h"
#include "storage/partition_dir.h"
#include "storage/partition_private.h"

#include <errno.h>
#include <string.h>

#define DIAG_AREA DIAG_STORAGE

/* Somebody has put something there since the partition was created: it is no reason to give up all the others
 * of the log directory. It is set aside, as a start does with what is not ours. */
static int make_directory(struct file_system *fs, struct partition *partition)
{
    char to_name[PARTITION_DIR_NAME_MAX + 1];
    char name[PARTITION_DIR_NAME_MAX + 1];
    const char *path = partition->log->path;
    int result = file_mkdir(fs, path);
    if (result != -EEXIST)
        return result;
    partition_dir_name(name, partition->topic_slice, partition->index);
    result = partition_dir_set_aside(fs, data_dir_path(partition_dir(partition)), name, to_name);
    if (result == 0)
        diag_warn("%s was not made by this broker: set aside as %s", path, to_name);
    return result == 0 || result == -ENOENT ? file_mkdir(fs, path) : result;
}

/* Nothing of half a partition is left behind: on a full disk a start could not complete it. */
static int make_files(struct partition *partition)
{
    struct file_system *fs = data_dir_fs(partition_dir(partition));
    const char *path = partition->log->path;
    int result = partition->has_directory ? 0 : make_directory(fs, partition);
    if (result < 0)
        return result;
    partition->has_directory = true;
    result = partition_dir_write_id(fs, path, partition->topic_id);
    if (result == 0)
        result = log_make(partition->log);
    if (result < 0 && file_remove_tree(fs, path) == 0)
        partition->has_directory = false;
    return result;
}

int partition_make_locked(struct partition *partition)
{
    if (!partition->log->is_unmade)
        return 0;
    int result = make_files(partition);
    if ((result == -EMFILE || result == -ENFILE) && open_files_make_room(partition->log->files))
        result = make_files(partition);
    if (result < 0 && !file_is_refused(result))
        data_dir_fail(partition_dir(partition), "%s cannot be made: %s", partition->log->path,
                      strerror(-result));
    return result;
}

int partition_make(struct partition *partition)
{
    partition_lock(partition);
    bool goes_on = !partition->closed && !data_dir_is_offline(partition_dir(partition));
    int result = goes_on ? partition_make_locked(partition) : 0;
    partition_unlock(partition);
    return result;
}

bool partition_has_directory(struct partition *partition)
{
    partition_lock(partition);
    bool has_directory = partition->has_directory;
    partition_unlock(partition);
    return has_directory;
}
