/*
 * classic_join: JoinGroup to a classic group (kafka-apis 9.4): new members and the ids that they are told
 * first (KIP-394), members that come again. Part of classic_group; pure.
 */
#include "protocol/base/ensure.h"
#include "protocol/base/memory.h"
#include "protocol/messages/join_group.h"
#include "server/coordinator/classic_state.h"
#include "server/coordinator/consumer_group.h"

enum { MEMBER_ID_FIRST_SINCE = 4 };

/* ---- answers ---- */

void classic_answer_join_error(struct group_effects *effects, struct group_reply *reply,
                               struct slice member_id, enum kerr error)
{
    struct join_group_response *response = reply->response;
    schema_set_defaults(join_group_response_schema(), response);
    response->error_code = (int16_t)error;
    response->member_id = arena_dup(reply->arena, member_id);
    group_answer(effects, reply);
}

static void refuse(const struct classic_step *step, struct slice member_id, enum kerr error)
{
    classic_answer_join_error(step->effects, step->event->reply, member_id, error);
}

static void fill_members(const struct classic_group *classic, struct group_reply *reply)
{
    struct join_group_response *response = reply->response;
    array_init(&response->members, join_group_response_member, reply->arena, classic->member_count);
    int32_t i = 0;
    classic_for_each_member(node, classic)
    {
        const struct classic_member *member = classic_member_of(node);
        struct join_group_response_member *to = &response->members.items[i++];
        to->member_id = arena_dup(reply->arena, member->id);
        to->group_instance_id = arena_dup(reply->arena, member->instance_id);
        to->metadata = arena_dup(reply->arena, classic_metadata(classic, member));
    }
}

void classic_fill_generation(const struct classic_group *classic, struct slice member_id, struct slice leader,
                             struct group_reply *reply)
{
    struct join_group_response *response = reply->response;
    response->generation_id = classic->generation;
    response->protocol_type = arena_dup(reply->arena, classic->type);
    response->protocol_name = arena_dup(reply->arena, classic->protocol);
    response->leader = arena_dup(reply->arena, leader);
    response->member_id = arena_dup(reply->arena, member_id);
}

void classic_fill_join(const struct classic_group *classic, const struct classic_member *member,
                       struct group_reply *reply)
{
    classic_fill_generation(classic, member->id, classic->leader->id, reply);
    if (member == classic->leader)
        fill_members(classic, reply);
}

/* ---- new members ---- */

static const struct join_group_request *request_of(const struct classic_step *step)
{
    return step->event->request;
}

int32_t classic_asked_rebalance_timeout_ms(const struct group_event *event)
{
    const struct join_group_request *request = event->request;
    return event->reply->version == 0 ? request->session_timeout_ms : request->rebalance_timeout_ms;
}

static struct slice new_member_id(const struct classic_step *step)
{
    struct slice name = request_of(step)->group_instance_id;
    if (slice_is_null(name))
        name = slice_is_null(step->event->client_id) ? SLICE("null") : step->event->client_id;
    return group_new_member_id(step->groups, name, step->effects->arena);
}

static struct classic_member *new_member(const struct classic_step *step, struct slice id)
{
    const struct join_group_request *request = request_of(step);
    struct slice client_id = step->event->client_id;
    struct classic_member *member = calloc(1, sizeof *member);
    ensure(member != NULL);
    member->id = memory_dup(id);
    member->instance_id = memory_dup(request->group_instance_id);
    member->client_id = memory_dup(slice_is_null(client_id) ? SLICE("") : client_id);
    member->client_host = memory_dup(step->event->client_host);
    member->rebalance_timeout_ms = classic_asked_rebalance_timeout_ms(step->event);
    member->session_timeout_ms = request->session_timeout_ms;
    member->protocols =
        classic_copy_protocols(step->classic, request->protocols.items, request->protocols.count);
    member->assignment = memory_dup(SLICE(""));
    member->is_new = true;
    return member;
}

