/*
 * mover: the threads that move partitions between log directories. There are none while nothing moves.
 */
#ifndef STORAGE_MOVER_H
#define STORAGE_MOVER_H

#include "storage/data_dir.h"
#include "storage/partition.h"

struct mover;
struct partition_move;
struct partitions;

/* `partitions` is borrowed; up to `threads` move at once. */
struct mover *mover_new(struct partitions *partitions, int32_t threads);

/* Waits for what is taking over right now, gives up everything else (a next start goes on with it), and
 * frees. */
void mover_stop(struct mover *mover);

/* Takes the move over, once it is open. Any thread. */
void mover_add(struct mover *mover, struct partition_move *move);

#endif
