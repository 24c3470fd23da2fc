/*
 * consumer_describe: ConsumerGroupDescribe (KIP-848): a consumer group with its members, what they own and
 * what they shall own. Part of consumer_group; pure.
 */
#include "protocol/messages/consumer_group_describe.h"

#include "server/coordinator/consumer_state.h"

enum { MEMBER_IS_CLASSIC = 0, MEMBER_IS_CONSUMER = 1 };

/* Topics that are no more are left out. */
static void describe_assignment(const struct partition_set *set, const struct image *image,
                                struct consumer_group_describe_response_assignment *answer,
                                struct arena *arena)
{
    array_init(&answer->topic_partitions, consumer_group_describe_response_topic_partitions, arena,
               partition_set_topics(set));
    answer->topic_partitions.count = 0;
    for (int32_t i = 0, run; i < set->count; i += run) {
        run = partition_set_run(set, i);
        const struct topic *topic = image_find_topic_by_id(image, set->items[i].topic);
        if (topic == NULL)
            continue;
        struct consumer_group_describe_response_topic_partitions *to =
            &answer->topic_partitions.items[answer->topic_partitions.count++];
        to->topic_id = topic->id;
        to->topic_name = arena_dup(arena, topic->name);
        to->partitions.count = run;
        to->partitions.items = arena_new_array(arena, int32_t, run);
        for (int32_t j = 0; j < run; j++)
            to->partitions.items[j] = set->items[i + j].partition;
    }
}

static void describe_member(const struct consumer_group *consumer, const struct consumer_member *member,
                            const struct image *image, struct consumer_group_describe_response_member *answer,
                            struct arena *arena)
{
    struct partition_set owned = partition_set_unite(&member->assigned, &member->revoking, arena);
    answer->member_id = arena_dup(arena, member->id);
    answer->instance_id = arena_dup(arena, member->instance_id);
    answer->rack_id = arena_dup(arena, member->rack_id);
    answer->member_epoch = member->epoch;
    answer->client_id = arena_dup(arena, member->client_id);
    answer->client_host = arena_dup(arena, member->client_host);
    answer->subscribed_topic_names.count = member->topic_count;
    answer->subscribed_topic_names.items = arena_new_array(arena, struct slice, member->topic_count);
    for (int32_t i = 0; i < member->topic_count; i++)
        answer->subscribed_topic_names.items[i] = arena_dup(arena, member->topics[i]);
    answer->subscribed_topic_regex = arena_dup(arena, member->regex);
    describe_assignment(&owned, image, &answer->assignment, arena);
    describe_assignment(consumer_target_of(consumer, member->id), image, &answer->target_assignment, arena);
    answer->member_type = member->is_classic ? MEMBER_IS_CLASSIC : MEMBER_IS_CONSUMER;
}

void consumer_group_describe(const struct groups *groups, const struct group *group,
                             const struct image *image, struct consumer_group_describe_response_group *answer,
                             struct arena *arena)
{
    struct consumer_group *consumer = group->consumer;
    const struct consumer_member **members =
        arena_new_array(arena, const struct consumer_member *, consumer->member_count);
    int32_t count = 0;
    consumer_for_each_member(node, consumer) members[count++] = consumer_member_of(node);
    answer->group_state = slice_str(consumer_group_state_name(group));
    answer->group_epoch = consumer->epoch;
    answer->assignment_epoch = consumer->assignment_epoch;
    answer->assignor_name = arena_dup(arena, consumer_preferred_assignor(groups, consumer, members, count));
    array_init(&answer->members, consumer_group_describe_response_member, arena, count);
    for (int32_t i = 0; i < count; i++)
        describe_member(consumer, members[i], image, &answer->members.items[i], arena);
}
