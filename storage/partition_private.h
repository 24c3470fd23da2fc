/*
 * partition_private: what the partition_*.c files and partitions.c share. Nobody else includes it.
 */
#ifndef STORAGE_PARTITION_PRIVATE_H
#define STORAGE_PARTITION_PRIVATE_H

#include "storage/data_dir.h"
#include "storage/log_read.h"
#include "storage/os/mutex.h"
#include "storage/partition.h"

#include <stdatomic.h>

struct partition {
    atomic_int refs;
    _Atomic(struct data_dir *) dir;        /* these two change under the mutex, and are read without */
    _Atomic(struct data_dir *) future_dir; /* where it moves to; NULL: nowhere */
    char *topic;                           /* constant, as the next three */
    struct slice topic_slice;
    struct uuid topic_id;
    int32_t index;
    struct slice name_key; /* topic, a zero byte, index: for the registry's maps; memory owned */
    struct slice id_key;

    struct list_node to_make; /* in the registry's list of those that wait for it; under its lock */

    struct mutex mutex; /* RANK_PARTITION: guards all down to sync_mutex */
    struct log *log;
    bool is_leader;
    bool has_directory; /* if not, it is unmade */
    bool closed;        /* deleted, or the broker stops: every call gets an error */
    bool refusing;      /* the last write was refused for want of space or descriptors: said once */
    int32_t leader_epoch;
    struct log_position high_watermark;
    /* first batch that must not be shown yet (acks=all, or a flush is due) of those being synced now; offset
     * INT64_MAX: none */
    struct log_position syncing_held;
    struct log_position unsynced_held; /* ... of those appended since */
    struct log_position stable;        /* where the last stable offset was last found */
    struct list_node watches;          /* of consumers: the high watermark or last stable offset moves */
    struct list_node replica_watches;  /* of followers: the log end moves */
    int64_t flushed_at_ms;             /* monotonic: flush.ms */
    struct partition_move *move;       /* where it goes; the mover's; NULL: it stays */
    bool is_unnamed;                   /* it has moved, and its directory lacks its name still */
    struct log *retired;               /* that it moved away from; the ticking thread frees it; may be NULL */
    uint32_t log_changes;              /* how often the log became another one, or got another name */

    /* Compaction: partition_clean. */
    int64_t first_dirty;         /* compacted below it; -1: nobody knows */
    int64_t clean_not_before_ms; /* monotonic: after a failure */
    bool cleaning;               /* one thread does */
    bool stop_cleaning;          /* somebody waits for it to end */
    bool uncleanable;            /* its bytes are not what they should be */
    bool clean_refused;          /* for want of space or memory: said once */
    struct condition cleaned;    /* `cleaning` has become false */

    atomic_llong flush_due;    /* sync up to here before answering: flush.messages */
    atomic_bool sync_acks_all; /* the config's */

    struct mutex sync_mutex; /* RANK_SYNC: guards the rest */
    struct condition synced;
    bool syncing;     /* one thread syncs for all who wait */
    bool sync_failed; /* for ever */
    int64_t synced_offset;
};

/* Takes the directory offline for a failed sync, unless the partition was deleted meanwhile: its files are
 * gone. */
void partition_sync_has_failed(struct partition *partition, int result);

/* Takes over the log. One reference. */
struct partition *partition_new(struct data_dir *dir, struct slice topic, struct uuid topic_id, int32_t index,
                                struct log *log);

void partition_lock(struct partition *partition) ACQUIRES(partition->mutex);
void partition_unlock(struct partition *partition) RELEASES(partition->mutex);

int64_t partition_last_stable_offset_locked(struct partition *partition) NEEDS(partition->mutex);

/* Sets the high watermark to what the log end and the unsynced acks=all batches allow, and wakes whom that
 * concerns. */
void partition_move_high_watermark_locked(struct partition *partition, int64_t end_before)
    NEEDS(partition->mutex);
void partition_wake_all_locked(struct partition *partition) NEEDS(partition->mutex);

/* partition_check_leader under the lock. */
enum kerr partition_check_locked(struct partition *partition, int32_t current_leader_epoch, bool need_leader)
    NEEDS(partition->mutex);

/* What cleaner-offset-checkpoint says, at the start; -1: nothing. */
void partition_restore_first_dirty(struct partition *partition, int64_t first_dirty);

/* Calls a cleaning off and waits until it has ended. */
void partition_stop_cleaning_locked(struct partition *partition) NEEDS(partition->mutex);

/* For who must have nobody sync meanwhile, and puts a round of its own in between: lead (waits for the round
 * that runs), then begin_locked, log_sync_run and end, then leave with what is on stable storage now (-1:
 * nothing new). */
void partition_sync_lead(struct partition *partition);
int partition_sync_begin_locked(struct partition *partition, struct log_sync *sync) NEEDS(partition->mutex);
void partition_sync_end(struct partition *partition, struct log_sync *sync, bool done);
void partition_sync_leave(struct partition *partition, int64_t synced_offset, bool failed);

/* Makes the directory and the files of one that has none yet (log.is_unmade); of every other it is nothing to
 * do. 0 or -errno; what does not pass has taken the directory offline. */
int partition_make_locked(struct partition *partition) NEEDS(partition->mutex);
int partition_make(struct partition *partition); /* unless it is closed, or its directory offline */
bool partition_has_directory(struct partition *partition);

/* A move that runs ends without success. */
void partition_call_off_move(struct partition *partition);

/* partition_sync whatever the config says. */
enum kerr partition_sync_now(struct partition *partition, int64_t offset, int64_t deadline_ms);

/* Syncs closed segments with their indexes, so that the recovery point moves. */
void partition_flush_closed(struct partition *partition);

/* Moves the log start over the segments that retention does not keep (partition_retention.c). True if it ran
 * out of the time that a tick which began at now_ms has, with more to do. */
bool partition_retain(struct partition *partition, int64_t now_ms, int64_t wall_ms);

/* Deletes the segments below the log start that is on stable storage, or, if none can be stored (the disk is
 * full), those below the log start, with a sync of the directory behind each: of these none if there is no
 * time left. True as partition_retain. */
bool partition_delete_below_start(struct partition *partition, bool is_stored, int64_t now_ms);

/* The checkpoint file of this directory says that the log starts there, and is on stable storage. */
void partition_note_stored_start(struct partition *partition, const struct data_dir *dir, int64_t offset);

/* Removes files of deleted segments whose delay is over, as far as the tick's time reaches. */
void partition_unlink_deleted(struct partition *partition, int64_t now_ms);

/* What is due for one partition: flush.ms, closed segments, deleted files, expired producers. */
void partition_tick(struct partition *partition, int64_t now_ms, int64_t wall_ms, bool expire_producers);

/* Offsets for the checkpoint files; -1: none is to be written, as for all of an unmade one. */
struct partition_checkpoint {
    int64_t recovery_point;
    int64_t high_watermark;
    int64_t start_offset;
    int64_t first_dirty; /* -1: not compacted */
};

void partition_get_checkpoint(struct partition *partition, struct partition_checkpoint *checkpoint);

/* Refuses every call from now on and wakes whoever waits. With `cleanly` the log is closed the clean way
 * first: false if that failed. */
bool partition_close(struct partition *partition, bool cleanly);

#endif
