/*
 * die: one line to stderr, and the program ends: a benchmark that goes on after a fault would report
 * nonsense.
 */
#ifndef TEST_BENCH_DIE_H
#define TEST_BENCH_DIE_H

/* printf; adds ": " and errno's text if the format ends in a colon. */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
