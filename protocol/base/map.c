#include "protocol/base/map.h"

#include "protocol/base/ensure.h"
#include "protocol/base/memory.h"

#include <stdlib.h>

static const uint8_t tombstone_key;

void map_init(struct map *map, uint64_t seed)
{
    *map = (struct map){.seed = seed};
}

void map_fini(struct map *map)
{
    free(map->entries);
    *map = (struct map){.seed = map->seed};
}

static uint64_t mix(uint64_t x)
{
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93U;
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93U;
    x ^= x >> 32;
    return x;
}

static uint64_t hash_of(const struct map *map, struct slice key)
{
    uint64_t hash = map->seed ^ (key.len * 0x9e3779b97f4a7c15U);
    size_t at = 0;
    for (; at + 8 <= key.len; at += 8) {
        uint64_t word;
        memcpy(&word, key.data + at, 8);
        hash = mix(hash ^ word);
    }
    uint64_t word = 0;
    if (at < key.len)
        memcpy(&word, key.data + at, key.len - at);
    return mix(hash ^ word ^ 0xff);
}

static bool is_empty(const struct map_entry *entry)
{
    return entry->key.data == NULL;
}

static bool is_tombstone(const struct map_entry *entry)
{
    return entry->key.data == &tombstone_key;
}

/* The entry of this key, or the place where it would go; NULL only if there is no table. */
static struct map_entry *place_of(const struct map *map, struct slice key, uint64_t hash)
{
    if (map->capacity == 0)
        return NULL;
    struct map_entry *free_place = NULL;
    for (size_t i = hash & (map->capacity - 1);; i = (i + 1) & (map->capacity - 1)) {
        struct map_entry *entry = &map->entries[i];
        if (is_empty(entry))
            return free_place ? free_place : entry;
        if (is_tombstone(entry))
            free_place = free_place ? free_place : entry;
        else if (entry->hash == hash && slice_equal(entry->key, key))
            return entry;
    }
}

static bool is_alive(const struct map_entry *entry)
{
    return entry != NULL && !is_empty(entry) && !is_tombstone(entry);
}

void *map_find(const struct map *map, struct slice key)
{
    struct map_entry *entry = place_of(map, key, hash_of(map, key));
    return is_alive(entry) ? entry->value : NULL;
}

static void grow(struct map *map)
{
    size_t capacity = map->capacity == 0               ? 8
                      : map->count * 2 < map->capacity ? map->capacity
                                                       : map->capacity * 2;
    struct map bigger = {.capacity = capacity, .seed = map->seed, .count = map->count, .taken = map->count};
    bigger.entries = calloc(capacity, sizeof *bigger.entries);
    ensure(bigger.entries != NULL && "out of memory");
    for (size_t i = 0; i < map->capacity; i++)
        if (is_alive(&map->entries[i]))
            *place_of(&bigger, map->entries[i].key, map->entries[i].hash) = map->entries[i];
    free(map->entries);
    *map = bigger;
}

void *map_put(struct map *map, struct slice key, void *value)
{
    ensure(key.data != NULL && value != NULL);
    if (map->taken * 4 >= map->capacity * 3)
        grow(map);
    uint64_t hash = hash_of(map, key);
    struct map_entry *entry = place_of(map, key, hash);
    void *before = is_alive(entry) ? entry->value : NULL;
    if (before == NULL) {
        map->count++;
        map->taken += is_empty(entry);
    }
    *entry = (struct map_entry){.key = key, .hash = hash, .value = value};
    return before;
}

void *map_remove(struct map *map, struct slice key)
{
    struct map_entry *entry = place_of(map, key, hash_of(map, key));
    if (!is_alive(entry))
        return NULL;
    void *value = entry->value;
    *entry = (struct map_entry){.key = {&tombstone_key, SIZE_MAX}};
    map->count--;
    return value;
}

struct map_entry *map_next(const struct map *map, size_t *cursor)
{
    while (*cursor < map->capacity) {
        struct map_entry *entry = &map->entries[(*cursor)++];
        if (is_alive(entry))
            return entry;
    }
    return NULL;
}

void *map_sorted(const struct map *map, int (*compare)(const void *a, const void *b))
{
    void **sorted = memory_alloc(map->count * sizeof *sorted);
    size_t count = 0, cursor = 0;
    struct map_entry *entry;
    while ((entry = map_next(map, &cursor)) != NULL)
        sorted[count++] = entry->value;
    qsort(sorted, count, sizeof *sorted, compare);
    return sorted;
}
