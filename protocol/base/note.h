/*
 * note: the text that goes with an error code, where the protocol or a log line carries one. Fixed size,
 * always terminated; what does not fit is cut. The first word stays: a note that holds something is not
 * overwritten by note_set.
 */
#ifndef PROTOCOL_BASE_NOTE_H
#define PROTOCOL_BASE_NOTE_H

enum { NOTE_SIZE = 1024 };

struct note {
    char text[NOTE_SIZE]; /* "" : nothing was said */
};

/* why may be NULL. */
void note_set(struct note *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts "format: " before what the note says. */
void note_prefix(struct note *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
