/* java_string: hashes that Java's own String.hashCode gave. */
#include "protocol/base/java_string.h"

#include <check.h>
#include <stdlib.h>

static int32_t hash(const char *text)
{
    return java_string_hash(slice_str(text));
}

START_TEST(a_text_has_the_hash_that_java_gives_it)
{
    ck_assert_int_eq(hash(""), 0);
    ck_assert_int_eq(hash("a"), 97);
    ck_assert_int_eq(hash("console-consumer-12345"), 158455506);
    ck_assert_int_eq(hash("polygenelubricants"), INT32_MIN);
    ck_assert_int_eq(hash("grüße"), 98768023);
    ck_assert_int_eq(hash("組"), 32068);
    ck_assert_int_eq(hash("\xf0\x9f\x98\x80 smile"), -1559691765);
}
END_TEST

START_TEST(bytes_that_are_no_text_count_one_by_one)
{
    static const char *const broken[] = {"\xff",    "\xc3", "\xe7\xb5", "\xed\xa0\x80", "\xf5\x80\x80\x80",
                                         "\xc0\x80"};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        uint32_t expected = 0;
        for (const char *at = broken[i]; *at != '\0'; at++)
            expected = 31 * expected + 0xfffd;
        ck_assert_int_eq(hash(broken[i]), (int32_t)expected);
    }
}
END_TEST

/* As Java 17 iterates over a HashMap of them. */
START_TEST(a_hash_map_has_its_texts_in_order_of_their_places)
{
    ck_assert_uint_eq(java_string_place(SLICE("uniform"), 2), 1);
    ck_assert_uint_eq(java_string_place(SLICE("range"), 2), 9);
    ck_assert_uint_eq(java_string_place(SLICE("cooperative-sticky"), 12), 15);
    ck_assert_uint_eq(java_string_place(SLICE("range"), 12), 9);
    ck_assert_uint_eq(java_string_place(SLICE("range"), 13), 9);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("java_string");
    TCase *tests = tcase_create("java_string");
    tcase_add_test(tests, a_text_has_the_hash_that_java_gives_it);
    tcase_add_test(tests, bytes_that_are_no_text_count_one_by_one);
    tcase_add_test(tests, a_hash_map_has_its_texts_in_order_of_their_places);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
