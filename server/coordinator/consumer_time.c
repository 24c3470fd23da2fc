/*
 * consumer_time: what is due of a consumer group by the clock: members that have not been heard of, that do
 * not give up what they shall, or do not join or sync as they were told; and regular expressions that are
 * being resolved. Part of consumer_group; pure.
 */
#include "server/coordinator/consumer_state.h"

enum { PAUSE_MS = 1000 }; /* where records could not be stored */

void consumer_arm(struct groups *groups, struct group *group, int64_t deadline_ms)
{
    if (deadline_ms < group->due_ms)
        group_set_due(groups, group, deadline_ms);
}

void consumer_arm_session(struct groups *groups, struct group *group, struct consumer_member *member,
                          int64_t now_ms, int32_t timeout_ms)
{
    member->session_deadline_ms = now_ms + timeout_ms;
    consumer_arm(groups, group, member->session_deadline_ms);
}

/* Whoever has come into another epoch since has given up what it should. */
static int64_t rebalance_deadline_ms(const struct consumer_member *member)
{
    return member->epoch == member->rebalance_epoch ? member->rebalance_deadline_ms : INT64_MAX;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t deadline_ms(const struct consumer_member *member)
{
    return least(least(member->session_deadline_ms, rebalance_deadline_ms(member)),
                 least(member->join_deadline_ms, member->sync_deadline_ms));
}

static int64_t next_due_ms(const struct consumer_group *consumer, int64_t now_ms)
{
    int64_t due_ms = consumer->resolution != NULL ? now_ms : INT64_MAX;
    consumer_for_each_member(node, consumer) due_ms = least(due_ms, deadline_ms(consumer_member_of(node)));
    return due_ms;
}

/* The event of a look at what is due names no group. */
static void look_again(struct groups *groups, struct slice group_id, int64_t now_ms)
{
    struct group *group = find_group(groups, group_id);
    if (group != NULL && group->kind == GROUP_IS_CONSUMER)
        group_set_due(groups, group, next_due_ms(group->consumer, now_ms));
}

/* What lives until the records are stored or refused. */
struct due {
    struct slice group_id;
    bool ends_resolution;
};

static void due_stored(struct groups *groups, const struct group_event *event, struct group_effects *effects)
{
    const struct due *due = effects->context;
    struct group *group = find_group(groups, due->group_id);
    if (due->ends_resolution)
        consumer_end_resolution(group->consumer);
    look_again(groups, due->group_id, event->now_ms);
}

static void due_refused(struct groups *groups, const struct group_event *event, enum kerr error,
                        struct group_effects *effects)
{
    (void)error;
    const struct due *due = effects->context;
    struct group *group = find_group(groups, due->group_id);
    consumer_end_resolution(group->consumer);
    group_set_due(groups, group, event->now_ms + PAUSE_MS);
}

static int32_t mark_expired(struct consumer_step *step)
{
    int32_t count = 0;
    consumer_begin_leaving(step);
    consumer_for_each_member(node, step->consumer)
    {
        struct consumer_member *member = consumer_member_of(node);
        if (deadline_ms(member) > step->event->now_ms)
            continue;
        consumer_mark_leaving(step, member);
        count++;
    }
    return count;
}

void consumer_group_time(struct groups *groups, struct group *group, const struct group_event *event,
                         struct group_effects *effects)
{
    struct consumer_step step = consumer_step_of(groups, group->id, group->consumer, event, effects);
    struct due *due = arena_new(effects->arena, struct due);
    due->group_id = step.group_id;
    effects->context = due;
    effects->stored = due_stored;
    effects->refused = due_refused;
    int32_t expired = mark_expired(&step);
    if (expired > 0) {
        consumer_fence_members(&step, expired);
        return;
    }
    step.leaves = false;
    if (group->consumer->resolution != NULL)
        consumer_continue_resolution(&step);
    due->ends_resolution = effects->record_count > 0;
    if (effects->record_count == 0)
        look_again(groups, step.group_id, event->now_ms);
}

void consumer_group_loaded(struct groups *groups, struct group *group, const struct image *image,
                           int64_t now_ms)
{
    int32_t timeout_ms = consumer_session_timeout_ms(groups, group->id, image);
    consumer_for_each_member(node, group->consumer)
    {
        struct consumer_member *member = consumer_member_of(node);
        consumer_arm_session(groups, group, member, now_ms, timeout_ms);
        consumer_arm_rebalance(groups, group, member, now_ms);
    }
}
