/*
 * partitions_load: what happens to every directory found at start (kafka-storage 19).
 *
 * 1. Checkpoint files are read once per log directory. A broken one of recovery points or log starts is as
 * good as none: more is recovered than needed.
 * 2. A directory that the image does not assign to us, or whose topic id is another, is set aside as *-stray,
 * never emptied.
 * 3. Logs load on several threads; the maps are filled by one.
 */
#include "storage/partitions_private.h"

#include "protocol/base/ensure.h"
#include "storage/checkpoint.h"
#include "storage/os/clock.h"
#include "storage/os/diag.h"
#include "storage/partition_dir.h"
#include "storage/recovery_progress.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_ROOM = 300, STRAY_NAMES = 200 };

static const char cluster_log_dir[] = "__cluster_metadata-0";

/* One partition that the image wants here. */
struct wanted {
    const struct hosted_partition *hosted;
    struct data_dir *dir; /* where its directory is; NULL: nowhere yet */
    bool id_is_there;
    struct log_options options;
    int64_t first_dirty; /* as cleaner-offset-checkpoint says; -1: it does not */
    struct partition *partition;
    enum kerr error;
    struct note why;
    uint8_t key[KEY_ROOM];
};

struct loading {
    struct partitions *partitions;
    struct wanted *wanted;
    size_t count;
    struct map by_name;   /* key -> wanted */
    struct data_dir *dir; /* being listed */
    char **stray;         /* names in dir */
    char **doomed;
    size_t stray_count;
    size_t doomed_count;
    struct recovery_progress progress;
};

static void push(char ***names, size_t *count, const char *name)
{
    *names = realloc(*names, sizeof(char *) * (*count + 1));
    ensure(*names != NULL);
    (*names)[*count] = strdup(name);
    ensure((*names)[*count] != NULL);
    (*count)++;
}

static struct wanted *find_wanted(const struct loading *loading, struct slice topic, int32_t index)
{
    uint8_t room[KEY_ROOM];
    if (topic.len + 1 + sizeof index > sizeof room)
        return NULL;
    return map_find(&loading->by_name, partitions_key(room, topic, index));
}

/* Whether partition.metadata agrees; a missing one does. */
static bool has_id(const struct loading *loading, const char *name, struct wanted *wanted)
{
    char path[FILE_PATH_MAX];
    struct uuid id;
    struct note why = {""};
    file_path(path, "%s/%s", data_dir_path(loading->dir), name);
    int result = partition_dir_read_id(data_dir_fs(loading->dir), path, &id, &why);
    if (result < 0)
        diag_warn("%s", why.text);
    wanted->id_is_there = result == 1;
    return result == 0 || (result == 1 && uuid_equal(id, wanted->hosted->topic_id));
}

static void look_at(void *context, const char *name)
{
    struct loading *loading = context;
    struct slice topic;
    int32_t index;
    if (strcmp(name, cluster_log_dir) == 0)
        return;
    enum partition_dir_kind kind = partition_dir_parse(name, &topic, &index);
    if (kind == PARTITION_DIR_DELETE)
        push(&loading->doomed, &loading->doomed_count, name);
    if (kind != PARTITION_DIR_LIVE)
        return;
    struct wanted *wanted = find_wanted(loading, topic, index);
    if (wanted != NULL && wanted->dir == NULL && has_id(loading, name, wanted))
        wanted->dir = loading->dir;
    else
        push(&loading->stray, &loading->stray_count, name);
}

/* Reads one checkpoint file into the wanted partitions of this directory. */
static void read_checkpoint(struct loading *loading, const char *name, int kind)
{
    char path[FILE_PATH_MAX];
    struct checkpoint checkpoint;
    struct note why = {""};
    struct slice topic;
    int32_t index;
    int64_t offset;
    file_path(path, "%s/%s", data_dir_path(loading->dir), name);
    int result = checkpoint_open(&checkpoint, data_dir_fs(loading->dir), path, &why);
    while (result >= 0
           && (result = checkpoint_next_offset(&checkpoint, &topic, &index, &offset, &why)) == 1) {
        struct wanted *wanted = find_wanted(loading, topic, index);
        if (wanted == NULL || wanted->dir != loading->dir || offset < 0)
            continue;
        if (kind == CHECKPOINT_START)
            wanted->options.start_offset = offset;
        else if (kind == CHECKPOINT_CLEANER)
            wanted->first_dirty = offset;
        else
            wanted->options.recovery_point = offset;
    }
    checkpoint_close(&checkpoint);
    if (result < 0)
        diag_warn("%s: %s; its other entries are not believed", path, why.text);
}

