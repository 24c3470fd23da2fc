/*
 * group_checks: what must hold of groups, whatever happens:
 *
 *  1. A reply is answered at most once, and exactly once in the end unless it was withdrawn.
 *  2. No reply waits longer than the longest rebalance timeout.
 *  3. Generations only rise: those that were joined until a restart, those that were assigned for ever.
 *  4. In one generation a partition has one owner.
 *  5. A group that is loaded is the one that its last record says; where it was at rest before, it is the
 *     same.
 *  6. Counts are what a look at all members finds, and no deadline lies before the time at which the group
 *     is looked at (classic_state.h).
 *  7. Once nothing goes wrong any more, all clients that live come to rest in one generation of their group,
 *     and every partition has an owner; then nobody is thrown out.
 */
#ifndef TEST_GROUP_CHECKS_H
#define TEST_GROUP_CHECKS_H

#include "test/sim/groups/group_sim.h"

/* Rules 1, 2 and, of what was joined, 3. */
void check_waits(struct sim *sim);

/* Rules 3, of what was assigned, and 4: a client was given these partitions (bits) in a generation. */
void check_assigned(struct sim *sim, const struct sim_client *client, int32_t generation,
                    uint32_t partitions);

/* Rule 5: around a restart. What check_before gives is for check_after. */
struct described;
struct described *check_before(struct sim *sim);
void check_after(struct sim *sim, struct described *before);

/* Rule 6, of all groups. */
void check_counts(struct sim *sim);

/* Rule 7. */
void check_rest(struct sim *sim);

#endif
