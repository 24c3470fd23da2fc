/*
 * partition_append: a chain of batches for one partition, under one hold of its lock.
 *
 * 1. A batch is checked against the state that the batches before it in the chain leave behind, written or
 * still staged.
 * 2. What is staged is written with one write; a roll, a marker or a full stage writes early. Nothing is
 * allocated per batch.
 * 3. When a write fails nothing staged has happened: offsets, producers and the file are as before, and every
 * entry of the chain that is not stored says KAFKA_STORAGE_ERROR.
 */
#include "storage/partition_private.h"

#include "protocol/base/ensure.h"
#include "storage/os/diag.h"

#include <errno.h>
#include <string.h>

#define DIAG_AREA DIAG_STORAGE

struct appender {
    struct partition *partition;
    struct log *log;
    struct log_stage stage;
    struct log_position begin;      /* where the log ended */
    struct log_position first_held; /* the first staged batch that readers must wait for */
    int64_t now_ms;
    int failure; /* -errno of a write */
};

static void refuse(struct append *entry, enum kerr error)
{
    entry->error = error;
    entry->duplicate = false;
    entry->base_offset = entry->last_offset = -1;
    entry->log_append_time_ms = -1;
    entry->log_start_offset = -1;
    entry->sync_offset = -1;
}

/* Writes what is staged. */
static bool write_stage(struct appender *appender)
{
    if (appender->failure == 0)
        appender->failure = log_stage_write(&appender->stage);
    if (appender->failure == 0 && appender->first_held.offset < appender->partition->unsynced_held.offset)
        appender->partition->unsynced_held = appender->first_held;
    appender->first_held.offset = INT64_MAX;
    return appender->failure == 0;
}

/* A segment for this batch, with room in the stage. */
static bool make_room(struct appender *appender, const struct append *entry)
{
    struct log_stage *stage = &appender->stage;
    struct log *log = appender->log;
    bool roll = log_must_roll(log, stage->bytes, entry->len, &entry->header, appender->now_ms);
    if ((roll || stage->count == LOG_STAGE_MAX) && !write_stage(appender))
        return false;
    if (roll && log_must_roll(log, 0, entry->len, &entry->header, appender->now_ms))
        appender->failure = log_roll(log, entry->header.base_offset, appender->now_ms);
    return appender->failure == 0;
}

static void stage_entry(struct appender *appender, struct append *entry, const struct marker *marker)
{
    struct partition *partition = appender->partition;
    struct log *log = appender->log;
    entry->header.base_offset = appender->stage.end_offset;
    entry->header.partition_leader_epoch = partition->leader_epoch;
    if (!make_room(appender, entry))
        return;
    batch_set_base_offset(entry->batch, entry->header.base_offset);
    batch_set_leader_epoch(entry->batch, partition->leader_epoch);
    if (entry->acks == -1 && log->config.sync_acks_all && appender->first_held.offset == INT64_MAX)
        appender->first_held = (struct log_position){
            .offset = entry->header.base_offset,
            .segment = log_active(log)->base_offset,
            .position = log_active(log)->size + (int64_t)appender->stage.bytes,
        };
    log_stage_add(&appender->stage, entry->batch, entry->len, &entry->header, marker, appender->now_ms);
    entry->error = KERR_NONE;
    entry->base_offset = entry->header.base_offset;
    entry->last_offset = batch_last_offset(&entry->header);
    if (batch_is_log_append_time(&entry->header))
        entry->log_append_time_ms = entry->header.max_timestamp;
    if (appender->stage.has_ended)
        (void)write_stage(appender);
}

static void answer_duplicate(struct append *entry, const struct producer_batch *original)
{
    entry->error = KERR_NONE;
    entry->duplicate = true;
    entry->last_offset = original->last_offset;
    entry->base_offset = original->last_offset - original->offset_delta;
    entry->log_append_time_ms = original->timestamp;
}

static void append_entry(struct appender *appender, struct append *entry)
{
    ensure((int64_t)entry->len == batch_size(&entry->header));
    const struct log *log = appender->log;
    const struct producer_batch *original;
    struct marker marker;
    bool is_control = batch_is_control(&entry->header);
    if ((int64_t)entry->len > log->config.segment_bytes) {
        refuse(entry, KERR_RECORD_LIST_TOO_LARGE);
        return;
    }
    if (is_control)
        marker_read(slice_of(entry->batch, entry->len), &marker);
    enum kerr error = producers_check(&log->producers, &entry->header, is_control ? &marker : NULL,
                                      !entry->is_coordinators, &original);
    refuse(entry, error);
    if (original != NULL)
        answer_duplicate(entry, original);
    else if (error == KERR_NONE)
        stage_entry(appender, entry, is_control ? &marker : NULL);
}

