/*
 * read: bytes to structs, by the tables. The hot path of every request, so that scalars are loaded here and
 * not through reader.c. Called by dispatch, by clients and by whoever replays records; any thread.
 *
 * Invariants:
 * 1. Nothing behind reader->end is looked at; a failed reader has at == end (reader.c), so that only loops
 * ask for the error.
 * 2. Nothing is allocated before the bytes that must hold it have been seen to be there.
 * 3. Recursion follows the tables, never the bytes: its depth is that of the nested structs.
 * 4. Who fails first says what is missing; each level of structs then adds its part of the path in front,
 * once.
 *
 * What Kafka does and we do too: a negative length is null where null is allowed; a known tag is read and
 * then what follows it is read, wherever its size says that it ends (but never beyond that); tags may come in
 * any order, and twice: the last counts.
 */
#include "protocol/base/big_endian.h"
#include "protocol/base/ensure.h"
#include "protocol/base/varint.h"
#include "protocol/schema/field.h"

enum { SMALL_ARRAY = 64 * 1024 }; /* bytes that may be allocated for elements that could not all be there */

struct decoding {
    struct reader *reader;
    int version;
    bool flexible;
};

static void read_struct(const struct decoding *in, const struct schema *schema, uint8_t *to);

/* The next `len` bytes, or NULL and the error. */
static inline const uint8_t *take(struct reader *reader, const struct field *field, size_t len)
{
    const uint8_t *at = reader->at;
    size_t left = (size_t)(reader->end - at);
    if (__builtin_expect(left < len, 0)) {
        reader_fail(reader, "%s: %zu bytes left, %zu needed", field->name, left, len);
        return NULL;
    }
    reader->at = at + len;
    return at;
}

static uint32_t read_number(struct reader *reader, const char *of)
{
    if (reader->at < reader->end && *reader->at < 0x80)
        return *reader->at++;
    bool failed_before = reader->failed;
    uint32_t value = read_uvarint(reader);
    if (reader->failed && !failed_before)
        reader_fail_prefix(reader, "%s: ", of);
    return value;
}

/* A length or a count; negative is null. After an error: -1. */
static inline int32_t read_length(const struct decoding *in, const struct field *field, bool is_string)
{
    if (in->flexible && !field->not_flexible)
        return (int32_t)(read_number(in->reader, field->name) - 1);
    const uint8_t *at = take(in->reader, field, is_string ? 2 : 4);
    if (at == NULL)
        return -1;
    return is_string ? load_i16(at) : load_i32(at);
}

static void refuse_null(const struct decoding *in, const struct field *field)
{
    if (!field_may_be_null(field, in->version))
        reader_fail(in->reader, "%s: null is not allowed", field->name);
}

static inline void read_slice(const struct decoding *in, const struct field *field, bool is_string,
                              struct slice *to)
{
    int32_t len = read_length(in, field, is_string);
    if (len < 0) {
        *to = SLICE_NULL;
        refuse_null(in, field);
        return;
    }
    if (is_string && len > INT16_MAX) {
        reader_fail(in->reader, "%s: a string of %d bytes, at most %d are allowed", field->name, len,
                    INT16_MAX);
        return;
    }
    const uint8_t *at = take(in->reader, field, (size_t)len);
    *to = slice_of(at, at == NULL ? 0 : (size_t)len);
}

/* ---- arrays ---- */

/* The least number of bytes that a struct takes. */
static size_t least_bytes(const struct decoding *in, const struct schema *schema)
{
    size_t bytes = in->flexible;
    for (size_t i = 0; i < schema->field_count; i++) {
        const struct field *field = &schema->fields[i];
        if (!field_is_plain(field, in->version))
            continue;
        bool compact = in->flexible && !field->not_flexible;
        if (field->kind == FIELD_STRUCT)
            bytes += least_bytes(in, field->of());
        else if (field->kind == FIELD_STRUCT_OR_NULL)
            bytes += 1;
        else if (scalar_size(field->kind) > 0)
            bytes += scalar_size(field->kind);
        else
            bytes += compact ? 1 : field->kind == FIELD_STRING ? 2 : 4;
    }
    return bytes;
}

/* Whether the bytes left could hold so many elements. */
static bool could_hold(const struct decoding *in, const struct field *field, size_t count)
{
    size_t least = scalar_size(field->element);
    if (field->element == FIELD_STRUCT && count * field->of()->size > SMALL_ARRAY)
        least = least_bytes(in, field->of());
    else if (field->element == FIELD_STRING)
        least = in->flexible ? 1 : 2;
    size_t left = reader_left(in->reader);
    if (count <= left && count * least <= left)
        return true;
    reader_fail(in->reader, "%s: %zu elements, %zu bytes left", field->name, count, left);
    return false;
}

