/*
 * uniform_assignor: see assignor.h. Here the members have the same subscriptions; where they do not, see
 * uniform_heterogeneous.c.
 *
 * Each member in turn keeps what it owned up to its quota and gives back the rest; then those below their
 * quota are filled up. As many members as there are partitions over may have one more; a member that comes
 * early but has too little does not hold one of these places while there are members behind it to take them.
 * The cost is that of the partitions and the members, once each.
 */
#include "server/coordinator/assignor.h"

#include "protocol/base/ensure.h"

struct topic_partition {
    int32_t topic;
    int32_t partition;
};

/* All that is shared while quotas are worked out. */
struct quotas {
    int32_t least;         /* what each member gets */
    int32_t with_one_more; /* how many may still get one more */
    int32_t *missing;      /* by member */
    struct topic_partition *unassigned;
    int64_t unassigned_count;
};

/* The partitions of each member, as [first[m], first[m + 1]) of `items`, by topic and partition. */
struct owned {
    int64_t *first;
    struct topic_partition *items;
};

/* Nobody keeps what it is not subscribed to, and nobody there is no owner. Gives the number of partitions. */
static int64_t count_partitions(const struct assignor_group *group, int64_t *counts)
{
    int64_t total = 0;
    for (int32_t i = 0; i < group->topic_count; i++) {
        const struct assignor_topic *topic = &group->topics[i];
        for (int32_t partition = 0; partition < topic->partition_count; partition++)
            if (topic->owners[partition] != NO_OWNER)
                counts[topic->owners[partition]]++;
        total += topic->partition_count;
    }
    return total;
}

static struct owned new_owned(const struct assignor_group *group, const int64_t *counts)
{
    struct owned owned = {.first = arena_new_array(group->arena, int64_t, group->member_count + 1)};
    for (int32_t i = 0; i < group->member_count; i++)
        owned.first[i + 1] = owned.first[i] + counts[i];
    owned.items = arena_new_array(group->arena, struct topic_partition, owned.first[group->member_count]);
    return owned;
}

/* Sorts the partitions into those of each member and those of nobody. */
static void sort_by_owner(const struct assignor_group *group, struct owned *owned, struct quotas *quotas)
{
    int64_t *next = arena_new_array(group->arena, int64_t, group->member_count);
    for (int32_t i = 0; i < group->member_count; i++)
        next[i] = owned->first[i];
    for (int32_t i = 0; i < group->topic_count; i++)
        for (int32_t partition = 0; partition < group->topics[i].partition_count; partition++) {
            int32_t owner = group->topics[i].owners[partition];
            struct topic_partition *place = owner == NO_OWNER
                                                ? &quotas->unassigned[quotas->unassigned_count++]
                                                : &owned->items[next[owner]++];
            *place = (struct topic_partition){i, partition};
        }
}

static void give_back(struct assignor_group *group, struct quotas *quotas, struct topic_partition item)
{
    group->topics[item.topic].owners[item.partition] = NO_OWNER;
    quotas->unassigned[quotas->unassigned_count++] = item;
}

static void keep_up_to_quota(struct assignor_group *group, struct quotas *quotas, const struct owned *owned,
                             int32_t member)
{
    bool one_more = quotas->with_one_more > 0;
    int32_t quota = quotas->least + (one_more ? 1 : 0);
    for (int64_t i = owned->first[member]; i < owned->first[member + 1]; i++) {
        if (quota > 0)
            quota--;
        else
            give_back(group, quotas, owned->items[i]);
    }
    if (quota > 0 && one_more && group->member_count - member > quotas->with_one_more) {
        quota--;
        one_more = false;
    }
    quotas->missing[member] = quota;
    if (one_more)
        quotas->with_one_more--;
}

static void fill_up(struct assignor_group *group, const struct quotas *quotas)
{
    int64_t next = 0;
    for (int32_t member = 0; member < group->member_count; member++)
        for (int32_t i = 0; i < quotas->missing[member] && next < quotas->unassigned_count; i++) {
            struct topic_partition item = quotas->unassigned[next++];
            group->topics[item.topic].owners[item.partition] = member;
        }
    ensure(next == quotas->unassigned_count);
}

static void assign_homogeneous(struct assignor_group *group)
{
    int64_t *counts = arena_new_array(group->arena, int64_t, group->member_count);
    int64_t total = count_partitions(group, counts);
    struct owned owned = new_owned(group, counts);
    struct quotas quotas = {
        .least = (int32_t)(total / group->member_count),
        .with_one_more = (int32_t)(total % group->member_count),
        .missing = arena_new_array(group->arena, int32_t, group->member_count),
        .unassigned = arena_new_array(group->arena, struct topic_partition, total),
    };
    sort_by_owner(group, &owned, &quotas);
    for (int32_t member = 0; member < group->member_count; member++)
        keep_up_to_quota(group, &quotas, &owned, member);
    fill_up(group, &quotas);
}

void uniform_assign(struct assignor_group *group)
{
    if (group->homogeneous)
        assign_homogeneous(group);
    else
        uniform_assign_heterogeneous(group);
}

static const struct assignor assignors[] = {{"uniform", uniform_assign}, {"range", range_assign}};

const struct assignor *find_assignor(struct slice name)
{
    for (size_t i = 0; i < sizeof assignors / sizeof assignors[0]; i++)
        if (slice_equal_str(name, assignors[i].name))
            return &assignors[i];
    return NULL;
}
