/*
 * batch_filter: what compaction leaves of one batch (kafka-storage 18): everything, a part, an empty batch
 * that only keeps a producer's or a log's last offset, or nothing. Pure but for memory; one thread.
 */
#ifndef STORAGE_BATCH_FILTER_H
#define STORAGE_BATCH_FILTER_H

#include "protocol/batch_build.h"
#include "storage/cleaned_transactions.h"
#include "storage/offset_map.h"

/* The last that a live producer wrote: its batch stays, for the sequence number or the epoch in it. */
struct last_record {
    int64_t producer_id;
    int64_t last_offset; /* of data; -1: only markers */
    int16_t producer_epoch;
};

struct batch_filter {
    /* The caller's; constant while it filters. */
    const struct offset_map *map;
    int64_t map_end; /* records at or above it are not in the map: they stay */
    int64_t
        range_end; /* the batch that ends here stays, if only as an empty one: it tells where the log is */
    int64_t now_ms;
    int64_t delete_retention_ms;
    const struct last_record *last_records; /* by producer id */
    size_t last_record_count;
    struct cleaned_transactions *transactions;

    /* Its own. */
    struct batch_builder builders[CODEC_COUNT];
    struct inflater inflater;
    uint64_t *kept; /* a bit for each record of the batch */
    size_t kept_words;
    uint8_t empty[BATCH_HEADER_SIZE];
    struct aborted_entry
        aborted; /* of the marker that was filtered last, if has_aborted: the new segment's */
    bool has_aborted;
};

/* Set the caller's fields afterwards. */
void batch_filter_init(struct batch_filter *filter);
void batch_filter_fini(struct batch_filter *filter);

void last_records_sort(struct last_record *records, size_t count);

/*
 * One whole batch whose CRC and offsets were checked. 1 with what is left in *left, borrowed until the next
 * call (`batch` itself where nothing changes); 0: nothing; -EBADMSG with the reason.
 */
int batch_filter_apply(struct batch_filter *filter, struct slice batch, const struct batch_header *header,
                       struct slice *left, struct note *why);

/* The marker in a control batch, MARKER_EMPTIED if there is none any more; -EBADMSG. */
int batch_marker_type(struct slice batch);

#endif
