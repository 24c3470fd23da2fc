/*
 * Power cuts: every operation of a few workloads, each in several legal states, each recovered and checked;
 * and the proof that a sync which does nothing is noticed.
 *
 * ODRADEK_SIM_SEED, _SEEDS and _STEPS choose other workloads; _PER_CUT more states of each cut;
 * _RECOVERY_EVERY how often recovery is cut as well; _VERBOSE=1 shows what the node says, _TRACE=1 the
 * operations, _ALL=1 every failure.
 */
#include "test/sim/cuts.h"
#include "test/sim/sim_world.h"
#include "test/sim/workload.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef __SANITIZE_ADDRESS__
enum { SEEDS = 1, STEPS = 60, PER_CUT = 2, RECOVERY_EVERY = 400 };
#else
enum { SEEDS = 2, STEPS = 120, PER_CUT = SIM_CRASH_KINDS, RECOVERY_EVERY = 400 };
#endif

static size_t all_states;

/* Runs one workload and cuts it. */
static void cut_workload(struct cuts *cuts, uint64_t seed, int steps, bool stop)
{
    struct sim_fs *fs = sim_fs_new();
    struct sim_fs *base = sim_fs_new();
    struct workload workload;
    sim_world_reset(seed);
    workload_begin(&workload, fs, seed, false);
    for (int i = 0; i < steps; i++)
        workload_step(&workload);
    workload_kill(&workload);
    ck_assert_msg(workload.complaint.text[0] == '\0', "seed %" PRIu64 ": %s", seed, workload.complaint.text);
    if (sim_option("TRACE", 0) != 0)
        sim_fs_print_trace(fs);
    cuts->base = base;
    cuts->trace = fs->trace;
    cuts->trace_count = fs->trace_count;
    cuts->model = &workload.model;
    cuts->seed = seed;
    cuts_run(cuts, stop);
    workload_fini(&workload);
    sim_fs_free(fs);
    sim_fs_free(base);
}

START_TEST(every_cut_keeps_every_promise)
{
    uint64_t first = (uint64_t)sim_option("SEED", 1);
    uint64_t last = first + (uint64_t)sim_option("SEEDS", SEEDS);
    for (uint64_t seed = first; seed < last; seed++) {
        struct cuts cuts = {
            .per_cut = (int)sim_option("PER_CUT", PER_CUT),
            .recovery_every = (int)sim_option("RECOVERY_EVERY", RECOVERY_EVERY),
        };
        cut_workload(&cuts, seed, (int)sim_option("STEPS", STEPS), false);
        printf("seed %" PRIu64
               ": %zu operations, %zu states, %zu of them of interrupted recoveries, %zu failures\n",
               seed, cuts.trace_count, cuts.states, cuts.recovery_states, cuts.failures);
        all_states += cuts.states;
        ck_assert_msg(cuts.failures == 0, "%zu of %zu states: %s", cuts.failures, cuts.states,
                      cuts.first.text);
    }
    printf("%zu states\n", all_states);
}
END_TEST

/* From when on: the first topics are there, and used. */
enum { LIES_BEGIN = 100 };

static const struct sim_lie lies[] = {
    {SIM_SYNC, "0000.log", LIES_BEGIN},       {SIM_SYNC, "index", LIES_BEGIN},
    {SIM_SYNC, "checkpoint.tmp", LIES_BEGIN}, {SIM_SYNC, "quorum-state", LIES_BEGIN},
    {SIM_SYNC_DIRECTORY, "-", LIES_BEGIN},    {SIM_SYNC_DIRECTORY, "data", LIES_BEGIN},
};
enum { LIES = sizeof lies / sizeof lies[0] };

START_TEST(the_harness_notices_what_is_not_synced)
{
    struct cuts cuts = {.per_cut = SIM_CRASH_KINDS, .lie = &lies[_i]};
    const char *what = lies[_i].kind == SIM_SYNC ? "files" : "directories";
    for (uint64_t seed = 1; seed < 6 && cuts.failures == 0; seed++)
        cut_workload(&cuts, seed, STEPS, true);
    printf("%s with \"%s\" in their names are not synced: %s\n", what, lies[_i].name, cuts.first.text);
    ck_assert_msg(cuts.failures > 0, "nobody notices that %s with \"%s\" are not synced", what,
                  lies[_i].name);
}
END_TEST

int main(int argc, char **argv)
{
    (void)argc;
    sim_world_fix_addresses(argv);
    setvbuf(stdout, NULL, _IOLBF, 0);
    Suite *suite = suite_create("crash");
    TCase *cuts = tcase_create("cuts");
    tcase_set_timeout(cuts, 3600);
    tcase_add_test(cuts, every_cut_keeps_every_promise);
    tcase_add_loop_test(cuts, the_harness_notices_what_is_not_synced, 0, LIES);
    suite_add_tcase(suite, cuts);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