static void swap_elements(size_t size, size_t count, const uint8_t *from, void *to)
{
    switch (size) {
    case 2:
        for (size_t i = 0; i < count; i++)
            ((uint16_t *)to)[i] = load_u16(from + 2 * i);
        break;
    case 4:
        for (size_t i = 0; i < count; i++)
            ((uint32_t *)to)[i] = load_u32(from + 4 * i);
        break;
    case 8:
        for (size_t i = 0; i < count; i++)
            ((uint64_t *)to)[i] = load_u64(from + 8 * i);
        break;
    default:
        memcpy(to, from, size * count);
    }
}

static void read_structs(const struct decoding *in, const struct field *field, int32_t count, uint8_t *items)
{
    const struct schema *schema = field->of();
    for (int32_t i = 0; i < count; i++) {
        read_struct(in, schema, items + (size_t)i * schema->size);
        if (__builtin_expect(in->reader->failed, 0)) {
            reader_fail_prefix(in->reader, "%s[%d].", field->name, i);
            return;
        }
    }
}

static void read_strings(const struct decoding *in, const struct field *field, int32_t count,
                         struct slice *items)
{
    struct field element = *field;
    element.nullable = 0; /* that of the array */
    for (int32_t i = 0; i < count && !in->reader->failed; i++)
        read_slice(in, &element, true, &items[i]);
}

static void read_array(const struct decoding *in, const struct field *field, void *to)
{
    int32_t count = read_length(in, field, false);
    store_array(to, (struct any_array){.count = count < 0 ? -1 : 0});
    if (count < 0)
        refuse_null(in, field);
    if (count <= 0 || !could_hold(in, field, (size_t)count))
        return;
    ensure(in->reader->arena != NULL);
    void *items = arena_try_alloc(in->reader->arena, (size_t)count * element_size(field));
    if (items == NULL) {
        reader_fail(in->reader, "%s: %d elements need more memory than a request may have", field->name,
                    count);
        return;
    }
    store_array(to, (struct any_array){.items = items, .count = count});
    if (field->element == FIELD_STRUCT)
        read_structs(in, field, count, items);
    else if (field->element == FIELD_STRING)
        read_strings(in, field, count, items);
    else {
        size_t size = scalar_size(field->element);
        swap_elements(size, (size_t)count, in->reader->at, items);
        in->reader->at += size * (size_t)count;
    }
}

/* ---- structs ---- */

static void read_member(const struct decoding *in, const struct field *field, void *to)
{
    read_struct(in, field->of(), to);
    if (in->reader->failed)
        reader_fail_prefix(in->reader, "%s.", field->name);
}

static void read_struct_or_null(const struct decoding *in, const struct field *field, void **to)
{
    *to = NULL;
    if (field_may_be_null(field, in->version)) {
        const uint8_t *present = take(in->reader, field, 1);
        if (present == NULL || (int8_t)*present < 0 || (*present == 0 && field_is_tagged(field, in->version)))
            return;
    }
    ensure(in->reader->arena != NULL);
    *to = arena_try_alloc(in->reader->arena, field->of()->size);
    if (*to == NULL)
        reader_fail(in->reader, "%s: needs more memory than a request may have", field->name);
    else
        read_member(in, field, *to);
}

static inline void read_field(const struct decoding *in, const struct field *field, void *to)
{
    struct reader *reader = in->reader;
    const uint8_t *at;
    switch (field->kind) {
    case FIELD_BOOL:
        if ((at = take(reader, field, 1)) != NULL)
            *(bool *)to = *at != 0;
        break;
    case FIELD_I8:
        if ((at = take(reader, field, 1)) != NULL)
            *(int8_t *)to = (int8_t)*at;
        break;
    case FIELD_I16:
    case FIELD_U16:
        if ((at = take(reader, field, 2)) != NULL)
            *(uint16_t *)to = load_u16(at);
        break;
    case FIELD_I32:
    case FIELD_U32:
        if ((at = take(reader, field, 4)) != NULL)
            *(uint32_t *)to = load_u32(at);
        break;
    case FIELD_I64:
        if ((at = take(reader, field, 8)) != NULL)
            *(int64_t *)to = load_i64(at);
        break;
    case FIELD_F64:
        if ((at = take(reader, field, 8)) != NULL) {
            uint64_t bits = load_u64(at);
            memcpy(to, &bits, sizeof bits);
        }
        break;
    case FIELD_UUID:
        if ((at = take(reader, field, sizeof(struct uuid))) != NULL)
            memcpy(to, at, sizeof(struct uuid));
        break;
    case FIELD_STRING:
        read_slice(in, field, true, to);
        break;
    case FIELD_BYTES:
        read_slice(in, field, false, to);
        break;
    case FIELD_RECORDS:
        *(struct records *)to = (struct records){0};
        read_slice(in, field, false, &((struct records *)to)->bytes);
        break;
    case FIELD_STRUCT:
        read_member(in, field, to);
        break;
    case FIELD_STRUCT_OR_NULL:
        read_struct_or_null(in, field, to);
        break;
    case FIELD_ARRAY:
        read_array(in, field, to);
        break;
    default:
        ensure(false && "a kind of field");
    }
}

