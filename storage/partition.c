/*
 * partition: see partition.h. Here: life, leadership, offsets, waiting, what is periodic. Appends, syncs and
 * reads have files of their own.
 *
 * 1. log start <= last stable offset <= high watermark <= log end.
 * 2. The high watermark never passes an acks=all batch that is not on stable storage (where sync_acks_all is
 * set). It follows everything else at once: this broker is the only replica. A cluster's in-sync replicas
 * will be asked in in_sync_limit_locked.
 * 3. Whoever looks at an offset and then waits does both under `mutex` (partition_watch): no wake-up is lost.
 * 4. `mutex` is never held across a sync.
 */
#include "storage/partition_private.h"

#include "protocol/base/ensure.h"
#include "storage/os/clock.h"
#include "storage/os/diag.h"
#include "storage/partition_move.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DIAG_AREA DIAG_STORAGE

static const struct log_position nowhere = {INT64_MAX, 0, 0};

static struct slice make_key(const void *head, size_t head_len, int32_t index)
{
    uint8_t *key = malloc(head_len + 1 + sizeof index);
    ensure(key != NULL);
    memcpy(key, head, head_len);
    key[head_len] = 0;
    memcpy(key + head_len + 1, &index, sizeof index);
    return slice_of(key, head_len + 1 + sizeof index);
}

struct partition *partition_new(struct data_dir *dir, struct slice topic, struct uuid topic_id, int32_t index,
                                struct log *log)
{
    struct partition *partition = calloc(1, sizeof *partition);
    ensure(partition != NULL);
    atomic_init(&partition->refs, 1);
    atomic_init(&partition->dir, dir);
    atomic_init(&partition->future_dir, NULL);
    partition->topic = strndup((const char *)topic.data, topic.len);
    ensure(partition->topic != NULL);
    partition->topic_slice = slice_of(partition->topic, topic.len);
    partition->topic_id = topic_id;
    partition->index = index;
    partition->name_key = make_key(topic.data, topic.len, index);
    partition->id_key = make_key(topic_id.bytes, sizeof topic_id.bytes, index);
    mutex_init(&partition->mutex, RANK_PARTITION);
    mutex_init(&partition->sync_mutex, RANK_SYNC);
    condition_init(&partition->synced);
    condition_init(&partition->cleaned);
    partition->first_dirty = -1;
    partition->log = log;
    partition->has_directory = !log->is_unmade;
    partition->leader_epoch = -1;
    partition->syncing_held = partition->unsynced_held = partition->stable = nowhere;
    list_init(&partition->watches);
    list_init(&partition->replica_watches);
    partition->flushed_at_ms = clock_monotonic_ms();
    atomic_init(&partition->flush_due, 0);
    atomic_init(&partition->sync_acks_all, log->config.sync_acks_all);
    partition->synced_offset = log->synced_offset;
    log_end_position(log, &partition->high_watermark);
    return partition;
}

struct partition *partition_ref(struct partition *partition)
{
    int before = atomic_fetch_add_explicit(&partition->refs, 1, memory_order_relaxed);
    ensure(before > 0);
    return partition;
}

void partition_unref(struct partition *partition)
{
    int before = atomic_fetch_sub_explicit(&partition->refs, 1, memory_order_acq_rel);
    ensure(before > 0);
    if (before > 1)
        return;
    ensure(list_is_empty(&partition->watches) && list_is_empty(&partition->replica_watches));
    log_free(partition->log);
    condition_fini(&partition->cleaned);
    if (partition->retired != NULL)
        log_free(partition->retired);
    condition_fini(&partition->synced);
    mutex_fini(&partition->sync_mutex);
    mutex_fini(&partition->mutex);
    free((void *)(uintptr_t)partition->name_key.data);
    free((void *)(uintptr_t)partition->id_key.data);
    free(partition->topic);
    free(partition);
}

struct slice partition_topic(const struct partition *partition)
{
    return partition->topic_slice;
}

