/*
 * appends: the batches of a run on their way into their partitions: one chain per partition, so that each
 * partition is locked, written and synced once however many requests named it.
 */
#ifndef SERVER_APPENDS_H
#define SERVER_APPENDS_H

#include "protocol/base/map.h"
#include "storage/partition.h"

struct arena;

struct append_chain {
    struct partition *partition; /* referenced until appends_reset */
    struct append *first;
    struct append *last;
    struct append_chain *next;
    int64_t timeout_ms; /* the longest of its requests */
};

struct appends {
    struct append_chain *first;
    struct append_chain *last;
    int chain_count;
    struct map by_partition; /* used once there are many chains */
};

/* Adds a batch. Takes over the reference to the partition. The append lives in the arena. */
void appends_add(struct appends *appends, struct arena *arena, struct partition *partition,
                 struct append *append, int64_t timeout_ms);

/* Appends every chain, then syncs the partitions whose producers wait for stable storage. Each append then
 * holds its result; one that could not be synced has KAFKA_STORAGE_ERROR or REQUEST_TIMED_OUT. Blocks for the
 * syncs. */
void appends_execute(struct appends *appends);

void appends_reset(struct appends *appends);

#endif
