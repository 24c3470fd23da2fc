/*
 * partition_move: one partition on its way from one log directory to another (KIP-113): its log is copied
 * into `<topic>-<index>.<uuid>-future` of the other directory, follows the appends, and takes the partition
 * over. Steps for storage/mover, whose thread they run on; nobody else includes this but partition's files.
 */
#ifndef STORAGE_PARTITION_MOVE_H
#define STORAGE_PARTITION_MOVE_H

#include "storage/partition_private.h"

struct partitions;

struct partition_move {
    struct list_node node;       /* the mover's */
    struct partition *partition; /* referenced */
    struct data_dir *to;         /* constant */
    struct data_dir *from;       /* once it has taken over */

    /* Guarded by the partition's mutex. */
    bool cancelled;     /* the partition does not know of it any more */
    int64_t end_offset; /* of what is copied */
    int64_t size;       /* bytes of that */

    /* The thread's that moves it. */
    struct log *log;          /* the future one; NULL: not made yet, or the partition's by now */
    const struct log *source; /* what is being copied; `cuts` of it were there */
    uint32_t cuts;
    int64_t segment;  /* of the source, and */
    int64_t position; /* in it: what comes next */
    int64_t unsynced; /* bytes copied since the last sync */
    bool source_failed;
    bool has_taken_over; /* the partition is in the new directory, which lacks its name still */
};

/* Where the partition is to go. To the directory where it is: a move that runs is called off. *started is a
 * move for the mover, or NULL: nothing is to be done, or it runs already. NONE, KAFKA_STORAGE_ERROR,
 * NOT_LEADER_OR_FOLLOWER (closed). */
enum kerr partition_set_destination(struct partition *partition, struct data_dir *to,
                                    struct partition_move **started);

/* Makes the future directory and log, not synced. 0 or -errno. */
int partition_move_open(struct partition_move *move);

/* Copies a piece: its bytes, 0 once there is next to nothing left, -ECANCELED, or -errno: of the source if
 * source_failed. */
int partition_move_copy(struct partition_move *move);

/*
 * Copies the rest and puts the copy in the partition's place, as one round of its syncs: nobody is told
 * meanwhile that a record is on stable storage. Afterwards the directories have their names. 1: done. 0:
 * there is more to copy first. -ECANCELED, or -errno: the copy did not take over (or its directory failed
 * right after it had, and is offline).
 */
int partition_move_finish(struct partition_move *move, struct partitions *partitions);

/* Ends it without success: the future log is closed, so that a next start may look at it, or with `discard`
 * renamed to be deleted. */
void partition_move_abandon(struct partition_move *move, struct partitions *partitions, bool discard);

/* Frees it. */
void partition_move_free(struct partition_move *move);

#endif
