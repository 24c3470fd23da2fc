#include "protocol/base/note.h"

#include <stdarg.h>
#include <stdio.h>

void note_set(struct note *why, const char *format, ...)
{
    if (why == NULL || why->text[0] != '\0')
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why->text, sizeof why->text, format, arguments);
    va_end(arguments);
}

void note_prefix(struct note *why, const char *format, ...)
{
    if (why == NULL)
        return;
    struct note before = *why;
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(why->text, sizeof why->text, format, arguments);
    va_end(arguments);
    if (len >= 0 && (size_t)len < sizeof why->text)
        snprintf(why->text + len, sizeof why->text - (size_t)len, ": %.*s", NOTE_SIZE - 8, before.text);
}
