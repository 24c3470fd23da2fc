/*
 * record: walks the records of a batch. Called by batch_validate for every produced batch, by the log's
 * readers and the cleaner, by the cluster log and the coordinators when they replay, and by what prints
 * records.
 *
 * 1. Nothing is read outside [at, end), and a record's fields end exactly where its length says.
 * 2. A length is believed only when the bytes are there: the window grows with what was inflated.
 *
 * Varints are read as Kafka reads them: up to 5 (or 10) bytes, and bits that do not fit the type are dropped
 * without an error. That is why protocol/base/varint.h, which refuses those, is not used here.
 */
#include "protocol/record.h"

#include "protocol/base/ensure.h"
#include "protocol/base/varint.h"

#include <stdlib.h>

enum { WINDOW_SIZE = 64 * 1024 }; /* the largest block that Kafka's LZ4 and snappy write */

/* The number and the byte behind it; NULL if the bytes end early or none of `max` bytes is the last one. */
static const uint8_t *read_long_number(const uint8_t *at, const uint8_t *end, int max, uint64_t *raw)
{
    uint64_t value = 0;
    for (int i = 0; i < max && at < end; i++) {
        uint8_t byte = *at++;
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            *raw = value;
            return at;
        }
    }
    return NULL;
}

static inline const uint8_t *read_number(const uint8_t *at, const uint8_t *end, int max, uint64_t *raw)
{
    if (__builtin_expect(end - at >= 2, 1)) {
        if (at[0] < 0x80) {
            *raw = at[0];
            return at + 1;
        }
        if (at[1] < 0x80) {
            *raw = (uint64_t)(at[0] & 0x7f) | (uint64_t)at[1] << 7;
            return at + 2;
        }
    }
    return read_long_number(at, end, max, raw);
}

/* at == NULL comes out as NULL, so that a row of reads is checked once. */
static inline const uint8_t *read_varint(const uint8_t *at, const uint8_t *end, int32_t *value)
{
    uint64_t raw = 0;
    if (at != NULL)
        at = read_number(at, end, VARINT_MAX, &raw);
    uint32_t bits = (uint32_t)raw;
    *value = (int32_t)(bits >> 1) ^ -(int32_t)(bits & 1);
    return at;
}

static inline const uint8_t *read_varlong(const uint8_t *at, const uint8_t *end, int64_t *value)
{
    uint64_t raw = 0;
    if (at != NULL)
        at = read_number(at, end, VARLONG_MAX, &raw);
    *value = (int64_t)(raw >> 1) ^ -(int64_t)(raw & 1);
    return at;
}

/* A length and so many bytes; any negative length is null. */
static inline const uint8_t *read_bytes(const uint8_t *at, const uint8_t *end, struct slice *bytes)
{
    int32_t len = 0;
    at = read_varint(at, end, &len);
    if (at == NULL || len < 0) {
        *bytes = SLICE_NULL;
        return at;
    }
    *bytes = slice_of(at, (size_t)len);
    return len <= end - at ? at + len : NULL;
}

static const uint8_t *skip_headers(const uint8_t *at, const uint8_t *end, int32_t count)
{
    if (count > end - at) /* each takes two bytes at least */
        return NULL;
    for (int32_t i = 0; i < count && at != NULL; i++) {
        struct slice key, value;
        at = read_bytes(at, end, &key);
        if (slice_is_null(key))
            return NULL;
        at = read_bytes(at, end, &value);
    }
    return at;
}

bool record_headers_next(struct slice *headers, struct record_header *header)
{
    if (headers->len == 0)
        return false;
    const uint8_t *end = headers->data + headers->len;
    const uint8_t *at = read_bytes(headers->data, end, &header->key);
    at = read_bytes(at, end, &header->value);
    if (at == NULL || slice_is_null(header->key))
        return false;
    *headers = slice_of(at, (size_t)(end - at));
    return true;
}

void record_iterator_init(struct record_iterator *it, struct slice batch,
                          const struct record_options *options)
{
    *it = (struct record_iterator){.result = RECORD_READ};
    batch_header_read(batch.data, &it->header);
    struct slice records = slice_from(batch, BATCH_HEADER_SIZE);
    it->left = it->header.record_count;
    it->compressed = batch_codec(&it->header) != CODEC_NONE;
    it->inflate_cap = INFLATE_CAP_DEFAULT;
    if (options != NULL) {
        it->tolerant = options->tolerant;
        it->borrowed = options->inflater;
        if (options->inflate_cap != 0)
            it->inflate_cap = options->inflate_cap;
    }
    inflater_init(&it->own);
    it->packed = records;
    if (!it->compressed) {
        it->at = records.data;
        it->end = records.data + records.len;
    }
}

void record_iterator_fini(struct record_iterator *it)
{
    inflater_fini(&it->own);
    free(it->window);
    it->window = NULL;
}

static struct inflater *inflater_of(struct record_iterator *it)
{
    return it->borrowed != NULL ? it->borrowed : &it->own;
}

static enum record_result invalid(struct note *why, const char *what)
{
    note_set(why, "%s", what);
    return RECORD_INVALID;
}

/* ---- compressed batches: the window ---- */

static enum record_result start(struct record_iterator *it, struct note *why)
{
    it->started = true;
    struct inflater *inflater = inflater_of(it);
    if (!inflater_start(inflater, batch_codec(&it->header), it->packed, it->inflate_cap, why))
        return inflater->over_cap ? RECORD_TOO_LARGE : RECORD_UNREADABLE;
    it->window = malloc(WINDOW_SIZE);
    it->window_size = WINDOW_SIZE;
    it->at = it->end = it->window;
    return it->window == NULL ? RECORD_TOO_LARGE : RECORD_READ;
}

