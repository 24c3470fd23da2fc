/* partition_set: see the header. */
#include "server/coordinator/partition_set.h"

#include "protocol/base/memory.h"

static int compare(const struct set_partition *a, const struct set_partition *b)
{
    int order = memcmp(a->topic.bytes, b->topic.bytes, sizeof a->topic.bytes);
    return order != 0 ? order : (a->partition > b->partition) - (a->partition < b->partition);
}

static int compare_items(const void *a, const void *b)
{
    return compare(a, b);
}

static bool is_sorted(const struct partition_set *set)
{
    for (int32_t i = 1; i < set->count; i++)
        if (compare(&set->items[i - 1], &set->items[i]) >= 0)
            return false;
    return true;
}

void partition_set_sort(struct partition_set *set)
{
    if (is_sorted(set))
        return;
    qsort(set->items, (size_t)set->count, sizeof *set->items, compare_items);
    int32_t kept = 0;
    for (int32_t i = 1; i < set->count; i++) {
        kept += compare(&set->items[kept], &set->items[i]) != 0;
        set->items[kept] = set->items[i];
    }
    set->count = kept + 1;
}

struct partition_set partition_set_dup(const struct partition_set *set)
{
    struct partition_set copy = {NULL, set->count};
    if (set->count == 0)
        return copy;
    size_t size = (size_t)set->count * sizeof *set->items;
    copy.items = memcpy(memory_alloc(size), set->items, size);
    return copy;
}

void partition_set_free(struct partition_set *set)
{
    free(set->items);
    *set = (struct partition_set){NULL, 0};
}

const struct set_partition *partition_set_find(const struct partition_set *set, struct uuid topic,
                                               int32_t partition)
{
    const struct set_partition wanted = {topic, partition, 0};
    if (set->count == 0)
        return NULL;
    return bsearch(&wanted, set->items, (size_t)set->count, sizeof wanted, compare_items);
}

int32_t partition_set_run(const struct partition_set *set, int32_t first)
{
    int32_t end = first + 1;
    while (end < set->count && uuid_equal(set->items[end].topic, set->items[first].topic))
        end++;
    return end - first;
}

int32_t partition_set_topics(const struct partition_set *set)
{
    int32_t count = 0;
    for (int32_t i = 0; i < set->count; i += partition_set_run(set, i))
        count++;
    return count;
}

bool partition_set_equal(const struct partition_set *a, const struct partition_set *b)
{
    if (a->count != b->count)
        return false;
    for (int32_t i = 0; i < a->count; i++)
        if (compare(&a->items[i], &b->items[i]) != 0)
            return false;
    return true;
}

bool partition_set_equal_epochs(const struct partition_set *a, const struct partition_set *b)
{
    if (!partition_set_equal(a, b))
        return false;
    for (int32_t i = 0; i < a->count; i++)
        if (a->items[i].epoch != b->items[i].epoch)
            return false;
    return true;
}

struct partition_set partition_set_unite(const struct partition_set *a, const struct partition_set *b,
                                         struct arena *arena)
{
    struct partition_set all = {arena_new_array(arena, struct set_partition, a->count + b->count), 0};
    int32_t i = 0, j = 0;
    while (i < a->count || j < b->count) {
        int order = i == a->count ? 1 : j == b->count ? -1 : compare(&a->items[i], &b->items[j]);
        all.items[all.count++] = order <= 0 ? a->items[i] : b->items[j];
        i += order <= 0;
        j += order >= 0;
    }
    return all;
}
