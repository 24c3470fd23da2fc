/*
 * memory: large tables that are read all over the place, apart from the heap: zeros, in huge pages where the
 * machine has them (every look-up in small ones would also miss the processor's page table cache), and given
 * back to the machine as a whole. Any thread.
 */
#ifndef STORAGE_OS_MEMORY_H
#define STORAGE_OS_MEMORY_H

#include <stddef.h>

/* NULL if there is none. `bytes` > 0; what is not touched is not taken. */
void *memory_take(size_t bytes);

/* NULL is harmless. */
void memory_give_back(void *memory, size_t bytes);

#endif
