/*
 * partition_read: fetches and look-ups by time.
 *
 * 1. Under the lock a read only decides: errors, limits, the segment, and where memory knows the batch to be.
 * Files are read after it, on a referenced segment; what lies below the limit does not change.
 * 2. The limit (high watermark, last stable offset or log end) is the beginning of a batch, known as a
 * position.
 * 3. One read's data comes from one segment.
 * 4. A read that compaction overtakes between two looks at the log begins again: positions, and what is
 * known of aborted transactions, are those of one moment.
 */
#include "storage/partition_private.h"

#include "protocol/base/ensure.h"
#include "storage/os/diag.h"
#include "storage/os/thread.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Where this isolation's reads end. */
static int find_limit(struct partition *partition, enum isolation isolation, struct log_position *limit)
    NEEDS(partition->mutex)
{
    if (isolation == READ_REPLICA) {
        log_end_position(partition->log, limit);
        return 0;
    }
    *limit = partition->high_watermark;
    if (isolation == READ_UNCOMMITTED)
        return 0;
    int64_t stable = partition_last_stable_offset_locked(partition);
    if (stable == limit->offset)
        return 0;
    if (partition->stable.offset != stable) {
        int result = log_find_position(partition->log, stable, &partition->stable);
        if (result < 0) {
            partition->stable.offset = INT64_MAX;
            return result;
        }
        partition->stable.offset = stable;
    }
    *limit = partition->stable;
    return 0;
}

static enum kerr storage_error(struct partition *partition, int result)
{
    if (result == -EBADMSG)
        return KERR_CORRUPT_MESSAGE;
    if (result == -ERANGE)
        return KERR_OFFSET_OUT_OF_RANGE;
    if (!file_is_refused(result))
        data_dir_fail(partition_dir(partition), "%s-%d: a read failed: %s", partition->topic,
                      (int)partition->index, strerror(-result));
    return KERR_KAFKA_STORAGE_ERROR;
}

/* KIP-595: whether the reader's log parts from ours. True if the read is answered. */
static bool check_epoch(struct partition *partition, struct partition_read *read) NEEDS(partition->mutex)
{
    const struct log *log = partition->log;
    int32_t epoch;
    int64_t end_offset;
    if (read->last_fetched_epoch < 0)
        return false;
    epochs_end_of(&log->epochs, read->last_fetched_epoch, log->end_offset, &epoch, &end_offset);
    if (epoch < 0 || read->fetch_offset < log->start_offset) {
        read->error = KERR_OFFSET_OUT_OF_RANGE;
        return true;
    }
    if (epoch == read->last_fetched_epoch && end_offset >= read->fetch_offset)
        return false;
    read->diverging = true;
    read->diverging_epoch = epoch;
    read->diverging_end_offset = end_offset;
    return true;
}

/* Everything that needs the lock: 1 with a range, else 0 (read->error says why, or there is nothing). */
static int begin(struct partition *partition, struct partition_read *read, struct log_position *limit,
                 struct log_range *range, uint32_t *renames)
{
    int planned = 0;
    partition_lock(partition);
    const struct log *log = partition->log;
    *renames = log->renames;
    read->leader_epoch = partition->leader_epoch;
    read->error = partition_check_locked(partition, read->current_leader_epoch, true);
    bool answered = read->error != KERR_NONE || check_epoch(partition, read);
    if (!answered && (read->fetch_offset < log->start_offset || read->fetch_offset > log->end_offset))
        read->error = KERR_OFFSET_OUT_OF_RANGE;
    if (read->error == KERR_NONE) {
        read->high_watermark = partition->high_watermark.offset;
        read->last_stable_offset = partition_last_stable_offset_locked(partition);
        read->log_start_offset = log->start_offset;
        planned = answered ? 0 : find_limit(partition, read->isolation, limit);
        if (planned == 0 && !answered)
            planned = log_plan(partition->log, read->fetch_offset, limit, range);
    }
    partition_unlock(partition);
    return planned;
}