struct uuid partition_topic_id(const struct partition *partition)
{
    return partition->topic_id;
}

int32_t partition_index(const struct partition *partition)
{
    return partition->index;
}

struct data_dir *partition_dir(const struct partition *partition)
{
    return atomic_load_explicit(&partition->dir, memory_order_acquire);
}

void partition_lock(struct partition *partition)
{
    mutex_lock(&partition->mutex);
}

void partition_unlock(struct partition *partition)
{
    mutex_unlock(&partition->mutex);
}

void partition_get_config(struct partition *partition, struct log_config *config)
{
    partition_lock(partition);
    *config = partition->log->config;
    partition_unlock(partition);
}

void partition_set_config(struct partition *partition, const struct log_config *config)
{
    partition_lock(partition);
    partition->log->config = *config;
    atomic_store(&partition->sync_acks_all, config->sync_acks_all);
    if (!config->sync_acks_all)
        partition->syncing_held = partition->unsynced_held = nowhere;
    partition_move_high_watermark_locked(partition, partition->log->end_offset);
    partition_unlock(partition);
}

/* ---- leadership ---- */

static void store_epochs(struct partition *partition) NEEDS(partition->mutex)
{
    int result = log_store_epochs(partition->log);
    if (result < 0 && !file_is_full(result))
        data_dir_fail(partition_dir(partition), "%s: leader-epoch-checkpoint: %s", partition->log->path,
                      strerror(-result));
}

void partition_become_leader(struct partition *partition, int32_t leader_epoch)
{
    partition_lock(partition);
    if (!partition->is_leader || partition->leader_epoch != leader_epoch) {
        partition->is_leader = true;
        partition->leader_epoch = leader_epoch;
        epochs_lead(&partition->log->epochs, leader_epoch, partition->log->end_offset);
        store_epochs(partition);
        partition_move_high_watermark_locked(partition, partition->log->end_offset);
        partition_wake_all_locked(partition);
    }
    partition_unlock(partition);
}

void partition_resign(struct partition *partition, int32_t leader_epoch)
{
    partition_lock(partition);
    partition->is_leader = false;
    partition->leader_epoch = leader_epoch;
    partition_wake_all_locked(partition);
    partition_unlock(partition);
}

enum kerr partition_check_locked(struct partition *partition, int32_t current_leader_epoch, bool need_leader)
{
    if (partition->closed)
        return KERR_NOT_LEADER_OR_FOLLOWER;
    if (data_dir_is_offline(partition_dir(partition)))
        return KERR_KAFKA_STORAGE_ERROR;
    if (current_leader_epoch >= 0 && current_leader_epoch < partition->leader_epoch)
        return KERR_FENCED_LEADER_EPOCH;
    if (current_leader_epoch >= 0 && current_leader_epoch > partition->leader_epoch)
        return KERR_UNKNOWN_LEADER_EPOCH;
    return need_leader && !partition->is_leader ? KERR_NOT_LEADER_OR_FOLLOWER : KERR_NONE;
}

enum kerr partition_check_leader(struct partition *partition, int32_t current_leader_epoch, bool need_leader)
{
    partition_lock(partition);
    enum kerr error = partition_check_locked(partition, current_leader_epoch, need_leader);
    partition_unlock(partition);
    return error;
}

/* ---- offsets ---- */

int64_t partition_last_stable_offset_locked(struct partition *partition)
{
    int64_t high_watermark = partition->high_watermark.offset;
    int64_t start = partition->log->start_offset;
    int64_t unstable = producers_first_unstable(&partition->log->producers, high_watermark);
    if (unstable < start) /* the beginning of an open transaction was deleted */
        unstable = start;
    return unstable < high_watermark ? unstable : high_watermark;
}

/* How far every in-sync replica has come: the log end, as there is no other. */
static void in_sync_limit_locked(struct partition *partition, struct log_position *limit)
    NEEDS(partition->mutex)
{
    log_end_position(partition->log, limit);
}

