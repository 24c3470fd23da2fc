/*
 * journal: what one process of a history did and saw, a line each, as check.py reads them. One thread
 * writes to a journal.
 *
 * Also: the records of a history. A record's value is a number that is unique in the history; what is sent is
 * that number, a space, and letters that follow from it, so that a damaged record is told from another one.
 */
#ifndef HISTORY_JOURNAL_H
#define HISTORY_JOURNAL_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { PAYLOAD_MAX = 20000 };

struct journal {
    FILE *file;
    char process[32];
    int64_t last_value;             /* of the values that this process has used */
    const volatile uint64_t *clock; /* what "at" lines tell, or null */
    uint64_t last_clock;
};

/* DIR/PROCESS is made. number: the process's own, so that its values are its own. */
void journal_open(struct journal *journal, const char *dir, const char *process, int number);
void journal_close(struct journal *journal);

/* One line, and before it another one if the clock went on. */
void journal_write(struct journal *journal, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Writes the record of this value into payload (PAYLOAD_MAX bytes) and returns its size. */
size_t payload_make(char *payload, int64_t value);

/* The value of a record, or -1 if it is none of ours or not whole. */
int64_t payload_value(const char *payload, size_t size);

/* The file whose first eight bytes are the clock of all journals that are opened from now on. */
void journal_use_clock(const char *path);

#endif
