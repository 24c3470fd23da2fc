/*
 * recovery_progress: how far the recovery of many logs is, counted by all threads that recover, said every
 * few seconds and at the end. Any thread.
 */
#ifndef STORAGE_RECOVERY_PROGRESS_H
#define STORAGE_RECOVERY_PROGRESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct recovery_progress {
    atomic_llong logs;       /* recovered so far */
    atomic_llong bytes_read; /* of their segments */
    atomic_llong bytes_cut;  /* torn tails */
    atomic_llong bytes_kept; /* damage, set aside */
    atomic_llong due_ms;     /* when to say something next */
    int64_t logs_to_do;
    int64_t began_ms;
    bool on_terminal; /* one line that is written over, instead of a new one every few seconds */
};

void recovery_progress_init(struct recovery_progress *progress, int64_t logs_to_do);

/* Counts bytes that were read, and says how far it is if that is due. `progress` may be NULL. */
void recovery_progress_read(struct recovery_progress *progress, int64_t bytes);

/* One log is done. */
void recovery_progress_log(struct recovery_progress *progress);

/* What was done, if any log was recovered. */
void recovery_progress_end(struct recovery_progress *progress);

#endif
