/*
 * digest: numbers for what the clients of a node can see, to compare two nodes by.
 */
#ifndef TEST_SIM_DIGEST_H
#define TEST_SIM_DIGEST_H

#include "test/sim/model.h"
#include "test/sim/node.h"
#include "test/sim/sim_fs.h"

/* Everything that a reader gets, of every partition and isolation, with offsets and aborted transactions. */
uint64_t digest_records(struct node *node, struct model *model);

/* Fetches at every batch of the model, and searches for every timestamp. */
uint64_t digest_lookups(struct node *node, struct model *model);

/* The topics that the cluster has, with their partitions and replicas. */
uint64_t digest_topics(struct node *node);

#endif
