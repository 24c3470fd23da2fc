/*
 * batch_filter: see batch_filter.h.
 *
 * 1. A record is dropped only if a later one of its key is in the map, its transaction was aborted, it has no
 * key (nobody can ever ask for it by one), or it is a tombstone whose delete horizon has passed.
 * 2. The first cleaning that keeps a tombstone, or a marker that nothing needs any more, writes the time from
 * which it may go into the batch: the delete horizon, in the place of the base timestamp. Timestamps of
 * records stay what they were.
 * 3. A batch that is rebuilt keeps its base and last offset, producer, sequence, leader epoch, codec and
 * type of timestamps; what is kept whole is the same bytes.
 *
 * Called by log_compact.
 */
#include "storage/batch_filter.h"

#include "protocol/base/ensure.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

enum { KEEP_BUILDER_BYTES = 1 << 20, RECORD_GROWTH_MAX = 32 };

void batch_filter_init(struct batch_filter *filter)
{
    *filter = (struct batch_filter){0};
    for (int codec = 0; codec < CODEC_COUNT; codec++)
        filter->builders[codec] = (struct batch_builder){.codec = (enum codec)codec,
                                                         .level = codec_default_level((enum codec)codec)};
    inflater_init(&filter->inflater);
}

void batch_filter_fini(struct batch_filter *filter)
{
    for (int codec = 0; codec < CODEC_COUNT; codec++)
        batch_builder_fini(&filter->builders[codec]);
    inflater_fini(&filter->inflater);
    free(filter->kept);
}

static int by_producer(const void *a, const void *b)
{
    int64_t left = ((const struct last_record *)a)->producer_id;
    int64_t right = ((const struct last_record *)b)->producer_id;
    return (left > right) - (left < right);
}

void last_records_sort(struct last_record *records, size_t count)
{
    if (count > 1)
        qsort(records, count, sizeof *records, by_producer);
}

/* ---- the batch as a whole ---- */

static bool is_last_of_producer(const struct batch_filter *filter, const struct batch_header *header)
{
    if (!batch_has_producer_id(header) || filter->last_record_count == 0)
        return false;
    const struct last_record wanted = {.producer_id = header->producer_id};
    const struct last_record *last =
        bsearch(&wanted, filter->last_records, filter->last_record_count, sizeof wanted, by_producer);
    if (last == NULL)
        return false;
    if (last->last_offset >= 0)
        return batch_last_offset(header) == last->last_offset;
    return batch_is_control(header) && header->producer_epoch == last->producer_epoch;
}

int batch_marker_type(struct slice batch)
{
    struct record_iterator it;
    struct record record;
    const struct record_options options = {.tolerant = true};
    record_iterator_init(&it, batch, &options);
    enum record_result result = record_iterator_next(&it, &record, NULL);
    int type = result == RECORD_READ ? control_record_type(&record) : -1;
    record_iterator_fini(&it);
    if (result == RECORD_END)
        return MARKER_EMPTIED;
    if (result != RECORD_READ)
        return -EBADMSG;
    return type == CONTROL_ABORT ? MARKER_ABORT : type == CONTROL_COMMIT ? MARKER_COMMIT : MARKER_OTHER;
}

/* What becomes of the batch before its records are looked at. */
struct verdict {
    bool drop_records;   /* all of them */
    bool keep_empty;     /* the batch, when no record is left */
    bool marker_may_go;  /* it gets a delete horizon */
    bool horizon_passed; /* its own */
};

static bool judge(struct batch_filter *filter, struct slice batch, const struct batch_header *header,
                  struct verdict *verdict)
{
    bool nobodys;
    filter->has_aborted = false;
    *verdict = (struct verdict){
        .horizon_passed = batch_has_delete_horizon(header) && header->base_timestamp <= filter->now_ms,
        .keep_empty = is_last_of_producer(filter, header) || batch_next_offset(header) == filter->range_end,
    };
    if (batch_is_control(header)) {
        int type = batch_marker_type(batch);
        if (type < 0)
            return false;
        nobodys = cleaned_transactions_marker(filter->transactions, header, (enum marker_type)type,
                                              &filter->aborted, &filter->has_aborted);
        verdict->marker_may_go = nobodys;
        verdict->drop_records = nobodys && verdict->horizon_passed;
    } else {
        nobodys = cleaned_transactions_data(filter->transactions, header);
        verdict->drop_records = nobodys;
    }
    return true;
}

