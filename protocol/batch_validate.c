/*
 * batch_validate: the leader's checks of a produced batch. Called by the Produce handler, before the
 * partition's lock.
 *
 * The order of the checks is Apache Kafka's, because a batch that is wrong twice is answered for the first:
 * test/golden/batches.txt holds what 4.3.1 said to 140 of them. Three things differ on purpose:
 *
 *   - a compressed record whose length does not fit its fields is INVALID_RECORD (Kafka skips over the
 *     fields and stores it; no consumer could read it, and the partition would be stuck);
 *   - a batch that inflates to more than the cap is MESSAGE_TOO_LARGE (Kafka has no cap);
 *   - null records are INVALID_RECORD (Kafka throws and never answers).
 *
 * 1. Bytes that are refused are not written to.
 * 2. An error comes with a message only where Kafka's RecordValidationException has one: for record errors.
 */
#include "protocol/batch_validate.h"

#include "protocol/base/big_endian.h"
#include "protocol/base/ensure.h"
#include "protocol/batch_build.h"
#include "protocol/record.h"

#include <inttypes.h>

enum {
    OLD_RECORD_OVERHEAD = 14, /* of magic 0, the least that a size may be */
    ZSTD_SINCE = 7,           /* Produce version, KIP-110 */
    ERRORS_IN_MESSAGE = 3,
    FIRST_ERRORS = 4,
};

/* ---- the shape of a record set ---- */

enum shape { SHAPE_NO_BATCH, SHAPE_BATCH, SHAPE_SIZE_TOO_SMALL, SHAPE_BAD_MAGIC, SHAPE_SIZE_OVERFLOWS };

/*
 * What begins here, as Kafka's reader of memory sees it. Fewer bytes than their size says are no batch, and
 * no error.
 */
static enum shape look(struct slice bytes, size_t *size)
{
    if (bytes.len < BATCH_LOG_OVERHEAD)
        return SHAPE_NO_BATCH;
    int32_t length = load_i32(bytes.data + BATCH_LENGTH_AT);
    if (length < OLD_RECORD_OVERHEAD)
        return SHAPE_SIZE_TOO_SMALL;
    if (bytes.len <= BATCH_MAGIC_AT)
        return SHAPE_NO_BATCH;
    if (bytes.data[BATCH_MAGIC_AT] > BATCH_MAGIC)
        return SHAPE_BAD_MAGIC;
    if (length > INT32_MAX - BATCH_LOG_OVERHEAD)
        return SHAPE_SIZE_OVERFLOWS;
    *size = (size_t)length + BATCH_LOG_OVERHEAD;
    return *size <= bytes.len ? SHAPE_BATCH : SHAPE_NO_BATCH;
}

static int16_t attributes_of(struct slice batch)
{
    return load_i16(batch.data + BATCH_ATTRIBUTES_AT); /* inside even the smallest size */
}

static bool has_magic_2(struct slice batch)
{
    return batch.data[BATCH_MAGIC_AT] == BATCH_MAGIC;
}

enum kerr batch_scan(struct slice records, struct batch_scan *scan, struct note *why)
{
    *scan = (struct batch_scan){0};
    size_t size = 0;
    switch (look(records, &size)) {
    case SHAPE_NO_BATCH:
        return KERR_NONE;
    case SHAPE_BATCH:
        scan->has_batch = true;
        scan->transactional = has_magic_2(records) && (attributes_of(records) & BATCH_TRANSACTIONAL);
        return KERR_NONE;
    case SHAPE_SIZE_TOO_SMALL:
        note_set(why, "Record size %d is less than the minimum record overhead (%d)",
                 load_i32(records.data + BATCH_LENGTH_AT), OLD_RECORD_OVERHEAD);
        return KERR_CORRUPT_MESSAGE;
    case SHAPE_BAD_MAGIC:
        note_set(why, "Invalid magic found in record: %d", (int8_t)records.data[BATCH_MAGIC_AT]);
        return KERR_CORRUPT_MESSAGE;
    case SHAPE_SIZE_OVERFLOWS:
    default:
        return KERR_UNKNOWN_SERVER_ERROR;
    }
}

