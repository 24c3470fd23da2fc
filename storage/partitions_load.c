/*
 * partitions_load: what happens to every directory found at start (kafka-storage 19).
 *
 * 1. Checkpoint files are read once per log directory. A broken one of recovery points or log starts is as
 * good as none: more is recovered than needed.
 * 2. A directory that the image does not assign to us, or whose topic id is another, is set aside as *-stray,
 * never emptied. What cannot be read is not believed to be another's: the log directory goes offline. Of
 * two directories of one partition see partitions_twice.c.
 * 3. Logs load on several threads; the maps are filled by one.
 */
#include "storage/partitions_loading.h"

#include "protocol/base/ensure.h"
#include "storage/checkpoint.h"
#include "storage/os/clock.h"
#include "storage/os/diag.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIAG_AREA DIAG_STORAGE

static const char cluster_log_dir[] = "__cluster_metadata-0";

static void push(char ***names, size_t *count, const char *name)
{
    *names = realloc(*names, sizeof(char *) * (*count + 1));
    ensure(*names != NULL);
    (*names)[*count] = strdup(name);
    ensure((*names)[*count] != NULL);
    (*count)++;
}

void partitions_add_stray(struct loading *loading, const char *name)
{
    push(&loading->stray, &loading->stray_count, name);
}

static struct wanted *find_wanted(const struct loading *loading, struct slice topic, int32_t index)
{
    uint8_t room[LOADING_KEY_ROOM];
    if (topic.len + 1 + sizeof index > sizeof room)
        return NULL;
    return map_find(&loading->by_name, partitions_key(room, topic, index));
}

/* What partition.metadata says: 1, 0 or -errno (-ENOTDIR: this is a file, and none of ours). One that
 * cannot be read tells nothing about whose records these are: the directory goes offline, as Apache
 * Kafka's does. Set aside they would be lost to everybody, with an empty partition in their place, for one
 * open that failed. */
int partitions_read_id(const struct loading *loading, const char *name, struct uuid *id)
{
    char path[FILE_PATH_MAX];
    struct note why = {""};
    file_path(path, "%s/%s", data_dir_path(loading->dir), name);
    int result = partition_dir_read_id(data_dir_fs(loading->dir), path, id, &why);
    if (result == -EBADMSG)
        diag_warn("%s", why.text);
    else if (result < 0 && result != -ENOTDIR)
        data_dir_fail(loading->dir, "%s", why.text);
    return result;
}

static void look_at_live(struct loading *loading, const char *name, struct wanted *wanted)
{
    if (wanted == NULL)
        partitions_add_stray(loading, name);
    else if (wanted->dir == NULL)
        wanted->dir = loading->dir;
    else
        partitions_note_again(loading, wanted, name);
}

/* What was moved is looked at once all is known; a copy of what is not ours is left alone. Without its id
 * one had not even begun. */
static void look_at_future(struct loading *loading, const char *name, struct wanted *wanted)
{
    struct uuid id;
    int result = wanted == NULL ? -ENOENT : partitions_read_id(loading, name, &id);
    if (result < 0 || (result == 1 && !uuid_equal(id, wanted->hosted->topic_id)))
        return;
    if (result == 0) {
        push(&loading->doomed, &loading->doomed_count, name);
        return;
    }
    size_t len = strlen(data_dir_path(loading->dir)) + strlen(name) + 2;
    struct future *future = malloc(sizeof *future + len);
    ensure(future != NULL);
    *future = (struct future){.next = wanted->futures, .dir = loading->dir, .end_offset = -1};
    snprintf(future->path, len, "%s/%s", data_dir_path(loading->dir), name);
    wanted->futures = future;
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
    else if (kind == PARTITION_DIR_LIVE)
        look_at_live(loading, name, find_wanted(loading, topic, index));
    else if (kind == PARTITION_DIR_FUTURE)
        look_at_future(loading, name, find_wanted(loading, topic, index));
}

/* A missing id agrees, and so does a torn or damaged one: it is not synced before the first record is, and no
 * directory of another topic can have this name (partitions_forget_deleted). */
static void check_id(void *context, size_t i)
{
    const struct loading *loading = context;
    struct wanted *wanted = &loading->wanted[i];
    if (wanted->dir != loading->dir)
        return;
    char name[PARTITION_DIR_NAME_MAX + 1];
    partition_dir_name(name, wanted->hosted->topic, wanted->hosted->index);
    struct uuid id;
    int result = partitions_read_id(loading, name, &id);
    wanted->id_is_there = result == 1;
    wanted->is_stray = result == -ENOTDIR || (result == 1 && !uuid_equal(id, wanted->hosted->topic_id));
}

