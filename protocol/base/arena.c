#include "protocol/base/arena.h"

#include "protocol/base/ensure.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    BLOCK_SIZE = 8 * 1024, /* one request of a quiet client fits; 10,000 idle connections have none at all */
    ALIGNMENT = 16,
};

struct arena_block {
    struct arena_block *older;
    size_t size; /* bytes of data */
    _Alignas(ALIGNMENT) uint8_t data[];
};

void arena_init(struct arena *arena, size_t cap)
{
    *arena = (struct arena){.cap = cap};
}

static void free_down_to(struct arena *arena, struct arena_block *keep)
{
    while (arena->blocks != keep) {
        struct arena_block *block = arena->blocks;
        arena->blocks = block->older;
        free(block);
    }
}

void arena_fini(struct arena *arena)
{
    free_down_to(arena, NULL);
    *arena = (struct arena){.cap = arena->cap};
}

void arena_reset(struct arena *arena)
{
    struct arena_block *oldest = arena->blocks;
    while (oldest != NULL && oldest->older != NULL)
        oldest = oldest->older;
    if (oldest != NULL && oldest->size > BLOCK_SIZE)
        oldest = NULL;
    free_down_to(arena, oldest);
    arena->next = oldest == NULL ? NULL : oldest->data;
    arena->end = oldest == NULL ? NULL : oldest->data + oldest->size;
    arena->used = 0;
}

static bool add_block(struct arena *arena, size_t at_least)
{
    size_t size = at_least > BLOCK_SIZE ? at_least : BLOCK_SIZE;
    struct arena_block *block = malloc(sizeof *block + size);
    if (block == NULL)
        return false;
    block->older = arena->blocks;
    block->size = size;
    arena->blocks = block;
    arena->next = block->data;
    arena->end = block->data + size;
    return true;
}

static void *take(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2)
        return NULL;
    size_t rounded = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (rounded == 0)
        rounded = ALIGNMENT;
    if ((size_t)(arena->end - arena->next) < rounded && !add_block(arena, rounded))
        return NULL;
    void *memory = arena->next;
    arena->next += rounded;
    arena->used += rounded;
    return memset(memory, 0, size);
}

void *arena_try_alloc(struct arena *arena, size_t size)
{
    if (size > arena->cap || arena->used > arena->cap - size)
        return NULL;
    return take(arena, size);
}

bool arena_is_full(const struct arena *arena)
{
    return arena->used > arena->cap;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    void *memory = take(arena, size);
    ensure(memory != NULL && "out of memory");
    return memory;
}

struct slice arena_dup(struct arena *arena, struct slice bytes)
{
    if (slice_is_null(bytes))
        return bytes;
    uint8_t *copy = arena_alloc(arena, bytes.len);
    if (bytes.len > 0)
        memcpy(copy, bytes.data, bytes.len);
    return slice_of(copy, bytes.len);
}

struct slice arena_vprintf(struct arena *arena, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    ensure(len >= 0);
    char *text = arena_alloc(arena, (size_t)len + 1);
    vsnprintf(text, (size_t)len + 1, format, arguments);
    return slice_of(text, (size_t)len);
}

struct slice arena_printf(struct arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    struct slice text = arena_vprintf(arena, format, arguments);
    va_end(arguments);
    return text;
}
