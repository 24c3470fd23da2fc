/*
 * log_compact: see log_compact.h.
 *
 * 1. Every batch's CRC and offsets are checked before its records are believed, in both walks: a damaged one
 * ends the cleaning, with everything as it was.
 * 2. The map holds committed records of [first_dirty, map_end), and maybe some of the batch behind it. A
 * record is never dropped for one that is not in the log.
 * 3. Reading is in pieces of the buffer, or of one batch if that is larger. Kept batches are collected and
 * written in pieces of the buffer.
 * 4. At most SYNC_BYTES, and what is written in one go, wait to be synced.
 * 5. A cleaned segment's files are synced, with the time of change of the last source, before anybody renames
 * them.
 *
 * Called by partition_clean.
 */
#include "storage/log_compact.h"

#include "protocol/base/ensure.h"
#include "storage/header_scan.h"
#include "storage/log_private.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { BUFFER_MIN = 4096, SYNC_BYTES = 1024 * 1024 };

static int refuse(struct note *why, const struct segment *segment, int64_t position, const char *what)
{
    note_set(why, "segment %" PRId64 ", byte %" PRId64 ": %s", segment->base_offset, position, what);
    return -EBADMSG;
}

/* ---- walking through a segment ---- */

struct walk {
    struct compaction *compaction;
    struct segment *segment;
    int64_t position;     /* of the batch that is visited */
    int64_t next_offset;  /* batches begin at or above it */
    int64_t limit_offset; /* and end below it */
    int (*visit)(struct walk *walk, struct slice batch, const struct batch_header *header);
    void *context;
    struct note *why;
};

static int make_room(struct compaction *compaction, size_t bytes)
{
    if (bytes <= compaction->reading_capacity)
        return 0;
    uint8_t *larger = realloc(compaction->reading, bytes);
    if (larger == NULL)
        return -ENOMEM;
    compaction->reading = larger;
    compaction->reading_capacity = bytes;
    return 0;
}

static size_t buffer_size(const struct compaction *compaction)
{
    return compaction->buffer_bytes < BUFFER_MIN ? BUFFER_MIN : compaction->buffer_bytes;
}

/* The next piece of the segment, of at least `needed` bytes. */
static int read_piece(struct walk *walk, size_t needed, struct slice *piece)
{
    struct compaction *compaction = walk->compaction;
    int64_t left = walk->segment->size - walk->position;
    size_t want = buffer_size(compaction) > needed ? buffer_size(compaction) : needed;
    if ((int64_t)needed > left)
        return refuse(walk->why, walk->segment, walk->position, "the last batch is cut off");
    if ((int64_t)want > left)
        want = (size_t)left;
    int result = make_room(compaction, want);
    if (result == 0)
        result = compaction->owner.pace(compaction->owner.context, want);
    if (result < 0)
        return result;
    ssize_t got = segment_read(walk->segment, compaction->reading, want, walk->position);
    if (got >= 0 && (size_t)got < want)
        got = -EIO; /* the file is shorter than it was */
    if (got < 0)
        return (int)got;
    compaction->bytes_read += got;
    *piece = slice_of(compaction->reading, want);
    return 0;
}

static int visit(struct walk *walk, struct slice batch, const struct batch_header *header)
{
    const char *complaint = NULL;
    if (header->last_offset_delta < 0 || header->base_offset < walk->next_offset
        || batch_last_offset(header) < header->base_offset || batch_last_offset(header) >= walk->limit_offset)
        complaint = "offsets out of order";
    else if (!batch_check_crc(batch))
        complaint = "wrong checksum";
    if (complaint != NULL)
        return refuse(walk->why, walk->segment, walk->position, complaint);
    walk->next_offset = batch_next_offset(header);
    int result = walk->visit(walk, batch, header);
    if (result == -EBADMSG)
        note_prefix(walk->why, "segment %" PRId64 ", byte %" PRId64, walk->segment->base_offset,
                    walk->position);
    return result;
}

