/*
 * partitions_dirs: which log directory a replica gets, and on whose word it leaves it (AlterReplicaLogDirs).
 *
 * 1. Where a replica will be that is not here yet may be said before: that is remembered until it comes, for
 *    a bounded number of replicas.
 * 2. No move begins while a directory is offline: the replica might be on its way there already.
 */
#include "storage/partitions_private.h"

#include "protocol/base/ensure.h"
#include "storage/mover.h"
#include "storage/os/diag.h"
#include "storage/partition_move.h"

#include <stdlib.h>
#include <string.h>

#define DIAG_AREA DIAG_STORAGE

enum { KEY_ROOM = 300, PREFERENCES_MAX = 10000 };

/* Where a replica shall be made. Its map's key is part of it. */
struct preference {
    struct data_dir *dir;
    size_t key_len;
    uint8_t key[];
};

/* ---- preferences ---- */

static void prefer_locked(struct partitions *partitions, struct slice key, struct data_dir *dir)
    NEEDS(partitions->lock)
{
    struct preference *known = map_find(&partitions->preferences, key);
    if (known != NULL) {
        known->dir = dir;
        return;
    }
    if (partitions->preferences.count >= PREFERENCES_MAX)
        return;
    known = malloc(sizeof *known + key.len);
    ensure(known != NULL);
    known->dir = dir;
    known->key_len = key.len;
    memcpy(known->key, key.data, key.len);
    map_put(&partitions->preferences, slice_of(known->key, known->key_len), known);
}

void partitions_free_preferences(struct partitions *partitions)
{
    size_t cursor = 0;
    struct map_entry *entry;
    while ((entry = map_next(&partitions->preferences, &cursor)) != NULL)
        free(entry->value);
    map_fini(&partitions->preferences);
}

/* What was said of a replica that is made now; NULL: nothing, or it cannot be. */
static struct data_dir *take_preference(struct partitions *partitions, const struct hosted_partition *hosted)
    NEEDS(partitions->lock)
{
    uint8_t room[KEY_ROOM];
    struct preference *known =
        partitions->preferences.count == 0
            ? NULL
            : map_remove(&partitions->preferences, partitions_key(room, hosted->topic, hosted->index));
    struct data_dir *dir = known == NULL || data_dir_is_offline(known->dir) ? NULL : known->dir;
    free(known);
    return dir;
}

/* ---- choosing ---- */

static struct data_dir *find_named(struct partitions *partitions, struct uuid directory_id)
{
    for (int32_t i = 0; i < partitions->dir_count; i++)
        if (!data_dir_is_offline(partitions->dirs[i])
            && uuid_equal(data_dir_meta(partitions->dirs[i])->directory_id, directory_id))
            return partitions->dirs[i];
    return NULL;
}

/* Whether a new one goes to `dir` rather than to `other` (or NULL): where there is room, and then where the
 * fewest are. Apache Kafka has no full directory beside others: the first write that it refuses takes it
 * offline. */
static bool is_better(const struct data_dir *dir, const struct data_dir *other)
{
    if (other == NULL || data_dir_has_room(dir) != data_dir_has_room(other))
        return other == NULL || data_dir_has_room(dir);
    return data_dir_replicas(dir) < data_dir_replicas(other);
}

/* If all are cordoned, the first: somebody has named this broker for it. */
static struct data_dir *find_emptiest(struct partitions *partitions)
{
    struct data_dir *best = NULL;
    struct data_dir *first = NULL;
    for (int32_t i = 0; i < partitions->dir_count; i++) {
        struct data_dir *dir = partitions->dirs[i];
        if (data_dir_is_offline(dir))
            continue;
        first = first == NULL ? dir : first;
        if (!data_dir_is_cordoned(dir) && is_better(dir, best))
            best = dir;
    }
    return best == NULL ? first : best;
}

/* Without the lock: a file system may be slow to say it. */
static void look_for_room(struct partitions *partitions)
{
    for (int32_t i = 0; i < partitions->dir_count && partitions->dir_count > 1; i++)
        if (!data_dir_is_offline(partitions->dirs[i]))
            data_dir_look_for_room(partitions->dirs[i]);
}

struct data_dir *partitions_choose_dir(struct partitions *partitions, const struct hosted_partition *hosted)
{
    if (directory_id_is_reserved(hosted->directory_id))
        look_for_room(partitions);
    rwlock_write(&partitions->lock);
    struct data_dir *dir = take_preference(partitions, hosted);
    if (dir == NULL)
        dir = directory_id_is_reserved(hosted->directory_id) ? find_emptiest(partitions)
                                                             : find_named(partitions, hosted->directory_id);
    if (dir != NULL)
        data_dir_add_replicas(dir, 1);
    rwlock_write_done(&partitions->lock);
    return dir;
}

/* ---- moving ---- */

static bool any_is_offline(const struct partitions *partitions)
{
    for (int32_t i = 0; i < partitions->dir_count; i++)
        if (data_dir_is_offline(partitions->dirs[i]))
            return true;
    return false;
}

/* Its directory is made at once, so that a start after a stop in the next moment goes on with it. */
static enum kerr begin(struct partitions *partitions, struct partition_move *started)
{
    int result = partition_move_open(started);
    if (result == 0) {
        mover_add(partitions->mover, started);
        return KERR_NONE;
    }
    const struct partition *partition = started->partition;
    if (file_is_refused(result))
        diag_warn("%s-%d cannot move to %s: %s", partition->topic, (int)partition->index,
                  data_dir_path(started->to), strerror(-result));
    else
        data_dir_fail(started->to, "%s-%d cannot move to it: %s", partition->topic, (int)partition->index,
                      strerror(-result));
    partition_move_abandon(started, partitions, true);
    partition_move_free(started);
    return KERR_KAFKA_STORAGE_ERROR;
}

static enum kerr move(struct partitions *partitions, struct partition *partition, struct data_dir *dir)
{
    bool stays = partition_dir(partition) == dir || atomic_load(&partition->future_dir) == dir;
    if (!stays && any_is_offline(partitions))
        return KERR_KAFKA_STORAGE_ERROR;
    struct partition_move *started;
    enum kerr error = partition_set_destination(partition, dir, &started);
    return started == NULL ? error : begin(partitions, started);
}

enum kerr partitions_set_dir(struct partitions *partitions, struct slice topic, int32_t index,
                             struct data_dir *dir)
{
    uint8_t room[KEY_ROOM];
    if (data_dir_is_offline(dir))
        return KERR_KAFKA_STORAGE_ERROR;
    partitions_wait_for_creation(partitions, &topic, NULL, index);
    struct partition *partition = partitions_find(partitions, topic, index);
    if (partition != NULL) {
        enum kerr error = move(partitions, partition, dir);
        partition_unref(partition);
        return error == KERR_NOT_LEADER_OR_FOLLOWER ? KERR_REPLICA_NOT_AVAILABLE : error;
    }
    if (topic.len + 1 + sizeof index <= sizeof room) {
        rwlock_write(&partitions->lock);
        prefer_locked(partitions, partitions_key(room, topic, index), dir);
        rwlock_write_done(&partitions->lock);
    }
    return KERR_REPLICA_NOT_AVAILABLE;
}

bool partitions_take_places_changed(struct partitions *partitions)
{
    return atomic_exchange(&partitions->places_changed, false);
}
