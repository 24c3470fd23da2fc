/*
 * diag: one write(2) a line, on stderr, never waiting for a reader.
 *
 * 1. A line that a full pipe would make us wait for is dropped: poll says whether there is room, and a line
 * is shorter than PIPE_BUF, so that the write is whole.
 */
#include "storage/os/diag.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 2048 };

static const char *const words[DIAG_LEVEL_COUNT] = {
    [DIAG_TRACE] = "trace", [DIAG_DEBUG] = "debug", [DIAG_INFO] = "info",
    [DIAG_WARN] = "warn",   [DIAG_ERROR] = "error", [DIAG_FATAL] = "fatal",
};

static const char erase_and_return[] = "\x1b[K\r";

__attribute__((format(printf, 3, 0))) static void print(enum diag_area area, enum diag_level level,
                                                        const char *format, va_list arguments,
                                                        const char *end)
{
    char line[LINE_MAX_BYTES];
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    size_t len = strftime(line, sizeof line, "%Y-%m-%dT%H:%M:%S", &utc);
    len += (size_t)snprintf(line + len, sizeof line - len, ".%03ldZ %s %s: ", now.tv_nsec / 1000000,
                            words[level], diag_area_name(area));
    int text = vsnprintf(line + len, sizeof line - len - 1, format, arguments);
    if (text > 0)
        len += (size_t)text;
    if (len > sizeof line - sizeof erase_and_return)
        len = sizeof line - sizeof erase_and_return;
    for (const char *c = end; *c != '\0'; c++)
        line[len++] = *c;

    struct pollfd room = {.fd = STDERR_FILENO, .events = POLLOUT};
    if (poll(&room, 1, 0) == 1 && (room.revents & POLLOUT)) {
        ssize_t written = write(STDERR_FILENO, line, len);
        (void)written; /* nowhere to complain */
    }
}

void diag_print(enum diag_area area, enum diag_level level, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print(area, level, format, arguments, "\n");
    va_end(arguments);
}

bool diag_is_terminal(void)
{
    return isatty(STDERR_FILENO) == 1;
}

void diag_print_passing(enum diag_area area, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print(area, DIAG_INFO, format, arguments, diag_is_terminal() ? erase_and_return : "\n");
    va_end(arguments);
}
