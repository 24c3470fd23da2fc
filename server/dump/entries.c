/*
 * entries: the binary files beside a segment: its indexes, and snapshots of producers. Called by file.c. They
 * are read in pieces; only a producer snapshot is read whole, as its checksum asks for.
 */
#include "server/dump/dump.h"
#include "storage/entry_file.h"
#include "storage/index.h"
#include "storage/producer_snapshot.h"
#include "storage/txn_index.h"

#include <errno.h>

/* False if it has said why not. */
static bool open_entries(struct dump *dump, struct entry_file *entries, const char *path, size_t entry_size)
{
    int result = entry_file_open(entries, dump->fs, path, entry_size);
    if (result < 0)
        dump_unreadable(dump, result);
    return result == 0;
}

static void finish_entries(struct dump *dump, struct entry_file *entries, int error)
{
    if (error == -EBADMSG)
        dump_damage(dump, entries->position, (int64_t)entry_file_left(entries),
                    "less than an entry is left over");
    else if (error < 0)
        dump_unreadable(dump, error);
    entry_file_close(entries);
}

/* ---- offset and time index ---- */

static void put_entry(struct dump *dump, enum index_kind kind, struct index_entry entry, int64_t base)
{
    line_begin(&dump->lines, "entry");
    if (kind == OFFSET_INDEX) {
        line_number(&dump->lines, "offset", base + entry.key, 8);
        line_number(&dump->lines, "position", entry.value, 0);
    } else {
        line_time(&dump->lines, "timestamp", entry.key);
        line_number(&dump->lines, "offset", base + entry.value, 0);
    }
    line_end(&dump->lines);
}

/*
 * Entries of nothing but zeros: what a running Apache Kafka has allocated ahead, if nothing follows. They are
 * counted, not printed. Only a time index can begin with one that is real: timestamp 0 at the segment's first
 * offset.
 */
static void put_zeros(struct dump *dump, enum index_kind kind, int64_t position, int64_t size, int64_t base,
                      bool to_the_end)
{
    if (size == 0)
        return;
    if (kind == TIME_INDEX && position == 0 && size == (int64_t)index_entry_size(kind)) {
        put_entry(dump, kind, (struct index_entry){0, 0}, base);
        return;
    }
    if (!to_the_end) {
        dump_damage(dump, position, size, "zeros between entries");
        return;
    }
    line_begin(&dump->lines, "preallocated");
    line_number(&dump->lines, "position", position, 0);
    line_number(&dump->lines, "size", size, 0);
    line_end(&dump->lines);
}

void dump_index(struct dump *dump, const char *path, const struct data_file_name *name)
{
    enum index_kind kind = name->kind == DATA_FILE_INDEX ? OFFSET_INDEX : TIME_INDEX;
    struct entry_file entries;
    if (!open_entries(dump, &entries, path, index_entry_size(kind)))
        return;
    int64_t zeros = 0; /* bytes of them before `position` */
    int error = 0;
    const uint8_t *at;
    while (dump->lines.error == 0 && (at = entry_file_next(&entries, &error)) != NULL) {
        if (entry_is_zero(at, entries.entry_size)) {
            zeros += (int64_t)entries.entry_size;
            continue;
        }
        int64_t position = entries.position - (int64_t)entries.entry_size;
        put_zeros(dump, kind, position - zeros, zeros, name->base, false);
        zeros = 0;
        put_entry(dump, kind, index_decode(kind, at), name->base);
    }
    put_zeros(dump, kind, entries.position - zeros, zeros, name->base, true);
    finish_entries(dump, &entries, error);
}

/* ---- aborted transactions ---- */

void dump_txn_index(struct dump *dump, const char *path)
{
    struct entry_file entries;
    struct lines *lines = &dump->lines;
    if (!open_entries(dump, &entries, path, TXN_INDEX_ENTRY_BYTES))
        return;
    int error = 0;
    const uint8_t *at;
    while (lines->error == 0 && (at = entry_file_next(&entries, &error)) != NULL) {
        struct aborted_entry entry;
        if (!txn_index_decode(at, &entry)) {
            dump_damage(dump, entries.position - TXN_INDEX_ENTRY_BYTES, TXN_INDEX_ENTRY_BYTES,
                        "the entry's version is not 0");
            continue;
        }
        line_begin(lines, "aborted");
        line_number(lines, "producerId", entry.producer_id, 6);
        line_number(lines, "firstOffset", entry.first_offset, 8);
        line_number(lines, "lastOffset", entry.last_offset, 8);
        line_number(lines, "lastStableOffset", entry.last_stable_offset, 0);
        line_end(lines);
    }
    finish_entries(dump, &entries, error);
}

/* ---- producers ---- */

void dump_producer_snapshot(struct dump *dump, const char *path)
{
    struct producer_snapshot snapshot;
    struct producer_snapshot_entry entry;
    struct note why = {""};
    struct lines *lines = &dump->lines;
    int result = producer_snapshot_open(&snapshot, dump->fs, path, &why);
    if (result == -EBADMSG)
        dump_damage(dump, 0, -1, why.text);
    else if (result < 0)
        dump_unreadable(dump, result);
    while (producer_snapshot_next(&snapshot, &entry) && lines->error == 0) {
        line_begin(lines, "producer");
        line_number(lines, "producerId", entry.producer_id, 6);
        line_number(lines, "producerEpoch", entry.epoch, 5);
        line_number(lines, "coordinatorEpoch", entry.coordinator_epoch, 3);
        line_number(lines, "lastSequence", entry.last_sequence, 6);
        line_number(lines, "lastOffset", entry.last_offset, 8);
        line_number(lines, "offsetDelta", entry.offset_delta, 5);
        line_time(lines, "lastTimestamp", entry.last_timestamp);
        line_number_if_any(lines, "currentTransactionFirstOffset", entry.transaction_start);
        line_end(lines);
    }
    producer_snapshot_close(&snapshot);
}
