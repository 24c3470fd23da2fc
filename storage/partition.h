/*
 * partition: a replica that this broker hosts: its log, high watermark, last stable offset, and who waits for
 * it.
 *
 * Reference-counted; found through storage/partitions. All functions may be called by any thread. One mutex
 * (RANK_PARTITION) serialises appends and is held across the write into the page cache but never across a
 * sync; reads below the high watermark take it only to look up the position. Offsets are Kafka's:
 * high_watermark, log_end_offset are one past the last record.
 */
#ifndef STORAGE_PARTITION_H
#define STORAGE_PARTITION_H

#include "protocol/base/arena.h"
#include "protocol/base/list.h"
#include "protocol/base/note.h"
#include "protocol/base/records.h"
#include "protocol/base/uuid.h"
#include "protocol/batch.h"
#include "protocol/errors.h"
#include "storage/log_config.h"

struct data_dir; /* storage/data_dir.h */
struct partition;

struct partition *partition_ref(struct partition *partition);
void partition_unref(struct partition *partition);

/* Constant for the partition's life. The name lives as long as the reference. */
struct slice partition_topic(const struct partition *partition);
struct uuid partition_topic_id(const struct partition *partition);
int32_t partition_index(const struct partition *partition);

/* The log directory that it lies in now; lives as long as the registry. No lock. */
struct data_dir *partition_dir(const struct partition *partition);

/* The settings now (a copy). */
void partition_get_config(struct partition *partition, struct log_config *config);
void partition_set_config(struct partition *partition, const struct log_config *config);

/* Leadership, as the metadata image says. Becoming leader of a new epoch adds it to the leader-epoch cache at
 * the log end; in the file it stands once a record has it. */
void partition_become_leader(struct partition *partition, int32_t leader_epoch);
void partition_resign(struct partition *partition, int32_t leader_epoch);

/* ---- appending (KIP-98 for the producer fields) ---- */

/* One validated batch on its way in, and what became of it. Entries for one partition form a chain in request
 * order. */
struct append {
    struct append *next; /* the next batch for the same partition, or NULL */
    uint8_t *
        batch; /* exactly one batch of `len` bytes; offset and epoch (outside the CRC) are patched in place */
    size_t len;
    struct batch_header header; /* as read and validated */
    int16_t acks;               /* -1, 0, 1 */
    bool is_coordinators; /* written by a coordinator of this broker: its sequences are all 0 and are not
                             checked */

    /* Filled by partition_append. */
    enum kerr error;            /* NONE also for a duplicate */
    bool duplicate;             /* not appended: base_offset and log_append_time_ms are the original's */
    int64_t base_offset;        /* -1 on error */
    int64_t last_offset;        /* -1 on error */
    int64_t log_append_time_ms; /* -1 for CreateTime topics, unless a duplicate */
    int64_t log_start_offset;   /* -1 on error */
    int64_t sync_offset;        /* the answer waits for partition_sync up to here; -1: for nothing */
};

/*
 * Appends a chain under one hold of the lock, with one write where the batches lie in one segment. For each
 * entry in turn: leadership, min.insync.replicas (acks -1), segment size, producer state (duplicates,
 * sequences, epochs), then the write. An entry that is refused leaves the others alone. A write that fails
 * marks every entry not yet stored KAFKA_STORAGE_ERROR, cuts the file back to the last whole batch, and
 * (unless it is ENOSPC) takes the directory offline. Returns the log end offset. `now_ms` is wall-clock time.
 */
int64_t partition_append(struct partition *partition, struct append *chain, int64_t now_ms);

/* Waits until everything below `offset` is on stable storage, with one fdatasync for all who wait (group
 * commit), and moves the high watermark. NONE, KAFKA_STORAGE_ERROR (the directory is offline now), or
 * REQUEST_TIMED_OUT at the deadline (clock_monotonic_ms) while another thread's sync is still running. */
enum kerr partition_sync(struct partition *partition, int64_t offset, int64_t deadline_ms);

/* ---- deleting ---- */

enum { DELETE_ALL_RECORDS = -1 };

/* Moves the log start up to `offset`, or to the high watermark (DELETE_ALL_RECORDS); nothing happens if it is
 * there already. NONE with the log start as it is then; what partition_check_leader says; POLICY_VIOLATION if
 * the topic is only compacted; OFFSET_OUT_OF_RANGE. The new start survives a crash once
 * partition_start_is_stored says so. */
enum kerr partition_delete_records(struct partition *partition, int64_t offset, int64_t *log_start_offset);

/* Whether the next start finds a log start that is not below `offset`, whatever happens: after
 * partitions_store_log_starts, of which other directories may have been in the way. */
bool partition_start_is_stored(struct partition *partition, int64_t offset);

/* ---- reading ---- */

enum isolation { READ_UNCOMMITTED = 0, READ_COMMITTED = 1, READ_REPLICA = 2 /* up to the log end */ };

