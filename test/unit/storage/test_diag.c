/* What the broker says is said from its level on. */
#include "storage/os/diag.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One line of each kind at this level; what came out. */
static const char *said_at(enum diag_level level)
{
    static char text[1024];
    int pipe_fds[2], own = dup(STDERR_FILENO);
    ck_assert_int_eq(pipe(pipe_fds), 0);
    dup2(pipe_fds[1], STDERR_FILENO);
    diag_set_level(level);
    diag_info("one");
    diag_warn("two");
    diag_error("three");
    dup2(own, STDERR_FILENO);
    close(pipe_fds[1]);
    close(own);
    ssize_t len = read(pipe_fds[0], text, sizeof text - 1);
    text[len > 0 ? len : 0] = '\0';
    close(pipe_fds[0]);
    return text;
}

/* Whether each kind is said, by level. */
static const struct {
    const char *name;
    bool info, warn, error;
} levels[] = {
    {"TRACE", true, true, true}, {"DEBUG", true, true, true},   {"INFO", true, true, true},
    {"WARN", false, true, true}, {"ERROR", false, false, true}, {"FATAL", false, false, false},
};

START_TEST(lines_below_the_level_are_not_printed)
{
    enum diag_level level;
    ck_assert(diag_level_from_name(levels[_i].name, strlen(levels[_i].name), &level));
    ck_assert_str_eq(diag_level_name(level), levels[_i].name);
    const char *said = said_at(level);
    ck_assert_int_eq(strstr(said, "one") != NULL, levels[_i].info);
    ck_assert_int_eq(strstr(said, "two") != NULL, levels[_i].warn);
    ck_assert_int_eq(strstr(said, "three") != NULL, levels[_i].error);
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

int main(void)
{
    Suite *suite = suite_create("diag");
    TCase *tests = tcase_create("diag");
    tcase_add_loop_test(tests, lines_below_the_level_are_not_printed, 0, DIAG_LEVEL_COUNT);
    tcase_add_test(tests, other_names_are_no_levels);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
