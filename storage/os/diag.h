/*
 * diag: what the broker tells the person who runs it, one line a message, on stderr. ("log" is the commit
 * log.)
 *
 *     2026-11-28T10:38:11.123Z warn odradek.storage: fig-0: retention waits: No space left on device
 *
 * A line is one write(2), so that lines of several threads do not mix. At info and above nothing is printed
 * per request. If stderr is a pipe that nobody reads, lines are dropped rather than waited for.
 */
#ifndef STORAGE_OS_DIAG_H
#define STORAGE_OS_DIAG_H

#include "storage/os/diag_level.h"

/* Each file that says something defines DIAG_AREA: its folder. A line below the area's level costs a relaxed
 * load, and its arguments are not looked at. */
#define diag_debug(...) DIAG_SAY(DIAG_DEBUG, __VA_ARGS__)
#define diag_info(...)  DIAG_SAY(DIAG_INFO, __VA_ARGS__)
#define diag_warn(...)  DIAG_SAY(DIAG_WARN, __VA_ARGS__)
#define diag_error(...) DIAG_SAY(DIAG_ERROR, __VA_ARGS__)

#define DIAG_SAY(level, ...) \
    ((level) < diag_level_of(DIAG_AREA) ? (void)0 : diag_print(DIAG_AREA, (level), __VA_ARGS__))

/* The line, whatever the area's level is. */
void diag_print(enum diag_area area, enum diag_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

bool diag_is_terminal(void);

/* As diag_info, but that on a terminal the next line writes over it: for what goes on. */
#define diag_passing(...) \
    (DIAG_INFO < diag_level_of(DIAG_AREA) ? (void)0 : diag_print_passing(DIAG_AREA, __VA_ARGS__))
void diag_print_passing(enum diag_area area, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
