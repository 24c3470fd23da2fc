/*
 * copying: what a cleaner must do at least, as a program of its own: a file is read in pieces, each piece is
 * checked for as long as our cleaner is busy with one, half of them are written to another file, and that is
 * on the disk before the next one begins. A thread that gives way to others does it, over and over.
 */
#ifndef TEST_BENCH_COPYING_H
#define TEST_BENCH_COPYING_H

#include "storage/os/thread.h"

#include <stdatomic.h>
#include <stdint.h>

struct copying {
    char from[4096], to[4096]; /* the files */
    int64_t bytes;             /* of `from` */
    _Atomic bool stopping;
    struct thread thread;
};

/* Makes a file of so many bytes in `folder`, on the disk, from which is copied. */
void copying_init(struct copying *copying, const char *folder, int64_t bytes);

/* From here to there it is copied. */
void copying_begin(struct copying *copying);
void copying_end(struct copying *copying);

/* Removes the files. */
void copying_fini(struct copying *copying);

#endif
