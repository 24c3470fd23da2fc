/*
 * segment: one piece of a log: <base offset>.log with its offset, time and transaction index.
 *
 * Fields are guarded by the log's owner. A segment is shared: the log holds one reference; a reader holds
 * another, with which the file is open and stays open, even if the segment is deleted meanwhile.
 */
#ifndef STORAGE_SEGMENT_H
#define STORAGE_SEGMENT_H

#include "protocol/batch.h"
#include "storage/index.h"
#include "storage/open_files.h"

enum { SEGMENT_UNKNOWN = INT32_MIN };

/* What a segment's files are called while compaction makes it and puts it in its place (log_replace). */
enum segment_names {
    SEGMENT_PLAIN,
    SEGMENT_CLEANED,      /* being written: *.cleaned */
    SEGMENT_SWAP,         /* complete: *.swap */
    SEGMENT_SWAP_INDEXES, /* the .log has its own name already */
};

/* What is known of the last entry of its time index (segment_times). */
enum segment_times {
    TIMES_UNSEEN,
    TIMES_SOUGHT, /* its batch has not been reached yet */
    TIMES_TRUE,   /* its batch has this timestamp, or there is no entry */
    TIMES_UNTRUE,
};

struct segment {
    struct cached_file file;
    atomic_int refs;
    atomic_int names;         /* enum segment_names; changed with the names, by the log's owner */
    atomic_bool damage_said;  /* that a reader found some */
    atomic_bool replaced;     /* compaction has put another one in its place: its names are not its own now */
    struct open_files *files; /* borrowed; outlives every segment */
    int64_t base_offset;      /* constant */
    int64_t size;             /* bytes of whole batches in the .log */
    struct index offsets;
    struct index times;
    int64_t bytes_since_entry;
    int64_t max_timestamp;        /* so far; -1: none */
    int64_t max_timestamp_offset; /* relative, last of the batch that has it */
    int64_t first_timestamp;      /* max timestamp of the first batch; SEGMENT_UNKNOWN: not looked up */
    int64_t created_ms;
    int64_t jitter_ms;   /* segment.ms less this makes it roll */
    int64_t index_bytes; /* segment.index.bytes as it was when the log got it */
    bool indexes_loaded;
    enum segment_times times_state;
    int64_t times_read; /* headers before this position are read, or need not be */
    bool times_known;   /* max_timestamp is the largest for certain */
    bool times_said;    /* that it cannot be known */
    bool has_txn_index;
    bool durable;                    /* closed, with everything of it on stable storage */
    bool being_flushed;              /* will be durable, unless it is cut meanwhile */
    int64_t next_base;               /* of the segment behind it, as the flush found it */
    _Atomic(const char *) directory; /* where its files are; changes once at most (segment_moved) */
    char *moved_to;                  /* owned; NULL: it never did */
    char first_directory[];
};

/* A segment object for files that exist, or that segment_create makes. One reference. */
struct segment *segment_new(struct open_files *files, const char *directory, int64_t base_offset);

/* It has no batch yet, and its indexes no entry: memory knows all that will be in them. */
void segment_has_begun(struct segment *segment);

/* Makes the empty .log, .index and .timeindex; stale files of these names go, unless the directory `is_new`
 * and has none. 0 or -errno. */
int segment_create(struct segment *segment, bool is_new);

/* The suffixes of a segment's files: ".log" first; ".txnindex" last, which it may not have. */
enum { SEGMENT_SUFFIX_COUNT = 4 };
extern const char *const segment_suffixes[SEGMENT_SUFFIX_COUNT];

/* The log's reference; the last one frees. */
void segment_drop(struct segment *segment);

/* A reader's reference: opens the file. 0 or -errno. Under the log owner's lock. */
int segment_pin(struct segment *segment);

/* Another one, by who has one. Given back with segment_unref. Any thread, no lock. */
struct segment *segment_ref(struct segment *segment);
void segment_unref(struct segment *segment);

/* While referenced. segment_fd is -1 where there is no real descriptor; segment_read works always: bytes read
 * or -errno. */
int segment_fd(const struct segment *segment);
ssize_t segment_read(const struct segment *segment, void *bytes, size_t len, int64_t at);

static inline struct file_system *segment_fs(const struct segment *segment)
{
    return segment->files->fs;
}

/* Its directory has been renamed. Under the log owner's lock; once in its life. */
void segment_moved(struct segment *segment, const char *directory);

/* "<directory>/<base offset as 20 digits><suffix>", and what `names` adds */
void segment_path(const struct segment *segment, const char *suffix, char path[FILE_PATH_MAX]);
void segment_path_as(const struct segment *segment, enum segment_names names, const char *suffix,
                     char path[FILE_PATH_MAX]);

/* Reads what the index files hold if that was not done yet. 0, -errno, -ENOENT or -EBADMSG: to be rebuilt. */
int segment_load_indexes(struct segment *segment);

/* Writes at the end. 0, or -errno with the file cut back to what it was (unless that fails too: -EIO). */
int segment_append(struct segment *segment, struct iovec *parts, int count, size_t len);

/* Keeps the indexes for a batch of `size` bytes at `position` (kafka-storage 7 and 8). */
void segment_index_batch(struct segment *segment, const struct batch_header *header, int64_t position,
                         int64_t index_interval_bytes);

/* Whether an index has no room left in its index_bytes. */
bool segment_index_is_full(const struct segment *segment);

/* The max timestamp of the first batch; -1 for an empty segment. */
int64_t segment_first_timestamp(struct segment *segment);

/* The largest timestamp of its records as its time index says it; without any, when its file was written
 * last; -1: cannot be known now. Under the log owner's lock. Known for certain after segment_learn_times. */
int64_t segment_largest_timestamp(struct segment *segment);

/* The final time index entry; index files written and cut to their entries. */
int segment_finish(struct segment *segment);

/* Everything of it on stable storage. */
int segment_sync_all(struct segment *segment);

/* Writes every byte of the .log where it stands and syncs it: afterwards the disk holds what memory shows, as
 * it may not after a sync that failed. */
int segment_write_again(struct segment *segment);

/* Empties the indexes before a rebuild. */
int segment_reset_indexes(struct segment *segment);

/* Cuts the file at `position`, where the batch with `offset` begins. */
int segment_truncate(struct segment *segment, int64_t position, int64_t offset);

/* Walks from the last index entry to the end: sets max_timestamp, and *next_offset to one past the last
 * record. 0, -EBADMSG with *valid set to where good batches end, -errno. */
int segment_scan_tail(struct segment *segment, int64_t *next_offset, int64_t *valid);

/* Renames its files to *.deleted, to be removed later. 0, or -errno and nothing has changed. */
int segment_rename_deleted(struct segment *segment);
void segment_unlink_deleted(struct segment *segment);

#endif