/* ---- its records ---- */

static void mark_kept(struct batch_filter *filter, int32_t i)
{
    size_t word = (size_t)i / 64;
    if (word >= filter->kept_words) {
        size_t words = filter->kept_words == 0 ? 16 : filter->kept_words;
        while (words <= word)
            words *= 2;
        filter->kept = realloc(filter->kept, words * sizeof *filter->kept);
        ensure(filter->kept != NULL);
        memset(filter->kept + filter->kept_words, 0, (words - filter->kept_words) * sizeof *filter->kept);
        filter->kept_words = words;
    }
    filter->kept[word] |= (uint64_t)1 << (i % 64);
}

static bool is_kept(const struct batch_filter *filter, int32_t i)
{
    size_t word = (size_t)i / 64;
    return word < filter->kept_words && (filter->kept[word] >> (i % 64) & 1) != 0;
}

static void forget_kept(struct batch_filter *filter, int32_t seen)
{
    size_t words = ((size_t)seen + 63) / 64;
    if (words > filter->kept_words)
        words = filter->kept_words;
    if (words > 0)
        memset(filter->kept, 0, words * sizeof *filter->kept);
}

/* Which records stay. Those whose keys are still looked for are in a ring. */
struct choice {
    int32_t seen;
    int32_t kept;
    bool has_tombstone;
    struct {
        struct offset_map_probe probe;
        int64_t offset;
        int32_t number; /* of the record in its batch */
        bool is_tombstone;
    } coming[OFFSET_MAP_AHEAD];
    uint32_t begun;
    uint32_t settled;
};

static void keep(struct batch_filter *filter, struct choice *choice, int32_t number, bool is_tombstone)
{
    mark_kept(filter, number);
    choice->kept++;
    choice->has_tombstone |= is_tombstone;
}

/* Decides about the oldest record whose key is looked for. */
static void settle(struct batch_filter *filter, struct choice *choice)
{
    uint32_t at = choice->settled++ % OFFSET_MAP_AHEAD;
    if (offset_map_get(filter->map, &choice->coming[at].probe) <= choice->coming[at].offset)
        keep(filter, choice, choice->coming[at].number, choice->coming[at].is_tombstone);
}

/* Decides about a record, or begins to look for its key. */
static void weigh(struct batch_filter *filter, const struct batch_header *header,
                  const struct verdict *verdict, const struct record *record, struct choice *choice)
{
    int32_t number = choice->seen++;
    bool is_tombstone = slice_is_null(record->value);
    if (batch_is_control(header) || record->offset >= filter->map_end) {
        keep(filter, choice, number, is_tombstone);
        return;
    }
    if (slice_is_null(record->key) || (is_tombstone && verdict->horizon_passed))
        return;
    if (choice->begun - choice->settled == OFFSET_MAP_AHEAD)
        settle(filter, choice);
    uint32_t at = choice->begun++ % OFFSET_MAP_AHEAD;
    choice->coming[at].probe = offset_map_probe(filter->map, record->key);
    choice->coming[at].offset = record->offset;
    choice->coming[at].number = number;
    choice->coming[at].is_tombstone = is_tombstone;
}

static int refuse(struct note *why, const char *what)
{
    note_set(why, "%s", what);
    return -EBADMSG;
}

/* Marks the records that stay. */
static int choose(struct batch_filter *filter, struct slice batch, const struct batch_header *header,
                  const struct verdict *verdict, struct choice *choice, struct note *why)
{
    struct record_iterator it;
    struct record record;
    const struct record_options options = {.tolerant = true, .inflater = &filter->inflater};
    enum record_result result = RECORD_READ;
    int error = 0;
    choice->seen = choice->kept = 0;
    choice->has_tombstone = false;
    choice->begun = choice->settled = 0;
    record_iterator_init(&it, batch, &options);
    while (error == 0 && (result = record_iterator_next(&it, &record, why)) == RECORD_READ) {
        if (record.offset_delta < 0 || record.offset_delta > header->last_offset_delta)
            error = refuse(why, "a record's offset lies outside of its batch");
        else
            weigh(filter, header, verdict, &record, choice);
    }
    record_iterator_fini(&it);
    while (choice->settled != choice->begun)
        settle(filter, choice);
    return error < 0 ? error : result == RECORD_END ? 0 : -EBADMSG;
}

