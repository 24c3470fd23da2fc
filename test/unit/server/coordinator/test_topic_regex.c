/* Regular expressions of consumers: syntax, reasons, and what matches. The answers are RE2/J 1.8's. */
#include "server/coordinator/topic_regex.h"

#include <check.h>
#include <stdlib.h>

static const char *reason_of(const char *text)
{
    static struct note why;
    why = (struct note){""};
    struct topic_regex *regex = topic_regex_new(slice_str(text), &why);
    topic_regex_free(regex);
    return regex != NULL ? NULL : why.text;
}

static bool matches(const char *text, const char *topic)
{
    struct note why = {""};
    struct topic_regex *regex = topic_regex_new(slice_str(text), &why);
    ck_assert_msg(regex != NULL, "%s: %s", text, why.text);
    bool does = topic_regex_matches(regex, slice_str(topic));
    topic_regex_free(regex);
    return does;
}

START_TEST(an_expression_matches_whole_names)
{
    ck_assert(matches("foo-.*", "foo-1"));
    ck_assert(!matches("foo-.*", "a-foo-1"));
    ck_assert(!matches("foo", "foo1"));
    ck_assert(matches("foo|foobar", "foobar"));
    ck_assert(matches("^foo$", "foo"));
    ck_assert(!matches("", "foo"));
    ck_assert(matches("a?b?c?|.+", "x"));
}
END_TEST

START_TEST(characters_classes_and_escapes_mean_what_they_mean_to_re2)
{
    ck_assert(matches("a\\.b", "a.b"));
    ck_assert(!matches("a\\.b", "a-b"));
    ck_assert(matches("\\Qa.b\\E*", "a.bbb"));
    ck_assert(matches("\\x41\\x{62}\\103", "AbC"));
    ck_assert(matches("[]a-c-]+", "a-c"));
    ck_assert(matches("[^]a]", "b"));
    ck_assert(matches("\\w+\\W\\d{2,3}", "a_b-123"));
    ck_assert(matches("[[:alpha:]][[:^alpha:]]\\S", "a1."));
    ck_assert(matches("\\p{Lu}\\pN\\P{L}\\p{^Lu}", "A1-a"));
    ck_assert(matches("\\p{Latin}\\PL", "a_"));
    ck_assert(!matches("\\p{Greek}", "a"));
    ck_assert(matches("a\\b-\\Bb?", "a-") || !matches("a\\b-\\Bb?", "a-b"));
    ck_assert(matches("a{0}b{2}c{1,}", "bbcc"));
    ck_assert(!matches("a{,2}", "aa"));
    ck_assert(matches("[\\d\\-x]+", "1-x"));
    ck_assert(!matches("\xc3\xa9", "a"));
}
END_TEST

START_TEST(flags_hold_for_what_is_behind_them_in_their_group)
{
    ck_assert(matches("(?i)ab(?-i)c", "ABc"));
    ck_assert(!matches("(?i)ab(?-i)c", "ABC"));
    ck_assert(matches("((?i)a)b", "Ab"));
    ck_assert(!matches("((?i)a)b", "AB"));
    ck_assert(matches("(?i:a|b)c", "Bc"));
    ck_assert(matches("(?i)[^a]", "b"));
    ck_assert(!matches("(?i)[^a]", "A"));
    ck_assert(matches("(?i)[[:lower:]]", "A"));
    ck_assert(matches("(?i)\xe2\x84\xaa", "k")); /* the Kelvin sign */
    ck_assert(matches("(?sU-m)a+?b", "aab"));
    ck_assert(matches("a+(?i)+", "aa"));
}
END_TEST

START_TEST(groups_may_have_names_and_count_for_nothing)
{
    ck_assert(matches("(?P<one>a)(?<two>b)(?:c)(d)", "abcd"));
    ck_assert_str_eq(reason_of("(?P<n>a)(?P<n>b)"), "duplicate capture group name");
    ck_assert_str_eq(reason_of("(?P<n-x>a)"), "invalid named capture");
    ck_assert_str_eq(reason_of("(?P<n"), "invalid named capture");
}
END_TEST

