#include "server/api/topic_parts.h"

#include "protocol/base/map.h"

#include <string.h>

struct place {
    struct topic_part part;
    uint8_t *items; /* those that are there by now */
    size_t len, size;
};

/* Where each of the parts goes. Returns the number of places. */
static int32_t find_places(const struct topic_part *parts, int32_t count, size_t item_size,
                           uint64_t hash_seed, struct place *places, struct place **into)
{
    int32_t found = 0;
    struct map by_key;
    map_init(&by_key, hash_seed);
    for (int32_t i = 0; i < count; i++) {
        into[i] = map_find(&by_key, parts[i].key);
        if (into[i] == NULL) {
            into[i] = &places[found++];
            into[i]->part = parts[i];
            map_put(&by_key, parts[i].key, into[i]);
        }
        into[i]->size += (size_t)parts[i].count * item_size;
    }
    map_fini(&by_key);
    return found;
}

static void append(struct place *place, const void *items, size_t len, struct arena *arena)
{
    if (place->items == NULL)
        place->items = arena_alloc(arena, place->size);
    if (len > 0)
        memcpy(place->items + place->len, items, len);
    place->len += len;
}

int32_t topic_parts_merge(struct topic_part *parts, int32_t count, size_t item_size, uint64_t hash_seed,
                          struct arena *arena)
{
    struct place *places = arena_new_array(arena, struct place, count);
    struct place **into = arena_new_array(arena, struct place *, count);
    int32_t found = find_places(parts, count, item_size, hash_seed, places, into);
    for (int32_t i = 0; i < count; i++)
        append(into[i], parts[i].items, (size_t)parts[i].count * item_size, arena);
    for (int32_t i = 0; i < found; i++) {
        parts[i] = places[i].part;
        parts[i].items = places[i].items;
        parts[i].count = (int32_t)(places[i].len / item_size);
    }
    return found;
}
