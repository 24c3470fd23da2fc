/*
 * set_aside: bytes of a segment that are no batches are kept in a file of their own beside it,
 * "<base>.log.<position>.damaged", before the segment is without them: for a human, who may find in them what
 * they were. For partitions (log_damage) and the cluster log (metadata/cluster_log).
 *
 * Nobody reads such a file: neither we nor Apache Kafka look at the name. It outlives its segment, and goes
 * with its partition: what it tells of matters longer than the records beside it.
 */
#ifndef STORAGE_SET_ASIDE_H
#define STORAGE_SET_ASIDE_H

#include "storage/data_file.h"
#include "storage/os/file.h"

/*
 * Copies [from, to) of the open segment file with this base offset into a file in `directory` and syncs that.
 * `name` is what it is called. A start that was interrupted here does the same again; a file of other bytes,
 * from the same place at another time, is not written over: the new one gets a number in its name then.
 * The directory is not synced. 0 or -errno.
 */
int set_aside(struct file_system *fs, const char *directory, int64_t base, int file, int64_t from, int64_t to,
              char name[DATA_FILE_NAME_MAX]);

/* [from, to) of one open file to the place `at` of another; less if the first ends before. Bytes, -errno. */
int64_t set_aside_copy(struct file_system *fs, int file, int64_t from, int64_t to, int copy, int64_t at);

#endif
