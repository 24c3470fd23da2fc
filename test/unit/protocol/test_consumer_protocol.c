/* consumer_protocol: reading what consumers say. Every version's bytes: test/golden. */
#include "protocol/consumer_protocol.h"

#include <check.h>
#include <stdlib.h>

static struct arena arena;

static void set_up(void)
{
    arena_init(&arena, 1 << 20);
}

static void tear_down(void)
{
    arena_fini(&arena);
}

/* One topic "t", no user data; then, from version 1 on, one owned partition of it, generation 7, rack "r". */
#define V0_FIELDS 0, 0, 0, 1, 0, 1, 't', 0xff, 0xff, 0xff, 0xff
#define V3_FIELDS V0_FIELDS, 0, 0, 0, 1, 0, 1, 't', 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0, 7, 0, 1, 'r'

static int read_subscription(const uint8_t *bytes, size_t len, struct consumer_protocol_subscription *to)
{
    return consumer_protocol_read(&consumer_protocol_subscription_message, slice_of(bytes, len), &arena, to);
}

START_TEST(a_subscription_is_read_in_its_version)
{
    static const uint8_t v0[] = {0, 0, V0_FIELDS}, v3[] = {0, 3, V3_FIELDS};
    struct consumer_protocol_subscription subscription;
    ck_assert_int_eq(read_subscription(v0, sizeof v0, &subscription), 0);
    ck_assert(subscription.topics.count == 1 && slice_equal_str(subscription.topics.items[0], "t"));
    ck_assert(slice_is_null(subscription.user_data) && subscription.owned_partitions.count == 0);
    ck_assert_int_eq(subscription.generation_id, -1);
    ck_assert_int_eq(read_subscription(v3, sizeof v3, &subscription), 3);
    ck_assert_int_eq(subscription.owned_partitions.items[0].partitions.items[0], 5);
    ck_assert_int_eq(subscription.generation_id, 7);
    ck_assert(slice_equal_str(subscription.rack_id, "r"));
}
END_TEST

START_TEST(a_version_of_tomorrow_is_read_as_the_newest)
{
    static const uint8_t v9[] = {0, 9, V3_FIELDS, 1, 2, 3};
    struct consumer_protocol_subscription subscription;
    ck_assert_int_eq(read_subscription(v9, sizeof v9, &subscription), 3);
    ck_assert_int_eq(subscription.generation_id, 7);
}
END_TEST

START_TEST(what_is_cut_or_has_no_version_is_no_subscription)
{
    static const uint8_t v3[] = {0, 3, V3_FIELDS}, negative[] = {0xff, 0xff, V3_FIELDS};
    struct consumer_protocol_subscription subscription;
    for (size_t len = 0; len < sizeof v3; len++) {
        uint8_t *exact = malloc(len + 1);
        memcpy(exact, v3, len);
        ck_assert_msg(read_subscription(exact, len, &subscription) == -1, "cut to %zu", len);
        free(exact);
    }
    ck_assert_int_eq(read_subscription(negative, sizeof negative, &subscription), -1);
}
END_TEST

START_TEST(an_assignment_is_read_likewise)
{
    static const uint8_t bytes[] = {0, 0, 0, 0, 0, 1, 0, 1, 't', 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0, 1, 'u'};
    struct consumer_protocol_assignment assignment;
    ck_assert_int_eq(consumer_protocol_read(&consumer_protocol_assignment_message,
                                            slice_of(bytes, sizeof bytes), &arena, &assignment),
                     0);
    ck_assert(slice_equal_str(assignment.assigned_partitions.items[0].topic, "t"));
    ck_assert_int_eq(assignment.assigned_partitions.items[0].partitions.items[0], 5);
    ck_assert(slice_equal_str(assignment.user_data, "u"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("consumer_protocol");
    TCase *tcase = tcase_create("consumer_protocol");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, a_subscription_is_read_in_its_version);
    tcase_add_test(tcase, a_version_of_tomorrow_is_read_as_the_newest);
    tcase_add_test(tcase, what_is_cut_or_has_no_version_is_no_subscription);
    tcase_add_test(tcase, an_assignment_is_read_likewise);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
