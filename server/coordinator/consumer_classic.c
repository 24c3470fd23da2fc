/*
 * consumer_classic: members of the classic protocol in a consumer group (KIP-848: migration; kafka-apis
 * 10.6): they join, sync and beat as they always did, and the broker assigns. Part of consumer_group; pure.
 */
#include "protocol/base/ensure.h"
#include "protocol/base/memory.h"
#include "protocol/messages/heartbeat.h"
#include "protocol/messages/join_group.h"
#include "protocol/messages/leave_group.h"
#include "protocol/messages/sync_group.h"
#include "server/coordinator/consumer_convert.h"
#include "server/coordinator/consumer_state.h"

enum { MEMBER_ID_FIRST_SINCE = 4, BATCHES_SINCE = 3 };

/* ---- who it is ---- */

static struct consumer_member *find(const struct consumer_group *consumer, struct slice id,
                                    struct slice instance_id, enum kerr *error)
{
    struct consumer_member *member = slice_is_null(instance_id)
                                         ? consumer_find_member(consumer, id)
                                         : consumer_find_instance(consumer, instance_id);
    *error = KERR_NONE;
    if (member == NULL)
        *error = KERR_UNKNOWN_MEMBER_ID;
    else if (!slice_is_null(instance_id) && !slice_equal(member->id, id))
        *error = KERR_FENCED_INSTANCE_ID;
    return *error == KERR_NONE ? member : NULL;
}

/* A member that speaks the classic protocol and knows its epoch. */
static struct consumer_member *find_classic(const struct consumer_group *consumer, struct slice id,
                                            struct slice instance_id, int32_t generation, enum kerr *error)
{
    struct consumer_member *member = find(consumer, id, instance_id, error);
    if (member == NULL)
        return NULL;
    if (!member->is_classic)
        *error = KERR_UNKNOWN_MEMBER_ID;
    else if (member->epoch != generation)
        *error = KERR_ILLEGAL_GENERATION;
    return *error == KERR_NONE ? member : NULL;
}

/* It is told to join again, and has its rebalance timeout to do so. */
static void await_join(struct groups *groups, struct group *group, struct consumer_member *member,
                       int64_t now_ms)
{
    if (member->join_deadline_ms != INT64_MAX)
        return;
    member->join_deadline_ms = now_ms + member->rebalance_timeout_ms;
    consumer_arm(groups, group, member->join_deadline_ms);
}

/* ---- JoinGroup ---- */

static const struct join_group_request *join_of(const struct group_event *event)
{
    return event->request;
}

static bool all_classic_support(const struct consumer_group *consumer, struct slice name)
{
    consumer_for_each_member(node, consumer)
    {
        const struct consumer_member *member = consumer_member_of(node);
        bool does = !member->is_classic;
        for (int32_t i = 0; i < member->protocols.count && !does; i++)
            does = slice_equal(member->protocols.items[i].name, name);
        if (!does)
            return false;
    }
    return true;
}

static bool is_supported(const struct consumer_group *consumer, const struct join_group_request *request)
{
    if (!slice_equal_str(request->protocol_type, "consumer"))
        return false;
    for (int32_t i = 0; i < request->protocols.count; i++)
        if (all_classic_support(consumer, request->protocols.items[i].name))
            return true;
    return false;
}

static enum kerr check_join(const struct groups *groups, const struct consumer_group *consumer,
                            const struct join_group_request *request)
{
    if (request->session_timeout_ms < groups->config.min_session_timeout_ms
        || request->session_timeout_ms > groups->config.max_session_timeout_ms)
        return KERR_INVALID_SESSION_TIMEOUT;
    if (!groups->config.consumer_upgrade && !groups->config.consumer_downgrade)
        return KERR_INCONSISTENT_GROUP_PROTOCOL;
    if (consumer->member_count >= groups->config.consumer_max_size
        && consumer_find_member(consumer, request->member_id) == NULL)
        return KERR_GROUP_MAX_SIZE_REACHED;
    return is_supported(consumer, request) ? KERR_NONE : KERR_INCONSISTENT_GROUP_PROTOCOL;
}

/* Each name once. */
static struct classic_protocols copy_protocols(const struct consumer_step *step)
{
    const struct join_group_request *request = join_of(step->event);
    struct classic_protocols protocols = {
        arena_new_array(step->effects->arena, struct classic_protocol, request->protocols.count), 0};
    struct map seen;
    map_init(&seen, step->consumer->seed);
    for (int32_t i = 0; i < request->protocols.count; i++) {
        struct classic_protocol *to = &protocols.items[protocols.count];
        *to =
            (struct classic_protocol){request->protocols.items[i].name, request->protocols.items[i].metadata};
        if (map_find(&seen, to->name) != NULL)
            continue;
        map_put(&seen, to->name, to);
        protocols.count++;
    }
    map_fini(&seen);
    return protocols;
}

