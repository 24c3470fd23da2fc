/*
 * partitions_create: new partitions, many at a time.
 *
 * 1. A partition is created once: who creates one is on the list `creations` meanwhile, and who wants the
 * same one, or wants it away, waits.
 * 2. It serves at once. A few a second get their directory before that, for who looks into it; the others
 * when they need it, or in the background (partition_make), so that an answer does not wait for the disk.
 *
 * Called by the server under a change of the cluster, by partitions_load, and by the ticking thread.
 */
#include "protocol/base/ensure.h"
#include "storage/os/clock.h"
#include "storage/os/diag.h"
#include "storage/partition_dir.h"
#include "storage/partitions_private.h"

#include <errno.h>
#include <string.h>

#define DIAG_AREA DIAG_STORAGE

enum { SLICE_MS = 200 };

/* ---- one directory ---- */

/* Makes sure that partition.metadata says this topic id; in a suspect directory it is written even if it
 * does. */
static enum kerr settle_id(struct file_system *fs, const char *path, struct uuid topic_id,
                           const struct log_options *options, struct note *why)
{
    struct uuid found;
    int result = partition_dir_read_id(fs, path, &found, why);
    if (result == -EBADMSG)
        result = 0; /* torn or damaged: as good as none (partitions_load) */
    if (result == 1 && !uuid_equal(found, topic_id)) {
        note_set(why, "%s belongs to another topic of that name", path);
        return KERR_INCONSISTENT_TOPIC_ID;
    }
    if (result == 0 || (result == 1 && options->suspect))
        result = partition_dir_write_id(fs, path, topic_id);
    if (file_is_full(result)) /* the cluster log knows it too */
        return KERR_NONE;
    if (result < 0)
        note_set(why, "%s/partition.metadata: %s", path, strerror(-result));
    return result < 0 ? KERR_KAFKA_STORAGE_ERROR : KERR_NONE;
}

static struct log *open_log(const struct log_options *options, struct note *why)
{
    int result;
    struct log *log = log_open(options, &result, why);
    bool unsynced = log != NULL && log->synced_offset < log->end_offset;
    if (log != NULL && options->suspect) {
        result = log_store_epochs(log);
        if (result == 0) /* what was made anew is below a recovery point that somebody wrote before */
            result = log_sync_everything(log);
    }
    if (result == 0 && ((unsynced && options->config.sync_acks_all) || options->suspect))
        result = log_sync_now(log); /* a reader sees nothing that a power cut takes back, after a crash too */
    if (result == 0)
        return log;
    note_set(why, "%s: %s", options->path, strerror(-result));
    if (log != NULL)
        log_free(log);
    return NULL;
}

static struct partition *wrap(struct data_dir *dir, const struct hosted_partition *hosted, struct log *log)
{
    struct partition *partition = partition_new(dir, hosted->topic, hosted->topic_id, hosted->index, log);
    if (hosted->is_leader)
        partition_become_leader(partition, hosted->leader_epoch);
    else
        partition_resign(partition, hosted->leader_epoch);
    return partition;
}

struct partition *partitions_open_one(struct data_dir *dir, const char *path,
                                      const struct hosted_partition *hosted, const struct log_options *given,
                                      bool id_is_checked, enum kerr *error, struct note *why)
{
    struct log_options options = *given;
    options.files = data_dir_files(dir);
    options.path = path;
    options.config = hosted->config;
    *error = id_is_checked && !given->suspect
                 ? KERR_NONE
                 : settle_id(data_dir_fs(dir), path, hosted->topic_id, given, why);
    struct log *log = *error == KERR_NONE ? open_log(&options, why) : NULL;
    if (log == NULL) {
        if (*error == KERR_NONE)
            *error = KERR_KAFKA_STORAGE_ERROR;
        return NULL;
    }
    return wrap(dir, hosted, log);
}

/* One that nobody has made yet. */
static struct partition *new_unmade(struct data_dir *dir, const char *path,
                                    const struct hosted_partition *hosted)
{
    int result;
    struct note why = {""};
    const struct log_options options = {
        .files = data_dir_files(dir), .path = path, .config = hosted->config, .unmade = true};
    struct log *log = log_open(&options, &result, &why);
    ensure(log != NULL); /* it is memory only */
    return wrap(dir, hosted, log);
}

