/*
 * cluster_log: see the header.
 *
 * Invariants:
 * 1. Base offsets grow from batch to batch, epochs never shrink.
 * 2. `size` is the end of the last whole batch: what a failed write left behind it is written over by the
 *    next one, or cut.
 * 3. A bad end may be a write that a power cut has torn, or the last change, acknowledged once, and rotten
 *    since: nothing tells for sure. So its bytes are on stable storage in a file of their own before they are
 *    cut, whatever they look like: a length that has rotten makes a whole batch look like the beginning of
 *    one. Zeros alone are not kept: there is nothing in them.
 */
#include "metadata/cluster_log.h"

#include "metadata/atomic_file.h"
#include "protocol/base/buf.h"
#include "protocol/base/ensure.h"
#include "protocol/batch.h"
#include "storage/data_file.h"
#include "storage/header_scan.h"
#include "storage/os/diag.h"
#include "storage/set_aside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define DIAG_AREA DIAG_METADATA

enum {
    READ_STEP = 1 << 20,
    NO_OP_BATCH_MAX = 80, /* bytes; one record of nothing */
    LOOK_BEHIND_BYTES = 16 << 20,
};

/* ---- which segments there are ---- */

struct segment_names {
    int64_t *bases;
    size_t count;
    size_t capacity;
};

static void take_name(void *context, const char *name)
{
    struct segment_names *names = context;
    struct data_file_name parsed;
    data_file_parse(name, &parsed);
    if (parsed.kind != DATA_FILE_LOG || parsed.suffix != DATA_FILE_PLAIN)
        return;
    if (names->count == names->capacity) {
        names->capacity = names->capacity == 0 ? 16 : names->capacity * 2;
        names->bases = realloc(names->bases, names->capacity * sizeof *names->bases);
        ensure(names->bases != NULL && "out of memory");
    }
    names->bases[names->count++] = parsed.base;
}

