/*
 * batches: see batches.h. What is right about a batch is protocol/batch_build's; here is what the script says
 * about it, and what it breaks.
 */
#include "test/conversation/batches.h"

#include "protocol/base/big_endian.h"
#include "protocol/batch_build.h"
#include "test/conversation/old_batches.h"

static const char *const batch_keys[] = {"codec",    "timestampType", "baseOffset", "producerId",  "epoch",
                                         "sequence", "transactional", "control",    "leaderEpoch", "magic",
                                         "records",  "patch",         "cut",        "append",      NULL};
static const char *const record_keys[] = {"key", "value", "timestamp", "delta", "headers", NULL};

/* Where the fields lie that `patch` can name; others are named by their position, as one byte. */
static const struct {
    const char *name;
    size_t at;
    int size;
} patches[] = {
    {"baseOffset", BATCH_BASE_OFFSET_AT, 8},
    {"batchLength", BATCH_LENGTH_AT, 4},
    {"partitionLeaderEpoch", BATCH_LEADER_EPOCH_AT, 4},
    {"magic", BATCH_MAGIC_AT, 1},
    {"crc", BATCH_CRC_AT, 4},
    {"attributes", BATCH_ATTRIBUTES_AT, 2},
    {"lastOffsetDelta", BATCH_LAST_OFFSET_DELTA_AT, 4},
    {"baseTimestamp", BATCH_BASE_TIMESTAMP_AT, 8},
    {"maxTimestamp", BATCH_MAX_TIMESTAMP_AT, 8},
    {"producerId", BATCH_PRODUCER_ID_AT, 8},
    {"producerEpoch", BATCH_PRODUCER_EPOCH_AT, 2},
    {"baseSequence", BATCH_BASE_SEQUENCE_AT, 4},
    {"count", BATCH_RECORD_COUNT_AT, 4},
};

static bool fail(const struct expanding *in, const char *what, struct slice which)
{
    note_set(in->why, "$batch: %s '%.*s'", what, SLICE_ARGS(which));
    return false;
}

static bool check_keys(const struct expanding *in, const struct json_value *object, const char *const *known)
{
    if (object->kind != JSON_OBJECT)
        return fail(in, "an object is wanted, not", slice_str(json_kind_name(object->kind)));
    tree_for_each(member, object) {
        const char *const *name = known;
        while (*name != NULL && !slice_equal_str(member->name, *name))
            name++;
        if (*name == NULL)
            return fail(in, "no key", member->name);
    }
    return true;
}

static int64_t get(const struct json_value *object, const char *name, int64_t otherwise)
{
    return tree_integer(json_find(object, name), otherwise);
}

static bool says(const struct json_value *object, const char *name, const char *text)
{
    const struct json_value *value = json_find(object, name);
    return value != NULL && value->kind == JSON_STRING && slice_equal_str(value->text, text);
}

/* ---- records ---- */

static bool read_headers(const struct expanding *in, const struct json_value *list,
                         struct batch_record *record)
{
    record->headers = arena_new_array(in->arena, struct record_header, list == NULL ? 0 : list->count);
    tree_for_each(pair, list) {
        struct record_header *header = &record->headers[record->header_count++];
        if (pair->kind != JSON_ARRAY || pair->count != 2 || pair->first->kind != JSON_STRING)
            return fail(in, "a header is", SLICE("[\"name\",\"value\"]"));
        header->key = pair->first->text;
        if (!values_read_bytes(in, pair->first->next, &header->value))
            return false;
    }
    return true;
}

/* `value` NULL: the record that a mere number of records asks for. */
static bool read_record(const struct expanding *in, const struct json_value *value, int32_t index,
                        struct batch_record *record)
{
    int64_t usual_time = tree_integer(saved_find(in->saved, SLICE("t0")), 0) + index;
    *record = (struct batch_record){.delta = index, .timestamp = usual_time};
    if (value == NULL) {
        record->key = arena_printf(in->arena, "k%d", index);
        record->value = arena_printf(in->arena, "v%d", index);
    } else if (value->kind == JSON_STRING)
        record->value = value->text;
    else if (!check_keys(in, value, record_keys)
             || !values_read_bytes(in, json_find(value, "key"), &record->key)
             || !values_read_bytes(in, json_find(value, "value"), &record->value)
             || !read_headers(in, json_find(value, "headers"), record))
        return false;
    else {
        record->delta = (int32_t)get(value, "delta", index);
        record->timestamp = get(value, "timestamp", usual_time);
    }
    if (record->timestamp == usual_time)
        masks_add_time(in->masks, usual_time);
    return true;
}

static bool read_records(const struct expanding *in, const struct json_value *batch,
                         struct batch_records *records)
{
    const struct json_value *list = json_find(batch, "records");
    bool listed = list != NULL && list->kind == JSON_ARRAY;
    int64_t count = listed ? list->count : json_find(batch, "control") != NULL ? 0 : tree_integer(list, 1);
    if (count < 0 || count > 1000 * 1000)
        return fail(in, "no number of records is", tree_text(list));
    const struct json_value *value = listed ? list->first : NULL;
    records->items = arena_new_array(in->arena, struct batch_record, count);
    for (; records->count < count; records->count++) {
        if (!read_record(in, value, records->count, &records->items[records->count]))
            return false;
        value = listed ? value->next : NULL;
    }
    return true;
}

/* ---- magic 2 ---- */