/* Whether a directory is there that may be this partition's. Another topic's, or a file, is not: it is set
 * aside when the partition's own is made. */
static bool is_there(const struct data_dir *dir, const char *path, struct uuid topic_id)
{
    struct uuid id;
    struct note why = {""};
    if (!file_exists(data_dir_fs(dir), path))
        return false;
    int result = partition_dir_read_id(data_dir_fs(dir), path, &id, &why);
    return result != -ENOTDIR && (result != 1 || uuid_equal(id, topic_id));
}

/* Want of space, and the like, leaves it unmade. */
static struct partition *create_in(struct data_dir *dir, const struct hosted_partition *hosted, bool at_once,
                                   enum kerr *error, struct note *why)
{
    char name[PARTITION_DIR_NAME_MAX + 1];
    char path[FILE_PATH_MAX];
    partition_dir_name(name, hosted->topic, hosted->index);
    file_path(path, "%s/%s", data_dir_path(dir), name);
    if (is_there(dir, path, hosted->topic_id))
        return partitions_open_one(dir, path, hosted, &(struct log_options){0}, false, error, why);
    struct partition *partition = new_unmade(dir, path, hosted);
    int result = at_once ? partition_make(partition) : 0;
    if (result == 0 || file_is_refused(result))
        return partition;
    note_set(why, "%s: %s", path, strerror(-result));
    *error = KERR_KAFKA_STORAGE_ERROR;
    partition_unref(partition);
    return NULL;
}

/* ---- once ---- */

static bool is_being_created(struct partitions *partitions, const struct slice *topic,
                             const struct uuid *topic_id, int32_t index) NEEDS(partitions->creation_mutex)
{
    list_for_each(node, &partitions->creations) {
        const struct hosted_partition *other = list_entry(node, struct creation, node)->hosted;
        bool same = (topic_id != NULL && uuid_equal(other->topic_id, *topic_id))
                    || (topic != NULL && slice_equal(other->topic, *topic)); /* they share a directory name */
        if (other->index == index && same)
            return true;
    }
    return false;
}

void partitions_wait_for_creation(struct partitions *partitions, const struct slice *topic,
                                  const struct uuid *topic_id, int32_t index)
{
    mutex_lock(&partitions->creation_mutex);
    while (is_being_created(partitions, topic, topic_id, index))
        condition_wait(&partitions->created, &partitions->creation_mutex);
    mutex_unlock(&partitions->creation_mutex);
}

static void begin(struct partitions *partitions, struct creation *creation)
{
    const struct hosted_partition *hosted = creation->hosted;
    mutex_lock(&partitions->creation_mutex);
    while (is_being_created(partitions, &hosted->topic, &hosted->topic_id, hosted->index))
        condition_wait(&partitions->created, &partitions->creation_mutex);
    list_append(&partitions->creations, &creation->node);
    mutex_unlock(&partitions->creation_mutex);
}

static void end(struct partitions *partitions, struct creation *creation)
{
    mutex_lock(&partitions->creation_mutex);
    list_remove(&creation->node);
    condition_broadcast(&partitions->created);
    mutex_unlock(&partitions->creation_mutex);
}

/* Into the maps, which take the reference of its creator over. */
static void add(struct partitions *partitions, struct partition *partition)
{
    bool waits = !partition_has_directory(partition);
    rwlock_write(&partitions->lock);
    partitions_add_locked(partitions, partition);
    if (waits)
        list_append(&partitions->to_make, &partition_ref(partition)->to_make);
    rwlock_write_done(&partitions->lock);
}

/* Where a directory goes offline over it, the next one is tried. */
static struct partition *create(struct partitions *partitions, const struct hosted_partition *hosted,
                                bool at_once, enum kerr *error, struct note *why)
{
    struct data_dir *dir;
    *error = KERR_KAFKA_STORAGE_ERROR;
    while ((dir = partitions_choose_dir(partitions, hosted)) != NULL) {
        struct partition *partition = create_in(dir, hosted, at_once, error, why);
        if (partition != NULL) {
            add(partitions, partition_ref(partition));
            return partition;
        }
        data_dir_add_replicas(dir, -1);
        if (!data_dir_is_offline(dir))
            return NULL;
    }
    note_set(why, "its log directory is not in order");
    return NULL;
}