void partition_move_high_watermark_locked(struct partition *partition, int64_t end_before)
{
    struct log_position limit;
    in_sync_limit_locked(partition, &limit);
    if (partition->unsynced_held.offset < limit.offset)
        limit = partition->unsynced_held;
    if (partition->syncing_held.offset < limit.offset)
        limit = partition->syncing_held;
    bool moved = limit.offset != partition->high_watermark.offset;
    partition->high_watermark = limit;
    if (moved)
        list_for_each(node, &partition->watches) {
            struct partition_watch *watch = list_entry(node, struct partition_watch, node);
            watch->wake(watch);
        }
    if (moved || partition->log->end_offset != end_before)
        list_for_each(node, &partition->replica_watches) {
            struct partition_watch *watch = list_entry(node, struct partition_watch, node);
            watch->wake(watch);
        }
}

void partition_get_offsets(struct partition *partition, struct partition_offsets *offsets)
{
    partition_lock(partition);
    *offsets = (struct partition_offsets){
        .log_start_offset = partition->log->start_offset,
        .high_watermark = partition->high_watermark.offset,
        .last_stable_offset = partition_last_stable_offset_locked(partition),
        .log_end_offset = partition->log->end_offset,
        .leader_epoch = partition->leader_epoch,
        .is_leader = partition->is_leader,
    };
    partition_unlock(partition);
}

static struct partition_producer describe_producer(const struct producer *producer)
{
    int newest = producer->batch_count - 1;
    return (struct partition_producer){
        .id = producer->id,
        .last_timestamp = producer->last_timestamp,
        .transaction_start = producer->transaction_start,
        .last_sequence = newest < 0 ? -1 : producer->batches[newest].last_sequence,
        .coordinator_epoch = producer->coordinator_epoch,
        .epoch = producer->epoch,
    };
}

struct partition_producer *partition_list_producers(struct partition *partition, struct arena *arena,
                                                    int32_t *count)
{
    partition_lock(partition);
    const struct producers *producers = &partition->log->producers;
    struct partition_producer *list =
        arena_new_array(arena, struct partition_producer, producers_count(producers));
    size_t cursor = 0;
    *count = 0;
    for (struct map_entry *entry; (entry = map_next(&producers->by_id, &cursor)) != NULL;)
        list[(*count)++] = describe_producer(entry->value);
    partition_unlock(partition);
    return list;
}

void partition_get_extent(struct partition *partition, struct partition_extent *extent)
{
    partition_lock(partition);
    const struct log *log = partition->log;
    const struct partition_move *move = partition->move;
    int64_t lag = partition->high_watermark.offset - log->end_offset;
    *extent = (struct partition_extent){.dir = partition_dir(partition), .offset_lag = lag > 0 ? lag : 0};
    if (move != NULL) {
        extent->future_dir = move->to;
        extent->future_size = move->size;
        extent->future_offset_lag = log->end_offset - move->end_offset;
    }
    for (int32_t i = 0; i < log->count; i++)
        extent->size += log->segments[i]->size;
    partition_unlock(partition);
}

int32_t partition_epoch_of_offset(struct partition *partition, int64_t offset)
{
    partition_lock(partition);
    int32_t epoch = epochs_of_offset(&partition->log->epochs, offset);
    partition_unlock(partition);
    return epoch;
}

void partition_end_of_epoch(struct partition *partition, int32_t leader_epoch, int32_t *epoch,
                            int64_t *end_offset)
{
    partition_lock(partition);
    epochs_end_of(&partition->log->epochs, leader_epoch, partition->log->end_offset, epoch, end_offset);
    partition_unlock(partition);
}

/* ---- waiting ---- */

void partition_wake_all_locked(struct partition *partition)
{
    struct list_node *lists[] = {&partition->watches, &partition->replica_watches};
    for (int i = 0; i < 2; i++)
        list_for_each(node, lists[i]) {
            struct partition_watch *watch = list_entry(node, struct partition_watch, node);
            watch->wake(watch);
        }
}

