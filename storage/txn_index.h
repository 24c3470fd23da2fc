/*
 * txn_index: the aborted transactions that ended in one segment (.txnindex): 34-byte entries in order of
 * their last offset. Absent until the first one. Read whole where it is needed: it is small, and only
 * READ_COMMITTED fetches ask.
 */
#ifndef STORAGE_TXN_INDEX_H
#define STORAGE_TXN_INDEX_H

#include "storage/os/file.h"

struct aborted_entry {
    int64_t producer_id;
    int64_t first_offset;
    int64_t last_offset;        /* the marker's */
    int64_t last_stable_offset; /* when the marker was written */
};

enum { TXN_INDEX_ENTRY_BYTES = 34 };

/* The entry whose bytes these are. False: its version is not known. */
bool txn_index_decode(const uint8_t *at, struct aborted_entry *entry);

/* malloc'ed entries; the caller frees. The count, 0 for a missing file, -errno, -EBADMSG for an unknown
 * version. */
int64_t txn_index_read(struct file_system *fs, const char *path, struct aborted_entry **entries);

/* Whether the file can be what it should be: 0, -EBADMSG (an unknown version, a transaction that ended before
 * the segment at `base` began, half an entry), -errno. */
int txn_index_check(struct file_system *fs, const char *path, int64_t base);

/* Adds one entry at the end. 0 or -errno. */
int txn_index_append(struct file_system *fs, const char *path, const struct aborted_entry *entry);

/* Keeps the entries whose last offset is below `offset`. */
int txn_index_truncate(struct file_system *fs, const char *path, int64_t offset);

#endif
