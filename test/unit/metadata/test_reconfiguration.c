/*
 * reconfiguration: settings of which the cluster, the broker and server.properties each may have their own.
 * The texts are in the conversation 18 with Apache Kafka.
 */
#include "metadata/controller/reconfiguration.h"
#include "test/unit/metadata/controller_fixture.h"

#include <stdio.h>

static struct world world;
static struct config_entry entries[8];
static struct overrides after;
static struct config_entry fixed[] = {
    {SLICE("group.consumer.min.assignment.interval.ms"), SLICE("500")}, /* in order of name */
    {SLICE("log.cleaner.threads"), SLICE("4")},
};

static void set_up(void)
{
    world_init(&world);
    world.fixed = (struct config_set){
        .resource_type = RESOURCE_BROKER, .resource_name = SLICE(""), .entries = fixed, .count = 2};
    after = (struct overrides){entries, 0};
}

static void tear_down(void)
{
    world_fini(&world);
}

enum { OWN, ALL };

static bool may(int of, const char *name, const char *value)
{
    struct note why = {""};
    if (value != NULL)
        overrides_set(&after, slice_str(name), slice_str(value));
    enum kerr error = check_reconfiguration(&world.controller, &after, of == ALL, &why);
    ck_assert_int_eq(error, why.text[0] == '\0' ? KERR_NONE : KERR_INVALID_REQUEST);
    after.count = 0;
    return error == KERR_NONE;
}

START_TEST(a_step_is_measured_from_what_is_in_force)
{
    ck_assert(may(OWN, "log.cleaner.threads", "8"));
    ck_assert(!may(OWN, "log.cleaner.threads", "9"));
    ck_assert(may(OWN, "log.cleaner.threads", "2"));
    ck_assert(!may(OWN, "log.cleaner.threads", "1"));
    add_config(&world.records, RESOURCE_BROKER, "", "log.cleaner.threads", "8");
    world_commit(&world);
    ck_assert(may(OWN, "log.cleaner.threads", "16"));
    add_config(&world.records, RESOURCE_BROKER, "1", "log.cleaner.threads", "16");
    world_commit(&world);
    ck_assert(may(OWN, "log.cleaner.threads", "32"));
    ck_assert(may(OWN, "log.cleaner.threads", NULL));  /* 8 again */
    ck_assert(may(ALL, "log.cleaner.threads", "100")); /* this broker has its own */
}
END_TEST

START_TEST(what_goes_away_is_a_change_as_well)
{
    add_config(&world.records, RESOURCE_BROKER, "1", "log.cleaner.threads", "16");
    world_commit(&world);
    ck_assert(!may(OWN, "log.flush.interval.ms", "5")); /* without it: 4 */
    overrides_set(&after, SLICE("log.cleaner.threads"), SLICE("16"));
    ck_assert(may(OWN, "log.flush.interval.ms", "5"));
}
END_TEST

START_TEST(memory_is_enough_for_all_threads_together)
{
    ck_assert(!may(OWN, "log.cleaner.dedupe.buffer.size", "4194307"));
    ck_assert(may(OWN, "log.cleaner.dedupe.buffer.size", "4194308"));
    overrides_set(&after, SLICE("log.cleaner.threads"), SLICE("5"));
    ck_assert(!may(OWN, "log.cleaner.dedupe.buffer.size", "4194308"));
    ck_assert(!may(OWN, "log.cleaner.threads", "0"));
    ck_assert(!may(OWN, "log.cleaner.dedupe.buffer.size", "-9223372036854775808"));
}
END_TEST

START_TEST(an_interval_between_assignments_stays_within_its_bounds)
{
    ck_assert(may(ALL, "group.consumer.assignment.interval.ms", "500"));
    ck_assert(!may(ALL, "group.consumer.assignment.interval.ms", "499"));
    ck_assert(may(ALL, "group.consumer.assignment.interval.ms", "15000"));
    ck_assert(!may(OWN, "group.consumer.assignment.interval.ms", "15001"));
    ck_assert(may(ALL, "group.share.assignment.interval.ms", "0"));
    ck_assert(!may(ALL, "group.streams.assignment.interval.ms", "15001"));
}
END_TEST

/* Somebody else's directory: what is wrong there and stays as it is stands in nobody's way. */
START_TEST(what_does_not_change_is_not_looked_at)
{
    add_config(&world.records, RESOURCE_BROKER, "1", "log.cleaner.dedupe.buffer.size", "1");
    add_config(&world.records, RESOURCE_BROKER, "1", "num.io.threads", "1000");
    add_config(&world.records, RESOURCE_BROKER, "1", "max.connections", "nonsense");
    world_commit(&world);
    overrides_set(&after, SLICE("log.cleaner.dedupe.buffer.size"), SLICE("1"));
    overrides_set(&after, SLICE("max.connections"), SLICE("nonsense"));
    ck_assert(may(OWN, "num.io.threads", "1000"));
}
END_TEST

START_TEST(a_step_is_not_measured_from_what_is_passed_over)
{
    add_config(&world.records, RESOURCE_BROKER, "1", "num.io.threads", "0"); /* and 8 is the default */
    world_commit(&world);
    ck_assert(may(OWN, "num.io.threads", "16"));
    ck_assert(may(OWN, "num.io.threads", NULL));
}
END_TEST

START_TEST(no_address_may_connect_only_where_some_have_a_limit_of_their_own)
{
    ck_assert(!may(OWN, "max.connections.per.ip", "0"));
    overrides_set(&after, SLICE("max.connections.per.ip"), SLICE("0"));
    ck_assert(may(OWN, "max.connections.per.ip.overrides", "10.0.0.1:5"));
    overrides_set(&after, SLICE("max.connections.per.ip"), SLICE("0"));
    ck_assert(!may(OWN, "max.connections.per.ip.overrides", ""));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reconfiguration");
    TCase *tests = tcase_create("reconfiguration");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_step_is_measured_from_what_is_in_force);
    tcase_add_test(tests, what_goes_away_is_a_change_as_well);
    tcase_add_test(tests, memory_is_enough_for_all_threads_together);
    tcase_add_test(tests, an_interval_between_assignments_stays_within_its_bounds);
    tcase_add_test(tests, what_does_not_change_is_not_looked_at);
    tcase_add_test(tests, a_step_is_not_measured_from_what_is_passed_over);
    tcase_add_test(tests, no_address_may_connect_only_where_some_have_a_limit_of_their_own);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