static void set_stray_aside(struct loading *loading, const char *name)
{
    struct slice topic;
    int32_t index;
    char to_name[PARTITION_DIR_NAME_MAX + 1];
    char from[FILE_PATH_MAX];
    char to[FILE_PATH_MAX];
    struct uuid id = UUID_ZERO;
    struct note why = {""};
    file_path(from, "%s/%s", data_dir_path(loading->dir), name);
    partition_dir_parse(name, &topic, &index);
    (void)partition_dir_read_id(data_dir_fs(loading->dir), from, &id, &why);
    int result = -ENOTEMPTY;
    for (int tries = 0; tries < STRAY_NAMES && (result == -ENOTEMPTY || result == -EEXIST); tries++) {
        partition_dir_name_with(to_name, topic, index, id, "-stray");
        file_path(to, "%s/%s", data_dir_path(loading->dir), to_name);
        result = file_rename(data_dir_fs(loading->dir), from, to);
        id.bytes[sizeof id.bytes - 1]++; /* one was set aside before: any other name will do */
    }
    if (result == 0)
        diag_warn("%s is not assigned to this broker: set aside as %s", from, to_name);
    else
        diag_warn("%s is not assigned to this broker; %s: %s", from, to_name, strerror(-result));
}

static void list_dir(struct loading *loading, struct data_dir *dir)
{
    loading->dir = dir;
    loading->stray_count = loading->doomed_count = 0;
    int result = file_list(data_dir_fs(dir), data_dir_path(dir), look_at, loading);
    if (result < 0) {
        data_dir_fail(dir, "%s", strerror(-result));
        return;
    }
    read_checkpoint(loading, "recovery-point-offset-checkpoint", CHECKPOINT_RECOVERY);
    read_checkpoint(loading, "log-start-offset-checkpoint", CHECKPOINT_START);
    read_checkpoint(loading, "cleaner-offset-checkpoint", CHECKPOINT_CLEANER);
    for (size_t i = 0; i < loading->stray_count; i++) {
        set_stray_aside(loading, loading->stray[i]);
        free(loading->stray[i]);
    }
    for (size_t i = 0; i < loading->doomed_count; i++) {
        char path[FILE_PATH_MAX];
        file_path(path, "%s/%s", data_dir_path(dir), loading->doomed[i]);
        rwlock_write(&loading->partitions->lock);
        partitions_doom_locked(loading->partitions, dir, path,
                               clock_monotonic_ms() + loading->partitions->config.initial_task_delay_ms);
        rwlock_write_done(&loading->partitions->lock);
        free(loading->doomed[i]);
    }
}

static void open_one(void *context, size_t i)
{
    struct loading *loading = context;
    struct wanted *wanted = &loading->wanted[i];
    if (wanted->dir == NULL || data_dir_is_offline(wanted->dir))
        return;
    char name[PARTITION_DIR_NAME_MAX + 1];
    char path[FILE_PATH_MAX];
    partition_dir_name(name, wanted->hosted->topic, wanted->hosted->index);
    file_path(path, "%s/%s", data_dir_path(wanted->dir), name);
    wanted->options.clean = data_dir_was_clean(wanted->dir);
    wanted->options.progress = &loading->progress;
    wanted->options.suspect = data_dir_is_suspect(wanted->dir);
    if (data_dir_was_believed(wanted->dir))
        wanted->options.recovery_point = 0;
    wanted->partition = partitions_open_one(wanted->dir, path, wanted->hosted, &wanted->options,
                                            wanted->id_is_there, &wanted->error, &wanted->why);
    if (wanted->partition == NULL)
        data_dir_fail(wanted->dir, "%s", wanted->why.text);
    else
        partition_restore_first_dirty(wanted->partition, wanted->first_dirty);
}

static void init_loading(struct loading *loading, struct partitions *partitions,
                         const struct hosted_partition *hosted, size_t count)
{
    *loading = (struct loading){.partitions = partitions, .count = count};
    loading->wanted = calloc(count == 0 ? 1 : count, sizeof *loading->wanted);
    ensure(loading->wanted != NULL);
    map_init(&loading->by_name, (uint64_t)clock_monotonic_us());
    for (size_t i = 0; i < count; i++) {
        struct wanted *wanted = &loading->wanted[i];
        wanted->hosted = &hosted[i];
        wanted->first_dirty = -1;
        void *before =
            map_put(&loading->by_name, partitions_key(wanted->key, hosted[i].topic, hosted[i].index), wanted);
        ensure(before == NULL);
    }
}

