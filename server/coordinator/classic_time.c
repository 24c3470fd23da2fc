/*
 * classic_time: what is due of a classic group by the clock: ids that nobody used, sessions, phases. It looks
 * at all members, but only once in a while: a heartbeat moves nothing but its own deadline. Part of
 * classic_group; pure.
 */
#include "server/coordinator/classic_state.h"

static void expire_pending(const struct classic_step *step)
{
    struct classic_group *classic = step->classic;
    int32_t count = classic->pending_count;
    list_for_each(node, &classic->pending) {
        struct classic_pending *pending = list_entry(node, struct classic_pending, node);
        if (pending->deadline_ms <= step->event->now_ms)
            classic_remove_pending(classic, pending);
    }
    if (classic->pending_count < count && classic->state == CLASSIC_PREPARING_REBALANCE
        && classic_all_joined(classic))
        classic_complete_join(step);
}

/* Whoever waits is there; a new member's client may have gone while it waited, so that its time counts. */
static bool is_waiting(const struct classic_member *member)
{
    return !member->is_new && (member->is_joining || member->is_syncing);
}

static void expire_sessions(const struct classic_step *step)
{
    struct classic_group *classic = step->classic;
    int32_t count = classic->member_count;
    classic_for_each_member(node, classic)
    {
        struct classic_member *member = classic_member_of(node);
        if (member->deadline_ms > step->event->now_ms)
            continue;
        if (is_waiting(member))
            member->deadline_ms = INT64_MAX;
        else
            classic_remove_member(step, member);
    }
    if (classic->member_count == count)
        return;
    if (classic->state != CLASSIC_PREPARING_REBALANCE)
        classic_prepare_rebalance(step);
    else if (classic_all_joined(classic))
        classic_complete_join(step);
}

static void remove_unsynced(const struct classic_step *step)
{
    classic_for_each_member(node, step->classic)
    {
        struct classic_member *member = classic_member_of(node);
        if (member->is_unsynced)
            classic_remove_member(step, member);
    }
    classic_prepare_rebalance(step);
}

static void end_phase(const struct classic_step *step)
{
    struct classic_group *classic = step->classic;
    if (classic->phase_deadline_ms > step->event->now_ms)
        return;
    classic->phase_deadline_ms = INT64_MAX;
    if (classic->state == CLASSIC_PREPARING_REBALANCE) {
        if (!classic->is_initial || !classic_extend_initial_join(step))
            classic_complete_join(step);
    } else if (classic->unsynced > 0) {
        remove_unsynced(step);
    }
}

static int64_t next_due_ms(const struct classic_group *classic)
{
    int64_t due_ms = classic->phase_deadline_ms;
    list_for_each(node, &classic->pending) {
        const struct classic_pending *pending = list_entry(node, struct classic_pending, node);
        due_ms = pending->deadline_ms < due_ms ? pending->deadline_ms : due_ms;
    }
    classic_for_each_member(node, classic)
    {
        const struct classic_member *member = classic_member_of(node);
        due_ms = member->deadline_ms < due_ms ? member->deadline_ms : due_ms;
    }
    return due_ms;
}

void classic_group_time(struct groups *groups, struct group *group, const struct group_event *event,
                        struct group_effects *effects)
{
    const struct classic_step step = {groups, group, group->classic, event, effects};
    expire_pending(&step);
    expire_sessions(&step);
    end_phase(&step);
    group_set_due(groups, group, next_due_ms(group->classic));
}
