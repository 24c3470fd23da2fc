/*
 * Failing calls: every call that a small workload makes of the file system - at its starts, while it runs, at
 * its stops - fails in turn, in every way, once and from then on. Nothing may crash or hang; what was
 * acknowledged nevertheless is there when the disk is in order again, after a restart and after a power cut
 * behind that.
 */
#include "test/sim/check.h"
#include "test/sim/fault_runs.h"
#include "test/sim/sim_disk.h"
#include "test/sim/sim_world.h"
#include "test/sim/workload.h"

#include <errno.h>
#include <stdlib.h>

#ifdef __SANITIZE_ADDRESS__
enum { STEPS = 12, STRIDE = 5 };
#else
enum { STEPS = 16, STRIDE = 1 };
#endif

static const struct fault_kind kinds[] = {
    {"EIO", {.error = -EIO}},
    {"EIO from then on", {.error = -EIO, .for_ever = true}},
    {"ENOSPC", {.error = -ENOSPC}},
    {"ENOSPC from then on", {.error = -ENOSPC, .for_ever = true}},
    {"half", {.is_short = true}},
    {"half from then on", {.is_short = true, .for_ever = true}},
    {"EINTR", {.error = -EINTR}},
    {"EMFILE", {.error = -EMFILE}},
    {"EMFILE from then on", {.error = -EMFILE, .for_ever = true}},
    {"ENOMEM", {.error = -ENOMEM}},
    {"ENOMEM from then on", {.error = -ENOMEM, .for_ever = true}},
};

/* 41: a sector with a batch's base offset, and nothing else of it, never reaches the disk. 508: the marker of
 * a clean stop cannot be read, and the broker is killed with appends that nobody synced. */
static const int64_t seeds[] = {1, 41, 508};

/* One workload with one fault. */
struct run {
    struct sim_fs *fs;
    struct sim_fs *base;
    struct workload workload;
    struct note why;
};

/* A sync that failed: nothing more is stored, and everybody is told so. */
static bool check_offline(struct run *run, int64_t failed_before)
{
    struct workload *workload = &run->workload;
    if (run->fs->failed_syncs == failed_before || !workload->running)
        return true;
    if (!data_dir_is_offline(workload->node.dirs[0]))
        note_set(&run->why, "a sync failed, and the directory is not offline");
    struct model_topic *topic = &workload->model.topics[0];
    struct partition *partition = partitions_find_by_id(workload->node.partitions, topic->id, 0);
    if (workload->model.topic_count == 0 || partition == NULL)
        return run->why.text[0] == '\0';
    size_t len;
    struct append entry = {.acks = 1};
    entry.batch = workload_make_batch(workload, -1, -1, false, &len);
    entry.len = len;
    batch_header_read(entry.batch, &entry.header);
    (void)partition_append(partition, &entry, 0);
    if (entry.error != KERR_KAFKA_STORAGE_ERROR && entry.error != KERR_NOT_LEADER_OR_FOLLOWER)
        note_set(&run->why, "after a failed sync an append says %d", (int)entry.error);
    free(entry.batch);
    partition_unref(partition);
    return run->why.text[0] == '\0';
}

static bool work(struct run *run, const struct fault_kind *kind, uint64_t seed, int steps)
{
    workload_begin(&run->workload, run->fs, seed, true);
    bool good = true;
    for (int i = 0; i < steps && good; i++) {
        int64_t failed = run->fs->failed_syncs;
        workload_step(&run->workload);
        good = kind->fault.error != -EIO || check_offline(run, failed);
    }
    workload_stop(&run->workload);
    if (good && run->workload.complaint.text[0] != '\0') {
        note_set(&run->why, "%s", run->workload.complaint.text);
        good = false;
    }
    if (good && run->fs->open_count > 0) {
        note_set(&run->why, "%d files are left open", (int)run->fs->open_count);
        good = false;
    }
    return good;
}

/* The disk is in order again: the start shows everything that was acknowledged. */
static bool check_restart(struct run *run, uint64_t *random)
{
    struct workload *workload = &run->workload;
    run->fs->fault = (struct sim_fault){0};
    workload->faults_are_expected = false;
    workload_start(workload);
    if (!workload->running) {
        note_set(&run->why, "%.900s", workload->complaint.text);
        return false;
    }
    bool good = check_node(&workload->node, &workload->model, run->fs->trace_count, random, &run->why);
    if (!good)
        note_prefix(&run->why, "after a restart");
    workload_kill(workload);
    return good;
}

/* Nor does a power cut take anything back. */
static bool check_cut(struct run *run, enum sim_crash how, uint64_t *random)
{
    struct sim_fs *image = sim_disk_crash_at_end(run->base, run->fs, how, random);
    struct node node;
    bool good = node_start(&node, image, &run->why);
    if (good) {
        good = check_node(&node, &run->workload.model, run->fs->trace_count, random, &run->why);
        node_kill(&node);
    }
    if (!good)
        note_prefix(&run->why, "after a power cut");
    sim_fs_free(image);
    return good;
}

/* A disk that failed until the end is one that was put back: what memory held of it is gone, and it could
 * take no note that its syncs had failed. */
static bool is_remounted(const struct fault_kind *kind)
{
    return kind->fault.for_ever && !kind->fault.is_short;
}

/* False if the fault was never reached; what is wrong is in *why. */
static bool run_with_fault(const struct fault_kind *kind, int64_t at, uint64_t seed, int steps,
                           struct note *why)
{
    struct run run = {.fs = sim_fs_new(), .base = sim_fs_new()};
    uint64_t random = seed ^ (uint64_t)at << 32;
    sim_world_reset(seed);
    run.fs->fault = kind->fault;
    run.fs->fault.at = at;
    bool good = work(&run, kind, seed, steps);
    bool fired = run.fs->fault.fired;
    if (good && (is_remounted(kind) || check_restart(&run, &random))
        && check_cut(&run, SIM_CRASH_NOTHING, &random))
        (void)check_cut(&run, SIM_CRASH_ANY, &random);
    if (sim_option("TRACE", 0) != 0 && run.why.text[0] != '\0')
        sim_fs_print_trace(run.fs);
    workload_fini(&run.workload);
    sim_fs_free(run.fs);
    sim_fs_free(run.base);
    *why = run.why;
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

START_TEST(a_call_that_fails_loses_nothing)
{
    (void)fault_runs_do(&runs, _i);
}
END_TEST

int main(int argc, char **argv)
{
    (void)argc;
    return fault_runs_main(&runs, a_call_that_fails_loses_nothing, argv);
}