static void refuse_request(struct batch_verdict *verdict, enum kerr error)
{
    verdict->error = error;
    verdict->whole_request = true;
}

/* True if the version may use the batch's codec. */
static bool check_codec_version(struct slice batch, int api_version, struct batch_verdict *verdict)
{
    int codec = attributes_of(batch) & BATCH_CODEC_MASK;
    if (api_version >= ZSTD_SINCE || codec < CODEC_ZSTD)
        return true;
    if (codec == CODEC_ZSTD)
        verdict->error = KERR_UNSUPPORTED_COMPRESSION_TYPE;
    else
        refuse_request(verdict, KERR_UNKNOWN_SERVER_ERROR);
    return false;
}

static void check_nothing_follows(struct slice rest, struct batch_verdict *verdict)
{
    size_t size;
    switch (look(rest, &size)) {
    case SHAPE_NO_BATCH:
        break;
    case SHAPE_BATCH:
        verdict->error = KERR_INVALID_RECORD;
        break;
    case SHAPE_SIZE_TOO_SMALL:
    case SHAPE_BAD_MAGIC:
        verdict->error = KERR_CORRUPT_MESSAGE;
        break;
    case SHAPE_SIZE_OVERFLOWS:
        refuse_request(verdict, KERR_UNKNOWN_SERVER_ERROR);
        break;
    }
}

void batch_check_shape(struct slice records, int api_version, struct batch_verdict *verdict)
{
    *verdict = (struct batch_verdict){.error = KERR_NONE};
    size_t size = 0;
    struct batch_scan scan;
    enum kerr error = batch_scan(records, &scan, NULL);
    if (error != KERR_NONE) {
        refuse_request(verdict, error);
        return;
    }
    look(records, &size);
    if (!scan.has_batch || !has_magic_2(records)) {
        verdict->error = KERR_INVALID_RECORD;
        return;
    }
    if (!check_codec_version(records, api_version, verdict))
        return;
    check_nothing_follows(slice_from(records, size), verdict);
    if (verdict->error != KERR_NONE)
        return;
    verdict->len = size;
    if (size >= BATCH_HEADER_SIZE)
        batch_header_read(records.data, &verdict->header);
}

/* ---- one batch ---- */

struct validation {
    const struct batch_rules *rules;
    struct arena *arena;
    struct batch_verdict *verdict;
    enum codec source, target;
    struct batch_builder *builder; /* NULL unless the batch is compressed anew */
    bool misnumbered;              /* a compressed batch's offset deltas are not 0, 1, 2, ... */
    bool negative_timestamp;       /* which Kafka's builder does not take */
    int64_t max_timestamp;
    int32_t max_timestamp_delta;
    int32_t error_capacity, error_total;
    bool timestamp_error;
    struct slice no_key_message;
};

/* Kafka fills logStartOffset with most of the errors that it finds on the way to the log. */
static bool refuse(struct validation *v, enum kerr error)
{
    v->verdict->error = error;
    v->verdict->has_log_start_offset = error != KERR_CORRUPT_MESSAGE && error != KERR_MESSAGE_TOO_LARGE;
    return false;
}

/* Base offset, size, CRC, codec: in this order, and before the header's numbers are believed. */
static bool check_bytes(struct validation *v, struct slice batch)
{
    if (load_i64(batch.data + BATCH_BASE_OFFSET_AT) != 0)
        return refuse(v, KERR_INVALID_RECORD);
    if ((int64_t)batch.len > v->rules->max_message_bytes)
        return refuse(v, KERR_MESSAGE_TOO_LARGE);
    if (batch.len < BATCH_HEADER_SIZE || !batch_check_crc(batch))
        return refuse(v, KERR_CORRUPT_MESSAGE);
    if (batch_codec(&v->verdict->header) >= CODEC_COUNT)
        return refuse(v, KERR_UNKNOWN_SERVER_ERROR);
    return true;
}

