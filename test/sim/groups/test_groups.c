/*
 * A million events in the lives of groups, and every rule of group_checks.h held against each of them; and
 * that each rule notices when it is broken. ODRADEK_SIM_SEED=n runs one seed and says what it did.
 */
#include "test/sim/groups/consumer_runs.h"
#include "test/sim/groups/group_sim.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

enum { SEEDS = 500, EVENTS = 2000, DEFECT_SEEDS = 20 };

static void report(const struct sim *sim, int seeds)
{
    printf("%d seeds: %lld events, %lld restarts, %lld refused appends, %lld assignments\n", seeds,
           (long long)sim->events, (long long)sim->restarts, (long long)sim->refusals,
           (long long)sim->assignments);
}

static void add(struct sim *sum, const struct sim *sim)
{
    sum->events += sim->events;
    sum->restarts += sim->restarts;
    sum->refusals += sim->refusals;
    sum->assignments += sim->assignments;
}

START_TEST(groups_keep_their_rules_for_a_million_events)
{
    const char *only = getenv("ODRADEK_SIM_SEED");
    uint64_t from = only == NULL ? 1 : strtoull(only, NULL, 10);
    uint64_t to = only == NULL ? SEEDS : from;
    static struct sim sim, sum;
    for (uint64_t seed = from; seed <= to; seed++) {
        bool held = sim_run(&sim, seed, EVENTS, SHARD_IS_RIGHT, false);
        add(&sum, &sim);
        ck_assert_msg(held, "ODRADEK_SIM_SEED=%llu, event %lld: %s", (unsigned long long)seed,
                      (long long)sim.events, sim.fate.wrong);
    }
    report(&sum, (int)(to - from + 1));
    /* The paths that matter were taken. */
    ck_assert(only != NULL || (sum.restarts > SEEDS && sum.refusals > SEEDS && sum.assignments > 10 * SEEDS));
}
END_TEST

START_TEST(a_run_is_a_function_of_its_seed)
{
    static struct sim one, two;
    ck_assert(sim_run(&one, 42, EVENTS, SHARD_IS_RIGHT, false));
    ck_assert(sim_run(&two, 42, EVENTS, SHARD_IS_RIGHT, false));
    ck_assert_uint_eq(one.fate.random, two.fate.random);
    ck_assert_uint_eq(one.shard.random, two.shard.random);
    ck_assert_int_eq(one.assignments, two.assignments);
}
END_TEST

/* Some seed must notice, and must say that it is this rule which is broken. */
static void ck_noticed(enum shard_defect defect, bool leader_errs, const char *rule)
{
    static struct sim sim;
    bool noticed = false;
    for (uint64_t seed = 1; seed <= DEFECT_SEEDS && !noticed; seed++)
        noticed = !sim_run(&sim, seed, EVENTS, defect, leader_errs)
                  && strncmp(sim.fate.wrong, rule, strlen(rule)) == 0;
    ck_assert_msg(noticed, "%s: %s", rule, sim.fate.wrong);
}

START_TEST(an_answer_that_comes_twice_is_noticed)
{
    ck_noticed(SHARD_ANSWERS_TWICE, false, "rule 1");
}
END_TEST

START_TEST(an_answer_that_does_not_come_is_noticed)
{
    ck_noticed(SHARD_LOSES_ANSWERS, false, "rule 2");
}
END_TEST

START_TEST(time_that_stands_still_is_noticed)
{
    ck_noticed(SHARD_FORGETS_TIME, false, "rule 2");
}
END_TEST

START_TEST(a_log_that_goes_back_is_noticed)
{
    ck_noticed(SHARD_LOSES_TAIL, false, "rule 5");
}
END_TEST

START_TEST(generations_that_fall_are_noticed)
{
    ck_noticed(SHARD_TURNS_BACK, false, "rule 3");
}
END_TEST

START_TEST(two_owners_are_noticed)
{
    ck_noticed(SHARD_IS_RIGHT, true, "rule 4");
}
END_TEST

START_TEST(a_record_that_was_not_stored_is_noticed)
{
    ck_noticed(SHARD_LOSES_RECORDS, false, "rule 5");
}
END_TEST

START_TEST(a_record_that_was_refused_and_is_there_is_noticed)
{
    ck_noticed(SHARD_KEEPS_REFUSED, false, "rule 5");
}
END_TEST

START_TEST(a_member_that_loses_its_session_too_soon_is_noticed)
{
    ck_noticed(SHARD_HURRIES, false, "rule 7");
}
END_TEST

START_TEST(a_group_that_nobody_looks_at_is_noticed)
{
    ck_noticed(SHARD_LOOKS_LATE, false, "rule 6");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("groups");
    TCase *tcase = tcase_create("groups");
    tcase_set_timeout(tcase, 500);
    tcase_add_test(tcase, groups_keep_their_rules_for_a_million_events);
    tcase_add_test(tcase, a_run_is_a_function_of_its_seed);
    tcase_add_test(tcase, an_answer_that_comes_twice_is_noticed);
    tcase_add_test(tcase, an_answer_that_does_not_come_is_noticed);
    tcase_add_test(tcase, time_that_stands_still_is_noticed);
    tcase_add_test(tcase, a_log_that_goes_back_is_noticed);
    tcase_add_test(tcase, generations_that_fall_are_noticed);
    tcase_add_test(tcase, two_owners_are_noticed);
    tcase_add_test(tcase, a_record_that_was_not_stored_is_noticed);
    tcase_add_test(tcase, a_record_that_was_refused_and_is_there_is_noticed);
    tcase_add_test(tcase, a_member_that_loses_its_session_too_soon_is_noticed);
    tcase_add_test(tcase, a_group_that_nobody_looks_at_is_noticed);
    add_consumer_runs(tcase);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
