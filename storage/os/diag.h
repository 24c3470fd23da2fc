/*
 * diag: what the broker tells the person who runs it, one line a message, on stderr. ("log" is the commit
 * log.)
 *
 * A line is one write(2), so that lines of several threads do not mix. Nothing is printed per request. If
 * stderr is a pipe that nobody reads, lines are dropped rather than waited for.
 */
#ifndef STORAGE_OS_DIAG_H
#define STORAGE_OS_DIAG_H

void diag_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void diag_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void diag_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
