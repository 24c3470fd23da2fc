/*
 * image: making, freeing, and finding in it. What records do to it: image_apply.c, image_topics.c,
 * image_brokers.c, image_configs.c, image_kept.c.
 *
 * Invariants:
 * 1. A topic stands in topics_by_name and in topics_by_id, and in topics_by_normal exactly if its name has a
 *    '.' or a '_'.
 * 2. A map's key lies in the value that it finds.
 * 3. brokers is sorted by id; the entries of a config set are sorted by name.
 *
 * Any thread that holds the image (metadata/cluster) calls the find functions.
 */
#include "metadata/image_parts.h"

#include "protocol/base/memory.h"

#include <stdlib.h>

enum { SCRATCH_CAP = 64 * 1024 * 1024 }; /* bytes for one record; a metadata batch is at most 8 MiB */

void image_init(struct image *image, uint64_t hash_seed)
{
    *image = (struct image){.offset = -1};
    map_init(&image->topics_by_name, hash_seed);
    map_init(&image->topics_by_id, hash_seed);
    map_init(&image->topics_by_normal, hash_seed);
    map_init(&image->configs, hash_seed);
    map_init(&image->features, hash_seed);
    acls_init(&image->acls, hash_seed);
    quotas_init(&image->quotas, hash_seed);
    scram_credentials_init(&image->scram, hash_seed);
    map_init(&image->kept, hash_seed);
    arena_init(&image->scratch, SCRATCH_CAP);
}

static void free_features(struct image *image)
{
    size_t cursor = 0;
    struct map_entry *entry;
    while ((entry = map_next(&image->features, &cursor)) != NULL)
        free(entry->value);
    map_fini(&image->features);
}

void image_fini(struct image *image)
{
    image_free_topics(image);
    image_free_brokers(image);
    image_free_configs(image);
    acls_fini(&image->acls);
    quotas_fini(&image->quotas);
    scram_credentials_fini(&image->scram);
    image_free_kept(image);
    free_features(image);
    arena_fini(&image->scratch);
}

struct topic *image_find_topic(const struct image *image, struct slice name)
{
    return map_find(&image->topics_by_name, name);
}

struct topic *image_find_topic_by_id(const struct image *image, struct uuid id)
{
    return map_find(&image->topics_by_id, uuid_key(&id));
}

struct partition_state *image_find_partition(const struct topic *topic, int32_t index)
{
    if (index < 0 || index >= topic->partition_count)
        return NULL;
    struct partition_state *partition = &topic->partitions[index];
    return partition->replicas.items == NULL ? NULL : partition;
}

int16_t image_feature_level(const struct image *image, struct slice name)
{
    const struct feature *feature = map_find(&image->features, name);
    return feature == NULL ? 0 : feature->level;
}

static int compare_topics(const void *a, const void *b)
{
    const struct topic *const *left = a;
    const struct topic *const *right = b;
    return slice_compare((*left)->name, (*right)->name);
}

struct topic **image_sorted_topics(const struct image *image)
{
    return map_sorted(&image->topics_by_name, compare_topics);
}
