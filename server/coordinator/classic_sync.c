/*
 * classic_sync: SyncGroup and Heartbeat to a classic group (kafka-apis 9.6). Part of classic_group; pure.
 */
#include "protocol/base/ensure.h"
#include "protocol/messages/heartbeat.h"
#include "protocol/messages/sync_group.h"
#include "server/coordinator/classic_state.h"

void classic_answer_sync_error(struct group_effects *effects, struct group_reply *reply, enum kerr error)
{
    struct sync_group_response *response = reply->response;
    schema_set_defaults(sync_group_response_schema(), response);
    response->error_code = (int16_t)error;
    group_answer(effects, reply);
}

/* ---- the leader's ---- */

/* The record says what the members are given; so the request must say so too, still. */
static void take_assignments(const struct classic_step *step)
{
    const struct sync_group_request *request = step->event->request;
    classic_for_each_member(node, step->classic) classic_member_of(node)->given = SLICE("");
    for (int32_t i = 0; i < request->assignments.count; i++) {
        const struct sync_group_assignment *assignment = &request->assignments.items[i];
        struct classic_member *member = classic_find_member(step->classic, assignment->member_id);
        if (member != NULL)
            member->given = assignment->assignment;
    }
}

static struct classic_step step_of(struct groups *groups, const struct group_event *event,
                                   struct group_effects *effects)
{
    struct group *group = find_group(groups, event->group_id);
    ensure(group != NULL && group->kind == GROUP_IS_CLASSIC);
    return (struct classic_step){groups, group, group->classic, event, effects};
}

static void assignment_stored(struct groups *groups, const struct group_event *event,
                              struct group_effects *effects)
{
    const struct classic_step step = step_of(groups, event, effects);
    classic_answer_syncs(&step, KERR_NONE);
    step.classic->state = CLASSIC_STABLE;
    step.classic->state_since_ms = event->wall_ms;
}

/* All must join again: what the next leader gives may be stored. */
static void assignment_refused(struct groups *groups, const struct group_event *event, enum kerr error,
                               struct group_effects *effects)
{
    const struct classic_step step = step_of(groups, event, effects);
    classic_answer_syncs(&step, group_error_of_append(error));
    classic_prepare_rebalance(&step);
}

/* ---- the request ---- */

static void wait_for_assignment(const struct classic_step *step, struct classic_member *member)
{
    if (member->sync != NULL)
        classic_answer_sync_error(step->effects, group_unpark(&member->sync), KERR_REBALANCE_IN_PROGRESS);
    member->is_syncing = true;
    group_park(step->event->reply, &member->sync);
    classic_has_synced(step->classic, member);
    if (member != step->classic->leader)
        return;
    take_assignments(step);
    classic_write_group(step, true);
    step->effects->stored = assignment_stored;
    step->effects->refused = assignment_refused;
}

static void answer_assignment(const struct classic_step *step, struct classic_member *member)
{
    struct group_reply *reply = step->event->reply;
    struct sync_group_response *response = reply->response;
    classic_has_synced(step->classic, member);
    response->protocol_type = arena_dup(reply->arena, step->classic->type);
    response->protocol_name = arena_dup(reply->arena, step->classic->protocol);
    response->assignment = arena_dup(reply->arena, member->assignment);
    group_answer(step->effects, reply);
}

/* Only what both know can differ. */
static bool differ(struct slice asked, struct slice known)
{
    return !slice_is_null(asked) && !slice_is_null(known) && !slice_equal(asked, known);
}

static enum kerr check_sync(const struct classic_group *classic, const struct sync_group_request *request)
{
    if (classic->state == CLASSIC_EMPTY)
        return KERR_UNKNOWN_MEMBER_ID;
    enum kerr error = classic_validate_member(classic, request->member_id, request->group_instance_id);
    if (error != KERR_NONE)
        return error;
    if (request->generation_id != classic->generation)
        return KERR_ILLEGAL_GENERATION;
    if (differ(request->protocol_type, classic->type) || differ(request->protocol_name, classic->protocol))
        return KERR_INCONSISTENT_GROUP_PROTOCOL;
    return classic->state == CLASSIC_PREPARING_REBALANCE ? KERR_REBALANCE_IN_PROGRESS : KERR_NONE;
}

void classic_group_sync(struct groups *groups, struct group *group, const struct group_event *event,
                        struct group_effects *effects)
{
    const struct sync_group_request *request = event->request;
    enum kerr error = group == NULL ? KERR_UNKNOWN_MEMBER_ID : check_sync(group->classic, request);
    if (error != KERR_NONE) {
        classic_answer_sync_error(effects, event->reply, error);
        return;
    }
    const struct classic_step step = {groups, group, group->classic, event, effects};
    struct classic_member *member = classic_find_member(group->classic, request->member_id);
    if (group->classic->state == CLASSIC_STABLE)
        answer_assignment(&step, member);
    else
        wait_for_assignment(&step, member);
}

/* ---- Heartbeat ---- */

static enum kerr heartbeat(const struct classic_step *step, const struct heartbeat_request *request)
{
    const struct classic_group *classic = step->classic;
    enum kerr error = classic_validate_member(classic, request->member_id, request->group_instance_id);
    if (error != KERR_NONE)
        return error;
    if (request->generation_id != classic->generation)
        return KERR_ILLEGAL_GENERATION;
    struct classic_member *member = classic_find_member(classic, request->member_id);
    classic_arm_member(step, member, member->session_timeout_ms);
    return classic->state == CLASSIC_PREPARING_REBALANCE ? KERR_REBALANCE_IN_PROGRESS : KERR_NONE;
}

void classic_group_heartbeat(struct groups *groups, struct group *group, const struct group_event *event,
                             struct group_effects *effects)
{
    struct heartbeat_response *response = event->reply->response;
    enum kerr error = KERR_UNKNOWN_MEMBER_ID;
    if (group != NULL) {
        const struct classic_step step = {groups, group, group->classic, event, effects};
        error = heartbeat(&step, event->request);
    }
    response->error_code = (int16_t)error;
    group_answer(effects, event->reply);
}
