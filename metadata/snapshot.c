/*
 * snapshot: see the header. Called by metadata/cluster and metadata/format; one thread at a time per
 * directory.
 */
#include "metadata/snapshot.h"

#include "metadata/atomic_file.h"
#include "metadata/batch_writer.h"
#include "metadata/image_records.h"
#include "protocol/base/big_endian.h"
#include "protocol/base/ensure.h"
#include "protocol/records/kraft_version_record.h"
#include "protocol/records/snapshot_record.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    SNAPSHOT_BYTES_MAX = 2047 << 20,
    BATCH_RECORDS_MAX = 1024,
    BATCH_BYTES_MAX = 8 << 20,   /* what Apache Kafka takes for a metadata batch */
    SNAPSHOT_MODE = 0400,        /* nobody changes it any more */
    HEADER_BATCH_MAX = 16 << 10, /* with the voters of a quorum */
};

/* ---- names ---- */

bool snapshot_parse_name(const char *name, struct snapshot_id *id)
{
    struct data_file_name parsed;
    data_file_parse(name, &parsed);
    *id = (struct snapshot_id){parsed.base, parsed.epoch};
    return parsed.kind == DATA_FILE_CLUSTER_SNAPSHOT && parsed.suffix == DATA_FILE_PLAIN && parsed.base >= 0;
}

void snapshot_format_name(struct snapshot_id id, char name[SNAPSHOT_NAME_SIZE])
{
    data_file_format(
        (struct data_file_name){.kind = DATA_FILE_CLUSTER_SNAPSHOT, .base = id.end_offset, .epoch = id.epoch},
        name);
}

/* ---- which there are ---- */

static void take_name(void *context, const char *name)
{
    struct snapshot_list *list = context;
    struct snapshot_id id;
    if (!snapshot_parse_name(name, &id))
        return;
    if (list->count == list->capacity) {
        list->capacity = list->capacity == 0 ? 16 : list->capacity * 2;
        list->ids = realloc(list->ids, list->capacity * sizeof *list->ids);
        ensure(list->ids != NULL && "out of memory");
    }
    list->ids[list->count++] = id;
}

static int compare_ids(const void *a, const void *b)
{
    const struct snapshot_id *left = a, *right = b;
    int order = (left->end_offset > right->end_offset) - (left->end_offset < right->end_offset);
    return order != 0 ? order : (left->epoch > right->epoch) - (left->epoch < right->epoch);
}

int snapshot_list(struct file_system *fs, const char *directory, struct snapshot_list *list)
{
    *list = (struct snapshot_list){.count = 0};
    int error = file_list(fs, directory, take_name, list);
    if (list->count > 0)
        qsort(list->ids, list->count, sizeof *list->ids, compare_ids);
    return error < 0 ? error : 0;
}

void snapshot_list_fini(struct snapshot_list *list)
{
    free(list->ids);
    *list = (struct snapshot_list){.count = 0};
}

static int snapshot_path(char path[FILE_PATH_MAX], const char *directory, struct snapshot_id id)
{
    char name[SNAPSHOT_NAME_SIZE];
    snapshot_format_name(id, name);
    return atomic_file_path(path, directory, name);
}

static int suffixed_path(char path[FILE_PATH_MAX], const char *of, const char *suffix)
{
    int len = snprintf(path, FILE_PATH_MAX, "%s%s", of, suffix);
    return len < 0 || len >= FILE_PATH_MAX ? -ENAMETOOLONG : 0;
}

/* ---- reading ---- */

static bool take_batch(struct slice bytes, size_t *size, batch_fn *each, void *context, struct note *why)
{
    struct batch_header header;
    enum batch_status status = batch_next(bytes, &header, size, why);
    if (status == BATCH_INCOMPLETE)
        note_set(why, "it breaks off within a batch");
    if (status != BATCH_WHOLE)
        return false;
    struct slice batch = slice_of(bytes.data, *size);
    if (batch_check_crc(batch))
        return each(context, batch, why);
    note_set(why, "a checksum is wrong");
    return false;
}

static int walk_batches(struct slice bytes, batch_fn *each, void *context, struct note *why)
{
    size_t size = 0;
    for (; bytes.len > 0; bytes = slice_from(bytes, size))
        if (!take_batch(bytes, &size, each, context, why))
            return -EBADMSG;
    return 0;
}