/* Fills in the bytes from `position` on; false if none of them fit. */
static bool take_range(struct partition_read *read, struct log_range *range, int64_t position,
                       const struct batch_header *first)
{
    int64_t len = range->end - position;
    if (len > read->max_bytes) {
        int64_t whole = batch_size(first);
        if (whole > read->max_bytes && !read->at_least_one)
            return false;
        len = whole > read->max_bytes ? whole : read->max_bytes;
    }
    read->records = (struct records){
        .segment = segment_ref(range->segment),
        .position = position,
        .range_len = (size_t)len,
    };
    return true;
}

/* Whether the log start has passed the reader since it looked: what it asked for is deleted. */
static bool is_below_start(struct partition *partition, const struct partition_read *read)
    NEEDS(partition->mutex)
{
    return read->fetch_offset < partition->log->start_offset;
}

/* What has come between two looks at the log: 0, -ERANGE (what is read is deleted), -ESTALE (compaction). */
static int overtaken_locked(struct partition *partition, const struct partition_read *read, uint32_t renames)
    NEEDS(partition->mutex)
{
    return is_below_start(partition, read) ? -ERANGE : partition->log->renames != renames ? -ESTALE : 0;
}

/* Finds the batch; goes on in later segments where this one ends before it. 1, 0, -errno. */
static int resolve(struct partition *partition, struct partition_read *read, const struct log_position *limit,
                   struct log_range *range, uint32_t renames)
{
    for (;;) {
        struct batch_header first;
        int64_t position;
        bool may_be_cut = range->end - range->from > read->max_bytes;
        int result = log_range_resolve(range, may_be_cut, &position, &first);
        if (result == 1 && !take_range(read, range, position, &first))
            result = 0;
        else if (result == 0 && range->next_segment >= 0) {
            int64_t next = range->next_segment;
            log_range_done(range);
            partition_lock(partition);
            result = overtaken_locked(partition, read, renames);
            if (result == 0)
                result = log_plan(partition->log, next, limit, range);
            partition_unlock(partition);
            if (result == 1)
                continue;
            range->segment = NULL;
        }
        return result;
    }
}

static void keep_page(struct partition *partition, struct log_range *range)
{
    if (range->page == NULL)
        return;
    partition_lock(partition);
    log_keep_page(partition->log, range);
    partition_unlock(partition);
}

/* The aborted transactions among what is read. Without their segments' indexes the records would look
 * committed: if those were deleted or replaced meanwhile, so was what is read (-ERANGE, -ESTALE). */
static int find_aborted(struct partition *partition, struct partition_read *read, uint32_t renames)
{
    struct segment **segments = NULL;
    int64_t upper_bound;
    partition_lock(partition);
    int32_t count = overtaken_locked(partition, read, renames);
    if (count == 0)
        count =
            log_aborted_segments(partition->log, read->fetch_offset, read->records.segment,
                                 read->records.position, read->records.range_len, &segments, &upper_bound);
    partition_unlock(partition);
    if (count <= 0)
        return count;
    struct aborted_entry *entries;
    int64_t found = log_collect_aborted(segments, count, read->fetch_offset, upper_bound, &entries);
    free(segments);
    partition_lock(partition);
    int overtaken = overtaken_locked(partition, read, renames);
    partition_unlock(partition);
    if (overtaken < 0)
        found = overtaken;
    if (found > 0) {
        read->aborted = malloc(sizeof *read->aborted * (size_t)found);
        ensure(read->aborted != NULL);
        for (int64_t i = 0; i < found; i++)
            read->aborted[i] = (struct aborted_transaction){entries[i].producer_id, entries[i].first_offset};
        read->aborted_count = (int32_t)found;
    }
    free(entries);
    return found < 0 ? (int)found : 0;
}

static void fail(struct partition *partition, struct partition_read *read, int result)
{
    read->error = storage_error(partition, result);
    if (read->records.segment != NULL)
        segment_unref(read->records.segment);
    read->records = (struct records){.bytes = SLICE("")};
    read->high_watermark = read->last_stable_offset = read->log_start_offset = -1;
}

