/*
 * range_assignor: see assignor.h. Static members come first, by instance, then the others by id: who was
 * there before does not matter, only the order does.
 */
#include "server/coordinator/assignor.h"

#include <stdlib.h>

/* How much of a topic is given away yet. */
struct range {
    int32_t subscriber_count;
    int32_t next;
    int32_t with_one_more; /* members that still get one partition more than the others */
};

static int compare_members(const void *a, const void *b)
{
    const struct assignor_member *left = *(const struct assignor_member *const *)a;
    const struct assignor_member *right = *(const struct assignor_member *const *)b;
    bool left_is_static = !slice_is_null(left->instance_id),
         right_is_static = !slice_is_null(right->instance_id);
    if (left_is_static != right_is_static)
        return left_is_static ? -1 : 1;
    return left_is_static ? slice_compare(left->instance_id, right->instance_id)
                          : slice_compare(left->id, right->id);
}

static const struct assignor_member **sorted_members(const struct assignor_group *group)
{
    const struct assignor_member **sorted =
        arena_new_array(group->arena, const struct assignor_member *, group->member_count);
    for (int32_t i = 0; i < group->member_count; i++)
        sorted[i] = &group->members[i];
    qsort(sorted, (size_t)group->member_count, sizeof(struct assignor_member *), compare_members);
    return sorted;
}

static struct range *new_ranges(const struct assignor_group *group)
{
    struct range *ranges = arena_new_array(group->arena, struct range, group->topic_count);
    for (int32_t i = 0; i < group->member_count; i++)
        for (int32_t j = 0; j < group->members[i].topic_count; j++)
            ranges[group->members[i].topics[j]].subscriber_count++;
    for (int32_t i = 0; i < group->topic_count; i++)
        if (ranges[i].subscriber_count > 0)
            ranges[i].with_one_more = group->topics[i].partition_count % ranges[i].subscriber_count;
    return ranges;
}

static void take_range(struct assignor_topic *topic, struct range *range, int32_t member)
{
    int32_t count = topic->partition_count / range->subscriber_count;
    if (range->with_one_more > 0) {
        count++;
        range->with_one_more--;
    }
    while (count-- > 0)
        topic->owners[range->next++] = member;
}

void range_assign(struct assignor_group *group)
{
    const struct assignor_member **members = sorted_members(group);
    struct range *ranges = new_ranges(group);
    for (int32_t i = 0; i < group->topic_count; i++)
        for (int32_t partition = 0; partition < group->topics[i].partition_count; partition++)
            group->topics[i].owners[partition] = NO_OWNER;
    for (int32_t i = 0; i < group->member_count; i++)
        for (int32_t j = 0; j < members[i]->topic_count; j++) {
            int32_t topic = members[i]->topics[j];
            take_range(&group->topics[topic], &ranges[topic], (int32_t)(members[i] - group->members));
        }
}
