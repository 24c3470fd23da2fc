/*
 * partitions_load: what happens to every directory found at start (kafka-storage 19).
 *
 * 1. Checkpoint files are read once per log directory. A broken one of recovery points or log starts is as
 * good as none: more is recovered than needed.
 * 2. A directory that the image does not assign to us, or whose topic id is another, is set aside as *-stray,
 * never emptied. What cannot be read is not believed to be another's: the log directory goes offline.
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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_ROOM = 300, STRAY_NAMES = 200 };

static const char cluster_log_dir[] = "__cluster_metadata-0";

/* A copy on its way to another directory. */
struct future {
    struct future *next;
    struct data_dir *dir;
    int64_t end_offset; /* -1: it cannot be opened, or does not begin where the partition does */
    char path[];
};

/* One partition that the image wants here. */
struct wanted {
    const struct hosted_partition *hosted;
    struct data_dir *dir; /* where its directory is; NULL: nowhere yet */
    bool id_is_there;
    bool is_stray; /* the directory is another topic's */
    struct log_options options;
    int64_t first_dirty; /* as cleaner-offset-checkpoint says; -1: it does not */
    struct partition *partition;
    struct future *futures;   /* copies of it that were being made */
    int64_t highest_start;    /* of the log, as checkpointed in any directory */
    struct data_dir *move_to; /* what the copying is to be begun anew for */
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

/* What partition.metadata says: 1, 0 or -errno. One that cannot be read tells nothing about whose records
 * these are: the directory goes offline, as Apache Kafka's does. Set aside they would be lost to everybody,
 * with an empty partition in their place, for one open that failed. */
static int read_id(const struct loading *loading, const char *name, struct uuid *id)
{
    char path[FILE_PATH_MAX];
    struct note why = {""};
    file_path(path, "%s/%s", data_dir_path(loading->dir), name);
    int result = partition_dir_read_id(data_dir_fs(loading->dir), path, id, &why);
    if (result == -EBADMSG)
        diag_warn("%s", why.text);
    else if (result < 0)
        data_dir_fail(loading->dir, "%s", why.text);
    return result;
}

static void look_at_live(struct loading *loading, const char *name, struct wanted *wanted)
{
    if (wanted != NULL && wanted->dir == NULL)
        wanted->dir = loading->dir;
    else
        push(&loading->stray, &loading->stray_count, name);
}

/* What was moved is looked at once all is known; a copy of what is not ours is left alone. Without its id
 * one had not even begun. */
static void look_at_future(struct loading *loading, const char *name, struct wanted *wanted)
{
    struct uuid id;
    int result = wanted == NULL ? -ENOENT : read_id(loading, name, &id);
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
    wanted->id_is_there = read_id(loading, name, &id) == 1;
    wanted->is_stray = wanted->id_is_there && !uuid_equal(id, wanted->hosted->topic_id);
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
        push(&loading->stray, &loading->stray_count, name);
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
    if (result < 0 && result != -EBADMSG && kind == CHECKPOINT_START) {
        data_dir_fail(loading->dir, "%s", why.text); /* else deleted records would come back */
    } else if (result < 0) {
        diag_warn("%s: %s; its other entries are not believed", path, why.text);
        atomic_store(&loading->partitions->outdated, true);
    }
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

/* Of a directory that is known to be in order: before that nothing of it is touched. */
static void take_found(struct loading *loading, struct data_dir *dir)
{
    read_checkpoint(loading, "recovery-point-offset-checkpoint", CHECKPOINT_RECOVERY);
    read_checkpoint(loading, "log-start-offset-checkpoint", CHECKPOINT_START);
    read_checkpoint(loading, "cleaner-offset-checkpoint", CHECKPOINT_CLEANER);
    if (loading->stray_count > 0)
        atomic_store(&loading->partitions->outdated, true);
    for (size_t i = 0; i < loading->stray_count; i++)
        set_stray_aside(loading, loading->stray[i]);
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
    loading->stray_count = loading->doomed_count = 0;
    int result = file_list(data_dir_fs(dir), data_dir_path(dir), look_at, loading);
    if (result < 0)
        data_dir_fail(dir, "%s", strerror(-result));
    else
        check_ids(loading);
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

/* How a log of this directory is to be opened. */
static struct log_options options_in(struct loading *loading, const struct wanted *wanted,
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

static void live_path(const struct wanted *wanted, const struct data_dir *dir, char path[FILE_PATH_MAX])
{
    char name[PARTITION_DIR_NAME_MAX + 1];
    partition_dir_name(name, wanted->hosted->topic, wanted->hosted->index);
    file_path(path, "%s/%s", data_dir_path(dir), name);
}

static void open_live(struct loading *loading, struct wanted *wanted)
{
    char path[FILE_PATH_MAX];
    struct log_options options = options_in(loading, wanted, wanted->dir);
    live_path(wanted, wanted->dir, path);
    wanted->partition = partitions_open_one(wanted->dir, path, wanted->hosted, &options, wanted->id_is_there,
                                            &wanted->error, &wanted->why);
    if (wanted->partition == NULL)
        data_dir_fail(wanted->dir, "%s", wanted->why.text);
    else
        partition_restore_first_dirty(wanted->partition, wanted->first_dirty);
}

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
    live_path(wanted, future->dir, live);
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
    struct log_options options = options_in(loading, wanted, future->dir);
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
static void settle_copies(struct loading *loading, struct wanted *wanted)
{
    char live[FILE_PATH_MAX];
    const struct future *longest = find_longest(loading, wanted);
    if (longest == NULL || longest->end_offset <= wanted->partition->log->end_offset) {
        doom_others(loading, wanted, NULL);
        return;
    }
    live_path(wanted, wanted->dir, live);
    if (doom(loading, wanted, wanted->dir, live) < 0 || !promote(wanted, longest))
        return; /* as it was: the next start decides */
    doom_others(loading, wanted, longest);
    wanted->move_to = NULL;
    partition_unref(wanted->partition);
    open_live(loading, wanted);
}

static void open_one(void *context, size_t i)
{
    struct loading *loading = context;
    struct wanted *wanted = &loading->wanted[i];
    bool is_here = wanted->dir != NULL;
    /* without the partition itself a copy is only believed if that can be nowhere else */
    if (!is_here && wanted->futures != NULL && is_new(loading->partitions, wanted->hosted->directory_id)) {
        const struct future *longest = find_longest(loading, wanted);
        if (longest != NULL && promote(wanted, longest))
            doom_others(loading, wanted, longest);
        wanted->move_to = NULL;
    }
    if (wanted->dir != NULL && !data_dir_is_offline(wanted->dir))
        open_live(loading, wanted);
    if (is_here && wanted->futures != NULL && wanted->partition != NULL)
        settle_copies(loading, wanted);
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
    add_found(&loading);
    create_new(&loading, why);
    tell_missing(&loading);
    move_on(&loading);
    if (all_are_offline(partitions))
        error = KERR_KAFKA_STORAGE_ERROR;
    fini_loading(&loading);
    return error;
}