static void set_header(struct batch_builder *builder, const struct json_value *batch, int64_t t0)
{
    struct batch_header *header = &builder->header;
    header->partition_leader_epoch = (int32_t)get(batch, "leaderEpoch", -1);
    header->producer_id = get(batch, "producerId", NO_PRODUCER_ID);
    header->producer_epoch = (int16_t)get(batch, "epoch", NO_PRODUCER_EPOCH);
    header->base_sequence = (int32_t)get(batch, "sequence", NO_SEQUENCE);
    if (tree_is_true(json_find(batch, "transactional")))
        header->attributes |= BATCH_TRANSACTIONAL;
    if (says(batch, "timestampType", "append")) {
        header->attributes |= BATCH_LOG_APPEND_TIME;
        header->max_timestamp = t0;
    }
}

static bool append_marker(const struct expanding *in, struct batch_builder *builder,
                          const struct json_value *batch, int64_t t0)
{
    static const uint8_t version_and_epoch[6] = {0};
    const struct json_value *control = json_find(batch, "control");
    if (control == NULL)
        return true;
    bool commit = says(batch, "control", "commit");
    if (!commit && !says(batch, "control", "abort"))
        return fail(in, "no control record", tree_text(control));
    batch_builder_append_control(builder, t0, commit ? CONTROL_COMMIT : CONTROL_ABORT,
                                 slice_of(version_and_epoch, sizeof version_and_epoch));
    return true;
}

static bool append_batch(const struct expanding *in, const struct json_value *batch,
                         const struct batch_records *records, enum codec codec, struct buf *out)
{
    int64_t t0 = tree_integer(saved_find(in->saved, SLICE("t0")), 0);
    struct batch_builder builder;
    batch_builder_init(&builder, codec, codec_default_level(codec));
    builder.header.base_offset = get(batch, "baseOffset", 0);
    bool good = append_marker(in, &builder, batch, t0);
    for (int32_t i = 0; good && i < records->count; i++) {
        const struct batch_record *record = &records->items[i];
        builder.header.last_offset_delta = record->delta - 1;
        batch_builder_append(&builder, record->timestamp, record->key, record->value, record->headers,
                             record->header_count);
    }
    set_header(&builder, batch, t0);
    if (good && builder.header.record_count > 0) /* without records there are no bytes at all */
        buf_append_slice(out, batch_builder_finish(&builder));
    batch_builder_fini(&builder);
    return good;
}

/* ---- damage ---- */

static void store(uint8_t *at, int size, int64_t value)
{
    for (int i = 0; i < size; i++)
        at[i] = (uint8_t)((uint64_t)value >> 8 * (size - 1 - i));
}

static bool patch_field(const struct expanding *in, struct buf *batch, const struct json_value *patch)
{
    struct json_value position = {.kind = JSON_NUMBER, .text = patch->name};
    int64_t at = -1, value;
    int size = 1;
    for (size_t i = 0; i < sizeof patches / sizeof patches[0]; i++)
        if (slice_equal_str(patch->name, patches[i].name)) {
            at = (int64_t)patches[i].at;
            size = patches[i].size;
        }
    if (at < 0)
        at = tree_integer(&position, -1);
    if (at < 0 || at + size > (int64_t)batch->len)
        return fail(in, "nothing to patch is called", patch->name);
    if (!json_integer(patch, INT64_MIN, INT64_MAX, &value))
        return fail(in, "no number for", patch->name);
    store(batch->data + at, size, value);
    return true;
}

/* Overwrites what `patch` names, and makes the CRC right again unless it is among them; then cuts and
 * appends. */
static bool damage(const struct expanding *in, const struct json_value *batch, int magic, struct buf *out)
{
    const struct json_value *list = json_find(batch, "patch"), *append = json_find(batch, "append");
    int64_t cut = get(batch, "cut", 0);
    struct slice tail = SLICE("");
    tree_for_each(patch, list)
        if (!patch_field(in, out, patch))
            return false;
    bool has_crc = list != NULL && json_find(list, "crc") != NULL;
    if (magic == BATCH_MAGIC && !has_crc && out->len > BATCH_ATTRIBUTES_AT)
        store_u32(out->data + BATCH_CRC_AT, batch_compute_crc(buf_slice(out)));
    if (cut < 0 || cut > (int64_t)out->len)
        return fail(in, "there is not so much to", SLICE("cut"));
    if (append != NULL && !values_unhex(tree_text(append), in->arena, &tail))
        return fail(in, "no hexadecimal digits in", SLICE("append"));
    out->len -= (size_t)cut;
    buf_append_slice(out, tail);
    return true;
}

bool batches_append(const struct expanding *in, const struct json_value *batch, struct buf *out)
{
    const struct json_value *name = batch->kind == JSON_OBJECT ? json_find(batch, "codec") : NULL;
    struct batch_records records = {0};
    struct buf bytes = {0};
    if (!check_keys(in, batch, batch_keys) || !read_records(in, batch, &records))
        return false;
    int codec = name == NULL ? CODEC_NONE : codec_from_name(tree_text(name));
    if (codec < 0)
        return fail(in, "no codec", tree_text(name));
    if (json_find(batch, "timestampType") != NULL && !says(batch, "timestampType", "append"))
        return fail(in, "the only timestampType is", SLICE("append"));
    int magic = (int)get(batch, "magic", BATCH_MAGIC);
    bool good = magic == BATCH_MAGIC ? append_batch(in, batch, &records, (enum codec)codec, &bytes)
                                     : old_batches_append(in, &records, magic, (enum codec)codec, &bytes);
    good = good && damage(in, batch, magic, &bytes);
    if (good)
        buf_append_slice(out, buf_slice(&bytes));
    buf_fini(&bytes);
    return good;
}
