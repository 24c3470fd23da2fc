/*
 * log_scan: reads a segment through, batch by batch, and makes its indexes anew; with it the log's epochs,
 * producers and transaction index. What is no batch is noted as damage, and the scan goes on at the next
 * whole one. Called by log_recover, before anybody else knows the log: no locks.
 */
#ifndef STORAGE_LOG_SCAN_H
#define STORAGE_LOG_SCAN_H

#include "storage/log.h"
#include "storage/recovery_progress.h"

enum { DAMAGE_RANGES_MAX = 64 };

/* Bytes of a .log that are no batches. */
struct damage_range {
    int64_t position;
    int64_t end;
    int64_t next_offset; /* one past the last record before it */
    const char *what;    /* is wrong with its first batch; constant */
    bool has_batch; /* a whole one lies in it, at an offset that nothing confirms: it is kept, never cut */
};

struct damage {
    struct damage_range *ranges; /* malloc'ed, in order, at most DAMAGE_RANGES_MAX */
    int count;
};

struct log_scan {
    struct log *log;
    struct segment *segment;
    bool with_state;       /* producers, epochs and the transaction index are rebuilt too */
    int64_t durable_below; /* records below this were on stable storage: their checksums are not looked at */
    int64_t offset_limit;  /* where the next segment begins; INT64_MAX: there is none */
    struct recovery_progress *progress; /* may be NULL */

    /* Filled. */
    int64_t next_offset; /* one past the last record */
    bool has_batches;
    struct damage damage;

    /* Its own. */
    int64_t position; /* in the file as it is */
    int64_t removed;  /* bytes of damage before it: index entries are those of the mended file */
    uint8_t *window;  /* a piece of the file */
    int64_t window_at;
    size_t window_len;
    int64_t last_size;   /* of the batch taken last */
    int64_t search_left; /* bytes that looking for whole batches behind damage may still cost */
    const char *complaint;
    bool doubted; /* a whole batch was passed over, as its offset may not be its own */
};

/* 0 or -errno. The caller frees damage.ranges in any case. */
int log_scan_segment(struct log_scan *scan);

/* Whether the damage reaches the end of the segment, as a torn tail does. */
static inline bool damage_has_tail(const struct damage *damage, const struct segment *segment)
{
    const struct damage_range *last = damage->count > 0 ? &damage->ranges[damage->count - 1] : NULL;
    return last != NULL && last->end == segment->size && !last->has_batch;
}

/* Takes the damage out of the segment, whose indexes are those of the mended file already. Every range goes
 * to a file of its own beside it, "<base>.log.<position>.damaged", and is synced there before the segment is
 * replaced by one without it, or cut. Says what and where through diag. 0 or -errno. */
int damage_set_aside(struct log *log, struct segment *segment, const struct damage *damage);

#endif
