/*
 * segment: see segment.h.
 *
 * 1. `size` never exceeds the file's size and always ends at a batch's end; bytes beyond it are a failed
 * write's.
 * 2. Only the active segment of a log grows. All others change by truncation and deletion only.
 * 3. The .log is opened under the log owner's lock, through a name that is then right; references keep it
 * open afterwards.
 *
 * A segment that has grown past a few MiB might be written ahead with zeros, so that a sync need not write
 * the file's size: segment_append is the place, with `size` as the end of data and a cut in segment_finish
 * and log_recover. Not done yet.
 *
 * Called by log, log_recover and partition; segment_ref, _unref, _fd and _read by server/.
 */
#include "storage/segment.h"

#include "protocol/base/ensure.h"
#include "storage/header_scan.h"
#include "storage/os/clock.h"
#include "storage/txn_index.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

const char *const segment_suffixes[SEGMENT_SUFFIX_COUNT] = {".log", ".index", ".timeindex", ".txnindex"};

struct segment *segment_new(struct open_files *files, const char *directory, int64_t base_offset)
{
    ensure(base_offset >= 0);
    size_t len = strlen(directory) + 1;
    struct segment *segment = calloc(1, sizeof *segment + len);
    ensure(segment != NULL);
    cached_file_init(&segment->file);
    atomic_init(&segment->refs, 1);
    atomic_init(&segment->names, SEGMENT_PLAIN);
    atomic_init(&segment->replaced, false);
    atomic_init(&segment->damage_said, false);
    segment->files = files;
    segment->base_offset = base_offset;
    index_init(&segment->offsets, OFFSET_INDEX);
    index_init(&segment->times, TIME_INDEX);
    segment->max_timestamp = NO_TIMESTAMP;
    segment->first_timestamp = SEGMENT_UNKNOWN;
    segment->created_ms = clock_wall_ms();
    memcpy(segment->first_directory, directory, len);
    atomic_init(&segment->directory, segment->first_directory);
    return segment;
}

void segment_path_as(const struct segment *segment, enum segment_names names, const char *suffix,
                     char path[FILE_PATH_MAX])
{
    const char *more = "";
    if (names == SEGMENT_CLEANED)
        more = ".cleaned";
    else if (names == SEGMENT_SWAP || (names == SEGMENT_SWAP_INDEXES && strcmp(suffix, ".log") != 0))
        more = ".swap";
    file_path(path, "%s/%020" PRId64 "%s%s", atomic_load(&segment->directory), segment->base_offset, suffix,
              more);
}

void segment_moved(struct segment *segment, const char *directory)
{
    ensure(segment->moved_to == NULL);
    segment->moved_to = strdup(directory);
    ensure(segment->moved_to != NULL);
    atomic_store(&segment->directory, segment->moved_to);
}

void segment_path(const struct segment *segment, const char *suffix, char path[FILE_PATH_MAX])
{
    int names = atomic_load_explicit(&segment->names, memory_order_relaxed);
    segment_path_as(segment, (enum segment_names)names, suffix, path);
}

void segment_has_begun(struct segment *segment)
{
    segment->indexes_loaded = true;
    segment->times_state = TIMES_TRUE;
    segment->times_known = true;
}

int segment_create(struct segment *segment, bool is_new)
{
    char path[FILE_PATH_MAX];
    if (!is_new) {
        segment_path(segment, ".txnindex", path);
        (void)file_unlink(segment_fs(segment), path);
    }
    /* The .log last: alone it would be a segment, the others alone are nothing. */
    for (int i = 2; i >= 0; i--) {
        segment_path(segment, segment_suffixes[i], path);
        int file = file_open(segment_fs(segment), path, FILE_CREATE | FILE_TRUNCATE);
        if (file < 0)
            return file;
        file_close(segment_fs(segment), file);
    }
    segment_has_begun(segment);
    return 0;
}

