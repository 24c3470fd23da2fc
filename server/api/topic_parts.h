/*
 * topic_parts: the topics of an answer that comes in two parts: of what a handler refused itself, and of what
 * it asked the coordinator about. Where both know something of a topic, or one of them twice, it stands in
 * the answer once, where it stood first, with its partitions one after the other. Pure.
 */
#ifndef SERVER_API_TOPIC_PARTS_H
#define SERVER_API_TOPIC_PARTS_H

#include "protocol/base/arena.h"
#include "protocol/base/slice.h"

struct topic_part {
    struct slice key; /* the topic's name, or the bytes of its id; not null */
    void *items;      /* its partitions; borrowed */
    int32_t count;
    int32_t source; /* the caller's; of those that become one, the first one's is kept */
};

/* Makes one of those with the same key, in place; their items are copied into the arena. Returns how many
 * are left. */
int32_t topic_parts_merge(struct topic_part *parts, int32_t count, size_t item_size, uint64_t hash_seed,
                          struct arena *arena);

#endif