/* The whole batches of one piece: 0 with *needed for the next, 1: the visitor has seen enough, -errno. */
static int visit_piece(struct walk *walk, struct slice piece, size_t *needed)
{
    for (;;) {
        struct batch_header header;
        size_t size;
        enum batch_status status = batch_next(piece, &header, &size, NULL);
        *needed = size;
        if (status == BATCH_INCOMPLETE)
            return 0;
        if (status == BATCH_CORRUPT)
            return refuse(walk->why, walk->segment, walk->position, "no batch of format 2");
        int result = visit(walk, slice_of(piece.data, size), &header);
        if (result != 0)
            return result;
        walk->position += (int64_t)size;
        piece = slice_from(piece, size);
    }
}

/* Memory that a large batch needed is given back. */
static void shrink(struct compaction *compaction)
{
    if (compaction->reading_capacity <= buffer_size(compaction))
        return;
    free(compaction->reading);
    compaction->reading = NULL;
    compaction->reading_capacity = 0;
}

/* Every batch of the segment in order. 0, 1: the visitor has seen enough, -errno. */
static int walk_segment(struct walk *walk, struct segment *segment)
{
    struct compaction *compaction = walk->compaction;
    int result = compaction->owner.pin(compaction->owner.context, segment);
    if (result < 0)
        return result;
    walk->segment = segment;
    walk->position = 0;
    size_t needed = BATCH_HEADER_SIZE;
    while (result == 0 && walk->position < segment->size) {
        struct slice piece = SLICE_NULL;
        result = read_piece(walk, needed, &piece);
        if (result == 0)
            result = visit_piece(walk, piece, &needed);
    }
    segment_unref(segment);
    shrink(compaction);
    return result;
}

/* ---- the map ---- */

/* How many records there are at most in a segment. */
static int count_records(struct compaction *compaction, struct segment *segment, size_t *records)
{
    struct header_scan scan;
    struct batch_header header;
    int64_t position = 0;
    int result = compaction->owner.pin(compaction->owner.context, segment);
    if (result < 0)
        return result;
    header_scan_init(&scan, segment_fs(segment), segment->file.file, segment->size);
    while ((result = header_scan_read(&scan, position, &header)) == 1) {
        if (header.record_count > 0 && !batch_is_control(&header)
            && batch_last_offset(&header) >= compaction->first_dirty)
            *records += (size_t)header.record_count;
        position += batch_size(&header);
    }
    segment_unref(segment);
    return result == -EBADMSG ? 0 : result; /* the walk says what is wrong, and where */
}

static int32_t first_dirty_segment(const struct compaction *compaction)
{
    int32_t at = 0;
    while (at + 1 < compaction->segment_count
           && compaction->segments[at + 1]->base_offset <= compaction->first_dirty)
        at++;
    return at;
}

static int init_map(struct compaction *compaction)
{
    size_t records = 0;
    size_t room = offset_map_room(compaction->map_bytes, compaction->map_load_factor);
    for (int32_t i = first_dirty_segment(compaction); i < compaction->segment_count && records < room; i++) {
        int result = count_records(compaction, compaction->segments[i], &records);
        if (result < 0)
            return result;
    }
    return offset_map_init(&compaction->map, records, compaction->map_bytes, compaction->map_load_factor,
                           compaction->secret);
}

/* Keys whose places are being fetched; a ring. */
struct coming_keys {
    struct {
        struct offset_map_probe probe;
        int64_t offset;
    } keys[OFFSET_MAP_AHEAD];
    uint32_t begun;
    uint32_t settled;
};

/* The oldest key goes into the map: 0, 1: it is full. */
static int settle(struct compaction *compaction, struct coming_keys *coming)
{
    uint32_t at = coming->settled++ % OFFSET_MAP_AHEAD;
    return offset_map_put(&compaction->map, &coming->keys[at].probe, coming->keys[at].offset) ? 0 : 1;
}

static int begin_key(struct compaction *compaction, struct coming_keys *coming, const struct record *record)
{
    int result = coming->begun - coming->settled == OFFSET_MAP_AHEAD ? settle(compaction, coming) : 0;
    uint32_t at = coming->begun++ % OFFSET_MAP_AHEAD;
    coming->keys[at].probe = offset_map_probe(&compaction->map, record->key);
    coming->keys[at].offset = record->offset;
    return result;
}

