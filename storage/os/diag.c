/*
 * diag: one write(2) a line, on stderr, never waiting for a reader.
 *
 * 1. A line that a full pipe would make us wait for is dropped: poll says whether there is room, and a line
 * is shorter than PIPE_BUF, so that the write is whole.
 */
#include "storage/os/diag.h"

#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 2048 };

/* The process has one stderr, and one level for it. */
static atomic_int threshold = DIAG_INFO;

static const char *const level_names[DIAG_LEVEL_COUNT] = {
    [DIAG_TRACE] = "TRACE", [DIAG_DEBUG] = "DEBUG", [DIAG_INFO] = "INFO",
    [DIAG_WARN] = "WARN",   [DIAG_ERROR] = "ERROR", [DIAG_FATAL] = "FATAL",
};

void diag_set_level(enum diag_level level)
{
    atomic_store(&threshold, (int)level);
}

enum diag_level diag_get_level(void)
{
    return (enum diag_level)atomic_load(&threshold);
}

const char *diag_level_name(enum diag_level level)
{
    return level_names[level];
}

bool diag_level_from_name(const void *name, size_t len, enum diag_level *level)
{
    for (int i = 0; i < DIAG_LEVEL_COUNT; i++) {
        if (strlen(level_names[i]) != len || memcmp(level_names[i], name, len) != 0)
            continue;
        *level = (enum diag_level)i;
        return true;
    }
    return false;
}

static const char erase_and_return[] = "\x1b[K\r";

__attribute__((format(printf, 3, 0))) static void print(enum diag_level at, const char *level,
                                                        const char *format, va_list arguments,
                                                        const char *end)
{
    if (at < diag_get_level())
        return;
    char line[LINE_MAX_BYTES];
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    size_t len = strftime(line, sizeof line, "%Y-%m-%dT%H:%M:%S", &utc);
    len += (size_t)snprintf(line + len, sizeof line - len, ".%03ldZ %s ", now.tv_nsec / 1000000, level);
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

void diag_info(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print(DIAG_INFO, "info", format, arguments, "\n");
    va_end(arguments);
}

void diag_warn(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print(DIAG_WARN, "warn", format, arguments, "\n");
    va_end(arguments);
}

void diag_error(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print(DIAG_ERROR, "error", format, arguments, "\n");
    va_end(arguments);
}

bool diag_is_terminal(void)
{
    return isatty(STDERR_FILENO) == 1;
}

void diag_passing(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print(DIAG_INFO, "info", format, arguments, erase_and_return);
    va_end(arguments);
}
