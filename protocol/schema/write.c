/*
 * write: structs to bytes, by the tables. Called by respond, by clients and by whoever writes records; any
 * thread.
 *
 * Invariants:
 * 1. What is written can be read back by read.c in the same version: null where null is not allowed becomes
 * empty.
 * 2. Tags go out in ascending order, known and kept ones merged, and only those that differ from their
 * default.
 * 3. A tag's size is written before its value: the value is written first, behind one byte for the size, and
 * moved if the size takes more. That is why no range may lie inside a tag (no message has one there).
 */
#include "protocol/base/big_endian.h"
#include "protocol/base/ensure.h"
#include "protocol/base/varint.h"
#include "protocol/schema/field.h"

enum {
    TAGS_MAX = 32,              /* tagged fields of one struct; the largest of Kafka's has 8 */
    DEFAULT_STRUCT_SIZE = 1024, /* bytes of the largest struct that may be null */
};

struct encoding {
    struct writer *writer;
    int version;
    bool flexible;
};

static void write_struct(const struct encoding *out, const struct schema *schema, const uint8_t *from);

/* Where the next `len` bytes go. */
static inline uint8_t *grow(struct writer *writer, size_t len)
{
    struct buf *buf = writer->out;
    uint8_t *at = buf->capacity - buf->len >= len ? buf->data + buf->len : buf_reserve(buf, len);
    buf->len += len;
    return at;
}

static inline void write_length(const struct encoding *out, const struct field *field, bool is_string,
                                bool is_null, size_t len)
{
    is_null = is_null && field_may_be_null(field, out->version);
    ensure(len <= (is_string ? INT16_MAX : INT32_MAX));
    if (out->flexible && !field->not_flexible) {
        uint32_t value = is_null ? 0 : (uint32_t)len + 1;
        if (value < 0x80)
            *grow(out->writer, 1) = (uint8_t)value;
        else
            write_uvarint(out->writer, value);
    } else if (is_string)
        store_i16(grow(out->writer, 2), is_null ? -1 : (int16_t)len);
    else
        store_i32(grow(out->writer, 4), is_null ? -1 : (int32_t)len);
}

static inline void write_slice(const struct encoding *out, const struct field *field, bool is_string,
                               struct slice from)
{
    size_t len = slice_is_null(from) ? 0 : from.len;
    write_length(out, field, is_string, slice_is_null(from), len);
    if (len > 0)
        memcpy(grow(out->writer, len), from.data, len);
}

/* ---- arrays ---- */

static void swap_elements(size_t size, size_t count, const void *from, uint8_t *to)
{
    switch (size) {
    case 2:
        for (size_t i = 0; i < count; i++)
            store_u16(to + 2 * i, ((const uint16_t *)from)[i]);
        break;
    case 4:
        for (size_t i = 0; i < count; i++)
            store_u32(to + 4 * i, ((const uint32_t *)from)[i]);
        break;
    case 8:
        for (size_t i = 0; i < count; i++)
            store_u64(to + 8 * i, ((const uint64_t *)from)[i]);
        break;
    default:
        memcpy(to, from, size * count);
    }
}

static void write_strings(const struct encoding *out, const struct field *field, size_t count,
                          const struct slice *items)
{
    struct field element = *field;
    element.nullable = 0; /* that of the array */
    for (size_t i = 0; i < count; i++)
        write_slice(out, &element, true, items[i]);
}

static void write_array(const struct encoding *out, const struct field *field, struct any_array from)
{
    size_t count = from.count > 0 ? (size_t)from.count : 0;
    write_length(out, field, false, from.count < 0, count);
    if (count == 0)
        return;
    if (field->element == FIELD_STRUCT) {
        const struct schema *schema = field->of();
        for (size_t i = 0; i < count; i++)
            write_struct(out, schema, (const uint8_t *)from.items + i * schema->size);
    } else if (field->element == FIELD_STRING)
        write_strings(out, field, count, from.items);
    else {
        size_t size = scalar_size(field->element);
        swap_elements(size, count, from.items, grow(out->writer, size * count));
    }
}

/* ---- structs ---- */

/* Null where the version does not allow it becomes a struct of defaults. */
static void write_default_struct(const struct encoding *out, const struct schema *schema)
{
    _Alignas(16) uint8_t defaults[DEFAULT_STRUCT_SIZE];
    ensure(schema->size <= sizeof defaults);
    schema_set_defaults(schema, defaults);
    write_struct(out, schema, defaults);
}

static void write_struct_or_null(const struct encoding *out, const struct field *field, const void *from)
{
    if (field_may_be_null(field, out->version))
        *grow(out->writer, 1) = from != NULL ? 1 : field_is_tagged(field, out->version) ? 0 : 0xff;
    else if (from == NULL)
        write_default_struct(out, field->of());
    if (from != NULL)
        write_struct(out, field->of(), from);
}

