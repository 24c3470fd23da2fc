/*
 * consumer_heartbeat: ConsumerGroupHeartbeat (KIP-848, kafka-apis 10.2 to 10.4): a member joins, says what it
 * owns, and is told what it may own. Part of consumer_group; pure.
 */
#include "protocol/messages/consumer_group_heartbeat.h"

#include "metadata/config_def.h"
#include "protocol/base/memory.h"
#include "server/coordinator/consumer_convert.h"
#include "server/coordinator/consumer_state.h"

enum { NO_TIMEOUT = -1 };

/* ---- answers ---- */

void consumer_refuse(const struct group_event *event, enum kerr error, const char *format, ...)
{
    struct consumer_group_heartbeat_response *response = event->reply->response;
    schema_set_defaults(consumer_group_heartbeat_response_schema(), response);
    response->error_code = (int16_t)error;
    if (format == NULL)
        return;
    va_list arguments;
    va_start(arguments, format);
    response->error_message = arena_vprintf(event->reply->arena, format, arguments);
    va_end(arguments);
}

static void fill_assignment(const struct partition_set *set, struct group_reply *reply)
{
    struct consumer_group_heartbeat_response *response = reply->response;
    response->assignment = arena_new(reply->arena, struct consumer_group_heartbeat_assignment);
    array_init(&response->assignment->topic_partitions, consumer_group_heartbeat_topic_partitions,
               reply->arena, partition_set_topics(set));
    int32_t next = 0;
    for (int32_t i = 0; i < response->assignment->topic_partitions.count; i++) {
        struct consumer_group_heartbeat_topic_partitions *topic =
            &response->assignment->topic_partitions.items[i];
        topic->topic_id = set->items[next].topic;
        topic->partitions.count = partition_set_run(set, next);
        topic->partitions.items = arena_new_array(reply->arena, int32_t, topic->partitions.count);
        for (int32_t j = 0; j < topic->partitions.count; j++)
            topic->partitions.items[j] = set->items[next++].partition;
    }
}

/* ---- requests that are wrong in themselves ---- */

static bool is_blank(struct slice text)
{
    return !slice_is_null(text) && config_trim(text).len == 0;
}

static const char *what_is_wrong(const struct consumer_group_heartbeat_request *request, int version)
{
    if (is_blank(request->member_id)
        && (version >= 1 || request->member_epoch > 0 || request->member_epoch == EPOCH_LEAVING))
        return "MemberId can't be empty.";
    if (is_blank(request->group_id))
        return "GroupId can't be empty.";
    if (is_blank(request->instance_id))
        return "InstanceId can't be empty.";
    if (is_blank(request->rack_id))
        return "RackId can't be empty.";
    if (request->member_epoch < EPOCH_AWAY)
        return "MemberEpoch is invalid.";
    if (request->member_epoch == EPOCH_AWAY && slice_is_null(request->instance_id))
        return "InstanceId can't be null.";
    if (request->member_epoch != EPOCH_JOINING)
        return NULL;
    if (request->rebalance_timeout_ms == NO_TIMEOUT)
        return "RebalanceTimeoutMs must be provided in first request.";
    if (request->topic_partitions.count != 0)
        return "TopicPartitions must be empty when (re-)joining.";
    if (request->subscribed_topic_names.count < 0 && slice_is_null(request->subscribed_topic_regex))
        return "Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.";
    return NULL;
}

static struct slice assignors_text(const struct groups *groups, struct arena *arena)
{
    struct slice list = groups->config.consumer_assignors;
    struct slice text = consumer_next_assignor(&list);
    while (list.len > 0) {
        struct slice next = consumer_next_assignor(&list);
        text = arena_printf(arena, "%.*s, %.*s", SLICE_ARGS(text), SLICE_ARGS(next));
    }
    return text;
}

/* The record of the member has each name and its length. */
static bool is_too_long(const struct group_event *event)
{
    const struct consumer_group_heartbeat_request *request = beat_request_of(event);
    size_t bytes = 0;
    for (int32_t i = 0; i < request->subscribed_topic_names.count; i++)
        bytes += request->subscribed_topic_names.items[i].len + 1;
    return group_record_is_too_long(event, bytes);
}

