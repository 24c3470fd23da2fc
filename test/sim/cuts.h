/*
 * cuts: the power fails after every operation of a trace, and what may be found then is started and checked;
 * and it fails again while that start recovers.
 */
#ifndef TEST_SIM_CUTS_H
#define TEST_SIM_CUTS_H

#include "test/sim/model.h"
#include "test/sim/sim_disk.h"

struct cuts {
    const struct sim_fs *base;  /* before the trace */
    const struct sim_op *trace; /* what happened */
    size_t trace_count;
    struct model *model;
    uint64_t seed;
    const struct sim_lie *lie; /* may be NULL */
    int per_cut;               /* states for each cut, at least SIM_CRASH_KINDS for every kind */
    int recovery_every; /* one state in so many is cut again at every operation of its recovery; 0: none */

    /* Filled. */
    size_t states;          /* started and checked */
    size_t recovery_states; /* ... of those that were cut while they recovered */
    size_t failures;
    struct note first; /* the first failure */
};

/* Goes through them all, or up to the first failure if `stop`. */
void cuts_run(struct cuts *cuts, bool stop);

#endif
