/*
 * line: what `odradek dump` and `odradek check` print, a line for each thing, in one of two forms from the
 * same calls:
 *
 *     {"type":"batch","baseOffset":0,"lastOffset":9,...}          JSON: every field, numbers as numbers
 *     batch baseOffset 0 lastOffset 9 ...                         for people: what is not set is left out
 *
 * Lines collect in memory and leave in large pieces. Once writing has failed everything is a no-op. One
 * thread.
 */
#ifndef SERVER_DUMP_LINE_H
#define SERVER_DUMP_LINE_H

#include "protocol/base/buf.h"

struct lines {
    struct buf bytes;
    int fd; /* borrowed; -1: nothing is written (for tests that only want to see it run) */
    bool json;
    int error; /* errno of the write that failed; 0: none did */
};

void lines_init(struct lines *lines, int fd, bool json);

/* Writes what is left. False: something could not be written; lines->error says why (EPIPE: the reader has
 * gone). */
bool lines_finish(struct lines *lines);

void line_begin(struct lines *lines, const char *type);
void line_end(struct lines *lines);

/* A number; people get it in a column of `width` characters (0: as it is). */
void line_number(struct lines *lines, const char *name, int64_t number, int width);

/* A number that is -1 where there is none: left out for people then. */
void line_number_if_any(struct lines *lines, const char *name, int64_t number);

/* ms since 1970; people read 2026-11-27T22:16:01.123Z, and a number where that makes no sense. */
void line_time(struct lines *lines, const char *name, int64_t ms);

/* Text that is known to be UTF-8; for people as it is, so it should have no blanks. */
void line_word(struct lines *lines, const char *name, const char *word);

/* For people the name alone, if it is true. */
void line_flag(struct lines *lines, const char *name, bool flag);

/* Any bytes: "name":"text" if they are UTF-8, "nameBase64":"..." if not, "name":null. For people
 * name "text", name base64:..., name null. */
void line_bytes(struct lines *lines, const char *name, struct slice bytes);

/* The name; the caller appends the value (JSON) to the bytes that come back. */
struct buf *line_value(struct lines *lines, const char *name);

#endif