/* Moves what is unread to the window's beginning, and doubles the window if that is all of it. */
static bool make_room(struct record_iterator *it)
{
    size_t unread = (size_t)(it->end - it->at);
    ensure(it->window_size > 0);
    if (it->at > it->window)
        memmove(it->window, it->at, unread);
    if (unread == it->window_size) {
        uint8_t *larger = realloc(it->window, it->window_size * 2);
        if (larger == NULL)
            return false;
        it->window = larger;
        it->window_size *= 2;
    }
    it->at = it->window;
    it->end = it->window + unread;
    return true;
}

/* Inflates until `wanted` bytes are unread or no more come: RECORD_READ either way. */
static enum record_result inflate_up_to(struct record_iterator *it, size_t wanted, struct note *why)
{
    struct inflater *inflater = inflater_of(it);
    while ((size_t)(it->end - it->at) < wanted && !inflater->ended) {
        if (!make_room(it)) {
            note_set(why, "no memory for a record of %zu bytes", wanted);
            return RECORD_TOO_LARGE;
        }
        uint8_t *room = it->window + (it->end - it->at);
        size_t got = 0;
        if (!inflater_read(inflater, room, it->window_size - (size_t)(it->end - it->at), &got, why))
            return inflater->over_cap ? RECORD_TOO_LARGE : RECORD_UNREADABLE;
        it->end += got;
    }
    return RECORD_READ;
}

/* A record that promises more than may come out is refused before anything of it is inflated. */
static enum record_result inflate_record(struct record_iterator *it, size_t len, struct note *why)
{
    size_t unread = (size_t)(it->end - it->at);
    if (len > unread && len - unread > inflater_of(it)->left && !inflater_of(it)->ended) {
        note_set(why, "a record of %zu bytes in a batch that may inflate to %zu", len, it->inflate_cap);
        return RECORD_TOO_LARGE;
    }
    return inflate_up_to(it, len, why);
}

/* ---- one record ---- */

/* The fields between the length and `end`, which they must fill. */
static inline bool parse(const struct record_iterator *it, const uint8_t *at, const uint8_t *end,
                         struct record *record)
{
    if (at == end)
        return false;
    record->attributes = (int8_t)*at++;
    int64_t timestamp_delta;
    at = read_varlong(at, end, &timestamp_delta);
    at = read_varint(at, end, &record->offset_delta);
    at = read_bytes(at, end, &record->key);
    at = read_bytes(at, end, &record->value);
    at = read_varint(at, end, &record->header_count);
    if (at == NULL)
        return false;
    record->headers = slice_of(at, (size_t)(end - at));
    if (record->header_count != 0) {
        if (record->header_count < 0 && it->tolerant)
            record->header_count = 0;
        if (record->header_count < 0)
            return false;
        at = skip_headers(at, end, record->header_count);
    }
    const struct batch_header *header = &it->header;
    record->offset = (int64_t)((uint64_t)header->base_offset + (uint64_t)(int64_t)record->offset_delta);
    record->timestamp = batch_is_log_append_time(header)
                            ? header->max_timestamp
                            : (int64_t)((uint64_t)header->base_timestamp + (uint64_t)timestamp_delta);
    record->sequence = header->base_sequence < 0
                           ? NO_SEQUENCE
                           : batch_sequence_add(header->base_sequence, record->offset_delta);
    return at == end;
}

static enum record_result refuse_length(const struct record_iterator *it, struct note *why)
{
    if (it->end - it->at < VARINT_MAX)
        return invalid(why, "the records end early");
    note_set(why, "a record's length has no end");
    return RECORD_UNREADABLE;
}

static inline enum record_result read_record(struct record_iterator *it, struct record *record,
                                             struct note *why)
{
    enum record_result result = RECORD_READ;
    if (it->compressed && (result = inflate_up_to(it, VARINT_MAX, why)) != RECORD_READ)
        return result;
    int32_t len;
    const uint8_t *body = read_varint(it->at, it->end, &len);
    if (body == NULL)
        return refuse_length(it, why);
    size_t prefix = (size_t)(body - it->at);
    if (it->compressed && len > it->end - body) {
        if ((result = inflate_record(it, prefix + (size_t)len, why)) != RECORD_READ)
            return result;
        body = it->at + prefix;
    }
    if (len < 0 || len > it->end - body)
        return invalid(why, "a record's length is wrong");
    if (!parse(it, body, body + len, record))
        return invalid(why, "a record's structure is wrong");
    record->size = prefix + (size_t)len;
    it->at = body + len;
    return RECORD_READ;
}

/*
 * Behind the last record nothing may be left. A batch without records, as compaction leaves them, has nothing
 * to look at.
 */
static enum record_result finish(struct record_iterator *it, struct note *why)
{
    if (it->left < 0)
        return invalid(why, "the record count is negative");
    if (it->header.record_count == 0)
        return RECORD_END;
    enum record_result result = it->compressed ? inflate_up_to(it, 1, why) : RECORD_READ;
    if (result != RECORD_READ)
        return result;
    return it->at == it->end ? RECORD_END : invalid(why, "bytes are left behind the last record");
}

enum record_result record_iterator_next(struct record_iterator *it, struct record *record, struct note *why)
{
    if (it->result != RECORD_READ)
        return it->result;
    if (it->left <= 0)
        return it->result = finish(it, why);
    if (it->compressed && !it->started && (it->result = start(it, why)) != RECORD_READ)
        return it->result;
    it->left--;
    return it->result = read_record(it, record, why);
}