/* One in-sync replica, of one: enough for whatever min.insync.replicas says, as Kafka takes the smaller of it
 * and the number of replicas. A cluster asks the partition's in-sync replicas here. */
static bool has_enough_replicas(const struct partition *partition)
{
    (void)partition;
    return true;
}

/* Why nothing may be appended, or NONE. */
static enum kerr check(struct partition *partition, const struct append *chain) NEEDS(partition->mutex)
{
    enum kerr error = partition_check_locked(partition, -1, true);
    if (error == KERR_NONE && chain->acks == -1 && !has_enough_replicas(partition))
        error = KERR_NOT_ENOUGH_REPLICAS;
    return error;
}

/* What the answer waits for. */
static int64_t sync_offset_of(const struct partition *partition, const struct append *entry,
                              int64_t flush_due)
{
    if (entry->acks == -1 && partition->log->config.sync_acks_all)
        return entry->last_offset + 1;
    return entry->last_offset < flush_due ? flush_due : -1;
}

/* What passes by itself is said once; everything else takes the directory offline. */
static void report(struct partition *partition, int failure)
{
    bool passes = file_is_refused(failure);
    if (passes && !partition->refusing)
        diag_warn("%s: appends are refused: %s", partition->log->path, strerror(-failure));
    else if (!passes && failure < 0)
        data_dir_fail(partition_dir(partition), "%s: a write failed: %s", partition->log->path,
                      strerror(-failure));
    partition->refusing = passes;
}

/* What a flush setting makes wait is not shown before, as in Apache Kafka: there the append itself flushes.
 * Returns up to where that is; 0: nowhere. */
static int64_t mark_due(struct appender *appender)
{
    struct partition *partition = appender->partition;
    const struct log *log = appender->log;
    if (log->end_offset - log->synced_offset < log->config.flush_messages)
        return 0;
    if (appender->begin.offset < log->end_offset && appender->begin.offset < partition->unsynced_held.offset)
        partition->unsynced_held = appender->begin;
    atomic_store(&partition->flush_due, log->end_offset);
    return log->end_offset;
}

static void finish(struct appender *appender, struct append *chain)
{
    struct partition *partition = appender->partition;
    const struct log *log = appender->log;
    int64_t flush_due = mark_due(appender);
    for (struct append *entry = chain; entry != NULL; entry = entry->next) {
        bool stored = entry->base_offset >= 0 && entry->last_offset < log->end_offset;
        if (entry->error == KERR_NONE && !stored)
            refuse(entry, KERR_KAFKA_STORAGE_ERROR);
        if (entry->error != KERR_NONE)
            continue;
        entry->log_start_offset = log->start_offset;
        entry->sync_offset = sync_offset_of(partition, entry, flush_due);
    }
    report(partition, appender->failure);
}

int64_t partition_append(struct partition *partition, struct append *chain, int64_t now_ms)
{
    struct appender appender = {.partition = partition, .now_ms = now_ms};
    partition_lock(partition);
    appender.log = partition->log;
    appender.first_held.offset = INT64_MAX;
    log_end_position(partition->log, &appender.begin);
    enum kerr error = check(partition, chain);
    log_stage_init(&appender.stage, partition->log);
    if (error == KERR_NONE)
        appender.failure = partition_make_locked(partition);
    for (struct append *entry = chain; entry != NULL; entry = entry->next) {
        refuse(entry, error);
        if (error == KERR_NONE && appender.failure == 0)
            append_entry(&appender, entry);
    }
    if (error == KERR_NONE) {
        (void)write_stage(&appender);
        finish(&appender, chain);
        partition_move_high_watermark_locked(partition, appender.begin.offset);
        if (appender.failure < 0 && data_dir_is_offline(partition_dir(partition)))
            partition_wake_all_locked(partition);
    }
    int64_t end = partition->log->end_offset;
    partition_unlock(partition);
    return end;
}
