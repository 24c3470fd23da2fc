/*
 * regex_writer: what PCRE2 gets: sets of characters, groups, alternatives and repetitions, and which piece
 * of it the next repetition is of.
 */
#ifndef SERVER_COORDINATOR_REGEX_WRITER_H
#define SERVER_COORDINATOR_REGEX_WRITER_H

#include "protocol/base/buf.h"
#include "server/coordinator/regex_set.h"

struct regex_writer {
    struct buf *to;   /* borrowed */
    bool has_atom;    /* something that may be repeated was written last */
    bool is_repeated; /* and it is already, somehow */
    size_t atom_at;   /* where it begins, in `to` */
};

/* Something that means the same by itself, whatever stands beside it. */
void regex_writer_atom(struct regex_writer *writer, const char *text);

/* One of these characters. */
void regex_writer_set(struct regex_writer *writer, struct regex_set set);

/* A group from here on; returns what regex_writer_close needs to make an atom of it. */
size_t regex_writer_open(struct regex_writer *writer);
void regex_writer_close(struct regex_writer *writer, size_t opened_at);

/* Here another alternative begins. */
void regex_writer_bar(struct regex_writer *writer);

/* The atom, which is there, so often: "*", "{2,3}". */
void regex_writer_repeat(struct regex_writer *writer, const char *operator);

#endif