static bool is_valid(const struct groups *groups, const struct group_event *event)
{
    const struct consumer_group_heartbeat_request *request = beat_request_of(event);
    const char *wrong = what_is_wrong(request, event->reply->version);
    if (wrong != NULL) {
        consumer_refuse(event, KERR_INVALID_REQUEST, "%s", wrong);
        return false;
    }
    if (!slice_is_null(request->server_assignor)
        && !consumer_has_assignor(groups, request->server_assignor)) {
        struct slice assignors = assignors_text(groups, event->reply->arena);
        consumer_refuse(event, KERR_UNSUPPORTED_ASSIGNOR,
                        "ServerAssignor %.*s is not supported. Supported assignors: %.*s.",
                        SLICE_ARGS(request->server_assignor), SLICE_ARGS(assignors));
        return false;
    }
    if (is_too_long(event)) {
        consumer_refuse(event, KERR_UNKNOWN_SERVER_ERROR, NULL);
        return false;
    }
    return true;
}

/* ---- who it is ---- */

static bool is_subset(const struct consumer_group_heartbeat_request *request,
                      const struct partition_set *assigned)
{
    if (request->topic_partitions.count < 0)
        return false;
    for (int32_t i = 0; i < request->topic_partitions.count; i++) {
        const struct consumer_group_heartbeat_topic_partitions *topic = &request->topic_partitions.items[i];
        for (int32_t j = 0; j < topic->partitions.count; j++)
            if (partition_set_find(assigned, topic->topic_id, topic->partitions.items[j]) == NULL)
                return false;
    }
    return true;
}

/* A member that did not hear of its newest epoch may come with the one before. */
static bool has_valid_epoch(const struct group_event *event, const struct consumer_member *member)
{
    const struct consumer_group_heartbeat_request *request = beat_request_of(event);
    int32_t epoch = request->member_epoch;
    if (epoch == EPOCH_JOINING || epoch == member->epoch)
        return true;
    if (epoch < member->epoch && epoch == member->previous_epoch && is_subset(request, &member->assigned))
        return true;
    consumer_refuse(
        event, KERR_FENCED_MEMBER_EPOCH,
        "The consumer group member has a %s member epoch (%d) than the one known by the group coordinator "
        "(%d). The member must abandon all its partitions and rejoin.",
        epoch > member->epoch ? "greater" : "smaller", epoch, member->epoch);
    return false;
}

static bool holds_instance(const struct group_event *event, struct slice member_id,
                           const struct consumer_member *holder)
{
    struct slice instance = beat_request_of(event)->instance_id;
    if (holder == NULL)
        consumer_refuse(event, KERR_UNKNOWN_MEMBER_ID, "Instance id %.*s is unknown.", SLICE_ARGS(instance));
    else if (!slice_equal(holder->id, member_id))
        consumer_refuse(event, KERR_FENCED_INSTANCE_ID,
                        "Static member %.*s with instance id %.*s was fenced by member %.*s.",
                        SLICE_ARGS(member_id), SLICE_ARGS(instance), SLICE_ARGS(holder->id));
    else
        return true;
    return false;
}

/* The member as it is; a new one is like nobody. */
static void take_member(struct consumer_step *step, const struct consumer_member *found, struct slice id)
{
    step->before = found;
    if (found == NULL)
        consumer_member_init(step->member, id);
    else
        *step->member = *found;
}

static bool find_dynamic(struct consumer_step *step, struct slice id)
{
    const struct group_event *event = step->event;
    const struct consumer_member *found = consumer_find_member(step->consumer, id);
    if (found == NULL && beat_request_of(event)->member_epoch != EPOCH_JOINING) {
        consumer_refuse(event, KERR_UNKNOWN_MEMBER_ID, "Member %.*s is not a member of group %.*s.",
                        SLICE_ARGS(id), SLICE_ARGS(event->group_id));
        return false;
    }
    if (found != NULL && !has_valid_epoch(event, found))
        return false;
    take_member(step, found, id);
    return true;
}

