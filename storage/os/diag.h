/*
 * diag: what the broker tells the person who runs it, one line a message, on stderr. ("log" is the commit
 * log.)
 *
 * A line is one write(2), so that lines of several threads do not mix. Nothing is printed per request. If
 * stderr is a pipe that nobody reads, lines are dropped rather than waited for.
 */
#ifndef STORAGE_OS_DIAG_H
#define STORAGE_OS_DIAG_H

#include <stdbool.h>

void diag_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void diag_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void diag_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* On a terminal: a line that the next one writes over, for what goes on. */
bool diag_is_terminal(void);
void diag_passing(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
