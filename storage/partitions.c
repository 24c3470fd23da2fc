/*
 * partitions: see partitions.h. Loading and creating have files of their own.
 *
 * 1. A partition is in both maps or in none; the maps hold one reference.
 * 2. The registry's lock is not held across I/O. Deleting lets go of it before files are touched; that a
 * partition is made once, and not deleted meanwhile, is seen to otherwise (partitions_create.c).
 * 3. Checkpoint files and what deletions leave in them: partitions_checkpoints.c.
 */
#include "storage/partitions_private.h"

#include "protocol/base/ensure.h"
#include "storage/cleaner.h"
#include "storage/mover.h"
#include "storage/open_files.h"
#include "storage/os/clock.h"
#include "storage/os/diag.h"
#include "storage/os/random.h"
#include "storage/partition_dir.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DIAG_AREA DIAG_STORAGE

enum {
    HOUSEKEEPING_INTERVAL_MS = 1000,
    IDLE_FILES_INTERVAL_MS = 60000,
    KEY_ROOM = 300,
    MOVERS_MAX = 64,
};

static int32_t mover_threads(const struct storage_config *config, int32_t dir_count)
{
    int32_t threads = config->mover_threads > 0 ? config->mover_threads : dir_count;
    return threads < MOVERS_MAX ? threads : MOVERS_MAX;
}

struct partitions *partitions_new(struct data_dir **dirs, int32_t dir_count,
                                  const struct storage_config *config)
{
    struct partitions *partitions = calloc(1, sizeof *partitions);
    ensure(partitions != NULL && dir_count > 0);
    partitions->dirs = malloc(sizeof(struct data_dir *) * (size_t)dir_count);
    partitions->written = calloc((size_t)dir_count * CHECKPOINT_COUNT, sizeof *partitions->written);
    ensure(partitions->dirs != NULL && partitions->written != NULL);
    memcpy(partitions->dirs, dirs, sizeof(struct data_dir *) * (size_t)dir_count);
    partitions->dir_count = dir_count;
    partitions->config = *config;
    rwlock_init(&partitions->lock, RANK_PARTITIONS);
    mutex_init(&partitions->checkpoint_mutex, RANK_CHECKPOINTS);
    mutex_init(&partitions->creation_mutex, RANK_CREATIONS);
    condition_init(&partitions->created);
    list_init(&partitions->creations);
    list_init(&partitions->to_make);
    atomic_init(&partitions->at_once, config->partitions_at_once);
    uint64_t seed = random_bits();
    map_init(&partitions->by_name, seed);
    map_init(&partitions->by_id, seed);
    map_init(&partitions->preferences, seed);
    atomic_init(&partitions->places_changed, false);
    partitions->mover = mover_new(partitions, mover_threads(config, dir_count));
    int64_t now_ms = clock_monotonic_ms();
    for (int kind = 0; kind < CHECKPOINT_COUNT; kind++)
        partitions->checkpoint_due_ms[kind] = now_ms + partitions_checkpoint_interval_ms(partitions, kind);
    partitions->cleaner = cleaner_new(partitions, &config->cleaner);
    partitions->idle_files_due_ms = now_ms + IDLE_FILES_INTERVAL_MS;
    partitions->retention_due_ms = now_ms + config->initial_task_delay_ms;
    partitions->expiry_due_ms = now_ms + config->producer_expiration_check_interval_ms;
    return partitions;
}

struct slice partitions_key(uint8_t *room, struct slice head, int32_t index)
{
    memcpy(room, head.data, head.len);
    room[head.len] = 0;
    memcpy(room + head.len + 1, &index, sizeof index);
    return slice_of(room, head.len + 1 + sizeof index);
}

/* ---- finding ---- */

static struct partition *find(struct partitions *partitions, const struct map *map, struct slice head,
                              int32_t index)
{
    uint8_t room[KEY_ROOM];
    if (head.len + 1 + sizeof index > sizeof room)
        return NULL;
    struct slice key = partitions_key(room, head, index);
    rwlock_read(&partitions->lock);
    struct partition *partition = map_find(map, key);
    if (partition != NULL)
        partition_ref(partition);
    rwlock_read_done(&partitions->lock);
    return partition;
}

