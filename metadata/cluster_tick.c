/*
 * cluster_tick: what is due by the clock: that the log's end moves, that snapshots are written, and that what
 * they stand for is deleted (KIP-630, KIP-835). Called by the server's tick thread.
 *
 * Invariants:
 * 1. A snapshot is renamed into place only when the log is synced up to its end: it is never ahead of the log
 *    that a power cut leaves.
 * 2. Segments and older snapshots are deleted only once a newer snapshot and its directory entry are synced.
 *    The newest is never deleted, so that what is needed for a start is there at every moment, and any of
 *    these steps may be the last one.
 * 3. Files are written without a lock. The image is encoded under the change lock alone, so that those
 *    who only read it do not wait.
 */
#include "metadata/cluster_state.h"

#include "metadata/atomic_file.h"
#include "metadata/cluster_epochs.h"
#include "protocol/records/no_op_record.h"
#include "storage/os/clock.h"
#include "storage/os/diag.h"

#define DIAG_AREA DIAG_METADATA

enum {
    CLEAN_INTERVAL_MS = 60000, /* as Apache Kafka */
    RETRY_MS = 60000,          /* after a snapshot for which there was no space */
    RETRY_EPOCHS_MS = 1000,    /* after a leader-epoch-checkpoint for which there was none */
    NO_OP_BYTES = 128,         /* at most */
};

const struct cluster_config cluster_config_defaults = {
    .max_idle_interval_ms = 500,
    .max_record_bytes_between_snapshots = 20971520,
    .max_snapshot_interval_ms = 3600000,
    .segment_bytes = CLUSTER_SEGMENT_BYTES,
    .segment_ms = CLUSTER_SEGMENT_MS,
    .max_retention_bytes = 104857600,
    .max_retention_ms = 604800000,
};

/* ---- no-ops ---- */

/* Nothing is promised by it, so that it waits for no disk: the next change's sync covers it. */
static void append_no_op(struct cluster *cluster)
{
    struct arena arena;
    struct record_list records;
    struct batch_writer writer;
    struct note why = {""};
    int64_t offset = cluster->log.end_offset;
    arena_init(&arena, SIZE_MAX);
    record_list_init(&records, &arena, cluster_level(cluster));
    record_list_add(&records, &no_op_record_message, &(struct no_op_record){{0}});
    batch_writer_init(&writer, offset, cluster->epoch, clock_wall_ms());
    cluster_write_list(&writer, &records, BATCH_BYTES_MAX);
    if (cluster_append(cluster, &writer, &why) == KERR_NONE)
        cluster_apply(cluster, &records, offset);
    batch_writer_fini(&writer);
    arena_fini(&arena);
}

static void keep_moving(struct cluster *cluster, int64_t now_ms)
{
    mutex_lock(&cluster->change_lock);
    bool is_idle = cluster->log.end_offset == cluster->last_offset_ticked
                   && now_ms - cluster->last_write_ms >= cluster->config->max_idle_interval_ms;
    if (is_idle && cluster->config->max_idle_interval_ms > 0 && cluster_has_room(cluster, NO_OP_BYTES))
        append_no_op(cluster);
    if (cluster->log.end_offset != cluster->last_offset_ticked)
        cluster->last_write_ms = now_ms;
    cluster->last_offset_ticked = cluster->log.end_offset;
    mutex_unlock(&cluster->change_lock);
}

/* ---- epochs ---- */

/* There was no room for the file, and the start said so. */
static void store_epochs_if_due(struct cluster *cluster, int64_t now_ms)
{
    if (!cluster->epochs.changed || now_ms < cluster->next_epochs_ms)
        return;
    cluster->next_epochs_ms = now_ms + RETRY_EPOCHS_MS;
    (void)cluster_epochs_store(cluster);
}

/* ---- snapshots ---- */

static bool is_snapshot_due(struct cluster *cluster, int64_t now_ms)
{
    const struct cluster_config *config = cluster->config;
    if (cluster->last_snapshot_ms < 0)
        cluster->last_snapshot_ms = now_ms;
    if (now_ms < cluster->next_attempt_ms)
        return false;
    mutex_lock(&cluster->change_lock);
    bool is_due = cluster->log.end_offset > cluster->snapshot_offset
                  && (cluster->bytes_since_snapshot >= config->max_record_bytes_between_snapshots
                      || (config->max_snapshot_interval_ms > 0
                          && now_ms - cluster->last_snapshot_ms >= config->max_snapshot_interval_ms));
    mutex_unlock(&cluster->change_lock);
    return is_due;
}

/* The image as it is now, and where that is in the log. */
static bool encode(struct cluster *cluster, struct snapshot_id *id, struct buf *bytes)
{
    struct note ignored = {""}; /* the directory has said it */
    mutex_lock(&cluster->change_lock);
    bool is_synced = !cluster->log.has_unsynced || cluster_sync(cluster, &ignored) == KERR_NONE;
    if (is_synced) {
        *id = (struct snapshot_id){cluster->image.offset + 1, cluster->image.epoch};
        struct snapshot_head head = {
            .id = *id,
            .last_timestamp_ms = cluster->last_timestamp_ms,
            .kraft_version = cluster_kraft_version(cluster),
            .voters_record = buf_slice(&cluster->voters_record),
            .now_ms = clock_wall_ms(),
        };
        snapshot_encode(&head, &cluster->image, bytes);
        cluster->bytes_since_snapshot = 0;
    }
    mutex_unlock(&cluster->change_lock);
    return is_synced;
}

