/*
 * arena: memory for the length of one run of requests; everything in it is given back at once.
 *
 * Request code allocates here and never frees. Bytes that a peer's numbers ask for come from arena_try_alloc,
 * which respects the arena's cap; what our own code needs comes from arena_alloc, which stops the process if
 * the machine is out of memory. One thread uses an arena at a time. The first block is kept over resets, so
 * that a quiet connection costs no malloc.
 */
#ifndef PROTOCOL_BASE_ARENA_H
#define PROTOCOL_BASE_ARENA_H

#include "protocol/base/slice.h"

#include <stdarg.h>
#include <stdbool.h>

struct arena_block;

struct arena {
    struct arena_block *blocks; /* newest first; the oldest survives a reset if it is small */
    uint8_t *next;              /* free bytes of the newest block */
    uint8_t *end;
    size_t used; /* bytes handed out since the last reset, for the cap */
    size_t cap;  /* arena_try_alloc refuses beyond this many bytes */
};

void arena_init(struct arena *arena, size_t cap);
void arena_fini(struct arena *arena);

/* Forgets everything. Blocks beyond the first go back to the allocator. */
void arena_reset(struct arena *arena);

/* Zeroed, aligned for any type. NULL if the cap or the machine's memory is exhausted; size 0 gives a valid
 * pointer. */
void *arena_try_alloc(struct arena *arena, size_t size);

/* More than the cap is handed out: who goes on because a peer has named one more thing should end here. */
bool arena_is_full(const struct arena *arena);

/* As above but without a cap, and never NULL. */
void *arena_alloc(struct arena *arena, size_t size);

#define arena_new(arena, type)              ((type *)arena_alloc((arena), sizeof(type)))
#define arena_new_array(arena, type, count) ((type *)arena_alloc((arena), sizeof(type) * (size_t)(count)))

/* A copy that lives as long as the arena; null stays null. */
struct slice arena_dup(struct arena *arena, struct slice bytes);

/* printf into the arena. */
struct slice arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
struct slice arena_vprintf(struct arena *arena, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

#endif
