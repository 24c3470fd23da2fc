/*
 * json_parse: JSON to structs, by the tables. For tools, logs and tests; not on any hot path.
 *
 * Invariants:
 * 1. A struct that was parsed can be written: strings fit their length field, null is only where it is
 * allowed.
 * 2. Nothing in it points into the JSON text.
 */
#include "protocol/base/ensure.h"
#include "protocol/schema/field.h"
#include "protocol/schema/json.h"
#include "protocol/schema/json_reader.h"
#include "protocol/schema/json_records.h"
#include "protocol/schema/json_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct parsing {
    const struct message *message;
    int version;
    struct arena *arena;
    struct note *why;
};

/* Where a value stands: innermost first. */
struct path {
    const struct path *outer;
    const struct field *field; /* NULL: an element of the array that `outer` is */
    int32_t index;
};

static bool parse_struct(const struct parsing *in, const struct path *path, const struct json_value *value,
                         const struct schema *schema, uint8_t *to);

/* ---- errors ---- */

static void print_path(struct buf *out, const struct path *path)
{
    if (path == NULL)
        return;
    print_path(out, path->outer);
    if (path->field == NULL) {
        buf_printf(out, "[%d]", path->index);
        return;
    }
    if (out->len > 0)
        buf_append_char(out, '.');
    json_print_camel_case(out, path->field->name);
}

__attribute__((format(printf, 3, 4))) static bool fail(const struct parsing *in, const struct path *path,
                                                       const char *format, ...)
{
    struct buf names = {0};
    char what[160];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    print_path(&names, path);
    note_set(in->why, "%s v%d: %.*s%s%s", in->message->name, in->version, SLICE_ARGS(buf_slice(&names)),
             names.len > 0 ? ": " : "", what);
    buf_fini(&names);
    return false;
}

static bool expect(const struct parsing *in, const struct path *path, const struct json_value *value,
                   enum json_kind kind)
{
    if (value->kind == kind)
        return true;
    return fail(in, path, "%s is wanted, not %s", json_kind_name(kind), json_kind_name(value->kind));
}

/* ---- scalars ---- */

static bool parse_integer(const struct parsing *in, const struct path *path, const struct json_value *value,
                          int kind, void *to)
{
    static const struct {
        int64_t least, most;
    } ranges[] = {
        [FIELD_I8] = {INT8_MIN, INT8_MAX}, [FIELD_I16] = {INT16_MIN, INT16_MAX},
        [FIELD_U16] = {0, UINT16_MAX},     [FIELD_I32] = {INT32_MIN, INT32_MAX},
        [FIELD_U32] = {0, UINT32_MAX},     [FIELD_I64] = {INT64_MIN, INT64_MAX},
    };
    int64_t number;
    if (!expect(in, path, value, JSON_NUMBER))
        return false;
    if (!json_integer(value, ranges[kind].least, ranges[kind].most, &number))
        return fail(in, path, "%.*s is no integer from %lld to %lld", SLICE_ARGS(value->text),
                    (long long)ranges[kind].least, (long long)ranges[kind].most);
    memcpy(to, &number, scalar_size(kind));
    return true;
}

static bool parse_double(const struct parsing *in, const struct path *path, const struct json_value *value,
                         double *to)
{
    char text[400];
    bool is_name = value->kind == JSON_STRING
                   && (slice_equal_str(value->text, "NaN") || slice_equal_str(value->text, "Infinity")
                       || slice_equal_str(value->text, "-Infinity"));
    if (!is_name && !expect(in, path, value, JSON_NUMBER))
        return false;
    if (value->text.len >= sizeof text)
        return fail(in, path, "a number of too many digits");
    memcpy(text, value->text.data, value->text.len);
    text[value->text.len] = '\0';
    *to = strtod(text, NULL);
    return true;
}

static bool parse_uuid(const struct parsing *in, const struct path *path, const struct json_value *value,
                       struct uuid *to)
{
    if (!expect(in, path, value, JSON_STRING))
        return false;
    return uuid_parse(value->text, to) || fail(in, path, "not an id of 22 characters");
}

static bool parse_bool(const struct parsing *in, const struct path *path, const struct json_value *value,
                       bool *to)
{
    if (value->kind != JSON_TRUE && value->kind != JSON_FALSE)
        return expect(in, path, value, JSON_TRUE);
    *to = value->kind == JSON_TRUE;
    return true;
}

static bool parse_string(const struct parsing *in, const struct path *path, const struct json_value *value,
                         struct slice *to)
{
    if (!expect(in, path, value, JSON_STRING))
        return false;
    if (value->text.len > INT16_MAX)
        return fail(in, path, "a string of %zu bytes, at most %d are allowed", value->text.len, INT16_MAX);
    *to = arena_dup(in->arena, value->text);
    return true;
}

static bool parse_bytes(const struct parsing *in, const struct path *path, const struct json_value *value,
                        struct slice *to)
{
    if (!expect(in, path, value, JSON_STRING))
        return false;
    return json_parse_base64(value->text, in->arena, to) || fail(in, path, "not base64");
}