static inline void write_field(const struct encoding *out, const struct field *field, const void *from)
{
    struct writer *writer = out->writer;
    switch (field->kind) {
    case FIELD_BOOL:
        *grow(writer, 1) = *(const bool *)from;
        break;
    case FIELD_I8:
        *grow(writer, 1) = *(const uint8_t *)from;
        break;
    case FIELD_I16:
    case FIELD_U16:
        store_u16(grow(writer, 2), *(const uint16_t *)from);
        break;
    case FIELD_I32:
    case FIELD_U32:
        store_u32(grow(writer, 4), *(const uint32_t *)from);
        break;
    case FIELD_I64:
        store_u64(grow(writer, 8), *(const uint64_t *)from);
        break;
    case FIELD_F64:
        write_f64(writer, *(const double *)from);
        break;
    case FIELD_UUID:
        memcpy(grow(writer, sizeof(struct uuid)), from, sizeof(struct uuid));
        break;
    case FIELD_STRING:
        write_slice(out, field, true, *(const struct slice *)from);
        break;
    case FIELD_BYTES:
        write_slice(out, field, false, *(const struct slice *)from);
        break;
    case FIELD_RECORDS:
        write_length(out, field, false, records_are_null(from), records_len(from));
        write_records(writer, from);
        break;
    case FIELD_STRUCT:
        write_struct(out, field->of(), from);
        break;
    case FIELD_STRUCT_OR_NULL:
        write_struct_or_null(out, field, *(void *const *)from);
        break;
    case FIELD_ARRAY:
        write_array(out, field, load_array(from));
        break;
    default:
        ensure(false && "a kind of field");
    }
}

/* ---- tagged fields ---- */

/* Makes the one byte at `size_at` the size of all that follows it. */
static void set_size(struct buf *buf, size_t size_at)
{
    size_t size = buf->len - size_at - 1;
    size_t size_len = uvarlong_size(size);
    ensure(size <= INT32_MAX);
    if (size_len > 1) {
        buf_reserve(buf, size_len - 1);
        memmove(buf->data + size_at + size_len, buf->data + size_at + 1, size);
        buf->len += size_len - 1;
    }
    uvarlong_write(buf->data + size_at, size);
}

static void write_tag(const struct encoding *out, const struct field *field, const uint8_t *from)
{
    struct writer *writer = out->writer;
    write_uvarint(writer, field->tag - 1U);
    size_t size_at = writer->out->len;
    struct range *last_range = writer->last_range;
    *grow(writer, 1) = 0;
    write_field(out, field, from + field->offset);
    ensure(writer->last_range == last_range);
    set_size(writer->out, size_at);
}

/* Takes one field off the kept bytes: its tag, and all of it. They were read by us or made by our own code.
 */
static uint32_t next_unknown(struct slice *kept, struct slice *whole)
{
    struct reader reader;
    reader_init(&reader, *kept, NULL);
    uint32_t tag = read_uvarint(&reader);
    read_raw(&reader, read_uvarint(&reader));
    ensure(!reader.failed);
    size_t len = (size_t)(reader.at - kept->data);
    *whole = slice_of(kept->data, len);
    *kept = slice_from(*kept, len);
    return tag;
}

static uint32_t count_unknown(struct slice kept)
{
    uint32_t count = 0;
    struct slice whole;
    for (; kept.len > 0; count++)
        next_unknown(&kept, &whole);
    return count;
}

/* Writes the kept fields whose tags come before `tag`. */
static void write_unknown_before(const struct encoding *out, struct slice *kept, uint64_t tag)
{
    while (kept->len > 0) {
        struct slice rest = *kept, whole;
        if (next_unknown(&rest, &whole) >= tag)
            return;
        write_raw(out->writer, whole);
        *kept = rest;
    }
}

/* The tagged fields that are to be written, by tag. Returns how many; *kept is what the struct keeps of
 * unknown ones. */
static size_t collect_tags(const struct encoding *out, const struct schema *schema, const uint8_t *from,
                           const struct field *tags[TAGS_MAX], struct slice *kept)
{
    size_t count = 0;
    for (const struct field *field = schema->fields; field < fields_end(schema); field++) {
        if (field->kind == FIELD_UNKNOWN_TAGS)
            *kept = *(const struct slice *)(const void *)(from + field->offset);
        else if (field_is_tagged(field, out->version) && field_is_present(field, out->version)
                 && !field_is_default(field, out->version, from + field->offset)) {
            ensure(count < TAGS_MAX);
            size_t at = count++;
            for (; at > 0 && tags[at - 1]->tag > field->tag; at--)
                tags[at] = tags[at - 1];
            tags[at] = field;
        }
    }
    return count;
}

static void write_tags(const struct encoding *out, const struct schema *schema, const uint8_t *from)
{
    const struct field *tags[TAGS_MAX];
    struct slice kept = SLICE_NULL;
    size_t count = collect_tags(out, schema, from, tags, &kept);
    if (count == 0 && kept.len == 0) {
        *grow(out->writer, 1) = 0;
        return;
    }
    write_uvarint(out->writer, (uint32_t)count + count_unknown(kept));
    for (size_t i = 0; i < count; i++) {
        write_unknown_before(out, &kept, tags[i]->tag - 1U);
        write_tag(out, tags[i], from);
    }
    write_unknown_before(out, &kept, UINT64_MAX);
}

static void write_struct(const struct encoding *out, const struct schema *schema, const uint8_t *from)
{
    bool has_tags = false;
    const struct field *end = fields_end(schema);
    for (const struct field *field = schema->fields; field < end; field++) {
        if (field_is_plain(field, out->version))
            write_field(out, field, from + field->offset);
        else
            has_tags |= field->tag != 0 || field->kind == FIELD_UNKNOWN_TAGS;
    }
    if (!out->flexible)
        return;
    if (has_tags)
        write_tags(out, schema, from);
    else
        *grow(out->writer, 1) = 0;
}

void message_write(const struct message *message, int version, struct writer *writer, const void *from)
{
    ensure(message_has_version(message, version));
    struct encoding out = {writer, version, message_is_flexible(message, version)};
    write_struct(&out, message->schema(), from);
}
