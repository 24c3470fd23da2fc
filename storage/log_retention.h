/*
 * log_retention: which of a log's segments may go, and letting them go (kafka-storage 17): those below the
 * log start, those beyond retention.bytes, those older than retention.ms. Guarded by the log's owner.
 */
#ifndef STORAGE_LOG_RETENTION_H
#define STORAGE_LOG_RETENTION_H

#include "storage/log.h"

struct log_retention {
    int64_t high_watermark; /* no segment with a record at or above it goes */
    int64_t wall_ms;        /* what records' timestamps are compared with */
    int64_t now_ms;         /* monotonic: file.delete.delay.ms begins */
};

/* Deletes the oldest segments that must go, at most `max` of them, so that the owner's lock is held for a
 * moment only: how many, 0 when there are none (left), or -errno. If every segment goes, the active one is
 * rolled first. */
int log_retain(struct log *log, const struct log_retention *pass, int32_t max);

#endif