/* Reads the topic ids of the directories that were found, on several threads: it is a fifth of a clean
 * start. */
static void check_ids(struct loading *loading)
{
    partitions_in_parallel(loading->count, partitions_threads_for(loading->count), check_id, loading);
    for (size_t i = 0; i < loading->count; i++) {
        struct wanted *wanted = &loading->wanted[i];
        if (!wanted->is_stray)
            continue;
        char name[PARTITION_DIR_NAME_MAX + 1];
        partition_dir_name(name, wanted->hosted->topic, wanted->hosted->index);
        partitions_add_stray(loading, name);
        wanted->dir = NULL;
        wanted->id_is_there = wanted->is_stray = false;
    }
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
    bool was_opened = result >= 0;
    while (result >= 0
           && (result = checkpoint_next_offset(&checkpoint, &topic, &index, &offset, &why)) == 1) {
        struct wanted *wanted = find_wanted(loading, topic, index);
        if (wanted == NULL || wanted->dir != loading->dir)
            atomic_store(&loading->partitions->outdated, true);
        if (wanted == NULL || offset < 0)
            continue;
        if (kind == CHECKPOINT_START && offset > wanted->highest_start)
            wanted->highest_start = offset;
        if (wanted->dir != loading->dir)
            continue;
        if (kind == CHECKPOINT_START)
            wanted->options.start_offset = offset;
        else if (kind == CHECKPOINT_CLEANER)
            wanted->first_dirty = offset;
        else
            wanted->options.recovery_point = offset;
    }
    checkpoint_close(&checkpoint);
    if (result < 0 && was_opened)
        note_prefix(&why, "%s", path);
    if (result < 0 && kind == CHECKPOINT_START) {
        data_dir_fail(loading->dir, "%s", why.text); /* else deleted records would come back */
    } else if (result < 0) {
        diag_warn("%s; its other entries are not believed", why.text);
        atomic_store(&loading->partitions->outdated, true);
    }
}

void partitions_set_stray_aside(struct loading *loading, const char *name)
{
    char to_name[PARTITION_DIR_NAME_MAX + 1];
    char from[FILE_PATH_MAX];
    file_path(from, "%s/%s", data_dir_path(loading->dir), name);
    int result =
        partition_dir_set_aside(data_dir_fs(loading->dir), data_dir_path(loading->dir), name, to_name);
    if (result == 0)
        diag_warn("%s is not assigned to this broker: set aside as %s", from, to_name);
    else
        diag_warn("%s is not assigned to this broker; it cannot be set aside: %s", from, strerror(-result));
}

/* Of a directory that is known to be in order: before that nothing of it is touched. */
static void take_found(struct loading *loading, struct data_dir *dir)
{
    read_checkpoint(loading, "recovery-point-offset-checkpoint", CHECKPOINT_RECOVERY);
    read_checkpoint(loading, "log-start-offset-checkpoint", CHECKPOINT_START);
    read_checkpoint(loading, "cleaner-offset-checkpoint", CHECKPOINT_CLEANER);
    if (loading->stray_count > 0)
        atomic_store(&loading->partitions->outdated, true);
    for (size_t i = 0; i < loading->stray_count; i++)
        partitions_set_stray_aside(loading, loading->stray[i]);
    for (size_t i = 0; i < loading->doomed_count; i++) {
        char path[FILE_PATH_MAX];
        file_path(path, "%s/%s", data_dir_path(dir), loading->doomed[i]);
        rwlock_write(&loading->partitions->lock);
        partitions_doom_locked(loading->partitions, dir, path,
                               clock_monotonic_ms() + loading->partitions->config.initial_task_delay_ms);
        rwlock_write_done(&loading->partitions->lock);
    }
}

static void free_names(char **names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(names[i]);
}

static void list_dir(struct loading *loading, struct data_dir *dir)
{
    loading->dir = dir;
    loading->stray_count = loading->doomed_count = loading->again_count = 0;
    int result = file_list(data_dir_fs(dir), data_dir_path(dir), look_at, loading);
    if (result < 0)
        data_dir_fail(dir, "%s", strerror(-result));
    else
        check_ids(loading);
    if (!data_dir_is_offline(dir))
        partitions_settle_again(loading);
    if (!data_dir_is_offline(dir))
        take_found(loading, dir);
    free_names(loading->stray, loading->stray_count);
    free_names(loading->doomed, loading->doomed_count);
}

/* ---- opening ---- */

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

struct log_options partitions_options_in(struct loading *loading, const struct wanted *wanted,
                                         const struct data_dir *dir)
{
    struct log_options options = wanted->options;
    options.clean = data_dir_was_clean(dir);
    options.progress = &loading->progress;
    options.suspect = data_dir_is_suspect(dir);
    if (data_dir_was_believed(dir) || dir != wanted->dir)
        options.recovery_point = 0;
    return options;
}

