/* fault_runs: see fault_runs.h. */
#include "test/sim/fault_runs.h"

#include "test/sim/sim_world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct tally {
    int64_t runs, failures;
    struct note said; /* of the last failure */
};

/* From the first call on, until a workload makes no such call any more. */
static void do_seed(const struct fault_runs *runs, const struct fault_kind *kind, uint64_t seed,
                    struct tally *tally)
{
    int steps = (int)sim_option("STEPS", runs->steps);
    int64_t stride = sim_option("STRIDE", runs->stride);
    struct note why;
    for (int64_t at = sim_option("AT", 1); runs->run(kind, at, seed, steps, &why); at += stride) {
        tally->runs++;
        if (why.text[0] == '\0')
            continue;
        tally->failures++;
        note_set(&tally->said, "%s, seed %" PRIu64 ", call %" PRId64 ": %.800s", kind->name, seed, at,
                 why.text);
        if (sim_option("ALL", 0) != 0)
            fprintf(stderr, "%s\n", tally->said.text);
    }
}

int64_t fault_runs_do(const struct fault_runs *runs, int index)
{
    const struct fault_kind *kind = &runs->kinds[index % runs->kind_count];
    uint64_t first = (uint64_t)sim_option("SEED", runs->seeds[index / runs->kind_count]);
    uint64_t last = first + (uint64_t)sim_option("SEEDS", 1);
    struct tally tally = {.said = {""}};
    for (uint64_t seed = first; seed < last; seed++)
        do_seed(runs, kind, seed, &tally);
    printf("%s: %" PRId64 " runs, %" PRId64 " failures\n", kind->name, tally.runs, tally.failures);
    ck_assert_msg(tally.failures == 0, "%" PRId64 " of %" PRId64 " runs: %s", tally.failures, tally.runs,
                  tally.said.text);
    ck_assert(tally.runs > 0);
    return tally.runs;
}

int fault_runs_main(const struct fault_runs *runs, const TTest *test, char **argv)
{
    sim_world_fix_addresses(argv);
    setvbuf(stdout, NULL, _IOLBF, 0);
    Suite *suite = suite_create("faults");
    TCase *faults = tcase_create("faults");
    tcase_set_timeout(faults, 3600);
    int seeds = sim_option("SEED", -1) >= 0 ? 1 : runs->seed_count;
    tcase_add_loop_test(faults, test, 0, runs->kind_count * seeds);
    suite_add_tcase(suite, faults);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
