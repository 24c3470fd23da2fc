/* Quotas: which entities are the same, and what is left when limits go. */
#include "metadata/quotas.h"

#include <check.h>
#include <stdlib.h>

static struct quotas quotas;

static void set_up(void)
{
    quotas_init(&quotas, 3);
}

static void tear_down(void)
{
    quotas_fini(&quotas);
}

#define USER(name)                 \
    {                              \
        SLICE("user"), SLICE(name) \
    }
#define CLIENT(name)                    \
    {                                   \
        SLICE("client-id"), SLICE(name) \
    }

/* 0: no such limit. */
static double limit(const struct quota_part *parts, int32_t count, const char *key)
{
    const struct quota_limit *found = quota_entity_find(quotas_find(&quotas, parts, count), slice_str(key));
    return found == NULL ? 0 : found->value;
}

START_TEST(the_order_of_parts_does_not_matter)
{
    struct quota_part one[] = {USER("u"), CLIENT("c")}, other[] = {CLIENT("c"), USER("u")};
    quotas_set(&quotas, one, 2, SLICE("k"), 5);
    quotas_set(&quotas, other, 2, SLICE("k"), 6);
    ck_assert_double_eq(limit(one, 2, "k"), 6);
    ck_assert_uint_eq(quotas.by_identity.count, 1);
    const struct quota_entity *entity = quotas_find(&quotas, one, 2);
    ck_assert(slice_equal_str(entity->parts[0].type, "client-id"));
    ck_assert(slice_equal_str(quota_entity_part(entity, SLICE("user"))->name, "u"));
    ck_assert_ptr_null(quota_entity_part(entity, SLICE("ip")));
}
END_TEST

START_TEST(the_default_is_another_than_the_empty_name_and_than_any_name)
{
    struct quota_part nobody[] = {{SLICE("user"), SLICE_NULL}}, empty[] = {USER("")}, named[] = {USER("d")};
    quotas_set(&quotas, nobody, 1, SLICE("k"), 1);
    quotas_set(&quotas, empty, 1, SLICE("k"), 2);
    quotas_set(&quotas, named, 1, SLICE("k"), 3);
    ck_assert_double_eq(limit(nobody, 1, "k"), 1);
    ck_assert_double_eq(limit(empty, 1, "k"), 2);
    ck_assert_double_eq(limit(named, 1, "k"), 3);
    ck_assert(slice_is_null(quotas_find(&quotas, nobody, 1)->parts[0].name));
}
END_TEST

START_TEST(texts_that_run_into_each_other_are_told_apart)
{
    struct quota_part one[] = {{SLICE("us"), SLICE("er")}}, other[] = {{SLICE("use"), SLICE("r")}};
    quotas_set(&quotas, one, 1, SLICE("k"), 1);
    ck_assert_ptr_null(quotas_find(&quotas, other, 1));
}
END_TEST

START_TEST(of_two_parts_of_a_type_the_last_counts)
{
    struct quota_part both[] = {USER("a"), USER("b")}, last[] = {USER("b")};
    quotas_set(&quotas, both, 2, SLICE("k"), 1);
    ck_assert_double_eq(limit(last, 1, "k"), 1);
    ck_assert_int_eq(quotas_find(&quotas, last, 1)->part_count, 1);
}
END_TEST

START_TEST(an_entity_goes_with_its_last_limit)
{
    struct quota_part user[] = {USER("u")};
    quotas_set(&quotas, user, 1, SLICE("b"), 1);
    quotas_set(&quotas, user, 1, SLICE("a"), 2);
    quotas_set(&quotas, user, 1, SLICE("c"), 3);
    ck_assert(slice_equal_str(quotas_find(&quotas, user, 1)->limits[0].key, "a"));
    quotas_remove(&quotas, user, 1, SLICE("b"));
    quotas_remove(&quotas, user, 1, SLICE("b"));
    ck_assert_double_eq(limit(user, 1, "a"), 2);
    ck_assert_double_eq(limit(user, 1, "c"), 3);
    quotas_remove(&quotas, user, 1, SLICE("a"));
    quotas_remove(&quotas, user, 1, SLICE("c"));
    quotas_remove(&quotas, user, 1, SLICE("c"));
    ck_assert_ptr_null(quotas_find(&quotas, user, 1));
    ck_assert_uint_eq(quotas.by_identity.count, 0);
}
END_TEST

START_TEST(all_come_in_the_same_order_however_they_were_set)
{
    struct quota_part parts[][1] = {{USER("b")}, {CLIENT("z")}, {USER("a")}};
    for (int i = 0; i < 3; i++)
        quotas_set(&quotas, parts[i], 1, SLICE("k"), i);
    const struct quota_entity **sorted = quotas_sorted(&quotas);
    ck_assert(slice_equal_str(sorted[0]->parts[0].name, "z"));
    ck_assert(slice_equal_str(sorted[1]->parts[0].name, "a"));
    ck_assert(slice_equal_str(sorted[2]->parts[0].name, "b"));
    free(sorted);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("quotas");
    TCase *tcase = tcase_create("quotas");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, the_order_of_parts_does_not_matter);
    tcase_add_test(tcase, the_default_is_another_than_the_empty_name_and_than_any_name);
    tcase_add_test(tcase, texts_that_run_into_each_other_are_told_apart);
    tcase_add_test(tcase, of_two_parts_of_a_type_the_last_counts);
    tcase_add_test(tcase, an_entity_goes_with_its_last_limit);
    tcase_add_test(tcase, all_come_in_the_same_order_however_they_were_set);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