struct partition *partitions_find(struct partitions *partitions, struct slice topic, int32_t index)
{
    return find(partitions, &partitions->by_name, topic, index);
}

struct partition *partitions_find_by_id(struct partitions *partitions, struct uuid topic_id, int32_t index)
{
    return find(partitions, &partitions->by_id, uuid_key(&topic_id), index);
}

size_t partitions_count(struct partitions *partitions)
{
    rwlock_read(&partitions->lock);
    size_t count = partitions->by_name.count;
    rwlock_read_done(&partitions->lock);
    return count;
}

struct partition **partitions_all(struct partitions *partitions, size_t *count)
{
    rwlock_read(&partitions->lock);
    struct partition **found = malloc(sizeof(struct partition *) * (partitions->by_name.count + 1));
    ensure(found != NULL);
    size_t cursor = 0;
    struct map_entry *entry;
    *count = 0;
    while ((entry = map_next(&partitions->by_name, &cursor)) != NULL)
        found[(*count)++] = partition_ref(entry->value);
    rwlock_read_done(&partitions->lock);
    return found;
}

void partitions_unref_all(struct partition **found, size_t count)
{
    for (size_t i = 0; i < count; i++)
        partition_unref(found[i]);
    free(found);
}

/* ---- adding and deleting ---- */

void partitions_add_locked(struct partitions *partitions, struct partition *partition)
{
    void *before = map_put(&partitions->by_name, partition->name_key, partition);
    ensure(before == NULL);
    before = map_put(&partitions->by_id, partition->id_key, partition);
    ensure(before == NULL);
}

void partitions_doom_locked(struct partitions *partitions, struct data_dir *dir, const char *path,
                            int64_t due_ms)
{
    partitions->doomed =
        realloc(partitions->doomed, sizeof *partitions->doomed * (partitions->doomed_count + 1));
    ensure(partitions->doomed != NULL);
    char *copy = strdup(path);
    ensure(copy != NULL);
    partitions->doomed[partitions->doomed_count++] = (struct doomed_dir){dir, copy, due_ms};
}

void partitions_doom(struct partitions *partitions, struct data_dir *dir, const char *path, int64_t delay_ms)
{
    rwlock_write(&partitions->lock);
    partitions_doom_locked(partitions, dir, path, clock_monotonic_ms() + delay_ms);
    rwlock_write_done(&partitions->lock);
}

/* Its name is free then; the renamed directory waits to be removed. */
static void rename_deleted(struct partitions *partitions, struct partition *partition)
{
    struct data_dir *dir = partition_dir(partition);
    char name[PARTITION_DIR_NAME_MAX + 1];
    char path[FILE_PATH_MAX];
    partition_dir_name_with(name, partition->topic_slice, partition->index, partition->topic_id, "-delete");
    file_path(path, "%s/%s", data_dir_path(dir), name);
    int result = file_rename(data_dir_fs(dir), partition->log->path, path);
    if (result == 0)
        partitions_doom(partitions, dir, path, partition->log->config.file_delete_delay_ms);
    else if (file_is_full(result)) /* no room for a longer name: all the more reason to remove it now */
        result = file_remove_tree(data_dir_fs(dir), partition->log->path);
    if (result < 0 && !data_dir_is_offline(dir))
        data_dir_fail(dir, "%s: %s", partition->log->path, strerror(-result));
}

void partitions_delete(struct partitions *partitions, struct uuid topic_id, int32_t index)
{
    uint8_t room[KEY_ROOM];
    partitions_wait_for_creation(partitions, NULL, &topic_id, index);
    rwlock_write(&partitions->lock);
    struct partition *partition =
        map_remove(&partitions->by_id, partitions_key(room, uuid_key(&topic_id), index));
    if (partition != NULL)
        map_remove(&partitions->by_name, partition->name_key);
    rwlock_write_done(&partitions->lock);
    if (partition == NULL)
        return;

    partition_close(partition, false);
    partition_call_off_move(partition);
    partition_sync_lead(
        partition); /* waits for a move that is taking over; the next one sees that it is closed */
    partition_sync_leave(partition, -1, false);
    data_dir_add_replicas(partition_dir(partition), -1);
    if (partition_has_directory(partition)) /* nobody makes it now */
        rename_deleted(partitions, partition);
    atomic_store(&partitions->outdated, true);
    partition_unref(partition);
}

