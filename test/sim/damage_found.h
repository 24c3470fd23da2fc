/*
 * damage_found: damage must be found: told, kept in a file beside the log, and not served.
 */
#ifndef TEST_SIM_DAMAGE_FOUND_H
#define TEST_SIM_DAMAGE_FOUND_H

#include "test/sim/damage.h"

/* What readers got of a directory. */
struct tally {
    size_t whole; /* batches that are exactly what was written */
    size_t led;   /* those of the leader epoch that has begun, or of a later one */
    size_t bad;   /* those whose checksum tells the reader that they are not, and errors */
};

/*
 * After the start on a directory in which the byte at `at` of a partition's segment, under a batch's
 * checksum, was another: that batch was taken out of the log, it is kept, and the operator was told where;
 * every other one is read. At the very end of the log it may have been taken for a torn write and cut, and
 * that is told.
 * Where a start reads no checksums - after a clean stop, and below the recovery point - it may be left to the
 * reader. `before` is the file as the start found it. False with the reason.
 */
bool damage_is_found(struct damaged *damaged, struct sim_fs *fs, const struct damaged_file *file, int64_t at,
                     const struct sim_bytes *before, const struct tally *tally, struct note *why);

/*
 * After the start on a damaged cluster log (`flipped` as in damage_check): all topics are there; or the last
 * change is lost, it alone, and the byte was in it. What is not in the log any more is kept, and the operator
 * was told. False with the reason.
 */
bool damage_cost_no_topics(struct damaged *damaged, struct node *node, struct sim_fs *fs,
                           const struct damaged_file *file, int64_t flipped, const struct sim_bytes *before,
                           struct note *why);

/* Where the last change of the cluster log in these bytes begins: what was written in the same millisecond,
 * no-ops behind it apart. */
size_t damage_last_change(struct slice log);

#endif
