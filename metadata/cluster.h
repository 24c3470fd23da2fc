/*
 * cluster: the image that serves, and the way to change it. Today this node is the only voter of a quorum of
 * one: a change is appended to its own __cluster_metadata-0, synced, and applied. Later the records come from
 * elsewhere; nothing above may assume that this broker may write.
 *
 * Locks: RANK_CONTROLLER (one change at a time, held across the sync), RANK_IMAGE and within it RANK_ACLS
 * (read-write, never held across I/O).
 */
#ifndef METADATA_CLUSTER_H
#define METADATA_CLUSTER_H

#include "metadata/cluster_config.h"
#include "metadata/image.h"
#include "metadata/record_list.h"
#include "storage/data_dir.h"

struct cluster;

/* Who this node is and what it tells the cluster about itself. Borrowed; must outlive the cluster. */
struct cluster_node {
    int32_t node_id;
    struct slice rack;                /* null: none */
    const struct endpoint *endpoints; /* advertised listeners, without the controller's */
    int32_t endpoint_count;
    const struct endpoint *controller_endpoints; /* for REGISTER_CONTROLLER_RECORD; may be none */
    int32_t controller_endpoint_count;
    const struct uuid *log_dirs;
    const char *const *log_dir_paths; /* as log.dirs has them, of the same; NULL: not told */
    int32_t log_dir_count;
    int64_t previous_broker_epoch;       /* that the markers of all log directories have; -1: no clean stop */
    const struct cluster_config *config; /* NULL: the defaults */
    const struct config_entry *static_configs; /* server.properties, by name */
    int32_t static_config_count;
};

/*
 * Opens __cluster_metadata-0 in the directory (made if it is missing): newest snapshot (or an older one,
 * if it is damaged and the log has all that follows), replay, quorum-state. An empty log gets its
 * bootstrap records (bootstrap.checkpoint, or a fresh directory's features). Where the log has a
 * registration of this node, or is fresh, takes the next raft epoch (LeaderChange, quorum-state), appends
 * its registration, unfences itself, and makes itself leader of every partition that has it as its only
 * live replica (ISR [us], ELR and lastKnownElr cleared; where the last stop was not clean it gives up its
 * leaderships first), in batches, synced before this returns. A log
 * without any registration (the course's) is opened as it is: the node counts itself registered and
 * appends nothing until the first change; in the image (not in the log) it stands as a broker with epoch
 * -1. NULL with the reason: a log that cannot be read, another node's voter set, an unsupported
 * metadata.version.
 */
struct cluster *cluster_open(struct data_dir *dir, const struct cluster_node *node, struct note *why);

/* The controlled shutdown (docs/decisions/0002): appends that this broker is on its way out, leads no
 * partition any more and is fenced; on stable storage when this returns. Nothing if it never registered. For
 * a clean stop, when nobody appends or is served any more, and before the clean-shutdown markers: those are
 * partitions_close's, and must hold cluster_broker_epoch, or Apache Kafka takes the stop for an unclean one.
 * On a full disk, or where it cannot be written (said through diag), leaders stay as they are. */
void cluster_shut_down(struct cluster *cluster);

/* Closes the log and frees all. Writes nothing. */
void cluster_close(struct cluster *cluster);

/* What is due by the clock (clock_monotonic_ms): a no-op if nothing was written, a snapshot, the deletion
 * of what snapshots stand for. For one thread, away from requests: it writes files and waits for the
 * disk, with the change lock only where it encodes a snapshot (about 5 ms for 10,000 partitions; requests
 * that read do not wait). */
void cluster_tick(struct cluster *cluster, int64_t now_ms);

/* The image, read-locked. Nothing found in it may be kept after the release. */
const struct image *cluster_read(struct cluster *cluster);
void cluster_read_done(struct cluster *cluster);

/* The image's ACLs alone, read-locked: also for those who hold the image already, or a change. */
const struct acls *cluster_read_acls(struct cluster *cluster);
void cluster_read_acls_done(struct cluster *cluster);

/* One change. begin locks out other changes and gives the image as it is (it cannot change until commit or
 * end); the caller computes records from it (metadata/controller), commits them as one atomic batch
 * (appended, synced, applied; the caller has them in force when it returns), and ends. commit with no records
 * is a no-op. KAFKA_STORAGE_ERROR: nothing was applied. INVALID_REQUEST: more than 8 MiB, which only levels
 * from 3.6-IV1 on can hold (as a metadata transaction of several batches). */
const struct image *cluster_change_begin(struct cluster *cluster);
enum kerr cluster_change_commit(struct cluster *cluster, const struct record_list *records, struct note *why);
void cluster_change_end(struct cluster *cluster);

/* The quorum that the cluster log has: this node alone, for now. */
struct cluster_quorum {
    int32_t leader_id;
    int32_t leader_epoch;
    int64_t high_watermark; /* all of it is committed: the log's end */
    int16_t kraft_version;
    struct uuid directory_id;        /* of the voter; zero with kraft.version 0, which does not know it */
    const struct endpoint *endpoint; /* of the controller; NULL: none is configured */
};

/* Waits for a change that is under way. */
void cluster_describe_quorum(struct cluster *cluster, struct cluster_quorum *quorum);

/* 0: the voters are configured, 1: they stand in the log (KIP-853). No lock. */
int16_t cluster_kraft_version(const struct cluster *cluster);

/* Puts the voters into the log (kraft.version 1): on stable storage when it returns NONE. With a change
 * begun. */
enum kerr cluster_raise_kraft_version(struct cluster *cluster, struct note *why);

/* Adds what the records of a higher metadata.version say of this node and those of the present one cannot;
 * the list goes on at that level. With a change begun. */
void cluster_add_own_records(struct cluster *cluster, int16_t metadata_version, struct record_list *records);

/* Adds which of this node's log directories are cordoned, where its registration does not say so yet
 * (KIP-1066). With a change begun. */
void cluster_add_cordoned_dirs(struct cluster *cluster, struct record_list *records);

int32_t cluster_node_id(const struct cluster *cluster);
/* Of our registration; -1: none was written, or somebody has unregistered us. No lock. */
int64_t cluster_broker_epoch(struct cluster *cluster);

/* The next producer id (InitProducerId): from a block of 1000 that PRODUCER_IDS_RECORD took from the
 * image. */
enum kerr cluster_next_producer_id(struct cluster *cluster, int64_t *producer_id);

#endif
