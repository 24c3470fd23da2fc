/* Reads answers and files field by field. Every field has a name, so that a failure says where it is,
 * and so that a field can be found on the tape and altered on purpose.
 *
 *   read_...    takes a field of any value: it only has to be there
 *   expect_...  the stage fails unless the field has this value
 *
 * A stage's code thus shows by itself what is checked and what is not. */
#ifndef ACCEPTANCE_READER_H
#define ACCEPTANCE_READER_H

#include "frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stage;

enum { MAX_DEPTH = 8 };

struct reader {
    struct stage *stage;
    const char *what; /* the answer or file */
    int seen;         /* its index on the tape */
    const uint8_t *bytes;
    size_t at;
    size_t end;
    char path[256]; /* "topics[0].partitions[1]." */
    int depth;
    size_t path_ends[MAX_DEPTH];
    int elements[MAX_DEPTH];
};

/* Ends the stage: "<what>: <path><format...>". */
_Noreturn void reader_fail(const struct reader *reader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Goes into an element, as in enter(reader, "topics[%d]", i), and out again. */
void enter(struct reader *reader, const char *format, ...) __attribute__((format(printf, 2, 3)));
void leave(struct reader *reader);

int8_t read_i8(struct reader *reader, const char *name);
int16_t read_i16(struct reader *reader, const char *name);
int32_t read_i32(struct reader *reader, const char *name);
int64_t read_i64(struct reader *reader, const char *name);
int64_t read_varint(struct reader *reader, const char *name);
uint64_t read_uvarint(struct reader *reader, const char *name);
const char *read_text(struct reader *reader, const char *name); /* compact; NULL for null */
const uint8_t *read_uuid(struct reader *reader, const char *name);
const uint8_t *read_bytes(struct reader *reader, const char *name, size_t size);

/* Of a compact array; -1 for null. */
int read_count(struct reader *reader, const char *name);

/* Of a compact byte field, which is then the next to read; null counts as 0. */
size_t read_size(struct reader *reader, const char *name);

/* Tagged fields, whatever they are; or that there are none. */
void skip_tags(struct reader *reader);
void expect_no_tags(struct reader *reader);

void expect_i8(struct reader *reader, const char *name, int8_t expected);
void expect_i16(struct reader *reader, const char *name, int16_t expected);
void expect_i32(struct reader *reader, const char *name, int32_t expected);
void expect_i64(struct reader *reader, const char *name, int64_t expected);
void expect_uvarint(struct reader *reader, const char *name, uint64_t expected);
void expect_text(struct reader *reader, const char *name, const char *expected);
void expect_uuid(struct reader *reader, const char *name, const uint8_t expected[UUID_SIZE]);
void expect_some_uuid(struct reader *reader, const char *name); /* not zero */
void expect_count(struct reader *reader, const char *name, int expected);

/* Already read, now known to be wrong or right. */
void expect_equal(const struct reader *reader, const char *name, int64_t value, int64_t expected);

/* Nothing is left. */
void expect_end(const struct reader *reader);

#endif
