/*
 * memory: what lives longer than a run of requests and is small: where there is none left, the process stops,
 * as an arena does. Given back with free(), or memory_free_slice. What a peer's numbers ask for is bounded
 * before it comes here.
 */
#ifndef PROTOCOL_BASE_MEMORY_H
#define PROTOCOL_BASE_MEMORY_H

#include "protocol/base/slice.h"

#include <stdint.h>
#include <stdlib.h>

/* Not zeroed, never NULL; size 0 gives a valid pointer. */
void *memory_alloc(size_t size);

/* A copy of its own; null stays null, empty is not null. */
struct slice memory_dup(struct slice bytes);

/* Of a slice that owns its bytes; null is harmless. */
static inline void memory_free_slice(struct slice owned)
{
    free((void *)(uintptr_t)owned.data);
}

#endif