/* Takes one directory whose time has come off the list; NULL path: none. */
static struct doomed_dir next_doomed(struct partitions *partitions, int64_t now_ms)
{
    struct doomed_dir found = {0};
    rwlock_write(&partitions->lock);
    for (size_t i = 0; i < partitions->doomed_count && found.path == NULL; i++)
        if (partitions->doomed[i].due_ms <= now_ms) {
            found = partitions->doomed[i];
            partitions->doomed[i] = partitions->doomed[--partitions->doomed_count];
        }
    rwlock_write_done(&partitions->lock);
    return found;
}

static void remove_doomed(struct partitions *partitions, int64_t now_ms)
{
    struct doomed_dir doomed;
    while ((doomed = next_doomed(partitions, now_ms)).path != NULL) {
        int result = file_remove_tree(data_dir_fs(doomed.dir), doomed.path);
        if (result < 0 && result != -ENOENT)
            diag_warn("%s: %s", doomed.path, strerror(-result));
        free(doomed.path);
    }
}

/* What lies below the log starts of the directories that have stored them, or of those that have not. */
static bool delete_below_starts(const struct partitions *partitions, struct partition **found, size_t count,
                                const bool *stored, bool if_stored, int64_t now_ms)
{
    bool more = false;
    for (size_t i = 0; i < count; i++) {
        const struct data_dir *dir = partition_dir(found[i]);
        for (int32_t at = 0; at < partitions->dir_count; at++)
            if (partitions->dirs[at] == dir && stored[at] == if_stored)
                more |= partition_delete_below_start(found[i], if_stored, now_ms);
    }
    return more;
}

/* Log starts first, then what lies below them: invariant 13. Full directories come last: each of their
 * segments is a sync, for which nobody else is to wait; with a time of their own, so that they have some. */
static void enforce_retention(struct partitions *partitions, int64_t now_ms)
{
    size_t count;
    struct partition **found = partitions_all(partitions, &count);
    int64_t wall_ms = clock_wall_ms();
    bool more = false;
    for (size_t i = 0; i < count; i++)
        more |= partition_retain(found[i], now_ms, wall_ms);
    bool *stored = malloc(sizeof *stored * (size_t)partitions->dir_count);
    ensure(stored != NULL);
    (void)partitions_write_checkpoints(partitions, CHECKPOINT_START, stored);
    more |= delete_below_starts(partitions, found, count, stored, true, now_ms);
    more |= delete_below_starts(partitions, found, count, stored, false, clock_monotonic_ms());
    free(stored);
    partitions_unref_all(found, count);
    partitions->retention_due_ms = more ? now_ms : now_ms + partitions->config.retention_check_interval_ms;
}

static void keep_house(struct partitions *partitions, int64_t now_ms)
{
    size_t count;
    bool expire = now_ms >= partitions->expiry_due_ms;
    if (expire)
        partitions->expiry_due_ms = now_ms + partitions->config.producer_expiration_check_interval_ms;
    struct partition **found = partitions_all(partitions, &count);
    int64_t wall_ms = clock_wall_ms();
    for (size_t i = 0; i < count; i++)
        partition_tick(found[i], now_ms, wall_ms, expire);
    partitions_unref_all(found, count);
    remove_doomed(partitions, now_ms);
}