/* Finds who joins, or who it takes the place of. */
static enum kerr take_joining(struct consumer_step *step, struct slice id, bool is_unknown)
{
    const struct join_group_request *request = join_of(step->event);
    const struct consumer_group *consumer = step->consumer;
    step->member = arena_new(step->effects->arena, struct consumer_member);
    const struct consumer_member *found = consumer_find_member(consumer, id);
    if (!slice_is_null(request->group_instance_id)) {
        const struct consumer_member *holder = consumer_find_instance(consumer, request->group_instance_id);
        if (is_unknown && holder != NULL) {
            consumer_take_place(step, holder, id);
            return KERR_NONE;
        }
        if (!is_unknown && holder == NULL)
            return KERR_UNKNOWN_MEMBER_ID;
        if (!is_unknown && !slice_equal(holder->id, id))
            return KERR_FENCED_INSTANCE_ID;
        found = holder;
    }
    step->before = found;
    if (found == NULL)
        consumer_member_init(step->member, id);
    else
        *step->member = *found;
    return KERR_NONE;
}

static void take_request(struct consumer_step *step,
                         const struct consumer_protocol_subscription *subscription)
{
    const struct group_event *event = step->event;
    const struct join_group_request *request = join_of(event);
    struct consumer_member *member = step->member;
    int32_t rebalance_timeout_ms = classic_asked_rebalance_timeout_ms(event);
    if (!slice_is_null(request->group_instance_id))
        member->instance_id = request->group_instance_id;
    if (!slice_is_null(subscription->rack_id))
        member->rack_id = subscription->rack_id;
    if (rebalance_timeout_ms != -1)
        member->rebalance_timeout_ms = rebalance_timeout_ms;
    member->topics = subscription->topics.items;
    member->topic_count = consumer_sort_names(member->topics, subscription->topics.count);
    member->regex = SLICE("");
    member->client_id = slice_is_null(event->client_id) ? SLICE("") : event->client_id;
    member->client_host = event->client_host;
    member->is_classic = true;
    member->session_timeout_ms = request->session_timeout_ms;
    member->protocols = copy_protocols(step);
}

/* What lives until the records are stored or refused. */
struct join {
    struct slice member_id;
    int32_t session_timeout_ms, rebalance_timeout_ms;
    int64_t topics_offset;
};

static void finish_join(struct groups *groups, struct group *group, const struct join *join, int64_t now_ms)
{
    struct consumer_member *member = consumer_find_member(group->consumer, join->member_id);
    group->consumer->looked_at = join->topics_offset;
    member->join_deadline_ms = INT64_MAX;
    member->rebalance_deadline_ms = INT64_MAX;
    member->sync_deadline_ms = now_ms + join->rebalance_timeout_ms;
    consumer_arm(groups, group, member->sync_deadline_ms);
    consumer_arm_session(groups, group, member, now_ms, join->session_timeout_ms);
}

static void join_stored(struct groups *groups, const struct group_event *event, struct group_effects *effects)
{
    struct group *group = find_group(groups, event->group_id);
    if (group->kind == GROUP_IS_CONSUMER)
        finish_join(groups, group, effects->context, event->now_ms);
}

static void join_refused(struct groups *groups, const struct group_event *event, enum kerr error,
                         struct group_effects *effects)
{
    (void)groups, (void)effects;
    struct join_group_response *response = event->reply->response;
    schema_set_defaults(join_group_response_schema(), response);
    response->error_code = (int16_t)group_error_of_append(error);
}

static void answer_join(const struct consumer_step *step)
{
    struct group_reply *reply = step->event->reply;
    struct join_group_response *response = reply->response;
    response->member_id = arena_dup(reply->arena, step->member->id);
    response->generation_id = step->member->epoch;
    response->protocol_type = SLICE("consumer");
    response->protocol_name = arena_dup(reply->arena, step->member->protocols.items[0].name);
}

static bool replaces_last(const struct consumer_step *step)
{
    const struct consumer_member *holder = step->replaced != NULL ? step->replaced : step->before;
    const struct consumer_group *consumer = step->consumer;
    return holder != NULL && !slice_is_null(join_of(step->event)->group_instance_id) && !holder->is_classic
           && consumer->classic_count == consumer->member_count - 1 && step->groups->config.consumer_downgrade
           && consumer->member_count <= step->groups->config.max_size;
}