/* Puts a batch's keys into the map: 0, 1: it is full, -EBADMSG. */
static int map_records(struct compaction *compaction, struct slice batch, const struct batch_header *header,
                       struct note *why)
{
    struct coming_keys coming = {.begun = 0};
    struct record_iterator it;
    struct record record;
    const struct record_options options = {.tolerant = true, .inflater = &compaction->filter.inflater};
    enum record_result read = RECORD_READ;
    int result = 0;
    record_iterator_init(&it, batch, &options);
    while (result == 0 && (read = record_iterator_next(&it, &record, why)) == RECORD_READ) {
        if (record.offset_delta < 0 || record.offset_delta > header->last_offset_delta) {
            note_set(why, "a record's offset lies outside of its batch");
            result = -EBADMSG;
        } else if (!slice_is_null(record.key) && record.offset >= compaction->first_dirty) {
            result = begin_key(compaction, &coming, &record);
        }
    }
    record_iterator_fini(&it);
    while (result == 0 && coming.settled != coming.begun)
        result = settle(compaction, &coming);
    return result == 0 && read != RECORD_END ? -EBADMSG : result;
}

static int map_batch(struct walk *walk, struct slice batch, const struct batch_header *header)
{
    struct compaction *compaction = walk->compaction;
    struct aborted_entry entry;
    bool has_entry;
    int result = 0;
    if (batch_is_control(header)) {
        int type = batch_marker_type(batch);
        if (type < 0)
            return type;
        cleaned_transactions_marker(&compaction->transactions, header, (enum marker_type)type, &entry,
                                    &has_entry);
    } else {
        bool aborted = cleaned_transactions_data(&compaction->transactions, header);
        if (batch_codec(header) >= CODEC_COUNT)
            result = -EBADMSG;
        else if (!aborted && batch_last_offset(header) >= compaction->first_dirty)
            result = map_records(compaction, batch, header, walk->why);
    }
    if (result == 0 && batch_next_offset(header) > compaction->map_end)
        compaction->map_end = batch_next_offset(header);
    return result;
}

/* Where the segment's offsets end. */
static int64_t end_of(const struct compaction *compaction, int32_t at)
{
    return at + 1 < compaction->segment_count ? compaction->segments[at + 1]->base_offset
                                              : compaction->range_end;
}

/* A walk begins outside of every transaction. */
static void begin_transactions(struct compaction *compaction, int32_t first_segment)
{
    cleaned_transactions_fini(&compaction->transactions);
    cleaned_transactions_init(&compaction->transactions, compaction->segments[first_segment]->base_offset,
                              compaction->aborted, compaction->aborted_count, compaction->secret[0]);
}

int log_compact_map(struct compaction *compaction, struct note *why)
{
    struct walk walk = {.compaction = compaction, .visit = map_batch, .why = why};
    batch_filter_init(&compaction->filter);
    begin_transactions(compaction, first_dirty_segment(compaction));
    compaction->map_end = compaction->first_dirty;
    int result = init_map(compaction);
    for (int32_t i = first_dirty_segment(compaction); result == 0 && i < compaction->segment_count; i++) {
        walk.next_offset = compaction->segments[i]->base_offset;
        walk.limit_offset = end_of(compaction, i);
        result = walk_segment(&walk, compaction->segments[i]);
        if (result == 0)
            compaction->map_end = end_of(compaction, i);
    }
    if (result == 1 && compaction->map_end <= compaction->first_dirty) {
        note_set(why, "one batch has more keys than log.cleaner.dedupe.buffer.size holds");
        return -E2BIG;
    }
    begin_transactions(compaction, 0);
    return result < 0 ? result : 0;
}

/* ---- groups ---- */

static int64_t index_bytes(const struct segment *segment, const char *suffix)
{
    char path[FILE_PATH_MAX];
    struct file_status status;
    segment_path(segment, suffix, path);
    return file_path_status(segment_fs(segment), path, &status) < 0 ? 0 : status.size;
}

