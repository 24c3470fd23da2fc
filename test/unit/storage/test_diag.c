/* What the broker says is printed from the level of its area on. */
#include "storage/os/diag.h"

#define DIAG_AREA DIAG_SERVER_API

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int looked_at; /* how many arguments were */

static int look(void)
{
    return ++looked_at;
}

/* One line of each kind, as the levels are now; what came out. */
static const char *said(void)
{
    static char text[1024];
    int pipe_fds[2], own = dup(STDERR_FILENO);
    ck_assert_int_eq(pipe(pipe_fds), 0);
    dup2(pipe_fds[1], STDERR_FILENO);
    diag_debug("zero %d", look());
    diag_info("one");
    diag_warn("two");
    diag_error("three");
    diag_passing("four");
    dup2(own, STDERR_FILENO);
    close(pipe_fds[1]);
    close(own);
    ssize_t len = read(pipe_fds[0], text, sizeof text - 1);
    text[len > 0 ? len : 0] = '\0';
    close(pipe_fds[0]);
    return text;
}

static void reset(void)
{
    for (int i = 0; i < DIAG_AREA_COUNT; i++)
        diag_level_unset((enum diag_area)i);
    diag_level_set(DIAG_ROOT, DIAG_INFO);
    looked_at = 0;
}

/* Whether each kind is said, by level. */
static const struct {
    const char *name;
    bool debug, info, warn, error;
} levels[] = {
    {"TRACE", true, true, true, true},    {"DEBUG", true, true, true, true},
    {"INFO", false, true, true, true},    {"WARN", false, false, true, true},
    {"ERROR", false, false, false, true}, {"FATAL", false, false, false, false},
};

START_TEST(lines_below_the_level_are_not_printed)
{
    enum diag_level level;
    ck_assert(diag_level_from_name(levels[_i].name, strlen(levels[_i].name), &level));
    ck_assert_str_eq(diag_level_name(level), levels[_i].name);
    diag_level_set(DIAG_AREA, level);
    const char *text = said();
    ck_assert_int_eq(strstr(text, "zero") != NULL, levels[_i].debug);
    ck_assert_int_eq(strstr(text, "one") != NULL, levels[_i].info);
    ck_assert_int_eq(strstr(text, "two") != NULL, levels[_i].warn);
    ck_assert_int_eq(strstr(text, "three") != NULL, levels[_i].error);
    ck_assert_int_eq(strstr(text, "four") != NULL, levels[_i].info);
    ck_assert_int_eq(looked_at, levels[_i].debug);
}
END_TEST

START_TEST(a_line_names_its_level_and_its_area)
{
    const char *text = said();
    ck_assert_ptr_nonnull(strstr(text, "Z info odradek.server.api: one\n"));
    ck_assert_ptr_nonnull(strstr(text, "Z error odradek.server.api: three\n"));
}
END_TEST

START_TEST(other_names_are_no_levels)
{
    enum diag_level level;
    ck_assert(!diag_level_from_name("info", 4, &level));
    ck_assert(!diag_level_from_name("INF", 3, &level));
    ck_assert(!diag_level_from_name("OFF", 3, &level));
}
END_TEST

/* By the dots, as Kafka's loggers are. */
START_TEST(an_area_is_in_the_one_that_its_name_begins_with)
{
    for (int i = DIAG_ODRADEK; i < DIAG_AREA_COUNT; i++) {
        const char *name = diag_area_name((enum diag_area)i);
        const char *dot = strrchr(name, '.');
        enum diag_area around = DIAG_ROOT;
        if (dot != NULL)
            ck_assert(diag_area_from_name(name, (size_t)(dot - name), &around));
        diag_level_set(around, DIAG_ERROR);
        ck_assert_int_eq(diag_level_of((enum diag_area)i), DIAG_ERROR);
        reset();
        ck_assert_int_eq(diag_level_of((enum diag_area)i), DIAG_INFO);
    }
}
END_TEST

START_TEST(a_level_of_its_own_stands_until_it_is_taken_away)
{
    diag_level_set(DIAG_SERVER_API, DIAG_DEBUG);
    diag_level_set(DIAG_ODRADEK, DIAG_WARN);
    ck_assert_int_eq(diag_level_of(DIAG_SERVER_API), DIAG_DEBUG);
    ck_assert_int_eq(diag_level_of(DIAG_SERVER), DIAG_WARN);
    ck_assert_int_eq(diag_level_of(DIAG_STORAGE), DIAG_WARN);
    ck_assert_int_eq(diag_level_of(DIAG_ROOT), DIAG_INFO);
    diag_level_unset(DIAG_SERVER_API);
    ck_assert_int_eq(diag_level_of(DIAG_SERVER_API), DIAG_WARN);
    diag_level_unset(DIAG_ODRADEK);
    ck_assert_int_eq(diag_level_of(DIAG_SERVER_API), DIAG_INFO);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("diag");
    TCase *tests = tcase_create("diag");
    tcase_add_checked_fixture(tests, reset, NULL);
    tcase_add_loop_test(tests, lines_below_the_level_are_not_printed, 0, DIAG_LEVEL_COUNT);
    tcase_add_test(tests, a_line_names_its_level_and_its_area);
    tcase_add_test(tests, other_names_are_no_levels);
    tcase_add_test(tests, an_area_is_in_the_one_that_its_name_begins_with);
    tcase_add_test(tests, a_level_of_its_own_stands_until_it_is_taken_away);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
