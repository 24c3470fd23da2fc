/*
 * classic_rebalance: the phases of a classic group: join (all members are awaited), sync (the leader's
 * assignment is). Part of classic_group; pure.
 */
#include "protocol/base/ensure.h"
#include "protocol/base/memory.h"
#include "protocol/messages/join_group.h"
#include "protocol/messages/sync_group.h"
#include "server/coordinator/classic_state.h"

enum { LEAST_PAUSE_MS = 1000 };

/* ---- deadlines ---- */

void classic_arm(const struct classic_step *step, int64_t deadline_ms)
{
    if (deadline_ms < step->group->due_ms)
        group_set_due(step->groups, step->group, deadline_ms);
}

void classic_arm_member(const struct classic_step *step, struct classic_member *member, int32_t timeout_ms)
{
    member->deadline_ms = step->event->now_ms + timeout_ms;
    classic_arm(step, member->deadline_ms);
}

static void arm_phase(const struct classic_step *step, int64_t timeout_ms)
{
    step->classic->phase_deadline_ms = step->event->now_ms + timeout_ms;
    classic_arm(step, step->classic->phase_deadline_ms);
}

/* The longest of its members'. */
static int32_t rebalance_timeout_ms(const struct classic_group *classic)
{
    int32_t longest = 0;
    classic_for_each_member(node, classic)
    {
        int32_t timeout = classic_member_of(node)->rebalance_timeout_ms;
        longest = timeout > longest ? timeout : longest;
    }
    return longest;
}

static void enter(const struct classic_step *step, enum classic_state state)
{
    step->classic->state = state;
    step->classic->state_since_ms = step->event->wall_ms;
}

/* ---- the sync phase ---- */

void classic_has_synced(struct classic_group *classic, struct classic_member *member)
{
    if (!member->is_unsynced)
        return;
    member->is_unsynced = false;
    if (--classic->unsynced == 0 && classic->state != CLASSIC_PREPARING_REBALANCE)
        classic->phase_deadline_ms = INT64_MAX;
}

static void forget_unsynced(struct classic_group *classic)
{
    classic_for_each_member(node, classic) classic_member_of(node)->is_unsynced = false;
    classic->unsynced = 0;
    classic->phase_deadline_ms = INT64_MAX;
}

static void answer_sync(const struct classic_step *step, struct classic_member *member, enum kerr error)
{
    struct group_reply *reply = group_unpark(&member->sync);
    if (reply == NULL)
        return;
    if (error != KERR_NONE) {
        classic_answer_sync_error(step->effects, reply, error);
        return;
    }
    struct sync_group_response *response = reply->response;
    response->protocol_type = arena_dup(reply->arena, step->classic->type);
    response->protocol_name = arena_dup(reply->arena, step->classic->protocol);
    response->assignment = arena_dup(reply->arena, member->assignment);
    group_answer(step->effects, reply);
}

void classic_answer_syncs(const struct classic_step *step, enum kerr error)
{
    classic_for_each_member(node, step->classic)
    {
        struct classic_member *member = classic_member_of(node);
        classic_replace_slice(&member->assignment,
                              memory_dup(error != KERR_NONE ? SLICE("") : member->given));
        if (!member->is_syncing)
            continue;
        member->is_syncing = false;
        answer_sync(step, member, error);
        classic_arm_member(step, member, member->session_timeout_ms);
    }
}

/* ---- the join phase ---- */

void classic_wait_for_join(const struct classic_step *step, struct classic_member *member)
{
    if (member->join != NULL)
        classic_answer_join_error(step->effects, group_unpark(&member->join), member->id,
                                  KERR_REBALANCE_IN_PROGRESS);
    step->classic->joining += !member->is_joining;
    member->is_joining = true;
    if (step->event->reply != NULL)
        group_park(step->event->reply, &member->join);
}

/* A new group gives others the time to come: group.initial.rebalance.delay.ms. */
static void begin_initial_join(const struct classic_step *step)
{
    struct classic_group *classic = step->classic;
    int32_t delay_ms = step->groups->config.initial_rebalance_delay_ms;
    int32_t longest_ms = rebalance_timeout_ms(classic);
    classic->is_initial = true;
    classic->has_grown = false;
    classic->initial_delay_ms = delay_ms;
    classic->initial_left_ms = longest_ms > delay_ms ? longest_ms - delay_ms : 0;
    if (delay_ms <= 0)
        classic_complete_join(step);
    else
        arm_phase(step, delay_ms);
}

