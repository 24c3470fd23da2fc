/*
 * log_compact: the reading and writing of one cleaning of one log (kafka-storage 18): segments in, cleaned
 * segments out. It decides nothing about when, and changes nothing that others see: what it writes is called
 * *.cleaned until log_replace puts it in its place.
 *
 * One thread, no locks. It goes through two walks: log_compact_map over the dirty section, then
 * log_compact_group over everything below the end, group by group.
 */
#ifndef STORAGE_LOG_COMPACT_H
#define STORAGE_LOG_COMPACT_H

#include "storage/batch_filter.h"
#include "storage/log_config.h"
#include "storage/segment.h"

/* Whom the segments belong to. */
struct compaction_owner {
    void *context;
    /* Takes a reader's reference, under the owner's lock. 0, -errno, -ECANCELED: the cleaning is to end. */
    int (*pin)(void *context, struct segment *segment);
    /* Before and after so many bytes of I/O: waits its turn. 0 or -ECANCELED. */
    int (*pace)(void *context, size_t bytes);
};

struct compaction {
    /* The caller's; constant from the first walk on. */
    struct compaction_owner owner;
    const struct log_config *config;
    struct segment **segments; /* every one below range_end; the log's references are enough */
    int32_t segment_count;
    int64_t first_dirty;
    int64_t range_end; /* a segment's base */
    int64_t now_ms;
    int64_t map_bytes;
    double map_load_factor;
    size_t buffer_bytes; /* of reading, and again of writing */
    uint64_t secret[2];
    struct last_record *last_records; /* sorted */
    size_t last_record_count;
    struct aborted_entry *aborted; /* sorted; every one that ends above the first segment's base */
    int64_t aborted_count;

    /* Results. */
    int64_t map_end; /* the cleaning reaches up to here */
    int64_t bytes_read;
    int64_t bytes_written;

    /* Its own. */
    struct offset_map map;
    struct cleaned_transactions transactions;
    struct batch_filter filter;
    uint8_t *reading;
    size_t reading_capacity;
    uint8_t *writing;
};

/*
 * Which keys are in the dirty section. map_end tells how much of it fitted into the map. 0, -errno,
 * -ECANCELED, -EBADMSG with the reason; -E2BIG: not even the first batch's keys fit.
 */
int log_compact_map(struct compaction *compaction, struct note *why);

/* How many segments from `first` on go into one: within segment.bytes, the index size and 2^31 offsets. */
int32_t log_compact_group_size(const struct compaction *compaction, int32_t first);

/*
 * Writes the group's segment, complete and on stable storage but for its names, into *cleaned (one
 * reference). Groups are taken in order, the first at segment 0. 0, or as above; then there is nothing
 * left of it.
 */
int log_compact_group(struct compaction *compaction, int32_t first, int32_t count, struct segment **cleaned,
                      struct note *why);

/* Unlinks a segment that log_compact_group made, and drops it. */
void log_compact_discard(struct segment *cleaned);

/* Frees what is its own; the caller's is the caller's. */
void log_compact_fini(struct compaction *compaction);

#endif