static void forget_answer(struct partition_read *read)
{
    read->error = KERR_NONE;
    read->high_watermark = read->last_stable_offset = read->log_start_offset = -1;
    read->records = (struct records){.bytes = SLICE("")};
    read->diverging = false;
    read->diverging_epoch = -1;
    read->diverging_end_offset = -1;
    read->aborted = NULL;
    read->aborted_count = 0;
}

/* 0 or 1, -errno, -ESTALE: compaction has overtaken it. */
static int try_read(struct partition *partition, struct partition_read *read)
{
    struct log_position limit;
    struct log_range range = {0};
    uint32_t renames;
    forget_answer(read);
    int result = begin(partition, read, &limit, &range, &renames);
    if (result != 1)
        return result;
    result = resolve(partition, read, &limit, &range, renames);
    if (range.segment != NULL) {
        keep_page(partition, &range);
        log_range_done(&range);
    }
    if (result == 1 && read->isolation == READ_COMMITTED)
        result = find_aborted(partition, read, renames);
    if (result == -ESTALE && read->records.segment != NULL)
        segment_unref(read->records.segment);
    return result;
}

void partition_read(struct partition *partition, struct partition_read *read)
{
    int result;
    do
        result = try_read(partition, read);
    while (result == -ESTALE);
    if (result < 0)
        fail(partition, read, result);
}

/* ---- by timestamp ---- */

static enum kerr search(struct partition *partition, struct log_range *range, int planned,
                        int64_t from_offset, int64_t timestamp_ms, struct offset_and_timestamp *found)
{
    struct log_record_found record;
    int result = planned;
    if (planned == 1) {
        result = log_range_find_timestamp(range, from_offset, timestamp_ms, &record);
        log_range_done(range);
    }
    if (result < 0)
        return storage_error(partition, result);
    if (result == 1)
        *found = (struct offset_and_timestamp){true, record.offset, record.timestamp_ms, record.leader_epoch};
    return KERR_NONE;
}

enum kerr partition_find_timestamp(struct partition *partition, int64_t timestamp_ms,
                                   struct offset_and_timestamp *found)
{
    int64_t from_offset = 0;
    enum kerr error = KERR_NONE;
    *found = (struct offset_and_timestamp){false, -1, -1, -1};
    while (error == KERR_NONE && !found->found && from_offset >= 0) {
        struct log_range range = {.next_segment = -1};
        partition_lock(partition);
        error = partition_check_locked(partition, -1, false);
        int64_t start = partition->log->start_offset;
        int planned =
            error != KERR_NONE ? 0 : log_plan_timestamp(partition->log, from_offset, timestamp_ms, &range);
        partition_unlock(partition);
        from_offset = planned == 1 && range.is_guess ? range.next_segment : -1;
        if (error == KERR_NONE)
            error = search(partition, &range, planned, start, timestamp_ms, found);
    }
    return error;
}

/* One look: 1 with a range, 0, -EAGAIN (look again), -errno. */
static int plan_max(struct partition *partition, int64_t *timestamp_ms, struct log_range *range,
                    enum kerr *error)
{
    partition_lock(partition);
    *error = partition_check_locked(partition, -1, false);
    int planned = *error != KERR_NONE ? 0 : log_plan_max_timestamp(partition->log, timestamp_ms, range);
    partition_unlock(partition);
    return planned;
}

enum kerr partition_find_max_timestamp(struct partition *partition, struct offset_and_timestamp *found)
{
    struct log_range range;
    int64_t timestamp_ms = -1;
    enum kerr error;
    int planned;
    *found = (struct offset_and_timestamp){false, -1, -1, -1};
    while ((planned = plan_max(partition, &timestamp_ms, &range, &error)) == -EAGAIN)
        thread_give_way();
    return error != KERR_NONE ? error : search(partition, &range, planned, 0, timestamp_ms, found);
}