static bool parse_records(const struct parsing *in, const struct path *path, const struct json_value *value,
                          struct records *to)
{
    struct note why = {""};
    *to = (struct records){0};
    if (value->kind != JSON_ARRAY && value->kind != JSON_OBJECT)
        return parse_bytes(in, path, value, &to->bytes);
    return json_parse_records(value, in->arena, &to->bytes, &why) || fail(in, path, "%.120s", why.text);
}

/* ---- arrays and structs ---- */

static bool parse_element(const struct parsing *in, const struct path *path, const struct json_value *value,
                          const struct field *field, uint8_t *to)
{
    switch (field->element) {
    case FIELD_STRUCT:
        return parse_struct(in, path, value, field->of(), to);
    case FIELD_STRING:
        return parse_string(in, path, value, (struct slice *)(void *)to);
    case FIELD_UUID:
        return parse_uuid(in, path, value, (struct uuid *)to);
    default:
        return parse_integer(in, path, value, field->element, to);
    }
}

static bool parse_array(const struct parsing *in, const struct path *path, const struct json_value *value,
                        const struct field *field, void *to)
{
    if (!expect(in, path, value, JSON_ARRAY))
        return false;
    size_t size = element_size(field);
    uint8_t *items = arena_alloc(in->arena, size * (size_t)value->count);
    struct path element = {.outer = path};
    for (const struct json_value *child = value->first; child != NULL; child = child->next, element.index++)
        if (!parse_element(in, &element, child, field, items + (size_t)element.index * size))
            return false;
    store_array(to, (struct any_array){.items = items, .count = value->count});
    return true;
}

static bool parse_null(const struct parsing *in, const struct path *path, const struct field *field, void *to)
{
    if (!field_may_be_null(field, in->version))
        return fail(in, path, "null is not allowed");
    struct field null = *field;
    null.default_null = true;
    field_set_default(&null, to);
    return true;
}

static bool parse_field(const struct parsing *in, const struct path *path, const struct json_value *value,
                        const struct field *field, void *to)
{
    if (value->kind == JSON_NULL)
        return parse_null(in, path, field, to);
    switch (field->kind) {
    case FIELD_BOOL:
        return parse_bool(in, path, value, to);
    case FIELD_F64:
        return parse_double(in, path, value, to);
    case FIELD_UUID:
        return parse_uuid(in, path, value, to);
    case FIELD_STRING:
        return parse_string(in, path, value, to);
    case FIELD_BYTES:
        return parse_bytes(in, path, value, to);
    case FIELD_RECORDS:
        return parse_records(in, path, value, to);
    case FIELD_STRUCT:
        return parse_struct(in, path, value, field->of(), to);
    case FIELD_STRUCT_OR_NULL:
        *(void **)to = arena_alloc(in->arena, field->of()->size);
        return parse_struct(in, path, value, field->of(), *(void **)to);
    case FIELD_ARRAY:
        return parse_array(in, path, value, field, to);
    default:
        return parse_integer(in, path, value, field->kind, to);
    }
}

static const struct field *find_field(const struct schema *schema, struct slice name)
{
    for (const struct field *field = schema->fields; field < fields_end(schema); field++)
        if (field->kind != FIELD_UNKNOWN_TAGS && json_is_name(name, field->name))
            return field;
    return NULL;
}

static void set_defaults(const struct parsing *in, const struct schema *schema, uint8_t *to)
{
    schema_set_defaults(schema, to);
    for (const struct field *field = schema->fields; field < fields_end(schema); field++)
        if (field_is_default_struct(field, in->version))
            *(void **)(void *)(to + field->offset) = schema_new_array(field->of(), in->arena, 1);
}

static bool parse_struct(const struct parsing *in, const struct path *path, const struct json_value *value,
                         const struct schema *schema, uint8_t *to)
{
    if (!expect(in, path, value, JSON_OBJECT))
        return false;
    set_defaults(in, schema, to);
    for (const struct json_value *member = value->first; member != NULL; member = member->next) {
        const struct field *field = find_field(schema, member->name);
        if (field == NULL)
            return fail(in, path, "no version has a field '%.*s'",
                        (int)(member->name.len < 80 ? member->name.len : 80),
                        (const char *)member->name.data);
        struct path inner = {.outer = path, .field = field};
        if (field_is_present(field, in->version)
            && !parse_field(in, &inner, member, field, to + field->offset))
            return false;
    }
    return true;
}

bool message_parse_json(const struct message *message, int version, struct slice json, struct arena *arena,
                        void *to, struct note *why)
{
    ensure(message_has_version(message, version));
    struct parsing in = {message, version, arena, why};
    struct note reason = {""};
    struct json_value *value = json_read(json, arena, &reason);
    if (value == NULL)
        return fail(&in, NULL, "%.150s", reason.text);
    return parse_struct(&in, NULL, value, message->schema(), to);
}
