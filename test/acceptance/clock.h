/* Milliseconds, for deadlines and for timestamps. */
#ifndef ACCEPTANCE_CLOCK_H
#define ACCEPTANCE_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline int64_t clock_read_ms(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* For deadlines: never steps back. */
static inline int64_t clock_ms(void)
{
    return clock_read_ms(CLOCK_MONOTONIC);
}

/* For timestamps in records. */
static inline int64_t wall_clock_ms(void)
{
    return clock_read_ms(CLOCK_REALTIME);
}

#endif
