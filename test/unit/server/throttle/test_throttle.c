/* Who has which quota, with whom he shares it, and what it lets through. */
#include "server/throttle/throttle.h"

#include "protocol/base/ensure.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NOW_MS = 100000, MANY = 3000 };

static struct throttle *throttle;
static struct quotas quotas;
static struct throttle_client one, other;

static const struct throttle_settings settings = {{11, 1000}, {11, 1000}};

static void set_up(void)
{
    quotas_init(&quotas, 1);
    throttle = throttle_new(&settings, 7);
    one = other = (struct throttle_client){0};
}

static void tear_down(void)
{
    throttle_client_fini(throttle, &one);
    throttle_client_fini(throttle, &other);
    throttle_free(throttle);
    quotas_fini(&quotas);
}

/* "" is the default, NULL no part. */
static void set_quota(const char *user, const char *client_id, const char *key, double limit)
{
    struct quota_part parts[2];
    int32_t count = 0;
    if (user != NULL)
        parts[count++] = (struct quota_part){SLICE(QUOTA_USER), *user == '\0' ? SLICE_NULL : slice_str(user)};
    if (client_id != NULL)
        parts[count++] = (struct quota_part){SLICE(QUOTA_CLIENT_ID),
                                             *client_id == '\0' ? SLICE_NULL : slice_str(client_id)};
    quotas_set(&quotas, parts, count, slice_str(key), limit);
    throttle_follow(throttle, &quotas);
}

static void set_address_quota(const char *address, double limit)
{
    struct quota_part part = {SLICE(QUOTA_IP), *address == '\0' ? SLICE_NULL : slice_str(address)};
    quotas_set(&quotas, &part, 1, SLICE("connection_creation_rate"), limit);
    throttle_follow(throttle, &quotas);
}

static int32_t use(struct throttle_client *client, const char *user, const char *client_id,
                   enum quota_kind kind, double value)
{
    struct throttle_asker asker = {client, slice_str(user), slice_str(client_id), NOW_MS};
    return throttle_record(throttle, &asker, kind, value);
}

/* ---- rules ---- */

/* Each step wins against all that stand below it. */
static const struct {
    const char *user, *client_id;
    bool by_user, by_client;
} steps[] = {
    {"u", "c", true, true}, {"u", "", true, true},   {"u", NULL, true, false}, {"", "c", true, true},
    {"", "", true, true},   {"", NULL, true, false}, {NULL, "c", false, true}, {NULL, "", false, true},
};

enum { STEPS = sizeof steps / sizeof steps[0] };

START_TEST(the_most_particular_quota_wins_and_says_who_shares_it)
{
    struct quota_rule rule;
    for (int i = STEPS - 1; i >= _i; i--)
        set_quota(steps[i].user, steps[i].client_id, "producer_byte_rate", i + 1);
    ck_assert(quota_rules_find(&quotas, QUOTA_PRODUCE, SLICE("u"), SLICE("c"), &rule));
    ck_assert_double_eq(rule.limit, _i + 1);
    ck_assert_int_eq(rule.by_user, steps[_i].by_user);
    ck_assert_int_eq(rule.by_client, steps[_i].by_client);
}
END_TEST

START_TEST(a_quota_of_another_kind_or_of_somebody_else_is_none)
{
    struct quota_rule rule;
    set_quota("u", "c", "consumer_byte_rate", 5);
    ck_assert(!quota_rules_find(&quotas, QUOTA_PRODUCE, SLICE("u"), SLICE("c"), &rule));
    ck_assert(!quota_rules_find(&quotas, QUOTA_FETCH, SLICE("u"), SLICE("d"), &rule));
    ck_assert(throttle_is_on(throttle, QUOTA_FETCH));
    ck_assert(!throttle_is_on(throttle, QUOTA_PRODUCE));
}
END_TEST

/* ---- buckets ---- */

START_TEST(without_a_quota_nothing_is_counted_or_kept)
{
    ck_assert_int_eq(use(&one, "u", "c", QUOTA_PRODUCE, 1e12), 0);
    ck_assert_uint_eq(throttle_bucket_count(throttle), 0);
}
END_TEST

START_TEST(clients_of_one_user_share_what_the_user_has)
{
    set_quota("u", NULL, "producer_byte_rate", 100);
    ck_assert_int_eq(use(&one, "u", "c", QUOTA_PRODUCE, 1000), 0);
    ck_assert_int_eq(use(&other, "u", "d", QUOTA_PRODUCE, 1000), 10000);
}
END_TEST

START_TEST(a_default_quota_is_each_client_ids_own)
{
    set_quota(NULL, "", "consumer_byte_rate", 100);
    ck_assert_int_eq(use(&one, "u", "c", QUOTA_FETCH, 1000), 0);
    ck_assert_int_eq(use(&other, "u", "d", QUOTA_FETCH, 1000), 0);
    ck_assert_int_eq(use(&other, "v", "c", QUOTA_FETCH, 1000), 10000);
}
END_TEST

