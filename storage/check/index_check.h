/*
 * index_check: an index, held against the batches of its segment as they are walked, both from front to back:
 * nothing is kept of either. Called by check_segment.
 */
#ifndef STORAGE_CHECK_INDEX_CHECK_H
#define STORAGE_CHECK_INDEX_CHECK_H

#include "protocol/batch.h"
#include "storage/check/findings.h"
#include "storage/entry_file.h"
#include "storage/index.h"
#include "storage/producers.h"
#include "storage/txn_index.h"

struct index_check {
    struct findings *findings;
    enum severity severity; /* of entries that are wrong: rebuilt, or believed */
    bool zeros_are_fine;    /* at the end: it is in use, or will be made anew */
    enum index_kind kind;
    int64_t base;
    char path[FILE_PATH_MAX];
    bool is_open;
    bool is_over; /* no entry is left, or none that makes sense */
    bool has_entry;
    struct index_entry entry; /* the next one to be met */
    struct index_entry last;  /* the one before it */
    int64_t count;            /* entries that were taken */
    struct entry_file file;
};

void index_check_begin(struct index_check *check, struct file_system *fs);

/* The next batch, which begins at `position`; `max_timestamp` is the largest so far, with this batch. */
void index_check_batch(struct index_check *check, const struct batch_header *header, int64_t position,
                       int64_t max_timestamp);

/* The segment's end; `is_closed`: the last entry of a time index must hold the largest timestamp. */
void index_check_end(struct index_check *check, int64_t end_offset, int64_t max_timestamp, bool is_closed);

/* The aborted transactions of a segment, likewise. */
struct txn_index_check {
    struct findings *findings;
    enum severity severity;
    int64_t base;
    char path[FILE_PATH_MAX];
    bool is_open;
    bool has_entry;
    struct aborted_entry entry;
    struct entry_file file;
};

void txn_index_check_begin(struct txn_index_check *check, struct file_system *fs, bool exists);

/* An abort marker at its offset; `ended` is what it ended as far as it is known, else NULL. */
void txn_index_check_abort(struct txn_index_check *check, const struct batch_header *header,
                           const struct ended_transaction *ended);
void txn_index_check_end(struct txn_index_check *check, int64_t end_offset);

#endif
