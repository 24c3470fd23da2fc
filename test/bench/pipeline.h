/*
 * pipeline: requests that were made before the clock starts, load->in_flight of them under way on each
 * connection: its thread sends as many as were answered, then waits for answers.
 */
#ifndef TEST_BENCH_PIPELINE_H
#define TEST_BENCH_PIPELINE_H

#include "protocol/base/buf.h"
#include "test/bench/load.h"

/* Connection i of n sends the requests i, i + n, i + 2n, ... over and over. */
struct prepared {
    const char *api; /* for complaints */
    struct buf *requests;
    int count;
    size_t bytes_each; /* that a request counts for; 0: none */

    /* False if the answer (a frame without its length) says an error, which is put into *error. */
    bool (*succeeded)(struct slice frame, int *error);
};

/* Room for so many requests. */
void prepared_init(struct prepared *prepared, const char *api, int count,
                   bool (*succeeded)(struct slice frame, int *error));
void prepared_fini(struct prepared *prepared);

/* Sends them as long as the load says, and prints the line of results. */
void pipeline_run(const struct load *load, struct prepared *prepared);

#endif