/* ---- tagged fields ---- */

/* The row of a tag, or the row that keeps unknown ones, or NULL. */
static const struct field *find_tag(const struct decoding *in, const struct schema *schema, uint32_t tag)
{
    const struct field *keeper = NULL;
    for (const struct field *field = schema->fields; field < fields_end(schema); field++) {
        if (field->kind == FIELD_UNKNOWN_TAGS)
            keeper = field;
        else if (field->tag == tag + 1 && field_is_tagged(field, in->version)
                 && field_is_present(field, in->version))
            return field;
    }
    return keeper;
}

/* Adds the bytes from `start` to where the reader is to what is kept: borrowed as long as they lie side by
 * side. */
static void keep_unknown(const struct decoding *in, const uint8_t *start, struct slice *kept)
{
    size_t len = (size_t)(in->reader->at - start);
    if (slice_is_null(*kept) || kept->data + kept->len == start) {
        *kept = slice_of(slice_is_null(*kept) ? start : kept->data, kept->len + len);
        return;
    }
    ensure(in->reader->arena != NULL);
    uint8_t *joined = arena_try_alloc(in->reader->arena, kept->len + len);
    if (joined == NULL) {
        reader_fail(in->reader, "unknown tagged fields need more memory than is allowed");
        return;
    }
    memcpy(joined, kept->data, kept->len);
    memcpy(joined + kept->len, start, len);
    *kept = slice_of(joined, kept->len + len);
}

static void read_tag(const struct decoding *in, const struct schema *schema, uint8_t *to)
{
    struct reader *reader = in->reader;
    const uint8_t *start = reader->at;
    uint32_t tag = read_number(reader, "tagged fields");
    uint32_t size = read_number(reader, "tagged fields");
    if (reader_left(reader) < size)
        reader_fail(reader, "tag %u: %zu bytes left, %u needed", tag, reader_left(reader), size);
    if (reader->failed)
        return;
    const struct field *field = find_tag(in, schema, tag);
    if (field == NULL || field->kind == FIELD_UNKNOWN_TAGS) {
        reader->at += size;
        if (field != NULL)
            keep_unknown(in, start, (struct slice *)(void *)(to + field->offset));
        return;
    }
    const uint8_t *end = reader->end;
    reader->end = reader->at + size;
    read_field(in, field, to + field->offset);
    if (!reader->failed)
        reader->end = end;
}

static void read_tags(const struct decoding *in, const struct schema *schema, uint8_t *to)
{
    uint32_t count = read_number(in->reader, "tagged fields");
    for (; count > 0 && !in->reader->failed; count--)
        read_tag(in, schema, to);
}

/* What a field holds that is not there, or not yet. */
static void set_absent(const struct decoding *in, const struct field *field, void *at)
{
    field_set_default(field, at);
    if (!field_is_default_struct(field, in->version))
        return;
    ensure(in->reader->arena != NULL);
    void *member = arena_try_alloc(in->reader->arena, field->of()->size);
    if (member == NULL)
        reader_fail(in->reader, "%s: needs more memory than a request may have", field->name);
    else
        schema_set_defaults(field->of(), member);
    *(void **)at = member;
}

static void read_struct(const struct decoding *in, const struct schema *schema, uint8_t *to)
{
    const struct field *end = fields_end(schema);
    for (const struct field *field = schema->fields; field < end; field++) {
        if (!field_is_plain(field, in->version)) {
            set_absent(in, field, to + field->offset);
            continue;
        }
        read_field(in, field, to + field->offset);
        if (__builtin_expect(in->reader->failed, 0))
            return;
    }
    if (in->flexible)
        read_tags(in, schema, to);
}

bool message_read(const struct message *message, int version, struct reader *reader, void *to)
{
    ensure(message_has_version(message, version));
    if (reader->failed)
        return false;
    const struct schema *schema = message->schema();
    struct decoding in = {reader, version, message_is_flexible(message, version)};
    memset(to, 0, schema->size);
    read_struct(&in, schema, to);
    if (reader->failed)
        reader_fail_prefix(reader, "%s v%d: ", message->name, version);
    return !reader->failed;
}
