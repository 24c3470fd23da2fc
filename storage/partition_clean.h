/*
 * partition_clean: one cleaning of one compacted partition. Called by storage/cleaner, from any of its
 * threads.
 */
#ifndef STORAGE_PARTITION_CLEAN_H
#define STORAGE_PARTITION_CLEAN_H

#include "storage/partition.h"

/* What could be cleaned now: [first_dirty, end), whole segments at its end. */
struct cleanable {
    int64_t first_dirty;
    int64_t end;
    int64_t clean_bytes;
    int64_t dirty_bytes;
    bool is_due;    /* a record has waited longer than max.compaction.lag.ms */
    bool was_reset; /* the checkpoint made no sense: it is to be written anew */
};

/* dirty / (clean + dirty) bytes. */
double cleanable_ratio(const struct cleanable *cleanable);

/* Whether it is to be cleaned: it is compacted, nobody cleans it, and it is dirty enough, or due. `now_ms` is
 * wall-clock time. */
bool partition_needs_cleaning(struct partition *partition, int64_t now_ms, struct cleanable *cleanable);

/* What a cleaning may use. */
struct cleaning_means {
    int64_t map_bytes;
    double map_load_factor;
    size_t buffer_bytes; /* of reading, and again of writing */
    uint64_t secret[2];  /* of the map's hash */
    int64_t backoff_ms;  /* before the next attempt, after one that failed for want of space or memory */
    /* Waits until so many bytes of I/O may be done, as long as go_on says true. 0, or -ECANCELED. */
    int (*pace)(void *context, size_t bytes, bool (*go_on)(void *go_on_context), void *go_on_context);
    void *context;
};

struct cleaning_result {
    int64_t first_dirty; /* now */
    int64_t bytes_read;
    int64_t bytes_written;
};

/*
 * Cleans what partition_needs_cleaning would say now. True if it got to an end; false if there was nothing
 * to do, it was called off (the partition is deleted, no longer compacted, its log was cut), or it failed,
 * which was said through diag.
 */
bool partition_clean(struct partition *partition, const struct cleaning_means *means, int64_t now_ms,
                     struct cleaning_result *result);

#endif