struct partition_offsets {
    int64_t log_start_offset;
    int64_t high_watermark;
    int64_t last_stable_offset;
    int64_t log_end_offset;
    int32_t leader_epoch;
    bool is_leader;
};

void partition_get_offsets(struct partition *partition, struct partition_offsets *offsets);

/* Where the replica lies and how large it is. Costs as much as there are segments, and no I/O. */
struct partition_extent {
    const struct data_dir *dir;
    int64_t size;                      /* bytes of all segments' .log files */
    int64_t offset_lag;                /* log end behind the high watermark: never, where this broker leads */
    const struct data_dir *future_dir; /* where it moves to; NULL: nowhere */
    int64_t future_size;
    int64_t future_offset_lag; /* behind the log end */
};

void partition_get_extent(struct partition *partition, struct partition_extent *extent);

/* A producer that the partition knows, as DescribeProducers tells of it (KIP-664). */
struct partition_producer {
    int64_t id;
    int64_t last_timestamp;    /* of its last batch or marker */
    int64_t transaction_start; /* first offset of its open transaction; -1: none is open */
    int32_t last_sequence;     /* -1: no batch of its epoch is known */
    int32_t coordinator_epoch; /* of its last marker; -1: none came */
    int16_t epoch;
};

/* All of them, in no order: an array in the arena, of *count. Whoever leads. */
struct partition_producer *partition_list_producers(struct partition *partition, struct arena *arena,
                                                    int32_t *count);

/* NONE, KAFKA_STORAGE_ERROR if the directory is offline, FENCED_LEADER_EPOCH, UNKNOWN_LEADER_EPOCH (KIP-320;
 * epoch -1 is not checked), then NOT_LEADER_OR_FOLLOWER if need_leader. */
enum kerr partition_check_leader(struct partition *partition, int32_t current_leader_epoch, bool need_leader);

struct aborted_transaction {
    int64_t producer_id;
    int64_t first_offset;
};

struct partition_read {
    int64_t fetch_offset;
    int32_t max_bytes;
    bool at_least_one; /* give one whole batch even if it is larger than max_bytes */
    enum isolation isolation;
    int32_t current_leader_epoch; /* -1: do not check */
    int32_t last_fetched_epoch;   /* -1: do not check (KIP-595) */

    /* Filled. On error the offsets are -1 and there are no records. */
    enum kerr error;
    int64_t high_watermark;
    int64_t last_stable_offset;
    int64_t log_start_offset;
    int32_t leader_epoch;   /* of the partition as of this read; for partition_watch */
    struct records records; /* a range; its segment is referenced for the caller: segment_unref when done */
    bool diverging;         /* the epoch ended earlier here: */
    int32_t diverging_epoch;
    int64_t diverging_end_offset;
    struct aborted_transaction *aborted; /* READ_COMMITTED: malloc'ed, the caller frees; else NULL */
    int32_t aborted_count;
};

/* Order of checks: kafka-apis 5.2 steps 6 to 10. Data starts at the batch that holds fetch_offset, stays
 * within one segment, ends at or before the isolation's limit, and may be cut inside a batch by max_bytes
 * (never inside the first with at_least_one). */
void partition_read(struct partition *partition, struct partition_read *read);

/* The time index's answer (ListOffsets): first record at or above log start whose timestamp is >=
 * timestamp_ms. found: false if there is none below the log end. */
struct offset_and_timestamp {
    bool found;
    int64_t offset;
    int64_t timestamp_ms;
    int32_t leader_epoch; /* -1: unknown */
};

enum kerr partition_find_timestamp(struct partition *partition, int64_t timestamp_ms,
                                   struct offset_and_timestamp *found);
enum kerr partition_find_max_timestamp(struct partition *partition, struct offset_and_timestamp *found);

/* The epoch of a record, from the leader-epoch cache; -1 if unknown. */
int32_t partition_epoch_of_offset(struct partition *partition, int64_t offset);

/* OffsetForLeaderEpoch (KIP-101/279): largest known epoch <= `leader_epoch` and where it ends; -1/-1 if there
 * is none. */
void partition_end_of_epoch(struct partition *partition, int32_t leader_epoch, int32_t *epoch,
                            int64_t *end_offset);

/* ---- waiting ---- */

/* One waiting request's hook in one partition. `wake` is called under the partition's lock, at most quickly:
 * it may take RANK_WAITER locks only. */
struct partition_watch {
    struct list_node node;
    struct partition *partition; /* referenced while registered */
    void (*wake)(struct partition_watch *watch);
    void *context;        /* the waker's own */
    int64_t fetch_offset; /* woken also when the log start passes it */
};

/* Looks and registers under one lock, so that no append is missed between the two: if the partition's
 * readable end for this isolation is beyond `seen_end`, the log start beyond the watch's fetch_offset, or
 * leadership or state changed since `seen_epoch`, returns false and registers nothing. */
bool partition_watch(struct partition *partition, struct partition_watch *watch, enum isolation isolation,
                     int64_t seen_end, int32_t seen_epoch);
void partition_unwatch(struct partition_watch *watch);

#endif
