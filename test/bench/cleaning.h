/*
 * cleaning: a topic that fill_scenario made is compacted by its broker, and when that is over. What a broker
 * says of it is its cleaner-offset-checkpoint, which lies in its log directory.
 */
#ifndef TEST_BENCH_CLEANING_H
#define TEST_BENCH_CLEANING_H

#include "test/bench/load.h"

struct cleaning {
    const struct load *load; /* of load->topic */
    const char *data;        /* the log directory */
    long long records;       /* in its closed segments: they can be cleaned */
    double bytes;            /* they have */
};

/* Looks what there is to clean. */
void cleaning_init(struct cleaning *cleaning, const struct load *load, const char *data);

/* From now on the topic is compacted. */
void cleaning_begin(const struct cleaning *cleaning);

/* Returns when all that could be cleaned is. */
void cleaning_wait(const struct cleaning *cleaning);

/* What its closed segments have now. */
double cleaning_bytes_left(const struct cleaning *cleaning);

#endif
