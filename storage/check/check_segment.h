/*
 * check_segment: one segment: its batches, and whether its indexes say the truth about them. Called by
 * check_log.
 */
#ifndef STORAGE_CHECK_CHECK_SEGMENT_H
#define STORAGE_CHECK_CHECK_SEGMENT_H

#include "protocol/compress.h"
#include "storage/check/check_log.h"
#include "storage/epochs.h"
#include "storage/producers.h"

/* What goes on from segment to segment. */
struct log_walk {
    struct log_check *check;
    struct epochs epochs;       /* as leader-epoch-checkpoint has them */
    bool epochs_known;          /* the file could be read */
    struct producers producers; /* as the batches make them */
    bool producers_known;       /* there are not too many to be followed */
    struct inflater inflater;
    int64_t next_offset; /* one past the last batch */
    int32_t last_epoch;  /* of the last batch; -1: none */
    bool damaged;        /* a batch was: what follows in the log is cut off by recovery */
};

struct segment_files {
    int64_t base;
    int64_t next_base; /* of the segment behind it; -1: this is the last one */
    bool has_index;
    bool has_time_index;
    bool has_txn_index;
};

void check_segment(struct log_walk *walk, const struct segment_files *files);

#endif
