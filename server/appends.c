/*
 * See appends.h. Invariants:
 *   1. A partition has at most one chain in a run; chains and the batches in them keep the order of the
 *      requests.
 *   2. All chains are appended before any is synced, so that the device gets its syncs together.
 */
#include "server/appends.h"

#include "protocol/base/arena.h"
#include "storage/os/clock.h"

enum { FEW_CHAINS = 24 }; /* up to here a walk is quicker than a hash */

static struct slice key_of(struct partition *const *partition)
{
    return slice_of(partition, sizeof(struct partition *));
}

static struct append_chain *find_chain(struct appends *appends, struct partition *partition)
{
    if (appends->chain_count > FEW_CHAINS)
        return map_find(&appends->by_partition, key_of(&partition));
    struct append_chain *chain = appends->first;
    while (chain != NULL && chain->partition != partition)
        chain = chain->next;
    return chain;
}

static void index_chains(struct appends *appends)
{
    struct append_chain *chain = appends->chain_count == FEW_CHAINS + 1 ? appends->first : appends->last;
    for (; chain != NULL; chain = chain->next)
        map_put(&appends->by_partition, key_of(&chain->partition), chain);
}

static struct append_chain *add_chain(struct appends *appends, struct arena *arena,
                                      struct partition *partition)
{
    struct append_chain *chain = arena_new(arena, struct append_chain);
    chain->partition = partition;
    if (appends->last == NULL)
        appends->first = chain;
    else
        appends->last->next = chain;
    appends->last = chain;
    appends->chain_count++;
    if (appends->chain_count > FEW_CHAINS)
        index_chains(appends);
    return chain;
}

void appends_add(struct appends *appends, struct arena *arena, struct partition *partition,
                 struct append *append, int64_t timeout_ms)
{
    struct append_chain *chain = find_chain(appends, partition);
    if (chain == NULL) {
        chain = add_chain(appends, arena, partition);
        chain->first = append;
    } else {
        partition_unref(partition);
        chain->last->next = append;
    }
    chain->last = append;
    if (timeout_ms > chain->timeout_ms)
        chain->timeout_ms = timeout_ms;
}

/* Up to where the chain's answers wait for stable storage; -1 if none does. */
static int64_t offset_to_sync(const struct append_chain *chain)
{
    int64_t offset = -1;
    for (const struct append *append = chain->first; append != NULL; append = append->next)
        if (append->sync_offset > offset)
            offset = append->sync_offset;
    return offset;
}

static void sync_chain(struct append_chain *chain)
{
    int64_t offset = offset_to_sync(chain);
    if (offset < 0)
        return;
    enum kerr error = partition_sync(chain->partition, offset, clock_monotonic_ms() + chain->timeout_ms);
    if (error == KERR_NONE)
        return;
    for (struct append *append = chain->first; append != NULL; append = append->next)
        if (append->sync_offset >= 0 && append->error == KERR_NONE)
            append->error = error;
}

void appends_execute(struct appends *appends)
{
    if (appends->first == NULL)
        return;
    int64_t now_ms = clock_wall_ms();
    for (struct append_chain *chain = appends->first; chain != NULL; chain = chain->next)
        partition_append(chain->partition, chain->first, now_ms);
    for (struct append_chain *chain = appends->first; chain != NULL; chain = chain->next)
        sync_chain(chain);
}

void appends_reset(struct appends *appends)
{
    for (struct append_chain *chain = appends->first; chain != NULL; chain = chain->next)
        partition_unref(chain->partition);
    map_fini(&appends->by_partition);
    *appends = (struct appends){0};
}