/* The last member of the consumer protocol comes back as one of the classic protocol: the group is one. */
static bool join_and_downgrade(struct consumer_step *step, bool changed, struct owned_partitions owned)
{
    if (!replaces_last(step))
        return false;
    bool is_stale = step->assignment_epoch < step->epoch;
    const struct consumer_member *holder = step->replaced != NULL ? step->replaced : step->before;
    if (!is_stale)
        consumer_reconcile(step, consumer_target_of(step->consumer, holder->id), changed, owned);
    return consumer_downgrade(step, is_stale);
}

/* The joining member's place in the group, once it is known who it is and what it says. */
static void join_as(struct consumer_step *step, const struct consumer_protocol_subscription *subscription,
                    const struct join *join)
{
    const struct consumer_member former = *step->member;
    bool changed = false;
    take_request(step, subscription);
    consumer_change_member(step, &former, &changed, NULL);
    struct partition_set said =
        consumer_read_partitions(step->event->image, subscription->owned_partitions.items,
                                 subscription->owned_partitions.count, 0, step->effects->arena);
    struct owned_partitions owned = {said.items, said.count};
    step->effects->context = (void *)(uintptr_t)join;
    step->effects->stored = join_stored;
    step->effects->refused = join_refused;
    if (!join_and_downgrade(step, changed, owned)) {
        struct partition_set target = consumer_update_target(step);
        consumer_reconcile(step, &target, changed, owned);
    }
    answer_join(step);
}

/* The record of the member has all that its protocols say. */
static bool is_too_long(const struct group_event *event)
{
    const struct join_group_request *request = join_of(event);
    size_t bytes = 0;
    for (int32_t i = 0; i < request->protocols.count; i++)
        bytes += request->protocols.items[i].name.len + request->protocols.items[i].metadata.len;
    return group_record_is_too_long(event, bytes);
}

static void join(struct consumer_step *step, struct group *group, struct slice id, bool is_unknown)
{
    const struct group_event *event = step->event;
    const struct join_group_request *request = join_of(event);
    struct consumer_protocol_subscription subscription;
    enum kerr error = KERR_UNKNOWN_SERVER_ERROR;
    if (!is_too_long(event)
        && consumer_read_subscription(request->protocols.items[0].metadata, step->effects->arena,
                                      &subscription))
        error = take_joining(step, id, is_unknown);
    if (error != KERR_NONE) {
        classic_answer_join_error(step->effects, event->reply, SLICE(""), error);
        return;
    }
    struct join *join = arena_new(step->effects->arena, struct join);
    *join = (struct join){arena_dup(step->effects->arena, id), request->session_timeout_ms,
                          classic_asked_rebalance_timeout_ms(event), event->image->topics_offset};
    join_as(step, &subscription, join);
    if (step->effects->record_count == 0)
        finish_join(step->groups, group, join, event->now_ms);
    group_answer(step->effects, event->reply);
}

void consumer_group_classic_join(struct groups *groups, struct group *group, const struct group_event *event,
                                 struct group_effects *effects)
{
    const struct join_group_request *request = join_of(event);
    struct group_reply *reply = event->reply;
    if (group->consumer->member_count == 0) {
        classic_group_join_empty(groups, group, event, effects);
        return;
    }
    enum kerr error = check_join(groups, group->consumer, request);
    bool is_unknown = request->member_id.len == 0;
    struct slice id = is_unknown ? group_new_uuid_text(groups, effects->arena) : request->member_id;
    if (error != KERR_NONE) {
        classic_answer_join_error(
            effects, reply, error == KERR_INVALID_SESSION_TIMEOUT ? request->member_id : SLICE(""), error);
    } else if (is_unknown && slice_is_null(request->group_instance_id)
               && reply->version >= MEMBER_ID_FIRST_SINCE) {
        classic_answer_join_error(effects, reply, id, KERR_MEMBER_ID_REQUIRED);
    } else {
        struct consumer_step step =
            consumer_step_of(groups, event->group_id, group->consumer, event, effects);
        join(&step, group, id, is_unknown);
    }
}

/* ---- SyncGroup ---- */

static bool names_protocol(const struct consumer_member *member, const struct sync_group_request *request)
{
    if (!slice_is_null(request->protocol_type) && !slice_equal_str(request->protocol_type, "consumer"))
        return false;
    return slice_is_null(request->protocol_name)
           || (member->protocols.count > 0
               && slice_equal(request->protocol_name, member->protocols.items[0].name));
}

static struct slice first_metadata(const struct consumer_member *member)
{
    return member->protocols.count == 0 ? SLICE("") : member->protocols.items[0].metadata;
}

