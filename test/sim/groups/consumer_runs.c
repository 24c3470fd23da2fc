/* The runs of consumer_sim: see test_groups.c. */
#include "test/sim/groups/consumer_runs.h"

#include "test/sim/groups/consumer_sim.h"

#include <stdio.h>
#include <stdlib.h>

enum { SEEDS = 150, EVENTS = 2000, DEFECT_SEEDS = 10 };

START_TEST(consumer_groups_keep_their_rules)
{
    const char *only = getenv("ODRADEK_SIM_SEED");
    uint64_t from = only == NULL ? 1 : strtoull(only, NULL, 10);
    uint64_t to = only == NULL ? SEEDS : from;
    static struct consumer_sim sim;
    int64_t events = 0, restarts = 0, refused = 0, conversions = 0, assignments = 0;
    for (uint64_t seed = from; seed <= to; seed++) {
        bool held = consumer_sim_run(&sim, seed, EVENTS, false);
        ck_assert_msg(held, "ODRADEK_SIM_SEED=%llu, event %lld: %s", (unsigned long long)seed,
                      (long long)sim.events, sim.fate.wrong);
        events += sim.events;
        restarts += sim.restarts;
        refused += sim.refused;
        conversions += sim.conversions;
        assignments += sim.assignments;
    }
    printf(
        "%llu seeds: %lld events, %lld restarts, %lld refused appends, %lld conversions, %lld assignments\n",
        (unsigned long long)(to - from + 1), (long long)events, (long long)restarts, (long long)refused,
        (long long)conversions, (long long)assignments);
    /* The paths that matter were taken. */
    ck_assert(only != NULL || (restarts > SEEDS && refused > SEEDS && conversions > SEEDS));
}
END_TEST

START_TEST(a_group_that_gives_away_what_is_not_free_is_noticed)
{
    static struct consumer_sim sim;
    bool noticed = false;
    for (uint64_t seed = 1; seed <= DEFECT_SEEDS && !noticed; seed++)
        noticed = !consumer_sim_run(&sim, seed, EVENTS, true) && strncmp(sim.fate.wrong, "C3", 2) == 0;
    ck_assert_msg(noticed, "%s", sim.fate.wrong);
}
END_TEST

void add_consumer_runs(TCase *tcase)
{
    tcase_add_test(tcase, consumer_groups_keep_their_rules);
    tcase_add_test(tcase, a_group_that_gives_away_what_is_not_free_is_noticed);
}
