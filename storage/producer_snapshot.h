/*
 * producer_snapshot: the .snapshot file itself, entry by entry, without a log around it: for the log that
 * loads one (producers.h), and for those who only look.
 */
#ifndef STORAGE_PRODUCER_SNAPSHOT_H
#define STORAGE_PRODUCER_SNAPSHOT_H

#include "protocol/base/note.h"
#include "storage/os/file.h"

struct producer_snapshot_entry {
    int64_t producer_id;
    int64_t last_offset;       /* -1: no data batch of it is known */
    int64_t last_timestamp;    /* ms */
    int64_t transaction_start; /* first offset of the open transaction; -1: none */
    int32_t last_sequence;
    int32_t offset_delta; /* of the last batch: its last offset - its first */
    int32_t coordinator_epoch;
    int16_t epoch;
};

struct producer_snapshot {
    char *content; /* owned */
    int64_t left;  /* entries still to come */
    const unsigned char *next;
};

/* Reads the file. 0, -errno, or -EBADMSG with the reason: version, checksum or length are wrong. Then too the
 * entries that are there can be read, and it must be closed; after another error it need not. */
int producer_snapshot_open(struct producer_snapshot *snapshot, struct file_system *fs, const char *path,
                           struct note *why);
bool producer_snapshot_next(struct producer_snapshot *snapshot, struct producer_snapshot_entry *entry);
void producer_snapshot_close(struct producer_snapshot *snapshot);

#endif