void consumer_group_classic_sync(struct groups *groups, struct group *group, const struct group_event *event,
                                 struct group_effects *effects)
{
    const struct sync_group_request *request = event->request;
    const struct consumer_group *consumer = group->consumer;
    struct group_reply *reply = event->reply;
    enum kerr error;
    struct consumer_member *member = find_classic(consumer, request->member_id, request->group_instance_id,
                                                  request->generation_id, &error);
    if (member != NULL && !names_protocol(member, request))
        error = KERR_INCONSISTENT_GROUP_PROTOCOL;
    if (error == KERR_NONE && consumer->assignment_epoch > member->epoch
        && member->state != CONSUMER_UNREVOKED) {
        await_join(groups, group, member, event->now_ms);
        error = KERR_REBALANCE_IN_PROGRESS;
    }
    if (error != KERR_NONE) {
        classic_answer_sync_error(effects, reply, error);
        return;
    }
    member->sync_deadline_ms = INT64_MAX;
    consumer_arm_session(groups, group, member, event->now_ms, member->session_timeout_ms);
    struct sync_group_response *response = reply->response;
    response->protocol_type = arena_dup(reply->arena, request->protocol_type);
    response->protocol_name = arena_dup(reply->arena, request->protocol_name);
    response->assignment =
        consumer_assignment_bytes(&member->assigned, event->image, first_metadata(member), reply->arena);
    group_answer(effects, reply);
}

/* ---- Heartbeat ---- */

/* Something that it shall own is still another's: it need not come before that is free. */
static bool waits_for_others(const struct consumer_group *consumer, const struct consumer_member *member)
{
    const struct partition_set *target = consumer_target_of(consumer, member->id);
    for (int32_t i = 0; i < target->count; i++) {
        const struct set_partition *item = &target->items[i];
        if (partition_set_find(&member->assigned, item->topic, item->partition) == NULL
            && !consumer_is_free(consumer, item->topic, item->partition))
            return true;
    }
    return false;
}

static bool must_join(const struct consumer_group *consumer, const struct consumer_member *member)
{
    return member->epoch < consumer->assignment_epoch || member->state == CONSUMER_UNREVOKED
           || (member->state == CONSUMER_UNRELEASED && !waits_for_others(consumer, member));
}

void consumer_group_classic_heartbeat(struct groups *groups, struct group *group,
                                      const struct group_event *event, struct group_effects *effects)
{
    const struct heartbeat_request *request = event->request;
    struct heartbeat_response *response = event->reply->response;
    enum kerr error;
    struct consumer_member *member = find_classic(group->consumer, request->member_id,
                                                  request->group_instance_id, request->generation_id, &error);
    if (member != NULL) {
        consumer_arm_session(groups, group, member, event->now_ms, member->session_timeout_ms);
        if (must_join(group->consumer, member)) {
            await_join(groups, group, member, event->now_ms);
            error = KERR_REBALANCE_IN_PROGRESS;
        }
    }
    response->error_code = (int16_t)error;
    group_answer(effects, event->reply);
}

/* ---- LeaveGroup ---- */

static enum kerr mark_leaving(struct consumer_step *step, struct slice id, struct slice instance_id,
                              int32_t *count)
{
    enum kerr error;
    bool is_anybody = id.len == 0 && !slice_is_null(instance_id);
    struct consumer_member *member = is_anybody ? consumer_find_instance(step->consumer, instance_id)
                                                : find(step->consumer, id, instance_id, &error);
    if (member == NULL)
        return is_anybody ? KERR_UNKNOWN_MEMBER_ID : error;
    *count += member->leaves_in != step->consumer->step_number;
    consumer_mark_leaving(step, member);
    return KERR_NONE;
}

/* The answer borrows from the request: it belongs to the same asker. */
void consumer_group_classic_leave(struct groups *groups, struct group *group, const struct group_event *event,
                                  struct group_effects *effects)
{
    const struct leave_group_request *request = event->request;
    struct leave_group_response *response = event->reply->response;
    struct consumer_step step = consumer_step_of(groups, event->group_id, group->consumer, event, effects);
    int32_t count = 0;
    consumer_begin_leaving(&step);
    array_init(&response->members, leave_group_response_member, event->reply->arena, request->members.count);
    for (int32_t i = 0; i < request->members.count; i++) {
        const struct leave_group_member *member = &request->members.items[i];
        struct leave_group_response_member *to = &response->members.items[i];
        to->member_id = member->member_id;
        to->group_instance_id = member->group_instance_id;
        to->error_code = (int16_t)mark_leaving(&step, member->member_id, member->group_instance_id, &count);
    }
    if (event->reply->version < BATCHES_SINCE)
        response->error_code = (int16_t)mark_leaving(&step, request->member_id, SLICE_NULL, &count);
    effects->refused = classic_leaving_refused;
    consumer_fence_members(&step, count);
    group_answer(effects, event->reply);
}
