/*
 * fault_runs: a call of the file system fails in each of several ways, the first one, the second one, and so
 * on to the last one that a workload makes; for each of several seeds. A test of Check is a way and a seed.
 *
 * ODRADEK_SIM_SEED, _SEEDS and _STEPS choose other workloads, _AT the first call, _STRIDE every n-th one;
 * _ALL shows all failures.
 */
#ifndef TEST_SIM_FAULT_RUNS_H
#define TEST_SIM_FAULT_RUNS_H

#include "protocol/base/note.h"
#include "test/sim/sim_fs.h"

#include <check.h>

struct fault_kind {
    const char *name;
    struct sim_fault fault; /* without `at` */
};

/* One workload of so many steps whose call number `at` fails. False if it was never made; what is wrong is
 * in *why. */
typedef bool fault_run_fn(const struct fault_kind *kind, int64_t at, uint64_t seed, int steps,
                          struct note *why);

struct fault_runs {
    const struct fault_kind *kinds;
    int kind_count;
    const int64_t *seeds;
    int seed_count;
    int steps;
    int stride;
    fault_run_fn *run;
};

/* What the test does in its `index`-th turn: fails it if a run went wrong, or if there was none. Returns how
 * many there were. */
int64_t fault_runs_do(const struct fault_runs *runs, int index);

/* All that main does: `test` for each kind and seed. */
int fault_runs_main(const struct fault_runs *runs, const TTest *test, char **argv);

#endif