void segment_drop(struct segment *segment)
{
    int before = atomic_fetch_sub(&segment->refs, 1);
    ensure(before > 0);
    if (before > 1)
        return;
    open_files_forget(segment->files, &segment->file);
    index_fini(&segment->offsets);
    index_fini(&segment->times);
    free(segment->moved_to);
    free(segment);
}

int segment_pin(struct segment *segment)
{
    if (!cached_file_try_pin(&segment->file)) {
        char path[FILE_PATH_MAX];
        segment_path(segment, ".log", path);
        int result = open_files_pin(segment->files, &segment->file, path);
        if (result < 0)
            return result;
    }
    atomic_fetch_add(&segment->refs, 1);
    return 0;
}

struct segment *segment_ref(struct segment *segment)
{
    cached_file_pin_again(&segment->file);
    atomic_fetch_add(&segment->refs, 1);
    return segment;
}

void segment_unref(struct segment *segment)
{
    cached_file_unpin(&segment->file);
    segment_drop(segment);
}

/* Ends a pin that was taken in here, where the caller's reference keeps the segment. */
static void unpin(struct segment *segment)
{
    cached_file_unpin(&segment->file);
    int before = atomic_fetch_sub(&segment->refs, 1);
    ensure(before > 1);
}

int segment_fd(const struct segment *segment)
{
    return file_fd(segment_fs(segment), segment->file.file);
}

ssize_t segment_read(const struct segment *segment, void *bytes, size_t len, int64_t at)
{
    return file_read(segment_fs(segment), segment->file.file, bytes, len, at);
}

int segment_load_indexes(struct segment *segment)
{
    if (segment->indexes_loaded)
        return 0;
    char path[FILE_PATH_MAX];
    segment_path(segment, ".index", path);
    int result = index_load(&segment->offsets, segment_fs(segment), path);
    if (result < 0)
        return result;
    if (segment->offsets.last.value >= segment->size && segment->offsets.count > 0)
        return -EBADMSG;
    segment_path(segment, ".timeindex", path);
    result = index_load(&segment->times, segment_fs(segment), path);
    if (result < 0 && result != -ENOENT)
        return result;
    segment->max_timestamp = segment->times.last.key;
    segment->max_timestamp_offset = segment->times.last.value;
    segment->indexes_loaded = true;
    return 0;
}

int segment_append(struct segment *segment, struct iovec *parts, int count, size_t len)
{
    int result = segment_pin(segment);
    if (result < 0)
        return result;
    struct file_system *fs = segment_fs(segment);
    result = file_writev(fs, segment->file.file, parts, count, segment->size);
    if (result == 0)
        segment->size += (int64_t)len;
    else if (file_truncate(fs, segment->file.file, segment->size) < 0)
        result = -EIO;
    unpin(segment);
    return result;
}

static void add_time_entry(struct segment *segment)
{
    if (segment->max_timestamp > segment->times.last.key)
        index_add(&segment->times, segment->max_timestamp, (int32_t)segment->max_timestamp_offset);
}

/* Makes room in both tails. An index that cannot be written gets no new entry now, which only makes searches
 * slower. */
static bool make_room(struct segment *segment)
{
    char path[FILE_PATH_MAX];
    if (index_tail_is_full(&segment->offsets)) {
        segment_path(segment, ".index", path);
        if (index_write(&segment->offsets, segment_fs(segment), path) < 0)
            return false;
    }
    if (index_tail_is_full(&segment->times)) {
        segment_path(segment, ".timeindex", path);
        if (index_write(&segment->times, segment_fs(segment), path) < 0)
            return false;
    }
    return true;
}

void segment_index_batch(struct segment *segment, const struct batch_header *header, int64_t position,
                         int64_t index_interval_bytes)
{
    int64_t relative = batch_last_offset(header) - segment->base_offset;
    ensure(relative >= 0 && relative <= INT32_MAX && position <= INT32_MAX);
    if (position == 0)
        segment->first_timestamp = header->max_timestamp;
    if (header->max_timestamp > segment->max_timestamp) {
        segment->max_timestamp = header->max_timestamp;
        segment->max_timestamp_offset = relative;
    }
    if (segment->bytes_since_entry > index_interval_bytes && relative > segment->offsets.last.key
        && make_room(segment)) {
        index_add(&segment->offsets, relative, (int32_t)position);
        add_time_entry(segment);
        segment->bytes_since_entry = 0;
    }
    segment->bytes_since_entry += batch_size(header);
}