void partitions_live_path(const struct wanted *wanted, const struct data_dir *dir, char path[FILE_PATH_MAX])
{
    char name[PARTITION_DIR_NAME_MAX + 1];
    partition_dir_name(name, wanted->hosted->topic, wanted->hosted->index);
    file_path(path, "%s/%s", data_dir_path(dir), name);
}

void partitions_open_live(struct loading *loading, struct wanted *wanted)
{
    char path[FILE_PATH_MAX];
    struct log_options options = partitions_options_in(loading, wanted, wanted->dir);
    partitions_live_path(wanted, wanted->dir, path);
    wanted->partition = partitions_open_one(wanted->dir, path, wanted->hosted, &options, wanted->id_is_there,
                                            &wanted->error, &wanted->why);
    if (wanted->partition == NULL)
        data_dir_fail(wanted->dir, "%s", wanted->why.text);
    else
        partition_restore_first_dirty(wanted->partition, wanted->first_dirty);
}

static void open_one(void *context, size_t i)
{
    struct loading *loading = context;
    struct wanted *wanted = &loading->wanted[i];
    bool is_here = wanted->dir != NULL;
    /* without the partition itself a copy is only believed if that can be nowhere else */
    if (!is_here && wanted->futures != NULL && is_new(loading->partitions, wanted->hosted->directory_id))
        partitions_take_copy(loading, wanted);
    if (wanted->dir != NULL && !data_dir_is_offline(wanted->dir))
        partitions_open_live(loading, wanted);
    if (is_here && wanted->futures != NULL && wanted->partition != NULL)
        partitions_settle_copies(loading, wanted);
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
    for (size_t i = 0; i < loading->count; i++)
        for (struct future *future = loading->wanted[i].futures, *next; future != NULL; future = next) {
            next = future->next;
            free(future);
        }
    free(loading->wanted);
    free(loading->stray);
    free(loading->doomed);
    free(loading->again);
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

/* What was on its way when the last run ended. */
static void move_on(const struct loading *loading)
{
    for (size_t i = 0; i < loading->count; i++) {
        const struct wanted *wanted = &loading->wanted[i];
        if (wanted->move_to != NULL && wanted->partition != NULL)
            (void)partitions_set_dir(loading->partitions, wanted->hosted->topic, wanted->hosted->index,
                                     wanted->move_to);
    }
}

/* Those that were found, before any is made: that one may write the checkpoint files, which name them all. */
static void add_found(const struct loading *loading)
{
    struct partitions *partitions = loading->partitions;
    rwlock_write(&partitions->lock);
    for (size_t i = 0; i < loading->count; i++)
        if (loading->wanted[i].partition != NULL) {
            data_dir_add_replicas(partition_dir(loading->wanted[i].partition), 1);
            partitions_add_locked(partitions, loading->wanted[i].partition);
        }
    rwlock_write_done(&partitions->lock);
}

static void create_new(const struct loading *loading, struct note *why)
{
    struct partitions *partitions = loading->partitions;
    for (size_t i = 0; i < loading->count; i++) {
        struct wanted *wanted = &loading->wanted[i];
        if (wanted->partition != NULL)
            continue;
        if (wanted->dir == NULL && is_new(partitions, wanted->hosted->directory_id)) {
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
}

/* Everything that was found, and what is new. */
static void open_all(struct loading *loading, struct note *why)
{
    struct partitions *partitions = loading->partitions;
    recovery_progress_init(&loading->progress, count_unclean(loading));
    partitions_in_parallel(loading->count, threads_for(loading), open_one, loading);
    recovery_progress_end(&loading->progress);
    trust_dirs(partitions);
    add_found(loading);
    create_new(loading, why);
    tell_missing(loading);
    move_on(loading);
}

enum kerr partitions_load(struct partitions *partitions, const struct hosted_partition *hosted, size_t count,
                          struct note *why)
{
    struct loading loading;
    init_loading(&loading, partitions, hosted, count);
    for (int32_t i = 0; i < partitions->dir_count; i++)
        if (!data_dir_is_offline(partitions->dirs[i]))
            list_dir(&loading, partitions->dirs[i]);
    partitions->is_refused = loading.why.text[0] != '\0';
    if (partitions->is_refused)
        *why = loading.why;
    else
        open_all(&loading, why);
    fini_loading(&loading);
    bool has_none = all_are_offline(partitions);
    if (has_none && why->text[0] == '\0')
        note_set(why, "no log directory is left"); /* each has said why */
    return partitions->is_refused || has_none ? KERR_KAFKA_STORAGE_ERROR : KERR_NONE;
}
