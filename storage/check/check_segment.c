/*
 * check_segment: see check_segment.h.
 *
 * 1. Batches and indexes are walked together, from front to back: memory does not grow with the segment.
 * 2. What Apache Kafka would do decides how bad something is. A segment that it recovers (not closed cleanly,
 * and not below the recovery point) has its indexes made anew, and is cut at the first damage, with all
 * segments behind it. Others are believed: what is wrong in them stays wrong.
 */
#include "storage/check/check_segment.h"

#include "protocol/record.h"
#include "storage/batch_file.h"
#include "storage/check/index_check.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { PRODUCERS_MAX = 200000, INFLATED_MAX = 1 << 30 };

struct segment_check {
    struct log_walk *walk;
    const struct segment_files *files;
    struct findings *findings;
    char path[FILE_PATH_MAX];
    bool is_recovered; /* Apache Kafka reads it through when it starts */
    int64_t max_timestamp;
    int64_t end_offset; /* one past the last batch, or the base */
    int64_t batches;
    struct index_check index;
    struct index_check time_index;
    struct txn_index_check txn_index;
};

static struct log_check *log_of(const struct segment_check *segment)
{
    return segment->walk->check;
}

static void found(struct segment_check *segment, enum severity severity, const char *rule, int64_t position,
                  const char *what)
{
    findings_add(segment->findings, severity, rule, segment->path, position, "%s", what);
}

/* ---- batches ---- */

/* A place that is no batch, or one with a wrong checksum. */
static void found_damage(struct segment_check *segment, const struct found_batch *batch, bool at_end)
{
    bool is_last = segment->files->next_base < 0;
    const char *outcome = !segment->is_recovered
                              ? "Apache Kafka does not look at it at its start, and stumbles later"
                          : at_end && is_last ? "Apache Kafka cuts it off"
                                              : "Apache Kafka cuts it off with all that follows";
    bool repaired = segment->is_recovered && at_end && is_last;
    findings_add(segment->findings, repaired ? FINDING_WARNING : FINDING_ERROR,
                 repaired ? "torn-end" : "batch-damaged", segment->path, batch->position,
                 "%" PRId64 " bytes: %s; %s", batch->size,
                 batch->why.text[0] != '\0' ? batch->why.text : "the checksum is wrong", outcome);
    segment->walk->damaged = true;
}

/* The offsets that the header promises. False: they make no sense. */
static bool check_offsets(struct segment_check *segment, const struct found_batch *batch)
{
    const struct batch_header *header = &batch->header;
    const struct segment_files *files = segment->files;
    int64_t last = batch_last_offset(header);
    if (header->last_offset_delta < 0 || header->base_offset < segment->end_offset)
        findings_add(segment->findings, FINDING_ERROR, "batch-offsets", segment->path, batch->position,
                     "offsets %" PRId64 " to %" PRId64 " where %" PRId64 " or later is expected",
                     header->base_offset, last, segment->end_offset);
    else if (last < header->base_offset || last - files->base > INT32_MAX)
        findings_add(segment->findings, FINDING_ERROR, "batch-offsets", segment->path, batch->position,
                     "offset %" PRId64 " is too far from the segment's base", last);
    else if (files->next_base >= 0 && last >= files->next_base)
        findings_add(segment->findings, FINDING_ERROR, "segments-overlap", segment->path, batch->position,
                     "offsets %" PRId64 " to %" PRId64 ", and the next segment begins at %" PRId64,
                     header->base_offset, last, files->next_base);
    else
        return true;
    return false;
}

static void check_gap(struct segment_check *segment, const struct found_batch *batch)
{
    if (log_of(segment)->is_cluster_log && batch->header.base_offset != segment->walk->next_offset)
        findings_add(segment->findings, FINDING_ERROR, "batch-gap", segment->path, batch->position,
                     "offset %" PRId64 " where %" PRId64 " is expected: the cluster log has no gaps",
                     batch->header.base_offset, segment->walk->next_offset);
}

static void check_header(struct segment_check *segment, const struct found_batch *batch)
{
    const struct batch_header *header = &batch->header;
    if (batch_codec(header) >= CODEC_COUNT)
        found(segment, FINDING_ERROR, "batch-codec", batch->position, "there is no such codec");
    if (header->record_count < 0
        || (header->last_offset_delta >= 0 && header->record_count - 1 > header->last_offset_delta))
        findings_add(segment->findings, FINDING_ERROR, "batch-count", segment->path, batch->position,
                     "%" PRId32 " records in %" PRId64 " offsets", header->record_count,
                     (int64_t)header->last_offset_delta + 1);
    if (batch_is_control(header) && batch_is_transactional(header) && !batch_has_producer_id(header))
        found(segment, FINDING_ERROR, "batch-producer", batch->position,
              "a transaction marker of no producer");
}

/* What lies below the log's start has its epochs taken away. */
static bool is_below_epochs(const struct log_walk *walk, int64_t offset)
{
    return walk->epochs.count > 0 && offset < walk->epochs.entries[0].start_offset;
}

