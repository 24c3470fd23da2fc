/*
 * clock: the time, read in one place. Wall-clock milliseconds go into records; deadlines use the monotonic
 * clock.
 */
#ifndef STORAGE_OS_CLOCK_H
#define STORAGE_OS_CLOCK_H

#include <stdint.h>

int64_t clock_wall_ms(void);      /* since 1970, UTC */
int64_t clock_monotonic_ms(void); /* since some start; never goes back */
int64_t clock_monotonic_us(void);
int64_t clock_thread_cpu_us(void); /* that the calling thread has used */

#endif