bool classic_extend_initial_join(const struct classic_step *step)
{
    struct classic_group *classic = step->classic;
    if (!classic->has_grown || classic->initial_left_ms == 0)
        return false;
    int32_t delay_ms = step->groups->config.initial_rebalance_delay_ms;
    int32_t left_ms = classic->initial_left_ms;
    int32_t next_ms = delay_ms < left_ms ? delay_ms : left_ms;
    classic->has_grown = false;
    classic->initial_left_ms = left_ms > classic->initial_delay_ms ? left_ms - classic->initial_delay_ms : 0;
    classic->initial_delay_ms = next_ms;
    arm_phase(step, next_ms);
    return true;
}

void classic_prepare_rebalance(const struct classic_step *step)
{
    struct classic_group *classic = step->classic;
    bool is_initial = classic->state == CLASSIC_EMPTY;
    if (classic->state == CLASSIC_COMPLETING_REBALANCE)
        classic_answer_syncs(step, KERR_REBALANCE_IN_PROGRESS);
    forget_unsynced(classic);
    enter(step, CLASSIC_PREPARING_REBALANCE);
    classic->is_initial = false;
    if (is_initial)
        begin_initial_join(step);
    else if (classic_all_joined(classic))
        classic_complete_join(step);
    else
        arm_phase(step, rebalance_timeout_ms(classic));
}

void classic_maybe_complete_join(const struct classic_step *step)
{
    const struct classic_group *classic = step->classic;
    if (classic->state == CLASSIC_PREPARING_REBALANCE && !classic->is_initial && classic_all_joined(classic))
        classic_complete_join(step);
}

void classic_rebalance(const struct classic_step *step)
{
    if (step->classic->state == CLASSIC_PREPARING_REBALANCE)
        classic_maybe_complete_join(step);
    else
        classic_prepare_rebalance(step);
}

/* Static members may stay away for the length of their sessions. */
static void remove_absent(const struct classic_step *step)
{
    classic_for_each_member(node, step->classic)
    {
        struct classic_member *member = classic_member_of(node);
        if (!member->is_joining && slice_is_null(member->instance_id))
            classic_remove_member(step, member);
    }
}

/* False: nobody has joined. */
static bool elect_leader(struct classic_group *classic)
{
    if (classic->leader == NULL || classic->leader->is_joining)
        return classic->leader != NULL;
    classic_for_each_member(node, classic)
    {
        struct classic_member *member = classic_member_of(node);
        if (!member->is_joining)
            continue;
        classic->leader = member;
        return true;
    }
    return false;
}

static void answer_join(const struct classic_step *step, struct classic_member *member)
{
    member->is_joining = false;
    struct group_reply *reply = group_unpark(&member->join);
    if (reply == NULL)
        return;
    classic_fill_join(step->classic, member, reply);
    group_answer(step->effects, reply);
}

static void begin_sync(const struct classic_step *step)
{
    struct classic_group *classic = step->classic;
    classic_replace_slice(&classic->protocol, memory_dup(classic_choose_protocol(classic)));
    classic_read_topics(classic);
    enter(step, CLASSIC_COMPLETING_REBALANCE);
    classic_for_each_member(node, classic)
    {
        struct classic_member *member = classic_member_of(node);
        answer_join(step, member);
        classic_arm_member(step, member, member->session_timeout_ms);
        member->is_new = false;
        member->is_unsynced = true;
    }
    classic->joining = 0;
    classic->unsynced = classic->member_count;
    arm_phase(step, rebalance_timeout_ms(classic));
}

static void become_empty(const struct classic_step *step)
{
    struct classic_group *classic = step->classic;
    classic_replace_slice(&classic->protocol, SLICE_NULL);
    classic_read_topics(classic);
    enter(step, CLASSIC_EMPTY);
    classic->phase_deadline_ms = INT64_MAX;
    classic_write_group(step, false);
}

/* Only static members are left, and all are away: until their sessions have ended. A client may have said
 * that it takes no time at all, which must not make this a loop. */
static void await_anybody(const struct classic_step *step)
{
    int32_t timeout_ms = rebalance_timeout_ms(step->classic);
    arm_phase(step, timeout_ms < LEAST_PAUSE_MS ? LEAST_PAUSE_MS : timeout_ms);
}

void classic_complete_join(const struct classic_step *step)
{
    struct classic_group *classic = step->classic;
    ensure(classic->state == CLASSIC_PREPARING_REBALANCE);
    remove_absent(step);
    if (!elect_leader(classic) && classic->member_count > 0) {
        await_anybody(step);
        return;
    }
    classic->is_initial = false;
    classic->generation = classic->generation < INT32_MAX ? classic->generation + 1 : 1;
    if (classic->member_count > 0)
        begin_sync(step);
    else
        become_empty(step);
}