static void fini_loading(struct loading *loading)
{
    map_fini(&loading->by_name);
    free(loading->wanted);
    free(loading->stray);
    free(loading->doomed);
}

/* Everything in them is on stable storage now. */
static void trust_dirs(struct partitions *partitions)
{
    for (int32_t i = 0; i < partitions->dir_count; i++)
        if (data_dir_is_suspect(partitions->dirs[i]) && !data_dir_is_offline(partitions->dirs[i]))
            data_dir_trust(partitions->dirs[i]);
}

/* How many logs are to be recovered. */
static int64_t count_unclean(const struct loading *loading)
{
    int64_t unclean = 0;
    for (size_t i = 0; i < loading->count; i++)
        if (loading->wanted[i].dir != NULL && !data_dir_was_clean(loading->wanted[i].dir))
            unclean++;
    return unclean;
}

/* num.recovery.threads.per.data.dir where logs are read through; else as the number of small files asks for.
 */
static size_t threads_for(const struct loading *loading)
{
    const struct partitions *partitions = loading->partitions;
    if (loading->progress.logs_to_do == 0)
        return partitions_threads_for(loading->count);
    return (size_t)partitions->config.recovery_threads_per_dir * (size_t)partitions->dir_count;
}

static bool any_is_offline(const struct partitions *partitions)
{
    for (int32_t i = 0; i < partitions->dir_count; i++)
        if (data_dir_is_offline(partitions->dirs[i]))
            return true;
    return false;
}

static bool all_are_offline(const struct partitions *partitions)
{
    for (int32_t i = 0; i < partitions->dir_count; i++)
        if (!data_dir_is_offline(partitions->dirs[i]))
            return false;
    return true;
}

/* Whether a partition that was found nowhere is a new one. It may lie in a directory that is not there now:
 * then an empty one in its place would be the end of its records. */
static bool is_new(const struct partitions *partitions, struct uuid directory_id)
{
    if (directory_id_is_reserved(directory_id))
        return !any_is_offline(partitions);
    for (int32_t i = 0; i < partitions->dir_count; i++)
        if (!data_dir_is_offline(partitions->dirs[i])
            && uuid_equal(data_dir_meta(partitions->dirs[i])->directory_id, directory_id))
            return true;
    return false;
}

static void tell_missing(const struct loading *loading)
{
    size_t missing = 0;
    const struct wanted *first = NULL;
    for (size_t i = loading->count; i > 0; i--)
        if (loading->wanted[i - 1].partition == NULL) {
            first = &loading->wanted[i - 1];
            missing++;
        }
    if (missing > 0)
        diag_error("%zu partitions are offline, as their log directory is not there or not in order: "
                   "%.*s-%d%s",
                   missing, SLICE_ARGS(first->hosted->topic), (int)first->hosted->index,
                   missing > 1 ? " and others" : "");
}

enum kerr partitions_load(struct partitions *partitions, const struct hosted_partition *hosted, size_t count,
                          struct note *why)
{
    struct loading loading;
    init_loading(&loading, partitions, hosted, count);
    for (int32_t i = 0; i < partitions->dir_count; i++)
        if (!data_dir_is_offline(partitions->dirs[i]))
            list_dir(&loading, partitions->dirs[i]);
    recovery_progress_init(&loading.progress, count_unclean(&loading));
    partitions_in_parallel(count, threads_for(&loading), open_one, &loading);
    recovery_progress_end(&loading.progress);
    trust_dirs(partitions);

    enum kerr error = KERR_NONE;
    for (size_t i = 0; i < count; i++) {
        struct wanted *wanted = &loading.wanted[i];
        if (wanted->partition != NULL) {
            rwlock_write(&partitions->lock);
            partitions_add_locked(partitions, wanted->partition);
            rwlock_write_done(&partitions->lock);
        } else if (wanted->dir == NULL && is_new(partitions, wanted->hosted->directory_id)) {
            wanted->partition = partitions_create(partitions, wanted->hosted, &wanted->error, why);
            if (wanted->partition != NULL)
                partition_unref(wanted->partition);
            else /* for want of room, say: the others go on, and the next start tries again */
                diag_error("cannot create %.*s-%d: %s", SLICE_ARGS(wanted->hosted->topic),
                           (int)wanted->hosted->index, why->text);
        } else if (wanted->why.text[0] != '\0') {
            note_set(why, "%s", wanted->why.text);
        }
    }
    tell_missing(&loading);
    if (all_are_offline(partitions))
        error = KERR_KAFKA_STORAGE_ERROR;
    fini_loading(&loading);
    return error;
}
