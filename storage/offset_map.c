/*
 * offset_map: see offset_map.h.
 *
 * 1. Open addressing with linear probing; a place is found from the hash's first half. At least one place
 * stays empty, so that every search ends.
 * 2. The memory never exceeds the buffer that init was given, and is asked for once: how many records there
 * are bounds how many keys there can be.
 *
 * Called by log_compact and batch_filter.
 */
#include "storage/offset_map.h"

#include "storage/os/memory.h"

#include <errno.h>

/* ---- SipHash-2-4 with 128 bits of result (Aumasson and Bernstein) ---- */

static inline uint64_t rotate(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static inline void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

static inline uint64_t load_word(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

static inline void absorb(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    sip_round(v);
    sip_round(v);
    v[0] ^= word;
}

static inline uint64_t squeeze(uint64_t v[4])
{
    for (int i = 0; i < 4; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static void sip_hash(const uint64_t secret[2], struct slice key, uint64_t hash[2])
{
    uint64_t v[4] = {0x736f6d6570736575U ^ secret[0], 0x646f72616e646f6dU ^ secret[1] ^ 0xee,
                     0x6c7967656e657261U ^ secret[0], 0x7465646279746573U ^ secret[1]};
    const uint8_t *at = key.data;
    size_t left = key.len;
    for (; left >= 8; at += 8, left -= 8)
        absorb(v, load_word(at));
    uint64_t last = (uint64_t)key.len << 56;
    for (size_t i = 0; i < left; i++)
        last |= (uint64_t)at[i] << (8 * i);
    absorb(v, last);
    v[2] ^= 0xee;
    hash[0] = squeeze(v);
    v[1] ^= 0xdd;
    hash[1] = squeeze(v);
    if (hash[0] == 0 && hash[1] == 0)
        hash[1] = 1; /* both 0 is an empty place */
}

/* ---- the table ---- */

size_t offset_map_room(int64_t buffer_bytes, double load_factor)
{
    size_t slots = buffer_bytes <= 0 ? 0 : (size_t)(buffer_bytes / OFFSET_MAP_ENTRY_BYTES);
    if (slots < 2)
        return 0;
    if (!(load_factor > 0))
        return 0;
    double most = load_factor < 1 ? (double)slots * load_factor : (double)(slots - 1);
    return most > (double)(slots - 1) ? slots - 1 : (size_t)most;
}

static size_t table_bytes(const struct offset_map *map)
{
    return (map->slots + 1) * sizeof *map->entries; /* no map is without a place to look at */
}

int offset_map_init(struct offset_map *map, size_t wanted, int64_t buffer_bytes, double load_factor,
                    const uint64_t secret[2])
{
    size_t most = offset_map_room(buffer_bytes, load_factor);
    size_t slots = most == 0 ? 0 : (size_t)(buffer_bytes / OFFSET_MAP_ENTRY_BYTES);
    if (wanted < most) {
        size_t enough = wanted + wanted / 4 + 2; /* four fifths full */
        slots = enough < slots ? enough : slots;
        most = wanted;
    }
    *map = (struct offset_map){.slots = slots, .most = most, .secret = {secret[0], secret[1]}};
    map->entries = memory_take(table_bytes(map));
    return map->entries == NULL ? -ENOMEM : 0;
}

void offset_map_fini(struct offset_map *map)
{
    memory_give_back(map->entries, table_bytes(map));
    *map = (struct offset_map){0};
}

static bool is_empty(const struct offset_map_entry *entry)
{
    return entry->hash[0] == 0 && entry->hash[1] == 0;
}

static size_t first_place(const struct offset_map *map, uint64_t hash)
{
    return (size_t)((unsigned __int128)hash * map->slots >> 64);
}

struct offset_map_probe offset_map_probe(const struct offset_map *map, struct slice key)
{
    struct offset_map_probe probe;
    sip_hash(map->secret, key, probe.hash);
    __builtin_prefetch(&map->entries[first_place(map, probe.hash[0])]);
    return probe;
}

/* The key's place, or the empty one where it would go. */
static struct offset_map_entry *place_of(const struct offset_map *map, const uint64_t hash[2])
{
    size_t at = first_place(map, hash[0]);
    for (;;) {
        struct offset_map_entry *entry = &map->entries[at];
        if ((entry->hash[0] == hash[0] && entry->hash[1] == hash[1]) || is_empty(entry))
            return entry;
        at = at + 1 == map->slots ? 0 : at + 1;
    }
}

bool offset_map_put(struct offset_map *map, const struct offset_map_probe *probe, int64_t offset)
{
    if (map->slots == 0)
        return false;
    struct offset_map_entry *entry = place_of(map, probe->hash);
    if (is_empty(entry)) {
        if (map->count == map->most)
            return false;
        memcpy(entry->hash, probe->hash, sizeof entry->hash);
        map->count++;
    }
    entry->offset = offset;
    return true;
}

int64_t offset_map_get(const struct offset_map *map, const struct offset_map_probe *probe)
{
    if (map->count == 0)
        return -1;
    const struct offset_map_entry *entry = place_of(map, probe->hash);
    return is_empty(entry) ? -1 : entry->offset;
}
