/*
 * node: a broker without its sockets: one log directory, the cluster's metadata and the partitions that it
 * assigns, opened and closed in the order of server/broker.c. One thread.
 */
#ifndef TEST_SIM_NODE_H
#define TEST_SIM_NODE_H

#include "metadata/cluster.h"
#include "storage/partitions.h"
#include "test/sim/sim_fs.h"

#define NODE_PATH "/data"

struct node {
    struct sim_fs *fs; /* borrowed */
    struct data_dir *dir;
    struct cluster *cluster;
    struct partitions *partitions;
    bool was_clean;
    struct uuid directory_id;
    struct endpoint endpoint;
    struct cluster_node self;
};

/* False with the reason, and nothing is open then. Formats an empty directory. */
bool node_start(struct node *node, struct sim_fs *fs, struct note *why);

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