static void add_member(const struct classic_step *step, struct slice id)
{
    struct classic_group *classic = step->classic;
    struct classic_pending *pending = classic_find_pending(classic, id);
    struct classic_member *member = new_member(step, id);
    if (pending != NULL)
        classic_remove_pending(classic, pending);
    if (classic->member_count == 0)
        classic_replace_slice(&classic->type, memory_dup(request_of(step)->protocol_type));
    classic_add_member(classic, member);
    classic->has_grown = true;
    classic_wait_for_join(step, member);
    classic_arm_member(step, member, CLASSIC_NEW_MEMBER_TIMEOUT_MS);
    classic_rebalance(step);
}

static void require_id(const struct classic_step *step, struct slice id)
{
    int64_t deadline_ms = step->event->now_ms + request_of(step)->session_timeout_ms;
    classic_add_pending(step->classic, id, deadline_ms);
    classic_arm(step, deadline_ms);
    refuse(step, id, KERR_MEMBER_ID_REQUIRED);
}

static void join_new_member(const struct classic_step *step)
{
    const struct join_group_request *request = request_of(step);
    if (!classic_supports(step->classic, request->protocol_type, request->protocols.items,
                          request->protocols.count)) {
        refuse(step, SLICE(""), KERR_INCONSISTENT_GROUP_PROTOCOL);
        return;
    }
    struct slice id = new_member_id(step);
    if (slice_is_null(request->group_instance_id)) {
        if (step->event->reply->version >= MEMBER_ID_FIRST_SINCE)
            require_id(step, id);
        else
            add_member(step, id);
        return;
    }
    struct classic_member *member = classic_find_instance(step->classic, request->group_instance_id);
    if (member != NULL)
        classic_replace_static_member(step, member, id);
    else
        add_member(step, id);
}

/* ---- members that are known ---- */

static void update_member(const struct classic_step *step, struct classic_member *member)
{
    const struct join_group_request *request = request_of(step);
    classic_free_protocols(classic_set_protocols(
        step->classic, member,
        classic_copy_protocols(step->classic, request->protocols.items, request->protocols.count)));
    member->rebalance_timeout_ms = classic_asked_rebalance_timeout_ms(step->event);
    member->session_timeout_ms = request->session_timeout_ms;
    classic_wait_for_join(step, member);
    classic_rebalance(step);
}

/* Whether this join changes nothing, so that the member can be told what is. */
static bool changes_nothing(const struct classic_step *step, const struct classic_member *member)
{
    const struct join_group_request *request = request_of(step);
    if (step->classic->state == CLASSIC_PREPARING_REBALANCE)
        return false;
    if (step->classic->state == CLASSIC_STABLE && member == step->classic->leader)
        return false; /* it wants a rebalance: the topics have changed, say */
    return classic_offers(member, request->protocols.items, request->protocols.count);
}

static void join_member(const struct classic_step *step, struct classic_member *member)
{
    struct group_reply *reply = step->event->reply;
    if (!changes_nothing(step, member)) {
        update_member(step, member);
        return;
    }
    classic_fill_join(step->classic, member, reply);
    group_answer(step->effects, reply);
}

static void join_known_member(const struct classic_step *step)
{
    struct classic_group *classic = step->classic;
    const struct join_group_request *request = request_of(step);
    enum kerr error = KERR_NONE;
    bool is_pending = classic_find_pending(classic, request->member_id) != NULL;
    if (!classic_supports(classic, request->protocol_type, request->protocols.items,
                          request->protocols.count))
        error = KERR_INCONSISTENT_GROUP_PROTOCOL;
    else if (!is_pending)
        error = classic_validate_member(classic, request->member_id, request->group_instance_id);
    if (error != KERR_NONE)
        refuse(step, request->member_id, error);
    else if (!is_pending)
        join_member(step, classic_find_member(classic, request->member_id));
    else if (!slice_is_null(request->group_instance_id)) /* such ids are for dynamic members */
        refuse(step, SLICE(""), KERR_UNKNOWN_SERVER_ERROR);
    else
        add_member(step, request->member_id);
}

/* ---- the request ---- */

/* While a rebalance is prepared those that wait count, so that a group that is too large loses its latest. */
static bool has_room(const struct classic_step *step)
{
    const struct classic_group *classic = step->classic;
    const struct classic_member *member = classic_find_member(classic, request_of(step)->member_id);
    switch (classic->state) {
    case CLASSIC_EMPTY:
        return true;
    case CLASSIC_PREPARING_REBALANCE:
        return (member != NULL && member->is_joining) || classic->joining < step->groups->config.max_size;
    default:
        return member != NULL || classic->member_count < step->groups->config.max_size;
    }
}

