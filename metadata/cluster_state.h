/*
 * cluster_state: what a cluster is made of, and how records get into it. For cluster.c (serving) and
 * cluster_open.c (starting).
 */
#ifndef METADATA_CLUSTER_STATE_H
#define METADATA_CLUSTER_STATE_H

#include "metadata/batch_writer.h"
#include "metadata/cluster.h"
#include "metadata/cluster_log.h"
#include "storage/os/mutex.h"

enum {
    LEVEL_3_6_IV1 = 13,        /* metadata.version from which on there are metadata transactions (KIP-868) */
    BATCH_BYTES_MAX = 8 << 20, /* what Apache Kafka takes for a metadata batch */
    NOT_REGISTERED = -1,
};

struct cluster {
    struct data_dir *dir;
    const struct cluster_node *node;
    char directory[FILE_PATH_MAX]; /* __cluster_metadata-0 */

    struct mutex change_lock; /* guards what follows; one change at a time */
    struct cluster_log log;
    int32_t epoch;            /* raft epoch of our own records */
    int64_t broker_epoch;     /* NOT_REGISTERED: no record says that we are */
    int64_t next_producer_id; /* of our block */
    int64_t end_of_producer_ids;

    struct rwlock image_lock; /* changing the image takes both locks, reading it either */
    struct image image;
};

/* metadata.version; 0: none yet. */
int16_t cluster_level(const struct cluster *cluster);

/* Adds the records to the writer, in batches of about so many bytes. */
void cluster_write_list(struct batch_writer *writer, const struct record_list *records, size_t batch_bytes);

/* Appends what was written with one write and syncs it. With an error nothing more may be changed (unless
 * the disk is full). */
enum kerr cluster_store(struct cluster *cluster, const struct batch_writer *writer, struct note *why);

/* Applies records that are stored from this offset on. */
void cluster_apply(struct cluster *cluster, const struct record_list *records, int64_t first_offset);

/* All of it: one change. */
enum kerr cluster_commit_locked(struct cluster *cluster, const struct record_list *records, struct note *why);

/* Closes the log and gives everything back; writes nothing. */
void cluster_free(struct cluster *cluster);

#endif
