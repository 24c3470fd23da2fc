/*
 * log_read: finding batches. Plans are made under the log owner's lock and cost memory look-ups (and for
 * segments other than the active one now and then a read of an index); everything that reads batches happens
 * without it, on a referenced segment.
 *
 * 1. A plan's `from` is at or before the wanted batch, or it is checked and replaced by 0: an index is a
 * hint.
 * 2. Bytes in [from, end) do not change while the range lives, but for a truncation, which readers of a
 * single replica never meet below the high watermark.
 */
#include "storage/log_read.h"

#include "protocol/base/ensure.h"
#include "protocol/record.h"
#include "storage/header_scan.h"
#include "storage/log_private.h"
#include "storage/os/diag.h"
#include "storage/segment_times.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#define DIAG_AREA DIAG_STORAGE

/* For the operator, to whom the reader will not tell it: once a segment, as a reader tries again and again.
 * The path's directory is the partition's. */
static void say_damage(struct segment *segment, const char *suffix, int64_t offset, int64_t position)
{
    char path[FILE_PATH_MAX];
    if (atomic_exchange(&segment->damage_said, true))
        return;
    segment_path(segment, suffix, path);
    diag_error("%s: damaged at byte %" PRId64 ": a reader of offset %" PRId64 " is answered CORRUPT_MESSAGE",
               path, position, offset);
}

void log_end_position(const struct log *log, struct log_position *position)
{
    *position = (struct log_position){log->end_offset, log_active(log)->base_offset, log_active(log)->size};
}

/* Where reading this segment must stop. */
static int64_t end_in(const struct segment *segment, const struct log_position *limit)
{
    if (segment->base_offset == limit->segment)
        return limit->position;
    return segment->base_offset < limit->segment ? segment->size : 0;
}

/* From the batches appended last: readers at the tail need no index. */
static bool find_recent(const struct log *log, struct log_range *range)
{
    for (int i = 0; i < LOG_RECENT; i++) {
        const struct log_position *recent = &log->recent[i];
        if (recent->offset == range->offset && recent->segment == range->segment->base_offset) {
            range->from = recent->position;
            return true;
        }
    }
    return false;
}

/* What memory knows of where the batch begins; else how much of the index file is to be searched. */
static void find_start(struct log *log, struct log_range *range)
{
    struct segment *segment = range->segment;
    range->trusted = range->exact = range->offset <= segment->base_offset || find_recent(log, range);
    if (range->exact || segment_load_indexes(segment) < 0)
        return;
    int64_t relative = range->offset - segment->base_offset;
    struct index_entry entry;
    if (index_find_in_tail(&segment->offsets, relative, &entry)
        || (log->page != NULL
            && index_find_in_page(log->page, segment->base_offset, OFFSET_INDEX, relative, &entry)))
        range->from = entry.value;
    else
        range->in_file = segment->offsets.in_file;
}

static int begin_range(struct log *log, int32_t at, int64_t offset, int64_t end, struct log_range *range)
{
    struct segment *segment = log->segments[at];
    int result = segment_pin(segment);
    if (result < 0)
        return result;
    *range = (struct log_range){
        .segment = segment,
        .offset = offset,
        .end = end,
        .next_segment = at + 1 < log->count ? log->segments[at + 1]->base_offset : -1,
    };
    return 1;
}

int log_plan(struct log *log, int64_t offset, const struct log_position *limit, struct log_range *range)
{
    if (offset >= limit->offset)
        return 0;
    int32_t at = log_find_segment(log, offset);
    int64_t end = end_in(log->segments[at], limit);
    while (end == 0) { /* a segment that compaction has emptied */
        if (++at == log->count)
            return 0;
        end = end_in(log->segments[at], limit);
    }
    int result = begin_range(log, at, offset, end, range);
    if (result == 1)
        find_start(log, range);
    return result;
}

static void search_index_file(struct log_range *range)
{
    char path[FILE_PATH_MAX];
    struct index_entry entry;
    range->page = malloc(sizeof *range->page);
    ensure(range->page != NULL);
    range->page->segment = range->segment->base_offset;
    segment_path(range->segment, ".index", path);
    int found = index_find_in_file(segment_fs(range->segment), path, OFFSET_INDEX, range->in_file,
                                   range->offset - range->segment->base_offset, &entry, range->page);
    if (found == 1 && !atomic_load(&range->segment->replaced)) /* else the name was another's perhaps */
        range->from = entry.value;
    range->in_file = 0;
}

int log_range_resolve(struct log_range *range, bool need_header, int64_t *position,
                      struct batch_header *header)
{
    *position = range->from;
    if (range->exact && !need_header)
        return 1;
    if (range->in_file > 0)
        search_index_file(range);
    struct header_scan scan;
    header_scan_init(&scan, segment_fs(range->segment), range->segment->file.file, range->end);
    int64_t at = range->from < 0 ? 0 : range->from;
    int result = header_scan_read(&scan, at, header);
    if (!range->trusted && at > 0 && (result != 1 || header->base_offset > range->offset)) {
        at = 0;
        result = header_scan_read(&scan, at, header);
    }
    while (result == 1 && batch_last_offset(header) < range->offset) {
        at += batch_size(header);
        result = header_scan_read(&scan, at, header);
    }
    if (result == -EBADMSG)
        say_damage(range->segment, ".log", range->offset, at);
    *position = at;
    return result;
}