bool segment_index_is_full(const struct segment *segment)
{
    return segment->offsets.count >= segment->index_bytes / 8
           || segment->times.count >= segment->index_bytes / 12 - 1;
}

int64_t segment_first_timestamp(struct segment *segment)
{
    if (segment->first_timestamp == SEGMENT_UNKNOWN && segment->size > 0 && segment_pin(segment) == 0) {
        struct header_scan scan;
        struct batch_header header;
        header_scan_init(&scan, segment_fs(segment), segment->file.file, segment->size);
        if (header_scan_read(&scan, 0, &header) == 1)
            segment->first_timestamp = header.max_timestamp;
        unpin(segment);
    }
    return segment->first_timestamp == SEGMENT_UNKNOWN ? NO_TIMESTAMP : segment->first_timestamp;
}

int64_t segment_largest_timestamp(struct segment *segment)
{
    (void)segment_load_indexes(segment);
    if (segment->max_timestamp >= 0)
        return segment->max_timestamp;
    char path[FILE_PATH_MAX];
    struct file_status status;
    segment_path(segment, ".log", path);
    return file_path_status(segment_fs(segment), path, &status) == 0 ? status.modified_ms : -1;
}

int segment_finish(struct segment *segment)
{
    char path[FILE_PATH_MAX];
    if (!segment->indexes_loaded)
        return 0;
    segment_path(segment, ".timeindex", path);
    if (index_tail_is_full(&segment->times)) {
        int result = index_write(&segment->times, segment_fs(segment), path);
        if (result < 0)
            return result;
    }
    add_time_entry(segment);
    int result = index_finish(&segment->times, segment_fs(segment), path, false);
    if (result < 0)
        return result;
    segment_path(segment, ".index", path);
    return index_finish(&segment->offsets, segment_fs(segment), path, false);
}

int segment_sync_all(struct segment *segment)
{
    for (int i = 0; i < SEGMENT_SUFFIX_COUNT; i++) {
        if (i == 3 && !segment->has_txn_index)
            continue;
        char path[FILE_PATH_MAX];
        segment_path(segment, segment_suffixes[i], path);
        int result = file_sync_path(segment_fs(segment), path);
        if (result < 0)
            return result;
    }
    return 0;
}

int segment_write_again(struct segment *segment)
{
    enum { PIECE_BYTES = 1 << 20 };
    int result = segment_pin(segment);
    if (result < 0)
        return result;
    struct file_system *fs = segment_fs(segment);
    uint8_t *bytes = malloc(PIECE_BYTES);
    ensure(bytes != NULL);
    for (int64_t at = 0; result == 0 && at < segment->size;) {
        ssize_t got = segment_read(segment, bytes, PIECE_BYTES, at);
        result = got < 0    ? (int)got
                 : got == 0 ? -EIO
                            : file_write(fs, segment->file.file, bytes, (size_t)got, at);
        at += got;
    }
    free(bytes);
    if (result == 0)
        result = file_sync(fs, segment->file.file);
    unpin(segment);
    return result;
}

int segment_reset_indexes(struct segment *segment)
{
    char path[FILE_PATH_MAX];
    segment_path(segment, ".index", path);
    int result = index_reset(&segment->offsets, segment_fs(segment), path);
    if (result < 0)
        return result;
    segment_path(segment, ".timeindex", path);
    result = index_reset(&segment->times, segment_fs(segment), path);
    segment->bytes_since_entry = 0;
    segment->max_timestamp = NO_TIMESTAMP;
    segment->max_timestamp_offset = 0;
    segment->first_timestamp = SEGMENT_UNKNOWN;
    if (result == 0)
        segment_has_begun(segment);
    return result;
}

