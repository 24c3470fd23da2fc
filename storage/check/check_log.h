/*
 * check_log: one partition's directory, looked at without changing it: would Apache Kafka take it as it is,
 * and would it find in it what was written? The rules are those of kafka-storage 5 to 10 and 19.
 *
 * One thread a directory; memory is bounded by the largest batch and by what one segment list and the
 * producers take (both capped).
 */
#ifndef STORAGE_CHECK_CHECK_LOG_H
#define STORAGE_CHECK_CHECK_LOG_H

#include "protocol/base/uuid.h"
#include "storage/check/findings.h"
#include "storage/os/file.h"

#include <stdatomic.h>

struct log_check {
    /* What the log directory around it says. */
    struct file_system *fs;
    const char *path;
    bool clean;             /* it was closed cleanly: Apache Kafka believes the files */
    bool is_cluster_log;    /* which is never believed */
    bool skip_records;      /* batches are not decompressed, and records not looked at */
    int64_t recovery_point; /* -1: not said */
    int64_t log_start;      /* -1: not said */
    int64_t high_watermark; /* -1: not said */
    atomic_llong *progress; /* bytes that were read; may be NULL */

    /* What was found. */
    struct findings findings;
    bool has_topic_id;
    struct uuid topic_id;
    int64_t first_offset; /* of the first segment; -1: there is no segment */
    int64_t end_offset;   /* one past the last record; -1 likewise */
    int64_t batches;
    int64_t records;
    int64_t bytes;
};

/* Fills in what was found; findings_fini is the caller's. */
void check_log(struct log_check *check);

#endif
