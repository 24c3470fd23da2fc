/*
 * cluster_state: what a cluster is made of, and how records get into it. For cluster.c (serving),
 * cluster_open.c (starting) and cluster_tick.c (what is due by the clock).
 */
#ifndef METADATA_CLUSTER_STATE_H
#define METADATA_CLUSTER_STATE_H

#include "metadata/batch_writer.h"
#include "metadata/cluster.h"
#include "metadata/cluster_log.h"
#include "storage/epochs.h"
#include "storage/os/mutex.h"

#include <stdatomic.h>

enum {
    LEVEL_3_6_IV1 = 13,        /* metadata.version from which on there are metadata transactions (KIP-868) */
    BATCH_BYTES_MAX = 8 << 20, /* what Apache Kafka takes for a metadata batch */
    OWN_BATCH_BYTES = 256 << 10, /* of what a start or a stop has to say: it need not be all or none */
    NOT_REGISTERED = -1,
    PRODUCER_ID_BLOCK = 1000,
    KRAFT_VERSION_MAX = 1, /* the voters stand in the log (KIP-853) */
};

struct cluster {
    struct data_dir *dir;
    const struct cluster_node *node;
    const struct cluster_config *config;
    char directory[FILE_PATH_MAX]; /* __cluster_metadata-0 */

    struct mutex change_lock; /* guards what follows; one change at a time */
    struct cluster_log log;
    int32_t epoch;             /* raft epoch of our own records */
    atomic_llong broker_epoch; /* NOT_REGISTERED: no record says that we are; read without the lock */
    int64_t next_producer_id;  /* of our block */
    int64_t end_of_producer_ids;
    int64_t last_timestamp_ms;    /* append time of the log's last batch, wall clock; -1: there is none */
    int64_t bytes_since_snapshot; /* of the log */
    atomic_int kraft_version;     /* read without the lock */
    struct buf voters_record;     /* KRaftVoters as it stands in the log; empty: there is none */

    /* Of the thread that ticks; -1: not yet. */
    int64_t last_offset_ticked; /* end of the log at the tick before */
    int64_t last_write_ms;      /* when the end had moved */
    int64_t last_snapshot_ms;   /* or the first tick */
    int64_t next_attempt_ms;    /* no snapshot before: the last one could not be written */
    int64_t last_clean_ms;
    int64_t snapshot_offset; /* end of the newest snapshot; 0: there is none */
    int64_t next_epochs_ms;  /* no attempt to write leader-epoch-checkpoint before */
    struct epochs epochs;    /* of the log's records (cluster_epochs.h) */

    struct rwlock image_lock; /* changing the image takes both locks, reading it either */
    struct image image;
    struct rwlock acl_lock; /* the image's ACLs change under this one as well, and may be read under it */
};

/* quorum-state, with us as the leader of our epoch. 0 or -errno. */
int cluster_write_quorum_state(const struct cluster *cluster);

/* metadata.version; 0: none yet. */
int16_t cluster_level(const struct cluster *cluster);

/* Whether there is room on the disk for so many bytes of records, besides what is set aside. What has to be
 * possible on a full disk - deletions above all, which make room, and a node's coming and going - does not
 * ask. */
bool cluster_has_room(struct cluster *cluster, size_t bytes);

/* Adds the records to the writer, in batches of about so many bytes. */
void cluster_write_list(struct batch_writer *writer, const struct record_list *records, size_t batch_bytes);

/* Appends what was written with one write: only a no-op may do without a sync. With an error nothing more
 * may be changed (unless the disk is full). */
enum kerr cluster_append(struct cluster *cluster, const struct batch_writer *writer, struct note *why);

/* Appends what was written with one write and syncs it. With an error nothing more may be changed (unless
 * the disk is full). */
enum kerr cluster_store(struct cluster *cluster, const struct batch_writer *writer, struct note *why);

/* Applies records that are stored from this offset on. */
void cluster_apply(struct cluster *cluster, const struct record_list *records, int64_t first_offset);

/* All of it: one change. */
enum kerr cluster_commit_locked(struct cluster *cluster, const struct record_list *records, struct note *why);

/* What was appended is on stable storage. After an error the directory is offline. */
enum kerr cluster_sync(struct cluster *cluster, struct note *why);

#endif
