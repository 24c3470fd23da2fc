/*
 * offset_map: key -> the offset of its latest record, for one cleaning. Keys are known by 128 bits of SipHash
 * under a random secret: Apache Kafka's MD5 lets a producer construct two keys of one hash, and the cleaner
 * would then drop one of them. 24 bytes an entry, as there, so that as many keys fit into a buffer.
 *
 * One thread at a time; nothing is shared.
 */
#ifndef STORAGE_OFFSET_MAP_H
#define STORAGE_OFFSET_MAP_H

#include "protocol/base/slice.h"

enum { OFFSET_MAP_ENTRY_BYTES = 24 };

struct offset_map_entry {
    uint64_t hash[2]; /* both 0: an empty place */
    int64_t offset;
};

struct offset_map {
    struct offset_map_entry *entries;
    size_t slots;
    size_t count;
    size_t most; /* keys that it takes */
    uint64_t secret[2];
};

/* How many keys a buffer of this size holds at most. */
size_t offset_map_room(int64_t buffer_bytes, double load_factor);

/* Room for min(`wanted`, what the buffer holds) keys. Pages that no key touches are not taken from the
 * machine. 0 or -ENOMEM. */
int offset_map_init(struct offset_map *map, size_t wanted, int64_t buffer_bytes, double load_factor,
                    const uint64_t secret[2]);
void offset_map_fini(struct offset_map *map);

/*
 * A key on its way to its place, which is far away in memory: whoever has many keys takes the probes of
 * the next OFFSET_MAP_AHEAD first, and comes for the places when they have arrived.
 */
struct offset_map_probe {
    uint64_t hash[2];
};

enum { OFFSET_MAP_AHEAD = 16 };

struct offset_map_probe offset_map_probe(const struct offset_map *map, struct slice key);

/* Sets the key's offset. False: it is new, and the map is full. */
bool offset_map_put(struct offset_map *map, const struct offset_map_probe *probe, int64_t offset);

/* -1 if the key is not there. */
int64_t offset_map_get(const struct offset_map *map, const struct offset_map_probe *probe);

#endif
