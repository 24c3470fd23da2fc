/* Memory of one stage: taken bit by bit, given back at once. Stages leave by longjmp, so nothing of
 * theirs may need a free of its own. */
#ifndef ACCEPTANCE_ARENA_H
#define ACCEPTANCE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *blocks;
};

/* Zeroed; ends the program if there is no memory. */
void *arena_alloc(struct arena *arena, size_t size);
void *arena_copy(struct arena *arena, const void *bytes, size_t size);
char *arena_vprintf(struct arena *arena, const char *format, va_list values)
    __attribute__((format(printf, 2, 0)));
char *arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
void arena_fini(struct arena *arena);

#endif