void log_range_done(struct log_range *range)
{
    segment_unref(range->segment);
    free(range->page);
    range->segment = NULL;
    range->page = NULL;
}

void log_keep_page(struct log *log, struct log_range *range)
{
    if (range->page == NULL || atomic_load(&range->segment->replaced))
        return;
    free(log->page);
    log->page = range->page;
    range->page = NULL;
}

int log_find_position(struct log *log, int64_t offset, struct log_position *position)
{
    struct log_position limit;
    log_end_position(log, &limit);
    *position = limit;
    for (;;) {
        struct log_range range;
        int result = log_plan(log, offset, &limit, &range);
        if (result != 1)
            return result;
        struct batch_header header;
        int64_t at;
        result = log_range_resolve(&range, true, &at, &header);
        if (result == 1)
            *position = (struct log_position){header.base_offset, range.segment->base_offset, at};
        offset = range.next_segment;
        log_range_done(&range);
        if (result != 0 || offset < 0)
            return result < 0 ? result : 0;
    }
}

/* ---- by timestamp ---- */

int log_is_older(struct log *log, int32_t at, int64_t than_ms)
{
    struct segment *segment = log->segments[at];
    int64_t largest = segment_largest_timestamp(segment);
    if (largest < 0 || largest >= than_ms)
        return 0;
    int known = segment_learn_times(segment);
    if (known == 0)
        return -EAGAIN;
    if (known < 0)
        return known == -EBADMSG ? 0 : known;
    return segment_largest_timestamp(segment) < than_ms;
}

/* Begins at the last entry that is not above the timestamp: nothing before it is. */
static int begin_timestamp(struct log *log, int32_t at, int64_t from_offset, int64_t timestamp_ms,
                           struct log_range *range)
{
    struct segment *segment = log->segments[at];
    struct index_entry entry = {.key = NO_TIMESTAMP};
    bool is_true = segment->indexes_loaded && segment_times_are_true(segment);
    if (is_true && !segment_find_entry(segment, &segment->times, timestamp_ms, &entry))
        entry = (struct index_entry){.key = NO_TIMESTAMP};
    int64_t relative = entry.key == NO_TIMESTAMP ? 0 : entry.value;
    if (segment->base_offset + relative < from_offset) {
        relative = from_offset - segment->base_offset;
        entry.key = NO_TIMESTAMP;
    }
    int result = begin_range(log, at, segment->base_offset + relative, segment->size, range);
    if (result == 1 && is_true)
        range->from = segment_find_position(segment, relative);
    range->time_before = entry.key;
    return result;
}

int log_plan_timestamp(struct log *log, int64_t from_offset, int64_t timestamp_ms, struct log_range *range)
{
    if (from_offset < log->start_offset)
        from_offset = log->start_offset;
    for (int32_t at = log_find_segment(log, from_offset); at < log->count; at++) {
        struct segment *segment = log->segments[at];
        int learnt = segment_learn_times(segment);
        bool is_over = learnt == 1 || learnt == -EBADMSG; /* what lies behind damage is not found by time */
        if (is_over && segment->max_timestamp < timestamp_ms)
            continue;
        int result = begin_timestamp(log, at, from_offset, timestamp_ms, range);
        range->is_guess = learnt != 1;
        return result;
    }
    return 0;
}

int log_plan_max_timestamp(struct log *log, int64_t *timestamp_ms, struct log_range *range)
{
    int32_t best = -1;
    *timestamp_ms = NO_TIMESTAMP;
    for (int32_t at = 0; at < log->count; at++) {
        struct segment *segment = log->segments[at];
        if (segment_learn_times(segment) == 0)
            return -EAGAIN;
        if (segment->max_timestamp > *timestamp_ms) {
            *timestamp_ms = segment->max_timestamp;
            best = at;
        }
    }
    if (best < 0)
        return 0;
    struct segment *segment = log->segments[best];
    int result =
        begin_range(log, best, segment->base_offset + segment->max_timestamp_offset, segment->size, range);
    if (result == 1)
        range->from = segment_find_position(segment, segment->max_timestamp_offset);
    return result;
}

/* The first record of one batch that fits: 1, 0, -EBADMSG, -errno. */
static int find_in_batch(struct segment *segment, int64_t position, const struct batch_header *header,
                         int64_t from_offset, int64_t timestamp_ms, struct log_record_found *found)
{
    size_t len = (size_t)batch_size(header);
    uint8_t *bytes = malloc(len);
    if (bytes == NULL)
        return -ENOMEM;
    ssize_t got = segment_read(segment, bytes, len, position);
    int result = got < 0 ? (int)got : (size_t)got < len ? -EBADMSG : 0;
    if (result == 0) {
        struct record_iterator it;
        struct record record;
        const struct record_options options = {.tolerant = true};
        record_iterator_init(&it, slice_of(bytes, len), &options);
        while (result == 0 && record_iterator_next(&it, &record, NULL) == RECORD_READ)
            if (record.offset >= from_offset && record.timestamp >= timestamp_ms) {
                *found = (struct log_record_found){record.offset, record.timestamp,
                                                   header->partition_leader_epoch};
                result = 1;
            }
        record_iterator_fini(&it);
    }
    free(bytes);
    return result;
}

