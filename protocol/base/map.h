/*
 * map: bytes -> pointer, a hash table with open addressing. Borrows its keys: a key lives inside the value it
 * finds, or at least as long. The hash is seeded per map, so that a peer that chooses names cannot choose
 * collisions.
 */
#ifndef PROTOCOL_BASE_MAP_H
#define PROTOCOL_BASE_MAP_H

#include "protocol/base/slice.h"

struct map_entry {
    struct slice key; /* data NULL: empty place; a tombstone has len SIZE_MAX */
    uint64_t hash;
    void *value;
};

struct map {
    struct map_entry *entries;
    size_t capacity; /* a power of two, or 0 */
    size_t count;    /* entries alive */
    size_t taken;    /* entries alive and tombstones */
    uint64_t seed;
};

/* All zero is a valid empty map too (with seed 0). */
void map_init(struct map *map, uint64_t seed);
void map_fini(struct map *map); /* frees the table, not the values */

void *map_find(const struct map *map, struct slice key); /* NULL if there is none */

/* Adds or replaces; returns the value that stood there, or NULL. The key is borrowed from now on. */
void *map_put(struct map *map, struct slice key, void *value);

void *map_remove(struct map *map, struct slice key); /* what stood there, or NULL */

/* Entries in no particular order; *cursor starts at 0. NULL at the end. The map must not change meanwhile,
 * except that the entry returned last may be removed. */
struct map_entry *map_next(const struct map *map, size_t *cursor);

/* All values in order, as qsort takes it: `compare` is given pointers to two of them. A malloc'ed array of
 * map->count pointers, never NULL; the caller frees it. */
void *map_sorted(const struct map *map, int (*compare)(const void *a, const void *b));

#endif
