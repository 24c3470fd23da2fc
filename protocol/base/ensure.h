/*
 * ensure: what must be true for the code to be right. Always on, in every build.
 *
 * A peer's mistake is never ensured on: hostile bytes and failing disks are answered with an error. A broken
 * `ensure` is our own bug; the process stops before it can write something wrong.
 */
#ifndef PROTOCOL_BASE_ENSURE_H
#define PROTOCOL_BASE_ENSURE_H

#define ensure(condition) ((condition) ? (void)0 : ensure_failed(#condition, __FILE__, __LINE__, __func__))

/* Prints one line to stderr and aborts. One place for a breakpoint: `break ensure_failed`. */
_Noreturn void ensure_failed(const char *condition, const char *file, int line, const char *function);

#endif