int log_range_find_timestamp(struct log_range *range, int64_t from_offset, int64_t timestamp_ms,
                             struct log_record_found *found)
{
    struct header_scan scan;
    struct batch_header header;
    int64_t position;
    int result = log_range_resolve(range, true, &position, &header);
    if (range->time_before != NO_TIMESTAMP && (result != 1 || header.max_timestamp != range->time_before)) {
        range->offset = range->segment->base_offset; /* the entry is not true */
        range->from = 0;
        result = log_range_resolve(range, true, &position, &header);
    }
    header_scan_init(&scan, segment_fs(range->segment), range->segment->file.file, range->end);
    while (result == 1) {
        if (header.max_timestamp >= timestamp_ms && batch_last_offset(&header) >= from_offset) {
            result = find_in_batch(range->segment, position, &header, from_offset, timestamp_ms, found);
            if (result != 0)
                return result;
        }
        position += batch_size(&header);
        result = header_scan_read(&scan, position, &header);
        if (result == -EBADMSG)
            say_damage(range->segment, ".log", range->offset, position);
    }
    return result;
}

/* ---- aborted transactions ---- */

/* Whether the batch at the entry's position ends at its offset. */
static bool is_true(struct segment *segment, struct index_entry entry)
{
    uint8_t bytes[BATCH_HEADER_SIZE];
    struct batch_header header;
    if (segment_pin(segment) < 0)
        return false;
    ssize_t got = segment_read(segment, bytes, sizeof bytes, entry.value);
    segment_unref(segment);
    if (got < (ssize_t)sizeof bytes)
        return false;
    batch_header_read(bytes, &header);
    return batch_last_offset(&header) == segment->base_offset + entry.key;
}

/* The offset of the first index entry at or past `position`; -1 if there is none that is true: too low an
 * offset would keep aborted transactions from a reader. */
static int64_t indexed_offset_past(struct segment *segment, int64_t position)
{
    if (segment_load_indexes(segment) < 0)
        return -1;
    char path[FILE_PATH_MAX];
    segment_path(segment, ".index", path);
    struct index_entry entry = {0};
    struct index_entry past = {.value = -1};
    int64_t low = 0;
    int64_t high = segment->offsets.count;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (index_get(&segment->offsets, segment_fs(segment), path, middle, &entry) < 0)
            return -1;
        if (entry.value >= position) {
            past = entry;
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return past.value >= 0 && is_true(segment, past) ? segment->base_offset + past.key : -1;
}

int32_t log_aborted_segments(struct log *log, int64_t offset, const struct segment *segment, int64_t position,
                             size_t len, struct segment ***segments, int64_t *upper_bound)
{
    int32_t count = 0;
    int32_t first = log_find_segment(log, offset);
    *segments = NULL;
    *upper_bound = log->end_offset;
    for (int32_t i = first; i < log->count; i++)
        count += log->segments[i]->has_txn_index;
    if (count == 0)
        return 0;
    int32_t at = log_find_segment(log, segment->base_offset);
    int64_t past = indexed_offset_past(log->segments[at], position + (int64_t)len);
    if (past >= 0)
        *upper_bound = past;
    else if (at + 1 < log->count)
        *upper_bound = log->segments[at + 1]->base_offset;
    *segments = malloc(sizeof(struct segment *) * (size_t)count);
    ensure(*segments != NULL);
    count = 0;
    for (int32_t i = first; i < log->count; i++)
        if (log->segments[i]->has_txn_index) {
            atomic_fetch_add(&log->segments[i]->refs, 1);
            (*segments)[count++] = log->segments[i];
        }
    return count;
}

int64_t log_collect_aborted(struct segment **segments, int32_t count, int64_t offset, int64_t upper_bound,
                            struct aborted_entry **entries)
{
    int64_t kept = 0;
    bool enough = false;
    *entries = NULL;
    for (int32_t i = 0; i < count; i++) {
        char path[FILE_PATH_MAX];
        struct aborted_entry *read = NULL;
        segment_path(segments[i], ".txnindex", path);
        int64_t found = enough || kept < 0 ? 0 : txn_index_read(segment_fs(segments[i]), path, &read);
        if (found > 0) {
            *entries = realloc(*entries, sizeof **entries * (size_t)(kept + found));
            ensure(*entries != NULL);
        }
        for (int64_t j = 0; j < found && !enough; j++) {
            if (read[j].last_offset >= offset && read[j].first_offset < upper_bound)
                (*entries)[kept++] = read[j];
            enough = read[j].last_stable_offset >= upper_bound;
        }
        if (found < 0)
            kept = found;
        if (found == -EBADMSG)
            say_damage(segments[i], ".txnindex", offset, 0);
        free(read);
        segment_drop(segments[i]);
    }
    return kept;
}
