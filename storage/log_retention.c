/*
 * log_retention: see log_retention.h.
 *
 * 1. Oldest first, up to the first segment that stays: what is left is always one piece.
 * 2. A segment goes only if all of it lies below the high watermark; an empty active segment never goes.
 * 3. Segments below the log start go whatever cleanup.policy says; size and time need its `delete`.
 * 4. A record timestamp in the future keeps its segment, and with it all later ones.
 *
 * Apache Kafka makes three passes, one for each reason. Asking for all three about the oldest segment, again
 * and again, ends at the same segment: each reason only looks at what is left.
 *
 * Called by partition_retention under the partition's lock.
 */
#include "storage/log_retention.h"

/* The largest record timestamp; for a segment without timestamps when its file was written last; -1: cannot
 * be known now. */
static int64_t largest_timestamp(struct segment *segment)
{
    if (segment_load_indexes(segment) == 0 && segment->max_timestamp >= 0)
        return segment->max_timestamp;
    char path[FILE_PATH_MAX];
    struct file_status status;
    segment_path(segment, ".log", path);
    return file_path_status(segment_fs(segment), path, &status) == 0 ? status.modified_ms : -1;
}

static bool is_below_start(const struct log *log, int32_t at)
{
    return at + 1 < log->count && log->segments[at + 1]->base_offset <= log->start_offset;
}

/* `size` is that of this segment and all later ones. */
static bool is_beyond_bytes(const struct log *log, int32_t at, int64_t size)
{
    int64_t allowed = log->config.retention_bytes;
    return allowed >= 0 && size - log->segments[at]->size >= allowed;
}

static bool is_too_old(const struct log *log, int32_t at, int64_t wall_ms)
{
    int64_t allowed = log->config.retention_ms;
    if (allowed < 0)
        return false;
    int64_t largest = largest_timestamp(log->segments[at]);
    return largest >= 0 && wall_ms - largest > allowed;
}

static bool must_go(const struct log *log, int32_t at, int64_t size, const struct log_retention *pass)
{
    bool is_active = at + 1 == log->count;
    int64_t end = is_active ? log->end_offset : log->segments[at + 1]->base_offset;
    if (end > pass->high_watermark || (is_active && log->segments[at]->size == 0))
        return false;
    if (is_below_start(log, at))
        return true;
    return log->config.cleanup_delete
           && (is_beyond_bytes(log, at, size) || is_too_old(log, at, pass->wall_ms));
}

int log_retain(struct log *log, const struct log_retention *pass, int32_t max)
{
    int64_t size = 0;
    for (int32_t i = 0; i < log->count; i++)
        size += log->segments[i]->size;
    int32_t count = 0;
    while (count < log->count && count < max && must_go(log, count, size, pass))
        size -= log->segments[count++]->size;
    int result = count < log->count ? 0 : log_roll(log, log->end_offset, pass->wall_ms);
    if (result == 0)
        result = log_delete_oldest(log, count, pass->now_ms);
    if (result == 0 && count < max) /* the last step: the epochs follow once */
        result = log_advance_start(log, log->start_offset);
    return result < 0 ? result : count;
}