static void check_epoch(struct segment_check *segment, const struct found_batch *batch)
{
    struct log_walk *walk = segment->walk;
    int32_t epoch = batch->header.partition_leader_epoch;
    enum severity severity = log_of(segment)->is_cluster_log ? FINDING_ERROR : FINDING_WARNING;
    if (epoch < walk->last_epoch)
        findings_add(segment->findings, severity, "batch-epoch", segment->path, batch->position,
                     "leader epoch %" PRId32 " behind %" PRId32, epoch, walk->last_epoch);
    else if (walk->epochs_known && epoch >= 0 && !is_below_epochs(walk, batch->header.base_offset)
             && epochs_of_offset(&walk->epochs, batch->header.base_offset) != epoch)
        findings_add(
            segment->findings, FINDING_WARNING, "epoch-missing", segment->path, batch->position,
            "leader epoch %" PRId32 ", but leader-epoch-checkpoint says %" PRId32 " for offset %" PRId64,
            epoch, epochs_of_offset(&walk->epochs, batch->header.base_offset), batch->header.base_offset);
    walk->last_epoch = epoch > walk->last_epoch ? epoch : walk->last_epoch;
}

/* ---- records ---- */

/* NULL, or what is wrong with a record. */
static const char *check_record(const struct batch_header *header, const struct record *record,
                                int32_t last_delta)
{
    if (record->offset_delta <= last_delta)
        return "a record's offset is not beyond the one before it";
    if (record->offset_delta > header->last_offset_delta)
        return "a record's offset is beyond the batch's last";
    if (batch_is_control(header) && record->key.len < 4)
        return "a control record that does not say its type";
    return NULL;
}

static void check_records(struct segment_check *segment, const struct found_batch *batch)
{
    const struct batch_header *header = &batch->header;
    struct record_iterator it;
    struct record record;
    struct note why = {""};
    int32_t last_delta = -1;
    int64_t max_timestamp = NO_TIMESTAMP;
    enum record_result result;
    const char *wrong = NULL;
    const struct record_options options = {
        .tolerant = true, .inflate_cap = INFLATED_MAX, .inflater = &segment->walk->inflater};
    record_iterator_init(&it, batch->bytes, &options);
    while ((result = record_iterator_next(&it, &record, &why)) == RECORD_READ && wrong == NULL) {
        wrong = check_record(header, &record, last_delta);
        last_delta = record.offset_delta;
        max_timestamp = record.timestamp > max_timestamp ? record.timestamp : max_timestamp;
        log_of(segment)->records++;
    }
    record_iterator_fini(&it);
    if (wrong != NULL)
        found(segment, FINDING_ERROR, "records", batch->position, wrong);
    else if (result == RECORD_TOO_LARGE)
        found(segment, FINDING_NOTE, "records-large", batch->position, why.text);
    else if (result != RECORD_END)
        found(segment, FINDING_ERROR, "records", batch->position, why.text);
    else if (last_delta >= 0 && max_timestamp != header->max_timestamp
             && header->max_timestamp != NO_TIMESTAMP && !batch_is_control(header))
        findings_add(segment->findings, FINDING_WARNING, "batch-timestamp", segment->path, batch->position,
                     "the largest timestamp would be %" PRId64 ", and is %" PRId64, header->max_timestamp,
                     max_timestamp);
}

/* ---- producers ---- */

/* What the batch does to its producer; an abort is looked for in the transaction index. */
static void follow_producer(struct segment_check *segment, const struct found_batch *batch)
{
    struct log_walk *walk = segment->walk;
    struct marker marker;
    struct ended_transaction ended;
    if (!batch_has_producer_id(&batch->header) || slice_is_null(batch->bytes))
        return;
    if (producers_count(&walk->producers) >= PRODUCERS_MAX) {
        producers_clear(&walk->producers);
        walk->producers_known = false;
    }
    if (!batch_is_control(&batch->header)) {
        if (walk->producers_known)
            producers_update(&walk->producers, &batch->header, batch->header.max_timestamp);
        return;
    }
    marker_read(batch->bytes, &marker);
    bool known = walk->producers_known
                 && producers_end_transaction(&walk->producers, &batch->header, &marker,
                                              batch->header.max_timestamp, &ended);
    producers_first_unstable(&walk->producers, INT64_MAX); /* forgets what has ended */
    if (marker.is_marker && marker.aborted)
        txn_index_check_abort(&segment->txn_index, &batch->header, known ? &ended : NULL);
}

/* ---- the walk ---- */