START_TEST(what_re2_refuses_is_refused_with_its_reason)
{
    static const struct {
        const char *text, *reason;
    } wrong[] = {
        {"([", "missing closing ]"},
        {"(", "missing closing )"},
        {"a)", "regexp/syntax: internal error"},
        {"a**", "invalid nested repetition operator"},
        {"a++", "invalid nested repetition operator"},
        {"a{2}{3}", "invalid nested repetition operator"},
        {"{+", "invalid nested repetition operator"},
        {"*a", "missing argument to repetition operator"},
        {"(*ACCEPT)", "missing argument to repetition operator"},
        {"a|?", "missing argument to repetition operator"},
        {"a{1001}", "invalid repeat count"},
        {"a{3,2}", "invalid repeat count"},
        {"a{99999999999}", "invalid repeat count"},
        {"(?=a)", "invalid or unsupported Perl syntax"},
        {"(?>a)", "invalid or unsupported Perl syntax"},
        {"(?R)", "invalid or unsupported Perl syntax"},
        {"(?P=n)", "invalid or unsupported Perl syntax"},
        {"(?i-)", "invalid or unsupported Perl syntax"},
        {"(?", "invalid or unsupported Perl syntax"},
        {"\\1", "invalid escape sequence"},
        {"\\C", "invalid escape sequence"},
        {"\\Z", "invalid escape sequence"},
        {"\\K", "invalid escape sequence"},
        {"\\xg", "invalid escape sequence"},
        {"\\x{110000}", "invalid escape sequence"},
        {"\\x{", "invalid escape sequence"},
        {"[a-\\d]", "invalid escape sequence"},
        {"a\\", "trailing backslash at end of expression"},
        {"[z-a]", "invalid character class range"},
        {"[[:foo:]]", "invalid character class range"},
        {"[:[:]", "invalid character class range"},
        {"\\p", "invalid character class range"},
        {"\\pX", "invalid character class range"},
        {"\\p{Klingon}", "invalid character class range"},
        {"\\p{greek}", "invalid character class range"},
        {"[a", "missing closing ]"},
        {"[a-", "missing closing ]"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const char *reason = reason_of(wrong[i].text);
        ck_assert_msg(reason != NULL && strcmp(reason, wrong[i].reason) == 0, "%s: %s", wrong[i].text,
                      reason == NULL ? "(none)" : reason);
    }
}
END_TEST

static char *repeated(const char *text, size_t times)
{
    struct buf buf = {0};
    for (size_t i = 0; i < times; i++)
        buf_append_str(&buf, text);
    buf_append_char(&buf, '\0');
    return (char *)buf.data;
}

START_TEST(no_expression_can_cost_much)
{
    char *name = repeated("a", 249), *alternatives = repeated("some-topic-or-other|", 300);
    ck_assert(!matches("(a*)*(a*)*(a*)*(a*)*b", name));
    ck_assert(matches("(a|aa)+", name));
    ck_assert(matches("(.?){300}", name));
    ck_assert(matches(alternatives, "some-topic-or-other"));
    char *groups = repeated("(", 500), *counts = repeated("a{1000}", 500), *many = repeated("ab", 10000);
    ck_assert_str_eq(reason_of(groups), "expression too large");
    ck_assert_str_eq(reason_of("((((a{1000}){1000}){1000}){1000})"), "expression too large");
    ck_assert_str_eq(reason_of(many), "expression too large");
    ck_assert(reason_of(counts) == NULL);
    free(name), free(alternatives), free(groups), free(counts), free(many);
}
END_TEST

START_TEST(the_larger_an_expression_the_fewer_names_are_tried_at_once)
{
    struct topic_regex *small = topic_regex_new(SLICE("foo-.*"), NULL);
    struct topic_regex *large = topic_regex_new(SLICE("(foo-.*){900}"), NULL);
    ck_assert_int_ge(topic_regex_names_at_once(large), 1);
    ck_assert_int_gt(topic_regex_names_at_once(small), 10 * topic_regex_names_at_once(large));
    topic_regex_free(small);
    topic_regex_free(large);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("topic_regex");
    TCase *tcase = tcase_create("all");
    tcase_add_test(tcase, an_expression_matches_whole_names);
    tcase_add_test(tcase, characters_classes_and_escapes_mean_what_they_mean_to_re2);
    tcase_add_test(tcase, flags_hold_for_what_is_behind_them_in_their_group);
    tcase_add_test(tcase, groups_may_have_names_and_count_for_nothing);
    tcase_add_test(tcase, what_re2_refuses_is_refused_with_its_reason);
    tcase_add_test(tcase, no_expression_can_cost_much);
    tcase_add_test(tcase, the_larger_an_expression_the_fewer_names_are_tried_at_once);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
