/*
 * cluster_epochs: which epoch's records begin where in the cluster log, kept in leader-epoch-checkpoint as a
 * partition's are. Apache Kafka reads it; we only keep it right.
 *
 * What the file says of records below the snapshot is believed, if it fits the snapshot's own epoch; all else
 * is found again in the batches. A disk that is full, or a power cut, may leave an older file, or none.
 *
 * For the thread that opens the cluster, then the one that ticks: no lock.
 */
#ifndef METADATA_CLUSTER_EPOCHS_H
#define METADATA_CLUSTER_EPOCHS_H

#include "metadata/cluster_state.h"

/* Before the log is read: what the file says of what lies below `from_offset`, where the snapshot ends. */
void cluster_epochs_load(struct cluster *cluster, int64_t from_offset);

/* A batch of the log, in its order, from there on. */
void cluster_epochs_take(struct cluster *cluster, const struct batch_header *header);

/* The log is open: what does not fit it goes. `snapshot` is the one that was read; its epoch is -1 if there
 * was none. */
void cluster_epochs_settle(struct cluster *cluster, struct snapshot_id snapshot);

/* Writes the file if it is not as it should be. 0 or -errno: then a later call tries again. */
int cluster_epochs_store(struct cluster *cluster);

#endif