static void turn_away(const struct classic_step *step)
{
    struct classic_member *member = classic_find_member(step->classic, request_of(step)->member_id);
    refuse(step, SLICE(""), KERR_GROUP_MAX_SIZE_REACHED);
    if (member == NULL)
        return;
    classic_remove_member(step, member);
    classic_maybe_complete_join(step);
}

static void join_group(const struct classic_step *step)
{
    if (!has_room(step))
        turn_away(step);
    else if (request_of(step)->member_id.len == 0)
        join_new_member(step);
    else
        join_known_member(step);
}

static void answer_refused(struct group_reply *reply, enum kerr error, struct group_effects *effects)
{
    if (reply->parked_at != NULL)
        group_answer(effects, group_unpark(reply->parked_at));
    schema_set_defaults(join_group_response_schema(), reply->response);
    ((struct join_group_response *)reply->response)->error_code = (int16_t)group_error_of_append(error);
}

/* The group was never there: nor was the member, nor the id that it was told. */
static void creation_refused(struct groups *groups, const struct group_event *event, enum kerr error,
                             struct group_effects *effects)
{
    answer_refused(event->reply, error, effects);
    group_remove(groups, find_group(groups, event->group_id));
}

/* The log hears of a group when it is made, even if its first join is refused, as in Apache Kafka. */
static void create_and_join(struct groups *groups, const struct group_event *event,
                            struct group_effects *effects)
{
    struct group *group = group_new(groups, event->group_id);
    const struct classic_step step = {groups, group, classic_group_new(groups, group, event->wall_ms), event,
                                      effects};
    classic_write_group(&step, false);
    effects->refused = creation_refused;
    join_group(&step);
}

/* The consumer group that was empty is there again. */
static void taking_refused(struct groups *groups, const struct group_event *event, enum kerr error,
                           struct group_effects *effects)
{
    struct group *group = find_group(groups, event->group_id);
    answer_refused(event->reply, error, effects);
    group_set_due(groups, group, INT64_MAX);
    classic_group_free(group->classic);
    group->kind = GROUP_IS_CONSUMER;
    group->consumer = effects->context;
}

static void taking_stored(struct groups *groups, const struct group_event *event,
                          struct group_effects *effects)
{
    (void)groups, (void)event;
    consumer_group_free(effects->context);
}

static enum kerr check_timeout_and_id(const struct groups *groups, bool is_there,
                                      const struct join_group_request *request)
{
    if (request->session_timeout_ms < groups->config.min_session_timeout_ms
        || request->session_timeout_ms > groups->config.max_session_timeout_ms)
        return KERR_INVALID_SESSION_TIMEOUT;
    return !is_there && request->member_id.len > 0 ? KERR_UNKNOWN_MEMBER_ID : KERR_NONE;
}

void classic_group_join_empty(struct groups *groups, struct group *group, const struct group_event *event,
                              struct group_effects *effects)
{
    const struct join_group_request *request = event->request;
    enum kerr error = check_timeout_and_id(groups, false, request);
    if (error != KERR_NONE) {
        classic_answer_join_error(effects, event->reply, request->member_id, error);
        return;
    }
    consumer_group_write_tombstones(group, effects);
    effects->context = group->consumer;
    effects->stored = taking_stored;
    effects->refused = taking_refused;
    group_set_due(groups, group, INT64_MAX);
    const struct classic_step step = {groups, group, classic_group_new(groups, group, event->wall_ms), event,
                                      effects};
    classic_write_group(&step, false);
    join_group(&step);
}

void classic_group_join(struct groups *groups, struct group *group, const struct group_event *event,
                        struct group_effects *effects)
{
    const struct join_group_request *request = event->request;
    enum kerr error = check_timeout_and_id(groups, group != NULL, request);
    if (error != KERR_NONE) {
        classic_answer_join_error(effects, event->reply, request->member_id, error);
    } else if (group == NULL) {
        create_and_join(groups, event, effects);
    } else {
        const struct classic_step step = {groups, group, group->classic, event, effects};
        join_group(&step);
    }
}
