/*
 * consumer_leave: members of a consumer group that leave, for good or for a while (KIP-848), or are taken
 * out. Part of consumer_group; pure.
 */
#include "protocol/messages/consumer_group_heartbeat.h"

#include "server/coordinator/consumer_convert.h"
#include "server/coordinator/consumer_state.h"

/* ---- being taken out ---- */

void consumer_begin_leaving(struct consumer_step *step)
{
    step->consumer->step_number++;
    step->leaves = true;
}

void consumer_mark_leaving(struct consumer_step *step, struct consumer_member *member)
{
    member->leaves_in = step->consumer->step_number;
}

static bool leaves(const struct consumer_step *step, const struct consumer_member *member)
{
    return member->leaves_in == step->consumer->step_number;
}

/* Regular expressions that nobody is subscribed with any more. */
static void write_unused_regexes(const struct consumer_step *step)
{
    struct map leaving;
    map_init(&leaving, step->consumer->seed);
    consumer_for_each_member(node, step->consumer)
    {
        const struct consumer_member *member = consumer_member_of(node);
        if (!leaves(step, member) || !consumer_has_regex(member))
            continue;
        const struct consumer_regex *regex = consumer_find_regex(step->consumer, member->regex);
        uintptr_t count = (uintptr_t)map_find(&leaving, regex->text) + 1;
        map_put(&leaving, regex->text, (void *)count);
        if (count == (uintptr_t)regex->members)
            consumer_write_regex_tombstone(step, regex->text);
    }
    map_fini(&leaving);
}

static int32_t count_classic(const struct consumer_step *step)
{
    int32_t count = 0;
    consumer_for_each_member(node, step->consumer)
    {
        const struct consumer_member *member = consumer_member_of(node);
        count += leaves(step, member) && member->is_classic;
    }
    return count;
}

void consumer_fence_members(struct consumer_step *step, int32_t count)
{
    if (count == 0)
        return;
    if (consumer_may_downgrade(step, count, count_classic(step)) && consumer_downgrade(step, true))
        return;
    consumer_for_each_member(node, step->consumer)
    {
        const struct consumer_member *member = consumer_member_of(node);
        if (leaves(step, member))
            consumer_write_member_tombstones(step, member->id);
    }
    write_unused_regexes(step);
    consumer_bump_epoch(step);
}

/* ---- leaving ---- */

static void leaving_refused(struct groups *groups, const struct group_event *event, enum kerr error,
                            struct group_effects *effects)
{
    (void)groups, (void)effects;
    struct consumer_group_heartbeat_response *response = event->reply->response;
    schema_set_defaults(consumer_group_heartbeat_response_schema(), response);
    response->error_code = (int16_t)group_error_of_append(error);
}

/* NULL: it was refused. */
static struct consumer_member *find_leaving(const struct group *group, const struct group_event *event)
{
    const struct consumer_group_heartbeat_request *request = beat_request_of(event);
    struct consumer_member *member = consumer_find_member(group->consumer, request->member_id);
    if (slice_is_null(request->instance_id)) {
        if (member == NULL)
            consumer_refuse(event, KERR_UNKNOWN_MEMBER_ID, "Member %.*s is not a member of group %.*s.",
                            SLICE_ARGS(request->member_id), SLICE_ARGS(event->group_id));
        return member;
    }
    struct consumer_member *holder = consumer_find_instance(group->consumer, request->instance_id);
    if (holder == NULL) {
        consumer_refuse(event, KERR_UNKNOWN_MEMBER_ID, "Instance id %.*s is unknown.",
                        SLICE_ARGS(request->instance_id));
    } else if (!slice_equal(holder->id, request->member_id)) {
        consumer_refuse(event, KERR_FENCED_INSTANCE_ID,
                        "Static member %.*s with instance id %.*s was fenced by member %.*s.",
                        SLICE_ARGS(request->member_id), SLICE_ARGS(request->instance_id),
                        SLICE_ARGS(holder->id));
        return NULL;
    }
    return holder;
}

/* It keeps what it has until its session ends, and comes back into whatever epoch there is. */
static void go_away(struct consumer_step *step, const struct consumer_member *member)
{
    struct consumer_member *away = arena_new(step->effects->arena, struct consumer_member);
    *away = *member;
    const struct partition_set none = {NULL, 0};
    away->epoch = EPOCH_AWAY;
    away->assigned = partition_set_unite(&member->assigned, &none, step->effects->arena);
    for (int32_t i = 0; i < away->assigned.count; i++)
        away->assigned.items[i].epoch = 0;
    away->revoking = none;
    consumer_write_current(step, away);
}

void consumer_leave(struct groups *groups, struct group *group, const struct group_event *event,
                    struct group_effects *effects)
{
    if (group == NULL || group->kind != GROUP_IS_CONSUMER) {
        consumer_refuse(event, KERR_GROUP_ID_NOT_FOUND,
                        group == NULL ? "Group %.*s not found." : "Group %.*s is not a consumer group.",
                        SLICE_ARGS(event->group_id));
        return;
    }
    struct consumer_member *member = find_leaving(group, event);
    if (member == NULL)
        return;
    struct consumer_step step = consumer_step_of(groups, event->group_id, group->consumer, event, effects);
    struct consumer_group_heartbeat_response *response = event->reply->response;
    response->member_id = arena_dup(event->reply->arena, beat_request_of(event)->member_id);
    response->member_epoch = beat_request_of(event)->member_epoch;
    effects->refused = leaving_refused;
    if (beat_request_of(event)->member_epoch == EPOCH_AWAY) {
        go_away(&step, member);
        return;
    }
    consumer_begin_leaving(&step);
    consumer_mark_leaving(&step, member);
    consumer_fence_members(&step, 1);
}
