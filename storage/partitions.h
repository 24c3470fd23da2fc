/*
 * partitions: the registry of the replicas that this broker hosts, over all its log directories. Opens them
 * at start, creates and deletes them when the metadata image says so, and runs what is periodic (checkpoints,
 * flushing, retention, idle files).
 *
 * A read-write lock (RANK_PARTITIONS) guards the maps; it is never held across I/O.
 */
#ifndef STORAGE_PARTITIONS_H
#define STORAGE_PARTITIONS_H

#include "storage/data_dir.h"
#include "storage/partition.h"
#include "storage/storage_config.h"

struct partitions;

/* `dirs` are borrowed, the array and the config copied. */
struct partitions *partitions_new(struct data_dir **dirs, int32_t dir_count,
                                  const struct storage_config *config);

/* Closes every log the clean way: final index entries, indexes trimmed, producer snapshots, fsync,
 * checkpoints (recovery point = log end, high watermarks, log starts), and in each directory that is in order
 * the clean-shutdown marker with `broker_epoch`. False if something could not be written (said through diag).
 */
bool partitions_close(struct partitions *partitions, int64_t broker_epoch);

/* What the image says must be hosted here. */
struct hosted_partition {
    struct slice topic;
    struct uuid topic_id;
    int32_t index;
    int32_t leader_epoch;
    bool is_leader;
    struct uuid directory_id; /* the log directory, or zero/reserved: any */
    struct log_config config;
};

/*
 * At start: opens (and where the directory was not closed cleanly, recovers) every partition directory found
 * that the image assigns to us; creates missing ones; renames others to *-stray. Several threads load at
 * once. partition.metadata's topic id must match. A directory that fails goes offline; the others go on, and
 * KAFKA_STORAGE_ERROR is only for when none is left, or where the same partition lies in two of them and
 * nobody can tell which it is: then nothing is opened, and closing leaves everything as it is. A partition
 * whose directory is not there is not hosted: it is never made anew elsewhere.
 */
enum kerr partitions_load(struct partitions *partitions, const struct hosted_partition *hosted, size_t count,
                          struct note *why);

/* A new partition, or the one that is there already; it serves at once. Its directory is made now only where
 * few others were (storage_config.partitions_at_once), else by the first append, a move, the tick or a clean
 * stop. Returned referenced, or NULL with an error. */
struct partition *partitions_create(struct partitions *partitions, const struct hosted_partition *hosted,
                                    enum kerr *error, struct note *why);

/* Creates all that are not there; their directories are made now all or none. What fails is said through
 * diag, the others are created; one of the errors. */
enum kerr partitions_create_all(struct partitions *partitions, const struct hosted_partition *hosted,
                                size_t count);

/* Closes it, renames its directory to <topic>-<p>.<uuid>-delete, and removes that file.delete.delay.ms later
 * (at the latest at a later start). Readers that still hold segments finish. Its name is free at once, but
 * what is on the disks may still speak of it: partitions_forget_deleted. */
void partitions_delete(struct partitions *partitions, struct uuid topic_id, int32_t index);

/* The replica shall be in this log directory (KIP-113): it is copied there in the background and goes on
 * there. KAFKA_STORAGE_ERROR if it or any other directory is offline; REPLICA_NOT_AVAILABLE if it is not
 * hosted here: then it will be made there. */
enum kerr partitions_set_dir(struct partitions *partitions, struct slice topic, int32_t index,
                             struct data_dir *dir);

/* Whether replicas have moved since this was asked last. */
bool partitions_take_places_changed(struct partitions *partitions);

/* Before names are given that may have been others': of all that was deleted, nothing under its old name is
 * left on stable storage, neither a directory nor an entry of a checkpoint file. To be called before the
 * cluster log says that there is a new topic or partition: a start after a power cut would take what an old
 * one of its name has left for its own. Costs something only if something was deleted since the last call.
 * False: not done, for want of space. */
bool partitions_forget_deleted(struct partitions *partitions);

/* Referenced, or NULL. */
struct partition *partitions_find(struct partitions *partitions, struct slice topic, int32_t index);
struct partition *partitions_find_by_id(struct partitions *partitions, struct uuid topic_id, int32_t index);

/* Every partition, referenced, in malloc'ed memory; given back with partitions_unref_all. */
struct partition **partitions_all(struct partitions *partitions, size_t *count);
void partitions_unref_all(struct partition **found, size_t count);

/* Writes log-start-offset-checkpoint, durably, where a log start has moved since it was written: what
 * DeleteRecords has answered is not undone by a crash. False if one could not be written (said through diag).
 */
bool partitions_store_log_starts(struct partitions *partitions);

size_t partitions_count(struct partitions *partitions);

/* The cleaner's settings from now on: what is being cleaned goes on at the new pace, with the memory that it
 * has; what comes next is cleaned by the new ones. `enable` does not change. */
void partitions_set_cleaner(struct partitions *partitions, const struct cleaner_config *config);

/* Does what is due: called by the server's tick thread twice a second with monotonic time. Makes new
 * partitions' directories, flushes logs with flush.ms, writes checkpoints at their intervals, enforces
 * retention, deletes what waits for deletion, expires producers, closes idle files. */
void partitions_tick(struct partitions *partitions, int64_t now_ms);

#endif