void partitions_tick(struct partitions *partitions, int64_t now_ms)
{
    cleaner_tick(partitions->cleaner, now_ms);
    partitions_make_some(partitions, now_ms);
    if (now_ms >= partitions->housekeeping_due_ms) {
        partitions->housekeeping_due_ms = now_ms + HOUSEKEEPING_INTERVAL_MS;
        keep_house(partitions, now_ms);
    }
    if (now_ms >= partitions->retention_due_ms)
        enforce_retention(partitions, now_ms);
    for (int kind = 0; kind < CHECKPOINT_COUNT; kind++)
        if (kind == CHECKPOINT_CLEANER ? cleaner_take_changed(partitions->cleaner)
                                       : now_ms >= partitions->checkpoint_due_ms[kind]) {
            partitions->checkpoint_due_ms[kind] =
                now_ms + partitions_checkpoint_interval_ms(partitions, kind);
            (void)partitions_write_checkpoints(partitions, kind, NULL);
        }
    if (now_ms >= partitions->idle_files_due_ms) {
        partitions->idle_files_due_ms = now_ms + IDLE_FILES_INTERVAL_MS;
        for (int32_t i = 0; i < partitions->dir_count; i++)
            open_files_tick(data_dir_files(partitions->dirs[i]));
    }
}

void partitions_set_cleaner(struct partitions *partitions, const struct cleaner_config *config)
{
    cleaner_set_config(partitions->cleaner, config);
}

/* ---- closing ---- */

struct closing {
    struct partition **found;
    struct data_dir **dirs;
    int32_t dir_count;
    atomic_bool *unclean; /* per directory: a log of it is */
};

static void close_one(void *context, size_t i)
{
    const struct closing *closing = context;
    const struct data_dir *dir = partition_dir(closing->found[i]);
    if (partition_close(closing->found[i], true))
        return;
    for (int32_t at = 0; at < closing->dir_count; at++)
        if (closing->dirs[at] == dir)
            atomic_store(&closing->unclean[at], true);
}

/* The last words of one directory, whatever became of the others. */
static bool close_dir(struct partitions *partitions, int32_t at, struct partition **found, size_t count,
                      bool is_unclean, int64_t broker_epoch)
{
    struct data_dir *dir = partitions->dirs[at];
    bool good = !data_dir_is_offline(dir) && !is_unclean;
    mutex_lock(&partitions->checkpoint_mutex);
    for (int kind = 0; kind < CHECKPOINT_COUNT && good; kind++)
        good = partitions_write_checkpoint(partitions, at, kind, false, found, count);
    mutex_unlock(&partitions->checkpoint_mutex);
    return good && data_dir_mark_clean(dir, broker_epoch) == KERR_NONE;
}

/* Every log, and every directory that can be. */
static bool close_all(struct partitions *partitions, struct partition **found, size_t count,
                      int64_t broker_epoch)
{
    bool good = true;
    struct closing closing = {found, partitions->dirs, partitions->dir_count, NULL};
    closing.unclean = calloc((size_t)partitions->dir_count, sizeof *closing.unclean);
    ensure(closing.unclean != NULL);
    partitions_in_parallel(count, partitions_threads_for(count), close_one, &closing);
    for (int32_t i = 0; i < partitions->dir_count; i++)
        good &= close_dir(partitions, i, found, count, atomic_load(&closing.unclean[i]), broker_epoch);
    free(closing.unclean);
    return good;
}

bool partitions_close(struct partitions *partitions, int64_t broker_epoch)
{
    size_t count;
    cleaner_stop(partitions->cleaner);
    mover_stop(partitions->mover);
    struct partition **found = partitions_all(partitions, &count);
    bool good = !partitions->is_refused && close_all(partitions, found, count, broker_epoch);
    for (size_t i = 0; i < count; i++)
        partition_unref(found[i]); /* the maps' reference */
    partitions_unref_all(found, count);
    partitions_forget_unmade(partitions);

    for (size_t i = 0; i < partitions->doomed_count; i++)
        free(partitions->doomed[i].path);
    for (int32_t i = 0; i < partitions->dir_count * CHECKPOINT_COUNT; i++)
        buf_fini(&partitions->written[i]);
    map_fini(&partitions->by_name);
    map_fini(&partitions->by_id);
    partitions_free_preferences(partitions);
    condition_fini(&partitions->created);
    mutex_fini(&partitions->creation_mutex);
    mutex_fini(&partitions->checkpoint_mutex);
    rwlock_fini(&partitions->lock);
    free(partitions->doomed);
    free(partitions->written);
    free(partitions->dirs);
    free(partitions);
    return good;
}
