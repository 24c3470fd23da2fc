/* Record batches (version 2). See batch.h.
 *
 * offset  size  field
 *      0     8  base_offset            outside the checksum
 *      8     4  batch_length           of all that follows it
 *     12     4  partition_leader_epoch outside the checksum
 *     16     1  magic                  2
 *     17     4  crc                    CRC-32C of all that follows it
 *     21     2  attributes
 *     23     4  last_offset_delta
 *     27     8  base_timestamp
 *     35     8  max_timestamp
 *     43     8  producer_id
 *     51     2  producer_epoch
 *     53     4  base_sequence
 *     57     4  records                their count
 *     61        the records */
#include "batch.h"

#include "crc32c.h"
#include "reader.h"
#include "stage.h"

#include <string.h>

enum {
    AT_LENGTH = 8,
    AFTER_LENGTH = 12,
    AT_CRC = 17,
    AFTER_CRC = 21,
    AT_RECORDS = 57,
    BATCH_HEADER = 61,
    MAGIC = 2
};

static void put_record(struct frame *frame, int64_t offset_delta, const struct frame *value,
                       int64_t header_count)
{
    struct frame record = frame_new(frame->arena);
    put_i8(&record, 0);     /* attributes */
    put_varint(&record, 0); /* timestamp delta */
    put_varint(&record, offset_delta);
    put_varint(&record, -1); /* no key */
    put_varint(&record, (int64_t)value->size);
    put_bytes(&record, value->bytes, value->size);
    put_varint(&record, header_count);
    put_varint(frame, (int64_t)record.size);
    put_bytes(frame, record.bytes, record.size);
}

void put_batch(struct frame *frame, const struct batch *batch)
{
    size_t start = frame->size;
    put_i64(frame, batch->base_offset);
    put_i32(frame, 0);
    put_i32(frame, batch->leader_epoch);
    put_i8(frame, MAGIC);
    put_i32(frame, 0);
    put_i16(frame, 0);
    put_i32(frame, batch->value_count - 1);
    put_i64(frame, batch->timestamp_ms);
    put_i64(frame, batch->timestamp_ms);
    put_i64(frame, batch->producer_id);
    put_i16(frame, batch->producer_epoch);
    put_i32(frame, batch->base_sequence);
    put_i32(frame, batch->value_count);
    for (int i = 0; i < batch->value_count; i++)
        put_record(frame, i, &batch->values[i], batch->header_count);
    size_t size = frame->size - start;
    const uint8_t *bytes = frame->bytes + start;
    patch_i32(frame, start + AT_LENGTH, (int64_t)size - AFTER_LENGTH);
    patch_i32(frame, start + AT_CRC, crc32c(bytes + AFTER_CRC, size - AFTER_CRC));
}

int32_t batch_record_count(const struct frame *frame)
{
    const uint8_t *at = frame->bytes + AT_RECORDS;
    return (int32_t)((uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3]);
}

/* A length of -1 is null, as for no key. Returns where the bytes start; they are size long. */
static size_t read_varint_bytes(struct reader *reader, const char *name, size_t *size)
{
    int64_t length = read_varint(reader, name);
    if (length < -1)
        reader_fail(reader, "%s has a length of %lld", name, (long long)length);
    *size = length == -1 ? 0 : (size_t)length;
    size_t start = reader->at;
    read_bytes(reader, name, *size);
    return start;
}

static void read_headers(struct reader *reader)
{
    int64_t count = read_varint(reader, "headers"); /* the course's tester writes -1 */
    for (int64_t i = 0; i < count; i++) {
        size_t size;
        read_varint_bytes(reader, "header_key", &size);
        read_varint_bytes(reader, "header_value", &size);
    }
}

static struct record_read read_record(struct reader *reader, int index)
{
    struct record_read record;
    size_t key_size;
    enter(reader, "records[%d]", index);
    int64_t length = read_varint(reader, "length");
    size_t start = reader->at;
    read_i8(reader, "attributes");
    read_varint(reader, "timestamp_delta");
    read_varint(reader, "offset_delta");
    read_varint_bytes(reader, "key", &key_size);
    record.value_start = read_varint_bytes(reader, "value", &record.value_size);
    read_headers(reader);
    if ((int64_t)(reader->at - start) != length)
        reader_fail(reader, "length is %lld, but the record has %zu bytes", (long long)length,
                    reader->at - start);
    leave(reader);
    return record;
}

static void read_records(struct reader *reader, struct batch_read *batch)
{
    size_t left = reader->end - reader->at;
    if (batch->record_count < 0 || (size_t)batch->record_count > left)
        reader_fail(reader, "records: %d do not fit into %zu bytes", batch->record_count, left);
    batch->records = arena_alloc(&reader->stage->arena, (size_t)batch->record_count * sizeof *batch->records);
    for (int i = 0; i < batch->record_count; i++)
        batch->records[i] = read_record(reader, i);
    if (reader->at != reader->end)
        reader_fail(reader, "batch_length leaves %zu byte(s) after the last record",
                    reader->end - reader->at);
}

/* The checksum is looked at before anything under it, so that it is named when it is wrong. */
static void read_checksum(struct reader *reader, struct batch_read *batch)
{
    batch->crc = (uint32_t)read_i32(reader, "crc");
    uint32_t actual = crc32c(reader->bytes + reader->at, reader->end - reader->at);
    if (actual != batch->crc)
        reader_fail(reader, "crc is %08x, but the bytes have %08x", batch->crc, actual);
}

static void read_batch_content(struct reader *reader, struct batch_read *batch)
{
    batch->leader_epoch = read_i32(reader, "partition_leader_epoch");
    expect_i8(reader, "magic", MAGIC);
    read_checksum(reader, batch);
    read_i16(reader, "attributes");
    read_i32(reader, "last_offset_delta");
    read_i64(reader, "base_timestamp");
    read_i64(reader, "max_timestamp");
    read_i64(reader, "producer_id");
    read_i16(reader, "producer_epoch");
    read_i32(reader, "base_sequence");
    batch->record_count = read_i32(reader, "records");
    read_records(reader, batch);
}

struct batch_read read_batch(struct reader *reader, int index)
{
    struct batch_read batch = {.start = reader->at};
    enter(reader, "batches[%d]", index);
    batch.base_offset = read_i64(reader, "base_offset");
    int32_t length = read_i32(reader, "batch_length");
    size_t left = reader->end - reader->at;
    if (length < BATCH_HEADER - AFTER_LENGTH || (size_t)length > left)
        reader_fail(reader, "batch_length is %d, but %zu bytes follow", length, left);
    size_t end = reader->end;
    reader->end = reader->at + (size_t)length;
    read_batch_content(reader, &batch);
    reader->end = end;
    leave(reader);
    batch.size = reader->at - batch.start;
    return batch;
}

void expect_bytes(const struct reader *reader, const char *name, size_t from, size_t to,
                  const struct frame *expected)
{
    size_t size = to - from;
    for (size_t i = 0; i < size && i < expected->size; i++)
        if (reader->bytes[from + i] != expected->bytes[i])
            reader_fail(reader, "%s differ at byte %zu: %02x, expected %02x", name, i,
                        reader->bytes[from + i], expected->bytes[i]);
    if (size != expected->size)
        reader_fail(reader, "%s are %zu bytes, expected %zu", name, size, expected->size);
}
