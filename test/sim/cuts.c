/*
 * cuts: see cuts.h.
 *
 * 1. Every state is started, checked, used, stopped cleanly and started again.
 * 2. Recovery is repeatable: whatever a power cut during recovery leaves is recovered to the same records,
 *    and so is what one during that leaves, and one more.
 */
#include "test/sim/cuts.h"

#include "protocol/base/ensure.h"
#include "test/sim/check.h"
#include "test/sim/digest.h"
#include "test/sim/node.h"
#include "test/sim/sim_world.h"

#include <stdio.h>
#include <stdlib.h>

enum { RECOVERIES = 3 };

static const char *const crash_names[SIM_CRASH_KINDS] = {"nothing", "all",     "names", "sizes",
                                                         "bytes",   "journal", "any"};

/* One state on its way through. */
struct state {
    struct cuts *cuts;
    size_t at;
    enum sim_crash how;
    uint64_t random;
    struct note why;
};

static bool start_and_check(struct state *state, struct sim_fs *fs, struct node *node, uint64_t *digest)
{
    if (!node_start(node, fs, &state->why)) {
        note_prefix(&state->why, "no start");
        return false;
    }
    *digest = digest_records(node, state->cuts->model);
    if (check_node(node, state->cuts->model, state->at, &state->random, &state->why))
        return true;
    node_kill(node);
    return false;
}

/* Clients go on, the node stops, and a clean start finds the same. */
static bool live_on(struct state *state, struct sim_fs *fs, struct node *node)
{
    struct note why = {""};
    bool good = check_life_goes_on(node, state->cuts->model, state->at, &state->why);
    uint64_t before = digest_records(node, state->cuts->model);
    if (!node_stop(node) && good) {
        note_set(&state->why, "no clean stop");
        good = false;
    }
    if (!good)
        return false;
    if (!node_start(node, fs, &why)) {
        note_set(&state->why, "no start after the clean stop: %.900s", why.text);
        return false;
    }
    if (digest_records(node, state->cuts->model) != before)
        note_set(&state->why, "after a clean stop the records are others");
    else if (!node->was_clean)
        note_set(&state->why, "after a clean stop the start was not clean");
    node_kill(node);
    return state->why.text[0] == '\0';
}

static bool check_interrupted(struct state *state, const struct sim_fs *image, uint64_t digest, int left);

/* Recovers an image with the trace on, checks it, and cuts it again if any are left. */
static bool recover(struct state *state, struct sim_fs *fs, uint64_t digest, int left)
{
    struct node node;
    uint64_t found;
    struct sim_fs *before = sim_fs_copy(fs);
    bool good = start_and_check(state, fs, &node, &found);
    state->cuts->states++;
    state->cuts->recovery_states++;
    if (good) {
        if (found != digest)
            note_set(&state->why, "an interrupted recovery finds other records");
        good = found == digest;
        node_kill(&node);
    }
    if (good && left > 0)
        good = check_interrupted(state, before, digest, left);
    sim_fs_free(before);
    return good;
}

/* Cuts the recovery of the image: at every operation, or, deeper down, at one. */
static bool check_interrupted(struct state *state, const struct sim_fs *image, uint64_t digest, int left)
{
    struct sim_fs *fs = sim_fs_copy(image);
    struct sim_disk *disk = sim_disk_new(image, NULL);
    struct node node;
    fs->tracing = true;
    bool good = node_start(&node, fs, &state->why);
    if (good)
        node_kill(&node);
    size_t only = left == RECOVERIES || fs->trace_count == 0
                      ? SIZE_MAX
                      : sim_draw(&state->random, (uint32_t)fs->trace_count);
    for (size_t i = 0; i < fs->trace_count && good; i++) {
        sim_disk_step(disk, &fs->trace[i]);
        if (only != SIZE_MAX && only != i)
            continue;
        enum sim_crash how = (enum sim_crash)sim_draw(&state->random, SIM_CRASH_KINDS);
        struct sim_fs *cut = sim_disk_crash(disk, how, &state->random);
        good = recover(state, cut, digest, left - 1);
        sim_fs_free(cut);
        if (!good)
            note_prefix(&state->why, "recovery cut at %zu of %zu (%s)", i + 1, fs->trace_count,
                        crash_names[how]);
    }
    sim_disk_free(disk);
    sim_fs_free(fs);
    return good;
}

static bool check_state(struct state *state, struct sim_fs *fs, bool interrupt)
{
    struct node node;
    uint64_t digest;
    struct sim_fs *image = interrupt ? sim_fs_copy(fs) : NULL;
    bool good = start_and_check(state, fs, &node, &digest) && live_on(state, fs, &node);
    state->cuts->states++;
    if (good && interrupt)
        good = check_interrupted(state, image, digest, RECOVERIES);
    sim_fs_free(image);
    return good;
}

static void cut_here(struct cuts *cuts, const struct sim_disk *disk, size_t at)
{
    for (int i = 0; i < cuts->per_cut; i++) {
        struct state state = {.cuts = cuts, .at = at, .random = cuts->seed ^ at << 20 ^ (size_t)i << 56};
        state.how = (enum sim_crash)((i + (cuts->per_cut < SIM_CRASH_KINDS ? (int)at : 0)) % SIM_CRASH_KINDS);
        struct sim_fs *fs = sim_disk_crash(disk, state.how, &state.random);
        bool interrupt = cuts->recovery_every > 0 && cuts->states % (size_t)cuts->recovery_every == 0;
        if (!check_state(&state, fs, interrupt)) {
            if (sim_option("ALL", 0) != 0)
                fprintf(stderr, "after %zu, %s: %s\n", at, crash_names[state.how], state.why.text);
            if (cuts->failures++ == 0)
                note_set(&cuts->first, "seed %llu, cut after %zu of %zu operations, found: %s: %.800s",
                         (unsigned long long)cuts->seed, at, cuts->trace_count, crash_names[state.how],
                         state.why.text);
        }
        sim_fs_free(fs);
    }
}

void cuts_run(struct cuts *cuts, bool stop)
{
    struct sim_disk *disk = sim_disk_new(cuts->base, cuts->lie);
    int64_t only = sim_option("AT", -1);
    for (size_t at = 0; at <= cuts->trace_count && !(stop && cuts->failures > 0); at++) {
        if (at > 0)
            sim_disk_step(disk, &cuts->trace[at - 1]);
        if (only < 0 || (size_t)only == at)
            cut_here(cuts, disk, at);
    }
    sim_disk_free(disk);
}