int32_t log_compact_group_size(const struct compaction *compaction, int32_t first)
{
    struct segment **segments = compaction->segments;
    const struct log_config *config = compaction->config;
    int64_t base = segments[first]->base_offset;
    int64_t bytes = segments[first]->size;
    int64_t offsets = index_bytes(segments[first], ".index");
    int64_t times = index_bytes(segments[first], ".timeindex");
    int32_t count = 1;
    int64_t most = config->segment_bytes < INT32_MAX ? config->segment_bytes : INT32_MAX;
    while (first + count < compaction->segment_count
           && segments[first + count]->base_offset < compaction->map_end) {
        const struct segment *next = segments[first + count];
        bytes += next->size;
        offsets += index_bytes(next, ".index");
        times += index_bytes(next, ".timeindex");
        bool spans = next->size == 0 || end_of(compaction, first + count) - 1 - base <= INT32_MAX;
        if (bytes > most || offsets > config->segment_index_bytes || times > config->segment_index_bytes
            || !spans)
            break;
        count++;
    }
    return count;
}

/* ---- writing ---- */

struct output {
    struct compaction *compaction;
    struct segment *segment; /* its size counts what is collected too */
    int file;
    size_t collected;
    size_t unsynced; /* bytes, written since the last sync */
};

/* What is written goes to the disk piece by piece: of a whole segment at once the kernel would have so much
 * to write, and to mark as written, that others wait for the processor meanwhile (docs/decisions/0011). */
static int sync_piece(struct output *output)
{
    if (output->unsynced < SYNC_BYTES)
        return 0;
    output->unsynced = 0;
    return file_sync_data(segment_fs(output->segment), output->file);
}

static int write_out(struct output *output, struct slice bytes, int64_t at)
{
    struct compaction *compaction = output->compaction;
    int result = compaction->owner.pace(compaction->owner.context, bytes.len);
    if (result == 0)
        result = file_write(segment_fs(output->segment), output->file, bytes.data, bytes.len, at);
    compaction->bytes_written += (int64_t)bytes.len;
    output->unsynced += bytes.len;
    return result < 0 ? result : sync_piece(output);
}

static int flush(struct output *output)
{
    size_t len = output->collected;
    output->collected = 0;
    return len == 0 ? 0
                    : write_out(output, slice_of(output->compaction->writing, len),
                                output->segment->size - (int64_t)len);
}

/* Puts a batch behind the others; one that is larger than the buffer is written by itself. */
static int put(struct output *output, struct slice batch, struct note *why)
{
    struct compaction *compaction = output->compaction;
    struct segment *segment = output->segment;
    struct batch_header header;
    batch_header_read(batch.data, &header);
    if (segment->size + (int64_t)batch.len > INT32_MAX
        || batch_last_offset(&header) - segment->base_offset > INT32_MAX) {
        note_set(why, "its batches do not fit into one segment");
        return -EBADMSG;
    }
    int result = 0;
    if (output->collected + batch.len > buffer_size(compaction))
        result = flush(output);
    if (result < 0)
        return result;
    segment_index_batch(segment, &header, segment->size, compaction->config->index_interval_bytes);
    if (batch.len > buffer_size(compaction)) {
        result = write_out(output, batch, segment->size);
    } else {
        memcpy(compaction->writing + output->collected, batch.data, batch.len);
        output->collected += batch.len;
    }
    segment->size += (int64_t)batch.len;
    return result;
}

static int copy_batch(struct walk *walk, struct slice batch, const struct batch_header *header)
{
    struct output *output = walk->context;
    struct batch_filter *filter = &walk->compaction->filter;
    struct slice left;
    int result = batch_filter_apply(filter, batch, header, &left, walk->why);
    if (result == 1)
        result = put(output, left, walk->why);
    if (result == 0 && filter->has_aborted) {
        char path[FILE_PATH_MAX];
        segment_path(output->segment, ".txnindex", path);
        output->segment->has_txn_index = true;
        result = txn_index_append(segment_fs(output->segment), path, &filter->aborted);
    }
    return result;
}

