/* fate: see fate.h. */
#include "test/sim/groups/fate.h"

#include <stdarg.h>
#include <stdio.h>

uint64_t fate_draw(struct fate *fate, uint64_t below)
{
    uint64_t z = (fate->random += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return (z ^ (z >> 31)) % below;
}

void fate_wrong(struct fate *fate, const char *format, ...)
{
    if (fate->wrong[0] != '\0')
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(fate->wrong, sizeof fate->wrong, format, arguments);
    va_end(arguments);
}
