/*
 * producer_snapshot: the .snapshot file: producer state after all records below the offset in its name.
 *
 *      OFFSET SIZE
 *      0      2     version, 1
 *      2      4     CRC-32C of everything behind it
 *      6      4     number of entries
 *      10     46    entry: producer id 8, epoch 2, last sequence 4, last offset 8, offset delta 4,
 *                   timestamp 8, coordinator epoch 4, first offset of the open transaction 8
 *
 * Only the last batch of a producer is kept: after a restart one batch is recognised as a duplicate, as in
 * Kafka, plus those that are replayed from the log behind the snapshot. Called by log and log_recover, and by
 * those who look at files.
 */
#include "storage/producer_snapshot.h"
#include "protocol/base/big_endian.h"
#include "protocol/base/buf.h"
#include "protocol/base/crc32c.h"
#include "protocol/base/ensure.h"
#include "storage/producers.h"

#include <errno.h>
#include <stdlib.h>

enum { HEADER_BYTES = 10, ENTRY_BYTES = 46, CRC_AT = 2, COUNT_AT = 6, FILE_BYTES_MAX = 512 << 20 };

int producer_snapshot_open(struct producer_snapshot *snapshot, struct file_system *fs, const char *path,
                           struct note *why)
{
    *snapshot = (struct producer_snapshot){0};
    ssize_t len = file_read_all(fs, path, FILE_BYTES_MAX, &snapshot->content);
    if (len < 0)
        return (int)len;
    const uint8_t *bytes = (const uint8_t *)snapshot->content;
    snapshot->next = bytes + HEADER_BYTES;
    snapshot->left = len < HEADER_BYTES ? 0 : (len - HEADER_BYTES) / ENTRY_BYTES;
    if (len < HEADER_BYTES || load_i16(bytes) != 1)
        note_set(why, "%s: not a producer snapshot of version 1", path);
    else if (load_u32(bytes + CRC_AT) != crc32c(bytes + COUNT_AT, (size_t)len - COUNT_AT))
        note_set(why, "%s: its checksum is wrong", path);
    else if (load_i32(bytes + COUNT_AT) < 0 || load_i32(bytes + COUNT_AT) != snapshot->left)
        note_set(why, "%s: its length does not fit its number of entries", path);
    else
        return 0;
    return -EBADMSG;
}

bool producer_snapshot_next(struct producer_snapshot *snapshot, struct producer_snapshot_entry *entry)
{
    if (snapshot->left == 0)
        return false;
    const uint8_t *at = snapshot->next;
    *entry = (struct producer_snapshot_entry){
        .producer_id = load_i64(at),
        .epoch = load_i16(at + 8),
        .last_sequence = load_i32(at + 10),
        .last_offset = load_i64(at + 14),
        .offset_delta = load_i32(at + 22),
        .last_timestamp = load_i64(at + 26),
        .coordinator_epoch = load_i32(at + 34),
        .transaction_start = load_i64(at + 38),
    };
    snapshot->next += ENTRY_BYTES;
    snapshot->left--;
    return true;
}

void producer_snapshot_close(struct producer_snapshot *snapshot)
{
    free(snapshot->content);
    *snapshot = (struct producer_snapshot){0};
}

static void take_entry(struct producers *producers, const struct producer_snapshot_entry *entry)
{
    struct producer producer = {
        .id = entry->producer_id,
        .epoch = entry->epoch,
        .last_timestamp = entry->last_timestamp,
        .seen_ms = entry->last_timestamp,
        .coordinator_epoch = entry->coordinator_epoch,
        .transaction_start = entry->transaction_start,
    };
    if (entry->last_offset >= 0)
        producer.batches[producer.batch_count++] = (struct producer_batch){
            .last_sequence = entry->last_sequence,
            .last_offset = entry->last_offset,
            .offset_delta = entry->offset_delta,
            .timestamp = entry->last_timestamp,
        };
    if (producers_find(producers, producer.id) == NULL)
        producers_restore(producers, &producer);
}

int producers_read_snapshot(struct producers *producers, struct file_system *fs, const char *path,
                            struct note *why)
{
    struct producer_snapshot snapshot;
    struct producer_snapshot_entry entry;
    int result = producer_snapshot_open(&snapshot, fs, path, why);
    while (result == 0 && producer_snapshot_next(&snapshot, &entry))
        take_entry(producers, &entry);
    producer_snapshot_close(&snapshot);
    return result;
}

static void put_entry(uint8_t *at, const struct producer *producer)
{
    const struct producer_batch none = {.last_offset = -1, .last_sequence = NO_SEQUENCE};
    const struct producer_batch *last =
        producer->batch_count == 0 ? &none : &producer->batches[producer->batch_count - 1];
    store_i64(at, producer->id);
    store_i16(at + 8, producer->epoch);
    store_i32(at + 10, last->last_sequence);
    store_i64(at + 14, last->last_offset);
    store_i32(at + 22, last->offset_delta);
    store_i64(at + 26, producer->last_timestamp);
    store_i32(at + 34, producer->coordinator_epoch);
    store_i64(at + 38, producer->transaction_start);
}

int producers_write_snapshot(struct producers *producers, struct file_system *fs, const char *path,
                             int64_t offset)
{
    if (producers->snapshot_offset >= offset)
        return 0;
    struct buf content = {0};
    size_t len = HEADER_BYTES + ENTRY_BYTES * producers_count(producers);
    uint8_t *bytes = buf_reserve(&content, len);
    store_i16(bytes, 1);
    store_i32(bytes + COUNT_AT, (int32_t)producers_count(producers));
    uint8_t *at = bytes + HEADER_BYTES;
    size_t cursor = 0;
    struct map_entry *entry;
    while ((entry = map_next(&producers->by_id, &cursor)) != NULL) {
        put_entry(at, entry->value);
        at += ENTRY_BYTES;
    }
    ensure(at == bytes + len);
    store_u32(bytes + CRC_AT, crc32c(bytes + COUNT_AT, len - COUNT_AT));

    int file = file_open(fs, path, FILE_CREATE | FILE_TRUNCATE);
    int result = file;
    if (file >= 0) {
        result = file_write(fs, file, bytes, len, 0);
        file_close(fs, file);
    }
    buf_fini(&content);
    if (result >= 0)
        producers->snapshot_offset = offset;
    return result < 0 ? result : 0;
}
