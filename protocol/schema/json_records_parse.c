/*
 * json_records_parse: JSON to batches, see json_records.h. Called by json_parse.c. Batches are made with
 * batch_build.h; here is only what the JSON says about them.
 */
#include "protocol/base/big_endian.h"
#include "protocol/batch_build.h"
#include "protocol/schema/json_records.h"

static bool get_integer(const struct json_value *object, const char *name, int64_t least, int64_t most,
                        int64_t otherwise, int64_t *number, struct note *why)
{
    const struct json_value *value = json_find(object, name);
    *number = otherwise;
    if (value == NULL || json_integer(value, least, most, number))
        return true;
    note_set(why, "%s: not an integer, or out of range", name);
    return false;
}

static bool get_flag(const struct json_value *object, const char *name)
{
    const struct json_value *value = json_find(object, name);
    return value != NULL && value->kind == JSON_TRUE;
}

static bool is_said(const struct json_value *object, const char *name, const char *text)
{
    const struct json_value *value = json_find(object, name);
    return value != NULL && value->kind == JSON_STRING && slice_equal_str(value->text, text);
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "0x" and pairs of digits to bytes; false if it is ordinary text. */
static bool parse_hex(struct slice text, struct arena *arena, struct slice *bytes)
{
    if (text.len % 2 != 0 || !slice_starts_with(text, SLICE("0x")))
        return false;
    uint8_t *to = arena_alloc(arena, text.len / 2);
    for (size_t i = 2; i < text.len; i += 2) {
        int high = hex_digit(text.data[i]), low = hex_digit(text.data[i + 1]);
        if (high < 0 || low < 0)
            return false;
        to[i / 2 - 1] = (uint8_t)(high << 4 | low);
    }
    *bytes = slice_of(to, text.len / 2 - 1);
    return true;
}

static bool parse_text(const struct json_value *value, struct arena *arena, struct slice *bytes,
                       struct note *why)
{
    *bytes = SLICE_NULL;
    if (value == NULL || value->kind == JSON_NULL)
        return true;
    if (value->kind == JSON_STRING) {
        if (!parse_hex(value->text, arena, bytes))
            *bytes = value->text;
        return true;
    }
    note_set(why, "a key, a value or a header is %s, not a string", json_kind_name(value->kind));
    return false;
}

static bool parse_headers(const struct json_value *list, struct arena *arena, struct record_header **headers,
                          int32_t *count, struct note *why)
{
    *headers = NULL;
    *count = 0;
    if (list == NULL)
        return true;
    *headers = arena_new_array(arena, struct record_header, list->count);
    for (const struct json_value *pair = list->first; pair != NULL; pair = pair->next) {
        struct record_header *header = &(*headers)[(*count)++];
        if (pair->kind != JSON_ARRAY || pair->count != 2 || pair->first->kind != JSON_STRING) {
            note_set(why, "headers: each is [\"name\",\"value\"]");
            return false;
        }
        header->key = pair->first->text;
        if (!parse_text(pair->first->next, arena, &header->value, why))
            return false;
    }
    return true;
}

static bool append_control(struct batch_builder *builder, const struct json_value *record, int64_t timestamp,
                           struct note *why)
{
    uint8_t value[6] = {0};
    int64_t epoch;
    if (!get_integer(record, "coordinatorEpoch", INT32_MIN, INT32_MAX, 0, &epoch, why))
        return false;
    store_i32(value + 2, (int32_t)epoch);
    bool commit = is_said(record, "control", "COMMIT");
    if (!commit && !is_said(record, "control", "ABORT")) {
        note_set(why, "control: only ABORT and COMMIT can be made");
        return false;
    }
    batch_builder_append_control(builder, timestamp, commit ? CONTROL_COMMIT : CONTROL_ABORT,
                                 slice_of(value, sizeof value));
    return true;
}

static bool append_record(struct batch_builder *builder, const struct json_value *record, int64_t base_offset,
                          struct arena *arena, struct note *why)
{
    int64_t offset, timestamp, next = base_offset + builder->header.last_offset_delta + 1;
    struct slice key, value;
    struct record_header *headers;
    int32_t header_count;
    if (record->kind != JSON_OBJECT) {
        note_set(why, "records: a record is an object, not %s", json_kind_name(record->kind));
        return false;
    }
    if (!get_integer(record, "offset", base_offset, base_offset + INT32_MAX, next, &offset, why)
        || !get_integer(record, "timestamp", INT64_MIN, INT64_MAX, 0, &timestamp, why))
        return false;
    builder->header.last_offset_delta =
        (int32_t)(offset - base_offset) - 1; /* the next one is this record's */
    if (json_find(record, "control") != NULL)
        return append_control(builder, record, timestamp, why);
    if (!parse_text(json_find(record, "key"), arena, &key, why)
        || !parse_text(json_find(record, "value"), arena, &value, why)
        || !parse_headers(json_find(record, "headers"), arena, &headers, &header_count, why))
        return false;
    batch_builder_append(builder, timestamp, key, value, headers, header_count);
    return true;
}

/* What the records alone do not say. Numbers that are not there stay as the builder has them. */
static bool set_header(struct batch_builder *builder, const struct json_value *batch, struct note *why)
{
    struct batch_header *header = &builder->header;
    int64_t epoch, producer_id, producer_epoch, sequence, max_timestamp, last_offset;
    int64_t last = header->base_offset + header->last_offset_delta;
    if (!get_integer(batch, "leaderEpoch", INT32_MIN, INT32_MAX, header->partition_leader_epoch, &epoch, why)
        || !get_integer(batch, "producerId", INT64_MIN, INT64_MAX, NO_PRODUCER_ID, &producer_id, why)
        || !get_integer(batch, "epoch", INT16_MIN, INT16_MAX, NO_PRODUCER_EPOCH, &producer_epoch, why)
        || !get_integer(batch, "sequence", INT32_MIN, INT32_MAX, NO_SEQUENCE, &sequence, why)
        || !get_integer(batch, "maxTimestamp", INT64_MIN, INT64_MAX, header->max_timestamp, &max_timestamp,
                        why)
        || !get_integer(batch, "lastOffset", header->base_offset, header->base_offset + INT32_MAX, last,
                        &last_offset, why))
        return false;
    header->partition_leader_epoch = (int32_t)epoch;
    header->producer_id = producer_id;
    header->producer_epoch = (int16_t)producer_epoch;
    header->base_sequence = (int32_t)sequence;
    header->max_timestamp = max_timestamp;
    header->last_offset_delta = (int32_t)(last_offset - header->base_offset);
    if (is_said(batch, "timestampType", "LogAppendTime"))
        header->attributes |= BATCH_LOG_APPEND_TIME;
    if (get_flag(batch, "transactional"))
        header->attributes |= BATCH_TRANSACTIONAL;
    if (get_flag(batch, "control"))
        header->attributes |= BATCH_CONTROL;
    return true;
}

static bool fill_builder(struct batch_builder *builder, const struct json_value *batch, struct arena *arena,
                         struct note *why)
{
    const struct json_value *records = json_find(batch, "records");
    if (!get_integer(batch, "baseOffset", 0, INT64_MAX - INT32_MAX, 0, &builder->header.base_offset, why))
        return false;
    if (json_find(batch, "deleteHorizon") != NULL) {
        int64_t horizon;
        if (!get_integer(batch, "deleteHorizon", INT64_MIN, INT64_MAX, 0, &horizon, why))
            return false;
        batch_builder_set_base_timestamp(builder, horizon);
        builder->header.attributes |= BATCH_DELETE_HORIZON;
    }
    if (records == NULL || records->kind != JSON_ARRAY) {
        note_set(why, "a batch has an array of records");
        return false;
    }
    for (const struct json_value *record = records->first; record != NULL; record = record->next)
        if (!append_record(builder, record, builder->header.base_offset, arena, why))
            return false;
    return set_header(builder, batch, why);
}

static bool append_batch(struct buf *out, const struct json_value *batch, struct arena *arena,
                         struct note *why)
{
    const struct json_value *name = json_find(batch, "codec");
    int codec = name == NULL ? CODEC_NONE : name->kind == JSON_STRING ? codec_from_name(name->text) : -1;
    if (codec < 0) {
        note_set(why, "codec: there is no such codec");
        return false;
    }
    struct batch_builder builder;
    batch_builder_init(&builder, (enum codec)codec, codec_default_level((enum codec)codec));
    bool filled = fill_builder(&builder, batch, arena, why);
    if (filled) {
        size_t start = out->len;
        buf_append_slice(out, batch_builder_finish(&builder));
        if (is_said(batch, "crc", "wrong"))
            out->data[start + BATCH_CRC_AT] ^= 0xff;
    }
    batch_builder_fini(&builder);
    return filled;
}

bool json_parse_records(const struct json_value *value, struct arena *arena, struct slice *bytes,
                        struct note *why)
{
    struct buf out = {0};
    bool parsed = true;
    if (value->kind == JSON_OBJECT)
        parsed = append_batch(&out, value, arena, why);
    else
        for (const struct json_value *batch = value->first; parsed && batch != NULL; batch = batch->next)
            parsed = append_batch(&out, batch, arena, why);
    if (parsed)
        *bytes = arena_dup(arena, buf_slice(&out));
    buf_fini(&out);
    return parsed;
}