/* Another one has its instance id: if that has gone away, this one has its place. */
static bool take_over(struct consumer_step *step, const struct consumer_member *holder, struct slice id)
{
    if (!holder->is_classic && holder->epoch != EPOCH_AWAY) {
        consumer_refuse(
            step->event, KERR_UNRELEASED_INSTANCE_ID,
            "Static member %.*s with instance id %.*s cannot join the group because the instance id is "
            "owned by %.*s member.",
            SLICE_ARGS(id), SLICE_ARGS(beat_request_of(step->event)->instance_id), SLICE_ARGS(holder->id));
        return false;
    }
    consumer_take_place(step, holder, id);
    return true;
}

void consumer_take_place(struct consumer_step *step, const struct consumer_member *holder, struct slice id)
{
    consumer_copy_member(step->member, holder, step->effects->arena); /* whose records end before */
    step->member->id = id;
    step->member->epoch = step->member->previous_epoch = EPOCH_JOINING;
    step->before = consumer_find_member(step->consumer, id);
    step->replaced = holder;
    consumer_write_replacement(step);
}

static bool find_static(struct consumer_step *step, struct slice id)
{
    const struct consumer_group_heartbeat_request *request = beat_request_of(step->event);
    const struct consumer_member *holder = consumer_find_instance(step->consumer, request->instance_id);
    if (request->member_epoch != EPOCH_JOINING) {
        if (!holds_instance(step->event, id, holder) || !has_valid_epoch(step->event, holder))
            return false;
        take_member(step, holder, id);
        return true;
    }
    if (holder != NULL)
        return take_over(step, holder, id);
    take_member(step, consumer_find_member(step->consumer, id), id);
    return true;
}

/* ---- what it says ---- */

static void take_names(struct consumer_step *step, const struct slice *names, int32_t count)
{
    struct consumer_member *member = step->member;
    member->topics = arena_new_array(step->effects->arena, struct slice, count);
    if (count > 0)
        memcpy(member->topics, names, (size_t)count * sizeof *names);
    member->topic_count = consumer_sort_names(member->topics, count);
}

static void take_request(struct consumer_step *step)
{
    const struct group_event *event = step->event;
    const struct consumer_group_heartbeat_request *request = beat_request_of(event);
    struct consumer_member *member = step->member;
    if (!slice_is_null(request->instance_id))
        member->instance_id = request->instance_id;
    if (!slice_is_null(request->rack_id))
        member->rack_id = request->rack_id;
    if (request->rebalance_timeout_ms != NO_TIMEOUT)
        member->rebalance_timeout_ms = request->rebalance_timeout_ms;
    if (!slice_is_null(request->server_assignor))
        member->assignor = request->server_assignor;
    if (request->subscribed_topic_names.count >= 0)
        take_names(step, request->subscribed_topic_names.items, request->subscribed_topic_names.count);
    if (!slice_is_null(request->subscribed_topic_regex))
        member->regex = request->subscribed_topic_regex;
    member->client_id = slice_is_null(event->client_id) ? SLICE("") : event->client_id;
    member->client_host = event->client_host;
    member->is_classic = false;
    member->session_timeout_ms = 0;
    member->protocols = (struct classic_protocols){NULL, 0};
}

static struct owned_partitions owned_by(const struct consumer_group_heartbeat_request *request,
                                        struct arena *arena)
{
    int64_t count = 0;
    if (request->topic_partitions.count < 0)
        return (struct owned_partitions){NULL, -1};
    for (int32_t i = 0; i < request->topic_partitions.count; i++)
        count += request->topic_partitions.items[i].partitions.count;
    struct set_partition *items = arena_new_array(arena, struct set_partition, count);
    int32_t next = 0;
    for (int32_t i = 0; i < request->topic_partitions.count; i++) {
        const struct consumer_group_heartbeat_topic_partitions *topic = &request->topic_partitions.items[i];
        for (int32_t j = 0; j < topic->partitions.count; j++)
            items[next++] = (struct set_partition){topic->topic_id, topic->partitions.items[j], 0};
    }
    return (struct owned_partitions){items, next};
}

/* ---- after it is stored ---- */

/* What lives until the records are stored or refused. */
struct heartbeat {
    struct slice member_id;
    struct consumer_group *detached; /* of a group that is not there yet; NULL */
    bool changes_assignment;
    int64_t topics_offset, new_topics_offset; /* of the image that was looked at */
    int32_t session_timeout_ms;
};