START_TEST(a_changed_quota_counts_at_once_with_what_was_used)
{
    set_quota("u", NULL, "producer_byte_rate", 100);
    ck_assert_int_eq(use(&one, "u", "c", QUOTA_PRODUCE, 1000), 0);
    set_quota("u", NULL, "producer_byte_rate", 50);
    ck_assert_int_eq(use(&one, "u", "c", QUOTA_PRODUCE, 0), 10000);
    set_quota("u", NULL, "producer_byte_rate", 1000);
    ck_assert_int_eq(use(&one, "u", "c", QUOTA_PRODUCE, 0), 0);
}
END_TEST

START_TEST(for_its_time_a_client_waits_a_sample_at_most)
{
    set_quota("u", NULL, "request_percentage", 1);
    ck_assert_int_eq(use(&one, "u", "c", QUOTA_REQUEST, 1000), 1000);
}
END_TEST

/* A client may set one: Apache Kafka takes it too. */
START_TEST(a_limit_that_is_no_number_lets_nobody_wait)
{
    struct throttle_asker asker = {&one, SLICE("u"), SLICE_NULL, NOW_MS};
    int32_t throttle_ms = 0;
    set_quota("u", NULL, "consumer_byte_rate", NAN);
    set_quota("u", NULL, "controller_mutation_rate", NAN);
    ck_assert_int_eq(throttle_fetch_max_bytes(throttle, &asker), 0);
    ck_assert_int_eq(throttle_record(throttle, &asker, QUOTA_FETCH, 1e9), 0);
    ck_assert(throttle_take_mutations(throttle, &asker, 1000, true, &throttle_ms));
    ck_assert(throttle_take_mutations(throttle, &asker, 1000, false, &throttle_ms));
    ck_assert_int_eq(throttle_ms, 0);
}
END_TEST

START_TEST(a_fetch_may_bring_what_its_window_holds)
{
    struct throttle_asker asker = {&one, SLICE("u"), SLICE_NULL, NOW_MS};
    ck_assert_int_eq(throttle_fetch_max_bytes(throttle, &asker), INT32_MAX);
    set_quota("u", NULL, "consumer_byte_rate", 100);
    ck_assert_int_eq(throttle_fetch_max_bytes(throttle, &asker), 1000);
    set_quota("u", NULL, "consumer_byte_rate", 1e15);
    ck_assert_int_eq(throttle_fetch_max_bytes(throttle, &asker), INT32_MAX);
}
END_TEST

START_TEST(strict_askers_are_refused_below_zero_and_others_wait)
{
    struct throttle_asker asker = {&one, SLICE("u"), SLICE("c"), NOW_MS};
    int32_t ms = 0;
    set_quota("u", NULL, "controller_mutation_rate", 1);
    ck_assert(throttle_take_mutations(throttle, &asker, 12, true, &ms)); /* eleven are there */
    ck_assert_int_eq(ms, 0);
    ck_assert(!throttle_take_mutations(throttle, &asker, 1, true, &ms));
    ck_assert_int_eq(ms, 1000);
    ms = 0;
    ck_assert(throttle_take_mutations(throttle, &asker, 1, false, &ms));
    ck_assert_int_eq(ms, 2000);
}
END_TEST

START_TEST(an_address_has_its_own_rate_of_connections_or_the_default)
{
    set_address_quota("", 1);
    set_address_quota("10.0.0.2", 1000);
    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(throttle_connection(throttle, "10.0.0.1", NOW_MS), 0);
    ck_assert_int_eq(throttle_connection(throttle, "10.0.0.1", NOW_MS), 1000);
    ck_assert_int_eq(throttle_connection(throttle, "10.0.0.1", NOW_MS), 1000); /* the refused do not count */
    ck_assert_int_eq(throttle_connection(throttle, "10.0.0.2", NOW_MS), 0);
}
END_TEST

START_TEST(buckets_that_nobody_holds_go_when_their_window_has_passed)
{
    char id[16];
    set_quota(NULL, "", "producer_byte_rate", 100);
    for (int i = 0; i < MANY; i++) {
        snprintf(id, sizeof id, "c%d", i);
        struct throttle_asker asker = {&one, SLICE("u"), slice_str(id), NOW_MS + i * INT64_C(1000)};
        throttle_record(throttle, &asker, QUOTA_PRODUCE, 1);
    }
    ck_assert_uint_lt(throttle_bucket_count(throttle), MANY / 2);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("throttle");
    TCase *tests = tcase_create("throttle");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, the_most_particular_quota_wins_and_says_who_shares_it, 0, STEPS);
    tcase_add_test(tests, a_quota_of_another_kind_or_of_somebody_else_is_none);
    tcase_add_test(tests, without_a_quota_nothing_is_counted_or_kept);
    tcase_add_test(tests, clients_of_one_user_share_what_the_user_has);
    tcase_add_test(tests, a_default_quota_is_each_client_ids_own);
    tcase_add_test(tests, a_changed_quota_counts_at_once_with_what_was_used);
    tcase_add_test(tests, for_its_time_a_client_waits_a_sample_at_most);
    tcase_add_test(tests, a_limit_that_is_no_number_lets_nobody_wait);
    tcase_add_test(tests, a_fetch_may_bring_what_its_window_holds);
    tcase_add_test(tests, strict_askers_are_refused_below_zero_and_others_wait);
    tcase_add_test(tests, an_address_has_its_own_rate_of_connections_or_the_default);
    tcase_add_test(tests, buckets_that_nobody_holds_go_when_their_window_has_passed);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
