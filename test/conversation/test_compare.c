/*
 * test_compare: a difference in each kind of field is seen and named, and only what the list of known
 * differences names is let by.
 */
#include "test/conversation/compare.h"

#include <stdio.h>

#include "test/conversation/differences.h"
#include "test/conversation/testing.h"

START_TEST(equal_answers_do_not_differ)
{
    testing_expect_differences("{\"a\":[1,{\"b\":null}],\"c\":\"x\"}", "{\"c\":\"x\",\"a\":[1,{\"b\":null}]}",
                               "");
}
END_TEST

START_TEST(a_number_that_differs_is_named)
{
    testing_expect_differences("{\"answer\":{\"t\":[{\"errorCode\":-1}]}}",
                               "{\"answer\":{\"t\":[{\"errorCode\":0}]}}",
                               "/answer/t/0/errorCode: Kafka -1, here 0");
}
END_TEST

START_TEST(numbers_that_a_double_cannot_tell_apart_differ)
{
    testing_expect_differences("{\"o\":9223372036854775807}", "{\"o\":9223372036854775806}",
                               "/o: Kafka 9223372036854775807, here 9223372036854775806");
    testing_expect_differences("{\"o\":9007199254740993}", "{\"o\":9007199254740992}",
                               "/o: Kafka 9007199254740993, here 9007199254740992");
}
END_TEST

START_TEST(a_double_that_differs_is_named)
{
    testing_expect_differences("{\"v\":0.5}", "{\"v\":0.25}", "/v: Kafka 0.5, here 0.25");
}
END_TEST

START_TEST(a_string_that_differs_is_named)
{
    testing_expect_differences("{\"name\":\"a\"}", "{\"name\":\"b\"}", "/name: Kafka \"a\", here \"b\"");
    testing_expect_differences("{\"name\":\"a\"}", "{\"name\":\"a \"}", "/name: Kafka \"a\", here \"a \"");
}
END_TEST

START_TEST(a_boolean_that_differs_is_named)
{
    testing_expect_differences("{\"isInternal\":true}", "{\"isInternal\":false}",
                               "/isInternal: Kafka true, here false");
}
END_TEST

START_TEST(null_is_not_empty)
{
    testing_expect_differences("{\"m\":null}", "{\"m\":\"\"}", "/m: Kafka null, here \"\"");
    testing_expect_differences("{\"m\":null}", "{\"m\":[]}", "/m: Kafka null, here []");
    testing_expect_differences("{\"m\":[]}", "{\"m\":null}", "/m: Kafka [], here null");
    testing_expect_differences("{\"m\":null}", "{\"m\":{}}", "/m: Kafka null, here {}");
}
END_TEST

START_TEST(a_number_is_not_its_text)
{
    testing_expect_differences("{\"m\":1}", "{\"m\":\"1\"}", "/m: Kafka 1, here \"1\"");
}
END_TEST

START_TEST(a_missing_field_and_one_too_many_are_named)
{
    testing_expect_differences("{\"a\":1,\"b\":null}", "{\"a\":1}", "/b: Kafka null, here nothing");
    testing_expect_differences("{\"a\":1}", "{\"a\":1,\"b\":null}", "/b: Kafka nothing, here null");
}
END_TEST

START_TEST(a_missing_element_and_one_too_many_are_named)
{
    testing_expect_differences("{\"isr\":[1,2]}", "{\"isr\":[1]}", "/isr/1: Kafka 2, here nothing");
    testing_expect_differences("{\"isr\":[1]}", "{\"isr\":[1,2]}", "/isr/1: Kafka nothing, here 2");
}
END_TEST

START_TEST(an_element_of_a_list_of_things_is_named_by_what_it_is)
{
    testing_expect_differences(
        "{\"apiKeys\":[{\"apiKey\":0,\"maxVersion\":13},{\"apiKey\":8,\"maxVersion\":9},{\"apiKey\":18,"
        "\"maxVersion\":4}]}",
        "{\"apiKeys\":[{\"apiKey\":0,\"maxVersion\":12},{\"apiKey\":18,\"maxVersion\":4}]}",
        "/apiKeys/[apiKey 0]/maxVersion: Kafka 13, here 12\n"
        "/apiKeys/[apiKey 8]: Kafka {\"apiKey\":8,\"maxVersion\":9}, here nothing");
    testing_expect_differences("{\"t\":[{\"errorCode\":3,\"name\":\"a\"}]}",
                               "{\"t\":[{\"errorCode\":3,\"name\":\"a\"},{\"errorCode\":0,\"name\":\"b\"}]}",
                               "/t/[name b]: Kafka nothing, here {\"errorCode\":0,\"name\":\"b\"}");
}
END_TEST

START_TEST(elements_in_another_order_differ)
{
    testing_expect_differences("[{\"n\":1},{\"n\":2}]", "[{\"n\":2},{\"n\":1}]",
                               "/0/n: Kafka 1, here 2\n/1/n: Kafka 2, here 1");
    testing_expect_differences(
        "[{\"n\":1},{\"n\":2}]", "[{\"n\":2},{\"n\":1},{\"n\":3}]",
        "/0/n: Kafka 1, here 2\n/1/n: Kafka 2, here 1\n/2: Kafka nothing, here {\"n\":3}");
}
END_TEST