static bool check_header(struct validation *v, const struct batch_header *header)
{
    int64_t count_from_offsets = (int64_t)header->last_offset_delta + 1;
    if (count_from_offsets <= 0 || header->record_count <= 0 || count_from_offsets != header->record_count)
        return refuse(v, KERR_INVALID_RECORD);
    if (batch_is_control(header))
        return refuse(v, KERR_INVALID_RECORD);
    if (batch_has_producer_id(header) && header->base_sequence < 0)
        return refuse(v, KERR_INVALID_RECORD);
    return true;
}

/* ---- its records ---- */

static void add_error(struct validation *v, int32_t index, struct slice message)
{
    struct batch_verdict *verdict = v->verdict;
    v->error_total++;
    if (verdict->record_error_count == BATCH_RECORD_ERRORS_MAX)
        return;
    if (verdict->record_error_count == v->error_capacity) {
        int32_t capacity = v->error_capacity == 0 ? FIRST_ERRORS : v->error_capacity * 4;
        struct batch_record_error *larger = arena_new_array(v->arena, struct batch_record_error, capacity);
        for (int32_t i = 0; i < verdict->record_error_count; i++)
            larger[i] = verdict->record_errors[i];
        verdict->record_errors = larger;
        v->error_capacity = capacity;
    }
    verdict->record_errors[verdict->record_error_count++] = (struct batch_record_error){index, message};
}

static void add_no_key(struct validation *v, int32_t index)
{
    if (slice_is_null(v->no_key_message))
        v->no_key_message = arena_printf(
            v->arena, "Compacted topic cannot accept message without key in topic partition %.*s-%d",
            SLICE_ARGS(v->rules->topic), v->rules->partition);
    add_error(v, index, v->no_key_message);
}

/* Sums and differences of times wrap around, as Java's do: the defaults contain Long.MAX_VALUE. */
static int64_t plus(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

static int64_t minus(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a - (uint64_t)b);
}

static bool out_of_range(const struct batch_rules *rules, int64_t timestamp)
{
    int64_t age = minus(rules->now_ms, timestamp);
    return age > rules->before_max_ms || minus(0, age) > rules->after_max_ms;
}

static void add_out_of_range(struct validation *v, int32_t index, const struct record *record)
{
    const struct batch_rules *rules = v->rules;
    v->timestamp_error = true;
    if (v->verdict->record_error_count < BATCH_RECORD_ERRORS_MAX)
        add_error(v, index,
                  arena_printf(v->arena,
                               "Timestamp %" PRId64 " of message with offset %" PRId64
                               " is out of range. The timestamp should be within [%" PRId64 ", %" PRId64 "]",
                               record->timestamp, record->offset, minus(rules->now_ms, rules->before_max_ms),
                               plus(rules->now_ms, rules->after_max_ms)));
}

/* Kafka prints its record class: another one where it skips over keys and values. */
static void add_wrong_type(struct validation *v, int32_t index, const struct record *record)
{
    v->timestamp_error = true;
    bool skipped = v->source != CODEC_NONE && v->builder == NULL;
    int64_t key_size = slice_is_null(record->key) && skipped ? -1 : (int64_t)record->key.len;
    int64_t value_size = slice_is_null(record->value) && skipped ? -1 : (int64_t)record->value.len;
    if (v->verdict->record_error_count < BATCH_RECORD_ERRORS_MAX)
        add_error(v, index,
                  arena_printf(v->arena,
                               "Invalid timestamp type in message %sDefaultRecord(offset=%" PRId64
                               ", timestamp=%" PRId64 ", key=%" PRId64 " bytes, value=%" PRId64
                               " bytes). Producer should not set timestamp type to LogAppendTime.",
                               skipped ? "Partial" : "", record->offset, record->timestamp, key_size,
                               value_size));
}