static void take_batch(struct segment_check *segment, const struct found_batch *batch)
{
    const struct batch_header *header = &batch->header;
    struct log_check *log = log_of(segment);
    bool in_order = check_offsets(segment, batch);
    check_header(segment, batch);
    if (in_order) {
        check_gap(segment, batch);
        check_epoch(segment, batch);
    }
    if (!log->skip_records && !slice_is_null(batch->bytes) && header->record_count > 0)
        check_records(segment, batch);
    if (in_order)
        follow_producer(segment, batch);
    if (header->max_timestamp > segment->max_timestamp)
        segment->max_timestamp = header->max_timestamp;
    index_check_batch(&segment->index, header, batch->position, segment->max_timestamp);
    index_check_batch(&segment->time_index, header, batch->position, segment->max_timestamp);
    if (in_order)
        segment->end_offset = segment->walk->next_offset = batch_next_offset(header);
    segment->batches++;
}

static void walk_batches(struct segment_check *segment)
{
    struct batch_file reader;
    struct found_batch batch;
    struct log_check *log = log_of(segment);
    int result = batch_file_open(&reader, log->fs, segment->path, segment->files->base);
    if (result < 0) {
        found(segment, FINDING_ERROR, "unreadable", -1, strerror(-result));
        return;
    }
    while ((result = batch_file_next(&reader, &batch)) == 1 || result == -EBADMSG) {
        if (result == 1 && batch.crc_right)
            take_batch(segment, &batch);
        else
            found_damage(segment, &batch, batch.position + batch.size == reader.size);
        if (log->progress != NULL)
            atomic_fetch_add_explicit(log->progress, batch.size, memory_order_relaxed);
    }
    if (result < 0)
        found(segment, FINDING_ERROR, "unreadable", -1, strerror(-result));
    log->bytes += reader.size;
    log->batches += segment->batches;
    batch_file_close(&reader);
}

/* Where there is no offset index Apache Kafka makes both anew; a time index that is missing alone it leaves
 * empty. */
static void index_is_missing(struct segment_check *segment, const struct index_check *check)
{
    bool is_made = check->kind == OFFSET_INDEX || !segment->files->has_index;
    findings_add(segment->findings, is_made ? FINDING_WARNING : FINDING_ERROR,
                 check->kind == OFFSET_INDEX ? "index-missing" : "time-index-missing", check->path, -1,
                 "it is missing%s",
                 is_made ? ": it is made anew" : ", and not made anew: look-ups by time go wrong");
}

static void begin_index(struct segment_check *segment, struct index_check *check, enum index_kind kind,
                        bool exists)
{
    check->findings = segment->findings;
    check->severity = segment->is_recovered ? FINDING_WARNING : FINDING_ERROR;
    check->zeros_are_fine = segment->is_recovered;
    check->kind = kind;
    check->base = segment->files->base;
    check->is_open = check->has_entry = false;
    check->is_over = true;
    check->count = 0;
    file_path(check->path, "%s/%020" PRId64 "%s", log_of(segment)->path, segment->files->base,
              kind == OFFSET_INDEX ? ".index" : ".timeindex");
    if (exists)
        index_check_begin(check, log_of(segment)->fs);
    else if (!segment->is_recovered) /* else it is made anew without a word */
        index_is_missing(segment, check);
}

static void begin_txn_index(struct segment_check *segment)
{
    struct txn_index_check *check = &segment->txn_index;
    check->findings = segment->findings;
    check->severity = segment->is_recovered ? FINDING_WARNING : FINDING_ERROR;
    check->base = segment->files->base;
    file_path(check->path, "%s/%020" PRId64 ".txnindex", log_of(segment)->path, segment->files->base);
    txn_index_check_begin(check, log_of(segment)->fs, segment->files->has_txn_index);
}

/* Whether Apache Kafka reads the segment through at its start. */
static bool is_recovered(const struct log_check *log, const struct segment_files *files)
{
    if (log->is_cluster_log)
        return true;
    return !log->clean && (files->next_base < 0 || files->next_base > log->recovery_point);
}

void check_segment(struct log_walk *walk, const struct segment_files *files)
{
    struct log_check *log = walk->check;
    struct segment_check *segment = malloc(sizeof *segment); /* its buffers are too large for a small stack */
    if (segment == NULL)
        return;
    segment->walk = walk;
    segment->files = files;
    segment->findings = &log->findings;
    segment->is_recovered = is_recovered(log, files);
    segment->max_timestamp = NO_TIMESTAMP;
    segment->end_offset = files->base;
    segment->batches = 0;
    file_path(segment->path, "%s/%020" PRId64 ".log", log->path, files->base);
    if (walk->next_offset < files->base)
        walk->next_offset = files->base;
    begin_index(segment, &segment->index, OFFSET_INDEX, files->has_index);
    begin_index(segment, &segment->time_index, TIME_INDEX, files->has_time_index);
    begin_txn_index(segment);
    walk_batches(segment);
    bool is_closed = !segment->is_recovered && !walk->damaged && segment->batches > 0;
    index_check_end(&segment->index, segment->end_offset, segment->max_timestamp, is_closed);
    index_check_end(&segment->time_index, segment->end_offset, segment->max_timestamp, is_closed);
    txn_index_check_end(&segment->txn_index, segment->end_offset);
    free(segment);
}
