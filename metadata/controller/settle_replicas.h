/*
 * settle_replicas: makes the image say where this node's replicas lie, who of them can lead, and which of the
 * node's log directories are in order. What a broker of a larger cluster tells its controller with
 * AssignReplicasToDirs and in its heartbeats (KIP-858) is decided here at once.
 *
 * Nothing below metadata.version 3.7-IV2, whose records know no directories.
 */
#ifndef METADATA_CONTROLLER_SETTLE_REPLICAS_H
#define METADATA_CONTROLLER_SETTLE_REPLICAS_H

#include "metadata/controller/controller.h"

/* What the broker knows of its replicas. */
struct replica_places {
    const struct uuid *log_dirs; /* ids of the directories in order */
    int32_t log_dir_count;
    /* Whether a directory in order holds the replica, and its id (zero: it has none). */
    bool (*find)(void *context, const struct topic *topic, int32_t index, struct uuid *directory);
    void *context;
};

/* One topic: directories that differ, leaders that are gone, leaders that are back. */
void controller_settle_topic(const struct controller *controller, const struct replica_places *places,
                             const struct topic *topic, struct record_list *records);

/* All topics, and then the registration's directories. Grows with the image: for a start, and for when a
 * directory fails. */
void controller_settle_replicas(const struct controller *controller, const struct replica_places *places,
                                struct record_list *records);

#endif
