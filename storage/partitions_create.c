/*
 * partitions_create: new partitions, many at a time.
 *
 * 1. A partition is made once: who makes one is on the list `creations` meanwhile, and who wants the same
 * one, or wants it away, waits.
 * 2. No lock is held while directories and files are made, so that several threads make the partitions of
 * one topic.
 *
 * Called by the server under a change of the cluster, and by partitions_load.
 */
#include "storage/os/diag.h"
#include "storage/partition_dir.h"
#include "storage/partitions_private.h"

#include <errno.h>
#include <string.h>

/* ---- one directory ---- */

static int make_directory(struct file_system *fs, const char *path, struct log_options *options)
{
    int result = file_mkdir(fs, path);
    options->create = result == 0;
    return result == -EEXIST ? 0 : result;
}

/* Makes sure that partition.metadata says this topic id: in a directory that was made just now it does not,
 * in a suspect one it is written even if it does. */
static enum kerr settle_id(struct file_system *fs, const char *path, struct uuid topic_id,
                           const struct log_options *options, struct note *why)
{
    struct uuid found;
    int result = options->create ? 0 : partition_dir_read_id(fs, path, &found, why);
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
    bool unsynced = log != NULL && !options->create && log->synced_offset < log->end_offset;
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
    struct partition *partition = partition_new(dir, hosted->topic, hosted->topic_id, hosted->index, log);
    if (hosted->is_leader)
        partition_become_leader(partition, hosted->leader_epoch);
    else
        partition_resign(partition, hosted->leader_epoch);
    return partition;
}

static struct partition *create_in(struct data_dir *dir, const struct hosted_partition *hosted,
                                   enum kerr *error, struct note *why)
{
    char name[PARTITION_DIR_NAME_MAX + 1];
    char path[FILE_PATH_MAX];
    struct log_options options = {0};
    partition_dir_name(name, hosted->topic, hosted->index);
    file_path(path, "%s/%s", data_dir_path(dir), name);
    int result = make_directory(data_dir_fs(dir), path, &options);
    if (result < 0) {
        note_set(why, "%s: %s", path, strerror(-result));
        if (!data_dir_error_passes(result))
            data_dir_fail(dir, "%s", why->text);
        *error = KERR_KAFKA_STORAGE_ERROR;
        return NULL;
    }
    struct partition *partition = partitions_open_one(dir, path, hosted, &options, false, error, why);
    if (partition == NULL && options.create) /* half of one would not open at the next start either */
        (void)file_remove_tree(data_dir_fs(dir), path);
    return partition;
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

/* Where a directory goes offline over it, the next one is tried. The map's reference is the new one's. */
static struct partition *create(struct partitions *partitions, struct creation *creation, enum kerr *error,
                                struct note *why)
{
    struct data_dir *dir;
    *error = KERR_KAFKA_STORAGE_ERROR;
    while ((dir = partitions_choose_dir(partitions, creation->hosted)) != NULL) {
        struct partition *partition = create_in(dir, creation->hosted, error, why);
        if (partition == NULL) {
            data_dir_add_replicas(dir, -1);
        } else {
            rwlock_write(&partitions->lock);
            partitions_add_locked(partitions, partition_ref(partition));
            rwlock_write_done(&partitions->lock);
        }
        if (partition != NULL || !data_dir_is_offline(dir))
            return partition;
    }
    note_set(why, "its log directory is not in order");
    return NULL;
}

struct partition *partitions_create(struct partitions *partitions, const struct hosted_partition *hosted,
                                    enum kerr *error, struct note *why)
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
        partition = create(partitions, &creation, error, why);
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

/* ---- many ---- */

struct creating {
    struct partitions *partitions;
    const struct hosted_partition *hosted;
    atomic_int error;
};

static void create_one(void *context, size_t i)
{
    struct creating *creating = context;
    const struct hosted_partition *hosted = &creating->hosted[i];
    enum kerr error = KERR_NONE;
    struct note why = {""};
    struct partition *partition = partitions_create(creating->partitions, hosted, &error, &why);
    if (partition != NULL) {
        partition_unref(partition);
        return;
    }
    diag_error("cannot create %.*s-%d: %s", SLICE_ARGS(hosted->topic), (int)hosted->index, why.text);
    atomic_store(&creating->error, (int)error);
}

enum kerr partitions_create_all(struct partitions *partitions, const struct hosted_partition *hosted,
                                size_t count)
{
    struct creating creating = {.partitions = partitions, .hosted = hosted};
    atomic_init(&creating.error, (int)KERR_NONE);
    partitions_in_parallel(count, partitions_threads_for(count), create_one, &creating);
    return (enum kerr)atomic_load(&creating.error);
}
