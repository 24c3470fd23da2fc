/* See die.h. Any thread may call it. */
#include "test/bench/die.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void die(const char *format, ...)
{
    int error = errno;
    size_t len = strlen(format);
    va_list arguments;
    va_start(arguments, format);
    fputs("bench: ", stderr);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "%s%s\n", len > 0 && format[len - 1] == ':' ? " " : "",
            len > 0 && format[len - 1] == ':' ? strerror(error) : "");
    exit(EXIT_FAILURE);
}
