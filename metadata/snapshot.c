/*
 * snapshot: see the header. Called by metadata/cluster and metadata/format at start, by one thread.
 */
#include "metadata/snapshot.h"

#include "metadata/atomic_file.h"
#include "metadata/batch_writer.h"
#include "protocol/records/snapshot_record.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    SNAPSHOT_BYTES_MAX = 2047 << 20,
    OFFSET_DIGITS = 20,
    EPOCH_DIGITS = 10,
};

/* ---- names ---- */

static bool parse_digits(const char *text, int digits, int64_t *number)
{
    *number = 0;
    for (int i = 0; i < digits; i++) {
        if (text[i] < '0' || text[i] > '9' || *number > (INT64_MAX - 9) / 10)
            return false;
        *number = *number * 10 + (text[i] - '0');
    }
    return true;
}

bool snapshot_parse_name(const char *name, struct snapshot_id *id)
{
    int64_t epoch;
    if (strlen(name) != OFFSET_DIGITS + 1 + EPOCH_DIGITS + strlen(".checkpoint"))
        return false;
    if (!parse_digits(name, OFFSET_DIGITS, &id->end_offset) || name[OFFSET_DIGITS] != '-'
        || !parse_digits(name + OFFSET_DIGITS + 1, EPOCH_DIGITS, &epoch) || epoch > INT32_MAX)
        return false;
    id->epoch = (int32_t)epoch;
    return strcmp(name + OFFSET_DIGITS + 1 + EPOCH_DIGITS, ".checkpoint") == 0;
}

void snapshot_format_name(struct snapshot_id id, char name[SNAPSHOT_NAME_SIZE])
{
    snprintf(name, SNAPSHOT_NAME_SIZE, "%020lld-%010d.checkpoint", (long long)id.end_offset, id.epoch);
}

static void take_newest(void *context, const char *name)
{
    struct snapshot_id *newest = context, id;
    if (snapshot_parse_name(name, &id) && id.end_offset > newest->end_offset)
        *newest = id;
}

int snapshot_find_newest(struct file_system *fs, const char *directory, struct snapshot_id *newest)
{
    *newest = (struct snapshot_id){-1, 0};
    return file_list(fs, directory, take_newest, newest);
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

int bootstrap_write(struct file_system *fs, const char *directory, const struct record_list *records,
                    int64_t now_ms)
{
    struct batch_writer writer;
    batch_writer_init(&writer, 0, 0, now_ms);
    batch_writer_add_control(&writer, CONTROL_SNAPSHOT_HEADER, &snapshot_header_record_message,
                             &(struct snapshot_header_record){0});
    batch_writer_end(&writer);
    for (int32_t i = 0; i < records->count; i++)
        batch_writer_add(&writer, records->records[i]);
    batch_writer_end(&writer);
    batch_writer_add_control(&writer, CONTROL_SNAPSHOT_FOOTER, &snapshot_footer_record_message,
                             &(struct snapshot_footer_record){0});
    batch_writer_end(&writer);
    int error = atomic_file_replace(fs, directory, BOOTSTRAP_CHECKPOINT, buf_slice(&writer.bytes));
    batch_writer_fini(&writer);
    return error;
}
