/* Which names a topic may have, and what is said of the others. */
#include "metadata/controller/topic_name.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

static const char *complaint(const char *name)
{
    static struct note why;
    why = (struct note){{0}};
    ck_assert_int_eq(topic_name_is_valid(slice_str(name), &why), why.text[0] == '\0');
    ck_assert_int_eq(topic_name_is_valid(slice_str(name), NULL), why.text[0] == '\0');
    return why.text;
}

START_TEST(letters_digits_and_three_signs_make_a_name)
{
    ck_assert_str_eq(complaint("a"), "");
    ck_assert_str_eq(complaint("AZaz09._-"), "");
    ck_assert_str_eq(complaint("..."), "");
    ck_assert_str_eq(complaint("__consumer_offsets"), "");
}
END_TEST

START_TEST(the_empty_name_and_the_two_that_directories_have_are_refused)
{
    ck_assert_str_eq(complaint(""), "Topic name is invalid: the empty string is not allowed");
    ck_assert_str_eq(complaint("."), "Topic name is invalid: '.' is not allowed");
    ck_assert_str_eq(complaint(".."), "Topic name is invalid: '..' is not allowed");
}
END_TEST

START_TEST(other_characters_are_refused)
{
    static const char *const names[] = {"a b", "a/b", "\xc3\xa9", "a:", "a\n", "a,b", "../x", "a\x7f"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char expected[200];
        snprintf(expected, sizeof expected,
                 "Topic name is invalid: '%s' contains one or more characters other than ASCII "
                 "alphanumerics, '.', '_' and "
                 "'-'",
                 names[i]);
        ck_assert_str_eq(complaint(names[i]), expected);
    }
}
END_TEST

START_TEST(a_zero_byte_does_not_end_a_name)
{
    ck_assert(!topic_name_is_valid(slice_of("a\0b", 3), NULL));
    ck_assert(!topic_name_is_valid(slice_of(".\0", 2), NULL));
}
END_TEST

START_TEST(the_length_counts_before_the_characters_and_in_utf_16)
{
    char name[1100];
    memset(name, 'x', sizeof name);
    name[249] = '\0';
    ck_assert_str_eq(complaint(name), "");
    name[249] = 'x';
    name[250] = '\0';
    ck_assert_ptr_nonnull(strstr(complaint(name), "x' is longer than the max allowed length 249"));
    name[0] = ' ';
    ck_assert_ptr_nonnull(strstr(complaint(name), "is longer than"));
    for (int i = 0; i < 125; i++) /* 125 characters of two units each */
        memcpy(name + 4 * i, "\xf0\x9f\x98\x80", 4);
    name[500] = '\0';
    ck_assert_ptr_nonnull(strstr(complaint(name), "is longer than"));
    name[496] = '\0';
    ck_assert_ptr_nonnull(strstr(complaint(name), "contains one or more"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("topic_name");
    TCase *tests = tcase_create("names");
    tcase_add_test(tests, letters_digits_and_three_signs_make_a_name);
    tcase_add_test(tests, the_empty_name_and_the_two_that_directories_have_are_refused);
    tcase_add_test(tests, other_characters_are_refused);
    tcase_add_test(tests, a_zero_byte_does_not_end_a_name);
    tcase_add_test(tests, the_length_counts_before_the_characters_and_in_utf_16);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
