/*
 * classic_leave: LeaveGroup to a classic group (kafka-apis 9.6): members that leave, and static ones that an
 * administrator takes out by their instance id (KIP-345). Part of classic_group; pure.
 */
#include "protocol/messages/leave_group.h"
#include "server/coordinator/classic_state.h"

enum { BATCHES_SINCE = 3 };

/* An id that nobody has joined with yet, or a member; "" stands for whoever has the instance id. */
static enum kerr leave(const struct classic_step *step, struct slice member_id, struct slice instance_id)
{
    struct classic_group *classic = step->classic;
    struct classic_pending *pending = classic_find_pending(classic, member_id);
    if (pending != NULL) {
        classic_remove_pending(classic, pending);
        return KERR_NONE;
    }
    struct classic_member *member = classic_find_member(classic, member_id);
    if (member_id.len == 0)
        member = slice_is_null(instance_id) ? NULL : classic_find_instance(classic, instance_id);
    else if (classic_validate_member(classic, member_id, instance_id) != KERR_NONE)
        return classic_validate_member(classic, member_id, instance_id);
    if (member == NULL)
        return KERR_UNKNOWN_MEMBER_ID;
    classic_remove_member(step, member);
    return KERR_NONE;
}

void classic_leaving_refused(struct groups *groups, const struct group_event *event, enum kerr error,
                             struct group_effects *effects)
{
    (void)groups, (void)effects;
    struct leave_group_response *response = event->reply->response;
    schema_set_defaults(leave_group_response_schema(), response);
    response->error_code = (int16_t)group_error_of_append(error);
}

static bool leave_all(const struct classic_step *step, const struct leave_group_request *request,
                      struct leave_group_response *response)
{
    bool any = false;
    for (int32_t i = 0; i < request->members.count; i++) {
        const struct leave_group_member *member = &request->members.items[i];
        enum kerr error = KERR_UNKNOWN_MEMBER_ID;
        if (step->group != NULL)
            error = leave(step, member->member_id, member->group_instance_id);
        response->members.items[i].error_code = (int16_t)error;
        any = any || error == KERR_NONE;
    }
    return any;
}

static bool leave_one(const struct classic_step *step, const struct leave_group_request *request,
                      struct leave_group_response *response)
{
    enum kerr error = KERR_UNKNOWN_MEMBER_ID;
    if (step->group != NULL)
        error = leave(step, request->member_id, SLICE_NULL);
    response->error_code = (int16_t)error;
    return error == KERR_NONE;
}

static void lay_out(const struct leave_group_request *request, struct group_reply *reply)
{
    struct leave_group_response *response = reply->response;
    array_init(&response->members, leave_group_response_member, reply->arena, request->members.count);
    for (int32_t i = 0; i < request->members.count; i++) {
        response->members.items[i].member_id = request->members.items[i].member_id;
        response->members.items[i].group_instance_id = request->members.items[i].group_instance_id;
    }
}

/* The answer borrows from the request: it belongs to the same asker. */
void classic_group_leave(struct groups *groups, struct group *group, const struct group_event *event,
                         struct group_effects *effects)
{
    struct group_reply *reply = event->reply;
    struct classic_group *classic = group == NULL ? NULL : group->classic;
    const struct classic_step step = {groups, group, classic, event, effects};
    lay_out(event->request, reply);
    bool any = reply->version >= BATCHES_SINCE ? leave_all(&step, event->request, reply->response)
                                               : leave_one(&step, event->request, reply->response);
    effects->refused = classic_leaving_refused;
    if (any && classic != NULL && classic->state != CLASSIC_EMPTY)
        classic_rebalance(&step);
    group_answer(effects, reply);
}
