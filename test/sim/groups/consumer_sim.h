/*
 * consumer_sim: groups of consumers that speak the consumer protocol (KIP-848) or the classic one and change
 * between the two, driven by a seed: heartbeats that are lost, late or sent again, members that die or go
 * away for a while, topics that grow, appends that are refused, restarts. What must hold:
 *
 *  C1. Every request is answered once; joins that wait, in the end.
 *  C2. A group's epoch only rises while there are records of it, and so does what a member is told.
 *  C3. In a consumer group a partition belongs to one member at most, and nobody who is in step with its
 *      group owns what the group does not know of it.
 *  C4. A restart, from all records or from what compaction leaves, gives the same groups.
 *  C5. Counts are what a look at all members finds, and no deadline lies before the look at the group.
 *  C6. Once nothing goes wrong any more every group comes to rest: each partition has one owner, all are in
 *      the newest epoch, and nobody is thrown out.
 */
#ifndef TEST_CONSUMER_SIM_H
#define TEST_CONSUMER_SIM_H

#include "test/sim/groups/fate.h"
#include "test/unit/server/coordinator/consumer_fixture.h"

enum { CONSUMERS = 10, CONSUMER_GROUPS = 2, CONSUMER_PAST = 16 };

/* What a client has, whatever protocol it speaks. */
struct consumer {
    int index;
    const char *group;
    char instance[8]; /* "": a dynamic member */
    char member[64];  /* "": none */
    bool is_alive;
    bool is_classic;
    bool is_eager;  /* gives up everything before it joins again (classic) */
    bool has_regex; /* reads all topics that begin with "a" or "b", else those two */
    bool is_member;
    bool has_missed; /* an answer: its next heartbeat says everything, so that it is told everything */
    int32_t epoch;
    uint32_t owned; /* bits: partitions of a, from 16 on those of b */
    int64_t beat_ms;
    struct ask *ask; /* a join that waits */
};

struct consumer_sim {
    struct shard shard;
    struct fate fate;
    struct consumer clients[CONSUMERS];
    struct beat_ask past[CONSUMER_PAST];
    char past_member[CONSUMER_PAST][64], past_owned[CONSUMER_PAST][256];
    int past_count;
    int32_t epoch[CONSUMER_GROUPS]; /* the highest that was seen */
    bool forgets_owner;             /* a planted defect: the group gives away what is not free */
    int64_t events, restarts, refused, conversions, assignments, thrown_out;
};

/* A run: so many events, then calm. True if all rules held; else sim->fate.wrong says which did not. */
bool consumer_sim_run(struct consumer_sim *sim, uint64_t seed, int events, bool forgets_owner);

#endif
