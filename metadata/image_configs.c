/*
 * image_configs: the config overrides of an image, one set per resource, gone with its last entry.
 *
 * A set's map key, the type byte and the resource's name behind it, lies in the set's own allocation. An
 * entry's value lies behind its name in one allocation.
 */
#include "metadata/image_parts.h"

#include "protocol/base/memory.h"

#include <stdlib.h>

enum { KEY_ON_STACK = 256 };

/* Where the name is longer than the stack has room for, the key is allocated: free(*heap). */
static struct slice make_key(int8_t type, struct slice resource, uint8_t stack[KEY_ON_STACK], uint8_t **heap)
{
    *heap = resource.len + 1 > KEY_ON_STACK ? memory_alloc(resource.len + 1) : NULL;
    uint8_t *key = *heap != NULL ? *heap : stack;
    key[0] = (uint8_t)type;
    if (resource.len > 0)
        memcpy(key + 1, resource.data, resource.len);
    return slice_of(key, resource.len + 1);
}

static struct config_set *find_set(const struct image *image, int8_t type, struct slice resource)
{
    uint8_t stack[KEY_ON_STACK], *heap;
    struct config_set *set = map_find(&image->configs, make_key(type, resource, stack, &heap));
    free(heap);
    return set;
}

static struct slice key_of(const struct config_set *set)
{
    return slice_of(set->resource_name.data - 1, set->resource_name.len + 1);
}

struct config_set *image_find_configs(const struct image *image, enum resource_type type, struct slice name)
{
    return find_set(image, (int8_t)type, name);
}

/* The first entry whose name is not below `name`. */
static int32_t place_of(const struct config_set *set, struct slice name)
{
    int32_t low = 0, high = set->count;
    while (low < high) {
        int32_t middle = low + (high - low) / 2;
        if (slice_compare(set->entries[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct config_entry *config_set_find(const struct config_set *set, struct slice name)
{
    if (set == NULL)
        return NULL;
    int32_t at = place_of(set, name);
    return at < set->count && slice_equal(set->entries[at].name, name) ? &set->entries[at] : NULL;
}

static struct config_entry new_entry(struct slice name, struct slice value)
{
    uint8_t *text = memory_alloc(name.len + value.len);
    memcpy(text, name.data, name.len);
    memcpy(text + name.len, value.data, value.len);
    return (struct config_entry){slice_of(text, name.len), slice_of(text + name.len, value.len)};
}

static void free_entry(const struct config_entry *entry)
{
    free((void *)(uintptr_t)entry->name.data);
}

static void free_set(struct config_set *set)
{
    for (int32_t i = 0; i < set->count; i++)
        free_entry(&set->entries[i]);
    free(set->entries);
    free(set);
}

static struct config_set *get_or_add_set(struct image *image, int8_t type, struct slice resource)
{
    struct config_set *set = find_set(image, type, resource);
    if (set != NULL)
        return set;
    set = memory_alloc(sizeof *set + 1 + resource.len);
    uint8_t *key = (uint8_t *)(set + 1);
    key[0] = (uint8_t)type;
    memcpy(key + 1, resource.data, resource.len);
    *set = (struct config_set){.resource_type = type, .resource_name = slice_of(key + 1, resource.len)};
    map_put(&image->configs, key_of(set), set);
    return set;
}

static void insert_entry(struct config_set *set, int32_t at, struct config_entry entry)
{
    struct config_entry *entries = memory_alloc(sizeof *entries * (size_t)(set->count + 1));
    if (set->count > 0) {
        memcpy(entries, set->entries, sizeof *entries * (size_t)at);
        memcpy(entries + at + 1, set->entries + at, sizeof *entries * (size_t)(set->count - at));
    }
    entries[at] = entry;
    free(set->entries);
    set->entries = entries;
    set->count++;
}

static void remove_entry(struct config_set *set, int32_t at)
{
    free_entry(&set->entries[at]);
    memmove(&set->entries[at], &set->entries[at + 1], sizeof set->entries[0] * (size_t)(set->count - at - 1));
    set->count--;
}

static void unset_config(struct image *image, int8_t type, struct slice resource, struct slice name)
{
    struct config_set *set = find_set(image, type, resource);
    if (config_set_find(set, name) == NULL)
        return;
    remove_entry(set, place_of(set, name));
    if (set->count == 0)
        image_remove_configs(image, type, resource);
}

static void count_change(struct image *image, int8_t type)
{
    if (type == RESOURCE_CLIENT_METRICS)
        image->client_metrics_changes++;
}

void image_set_config(struct image *image, int8_t type, struct slice resource, struct slice name,
                      struct slice value)
{
    count_change(image, type);
    if (slice_is_null(value)) {
        unset_config(image, type, resource, name);
        return;
    }
    struct config_set *set = get_or_add_set(image, type, resource);
    int32_t at = place_of(set, name);
    struct config_entry entry = new_entry(name, value);
    if (config_set_find(set, name) == NULL) {
        insert_entry(set, at, entry);
        return;
    }
    free_entry(&set->entries[at]);
    set->entries[at] = entry;
}

void image_remove_configs(struct image *image, int8_t type, struct slice resource)
{
    struct config_set *set = find_set(image, type, resource);
    if (set == NULL)
        return;
    map_remove(&image->configs, key_of(set));
    free_set(set);
}

void image_free_configs(struct image *image)
{
    size_t cursor = 0;
    struct map_entry *entry;
    while ((entry = map_next(&image->configs, &cursor)) != NULL)
        free_set(entry->value);
    map_fini(&image->configs);
}
