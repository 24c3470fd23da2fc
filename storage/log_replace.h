/*
 * log_replace: puts a cleaned segment into the place of the segments that it was made from, in steps between
 * which the power may fail. log_dir_finish_swaps is what a start makes of each state in between.
 *
 *      A.log.cleaned B.log C.log ...           log_replace_announce    (no lock)
 *      A.log.swap    A.log B.log C.log         log_replace_begin       (owner's lock: memory only)
 *      A.log.swap    *.deleted                 log_replace_bury        (no lock)
 *      A.log  A.index.swap                     log_replace_name_log    (owner's lock: one rename)
 *      A.log  A.index                          log_replace_name_indexes (owner's lock: three renames)
 *
 * The caller syncs the directory before announcing (log_compact_group has) and after each renaming step.
 */
#ifndef STORAGE_LOG_REPLACE_H
#define STORAGE_LOG_REPLACE_H

#include "storage/log.h"

struct replacement {
    struct segment *segment;  /* the cleaned one; the log's own from log_replace_begin on */
    struct segment **sources; /* whom it replaces, oldest first; the caller holds a reference of each */
    int32_t count;
    int64_t next_offset; /* one past the last record in `segment` */
};

/* *.cleaned becomes *.swap, and the directory is synced: from here on a start finishes it. 0 or -errno. */
int log_replace_announce(struct replacement *replacement);

/* Whether the log still has the sources as they were; then it has the new segment instead. */
bool log_replace_begin(struct log *log, struct replacement *replacement);

/* The sources' files become *.deleted; syncs the directory. 0 or -errno. */
int log_replace_bury(struct replacement *replacement);

/* The sources are unlinked at `due_ms`. Once after every log_replace_begin, whether burying went well or
 * not. */
void log_replace_drop_sources(struct log *log, const struct replacement *replacement, int64_t due_ms);

/* The new segment gets its names. 0 or -errno; nothing is done if it was dropped meanwhile. */
int log_replace_name_log(struct log *log, struct replacement *replacement);
int log_replace_name_indexes(struct log *log, struct replacement *replacement);

/* Snapshots at the bases of segments that are no more. */
void log_replace_drop_snapshots(const struct log *log, const struct replacement *replacement);

#endif
