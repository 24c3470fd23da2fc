/*
 * check_cluster: `__cluster_metadata-0`, looked at without changing it: do its snapshots and its log decode
 * and fit together, what do they say of the cluster, and do the partitions' directories agree with that?
 */
#ifndef METADATA_CHECK_CLUSTER_H
#define METADATA_CHECK_CLUSTER_H

#include "metadata/image.h"
#include "storage/check/check_dir.h"

struct cluster_check {
    struct file_system *fs;
    const char *path; /* of the directory */
    struct findings findings;
    struct image image;
    bool has_image; /* everything could be read, and `image` is what it says */
    int16_t kraft_version;
    int64_t end_offset; /* one past the last record that was read */
    int32_t last_epoch;
};

/* The caller frees with cluster_check_fini. `node_id` -1: not known. */
void check_cluster(struct cluster_check *check, struct file_system *fs, const char *path, int32_t node_id);
void cluster_check_fini(struct cluster_check *check);

/* bootstrap.checkpoint of a log directory, if it is there. */
void check_bootstrap(struct file_system *fs, const char *directory, struct findings *findings);

/* One partition's directory, in one of the broker's, against the image. `topic_id` NULL: its
 * partition.metadata does not tell. */
void check_log_in_cluster(const struct cluster_check *check, const struct dir_check *dirs, int32_t count,
                          const struct dir_check *dir, const struct found_log *log,
                          const struct uuid *topic_id, struct findings *findings);

/* Partitions that should be here, and are in none of the directories. */
void check_missing_logs(const struct cluster_check *check, const struct dir_check *dirs, int32_t count,
                        int32_t node_id, struct findings *findings);

#endif
