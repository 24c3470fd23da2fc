/*
 * random: the kernel's random numbers, for secrets and ids. Any thread.
 */
#ifndef STORAGE_OS_RANDOM_H
#define STORAGE_OS_RANDOM_H

#include <stdint.h>

uint64_t random_bits(void);

#endif
