/*
 * node: a broker without its sockets: a log directory or two, the cluster's metadata and the partitions that
 * it assigns, opened and closed in the order of server/broker.c. One thread.
 */
#ifndef TEST_SIM_NODE_H
#define TEST_SIM_NODE_H

#include "metadata/cluster.h"
#include "storage/partitions.h"
#include "test/sim/sim_fs.h"

#define NODE_PATH       "/data"
#define NODE_OTHER_PATH "/other"

enum { NODE_DIRS = 2 };

struct node {
    struct sim_fs *fs;    /* borrowed; has the first directory, with the cluster log */
    struct sim_fs *other; /* borrowed; has the second; NULL: there is none */
    struct data_dir *dirs[NODE_DIRS];
    int32_t dir_count;
    struct cluster *cluster;
    struct partitions *partitions;
    bool was_clean;
    struct uuid directory_ids[NODE_DIRS]; /* of those in order, the first one's first */
    int32_t directory_id_count;
    struct endpoint endpoint;
    struct cluster_node self;
};

/* False with the reason, and nothing is open then. Formats an empty directory. */
bool node_start(struct node *node, struct sim_fs *fs, struct note *why);

/* The same with a second log directory on a disk of its own, which may fail. Every other partition is
 * in it. */
bool node_start_on_two(struct node *node, struct sim_fs *fs, struct sim_fs *other, struct note *why);

/* Whether the cluster says that the partition lies in the second directory. */
bool node_has_on_other(const struct node *node, struct uuid topic_id, int32_t index);
bool node_other_is_offline(const struct node *node);

/* The clean stop; false if something could not be written. */
bool node_stop(struct node *node);

/* Frees everything and writes nothing: what a killed process leaves. */
void node_kill(struct node *node);

/* As CreateTopics and DeleteTopics: the change is committed, then the partitions follow. */
enum kerr node_create_topic(struct node *node, const char *name, struct uuid id, int32_t partitions);
enum kerr node_delete_topic(struct node *node, struct uuid id, int32_t partitions);

/* Everything is small. Topics whose names begin with "c" are compacted, with "p" kept to a size, with "a" for
 * a time; all others are kept. */
struct log_config node_log_config(struct slice topic);

#endif
