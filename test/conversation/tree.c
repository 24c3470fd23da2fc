/* tree: see tree.h. No state. */
#include "test/conversation/tree.h"

#include <inttypes.h>

#include "protocol/base/ensure.h"
#include "protocol/schema/json_text.h"

static struct json_value *new_value(struct arena *arena, enum json_kind kind)
{
    struct json_value *value = arena_new(arena, struct json_value);
    value->kind = kind;
    return value;
}

struct json_value *tree_null(struct arena *arena)
{
    return new_value(arena, JSON_NULL);
}

struct json_value *tree_bool(struct arena *arena, bool value)
{
    return new_value(arena, value ? JSON_TRUE : JSON_FALSE);
}

struct json_value *tree_number(struct arena *arena, int64_t value)
{
    struct json_value *number = new_value(arena, JSON_NUMBER);
    number->text = arena_printf(arena, "%" PRId64, value);
    return number;
}

struct json_value *tree_string(struct arena *arena, struct slice text)
{
    struct json_value *string = new_value(arena, JSON_STRING);
    string->text = text;
    return string;
}

struct json_value *tree_object(struct arena *arena)
{
    return new_value(arena, JSON_OBJECT);
}

struct json_value *tree_array(struct arena *arena)
{
    return new_value(arena, JSON_ARRAY);
}

void tree_append(struct json_value *array, struct json_value *child)
{
    struct json_value **link = &array->first;
    ensure(!tree_is_plain(array) && child->next == NULL);
    while (*link != NULL)
        link = &(*link)->next;
    *link = child;
    array->count++;
}

void tree_put(struct json_value *object, struct slice name, struct json_value *child)
{
    struct json_value **link = &object->first;
    ensure(object->kind == JSON_OBJECT && child->next == NULL);
    while (*link != NULL && !slice_equal((*link)->name, name))
        link = &(*link)->next;
    if (*link != NULL)
        child->next = (*link)->next;
    else
        object->count++;
    child->name = name;
    *link = child;
}

struct json_value *tree_copy(const struct json_value *value, struct arena *arena)
{
    struct json_value *copy = new_value(arena, value->kind), **link = &copy->first;
    copy->text = arena_dup(arena, value->text);
    copy->count = value->count;
    tree_for_each(child, value) {
        *link = tree_copy(child, arena);
        (*link)->name = arena_dup(arena, child->name);
        link = &(*link)->next;
    }
    return copy;
}

static const struct json_value *find_element(const struct json_value *array, struct slice index)
{
    struct json_value number = {.kind = JSON_NUMBER, .text = index};
    int64_t left = tree_integer(&number, -1);
    if (left < 0)
        return NULL;
    const struct json_value *element = array->first;
    for (; element != NULL && left > 0; left--)
        element = element->next;
    return element;
}

static const struct json_value *find_member(const struct json_value *object, struct slice name)
{
    tree_for_each(member, object)
        if (slice_equal(member->name, name))
            return member;
    return NULL;
}

const struct json_value *tree_at(const struct json_value *value, struct slice pointer)
{
    while (value != NULL && pointer.len > 0) {
        if (pointer.data[0] != '/')
            return NULL;
        pointer = slice_from(pointer, 1);
        size_t len = 0;
        while (len < pointer.len && pointer.data[len] != '/')
            len++;
        struct slice part = slice_of(pointer.data, len);
        value = value->kind == JSON_ARRAY ? find_element(value, part) : find_member(value, part);
        pointer = slice_from(pointer, len);
    }
    return value;
}

struct slice tree_text(const struct json_value *value)
{
    switch (value->kind) {
    case JSON_NULL:
        return SLICE("null");
    case JSON_TRUE:
        return SLICE("true");
    case JSON_FALSE:
        return SLICE("false");
    case JSON_NUMBER:
    case JSON_STRING:
        return value->text;
    default:
        return SLICE("");
    }
}

int64_t tree_integer(const struct json_value *value, int64_t otherwise)
{
    int64_t number;
    if (value == NULL || (value->kind != JSON_NUMBER && value->kind != JSON_STRING))
        return otherwise;
    struct json_value as_number = {.kind = JSON_NUMBER, .text = value->text};
    if (value->text.len == 0 || !json_integer(&as_number, INT64_MIN, INT64_MAX, &number))
        return otherwise;
    return number;
}

void tree_print(struct buf *out, const struct json_value *value)
{
    bool is_object = value->kind == JSON_OBJECT;
    if (value->kind == JSON_STRING) {
        json_print_string(out, value->text);
        return;
    }
    if (tree_is_plain(value)) {
        buf_append_slice(out, tree_text(value));
        return;
    }
    buf_append_char(out, is_object ? '{' : '[');
    tree_for_each(child, value) {
        if (child != value->first)
            buf_append_char(out, ',');
        if (is_object) {
            json_print_string(out, child->name);
            buf_append_char(out, ':');
        }
        tree_print(out, child);
    }
    buf_append_char(out, is_object ? '}' : ']');
}

static bool children_equal(const struct json_value *a, const struct json_value *b)
{
    const struct json_value *other = b->first;
    tree_for_each(child, a) {
        const struct json_value *twin = a->kind == JSON_OBJECT ? find_member(b, child->name) : other;
        if (twin == NULL || !tree_equal(child, twin))
            return false;
        other = other->next;
    }
    return true;
}

bool tree_equal(const struct json_value *a, const struct json_value *b)
{
    if (a->kind != b->kind)
        return false;
    if (tree_is_plain(a))
        return slice_equal(tree_text(a), tree_text(b));
    return a->count == b->count && children_equal(a, b);
}
