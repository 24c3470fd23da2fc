/*
 * sim_disk: what is on the disk while a program works, and what may be found there after a power cut.
 *
 * It follows a trace (sim_fs.h) operation by operation and keeps, for every file and every directory, what is
 * durable and what is pending. A sync of a file makes its bytes and size durable; a sync of a directory its
 * entries; a new file's entry is durable only with its directory, whatever was synced in it. What is pending
 * may be on the disk or not:
 *
 * - a directory's changes: none, all, the first few (a journal), or any of them that fit together;
 * - a file's: none, all, its new size without the bytes (zeros), or every 512-byte sector as it was at some
 *   moment since, with a size from the same time, cut at a sector's end, and zeros or garbage where nothing
 *   was written.
 *
 * After a sync that failed the pages are clean and their bytes nowhere: a later sync does not bring them
 * back.
 */
#ifndef TEST_SIM_SIM_DISK_H
#define TEST_SIM_SIM_DISK_H

#include "test/sim/sim_fs.h"

enum { SIM_SECTOR = 512 };

/* Syncs that are said to be done and are not: a bug to be found. */
struct sim_lie {
    enum sim_op_kind kind; /* SIM_SYNC or SIM_SYNC_DIRECTORY */
    const char *name;      /* of files and directories whose name has this in it */
    size_t from;           /* from this operation on */
};

enum sim_crash {
    SIM_CRASH_NOTHING, /* what is pending is lost */
    SIM_CRASH_ALL,     /* nothing is lost: a killed process */
    SIM_CRASH_NAMES,   /* names are there, bytes and sizes are not */
    SIM_CRASH_SIZES,   /* names and sizes, but zeros */
    SIM_CRASH_BYTES,   /* bytes, but no names */
    SIM_CRASH_JOURNAL, /* each directory's first few changes, torn files */
    SIM_CRASH_ANY,     /* any of the directories' changes, torn files */
    SIM_CRASH_KINDS,
};

struct sim_disk;

/* Everything in `base` is durable. The trace that follows began there. `lie` may be NULL. */
struct sim_disk *sim_disk_new(const struct sim_fs *base, const struct sim_lie *lie);
void sim_disk_free(struct sim_disk *disk);

/* `op` must live as long as the disk. */
void sim_disk_step(struct sim_disk *disk, const struct sim_op *op);

/* A new file system, as the next start finds it. */
struct sim_fs *sim_disk_crash(const struct sim_disk *disk, enum sim_crash how, uint64_t *random);

/* The same behind all of a trace: what is found of `fs`, which began as `base`. */
struct sim_fs *sim_disk_crash_at_end(const struct sim_fs *base, const struct sim_fs *fs, enum sim_crash how,
                                     uint64_t *random);

#endif
