/*
 * tree: what the runner does with JSON trees beside reading them (protocol/schema/json_reader.h): making,
 * copying, changing, finding, printing and comparing. Nodes live in the caller's arena; texts are borrowed.
 */
#ifndef CONVERSATION_TREE_H
#define CONVERSATION_TREE_H

#include "protocol/base/arena.h"
#include "protocol/base/buf.h"
#include "protocol/schema/json_reader.h"

struct json_value *tree_null(struct arena *arena);
struct json_value *tree_bool(struct arena *arena, bool value);
struct json_value *tree_number(struct arena *arena, int64_t value);
struct json_value *tree_string(struct arena *arena, struct slice text);
struct json_value *tree_object(struct arena *arena);
struct json_value *tree_array(struct arena *arena);

/* Puts `child` (in no tree) behind the others. */
void tree_append(struct json_value *array, struct json_value *child);

/* The same with a name (borrowed), in the place of a member that has it. */
void tree_put(struct json_value *object, struct slice name, struct json_value *child);

/* Nodes and texts. The copy has no name. */
struct json_value *tree_copy(const struct json_value *value, struct arena *arena);

/* What a JSON pointer ("/topics/0/topicId", "" for the value itself) names; NULL: nothing. No escapes. */
const struct json_value *tree_at(const struct json_value *value, struct slice pointer);

/* A string's text, a number as it is written, "true", "null"; "" for arrays and objects. */
struct slice tree_text(const struct json_value *value);

/* The number that a number or a string holds; `otherwise` if it holds none, or value is NULL. */
int64_t tree_integer(const struct json_value *value, int64_t otherwise);

static inline bool tree_is_true(const struct json_value *value)
{
    return value != NULL && value->kind == JSON_TRUE;
}

/* Neither an array nor an object. */
static inline bool tree_is_plain(const struct json_value *value)
{
    return value->kind != JSON_ARRAY && value->kind != JSON_OBJECT;
}

/* Without spaces. */
void tree_print(struct buf *out, const struct json_value *value);

/* The order of members does not count. */
bool tree_equal(const struct json_value *a, const struct json_value *b);

/* The members of an object, or the elements of an array; NULL is an array without any. */
#define tree_for_each(child, of)                                                            \
    for (const struct json_value *child = (of) != NULL ? (of)->first : NULL; child != NULL; \
         child = child->next)

#endif
