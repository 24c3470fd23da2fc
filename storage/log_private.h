/* log_private: what log.c and log_recover.c share. */
#ifndef STORAGE_LOG_PRIVATE_H
#define STORAGE_LOG_PRIVATE_H

#include "storage/log.h"

/* Puts a segment at the end. */
void log_add_segment(struct log *log, struct segment *segment);

/* Makes an empty active segment. */
int log_new_segment(struct log *log, int64_t base_offset);

/* The last segment whose base is <= offset; 0 if there is none. */
int32_t log_find_segment(const struct log *log, int64_t offset);

/* "<log>/<offset as 20 digits>.snapshot" */
void log_snapshot_path(const struct log *log, int64_t offset, char path[FILE_PATH_MAX]);

/* Takes every batch in [from_offset, end) into the producers' state. No CRC is checked. */
int log_replay_producers(struct log *log, int64_t from_offset);

/* The newest good snapshot at or below `end` and above `start_offset`, then the batches behind it (none if there is no snapshot
 * and `skip_replay_without`). */
int log_load_producers(struct log *log, int64_t end, bool skip_replay_without);

/* Reads the marker of the control batch at `position`. */
int log_read_marker(struct segment *segment, int64_t position, const struct batch_header *header, struct marker *marker);

/* Adds an aborted transaction to the segment's index. */
int log_note_aborted(struct segment *segment, const struct ended_transaction *ended);

#endif