int segment_truncate(struct segment *segment, int64_t position, int64_t offset)
{
    ensure(position <= segment->size);
    int result = segment_load_indexes(segment);
    if (result == 0)
        result = segment_pin(segment);
    if (result < 0)
        return result;
    result = file_truncate(segment_fs(segment), segment->file.file, position);
    unpin(segment);
    if (result < 0)
        return result;
    segment->size = position;
    segment->durable = segment->being_flushed = false; /* the cut is not, nor what comes behind it */
    segment->times_state = TIMES_UNSEEN;
    segment->times_known = false;
    segment->times_read = 0;
    if (position == 0)
        segment->first_timestamp = SEGMENT_UNKNOWN;

    char path[FILE_PATH_MAX];
    int64_t relative = offset - segment->base_offset;
    segment_path(segment, ".index", path);
    result = index_truncate(&segment->offsets, segment_fs(segment), path, relative);
    if (result < 0)
        return result;
    segment_path(segment, ".timeindex", path);
    result = index_truncate(&segment->times, segment_fs(segment), path, relative);
    if (result < 0)
        return result;
    segment->max_timestamp = segment->times.last.key;
    segment->max_timestamp_offset = segment->times.last.value;
    segment->bytes_since_entry = 0;
    if (segment->has_txn_index) {
        segment_path(segment, ".txnindex", path);
        result = txn_index_truncate(segment_fs(segment), path, offset);
    }
    int64_t next_offset;
    int64_t valid;
    return result < 0 ? result : segment_scan_tail(segment, &next_offset, &valid);
}

int segment_scan_tail(struct segment *segment, int64_t *next_offset, int64_t *valid)
{
    *next_offset = segment->base_offset;
    *valid = 0;
    if (segment->size == 0)
        return 0;
    int result = segment_pin(segment);
    if (result < 0)
        return result;
    struct header_scan scan;
    struct batch_header header;
    header_scan_init(&scan, segment_fs(segment), segment->file.file, segment->size);
    int64_t position = segment->offsets.last.value;
    while ((result = header_scan_read(&scan, position, &header)) == 1) {
        int64_t relative = batch_last_offset(&header) - segment->base_offset;
        if (relative < 0 || relative > INT32_MAX || batch_next_offset(&header) <= *next_offset) {
            result = -EBADMSG;
            break;
        }
        if (header.max_timestamp > segment->max_timestamp) {
            segment->max_timestamp = header.max_timestamp;
            segment->max_timestamp_offset = relative;
        }
        *next_offset = batch_next_offset(&header);
        position += batch_size(&header);
    }
    *valid = position;
    unpin(segment);
    return result;
}

static int rename_deleted(struct segment *segment, const char *suffix)
{
    char from[FILE_PATH_MAX];
    char to[FILE_PATH_MAX];
    segment_path(segment, suffix, from);
    file_path(to, "%.4000s.deleted", from);
    int result = file_rename(segment_fs(segment), from, to);
    return result == -ENOENT ? 0 : result;
}

int segment_rename_deleted(struct segment *segment)
{
    int result = rename_deleted(segment, segment_suffixes[0]);
    int count = segment->has_txn_index ? SEGMENT_SUFFIX_COUNT : 3;
    for (int i = 1; i < count && result == 0; i++)
        (void)rename_deleted(segment,
                             segment_suffixes[i]); /* without its .log an index goes at the next start */
    return result;
}

void segment_unlink_deleted(struct segment *segment)
{
    for (int i = 0; i < SEGMENT_SUFFIX_COUNT; i++) {
        char name[FILE_PATH_MAX];
        char path[FILE_PATH_MAX];
        segment_path(segment, segment_suffixes[i], name);
        file_path(path, "%.4000s.deleted", name);
        (void)file_unlink(segment_fs(segment), path);
    }
}
