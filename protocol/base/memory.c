/* memory: see the header. Pure; any thread. */
#include "protocol/base/memory.h"

#include "protocol/base/ensure.h"

void *memory_alloc(size_t size)
{
    void *memory = malloc(size == 0 ? 1 : size);
    ensure(memory != NULL && "out of memory");
    return memory;
}

struct slice memory_dup(struct slice bytes)
{
    if (slice_is_null(bytes))
        return SLICE_NULL;
    uint8_t *copy = memory_alloc(bytes.len);
    if (bytes.len > 0)
        memcpy(copy, bytes.data, bytes.len);
    return slice_of(copy, bytes.len);
}
