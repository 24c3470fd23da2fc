/*
 * partition_set: partitions of topics, in order, each with the epoch in which a member was given it. A plain
 * value: whose memory its items lie in is said by whoever holds one.
 */
#ifndef SERVER_COORDINATOR_PARTITION_SET_H
#define SERVER_COORDINATOR_PARTITION_SET_H

#include "protocol/base/arena.h"
#include "protocol/base/uuid.h"

struct set_partition {
    struct uuid topic;
    int32_t partition;
    int32_t epoch;
};

struct partition_set {
    struct set_partition *items; /* by topic and partition, none twice */
    int32_t count;
};

/* Puts items into order; of those that name the same partition the last one stays. */
void partition_set_sort(struct partition_set *set);

/* A copy of its own memory; and an end of such a one. */
struct partition_set partition_set_dup(const struct partition_set *set);
void partition_set_free(struct partition_set *set);

/* NULL: it is not in there. */
const struct set_partition *partition_set_find(const struct partition_set *set, struct uuid topic,
                                               int32_t partition);

/* How many topics there are, and how many partitions of the one that stands at `first`, which it begins. */
int32_t partition_set_topics(const struct partition_set *set);
int32_t partition_set_run(const struct partition_set *set, int32_t first);

/* The same partitions. */
bool partition_set_equal(const struct partition_set *a, const struct partition_set *b);

/* With the same epochs too. */
bool partition_set_equal_epochs(const struct partition_set *a, const struct partition_set *b);

/* All of both, in the arena. Where both have a partition, a's epoch counts. */
struct partition_set partition_set_unite(const struct partition_set *a, const struct partition_set *b,
                                         struct arena *arena);

#endif
