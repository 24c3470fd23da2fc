/*
 * limit_admin: answers of the minimal broker to what is asked before and after a measurement, by the
 * project's field tables.
 */
#ifndef TEST_BENCH_LIMIT_ADMIN_H
#define TEST_BENCH_LIMIT_ADMIN_H

#include "protocol/base/buf.h"
#include "test/bench/limit_log.h"

/* Appends an answer's frame to a request's (without its length). False: not one that we know. */
bool limit_answer_admin(struct limit_log *log, struct slice frame, struct buf *out);

#endif
