/*
 * log_read: finding batches in a log: by offset, by time, and the aborted transactions that a reader must
 * know. Two steps: a plan under the log owner's lock, then the reading of files without it, on a referenced
 * segment.
 */
#ifndef STORAGE_LOG_READ_H
#define STORAGE_LOG_READ_H

#include "storage/log.h"

struct log_range {
    struct segment *segment; /* referenced */
    int64_t offset;          /* asked for */
    int64_t from;            /* a batch at or before it begins here */
    int64_t end;             /* position where reading must stop */
    int64_t next_segment;    /* base offset of the next segment, or -1 */
    int64_t in_file;         /* index entries to search in the file first */
    bool exact;              /* the batch that holds `offset` begins at `from` */
    bool trusted;            /* `from` needs no check: not from an index */
    bool is_guess;           /* of log_plan_timestamp: what is not found may lie in the next segment */
    int64_t time_before; /* what the time index says is the timestamp of `offset`; NO_TIMESTAMP: nothing */
    struct index_page *page; /* found by resolve; log_keep_page takes it */
};

/* 1 with a range to resolve (and to log_range_done), 0 if nothing at or above `offset` lies below the limit,
 * -errno. */
int log_plan(struct log *log, int64_t offset, const struct log_position *limit, struct log_range *range);

/* No lock. Position of the batch that holds the offset or is the first above it: 1; 0 if the range has none;
 * -EBADMSG; -errno. With need_header false an exact range costs nothing and *header is not read. */
int log_range_resolve(struct log_range *range, bool need_header, int64_t *position,
                      struct batch_header *header);
void log_range_done(struct log_range *range);
void log_keep_page(struct log *log, struct log_range *range);

/* The position of the batch that holds `offset` or is the first above it; the end's if there is none. */
int log_find_position(struct log *log, int64_t offset, struct log_position *position);
void log_end_position(const struct log *log, struct log_position *position);

/* The range in which the first record at or above from_offset with a timestamp >= timestamp_ms lies: 1, 0
 * (none), -errno. Where the segment's largest timestamp is not known it lies there or behind it:
 * `is_guess`. */
int log_plan_timestamp(struct log *log, int64_t from_offset, int64_t timestamp_ms, struct log_range *range);

/* Whether all records of the segment at this index are older: their timestamps, or where they have none the
 * time at which the file was written last: 1, 0. What retention and compaction go by: before records go
 * because a time index says so, the headers behind its last entry are read, once a segment. -EAGAIN: they
 * are not all read yet, call again. Where no batch is 0, as nobody can know; -errno. Under the log owner's
 * lock, which is held for a moment only. */
int log_is_older(struct log *log, int32_t at, int64_t than_ms);

/* The range in which the record with the largest timestamp lies; *timestamp_ms is that. 1, 0 (no timestamps),
 * -EAGAIN (not known yet: call again), -errno. */
int log_plan_max_timestamp(struct log *log, int64_t *timestamp_ms, struct log_range *range);

/* No lock. The first record at or above from_offset with a timestamp >= timestamp_ms in the range: 1, 0,
 * -errno. */
struct log_record_found {
    int64_t offset;
    int64_t timestamp_ms;
    int32_t leader_epoch;
};

int log_range_find_timestamp(struct log_range *range, int64_t from_offset, int64_t timestamp_ms,
                             struct log_record_found *found);

/* The segments that may hold aborted transactions for a read from `offset`: references (segment_drop) in
 * malloc'ed memory. *upper_bound: transactions that begin there or later do not matter to a read of `len`
 * bytes at `position` of `segment`. */
int32_t log_aborted_segments(struct log *log, int64_t offset, const struct segment *segment, int64_t position,
                             size_t len, struct segment ***segments, int64_t *upper_bound);

/* No lock. Collects (KIP-98; kafka-apis 5.5) from those segments, dropping them. The count or -errno; the
 * caller frees. */
int64_t log_collect_aborted(struct segment **segments, int32_t count, int64_t offset, int64_t upper_bound,
                            struct aborted_entry **entries);

#endif
