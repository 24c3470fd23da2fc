/* Makes a Check test of every stage. See check_main.h. */
#include "check_main.h"

#include <stdlib.h>

enum { TEST_TIMEOUT_S = 60, MAX_STAGES = 256 };

/* Check hands a test nothing but its number; these are all tests, numbered over all suites. */
static const struct stage_plan *all_plans[MAX_STAGES];
static TTest all_tests[MAX_STAGES];
static int plan_count;
static void (*run_plan)(const struct stage_plan *plan);

static void run_numbered(int number)
{
    tcase_fn_start(all_tests[number].name, __FILE__, __LINE__);
    run_plan(all_plans[number]);
}

bool matches(const char *pattern, const char *text)
{
    if (*pattern == '*')
        return matches(pattern + 1, text) || (*text != '\0' && matches(pattern, text + 1));
    if (*pattern == '\0' || *text == '\0')
        return *pattern == *text;
    return *pattern == *text && matches(pattern + 1, text + 1);
}

static bool is_wanted(const struct stage_plan *plan, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (matches(argv[i], plan->name))
            return true;
    return argc == 1;
}

/* The public macros only take tests that the compiler knows by name; ours are rows of a table. */
static void add_test(TCase *tcase, const struct stage_plan *plan)
{
    if (plan_count == MAX_STAGES)
        abort();
    all_plans[plan_count] = plan;
    all_tests[plan_count] = (TTest){plan->title, run_numbered, __FILE__, __LINE__};
    _tcase_add_test(tcase, &all_tests[plan_count], 0, 0, plan_count, plan_count + 1);
    plan_count++;
}

static Suite *make_suite(const struct stage_suite *stages, int argc, char **argv)
{
    Suite *suite = suite_create(stages->name);
    TCase *tcase = tcase_create(stages->name);
    tcase_set_timeout(tcase, TEST_TIMEOUT_S);
    for (int i = 0; i < stages->count; i++)
        if (is_wanted(&stages->plans[i], argc, argv))
            add_test(tcase, &stages->plans[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}

int check_main(int argc, char **argv, void (*run)(const struct stage_plan *plan), Suite *(*more_tests)(void))
{
    static const struct stage_suite *const suites[] = STAGE_SUITES;
    SRunner *runner = NULL;
    run_plan = run;
    for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++) {
        Suite *suite = make_suite(suites[i], argc, argv);
        if (runner == NULL)
            runner = srunner_create(suite);
        else
            srunner_add_suite(runner, suite);
    }
    if (more_tests != NULL && argc == 1)
        srunner_add_suite(runner, more_tests());
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    int count = srunner_ntests_run(runner);
    srunner_free(runner);
    if (count == 0)
        fprintf(stderr, "no stage was run: none has that name\n");
    return failed == 0 && count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
