/*
 * partitions_twice: a partition that has its directory in two log directories, as somebody's copying or a
 * disk that failed in the middle of something may leave it. See partitions_load.c.
 *
 * 1. One of them is the partition, and the other set aside as *-stray, only where there is no doubt: one says
 * that it is another topic's or does not say whose, as Apache Kafka decides it, or nothing was ever written
 * to one. Otherwise nobody here can know which has what was acknowledged, and as Apache Kafka we do not
 * start.
 */
#include "protocol/base/ensure.h"
#include "storage/data_file.h"
#include "storage/partitions_loading.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void partitions_note_again(struct loading *loading, struct wanted *wanted, const char *name)
{
    loading->again = realloc(loading->again, sizeof *loading->again * (loading->again_count + 1));
    ensure(loading->again != NULL);
    struct found_again *again = &loading->again[loading->again_count++];
    again->wanted = wanted;
    memcpy(again->name, name, strlen(name) + 1); /* it was parsed: it is a file's name */
}

static void look_for_more(void *context, const char *name)
{
    bool *has_more = context;
    struct data_file_name parsed;
    data_file_parse(name, &parsed);
    if (parsed.kind == DATA_FILE_LOG && (parsed.base > 0 || parsed.suffix == DATA_FILE_DAMAGED))
        *has_more = true;
}

/* Whether the log holds nothing and has never held anything. What cannot be read may hold something. */
static bool is_unwritten(const struct data_dir *dir, const char *name)
{
    char path[FILE_PATH_MAX];
    char first[FILE_PATH_MAX];
    struct file_status status = {0};
    bool has_more = false;
    struct file_system *fs = data_dir_fs(dir);
    file_path(path, "%s/%s", data_dir_path(dir), name);
    file_path(first, "%s/%s/00000000000000000000.log", data_dir_path(dir), name);
    if (file_list(fs, path, look_for_more, &has_more) < 0 || has_more)
        return false;
    int file = file_open(fs, first, FILE_READ);
    if (file < 0)
        return file == -ENOENT;
    int result = file_status(fs, file, &status);
    file_close(fs, file);
    return result == 0 && status.size == 0;
}

/* The one that was found first is set aside, and forgotten. */
static void take_second(struct loading *loading, struct wanted *wanted, const char *name)
{
    struct data_dir *second = loading->dir;
    loading->dir = wanted->dir;
    partitions_set_stray_aside(loading, name);
    loading->dir = second;
    atomic_store(&loading->partitions->outdated, true);
    wanted->dir = second;
    wanted->id_is_there = true;
    wanted->options.recovery_point = wanted->options.start_offset = 0;
    wanted->first_dirty = -1;
}

static void settle(struct loading *loading, const struct found_again *again)
{
    struct uuid id;
    struct wanted *wanted = again->wanted;
    int result = partitions_read_id(loading, again->name, &id);
    if (result < 0 && result != -EBADMSG && result != -ENOTDIR)
        return; /* the directory is offline */
    bool is_ours = result == 1 && uuid_equal(id, wanted->hosted->topic_id);
    if (is_ours && (!wanted->id_is_there || is_unwritten(wanted->dir, again->name)))
        take_second(loading, wanted, again->name);
    else if (!is_ours || is_unwritten(loading->dir, again->name))
        partitions_add_stray(loading, again->name);
    else
        note_set(&loading->why,
                 "%s is both in %s and in %s: one of the two directories has to be removed, that which was "
                 "copied, or lies where a disk has failed",
                 again->name, data_dir_path(wanted->dir), data_dir_path(loading->dir));
}

void partitions_settle_again(struct loading *loading)
{
    for (size_t i = 0; i < loading->again_count && !data_dir_is_offline(loading->dir); i++)
        settle(loading, &loading->again[i]);
}
