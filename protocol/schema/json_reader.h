/*
 * json_reader: JSON text to a tree, strictly as RFC 8259 has it. Numbers stay text, so that 64-bit ones lose
 * nothing.
 */
#ifndef PROTOCOL_SCHEMA_JSON_READER_H
#define PROTOCOL_SCHEMA_JSON_READER_H

#include "protocol/base/arena.h"
#include "protocol/base/note.h"

enum { JSON_DEPTH_MAX = 64 };

enum json_kind { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json_value {
    enum json_kind kind;
    int32_t count;            /* elements of an array, members of an object */
    struct slice name;        /* of a member, unescaped */
    struct slice text;        /* a string, unescaped; a number as it stands there */
    struct json_value *first; /* element or member, in the order of the text */
    struct json_value *next;
};

/* The tree lies in the arena and borrows from the text. NULL if the text is not one JSON value nested at most
 * JSON_DEPTH_MAX deep, or needs more memory than the arena's cap; why says what and at which byte. A name may
 * come twice. */
struct json_value *json_read(struct slice text, struct arena *arena, struct note *why);

/* The member of that name, the last one if there are two; NULL if there is none or it is no object. */
const struct json_value *json_find(const struct json_value *object, const char *name);

/* "null", "a boolean", "a number", ...: for messages. */
const char *json_kind_name(enum json_kind kind);

/* True if it is an integer between the two. */
bool json_integer(const struct json_value *value, int64_t least, int64_t most, int64_t *number);

#endif
