/* limit_serve: one client of the minimal broker, until it goes. Runs on a thread of its own. */
#ifndef TEST_BENCH_LIMIT_SERVE_H
#define TEST_BENCH_LIMIT_SERVE_H

#include "test/bench/limit_log.h"

void limit_serve(struct limit_log *log, int fd);

#endif