/* A snapshot that cannot be written for want of space is tried again: the log has it all. Any other error
 * tells of a disk that is not to be trusted. */
static void write_snapshot(struct cluster *cluster, int64_t now_ms)
{
    struct snapshot_id id;
    struct buf bytes = {0};
    if (!encode(cluster, &id, &bytes)) {
        buf_fini(&bytes);
        return;
    }
    int error = snapshot_store(data_dir_fs(cluster->dir), cluster->directory, id, buf_slice(&bytes));
    if (error == 0) {
        cluster->snapshot_offset = id.end_offset;
        cluster->last_snapshot_ms = now_ms;
        cluster->last_clean_ms = -1;
    } else if (file_is_refused(error)) {
        diag_warn("%s: cannot write the snapshot at %lld: %s; it is tried again in a minute",
                  cluster->directory, (long long)id.end_offset, strerror(-error));
        mutex_lock(&cluster->change_lock);
        cluster->bytes_since_snapshot += (int64_t)cluster->config->max_record_bytes_between_snapshots;
        mutex_unlock(&cluster->change_lock);
        cluster->next_attempt_ms = now_ms + RETRY_MS;
    } else {
        data_dir_fail(cluster->dir, "%s: cannot write the snapshot at %lld: %s", cluster->directory,
                      (long long)id.end_offset, strerror(-error));
    }
    buf_fini(&bytes);
}

/* ---- cleaning ---- */

struct cleaning {
    struct cluster *cluster;
    struct file_system *fs;
    struct snapshot_list snapshots;
    int64_t snapshot_bytes; /* of all that are left */
};

static int64_t size_of_snapshot(const struct cleaning *cleaning, struct snapshot_id id)
{
    char name[SNAPSHOT_NAME_SIZE], path[FILE_PATH_MAX];
    struct file_status status = {.size = 0};
    snapshot_format_name(id, name);
    if (atomic_file_path(path, cleaning->cluster->directory, name) >= 0)
        (void)file_path_status(cleaning->fs, path, &status);
    return status.size;
}

static bool is_too_large(const struct cleaning *cleaning)
{
    int64_t limit = cleaning->cluster->config->max_retention_bytes;
    return limit >= 0 && cluster_log_bytes(&cleaning->cluster->log) + cleaning->snapshot_bytes > limit;
}

static bool is_too_old(const struct cleaning *cleaning, struct snapshot_id id)
{
    int64_t limit = cleaning->cluster->config->max_retention_ms, timestamp_ms;
    return limit >= 0
           && snapshot_read_timestamp(cleaning->fs, cleaning->cluster->directory, id, &timestamp_ms) == 0
           && clock_wall_ms() - timestamp_ms > limit;
}

/* The log begins at the end of this snapshot from now on. */
static int advance_start(struct cluster *cluster, int64_t start_offset)
{
    mutex_lock(&cluster->change_lock);
    bool moves = start_offset > cluster->log.start_offset;
    if (moves)
        cluster->log.start_offset = start_offset;
    mutex_unlock(&cluster->change_lock);
    if (!moves)
        return 0;
    epochs_truncate_start(&cluster->epochs, start_offset); /* as a partition's */
    (void)cluster_epochs_store(cluster);
    return cluster_log_delete_below(&cluster->log, start_offset);
}

/* Deletes from the oldest on what is too much, or too old; of each that goes, the next one takes the
 * place. */
static int clean(struct cleaning *cleaning)
{
    const struct snapshot_list *snapshots = &cleaning->snapshots;
    const char *directory = cleaning->cluster->directory;
    int error = snapshot_list(cleaning->fs, directory, &cleaning->snapshots);
    for (size_t i = 0; i < snapshots->count; i++)
        cleaning->snapshot_bytes += size_of_snapshot(cleaning, snapshots->ids[i]);
    for (size_t i = 0; i + 1 < snapshots->count && error >= 0; i++) {
        struct snapshot_id id = snapshots->ids[i];
        if (!is_too_large(cleaning) && !is_too_old(cleaning, id))
            break;
        int64_t size = size_of_snapshot(cleaning, id);
        error = advance_start(cleaning->cluster, snapshots->ids[i + 1].end_offset);
        if (error >= 0)
            error = snapshot_delete(cleaning->fs, directory, id);
        cleaning->snapshot_bytes -= size;
    }
    return error;
}

static void clean_if_due(struct cluster *cluster, int64_t now_ms)
{
    if (cluster->last_clean_ms >= 0 && now_ms - cluster->last_clean_ms < CLEAN_INTERVAL_MS)
        return;
    cluster->last_clean_ms = now_ms;
    struct cleaning cleaning = {.cluster = cluster, .fs = data_dir_fs(cluster->dir)};
    int error = clean(&cleaning);
    if (error < 0)
        diag_warn("%s: cannot delete what its snapshots stand for: %s", cluster->directory, strerror(-error));
    snapshot_list_fini(&cleaning.snapshots);
}

/* A log in which nobody registered is not ours (cluster_open.c): it stays as it is. */
void cluster_tick(struct cluster *cluster, int64_t now_ms)
{
    if (cluster->broker_epoch == NOT_REGISTERED || data_dir_is_offline(cluster->dir))
        return;
    keep_moving(cluster, now_ms);
    store_epochs_if_due(cluster, now_ms);
    if (is_snapshot_due(cluster, now_ms))
        write_snapshot(cluster, now_ms);
    if (!data_dir_is_offline(cluster->dir))
        clean_if_due(cluster, now_ms);
}
