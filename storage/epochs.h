/*
 * epochs: the leader-epoch cache of one log: which epoch's records start where (KIP-101), kept in
 * leader-epoch-checkpoint. Guarded by the log's owner.
 */
#ifndef STORAGE_EPOCHS_H
#define STORAGE_EPOCHS_H

#include "protocol/base/note.h"
#include "storage/os/file.h"

struct epoch_start {
    int32_t epoch;
    int64_t start_offset;
};

struct epochs {
    struct epoch_start *entries; /* both columns strictly increase */
    int32_t count;
    int32_t capacity;
    bool changed; /* since the file was written */
    bool is_new;  /* there is no file yet, in a directory that was made just now */
    bool is_led;  /* the last entry has no record yet, and is not in the file */
};

void epochs_init(struct epochs *epochs);
void epochs_fini(struct epochs *epochs);

/* Reads `directory`/leader-epoch-checkpoint. A missing file is an empty cache; 0, -errno or -EBADMSG. */
int epochs_load(struct epochs *epochs, struct file_system *fs, const char *directory, struct note *why);

/* Writes the file if something changed. Not synced: recovery finds the entries again in the batches. 0 or
 * -errno. */
int epochs_store(struct epochs *epochs, struct file_system *fs, const char *directory);

/* Epoch `epoch` starts at `start_offset`: drops entries that this contradicts (a higher or equal epoch, or a
 * start at or beyond). Nothing happens if the newest epoch is this one or a newer one that started earlier.
 */
void epochs_assign(struct epochs *epochs, int32_t epoch, int64_t start_offset);

/* As epochs_assign, for a leader that has not written yet; nothing happens if a known epoch is this one or
 * newer. That alone is nothing to store: whoever leads next adds its own entry at the same offset, and a
 * start with thousands of partitions writes no files. The first epochs_assign of the epoch makes it
 * something. In a new directory it is stored at once, as any change. */
void epochs_lead(struct epochs *epochs, int32_t epoch, int64_t end_offset);

/* Moves the entries over; what was there is forgotten, and `from` is left empty. */
void epochs_take(struct epochs *epochs, struct epochs *from);

void epochs_truncate_end(struct epochs *epochs,
                         int64_t end_offset); /* entries that start at or beyond it go */
void epochs_truncate_start(struct epochs *epochs,
                           int64_t start_offset); /* entries below it become one that starts there */

int32_t epochs_latest(const struct epochs *epochs);                    /* -1: none */
int32_t epochs_of_offset(const struct epochs *epochs, int64_t offset); /* -1: unknown */

/* OffsetForLeaderEpoch's rules; -1 and -1 if there is no answer. */
void epochs_end_of(const struct epochs *epochs, int32_t epoch, int64_t log_end_offset, int32_t *found_epoch,
                   int64_t *end_offset);

#endif
