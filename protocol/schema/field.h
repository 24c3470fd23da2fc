/*
 * field: what one row of a table says about one version, for the interpreter's own files (read.c write.c
 * compare.c ...). `at` is always where the member lies inside its struct.
 */
#ifndef PROTOCOL_SCHEMA_FIELD_H
#define PROTOCOL_SCHEMA_FIELD_H

#include "protocol/schema/schema.h"

/* Behind the last row. A table without rows has no array of them. */
static inline const struct field *fields_end(const struct schema *schema)
{
    return schema->field_count == 0 ? schema->fields : schema->fields + schema->field_count;
}

/* The version carries the field, plain or tagged. */
static inline bool field_is_present(const struct field *field, int version)
{
    return version >= field->since && (field->removed == 0 || version < field->removed);
}

/* The version carries it in the tag section, if it carries it. */
static inline bool field_is_tagged(const struct field *field, int version)
{
    return field->tag != 0 && version >= field->tag_since;
}

/* The version carries it in its place among the others. */
static inline bool field_is_plain(const struct field *field, int version)
{
    return field_is_present(field, version) && !field_is_tagged(field, version)
           && field->kind != FIELD_UNKNOWN_TAGS;
}

/* A pointer to a struct may be null in every version if its row says no more. */
static inline bool field_may_be_null(const struct field *field, int version)
{
    if (field->nullable == 0)
        return field->kind == FIELD_STRUCT_OR_NULL;
    return version >= field->nullable - 1;
}

/* A pointer to a struct that stands for one with all its defaults where it is left out, and not for null. */
static inline bool field_is_default_struct(const struct field *field, int version)
{
    return field->kind == FIELD_STRUCT_OR_NULL && field_is_present(field, version)
           && field_is_tagged(field, version) && !field->default_null;
}

/* Arrays are copied in and out, since ARRAY_OF(x) and struct any_array are different types to the compiler.
 */
static inline struct any_array load_array(const void *at)
{
    struct any_array array;
    memcpy(&array, at, sizeof array);
    return array;
}

static inline void store_array(void *at, struct any_array array)
{
    memcpy(at, &array, sizeof array);
}

/* Bytes of a scalar, the same in memory and on the wire; 0 for what is none. */
static inline size_t scalar_size(int kind)
{
    static const uint8_t sizes[] = {
        [FIELD_BOOL] = 1, [FIELD_I8] = 1,  [FIELD_I16] = 2, [FIELD_U16] = 2,   [FIELD_I32] = 4,
        [FIELD_U32] = 4,  [FIELD_I64] = 8, [FIELD_F64] = 8, [FIELD_UUID] = 16, [FIELD_UNKNOWN_TAGS] = 0,
    };
    return sizes[kind];
}

/* Bytes in memory from one element of an array to the next. */
static inline size_t element_size(const struct field *field)
{
    if (field->element == FIELD_STRUCT)
        return field->of()->size;
    return field->element == FIELD_STRING ? sizeof(struct slice) : scalar_size(field->element);
}

/* ---- defaults.c ---- */

void field_set_default(const struct field *field, void *at);

/* What decides whether a tagged field is written. Of a struct only the fields count that the version has. */
bool field_is_default(const struct field *field, int version, const void *at);

/* ---- compare.c ---- */

bool schema_equal(const struct schema *schema, int version, const void *a, const void *b);

#endif