/* The batch of the records that were marked. */
static int rebuild(struct batch_filter *filter, struct slice batch, const struct batch_header *header,
                   int64_t delete_horizon_ms, struct slice *left, struct note *why)
{
    struct batch_builder *builder = &filter->builders[batch_codec(header)];
    struct record_iterator it;
    struct record record;
    const struct record_options options = {.tolerant = true, .inflater = &filter->inflater};
    int error = 0;
    if (builder->bytes.capacity > KEEP_BUILDER_BYTES)
        buf_fini(&builder->bytes);
    if (builder->packed.capacity > KEEP_BUILDER_BYTES)
        buf_fini(&builder->packed);
    batch_builder_reset(builder);
    if (delete_horizon_ms >= 0)
        batch_builder_set_base_timestamp(builder, delete_horizon_ms);
    record_iterator_init(&it, batch, &options);
    for (int32_t i = 0; error == 0 && record_iterator_next(&it, &record, why) == RECORD_READ; i++) {
        if (!is_kept(filter, i))
            continue;
        if (batch_builder_size(builder) + record.size + RECORD_GROWTH_MAX > INT32_MAX)
            error = refuse(why, "a batch would grow beyond 2 GiB");
        else
            batch_builder_append_raw(builder, record.offset_delta, record.timestamp, record.key, record.value,
                                     record.headers, record.header_count);
    }
    record_iterator_fini(&it);
    if (error < 0)
        return error;
    struct batch_header *built = &builder->header;
    built->base_offset = header->base_offset;
    built->last_offset_delta = header->last_offset_delta;
    built->partition_leader_epoch = header->partition_leader_epoch;
    built->producer_id = header->producer_id;
    built->producer_epoch = header->producer_epoch;
    built->base_sequence = header->base_sequence;
    int kept = header->attributes & (BATCH_LOG_APPEND_TIME | BATCH_TRANSACTIONAL | BATCH_CONTROL);
    built->attributes = (int16_t)(kept | (delete_horizon_ms >= 0 ? BATCH_DELETE_HORIZON : 0));
    *left = batch_builder_finish(builder);
    ensure(!slice_is_null(*left));
    return 1;
}

/* A header without records. */
static int keep_empty(struct batch_filter *filter, const struct batch_header *header, struct slice *left)
{
    struct batch_header empty = *header;
    empty.attributes =
        (int16_t)(header->attributes & (BATCH_LOG_APPEND_TIME | BATCH_TRANSACTIONAL | BATCH_CONTROL));
    empty.batch_length = BATCH_HEADER_SIZE - BATCH_LOG_OVERHEAD;
    empty.base_timestamp = NO_TIMESTAMP;
    empty.record_count = 0;
    batch_header_write(filter->empty, &empty);
    *left = slice_of(filter->empty, sizeof filter->empty);
    empty.crc = batch_compute_crc(*left);
    batch_header_write(filter->empty, &empty);
    return 1;
}

int batch_filter_apply(struct batch_filter *filter, struct slice batch, const struct batch_header *header,
                       struct slice *left, struct note *why)
{
    struct verdict verdict;
    struct choice choice = {.seen = 0};
    if (batch_codec(header) >= CODEC_COUNT)
        return refuse(why, "no such codec");
    if (!judge(filter, batch, header, &verdict))
        return refuse(why, "a control batch without a readable record");
    if (!verdict.drop_records) {
        int result = choose(filter, batch, header, &verdict, &choice, why);
        if (result < 0) {
            forget_kept(filter, choice.seen);
            return result;
        }
    }
    if (choice.kept == 0)
        return verdict.keep_empty ? keep_empty(filter, header, left) : 0;

    bool has_horizon = batch_has_delete_horizon(header);
    bool needs_horizon = (choice.has_tombstone || verdict.marker_may_go) && !has_horizon;
    int result = 1;
    if (choice.kept == choice.seen && !needs_horizon) {
        *left = batch;
    } else {
        int64_t horizon = needs_horizon ? filter->now_ms + filter->delete_retention_ms
                          : has_horizon ? header->base_timestamp
                                        : NO_TIMESTAMP;
        result = rebuild(filter, batch, header, horizon, left, why);
    }
    forget_kept(filter, choice.seen);
    return result;
}
