/* Everything that a stage learns from outside passes over its tape: connections, answers, files.
 *
 * A stage that runs against a program records. The same stage can then be run from the tape alone,
 * with one thing on it altered, and must notice: that is how acceptance_broken proves each check. For
 * that the reader also notes where in the bytes each field lay (the map), if asked to. */
#ifndef ACCEPTANCE_TAPE_H
#define ACCEPTANCE_TAPE_H

#include "arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum seen_kind { SEEN_CONNECTION, SEEN_ANSWER, SEEN_FILE, SEEN_PATH, SEEN_REST };

/* One thing that came from outside. */
struct seen {
    enum seen_kind kind;
    const char *what;     /* "ApiVersions v4 answer", "apple-0/00000000000000000000.log" */
    bool present;         /* false: no connection, no answer, no such file */
    const uint8_t *bytes; /* an answer starts with its message_size */
    size_t size;
};

enum field_kind {
    FIELD_INT,
    FIELD_VARINT,
    FIELD_UUID,
    FIELD_TEXT,
    FIELD_BYTES,
    FIELD_COUNT,
    FIELD_SIZE,
    FIELD_ELEMENT
};

/* Where the reader found a field. */
struct field {
    enum field_kind kind;
    int seen;         /* index into the tape */
    const char *path; /* "ApiVersions v4 answer: api_keys[18].max_version" */
    size_t start;
    size_t size;
    size_t lead; /* FIELD_TEXT and FIELD_SIZE: so many bytes of it are the length */
};

struct tape {
    struct arena arena;
    bool replaying;
    bool mapping;
    struct seen *seen;
    int seen_count;
    int next; /* replaying: the one that the stage looks at next */
    struct field *fields;
    int field_count;
};

/* Recording: keeps a copy. Returns its index. */
int tape_record(struct tape *tape, const struct seen *seen);

/* Replaying: the index of the next one, or -1 if the stage asks for something else than it did. */
int tape_next(struct tape *tape, enum seen_kind kind, const char *what);

/* Notes a field if the tape is mapping; the index to give to tape_field_ends, or -1. */
int tape_note(struct tape *tape, const struct field *field);
void tape_field_ends(struct tape *tape, int field, size_t end);

void tape_fini(struct tape *tape);

#endif
