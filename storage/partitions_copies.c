/*
 * partitions_copies: what was on its way to another log directory when the last run ended (*-future). See
 * partitions_load.c; copies of different partitions are looked at by several threads.
 *
 * 1. At every moment of a move a start can tell which of the two has all that was acknowledged: the longest
 * copy, if it is longer than the partition, or if there is no other.
 */
#include "storage/os/diag.h"
#include "storage/partitions_loading.h"

#include <errno.h>
#include <string.h>

#define DIAG_AREA DIAG_STORAGE

/* Out of the way, to be removed. */
static int doom(struct loading *loading, const struct wanted *wanted, struct data_dir *dir, const char *path)
{
    char name[PARTITION_DIR_NAME_MAX + 1];
    char doomed[FILE_PATH_MAX];
    partition_dir_name_with(name, wanted->hosted->topic, wanted->hosted->index, partition_dir_unique_id(),
                            "-delete");
    file_path(doomed, "%s/%s", data_dir_path(dir), name);
    int result = file_rename(data_dir_fs(dir), path, doomed);
    if (result == 0)
        result = file_sync_directory(data_dir_fs(dir), data_dir_path(dir));
    if (result < 0)
        diag_warn("%s: %s", path, strerror(-result));
    else
        partitions_doom(loading->partitions, dir, doomed, loading->partitions->config.initial_task_delay_ms);
    return result;
}

/* The copy gets the partition's name, and is the partition. */
static bool promote(struct wanted *wanted, const struct future *future)
{
    char live[FILE_PATH_MAX];
    partitions_live_path(wanted, future->dir, live);
    int result = file_rename(data_dir_fs(future->dir), future->path, live);
    if (result == 0)
        result = file_sync_directory(data_dir_fs(future->dir), data_dir_path(future->dir));
    if (result < 0) {
        data_dir_fail(future->dir, "%s: %s", future->path, strerror(-result));
        return false;
    }
    diag_info("%s has taken over", live);
    wanted->dir = future->dir;
    wanted->id_is_there = true;
    wanted->options.recovery_point = 0;
    wanted->options.start_offset = wanted->highest_start;
    return true;
}

/* How far a copy goes. */
static void measure(struct loading *loading, const struct wanted *wanted, struct future *future)
{
    int error;
    struct note why = {""};
    struct log_options options = partitions_options_in(loading, wanted, future->dir);
    options.files = data_dir_files(future->dir);
    options.path = future->path;
    options.config = wanted->hosted->config;
    options.recovery_point = options.start_offset = 0;
    struct log *log = log_open(&options, &error, &why);
    if (log == NULL)
        return;
    if (wanted->partition == NULL || log->segments[0]->base_offset <= wanted->partition->log->start_offset)
        future->end_offset = log->end_offset;
    log_free(log);
}

/* The longest copy; NULL: there is none that is in order. */
static struct future *find_longest(struct loading *loading, const struct wanted *wanted)
{
    struct future *longest = NULL;
    for (struct future *future = wanted->futures; future != NULL; future = future->next) {
        if (data_dir_is_offline(future->dir))
            continue;
        measure(loading, wanted, future);
        if (future->end_offset >= 0 && (longest == NULL || future->end_offset > longest->end_offset))
            longest = future;
    }
    return longest;
}

static void doom_others(struct loading *loading, struct wanted *wanted, const struct future *kept)
{
    for (struct future *future = wanted->futures; future != NULL; future = future->next)
        if (future != kept && !data_dir_is_offline(future->dir)
            && doom(loading, wanted, future->dir, future->path) == 0)
            wanted->move_to = future->dir;
}

/* A partition and its copies: the longest has everything that was acknowledged, and more records than another
 * only if it had taken over. Copies that had not are made anew. */
void partitions_settle_copies(struct loading *loading, struct wanted *wanted)
{
    char live[FILE_PATH_MAX];
    const struct future *longest = find_longest(loading, wanted);
    if (longest == NULL || longest->end_offset <= wanted->partition->log->end_offset) {
        doom_others(loading, wanted, NULL);
        return;
    }
    partitions_live_path(wanted, wanted->dir, live);
    if (doom(loading, wanted, wanted->dir, live) < 0 || !promote(wanted, longest))
        return; /* as it was: the next start decides */
    doom_others(loading, wanted, longest);
    wanted->move_to = NULL;
    partition_unref(wanted->partition);
    partitions_open_live(loading, wanted);
}

void partitions_take_copy(struct loading *loading, struct wanted *wanted)
{
    const struct future *longest = find_longest(loading, wanted);
    if (longest != NULL && promote(wanted, longest))
        doom_others(loading, wanted, longest);
    wanted->move_to = NULL;
}