void consumer_arm_rebalance(struct groups *groups, struct group *group, struct consumer_member *member,
                            int64_t now_ms)
{
    member->rebalance_deadline_ms = INT64_MAX;
    if (member->state != CONSUMER_UNREVOKED || member->is_classic)
        return;
    member->rebalance_deadline_ms = now_ms + member->rebalance_timeout_ms;
    member->rebalance_epoch = member->epoch;
    consumer_arm(groups, group, member->rebalance_deadline_ms);
}

static void heartbeat_stored(struct groups *groups, const struct group_event *event,
                             struct group_effects *effects)
{
    struct heartbeat *heartbeat = effects->context;
    struct group *group = find_group(groups, event->group_id);
    struct consumer_member *member = consumer_find_member(group->consumer, heartbeat->member_id);
    group->consumer->looked_at = heartbeat->topics_offset;
    if (heartbeat->changes_assignment)
        consumer_arm_rebalance(groups, group, member, event->now_ms);
    member->join_deadline_ms = member->sync_deadline_ms = INT64_MAX;
    consumer_arm_session(groups, group, member, event->now_ms, heartbeat->session_timeout_ms);
    consumer_start_resolution(groups, group, event, heartbeat->new_topics_offset);
    if (heartbeat->detached != NULL)
        consumer_converted(groups, group, event->now_ms);
    consumer_group_free(heartbeat->detached);
}

static void heartbeat_refused(struct groups *groups, const struct group_event *event, enum kerr error,
                              struct group_effects *effects)
{
    struct heartbeat *heartbeat = effects->context;
    (void)groups;
    consumer_refuse(event, group_error_of_append(error), NULL);
    consumer_group_free(heartbeat->detached);
}

static void answer_quiet(struct consumer_step *step, const struct consumer_member *member)
{
    struct group *group = find_group(step->groups, step->event->group_id);
    step->consumer->looked_at = step->event->image->topics_offset;
    consumer_arm_session(step->groups, group, (struct consumer_member *)(uintptr_t)member,
                         step->event->now_ms,
                         consumer_session_timeout_ms(step->groups, step->group_id, step->event->image));
    consumer_start_resolution(step->groups, group, step->event, step->event->image->new_topics_offset);
}

static void remember(struct consumer_step *step, const struct consumer_member *former,
                     struct consumer_group *detached)
{
    struct heartbeat *heartbeat = arena_new(step->effects->arena, struct heartbeat);
    *heartbeat = (struct heartbeat){
        .member_id = arena_dup(step->effects->arena, step->member->id),
        .detached = detached,
        .changes_assignment =
            step->member->state != former->state || step->member->previous_epoch != former->previous_epoch
            || step->member->epoch != former->epoch || step->member->assigned.items != former->assigned.items,
        .topics_offset = step->event->image->topics_offset,
        .new_topics_offset = step->event->image->new_topics_offset,
        .session_timeout_ms = consumer_session_timeout_ms(step->groups, step->group_id, step->event->image),
    };
    step->effects->context = heartbeat;
    step->effects->stored = heartbeat_stored;
    step->effects->refused = heartbeat_refused;
}

/* ---- a heartbeat ---- */

static void answer(struct consumer_step *step, const struct consumer_member *former)
{
    const struct consumer_group_heartbeat_request *request = beat_request_of(step->event);
    struct group_reply *reply = step->event->reply;
    struct consumer_group_heartbeat_response *response = reply->response;
    const struct consumer_member *member = step->member;
    response->member_id = arena_dup(reply->arena, member->id);
    response->member_epoch = member->epoch;
    response->heartbeat_interval_ms =
        consumer_heartbeat_interval_ms(step->groups, step->group_id, step->event->image);
    bool is_full =
        request->rebalance_timeout_ms != NO_TIMEOUT && request->topic_partitions.count >= 0
        && (request->subscribed_topic_names.count >= 0 || !slice_is_null(request->subscribed_topic_regex));
    if (request->member_epoch == EPOCH_JOINING || is_full
        || !partition_set_equal_epochs(&member->assigned, &former->assigned))
        fill_assignment(&member->assigned, reply);
}