static struct partition *find_or_create(struct partitions *partitions, const struct hosted_partition *hosted,
                                        bool at_once, enum kerr *error, struct note *why)
{
    struct creation creation = {.hosted = hosted};
    if (!partitions_forget_deleted(partitions)) {
        note_set(why, "no room to forget a deleted partition that may have had this name");
        *error = KERR_KAFKA_STORAGE_ERROR;
        return NULL;
    }
    *error = KERR_NONE;
    begin(partitions, &creation);
    struct partition *partition = partitions_find(partitions, hosted->topic, hosted->index);
    if (partition == NULL) {
        partition = create(partitions, hosted, at_once, error, why);
    } else if (!uuid_equal(partition->topic_id, hosted->topic_id)) {
        note_set(why, "%.*s-%d is hosted with another topic id", SLICE_ARGS(hosted->topic),
                 (int)hosted->index);
        *error = KERR_INCONSISTENT_TOPIC_ID;
        partition_unref(partition);
        partition = NULL;
    }
    end(partitions, &creation);
    return partition;
}

/* Whether so many may be made at once: then they count. */
static bool take_at_once(struct partitions *partitions, size_t count)
{
    long long left = atomic_load(&partitions->at_once);
    while (left >= (long long)count)
        if (atomic_compare_exchange_weak(&partitions->at_once, &left, left - (long long)count))
            return true;
    return false;
}

struct partition *partitions_create(struct partitions *partitions, const struct hosted_partition *hosted,
                                    enum kerr *error, struct note *why)
{
    return find_or_create(partitions, hosted, take_at_once(partitions, 1), error, why);
}

/* ---- many ---- */

enum kerr partitions_create_all(struct partitions *partitions, const struct hosted_partition *hosted,
                                size_t count)
{
    enum kerr result = KERR_NONE;
    bool at_once = take_at_once(partitions, count);
    for (size_t i = 0; i < count; i++) {
        enum kerr error = KERR_NONE;
        struct note why = {""};
        struct partition *partition = find_or_create(partitions, &hosted[i], at_once, &error, &why);
        if (partition != NULL) {
            partition_unref(partition);
            continue;
        }
        diag_error("cannot create %.*s-%d: %s", SLICE_ARGS(hosted[i].topic), (int)hosted[i].index, why.text);
        result = error;
    }
    return result;
}

/* ---- in the background ---- */

/* The one that waits longest, off the list; NULL: none does. */
static struct partition *take_unmade(struct partitions *partitions)
{
    struct partition *partition = NULL;
    rwlock_write(&partitions->lock);
    if (!list_is_empty(&partitions->to_make)) {
        partition = list_entry(partitions->to_make.next, struct partition, to_make);
        list_remove(&partition->to_make);
    }
    rwlock_write_done(&partitions->lock);
    return partition;
}

/* False: for want of space; it waits on. */
static bool make_one(struct partitions *partitions, struct partition *partition)
{
    int result = partition_make(partition);
    bool waits = file_is_refused(result);
    if (!waits) {
        partitions->making_waits = false;
        partition_unref(partition);
        return true;
    }
    if (!partitions->making_waits)
        diag_warn("%s-%d and others have no directory yet: %s", partition->topic, (int)partition->index,
                  strerror(-result));
    partitions->making_waits = true;
    rwlock_write(&partitions->lock);
    list_append(&partitions->to_make, &partition->to_make);
    rwlock_write_done(&partitions->lock);
    return false;
}

void partitions_make_some(struct partitions *partitions, int64_t now_ms)
{
    struct partition *partition;
    atomic_store(&partitions->at_once, partitions->config.partitions_at_once);
    while (clock_monotonic_ms() < now_ms + SLICE_MS && (partition = take_unmade(partitions)) != NULL)
        if (!make_one(partitions, partition))
            return;
}

void partitions_forget_unmade(struct partitions *partitions)
{
    struct partition *partition;
    while ((partition = take_unmade(partitions)) != NULL)
        partition_unref(partition);
}