static void set_up_filter(struct compaction *compaction)
{
    struct batch_filter *filter = &compaction->filter;
    filter->map = &compaction->map;
    filter->map_end = compaction->map_end;
    filter->range_end = compaction->range_end;
    filter->now_ms = compaction->now_ms;
    filter->delete_retention_ms = compaction->config->delete_retention_ms;
    filter->last_records = compaction->last_records;
    filter->last_record_count = compaction->last_record_count;
    filter->transactions = &compaction->transactions;
}

static int copy_segments(struct output *output, int32_t first, int32_t count, struct note *why)
{
    struct compaction *compaction = output->compaction;
    struct walk walk = {.compaction = compaction, .visit = copy_batch, .context = output, .why = why};
    int result = 0;
    set_up_filter(compaction);
    for (int32_t i = first; result == 0 && i < first + count; i++) {
        walk.next_offset = compaction->segments[i]->base_offset;
        walk.limit_offset = end_of(compaction, i);
        result = walk_segment(&walk, compaction->segments[i]);
    }
    return result < 0 ? result : flush(output);
}

/* Indexes written, everything synced, as old as the last source. */
static int complete(struct segment *segment, const struct segment *last_source, int64_t end_offset)
{
    char path[FILE_PATH_MAX];
    struct file_status status;
    struct file_system *fs = segment_fs(segment);
    int result = segment_finish(segment);
    segment_path(last_source, ".log", path);
    if (result == 0)
        result = file_path_status(fs, path, &status);
    segment_path(segment, ".log", path);
    if (result == 0)
        result = file_set_modified(fs, path, status.modified_ms);
    if (result == 0)
        result = segment_sync_all(segment);
    if (result == 0) /* the sources may not have been flushed yet, and this one counts as it */
        result = log_sync_closed(fs, segment->directory, end_offset);
    return result < 0 ? result : file_sync_directory(fs, segment->directory);
}

void log_compact_discard(struct segment *cleaned)
{
    for (int i = SEGMENT_SUFFIX_COUNT - 1; i >= 0; i--) {
        char path[FILE_PATH_MAX];
        if (i == 0 && atomic_load(&cleaned->names) == SEGMENT_SWAP)
            (void)file_sync_directory(segment_fs(cleaned), cleaned->directory);
        segment_path(cleaned, segment_suffixes[i], path);
        (void)file_unlink(segment_fs(cleaned), path);
    }
    if (atomic_load(&cleaned->names) == SEGMENT_SWAP)
        (void)file_sync_directory(segment_fs(cleaned), cleaned->directory);
    segment_drop(cleaned);
}

int log_compact_group(struct compaction *compaction, int32_t first, int32_t count, struct segment **cleaned,
                      struct note *why)
{
    const struct segment *source = compaction->segments[first];
    struct segment *segment = segment_new(source->files, source->directory, source->base_offset);
    atomic_store(&segment->names, SEGMENT_CLEANED);
    struct output output = {.compaction = compaction, .segment = segment, .file = -1};
    int result = segment_create(segment, false);
    if (result == 0 && compaction->writing == NULL) {
        compaction->writing = malloc(buffer_size(compaction));
        result = compaction->writing == NULL ? -ENOMEM : 0;
    }
    if (result == 0) {
        char path[FILE_PATH_MAX];
        segment_path(segment, ".log", path);
        result = output.file = file_open(segment_fs(segment), path, FILE_WRITE);
    }
    if (result >= 0)
        result = copy_segments(&output, first, count, why);
    file_close(segment_fs(segment), output.file);
    if (result == 0)
        result =
            complete(segment, compaction->segments[first + count - 1], end_of(compaction, first + count - 1));
    if (result < 0) {
        log_compact_discard(segment);
        return result;
    }
    segment->durable = true;
    *cleaned = segment;
    return 0;
}

void log_compact_fini(struct compaction *compaction)
{
    offset_map_fini(&compaction->map);
    cleaned_transactions_fini(&compaction->transactions);
    batch_filter_fini(&compaction->filter);
    free(compaction->reading);
    free(compaction->writing);
    compaction->reading = compaction->writing = NULL;
}
