/*
 * batch: reads, patches and checks the header of a record batch. Called from every layer; the hot callers are
 * batch_validate (one batch per partition and Produce request) and the log's append.
 */
#include "protocol/batch.h"

#include "protocol/base/big_endian.h"
#include "protocol/base/crc32c.h"

_Static_assert(BATCH_RECORD_COUNT_AT + 4 == BATCH_HEADER_SIZE, "the record count is the header's last field");

void batch_header_read(const uint8_t *at, struct batch_header *header)
{
    *header = (struct batch_header){
        .base_offset = load_i64(at + BATCH_BASE_OFFSET_AT),
        .batch_length = load_i32(at + BATCH_LENGTH_AT),
        .partition_leader_epoch = load_i32(at + BATCH_LEADER_EPOCH_AT),
        .magic = (int8_t)at[BATCH_MAGIC_AT],
        .crc = load_u32(at + BATCH_CRC_AT),
        .attributes = load_i16(at + BATCH_ATTRIBUTES_AT),
        .last_offset_delta = load_i32(at + BATCH_LAST_OFFSET_DELTA_AT),
        .base_timestamp = load_i64(at + BATCH_BASE_TIMESTAMP_AT),
        .max_timestamp = load_i64(at + BATCH_MAX_TIMESTAMP_AT),
        .producer_id = load_i64(at + BATCH_PRODUCER_ID_AT),
        .producer_epoch = load_i16(at + BATCH_PRODUCER_EPOCH_AT),
        .base_sequence = load_i32(at + BATCH_BASE_SEQUENCE_AT),
        .record_count = load_i32(at + BATCH_RECORD_COUNT_AT),
    };
}

void batch_header_write(uint8_t *at, const struct batch_header *header)
{
    store_i64(at + BATCH_BASE_OFFSET_AT, header->base_offset);
    store_i32(at + BATCH_LENGTH_AT, header->batch_length);
    store_i32(at + BATCH_LEADER_EPOCH_AT, header->partition_leader_epoch);
    at[BATCH_MAGIC_AT] = (uint8_t)header->magic;
    store_u32(at + BATCH_CRC_AT, header->crc);
    store_i16(at + BATCH_ATTRIBUTES_AT, header->attributes);
    store_i32(at + BATCH_LAST_OFFSET_DELTA_AT, header->last_offset_delta);
    store_i64(at + BATCH_BASE_TIMESTAMP_AT, header->base_timestamp);
    store_i64(at + BATCH_MAX_TIMESTAMP_AT, header->max_timestamp);
    store_i64(at + BATCH_PRODUCER_ID_AT, header->producer_id);
    store_i16(at + BATCH_PRODUCER_EPOCH_AT, header->producer_epoch);
    store_i32(at + BATCH_BASE_SEQUENCE_AT, header->base_sequence);
    store_i32(at + BATCH_RECORD_COUNT_AT, header->record_count);
}

uint32_t batch_compute_crc(struct slice batch)
{
    return crc32c(batch.data + BATCH_ATTRIBUTES_AT, batch.len - BATCH_ATTRIBUTES_AT);
}

bool batch_check_crc(struct slice batch)
{
    return load_u32(batch.data + BATCH_CRC_AT) == batch_compute_crc(batch);
}

void batch_set_base_offset(uint8_t *batch, int64_t base_offset)
{
    store_i64(batch + BATCH_BASE_OFFSET_AT, base_offset);
}

void batch_set_leader_epoch(uint8_t *batch, int32_t leader_epoch)
{
    store_i32(batch + BATCH_LEADER_EPOCH_AT, leader_epoch);
}

bool batch_set_max_timestamp(uint8_t *batch, size_t size, struct batch_header *header, bool log_append_time,
                             int64_t max_timestamp)
{
    enum { KEPT_BITS = BATCH_CODEC_MASK | BATCH_TRANSACTIONAL | BATCH_CONTROL | BATCH_DELETE_HORIZON };
    if (batch_is_log_append_time(header) == log_append_time && header->max_timestamp == max_timestamp)
        return false;
    header->attributes =
        (int16_t)((header->attributes & KEPT_BITS) | (log_append_time ? BATCH_LOG_APPEND_TIME : 0));
    header->max_timestamp = max_timestamp;
    store_i16(batch + BATCH_ATTRIBUTES_AT, header->attributes);
    store_i64(batch + BATCH_MAX_TIMESTAMP_AT, max_timestamp);
    header->crc = batch_compute_crc(slice_of(batch, size));
    store_u32(batch + BATCH_CRC_AT, header->crc);
    return true;
}

enum batch_status batch_next(struct slice bytes, struct batch_header *header, size_t *size, struct note *why)
{
    *size = BATCH_HEADER_SIZE;
    if (bytes.len > BATCH_MAGIC_AT && (int8_t)bytes.data[BATCH_MAGIC_AT] != BATCH_MAGIC) {
        note_set(why, "magic %d is not 2", (int8_t)bytes.data[BATCH_MAGIC_AT]);
        return BATCH_CORRUPT;
    }
    if (bytes.len >= BATCH_LOG_OVERHEAD
        && load_i32(bytes.data + BATCH_LENGTH_AT) < BATCH_HEADER_SIZE - BATCH_LOG_OVERHEAD) {
        note_set(why, "batch length %d is less than a header's", load_i32(bytes.data + BATCH_LENGTH_AT));
        return BATCH_CORRUPT;
    }
    if (bytes.len < BATCH_HEADER_SIZE)
        return BATCH_INCOMPLETE;
    batch_header_read(bytes.data, header);
    *size = (size_t)batch_size(header);
    return *size <= bytes.len ? BATCH_WHOLE : BATCH_INCOMPLETE;
}