bool partition_watch(struct partition *partition, struct partition_watch *watch, enum isolation isolation,
                     int64_t seen_end, int32_t seen_epoch)
{
    partition_lock(partition);
    int64_t end = isolation == READ_REPLICA       ? partition->log->end_offset
                  : isolation == READ_UNCOMMITTED ? partition->high_watermark.offset
                                                  : partition_last_stable_offset_locked(partition);
    bool quiet = end <= seen_end && watch->fetch_offset >= partition->log->start_offset
                 && partition->leader_epoch == seen_epoch && !partition->closed && partition->is_leader
                 && !data_dir_is_offline(partition_dir(partition));
    if (quiet) {
        watch->partition = partition_ref(partition);
        list_append(isolation == READ_REPLICA ? &partition->replica_watches : &partition->watches,
                    &watch->node);
    }
    partition_unlock(partition);
    return quiet;
}

void partition_unwatch(struct partition_watch *watch)
{
    struct partition *partition = watch->partition;
    partition_lock(partition);
    list_remove(&watch->node);
    partition_unlock(partition);
    watch->partition = NULL;
    partition_unref(partition);
}

/* ---- what is periodic, and the end ---- */

void partition_get_checkpoint(struct partition *partition, struct partition_checkpoint *checkpoint)
{
    partition_lock(partition);
    const struct log *log = partition->log;
    bool is_there = !log->is_unmade;
    bool is_told = log->start_offset == 0 || log_is_named_from(log, log->start_offset);
    *checkpoint = (struct partition_checkpoint){
        .recovery_point = is_there ? log_recovery_point(log) : -1,
        .high_watermark = is_there ? partition->high_watermark.offset : -1,
        .start_offset = is_told ? -1 : log->start_offset,
        .first_dirty = partition->first_dirty,
    };
    partition_unlock(partition);
}

void partition_tick(struct partition *partition, int64_t now_ms, int64_t wall_ms, bool expire_producers)
{
    partition_lock(partition);
    struct log *log = partition->log;
    bool closed = partition->closed;
    bool flush = log->config.flush_ms != INT64_MAX && log->end_offset > log->synced_offset
                 && now_ms - partition->flushed_at_ms >= log->config.flush_ms;
    if (log->end_offset == log->synced_offset || flush)
        partition->flushed_at_ms = now_ms;
    bool has_closed = log->recovery_point < log_active(log)->base_offset;
    int64_t end = log->end_offset;
    bool has_deleted = log->deleted_count > 0;
    struct log *retired = partition->retired;
    partition->retired = NULL;
    if (!closed && expire_producers)
        producers_expire(&log->producers, wall_ms - log->config.producer_id_expiration_ms);
    partition_unlock(partition);
    if (retired != NULL)
        log_free(retired);
    if (closed || data_dir_is_offline(partition_dir(partition)))
        return;
    if (has_deleted)
        partition_unlink_deleted(partition, now_ms);
    if (flush)
        (void)partition_sync_now(partition, end, INT64_MAX);
    if (has_closed)
        partition_flush_closed(partition);
}

bool partition_close(struct partition *partition, bool cleanly)
{
    partition_lock(partition);
    bool was_closed = partition->closed;
    partition->closed = true;
    partition_stop_cleaning_locked(partition);
    int result = 0;
    if (cleanly && !was_closed && !data_dir_is_offline(partition_dir(partition))) {
        result = partition_make_locked(partition);
        if (result == 0)
            result = log_close_cleanly(partition->log);
        if (file_is_full(result)) /* its directory is not marked clean, and recovers at the next start */
            diag_warn("%s: is not closed cleanly: %s", partition->log->path, strerror(-result));
        else if (result < 0)
            data_dir_fail(partition_dir(partition), "%s: %s", partition->log->path, strerror(-result));
    }
    partition_wake_all_locked(partition);
    partition_unlock(partition);
    return result == 0 && !data_dir_is_offline(partition_dir(partition));
}
