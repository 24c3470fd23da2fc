/* consumer_runs: runs of consumer_sim as tests. */
#ifndef TEST_CONSUMER_RUNS_H
#define TEST_CONSUMER_RUNS_H

#include <check.h>

void add_consumer_runs(TCase *tcase);

#endif
