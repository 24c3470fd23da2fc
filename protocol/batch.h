/*
 * batch: the 61-byte header of a record batch (magic 2), read from and patched into the bytes that producers
 * send, logs hold and consumers get. Reference: KIP-98 and Kafka's record format.
 *
 *      0 base_offset         8 batch_length    12 leader epoch   16 magic           17 crc
 *     21 attributes         23 last_offset_delta                 27 base_timestamp  35 max_timestamp
 *     43 producer_id        51 producer_epoch  53 base_sequence  57 record_count    61 records
 *
 * The CRC covers everything behind itself: offset and leader epoch can be set without touching it. Pure
 * functions over borrowed bytes. Callers of everything but batch_next have made sure that the bytes are
 * there.
 */
#ifndef PROTOCOL_BATCH_H
#define PROTOCOL_BATCH_H

#include "protocol/base/note.h"
#include "protocol/base/slice.h"
#include "protocol/compress.h"

enum {
    BATCH_HEADER_SIZE = 61,
    BATCH_LOG_OVERHEAD = 12, /* base_offset and batch_length: what batch_length does not count */
    BATCH_MAGIC = 2,

    BATCH_BASE_OFFSET_AT = 0,
    BATCH_LENGTH_AT = 8,
    BATCH_LEADER_EPOCH_AT = 12,
    BATCH_MAGIC_AT = 16,
    BATCH_CRC_AT = 17,
    BATCH_ATTRIBUTES_AT = 21, /* the first byte that the CRC covers */
    BATCH_LAST_OFFSET_DELTA_AT = 23,
    BATCH_BASE_TIMESTAMP_AT = 27,
    BATCH_MAX_TIMESTAMP_AT = 35,
    BATCH_PRODUCER_ID_AT = 43,
    BATCH_PRODUCER_EPOCH_AT = 51,
    BATCH_BASE_SEQUENCE_AT = 53,
    BATCH_RECORD_COUNT_AT = 57,
};

enum {
    BATCH_CODEC_MASK = 0x07,
    BATCH_LOG_APPEND_TIME = 0x08,
    BATCH_TRANSACTIONAL = 0x10,
    BATCH_CONTROL = 0x20,
    BATCH_DELETE_HORIZON = 0x40, /* base_timestamp is the time from which the cleaner may drop tombstones */
};

enum {
    NO_TIMESTAMP = -1,
    NO_PRODUCER_ID = -1,
    NO_PRODUCER_EPOCH = -1,
    NO_SEQUENCE = -1,
};

struct batch_header {
    int64_t base_offset;
    int32_t batch_length; /* bytes behind this field */
    int32_t partition_leader_epoch;
    int8_t magic;
    uint32_t crc; /* CRC-32C of the bytes from BATCH_ATTRIBUTES_AT on */
    int16_t attributes;
    int32_t last_offset_delta; /* stays when compaction takes records away */
    int64_t base_timestamp;    /* ms; the records' timestamps are relative to it */
    int64_t max_timestamp;     /* ms; every record's timestamp if BATCH_LOG_APPEND_TIME is set */
    int64_t producer_id;
    int16_t producer_epoch;
    int32_t base_sequence;
    int32_t record_count;
};

/* `at` has BATCH_HEADER_SIZE bytes. Nothing is checked. */
void batch_header_read(const uint8_t *at, struct batch_header *header);

/* Writes every field, crc included, as it is. `at` has BATCH_HEADER_SIZE bytes. */
void batch_header_write(uint8_t *at, const struct batch_header *header);

/* The whole batch in bytes. */
static inline int64_t batch_size(const struct batch_header *header)
{
    return (int64_t)BATCH_LOG_OVERHEAD + header->batch_length;
}

/* 0 to 7; 5 and up are no codec. */
static inline int batch_codec(const struct batch_header *header)
{
    return header->attributes & BATCH_CODEC_MASK;
}

static inline bool batch_is_log_append_time(const struct batch_header *header)
{
    return (header->attributes & BATCH_LOG_APPEND_TIME) != 0;
}

static inline bool batch_is_transactional(const struct batch_header *header)
{
    return (header->attributes & BATCH_TRANSACTIONAL) != 0;
}

static inline bool batch_is_control(const struct batch_header *header)
{
    return (header->attributes & BATCH_CONTROL) != 0;
}

static inline bool batch_has_delete_horizon(const struct batch_header *header)
{
    return (header->attributes & BATCH_DELETE_HORIZON) != 0;
}

/* As in Kafka, only ids above -1 count. */
static inline bool batch_has_producer_id(const struct batch_header *header)
{
    return header->producer_id > NO_PRODUCER_ID;
}

static inline int64_t batch_last_offset(const struct batch_header *header)
{
    return (int64_t)((uint64_t)header->base_offset + (uint64_t)(int64_t)header->last_offset_delta);
}

static inline int64_t batch_next_offset(const struct batch_header *header)
{
    return (int64_t)((uint64_t)batch_last_offset(header) + 1);
}

/* `sequence` (>= 0) moved on by `by` records; 0 follows 2147483647. */
static inline int32_t batch_sequence_add(int32_t sequence, int32_t by)
{
    return (int32_t)(((uint32_t)sequence + (uint32_t)by) & INT32_MAX);
}

/* NO_SEQUENCE if the batch has none. */
static inline int32_t batch_last_sequence(const struct batch_header *header)
{
    return header->base_sequence < 0 ? NO_SEQUENCE
                                     : batch_sequence_add(header->base_sequence, header->last_offset_delta);
}

/* `batch` is a whole batch, of at least BATCH_HEADER_SIZE bytes. */
uint32_t batch_compute_crc(struct slice batch);
bool batch_check_crc(struct slice batch);

/* In place; the CRC does not cover these two. */
void batch_set_base_offset(uint8_t *batch, int64_t base_offset);
void batch_set_leader_epoch(uint8_t *batch, int32_t leader_epoch);

/*
 * In place: max_timestamp and the timestamp type, with a new CRC over `size` bytes. Touches nothing and
 * returns false if both are as they should be. Like Kafka it clears the attributes' reserved bits when it
 * writes. `header` follows.
 */
bool batch_set_max_timestamp(uint8_t *batch, size_t size, struct batch_header *header, bool log_append_time,
                             int64_t max_timestamp);

enum batch_status {
    BATCH_WHOLE,      /* header is read, *size is the batch's bytes */
    BATCH_INCOMPLETE, /* the bytes end before the batch does; *size is what it needs as far as can be told */
    BATCH_CORRUPT,    /* not a batch of magic 2: the length is impossible or the magic is another */
};

/*
 * The batch at the beginning of `bytes`. Only lengths and magic are looked at; the CRC is batch_check_crc's.
 * Walk on with bytes = slice_from(bytes, size). Empty bytes are BATCH_INCOMPLETE with *size ==
 * BATCH_HEADER_SIZE.
 */
enum batch_status batch_next(struct slice bytes, struct batch_header *header, size_t *size, struct note *why);

#endif
