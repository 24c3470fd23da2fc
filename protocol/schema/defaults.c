/*
 * defaults: what a field holds when nobody has said otherwise, and whether it does. Called by the rest of the
 * interpreter, and by whoever lays out an answer. Nothing here allocates but schema_new_array.
 */
#include "protocol/base/ensure.h"
#include "protocol/schema/field.h"

static void set_integer(int kind, int64_t value, void *at)
{
    switch (kind) {
    case FIELD_BOOL:
        *(bool *)at = value != 0;
        break;
    case FIELD_I8:
        *(int8_t *)at = (int8_t)value;
        break;
    case FIELD_I16:
        *(int16_t *)at = (int16_t)value;
        break;
    case FIELD_U16:
        *(uint16_t *)at = (uint16_t)value;
        break;
    case FIELD_I32:
        *(int32_t *)at = (int32_t)value;
        break;
    case FIELD_U32:
        *(uint32_t *)at = (uint32_t)value;
        break;
    case FIELD_I64:
        *(int64_t *)at = value;
        break;
    default:
        ensure(false && "an integer");
    }
}

void field_set_default(const struct field *field, void *at)
{
    switch (field->kind) {
    case FIELD_F64:
        *(double *)at = (double)field->default_number;
        break;
    case FIELD_UUID:
        *(struct uuid *)at = UUID_ZERO;
        break;
    case FIELD_STRING:
    case FIELD_BYTES:
        *(struct slice *)at = field->default_null ? SLICE_NULL : SLICE("");
        break;
    case FIELD_RECORDS:
        *(struct records *)at = (struct records){.bytes = field->default_null ? SLICE_NULL : SLICE("")};
        break;
    case FIELD_STRUCT:
        schema_set_defaults(field->of(), at);
        break;
    case FIELD_STRUCT_OR_NULL:
        *(void **)at = NULL;
        break;
    case FIELD_ARRAY:
        store_array(at, (struct any_array){.count = field->default_null ? -1 : 0});
        break;
    case FIELD_UNKNOWN_TAGS:
        *(struct slice *)at = SLICE_NULL;
        break;
    default:
        set_integer(field->kind, field->default_number, at);
    }
}

void schema_set_defaults(const struct schema *schema, void *to)
{
    memset(to, 0, schema->size);
    for (size_t i = 0; i < schema->field_count; i++)
        field_set_default(&schema->fields[i], (uint8_t *)to + schema->fields[i].offset);
}

void *schema_new_array(const struct schema *schema, struct arena *arena, int32_t count)
{
    ensure(count >= 0);
    uint8_t *items = arena_alloc(arena, (size_t)count * schema->size);
    for (int32_t i = 0; i < count; i++)
        schema_set_defaults(schema, items + (size_t)i * schema->size);
    return items;
}

static bool struct_is_default(const struct schema *schema, int version, const uint8_t *from)
{
    for (size_t i = 0; i < schema->field_count; i++) {
        const struct field *field = &schema->fields[i];
        if (field_is_present(field, version) && !field_is_default(field, version, from + field->offset))
            return false;
    }
    return true;
}

/* Null differs from empty only where the field may be null. */
static bool slice_is_default(const struct field *field, int version, bool is_null, size_t len)
{
    if (field->default_null)
        return is_null;
    return len == 0 && !(is_null && field_may_be_null(field, version));
}

/* An integer's low bytes come first in memory (big_endian.h sees to it that the machine is such a one). */
static bool scalar_is_default(const struct field *field, const void *at)
{
    double number = (double)field->default_number;
    if (field->kind == FIELD_F64) /* bit by bit: -0.0 is not the default 0.0 */
        return memcmp(at, (const void *)&number, sizeof number) == 0;
    return memcmp(at, &field->default_number, scalar_size(field->kind)) == 0;
}

bool field_is_default(const struct field *field, int version, const void *at)
{
    switch (field->kind) {
    case FIELD_UUID:
        return uuid_is_zero(*(const struct uuid *)at);
    case FIELD_STRING:
    case FIELD_BYTES:
        return slice_is_default(field, version, slice_is_null(*(const struct slice *)at),
                                ((const struct slice *)at)->len);
    case FIELD_RECORDS:
        return slice_is_default(field, version, records_are_null(at), records_len(at));
    case FIELD_STRUCT:
        return struct_is_default(field->of(), version, at);
    case FIELD_STRUCT_OR_NULL:
        if (!field_is_default_struct(field, version))
            return *(void *const *)at == NULL;
        return *(void *const *)at != NULL && struct_is_default(field->of(), version, *(void *const *)at);
    case FIELD_ARRAY: {
        int32_t count = load_array(at).count;
        return slice_is_default(field, version, count<0, count> 0 ? (size_t)count : 0);
    }
    case FIELD_UNKNOWN_TAGS:
        return ((const struct slice *)at)->len == 0;
    default:
        return scalar_is_default(field, at);
    }
}