static inline void check_record(struct validation *v, int32_t index, const struct record *record)
{
    const struct batch_rules *rules = v->rules;
    if (rules->compacted && slice_is_null(record->key)) {
        add_no_key(v, index);
        return;
    }
    if (!rules->log_append_time && record->timestamp != NO_TIMESTAMP) {
        if (__builtin_expect(out_of_range(rules, record->timestamp), 0))
            add_out_of_range(v, index, record);
    } else if (batch_is_log_append_time(&v->verdict->header)) {
        add_wrong_type(v, index, record);
    }
}

static void copy_record(struct validation *v, int32_t index, const struct record *record)
{
    v->negative_timestamp |= record->timestamp < 0 && record->timestamp != NO_TIMESTAMP;
    if (v->error_total == 0)
        batch_builder_append_raw(v->builder, index, record->timestamp, record->key, record->value,
                                 record->headers, record->header_count);
}

static enum record_result walk(struct validation *v, struct record_iterator *it)
{
    struct record record;
    enum record_result result;
    for (int32_t index = 0; (result = record_iterator_next(it, &record, NULL)) == RECORD_READ; index++) {
        check_record(v, index, &record);
        if (record.timestamp > v->max_timestamp) {
            v->max_timestamp = record.timestamp;
            v->max_timestamp_delta = index;
        }
        v->misnumbered |= record.offset_delta != index;
        if (v->builder != NULL)
            copy_record(v, index, &record);
    }
    return result;
}

static struct slice describe_errors(const struct validation *v)
{
    if (v->timestamp_error)
        return SLICE("One or more records have been rejected due to invalid timestamp");
    struct slice list = SLICE("");
    for (int32_t i = 0; i < v->verdict->record_error_count && i < ERRORS_IN_MESSAGE; i++) {
        const struct batch_record_error *error = &v->verdict->record_errors[i];
        list = arena_printf(v->arena, "%.*s%sRecordError(batchIndex=%d, message='%.*s')", SLICE_ARGS(list),
                            i == 0 ? "" : ", ", error->batch_index, SLICE_ARGS(error->message));
    }
    return arena_printf(
        v->arena,
        "One or more records have been rejected due to %d record errors in total, and only showing the "
        "first three errors at most: [%.*s]",
        v->error_total, SLICE_ARGS(list));
}

/*
 * Kafka's builder and its iterators throw where it did not expect these; the client sees an unexpected server
 * error.
 */
static bool kafka_throws(const struct validation *v)
{
    if (v->builder != NULL)
        return v->negative_timestamp;
    return v->misnumbered && v->source != CODEC_NONE;
}

static bool check_records(struct validation *v, struct slice batch)
{
    struct record_options options = {.inflate_cap = v->rules->inflate_cap, .inflater = v->rules->inflater};
    struct record_iterator it;
    record_iterator_init(&it, batch, &options);
    enum record_result result = walk(v, &it);
    record_iterator_fini(&it);
    if (result != RECORD_END) { /* Kafka has thrown before it looked at its list of record errors */
        v->verdict->record_error_count = 0;
        return refuse(v, result == RECORD_TOO_LARGE    ? KERR_MESSAGE_TOO_LARGE
                         : result == RECORD_UNREADABLE ? KERR_UNKNOWN_SERVER_ERROR
                                                       : KERR_INVALID_RECORD);
    }
    if (v->error_total > 0) {
        v->verdict->error_message = describe_errors(v);
        return refuse(v, v->timestamp_error ? KERR_INVALID_TIMESTAMP : KERR_INVALID_RECORD);
    }
    return kafka_throws(v) ? refuse(v, KERR_UNKNOWN_SERVER_ERROR) : true;
}

/* ---- what is stored ---- */