static bool is_full(const struct consumer_step *step, struct slice id)
{
    if (step->consumer->member_count < step->groups->config.consumer_max_size
        || (id.len > 0 && consumer_find_member(step->consumer, id) != NULL))
        return false;
    consumer_refuse(step->event, KERR_GROUP_MAX_SIZE_REACHED,
                    "The consumer group has reached its maximum capacity of %d members.",
                    step->groups->config.consumer_max_size);
    return true;
}

/* False: it was refused. */
static bool change_and_reconcile(struct consumer_step *step, const struct consumer_member *former)
{
    struct note why = {""};
    bool has_subscription_changed;
    if (!consumer_change_member(step, former, &has_subscription_changed, &why)) {
        consumer_refuse(step->event, KERR_INVALID_REGULAR_EXPRESSION,
                        "SubscribedTopicRegex `%.*s` is not a valid regular expression: %s.",
                        SLICE_ARGS(step->member->regex), why.text);
        return false;
    }
    struct partition_set target = consumer_update_target(step);
    struct owned_partitions owned = owned_by(beat_request_of(step->event), step->effects->arena);
    if (consumer_reconcile(step, &target, has_subscription_changed, owned))
        return true;
    consumer_refuse(
        step->event, KERR_FENCED_MEMBER_EPOCH,
        "The consumer group member is in a unknown state. The member must abandon all its partitions and "
        "rejoin.");
    return false;
}

/* False: it was refused, and nothing is written. */
static bool beat(struct consumer_step *step, struct consumer_group *detached)
{
    const struct consumer_group_heartbeat_request *request = beat_request_of(step->event);
    struct slice id = request->member_id;
    if (is_full(step, id))
        return false;
    if (id.len == 0)
        id = group_new_uuid_text(step->groups, step->effects->arena);
    step->member = arena_new(step->effects->arena, struct consumer_member);
    if (slice_is_null(request->instance_id) ? !find_dynamic(step, id) : !find_static(step, id))
        return false;
    const struct consumer_member former = *step->member;
    take_request(step);
    if (!change_and_reconcile(step, &former))
        return false;
    answer(step, &former);
    if (step->effects->record_count == 0)
        answer_quiet(step, step->before);
    else
        remember(step, &former, detached);
    return true;
}

/* The group to beat in: as it is, or a new one or a converted one, *detached until it is stored. NULL: it was
 * refused. */
static struct consumer_group *get_consumer(struct groups *groups, struct group *group,
                                           const struct group_event *event, struct group_effects *effects,
                                           struct consumer_group **detached)
{
    bool joins = beat_request_of(event)->member_epoch == EPOCH_JOINING;
    if (group != NULL && group->kind == GROUP_IS_CONSUMER)
        return group->consumer;
    if (group == NULL && !joins) {
        consumer_refuse(event, KERR_GROUP_ID_NOT_FOUND, "Consumer group %.*s not found.",
                        SLICE_ARGS(event->group_id));
        return NULL;
    }
    if (!joins) {
        consumer_refuse(event, KERR_GROUP_ID_NOT_FOUND, "Group %.*s is not a consumer group.",
                        SLICE_ARGS(event->group_id));
        return NULL;
    }
    if (group == NULL)
        return *detached = consumer_group_new(groups);
    struct note why = {""};
    enum kerr error = consumer_convert(groups, group, event, effects, detached, &why);
    if (error != KERR_NONE)
        consumer_refuse(event, error, why.text[0] == '\0' ? NULL : "%s", why.text);
    return *detached;
}

static void heartbeat(struct groups *groups, struct group *group, const struct group_event *event,
                      struct group_effects *effects)
{
    struct consumer_group *detached = NULL;
    struct consumer_group *consumer = get_consumer(groups, group, event, effects, &detached);
    if (consumer == NULL)
        return;
    struct consumer_step step = consumer_step_of(groups, event->group_id, consumer, event, effects);
    if (beat(&step, detached))
        return;
    effects->record_count = 0;
    consumer_group_free(detached);
}

void consumer_group_heartbeat(struct groups *groups, struct group *group, const struct group_event *event,
                              struct group_effects *effects)
{
    if (is_valid(groups, event)) {
        if (beat_request_of(event)->member_epoch < 0)
            consumer_leave(groups, group, event, effects);
        else
            heartbeat(groups, group, event, effects);
    }
    group_answer(effects, event->reply);
}
