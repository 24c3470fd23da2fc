/*
 * properties: Java's .properties syntax, as java.util.Properties loads it from bytes (ISO 8859-1, \uXXXX
 * escapes).
 */
#ifndef SERVER_PROPERTIES_H
#define SERVER_PROPERTIES_H

#include "protocol/base/arena.h"
#include "protocol/base/note.h"

struct property {
    struct slice name;  /* UTF-8, unescaped */
    struct slice value; /* likewise; spaces at its end are kept */
    int32_t line;       /* where it begins, from 1 */
};

struct properties {
    struct property *items; /* as they stand in the file; a name may come again, the last one counts */
    int32_t count;
};

/* Reads the text; everything it gives lives in the arena. False for a malformed \u escape: *line is where. */
bool properties_parse(struct slice text, struct arena *arena, struct properties *properties, int32_t *line,
                      struct note *why);

#endif