int snapshot_read(struct file_system *fs, const char *path, batch_fn *each, void *context, struct note *why)
{
    char *bytes = NULL;
    ssize_t len = file_read_all(fs, path, SNAPSHOT_BYTES_MAX, &bytes);
    if (len < 0)
        return (int)len;
    int error = walk_batches(slice_of(bytes, (size_t)len), each, context, why);
    free(bytes);
    if (error < 0)
        note_prefix(why, "%s", path);
    return error;
}

/* The header's control record is the first of the file. */
static int parse_timestamp(struct slice bytes, int64_t *timestamp_ms)
{
    struct batch_header header;
    struct record_iterator it;
    struct record record;
    struct note ignored = {""};
    size_t size;
    if (batch_next(bytes, &header, &size, &ignored) != BATCH_WHOLE
        || !batch_check_crc(slice_of(bytes.data, size)))
        return -EBADMSG;
    record_iterator_init(&it, slice_of(bytes.data, size), NULL);
    bool found = record_iterator_next(&it, &record, &ignored) == RECORD_READ && batch_is_control(&it.header)
                 && control_record_type(&record) == CONTROL_SNAPSHOT_HEADER
                 && record.value.len >= sizeof(int16_t) + sizeof(int64_t);
    if (found)
        *timestamp_ms = load_i64(record.value.data + sizeof(int16_t));
    record_iterator_fini(&it);
    return found ? 0 : -EBADMSG;
}

int snapshot_read_timestamp(struct file_system *fs, const char *directory, struct snapshot_id id,
                            int64_t *timestamp_ms)
{
    uint8_t bytes[HEADER_BATCH_MAX];
    char path[FILE_PATH_MAX];
    int error = snapshot_path(path, directory, id);
    int file = error < 0 ? error : file_open(fs, path, FILE_READ);
    if (file < 0)
        return file;
    ssize_t got = file_read(fs, file, bytes, sizeof bytes, 0);
    file_close(fs, file);
    return got < 0 ? (int)got : parse_timestamp(slice_of(bytes, (size_t)got), timestamp_ms);
}

/* Adds the records of one batch; control batches have none. */
static bool take_frames(void *context, struct slice batch, struct note *why)
{
    struct record_list *records = context;
    struct record_iterator it;
    struct record record;
    enum record_result result;
    record_iterator_init(&it, batch, NULL);
    while ((result = record_iterator_next(&it, &record, why)) == RECORD_READ)
        if (!batch_is_control(&it.header))
            record_list_add_frame(records, record.value);
    record_iterator_fini(&it);
    return result == RECORD_END;
}

int bootstrap_read(struct file_system *fs, const char *directory, struct record_list *records,
                   struct note *why)
{
    char path[FILE_PATH_MAX];
    int error = atomic_file_path(path, directory, BOOTSTRAP_CHECKPOINT);
    return error < 0 ? error : snapshot_read(fs, path, take_frames, records, why);
}

/* ---- writing ---- */

static void add_header(struct batch_writer *writer, int64_t last_timestamp_ms)
{
    struct snapshot_header_record header = {.last_contained_log_timestamp = last_timestamp_ms};
    batch_writer_add_control(writer, CONTROL_SNAPSHOT_HEADER, &snapshot_header_record_message, &header);
}

static void add_footer(struct batch_writer *writer)
{
    batch_writer_add_control(writer, CONTROL_SNAPSHOT_FOOTER, &snapshot_footer_record_message,
                             &(struct snapshot_footer_record){0});
    batch_writer_end(writer);
}

static void add_frame(void *context, struct slice frame)
{
    struct batch_writer *writer = context;
    if (writer->builder.header.record_count == BATCH_RECORDS_MAX
        || batch_writer_pending(writer) + frame.len > BATCH_BYTES_MAX)
        batch_writer_end(writer);
    batch_writer_add(writer, frame);
}

