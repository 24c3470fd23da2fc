/*
 * One of two log directories fails while the broker runs: every call that is made of its disk, from the first
 * topics on, fails in turn, once and from then on. The other directory goes on serving, through stops and
 * starts too; nothing is acknowledged that is not stored; what the failed one has says KAFKA_STORAGE_ERROR.
 * When its disk is in order again, everything that was acknowledged is there.
 */
#include "test/sim/check.h"
#include "test/sim/fault_runs.h"
#include "test/sim/sim_disk.h"
#include "test/sim/sim_world.h"
#include "test/sim/workload.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#ifdef __SANITIZE_ADDRESS__
enum { STEPS = 16, STRIDE = 5 };
#else
enum { STEPS = 24, STRIDE = 1 };
#endif

static const struct fault_kind kinds[] = {
    {"EIO", {.error = -EIO}},
    {"EIO from then on", {.error = -EIO, .for_ever = true}},
    {"EROFS from then on", {.error = -EROFS, .for_ever = true}},
};

/* 9: the directory fails while log starts are stored for a DeleteRecords in the other one. */
static const int64_t seeds[] = {1, 9};

static int64_t failed_directories; /* in all runs */

struct run {
    struct sim_fs *fs;
    struct sim_fs *other;
    struct sim_fs *empty;
    struct workload workload;
    bool has_failed; /* the other directory has gone offline, and others were asked after it */
    struct note why;
};

/* False if the disk was not asked often enough for the fault to come. */
static bool work(struct run *run, const struct fault_kind *kind, int64_t at, uint64_t seed, int steps)
{
    struct workload *workload = &run->workload;
    workload_begin_on_two(workload, run->fs, run->other, seed);
    run->other->fault = kind->fault;
    run->other->fault.at = run->other->calls + at;
    for (int i = 0; i < steps && workload->complaint.text[0] == '\0'; i++) {
        workload_step(workload);
        int64_t failed = run->other->failed_syncs;
        if (run->other->fault.fired && workload->running) {
            run->has_failed |= node_other_is_offline(&workload->node);
            workload_visit_all(workload);
        }
        if (run->other->failed_syncs > failed && !node_other_is_offline(&workload->node))
            note_set(&workload->complaint, "a sync failed, and the directory is not offline");
    }
    workload_stop(workload);
    if (run->fs->open_count + run->other->open_count > 0)
        note_set(&workload->complaint, "files are left open");
    run->why = workload->complaint;
    return run->other->fault.fired;
}

/* The broker is started again, its memory of the disks as it was. */
static void check_restart(struct run *run, uint64_t *random)
{
    struct workload *workload = &run->workload;
    workload->faults_are_expected = false;
    workload_start(workload);
    if (!workload->running)
        run->why = workload->complaint;
    else if (!check_node(&workload->node, &workload->model, MODEL_NEVER - 1, random, &run->why))
        note_prefix(&run->why, "after a restart");
    workload_kill(workload);
}

/* Both disks as a power cut leaves them; what failed until the end is one that was put back. */
static void check_cut(struct run *run, enum sim_crash how, uint64_t *random)
{
    struct sim_fs *fs = sim_disk_crash_at_end(run->empty, run->fs, how, random);
    struct sim_fs *other = sim_disk_crash_at_end(run->empty, run->other, how, random);
    struct node node;
    if (!node_start_on_two(&node, fs, other, &run->why)) {
        note_prefix(&run->why, "no start after a power cut");
    } else {
        if (!check_node(&node, &run->workload.model, MODEL_NEVER - 1, random, &run->why))
            note_prefix(&run->why, "after a power cut");
        node_kill(&node);
    }
    sim_fs_free(fs);
    sim_fs_free(other);
}

static bool run_with_fault(const struct fault_kind *kind, int64_t at, uint64_t seed, int steps,
                           struct note *why)
{
    struct run run = {.fs = sim_fs_new(), .other = sim_fs_new(), .empty = sim_fs_new()};
    uint64_t random = seed ^ (uint64_t)at << 32;
    sim_world_reset(seed);
    bool fired = work(&run, kind, at, seed, steps);
    run.other->fault = (struct sim_fault){0};
    if (run.why.text[0] == '\0' && !kind->fault.for_ever)
        check_restart(&run, &random);
    if (run.why.text[0] == '\0')
        check_cut(&run, SIM_CRASH_NOTHING, &random);
    if (run.why.text[0] == '\0')
        check_cut(&run, SIM_CRASH_ANY, &random);
    if (sim_option("TRACE", 0) != 0 && run.why.text[0] != '\0')
        sim_fs_print_trace(run.other);
    workload_fini(&run.workload);
    sim_fs_free(run.fs);
    sim_fs_free(run.other);
    sim_fs_free(run.empty);
    *why = run.why;
    failed_directories += run.has_failed;
    return fired;
}

static const struct fault_runs runs = {
    .kinds = kinds,
    .kind_count = sizeof kinds / sizeof kinds[0],
    .seeds = seeds,
    .seed_count = sizeof seeds / sizeof seeds[0],
    .steps = STEPS,
    .stride = STRIDE,
    .run = run_with_fault,
};

START_TEST(a_directory_that_fails_takes_nothing_from_the_other_one)
{
    failed_directories = 0;
    int64_t done = fault_runs_do(&runs, _i);
    printf("%" PRId64 " times the directory failed\n", failed_directories);
    ck_assert_int_gt(failed_directories, done / 8); /* not each call that fails is one too many */
}
END_TEST

int main(int argc, char **argv)
{
    (void)argc;
    return fault_runs_main(&runs, a_directory_that_fails_takes_nothing_from_the_other_one, argv);
}
