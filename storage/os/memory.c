/* memory: see memory.h. */
#include "storage/os/memory.h"

#include <sys/mman.h>

void *memory_take(size_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return NULL;
    (void)madvise(memory, bytes, MADV_HUGEPAGE); /* without them it is slower */
    return memory;
}

void memory_give_back(void *memory, size_t bytes)
{
    if (memory != NULL)
        (void)munmap(memory, bytes);
}