static void finish_in_place(struct validation *v, uint8_t *bytes)
{
    struct batch_verdict *verdict = v->verdict;
    verdict->batch = bytes;
    batch_set_max_timestamp(bytes, verdict->len, &verdict->header, v->rules->log_append_time,
                            v->max_timestamp);
}

static bool finish_rebuilt(struct validation *v)
{
    struct batch_verdict *verdict = v->verdict;
    struct batch_header *header = &v->builder->header;
    const struct batch_header *sent = &verdict->header;
    header->attributes = sent->attributes & BATCH_TRANSACTIONAL;
    if (v->rules->log_append_time)
        header->attributes |= BATCH_LOG_APPEND_TIME;
    header->max_timestamp = v->max_timestamp;
    header->producer_id = sent->producer_id;
    header->producer_epoch = sent->producer_epoch;
    header->base_sequence = sent->base_sequence;
    struct slice built = batch_builder_finish(v->builder);
    ensure(!slice_is_null(built) && "the topic's compression level was checked when it was set");
    if ((int64_t)built.len > v->rules->max_message_bytes)
        return refuse(v, KERR_MESSAGE_TOO_LARGE);
    verdict->batch = memcpy(arena_alloc(v->arena, built.len), built.data, built.len);
    verdict->len = built.len;
    verdict->header = *header;
    return true;
}

static bool finish(struct validation *v, uint8_t *bytes)
{
    if (v->rules->log_append_time) {
        v->max_timestamp = v->rules->now_ms;
        v->max_timestamp_delta = 0;
    }
    v->verdict->max_timestamp = v->max_timestamp;
    v->verdict->max_timestamp_delta = v->max_timestamp_delta;
    if (v->builder != NULL)
        return finish_rebuilt(v);
    finish_in_place(v, bytes);
    return true;
}

static int target_level(const struct batch_rules *rules)
{
    switch (rules->compression) {
    case CODEC_GZIP:
        return rules->gzip_level;
    case CODEC_LZ4:
        return rules->lz4_level;
    case CODEC_ZSTD:
        return rules->zstd_level;
    default:
        return 0;
    }
}

static bool validate_rebuilding(struct validation *v, uint8_t *bytes)
{
    struct batch_builder builder;
    batch_builder_init(&builder, v->target, target_level(v->rules));
    v->builder = &builder;
    bool good = check_records(v, slice_of(bytes, v->verdict->len)) && finish(v, bytes);
    v->builder = NULL;
    batch_builder_fini(&builder);
    return good;
}

static bool check_request(const uint8_t *bytes, size_t len, const struct batch_rules *rules,
                          struct arena *arena, struct batch_verdict *verdict)
{
    struct slice records = bytes == NULL ? SLICE("") : slice_of(bytes, len);
    batch_check_shape(records, rules->api_version, verdict);
    if (verdict->whole_request) {
        struct note why = {""};
        struct batch_scan scan;
        batch_scan(records, &scan, &why);
        if (why.text[0] != '\0')
            verdict->error_message = arena_dup(arena, slice_str(why.text));
    }
    return verdict->error == KERR_NONE;
}

void batch_validate(uint8_t *bytes, size_t len, const struct batch_rules *rules, struct arena *arena,
                    struct batch_verdict *verdict)
{
    if (!check_request(bytes, len, rules, arena, verdict))
        return;
    struct validation v = {
        .rules = rules,
        .arena = arena,
        .verdict = verdict,
        .max_timestamp = NO_TIMESTAMP,
        .max_timestamp_delta = -1,
    };
    struct slice batch = slice_of(bytes, verdict->len);
    if (!check_bytes(&v, batch) || !check_header(&v, &verdict->header))
        return;
    v.source = (enum codec)batch_codec(&verdict->header);
    v.target = rules->compression == COMPRESSION_PRODUCER ? v.source : (enum codec)rules->compression;
    if (v.source != v.target)
        validate_rebuilding(&v, bytes);
    else if (check_records(&v, batch))
        finish(&v, bytes);
}