static int compare_bases(const void *a, const void *b)
{
    const int64_t *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

static int segment_path(const struct cluster_log *log, int64_t base, char path[FILE_PATH_MAX])
{
    char name[DATA_FILE_NAME_MAX];
    data_file_format((struct data_file_name){.kind = DATA_FILE_LOG, .base = base}, name);
    return atomic_file_path(path, log->directory, name);
}

/* ---- reading one segment ---- */

struct segment_reader {
    struct cluster_log *log;
    int file;
    int64_t file_size;
    int64_t position; /* of bytes.data[0] in the file */
    struct buf bytes; /* what is read and not yet taken */
    int64_t from_offset;
    batch_fn *each;
    void *context;
};

enum step { STEP_TAKEN, STEP_END, STEP_DAMAGED, STEP_FAILED };

/* Reads on until `len` bytes are there or the file ends. A length that a damaged batch claims costs no more
 * memory than there is file. */
static bool fill(struct segment_reader *reader, size_t len, struct note *why)
{
    int64_t left = reader->file_size - reader->position - (int64_t)reader->bytes.len;
    if (reader->bytes.len >= len || left <= 0)
        return true;
    size_t more = len - reader->bytes.len > READ_STEP ? len - reader->bytes.len : READ_STEP;
    if ((int64_t)more > left)
        more = (size_t)left;
    uint8_t *at = buf_reserve(&reader->bytes, more);
    ssize_t got =
        file_read(reader->log->fs, reader->file, at, more, reader->position + (int64_t)reader->bytes.len);
    if (got < 0) {
        note_set(why, "%s", strerror((int)-got));
        return false;
    }
    reader->bytes.len += (size_t)got;
    return true;
}

static bool is_in_order(const struct cluster_log *log, const struct batch_header *header)
{
    return header->base_offset >= log->end_offset && header->last_offset_delta >= 0
           && header->partition_leader_epoch >= log->last_epoch;
}

static bool may_be_no_op(struct slice batch, const struct batch_header *header)
{
    return header->record_count == 1 && batch.len <= NO_OP_BATCH_MAX;
}

/* The first whole batch at or behind *at of a later offset than `above`, among what is read. *effort is how
 * many bytes may be summed up for it: a hostile file could claim a batch at every byte. */
static bool find_whole(const struct segment_reader *reader, size_t *at, int64_t above, size_t *effort,
                       struct batch_header *header, size_t *size)
{
    struct note ignored = {""};
    struct slice bytes = buf_slice(&reader->bytes);
    for (; *at + BATCH_HEADER_SIZE <= bytes.len; ++*at) {
        struct slice rest = slice_from(bytes, *at);
        if (batch_next(rest, header, size, &ignored) != BATCH_WHOLE || header->base_offset <= above)
            continue;
        if (*size > *effort)
            return false;
        *effort -= *size;
        if (batch_check_crc(slice_of(rest.data, *size)))
            return true;
    }
    return false;
}

/*
 * Was a damaged batch promised to anybody? Every append but a no-op's is synced, with all that lies before
 * it, before the next one is made. So a whole batch of a later append behind one that is no no-op, be it the
 * damaged one or another that follows it, proves that the damaged one was whole and synced once: then the
 * disk has lost it, and it is not ours to cut. Else it is a torn write. `damaged` is NULL where nothing says
 * what it was, nor (size 0) where it ends.
 */
static bool was_synced(struct segment_reader *reader, size_t at, size_t size,
                       const struct batch_header *damaged)
{
    struct note ignored = {""};
    struct batch_header change = {0}, header;
    size_t end = at + LOOK_BEHIND_BYTES, effort = 2 * LOOK_BEHIND_BYTES;
    bool has_change = false, found = false;
    int64_t above = reader->log->end_offset;
    (void)fill(reader, end, &ignored);
    if (damaged != NULL) {
        change = *damaged;
        has_change = damaged->record_count == damaged->last_offset_delta + 1 /* no part of it is torn off */
                     && !may_be_no_op(slice_of(reader->bytes.data + at, size), damaged);
        above = damaged->base_offset < above ? damaged->base_offset : above;
    }
    at += size > 0 ? size : 1;
    for (; find_whole(reader, &at, above, &effort, &header, &size); at += size) {
        if (has_change && header.max_timestamp != change.max_timestamp)
            return true;
        if (!has_change && !may_be_no_op(slice_of(reader->bytes.data + at, size), &header)) {
            has_change = true;
            change = header;
        }
        above = header.base_offset;
        found = true;
    }
    /* two days of no-ops that have reached the disk: so had what lies before them */
    return found && reader->bytes.len >= end;
}

/* `damaged` is NULL where there is no batch. What it says of itself may be the damage: then what follows is
 * looked at again, from its next byte on and without it. */
static enum step judge_damaged(struct segment_reader *reader, size_t at, size_t size, const char *what,
                               const struct batch_header *damaged, struct note *why)
{
    long long position = reader->position + (long long)at;
    bool is_lost =
        was_synced(reader, at, size, damaged) || (damaged != NULL && was_synced(reader, at, 0, NULL));
    note_set(why, "the batch at byte %lld %s%s", position, what,
             is_lost ? ", and whole ones follow it: the disk has lost data" : "");
    return is_lost ? STEP_FAILED : STEP_DAMAGED;
}

static enum step take_batch(struct segment_reader *reader, size_t at, size_t *size, struct note *why)
{
    struct batch_header header;
    struct note ignored = {""};
    if (!fill(reader, at + BATCH_HEADER_SIZE, why))
        return STEP_FAILED;
    struct slice left = slice_from(buf_slice(&reader->bytes), at);
    if (left.len == 0)
        return STEP_END;
    enum batch_status status = batch_next(left, &header, size, &ignored);
    if (status == BATCH_INCOMPLETE && left.len >= BATCH_HEADER_SIZE) {
        if (!fill(reader, at + *size, why))
            return STEP_FAILED;
        left = slice_from(buf_slice(&reader->bytes), at);
        status = batch_next(left, &header, size, &ignored);
    }
    if (status != BATCH_WHOLE)
        return judge_damaged(reader, at, 0, "is none", NULL, why);
    struct slice batch = slice_of(left.data, *size);
    if (!batch_check_crc(batch))
        return judge_damaged(reader, at, *size, "has a wrong checksum", &header, why);
    if (!is_in_order(reader->log, &header))
        return judge_damaged(reader, at, *size, "is out of order", &header, why);
    if (reader->position == 0 && at == 0)
        reader->log->segment_since = header.max_timestamp;
    if (batch_next_offset(&header) > reader->from_offset && !reader->each(reader->context, batch, why))
        return STEP_FAILED;
    reader->log->end_offset = batch_next_offset(&header);
    reader->log->last_epoch = header.partition_leader_epoch;
    return STEP_TAKEN;
}

/* Drops what is taken once it is a good part of the buffer. */
static void drop_taken(struct segment_reader *reader, size_t *at)
{
    if (*at < READ_STEP)
        return;
    memmove(reader->bytes.data, reader->bytes.data + *at, reader->bytes.len - *at);
    reader->bytes.len -= *at;
    reader->position += (int64_t)*at;
    *at = 0;
}

/* Batch after batch to the end of the file or the first damage; *end is where the last whole one ends. */
static enum step read_segment(struct segment_reader *reader, int64_t *end, struct note *why)
{
    size_t at = 0, size = 0;
    enum step step;
    while ((step = take_batch(reader, at, &size, why)) == STEP_TAKEN) {
        at += size;
        drop_taken(reader, &at);
    }
    *end = reader->position + (int64_t)at;
    return step;
}

/* ---- opening ---- */

static bool say(struct note *why, const char *path, int error)
{
    if (error < 0)
        note_set(why, "%s: %s", path, strerror(-error));
    return error >= 0;
}

/* Room that was made ahead and never written to: 1, 0 or -errno. */
static int is_zeros(const struct cluster_log *log, int64_t from, int64_t to)
{
    uint8_t piece[4096];
    while (from < to) {
        ssize_t got = file_read(log->fs, log->file, piece, sizeof piece, from);
        if (got <= 0)
            return got < 0 ? (int)got : 1;
        if (piece[0] != 0 || memcmp(piece, piece + 1, (size_t)got - 1) != 0)
            return 0;
        from += got;
    }
    return 1;
}

/* What is cut next is in a file of its own, with its name. 0 or -errno. */
static int keep_tail(struct cluster_log *log, int64_t base, const char *path, int64_t size,
                     const char *complaint, struct note *why)
{
    char name[DATA_FILE_NAME_MAX];
    int error = set_aside(log->fs, log->directory, base, log->file, log->size, size, name);
    if (error >= 0)
        error = file_sync_directory(log->fs, log->directory);
    if (error < 0) {
        note_set(why, "%s: %s: the last %lld bytes cannot be set aside: %s", path, complaint,
                 (long long)(size - log->size), strerror(-error));
        return error;
    }
    diag_error(
        "%s: %s: the last %lld bytes, behind offset %lld, are cut off and set aside in %s: the write may "
        "have been torn, or a change is lost",
        path, complaint, (long long)(size - log->size), (long long)log->end_offset - 1, name);
    return 0;
}

/* Cuts off what follows the last whole batch. */
static bool mend(struct cluster_log *log, int64_t base, const char *path, int64_t size, const char *complaint,
                 struct note *why)
{
    int zeros = is_zeros(log, log->size, size);
    if (zeros == 1)
        diag_warn("%s: the last %lld bytes are zeros: cut off", path, (long long)(size - log->size));
    int error = zeros == 0 ? keep_tail(log, base, path, size, complaint, why) : zeros;
    log->lost_end = true;
    if (error >= 0)
        error = file_truncate(log->fs, log->file, log->size);
    if (error >= 0)
        error = file_sync(log->fs, log->file);
    return say(why, path, error);
}

/* With an error log->file is as it was. */
static int open_segment(struct cluster_log *log, int64_t base, int flags, char path[FILE_PATH_MAX])
{
    int error = segment_path(log, base, path);
    int file = error < 0 ? error : file_open(log->fs, path, flags);
    if (file < 0)
        return file;
    log->file = file;
    log->segment_since = -1;
    return 0;
}

static bool replay_segment(struct cluster_log *log, int64_t base, bool is_last, struct segment_reader *reader,
                           struct note *why)
{
    char path[FILE_PATH_MAX];
    if (!say(why, path, open_segment(log, base, is_last ? FILE_WRITE : FILE_READ, path)))
        return false;
    struct file_status status;
    int error = file_status(log->fs, log->file, &status);
    if (error < 0) {
        note_set(why, "%s: %s", path, strerror(-error));
        return false;
    }
    reader->file = log->file;
    reader->file_size = status.size;
    reader->position = 0;
    reader->bytes.len = 0;
    log->end_offset = base > log->end_offset ? base : log->end_offset;
    struct note damage = {""};
    enum step step = read_segment(reader, &log->size, &damage);
    if (step == STEP_FAILED || (step == STEP_DAMAGED && !is_last)) {
        note_set(why, "%s: %s%s", path, damage.text,
                 step == STEP_DAMAGED ? ", and this is not the last segment" : "");
        return false;
    }
    log->directory_changed = true; /* its name may be all that was never synced */
    if (is_last)
        return step == STEP_END || mend(log, base, path, status.size, damage.text, why);
    file_close(log->fs, log->file);
    log->file = -1;
    return true;
}

static int begin_segment(struct cluster_log *log, int64_t base)
{
    char path[FILE_PATH_MAX];
    int error = open_segment(log, base, FILE_CREATE | FILE_TRUNCATE, path);
    if (error < 0)
        return error;
    log->size = log->room_end = 0;
    log->end_offset = base;
    log->directory_changed = true;
    return 0;
}

/* Deletes a segment and what Apache Kafka has put beside it. */
static int delete_segment(const struct cluster_log *log, int64_t base)
{
    static const char *const beside[] = {".index", ".timeindex", ".txnindex", ".snapshot"};
    char path[FILE_PATH_MAX];
    int error = segment_path(log, base, path);
    if (error >= 0)
        error = file_unlink(log->fs, path);
    if (error < 0 && error != -ENOENT)
        return error;
    size_t stem = strlen(path) - strlen(".log");
    for (size_t i = 0; i < sizeof beside / sizeof beside[0]; i++) {
        snprintf(path + stem, sizeof path - stem, "%s", beside[i]);
        (void)file_unlink(log->fs, path); /* without its segment nobody reads it */
    }
    return 0;
}

static bool restart(struct cluster_log *log, const struct segment_names *names, int64_t from_offset,
                    struct note *why)
{
    diag_warn("%s: the log ends at %lld, before its snapshot at %lld: it begins anew there", log->directory,
              (long long)log->end_offset, (long long)from_offset);
    cluster_log_close(log);
    int error = 0;
    for (size_t i = 0; i < names->count && error >= 0; i++)
        error = delete_segment(log, names->bases[i]);
    if (error >= 0)
        error = begin_segment(log, from_offset);
    log->start_offset = from_offset;
    log->last_epoch = -1;
    return say(why, log->directory, error);
}

/* The last segment that begins at or before the offset: the first one to read. */
static size_t first_needed(const struct segment_names *names, int64_t from_offset)
{
    size_t first = 0;
    while (first + 1 < names->count && names->bases[first + 1] <= from_offset)
        first++;
    return first;
}

static bool replay_segments(struct cluster_log *log, const struct segment_names *names,
                            struct segment_reader *reader, struct note *why)
{
    size_t first = first_needed(names, reader->from_offset);
    if (names->bases[first] > reader->from_offset) {
        note_set(why, "%s: the records from %lld to %lld are missing", log->directory,
                 (long long)reader->from_offset, (long long)names->bases[first] - 1);
        return false;
    }
    for (size_t i = first; i < names->count; i++)
        if (!replay_segment(log, names->bases[i], i + 1 == names->count, reader, why))
            return false;
    log->start_offset = names->bases[0];
    return log->end_offset >= reader->from_offset || restart(log, names, reader->from_offset, why);
}

/* The segments, oldest first; names->bases is malloc'ed. */
static int list_segments(const struct cluster_log *log, struct segment_names *names)
{
    *names = (struct segment_names){0};
    int error = file_list(log->fs, log->directory, take_name, names);
    if (names->count > 0)
        qsort(names->bases, names->count, sizeof *names->bases, compare_bases);
    return error;
}

bool cluster_log_open(struct cluster_log *log, struct file_system *fs, const char *directory,
                      int64_t from_offset, batch_fn *each, void *context, struct note *why)
{
    *log = (struct cluster_log){.fs = fs,
                                .directory = directory,
                                .file = -1,
                                .start_offset = from_offset,
                                .last_epoch = -1,
                                .segment_bytes = CLUSTER_SEGMENT_BYTES,
                                .segment_ms = CLUSTER_SEGMENT_MS,
                                .segment_since = -1};
    struct segment_names names;
    struct segment_reader reader = {.log = log, .from_offset = from_offset, .each = each, .context = context};
    bool opened = say(why, directory, list_segments(log, &names));
    if (opened && names.count == 0)
        opened = say(why, directory, begin_segment(log, from_offset));
    else if (opened)
        opened = replay_segments(log, &names, &reader, why);
    free(names.bases);
    buf_fini(&reader.bytes);
    if (!opened)
        cluster_log_close(log);
    return opened;
}

static int find_epochs(const struct cluster_log *log, int64_t base, struct epochs *epochs)
{
    char path[FILE_PATH_MAX];
    struct file_status status;
    struct header_scan scan;
    struct batch_header header;
    int error = segment_path(log, base, path);
    int file = error < 0 ? error : file_open(log->fs, path, FILE_READ);
    if (file < 0)
        return file;
    error = file_status(log->fs, file, &status);
    header_scan_init(&scan, log->fs, file, status.size);
    for (int64_t at = 0; error >= 0 && (error = header_scan_read(&scan, at, &header)) == 1;) {
        if (header.partition_leader_epoch > epochs_latest(epochs))
            epochs_assign(epochs, header.partition_leader_epoch, header.base_offset);
        at += batch_size(&header);
    }
    file_close(log->fs, file);
    return error == -EBADMSG ? 0 : error; /* below a snapshot nobody needs what is damaged */
}

int cluster_log_find_epochs(const struct cluster_log *log, struct epochs *epochs)
{
    struct segment_names names;
    int error = list_segments(log, &names);
    epochs->count = 0;
    epochs->changed = true;
    for (size_t i = 0; i < names.count && error >= 0; i++)
        error = find_epochs(log, names.bases[i], epochs);
    free(names.bases);
    return error < 0 ? error : 0;
}

static int write_again(struct file_system *fs, int file)
{
    uint8_t *bytes = malloc(READ_STEP);
    ensure(bytes != NULL && "out of memory");
    ssize_t got;
    int error = 0;
    for (int64_t at = 0; error >= 0 && (got = file_read(fs, file, bytes, READ_STEP, at)) != 0; at += got)
        error = got < 0 ? (int)got : file_write(fs, file, bytes, (size_t)got, at);
    free(bytes);
    return error < 0 ? error : file_sync(fs, file);
}

int cluster_log_write_again(struct file_system *fs, const char *directory)
{
    struct cluster_log log = {.fs = fs, .directory = directory};
    struct segment_names names;
    char path[FILE_PATH_MAX];
    int error = list_segments(&log, &names);
    if (error >= 0 && names.count > 0) {
        error = segment_path(&log, names.bases[names.count - 1], path);
        log.file = error < 0 ? error : file_open(fs, path, FILE_WRITE);
        error = log.file < 0 ? log.file : write_again(fs, log.file);
        file_close(fs, log.file);
    }
    free(names.bases);
    return error < 0 ? error : file_sync_directory(fs, directory);
}

bool cluster_log_restart(struct cluster_log *log, int64_t from_offset, struct note *why)
{
    struct segment_names names;
    bool done =
        say(why, log->directory, list_segments(log, &names)) && restart(log, &names, from_offset, why);
    free(names.bases);
    return done;
}

void cluster_log_close(struct cluster_log *log)
{
    file_close(log->fs, log->file);
    log->file = -1;
}

/* ---- appending ---- */

/* Begins the next segment; the one before is synced first, since cluster_log_sync looks at the last only. */
static int roll(struct cluster_log *log)
{
    int full = log->file;
    if (file_sync_data(log->fs, full) < 0)
        return -EIO; /* whatever it was, also want of space: a sync is not tried again */
    int error = begin_segment(log, log->end_offset);
    if (error >= 0)
        file_close(log->fs, full);
    return error < 0 ? error : 0;
}

static bool is_full(const struct cluster_log *log, struct slice batches, int64_t append_ms)
{
    return log->size > 0
           && (log->size + (int64_t)batches.len > log->segment_bytes
               || append_ms - log->segment_since > log->segment_ms);
}

int cluster_log_make_room(struct cluster_log *log, size_t len, int64_t reserve)
{
    int64_t end = log->size + (int64_t)len;
    if (log->room_end >= end + reserve / 2)
        return 0;
    int error = file_allocate(log->fs, log->file, log->size, (int64_t)len + reserve);
    if (file_is_full(error))
        return error;
    log->room_end = error < 0 ? INT64_MAX : end + reserve;
    return 0;
}

int cluster_log_append(struct cluster_log *log, struct slice batches, int64_t next_offset, int32_t epoch)
{
    ensure(next_offset > log->end_offset && epoch >= log->last_epoch);
    struct batch_header first;
    batch_header_read(batches.data, &first);
    int error = is_full(log, batches, first.max_timestamp) ? roll(log) : 0;
    if (file_is_full(error))
        error = 0; /* this one has a reserve, a new one none: rather one that is too long */
    if (error >= 0)
        error = file_write(log->fs, log->file, batches.data, batches.len, log->size);
    if (error < 0) {
        (void)file_truncate(log->fs, log->file, log->size);
        return error;
    }
    if (log->size == 0)
        log->segment_since = first.max_timestamp;
    log->size += (int64_t)batches.len;
    log->end_offset = next_offset;
    log->last_epoch = epoch;
    log->has_unsynced = true;
    return 0;
}

int cluster_log_sync(struct cluster_log *log)
{
    int error = file_sync_data(log->fs, log->file);
    if (error < 0)
        return error;
    log->has_unsynced = false;
    if (!log->directory_changed)
        return 0;
    log->directory_changed = false;
    error = file_sync_directory(log->fs, log->directory);
    return error < 0 ? error : 0;
}

/* ---- the old end ---- */

int64_t cluster_log_bytes(const struct cluster_log *log)
{
    struct segment_names names;
    int64_t bytes = 0;
    int error = list_segments(log, &names);
    for (size_t i = 0; i < names.count && error >= 0; i++) {
        char path[FILE_PATH_MAX];
        struct file_status status = {.size = 0};
        error = segment_path(log, names.bases[i], path);
        if (error >= 0)
            error = file_path_status(log->fs, path, &status);
        bytes += status.size;
    }
    free(names.bases);
    return error < 0 ? error : bytes;
}

int cluster_log_delete_below(const struct cluster_log *log, int64_t start_offset)
{
    struct segment_names names;
    int error = list_segments(log, &names);
    for (size_t i = 0; error >= 0 && i + 1 < names.count && names.bases[i + 1] <= start_offset; i++)
        error = delete_segment(log, names.bases[i]);
    free(names.bases);
    return error < 0 ? error : 0;
}
