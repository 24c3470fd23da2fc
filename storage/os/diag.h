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
#include <stddef.h>

/* Kafka's levels. Nothing is said below info or above error; a threshold may be anything. */
enum diag_level { DIAG_TRACE, DIAG_DEBUG, DIAG_INFO, DIAG_WARN, DIAG_ERROR, DIAG_FATAL, DIAG_LEVEL_COUNT };

/* Lines below the level are not printed from now on; any thread. At first it is DIAG_INFO. */
void diag_set_level(enum diag_level level);
enum diag_level diag_get_level(void);

/* "TRACE" ... "FATAL". */
const char *diag_level_name(enum diag_level level);

/* False: no level has this name. */
bool diag_level_from_name(const void *name, size_t len, enum diag_level *level);

void diag_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void diag_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void diag_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* On a terminal: a line that the next one writes over, for what goes on. */
bool diag_is_terminal(void);
void diag_passing(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
