/*
 * compare: whether two structs say the same in one version. Used by tests and by tools; not on any hot path.
 *
 * What the version cannot say does not count: fields that it does not have, and the difference between null
 * and empty where null is not allowed. Numbers are the same if their bits are.
 */
#include "protocol/base/ensure.h"
#include "protocol/schema/field.h"

static struct slice as_written(const struct field *field, int version, struct slice value)
{
    return slice_is_null(value) && !field_may_be_null(field, version) ? SLICE("") : value;
}

static bool records_equal(const struct field *field, int version, const struct records *a,
                          const struct records *b)
{
    if (a->segment != NULL || b->segment != NULL)
        return a->segment == b->segment && a->position == b->position && a->range_len == b->range_len;
    return slice_equal(as_written(field, version, a->bytes), as_written(field, version, b->bytes));
}

static bool pointers_equal(const struct field *field, int version, const void *a, const void *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    return schema_equal(field->of(), version, a, b);
}

static bool elements_equal(const struct field *field, int version, const uint8_t *a, const uint8_t *b)
{
    if (field->element == FIELD_STRUCT)
        return schema_equal(field->of(), version, a, b);
    if (field->element == FIELD_STRING) {
        struct slice left = *(const struct slice *)(const void *)a,
                     right = *(const struct slice *)(const void *)b;
        return left.len == right.len && slice_compare(left, right) == 0;
    }
    return memcmp(a, b, scalar_size(field->element)) == 0;
}

static bool arrays_equal(const struct field *field, int version, struct any_array a, struct any_array b)
{
    if (!field_may_be_null(field, version)) {
        a.count = a.count < 0 ? 0 : a.count;
        b.count = b.count < 0 ? 0 : b.count;
    }
    if (a.count != b.count)
        return false;
    size_t size = element_size(field);
    for (int32_t i = 0; i < a.count; i++)
        if (!elements_equal(field, version, (uint8_t *)a.items + (size_t)i * size,
                            (uint8_t *)b.items + (size_t)i * size))
            return false;
    return true;
}

static bool field_equal(const struct field *field, int version, const void *a, const void *b)
{
    switch (field->kind) {
    case FIELD_STRING:
    case FIELD_BYTES:
        return slice_equal(as_written(field, version, *(const struct slice *)a),
                           as_written(field, version, *(const struct slice *)b));
    case FIELD_UNKNOWN_TAGS:
        return slice_compare(*(const struct slice *)a, *(const struct slice *)b) == 0;
    case FIELD_RECORDS:
        return records_equal(field, version, a, b);
    case FIELD_STRUCT:
        return schema_equal(field->of(), version, a, b);
    case FIELD_STRUCT_OR_NULL:
        return pointers_equal(field, version, *(void *const *)a, *(void *const *)b);
    case FIELD_ARRAY:
        return arrays_equal(field, version, load_array(a), load_array(b));
    default:
        return memcmp(a, b, scalar_size(field->kind)) == 0;
    }
}

bool schema_equal(const struct schema *schema, int version, const void *a, const void *b)
{
    for (size_t i = 0; i < schema->field_count; i++) {
        const struct field *field = &schema->fields[i];
        if (field_is_present(field, version)
            && !field_equal(field, version, (const uint8_t *)a + field->offset,
                            (const uint8_t *)b + field->offset))
            return false;
    }
    return true;
}

bool message_equal(const struct message *message, int version, const void *a, const void *b)
{
    ensure(message_has_version(message, version));
    return schema_equal(message->schema(), version, a, b);
}
