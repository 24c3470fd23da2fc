/* Breaking one thing of what a stage has seen. Tables of sabotages say, for each stage, what is checked:
 * they are written from the course's rules, not from the stages' code, so that a check that was forgotten
 * is found out by what nobody noticed. */
#ifndef ACCEPTANCE_SABOTAGE_H
#define ACCEPTANCE_SABOTAGE_H

#include "arena.h"
#include "tape.h"

#include <stdbool.h>
#include <stdint.h>

enum how {
    ALTERED = 1,      /* a bit of the field is flipped; a count is two more; a null text is not */
    ALTERED_WITH_CRC, /* the same, and the batch's checksum made right again */
    SET_TO,           /* the value; a uuid's every byte; a count's or size's raw varint (0: null) */
    DROPPED,          /* the element is not there; counts and sizes around it are right */
    SWAPPED,          /* with the element after it, if there is one */
    UNTESTED,         /* depends on what the program does otherwise: no further row counts */

    /* The following are done to a whole file or path. */
    MISSING,
    PRESENT,
    EMPTY,
    SHORTENED,    /* by a byte */
    LENGTHENED,   /* by 4 KiB of zeros */
    BYTE_ALTERED, /* in its middle */
    WITH_TOPIC,   /* the metadata log has one topic more */
};

struct sabotage {
    const char *where; /* pattern of field paths, "*: topics[*].name", or of file names */
    enum how how;
    int64_t value;
    const char *says; /* what the stage's failure names; NULL: the field */
    bool harmless;    /* the stage has to pass all the same */
};

/* For what cannot be decoded any more, or is found by a checksum: any failure will do. */
#define ANYTHING ""

enum { MAX_TABLES = 10 };

/* The tables for some stages; the first that matches counts, and in it the first row for each way to
 * break a field. A field that no row names is free: it may be anything. */
struct stage_sabotages {
    const char *stages;
    const struct sabotage *tables[MAX_TABLES];
};

extern const struct stage_sabotages all_sabotages[]; /* ends with stages NULL */

bool is_done_to_whole(enum how how);

/* What seen[field->seen] becomes, in arena; false if it cannot be done there. */
bool sabotage_field(const struct tape *tape, const struct field *field, enum how how, int64_t value,
                    struct arena *arena, struct seen *broken);
bool sabotage_whole(const struct seen *seen, enum how how, struct arena *arena, struct seen *broken);

/* An answer whose bytes are replaced by others from start on; its message_size follows if asked to. */
struct seen splice(const struct seen *seen, size_t start, size_t old_size, const void *bytes, size_t size,
                   bool right_size, struct arena *arena);

#endif
