/*
 * log_retention: how far a log's start moves up by itself (kafka-storage 17): over segments that are beyond
 * retention.bytes or older than retention.ms. Guarded by the log's owner.
 */
#ifndef STORAGE_LOG_RETENTION_H
#define STORAGE_LOG_RETENTION_H

#include "storage/log.h"

struct log_retention {
    int64_t high_watermark; /* no segment with a record at or above it goes */
    int64_t wall_ms;        /* what records' timestamps are compared with */
};

/* Moves the start over the oldest segments that must go, at most `max` of them, so that the owner's lock
 * is held for a moment only: how many, 0 when there are none (left), -EAGAIN when it is not known yet how old
 * the next one is (call again), or -errno. If every segment goes, the active one is rolled first. Their files
 * stay until the start is on stable storage: log_delete_below. */
int log_retain(struct log *log, const struct log_retention *pass, int32_t max);

#endif
