/*
 * json_print: structs to Kafka's JSON, by the tables. For tools, logs and tests; not on any hot path.
 *
 * Invariants:
 * 1. Fields in the order of their rows; those that the version lacks are left out, and tagged ones that have
 * their default.
 * 2. What null may not be is printed as empty, as it would be written. Kept unknown tags are not printed.
 */
#include "protocol/base/ensure.h"
#include "protocol/schema/field.h"
#include "protocol/schema/json.h"
#include "protocol/schema/json_records.h"
#include "protocol/schema/json_text.h"

#include <inttypes.h>

struct printing {
    struct buf *out;
    int version;
    enum json_records how;
};

static void print_struct(const struct printing *in, const struct schema *schema, const uint8_t *from);

static void print_number(struct buf *out, int kind, const void *at)
{
    switch (kind) {
    case FIELD_BOOL:
        buf_append_str(out, *(const bool *)at ? "true" : "false");
        break;
    case FIELD_I8:
        buf_printf(out, "%d", *(const int8_t *)at);
        break;
    case FIELD_I16:
        buf_printf(out, "%d", *(const int16_t *)at);
        break;
    case FIELD_U16:
        buf_printf(out, "%u", *(const uint16_t *)at);
        break;
    case FIELD_I32:
        buf_printf(out, "%" PRId32, *(const int32_t *)at);
        break;
    case FIELD_U32:
        buf_printf(out, "%" PRIu32, *(const uint32_t *)at);
        break;
    case FIELD_I64:
        buf_printf(out, "%" PRId64, *(const int64_t *)at);
        break;
    case FIELD_F64:
        json_print_double(out, *(const double *)at);
        break;
    default:
        ensure(false && "a number");
    }
}

static void print_uuid(struct buf *out, const struct uuid *id)
{
    char text[UUID_TEXT_LEN + 1];
    uuid_format(*id, text);
    buf_printf(out, "\"%s\"", text);
}

static void print_element(const struct printing *in, const struct field *field, const uint8_t *at)
{
    if (field->element == FIELD_STRUCT)
        print_struct(in, field->of(), at);
    else if (field->element == FIELD_STRING)
        json_print_string(in->out, *(const struct slice *)(const void *)at);
    else if (field->element == FIELD_UUID)
        print_uuid(in->out, (const struct uuid *)at);
    else
        print_number(in->out, field->element, at);
}

static void print_array(const struct printing *in, const struct field *field, struct any_array from)
{
    size_t size = element_size(field);
    buf_append_char(in->out, '[');
    for (int32_t i = 0; i < from.count; i++) {
        if (i > 0)
            buf_append_char(in->out, ',');
        print_element(in, field, (const uint8_t *)from.items + (size_t)i * size);
    }
    buf_append_char(in->out, ']');
}

static void print_records(const struct printing *in, const struct records *records)
{
    ensure(records->segment == NULL);
    if (in->how == JSON_RECORDS_DECODED)
        json_print_records(in->out, records->bytes);
    else
        json_print_base64(in->out, records->bytes);
}

static bool is_null(const struct field *field, const void *at)
{
    switch (field->kind) {
    case FIELD_STRING:
    case FIELD_BYTES:
        return slice_is_null(*(const struct slice *)at);
    case FIELD_RECORDS:
        return records_are_null(at);
    case FIELD_STRUCT_OR_NULL:
        return *(void *const *)at == NULL;
    case FIELD_ARRAY:
        return load_array(at).count < 0;
    default:
        return false;
    }
}

static void print_value(const struct printing *in, const struct field *field, const void *at)
{
    switch (field->kind) {
    case FIELD_STRING:
        json_print_string(in->out, *(const struct slice *)at);
        break;
    case FIELD_BYTES:
        json_print_base64(in->out, *(const struct slice *)at);
        break;
    case FIELD_RECORDS:
        print_records(in, at);
        break;
    case FIELD_UUID:
        print_uuid(in->out, at);
        break;
    case FIELD_STRUCT:
        print_struct(in, field->of(), at);
        break;
    case FIELD_STRUCT_OR_NULL:
        print_struct(in, field->of(), *(void *const *)at);
        break;
    case FIELD_ARRAY:
        print_array(in, field, load_array(at));
        break;
    default:
        print_number(in->out, field->kind, at);
    }
}

static bool is_printed(const struct printing *in, const struct field *field, const void *at)
{
    if (!field_is_present(field, in->version) || field->kind == FIELD_UNKNOWN_TAGS)
        return false;
    return !field_is_tagged(field, in->version) || !field_is_default(field, in->version, at);
}

static void print_struct(const struct printing *in, const struct schema *schema, const uint8_t *from)
{
    bool first = true;
    buf_append_char(in->out, '{');
    for (const struct field *field = schema->fields; field < fields_end(schema); field++) {
        const uint8_t *at = from + field->offset;
        if (!is_printed(in, field, at))
            continue;
        if (!first)
            buf_append_char(in->out, ',');
        first = false;
        buf_append_char(in->out, '"');
        json_print_camel_case(in->out, field->name);
        buf_append_str(in->out, "\":");
        if (is_null(field, at)
            && (field_may_be_null(field, in->version) || field->kind == FIELD_STRUCT_OR_NULL))
            buf_append_str(in->out, "null");
        else
            print_value(in, field, at);
    }
    buf_append_char(in->out, '}');
}

void message_print_json(const struct message *message, int version, const void *from, enum json_records how,
                        struct buf *out)
{
    ensure(message_has_version(message, version));
    struct printing in = {out, version, how};
    print_struct(&in, message->schema(), from);
}