START_TEST(what_came_instead_of_an_answer_differs_from_it)
{
    testing_expect_differences("{\"answer\":{\"e\":0}}", "{\"closed\":true}",
                               "/answer: Kafka {\"e\":0}, here nothing\n/closed: Kafka nothing, here true");
    testing_expect_differences("{\"silence\":true}", "{\"closed\":true}",
                               "/silence: Kafka true, here nothing\n/closed: Kafka nothing, here true");
    testing_expect_differences("{\"answer\":{}}",
                               "{\"answer\":{},\"encoding\":\"not as Kafka encodes this\"}",
                               "/encoding: Kafka nothing, here \"not as Kafka encodes this\"");
    testing_expect_differences("{\"answer\":{}}", "{\"answer\":{},\"elapsed\":\"3 ms\"}",
                               "/elapsed: Kafka nothing, here \"3 ms\"");
}
END_TEST

START_TEST(long_values_are_shown_cut)
{
    char kafka[600], wanted[300];
    snprintf(kafka, sizeof kafka, "{\"v\":\"%0500d\"}", 7);
    snprintf(wanted, sizeof wanted, "/v: Kafka \"%0159d..., here 1", 0);
    testing_expect_differences(kafka, "{\"v\":1}", wanted);
}
END_TEST

/* ---- the list of differences ---- */

static const char list_text[] = "# Groups come later.\n"
                                "01-api-versions:\n"
                                "  line *, ApiVersions v*\n"
                                "    /answer/apiKeys/[apiKey 8]: Kafka *, here nothing\n"
                                "    /answer/apiKeys/[apiKey 9]: Kafka *, here nothing\n"
                                "\n"
                                "# Another reason.\n"
                                "02-metadata:\n"
                                "  line 3, Metadata v1: a\n"
                                "    /answer/x: Kafka 1, here 2\n";

START_TEST(the_list_takes_what_it_names_and_nothing_else)
{
    struct difference *list;
    struct note why = {""};
    struct slice script = SLICE("01-api-versions"), step = SLICE("line 5, ApiVersions v3: flexible");
    ck_assert(differences_read(slice_str(list_text), testing_arena(), &list, &why));
    ck_assert(
        differences_take(list, script, step, SLICE("/answer/apiKeys/[apiKey 8]: Kafka {}, here nothing")));
    ck_assert(
        !differences_take(list, script, step, SLICE("/answer/apiKeys/[apiKey 7]: Kafka {}, here nothing")));
    ck_assert(!differences_take(list, script, step,
                                SLICE("/answer/apiKeys/[apiKey 8]: Kafka {}, here nothing else")));
    ck_assert(!differences_take(list, script, SLICE("line 5, Metadata v3"),
                                SLICE("/answer/apiKeys/[apiKey 8]: Kafka {}, here nothing")));
    ck_assert(!differences_take(list, SLICE("02-metadata"), step,
                                SLICE("/answer/apiKeys/[apiKey 8]: Kafka {}, here nothing")));
    ck_assert(!differences_take(list, SLICE("02-metadata"), SLICE("line 3, Metadata v1: a"),
                                SLICE("/answer/x: Kafka 1, here 3")));
}
END_TEST

START_TEST(what_is_listed_and_does_not_happen_is_found)
{
    struct difference *list;
    struct note why = {""};
    struct slice script = SLICE("01-api-versions");
    ck_assert(differences_read(slice_str(list_text), testing_arena(), &list, &why));
    ck_assert_int_eq(differences_find_unseen(list, script)->line, 4);
    differences_take(list, script, SLICE("line 2, ApiVersions v0"),
                     SLICE("/answer/apiKeys/[apiKey 8]: Kafka {}, here nothing"));
    ck_assert_int_eq(differences_find_unseen(list, script)->line, 5);
    ck_assert_ptr_null(differences_find_unseen(differences_find_unseen(list, script)->next, script));
}
END_TEST

START_TEST(a_list_without_reasons_is_refused)
{
    struct difference *list;
    struct note why = {""};
    ck_assert(!differences_read(SLICE("02-metadata:\n  line 3\n    /a: Kafka 1, here 2\n"), testing_arena(),
                                &list, &why));
    ck_assert_ptr_nonnull(strstr(why.text, "line 1: no reason"));
    why.text[0] = '\0';
    ck_assert(!differences_read(SLICE("# r\n02-metadata:\n    /a: Kafka 1, here 2\n"), testing_arena(), &list,
                                &why));
    ck_assert_ptr_nonnull(strstr(why.text, "line 3: no step"));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        equal_answers_do_not_differ,
        a_number_that_differs_is_named,
        numbers_that_a_double_cannot_tell_apart_differ,
        a_double_that_differs_is_named,
        a_string_that_differs_is_named,
        a_boolean_that_differs_is_named,
        null_is_not_empty,
        a_number_is_not_its_text,
        a_missing_field_and_one_too_many_are_named,
        a_missing_element_and_one_too_many_are_named,
        an_element_of_a_list_of_things_is_named_by_what_it_is,
        elements_in_another_order_differ,
        what_came_instead_of_an_answer_differs_from_it,
        long_values_are_shown_cut,
        the_list_takes_what_it_names_and_nothing_else,
        what_is_listed_and_does_not_happen_is_found,
        a_list_without_reasons_is_refused,
        NULL,
    };
    return testing_run("compare", tests);
}