void snapshot_encode(const struct snapshot_head *head, const struct image *image, struct buf *out)
{
    struct batch_writer writer;
    batch_writer_init(&writer, 0, head->id.epoch, head->now_ms);
    add_header(&writer, head->last_timestamp_ms);
    if (head->kraft_version > 0) {
        struct kraft_version_record version = {.k_raft_version = head->kraft_version};
        batch_writer_add_control(&writer, CONTROL_KRAFT_VERSION, &kraft_version_record_message, &version);
        if (head->voters_record.len > 0)
            batch_writer_add_control_bytes(&writer, CONTROL_KRAFT_VOTERS, head->voters_record);
    }
    batch_writer_end(&writer);
    if (image != NULL)
        image_write_records(image, add_frame, &writer);
    batch_writer_end(&writer);
    add_footer(&writer);
    *out = writer.bytes;
    writer.bytes = (struct buf){0};
    batch_writer_fini(&writer);
}

static int write_part(struct file_system *fs, const char *path, struct slice bytes)
{
    int file = file_open_mode(fs, path, FILE_CREATE | FILE_TRUNCATE, SNAPSHOT_MODE);
    if (file < 0)
        return file;
    int error = file_write(fs, file, bytes.data, bytes.len, 0);
    if (error >= 0)
        error = file_sync(fs, file);
    file_close(fs, file);
    return error < 0 ? error : 0;
}

int snapshot_store(struct file_system *fs, const char *directory, struct snapshot_id id, struct slice bytes)
{
    char path[FILE_PATH_MAX], part[FILE_PATH_MAX];
    int error = snapshot_path(path, directory, id);
    if (error >= 0)
        error = suffixed_path(part, path, SNAPSHOT_PART);
    if (error < 0)
        return error;
    (void)file_unlink(fs, part); /* one that was left behind is not ours to open: it is read-only */
    error = write_part(fs, part, bytes);
    if (error >= 0)
        error = file_rename(fs, part, path);
    if (error < 0) {
        (void)file_unlink(fs, part);
        return error;
    }
    error = file_sync_directory(fs, directory);
    return error < 0 ? error : 0;
}

/* ---- deleting ---- */

int snapshot_delete(struct file_system *fs, const char *directory, struct snapshot_id id)
{
    char path[FILE_PATH_MAX], deleted[FILE_PATH_MAX];
    int error = snapshot_path(path, directory, id);
    if (error >= 0)
        error = suffixed_path(deleted, path, SNAPSHOT_DELETED);
    if (error >= 0)
        error = file_rename(fs, path, deleted);
    if (error >= 0)
        error = file_unlink(fs, deleted);
    return error < 0 ? error : 0;
}

struct sweep {
    struct file_system *fs;
    const char *directory;
    int64_t from, to;
};

static void sweep_name(void *context, const char *name)
{
    const struct sweep *sweep = context;
    struct snapshot_id id;
    struct data_file_name parsed;
    char path[FILE_PATH_MAX];
    data_file_parse(name, &parsed);
    if (snapshot_parse_name(name, &id)) {
        if (id.end_offset < sweep->from || id.end_offset > sweep->to)
            (void)snapshot_delete(sweep->fs, sweep->directory, id);
    } else if (parsed.suffix == DATA_FILE_PART || parsed.suffix == DATA_FILE_DELETED) {
        if (atomic_file_path(path, sweep->directory, name) >= 0)
            (void)file_unlink(sweep->fs, path);
    }
}

void snapshot_sweep(struct file_system *fs, const char *directory, int64_t from, int64_t to)
{
    struct sweep sweep = {fs, directory, from, to};
    (void)file_list(fs, directory, sweep_name, &sweep); /* what stays is swept at the next start */
}

/* ---- bootstrap.checkpoint ---- */

int bootstrap_write(struct file_system *fs, const char *directory, const struct record_list *records,
                    int64_t now_ms)
{
    struct batch_writer writer;
    batch_writer_init(&writer, 0, 0, now_ms);
    add_header(&writer, 0);
    batch_writer_end(&writer);
    for (int32_t i = 0; i < records->count; i++)
        batch_writer_add(&writer, records->records[i]);
    batch_writer_end(&writer);
    add_footer(&writer);
    int error = atomic_file_replace(fs, directory, BOOTSTRAP_CHECKPOINT, buf_slice(&writer.bytes));
    batch_writer_fini(&writer);
    return error;
}
