#include "protocol/base/ensure.h"

#include <stdio.h>
#include <stdlib.h>

void ensure_failed(const char *condition, const char *file, int line, const char *function)
{
    fprintf(stderr, "odradek: bug: %s is not true in %s (%s:%d)\n", condition, function, file, line);
    abort();
}
