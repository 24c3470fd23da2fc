/*
 * log_retention: see log_retention.h.
 *
 * 1. Oldest first, up to the first segment that stays: what is left is always one piece.
 * 2. A segment goes only if all of it lies below the high watermark; an empty active segment never goes.
 * 3. Size and time count where cleanup.policy has `delete`. Segments that are below the log start already are
 * no longer looked at.
 * 4. A record timestamp in the future keeps its segment, and with it all later ones.
 *
 * Apache Kafka makes three passes, one for each reason. Asking for all three about the oldest segment, again
 * and again, ends at the same segment: each reason only looks at what is left.
 *
 * Called by partition_retention under the partition's lock.
 */
#include "storage/log_retention.h"

#include "storage/log_private.h"
#include "storage/log_read.h"

/* `size` is that of this segment and all later ones. */
static bool is_beyond_bytes(const struct log *log, int32_t at, int64_t size)
{
    int64_t allowed = log->config.retention_bytes;
    return allowed >= 0 && size - log->segments[at]->size >= allowed;
}

/* As log_is_older. */
static int is_too_old(struct log *log, int32_t at, int64_t wall_ms)
{
    int64_t allowed = log->config.retention_ms;
    return allowed >= 0 ? log_is_older(log, at, wall_ms - allowed) : 0;
}

/* 1, 0, -EAGAIN (ask again), -errno. */
static int must_go(struct log *log, int32_t at, int64_t size, const struct log_retention *pass)
{
    bool is_active = at + 1 == log->count;
    int64_t end = is_active ? log->end_offset : log->segments[at + 1]->base_offset;
    if (end > pass->high_watermark || (is_active && log->segments[at]->size == 0))
        return 0;
    return is_beyond_bytes(log, at, size) ? 1 : is_too_old(log, at, pass->wall_ms);
}

int log_retain(struct log *log, const struct log_retention *pass, int32_t max)
{
    if (!log->config.cleanup_delete)
        return 0;
    int32_t first = log_find_segment(log, log->start_offset);
    int32_t at = first;
    int64_t size = 0;
    int goes = 0;
    for (int32_t i = first; i < log->count; i++)
        size += log->segments[i]->size;
    while (at < log->count && at - first < max && (goes = must_go(log, at, size, pass)) == 1)
        size -= log->segments[at++]->size;
    if (at == first)
        return goes;
    int result = at < log->count ? 0 : log_roll(log, log->end_offset, pass->wall_ms);
    if (result == 0)
        result = log_advance_start(log, log->segments[at]->base_offset);
    return result < 0 ? result : at - first;
}
