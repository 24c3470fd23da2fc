/* log_private: what log*.c share. */
#ifndef STORAGE_LOG_PRIVATE_H
#define STORAGE_LOG_PRIVATE_H

#include "storage/log.h"

static inline struct file_system *log_fs(const struct log *log)
{
    return log->files->fs;
}

/* Puts a segment at the end. */
void log_add_segment(struct log *log, struct segment *segment);

/* Makes an empty active segment. */
int log_new_segment(struct log *log, int64_t base_offset);

/* The last segment whose base is <= offset; 0 if there is none. */
int32_t log_find_segment(const struct log *log, int64_t offset);

/* Forgets what readers remembered of positions in segments. */
void log_forget_hints(struct log *log);

/* A segment that is no longer the log's, with its files renamed: they are unlinked when it is time. */
void log_bury(struct log *log, struct segment *segment, int64_t due_ms);

/* Moves the recovery point over closed segments that are on stable storage. */
void log_move_recovery_point(struct log *log);

/* "<log>/<offset as 20 digits>.snapshot" */
void log_snapshot_path(const struct log *log, int64_t offset, char path[FILE_PATH_MAX]);

/* What lies beside a closed segment, before its batches may be compacted or no start reads them any more: the
 * producers' state where it ends, the epochs, the topic id. The directory is left to the caller. 0 or -errno;
 * no lock. */
int log_sync_closed(struct file_system *fs, const char *directory, int64_t end_offset);

/* The producers' state anew, after a truncation: from the newest snapshot and the batches behind it. */
int log_reload_producers(struct log *log);

/* Adds an aborted transaction to the segment's index. */
int log_note_aborted(struct segment *segment, const struct ended_transaction *ended);

#endif
