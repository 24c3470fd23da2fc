/*
 * cluster_log: the segments of __cluster_metadata-0: found, replayed and mended at start, then appended to
 * and synced.
 *
 * Unlike a partition's log it is read once, from front to back, and so has no use for indexes: Apache Kafka
 * always opens this log as not cleanly closed and makes its indexes anew (kafka-storage 11.1).
 *
 * Not locked: metadata/cluster's change lock guards it.
 */
#ifndef METADATA_CLUSTER_LOG_H
#define METADATA_CLUSTER_LOG_H

#include "metadata/snapshot.h"
#include "storage/epochs.h"

enum { CLUSTER_SEGMENT_BYTES = 1 << 30 }; /* metadata.log.segment.bytes */

#define CLUSTER_DIRECTORY  "__cluster_metadata-0"
#define CLUSTER_SEGMENT_MS INT64_C(604800000) /* metadata.log.segment.ms */

struct cluster_log {
    struct file_system *fs;
    const char *directory;  /* borrowed */
    int file;               /* of the last segment; -1: not open */
    int64_t size;           /* bytes of the last segment */
    int64_t start_offset;   /* what lies below may be gone: a snapshot has it */
    int64_t end_offset;     /* one past the last record */
    int32_t last_epoch;     /* of the last batch; -1: there is none */
    int64_t segment_bytes;  /* a segment that would grow beyond is followed by a new one */
    int64_t segment_ms;     /* and so is one whose first batch is older than this, when the next comes */
    int64_t segment_since;  /* append time of the last segment's first batch, ms; -1: it has none */
    int64_t room_end;       /* of the last segment: up to here its bytes have their place on the disk */
    bool directory_changed; /* a file was made, and its entry is not synced yet */
    bool has_unsynced;      /* something was appended since the last sync */
    bool lost_end;          /* the start has cut something off: a change may be lost */
};

/*
 * Gives `each` the batches that hold records from `from_offset` (a snapshot's end, or 0) on. A tail that is
 * not a whole batch with the right checksum is cut off, once its bytes are kept beside the segment (storage/
 * set_aside.h; not zeros), and that is said through diag. If whole batches behind it prove that it was synced
 * once, that is refused, unlike in Apache Kafka, which cuts all of it off. If the log ends before
 * `from_offset`, the snapshot is all there is: the log begins anew behind it. An empty one is begun.
 *
 * False with the reason: a file cannot be read, a segment that is not the last is damaged, records from
 * `from_offset` on are missing, or `each` stopped.
 */
bool cluster_log_open(struct cluster_log *log, struct file_system *fs, const char *directory,
                      int64_t from_offset, batch_fn *each, void *context, struct note *why);
void cluster_log_close(struct cluster_log *log);

/* After a sync that failed, before the log is opened: the last segment, the only one with bytes that were not
 * synced yet, is written again where it stands and synced, so that what is read is what the disk holds. 0 or
 * -errno. */
int cluster_log_write_again(struct file_system *fs, const char *directory);

/* Deletes every segment of an open log and begins it anew at this offset, without any epoch: a snapshot that
 * ends there is all there is. */
bool cluster_log_restart(struct cluster_log *log, int64_t from_offset, struct note *why);

/* Makes sure that `len` bytes, and `reserve` behind them, find their place on the disk; asks for it in steps.
 * 0, or -errno for want of space alone: a file system that cannot set space aside keeps no reserve. */
int cluster_log_make_room(struct cluster_log *log, size_t len, int64_t reserve);

/* Appends batches that are made for this place (base offset end_offset, an epoch not below last_epoch) with
 * one write, in the page cache until cluster_log_sync. Only a no-op may be left without one before the next
 * append: a start tells by that what was promised and what was not. 0 or -errno: the log is as before
 * then, as far as can be done. */
int cluster_log_append(struct cluster_log *log, struct slice batches, int64_t next_offset, int32_t epoch);

/* What was appended is on stable storage, with one fdatasync (and the directory, if a file was made). After
 * an error it must not be called again: the second call could succeed and lie. 0 or -errno. */
int cluster_log_sync(struct cluster_log *log);

/* Reads the headers of all batches of an open log: which epoch begins where. 0 or -errno. */
int cluster_log_find_epochs(const struct cluster_log *log, struct epochs *epochs);

/* Bytes of all segments, or -errno. For one who does not hold the lock too. */
int64_t cluster_log_bytes(const struct cluster_log *log);

/* Deletes the segments of which every record lies below the offset, oldest first, with what Apache Kafka
 * has put beside them; never the last. Not synced: what comes back after a crash is deleted again. The
 * lock is not needed. 0 or -errno. */
int cluster_log_delete_below(const struct cluster_log *log, int64_t start_offset);

#endif
