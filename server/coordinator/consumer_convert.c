/* consumer_convert: see the header. */
#include "server/coordinator/consumer_convert.h"

#include "protocol/base/buf.h"
#include "protocol/base/memory.h"

/* ---- what clients of the classic protocol say to each other ---- */

bool consumer_read_subscription(struct slice metadata, struct arena *arena,
                                struct consumer_protocol_subscription *subscription)
{
    return consumer_protocol_read(&consumer_protocol_subscription_message, metadata, arena, subscription)
           >= 0;
}

struct partition_set consumer_read_partitions(const struct image *image,
                                              const struct consumer_protocol_topic *topics, int32_t count,
                                              int32_t epoch, struct arena *arena)
{
    int64_t total = 0;
    for (int32_t i = 0; i < count; i++)
        total += topics[i].partitions.count;
    struct partition_set set = {arena_new_array(arena, struct set_partition, total), 0};
    for (int32_t i = 0; i < count; i++) {
        const struct topic *topic = image_find_topic(image, topics[i].topic);
        for (int32_t j = 0; topic != NULL && j < topics[i].partitions.count; j++) {
            int32_t partition = topics[i].partitions.items[j];
            if (partition >= 0 && partition < TOPIC_PARTITIONS_MAX)
                set.items[set.count++] = (struct set_partition){topic->id, partition, epoch};
        }
    }
    partition_set_sort(&set);
    return set;
}

/* The version of a subscription is that of the assignment that its sender reads. */
static int version_of(struct slice metadata)
{
    int version = metadata.len < 2 ? 0 : (int16_t)(metadata.data[0] << 8 | metadata.data[1]);
    int newest = consumer_protocol_assignment_message.max_version;
    return version < 0 ? 0 : version > newest ? newest : version;
}

struct slice consumer_assignment_bytes(const struct partition_set *set, const struct image *image,
                                       struct slice metadata, struct arena *arena)
{
    struct consumer_protocol_assignment assignment;
    schema_set_defaults(consumer_protocol_assignment_schema(), &assignment);
    array_init(&assignment.assigned_partitions, consumer_protocol_topic, arena, partition_set_topics(set));
    assignment.assigned_partitions.count = 0;
    for (int32_t i = 0, run; i < set->count; i += run) {
        run = partition_set_run(set, i);
        const struct topic *topic = image_find_topic_by_id(image, set->items[i].topic);
        if (topic == NULL)
            continue;
        struct consumer_protocol_topic *to =
            &assignment.assigned_partitions.items[assignment.assigned_partitions.count++];
        to->topic = topic->name;
        to->partitions.count = run;
        to->partitions.items = arena_new_array(arena, int32_t, run);
        for (int32_t j = 0; j < run; j++)
            to->partitions.items[j] = set->items[i + j].partition;
    }
    struct buf buf = {0};
    struct writer writer;
    int version = version_of(metadata);
    writer_init(&writer, &buf, NULL);
    write_i16(&writer, (int16_t)version);
    message_write(&consumer_protocol_assignment_message, version, &writer, &assignment);
    struct slice bytes = arena_dup(arena, buf_slice(&buf));
    buf_fini(&buf);
    return bytes;
}

/* ---- classic -> consumer ---- */

/* What a member was given. False: its bytes are no assignment, or (*is_custom) say more than we can keep. */
static bool read_assigned(const struct consumer_step *step, const struct classic_member *from,
                          struct partition_set *assigned, bool *is_custom)
{
    struct consumer_protocol_assignment assignment;
    struct arena *arena = step->effects->arena;
    *assigned = (struct partition_set){NULL, 0};
    if (from->assignment.len == 0)
        return true;
    if (consumer_protocol_read(&consumer_protocol_assignment_message, from->assignment, arena, &assignment)
        < 0)
        return false;
    *is_custom = assignment.user_data.len > 0;
    *assigned = consumer_read_partitions(step->event->image, assignment.assigned_partitions.items,
                                         assignment.assigned_partitions.count, step->epoch, arena);
    return !*is_custom;
}

static bool convert_member(struct consumer_step *step, const struct classic_group *classic,
                           const struct classic_member *from, bool *is_custom)
{
    struct arena *arena = step->effects->arena;
    struct consumer_protocol_subscription subscription;
    struct consumer_member as_it_is;
    consumer_member_init(&as_it_is, from->id);
    if (!read_assigned(step, from, &as_it_is.assigned, is_custom)
        || !consumer_read_subscription(classic_metadata(classic, from), arena, &subscription))
        return false;
    as_it_is.instance_id = from->instance_id;
    as_it_is.rack_id = subscription.rack_id;
    as_it_is.client_id = from->client_id;
    as_it_is.client_host = from->client_host;
    as_it_is.rebalance_timeout_ms = from->rebalance_timeout_ms;
    as_it_is.topics = subscription.topics.items;
    as_it_is.topic_count = consumer_sort_names(subscription.topics.items, subscription.topics.count);
    as_it_is.is_classic = true;
    as_it_is.session_timeout_ms = from->session_timeout_ms;
    as_it_is.protocols = from->protocols;
    as_it_is.epoch = as_it_is.previous_epoch = step->epoch;
    struct consumer_member *member = arena_new(arena, struct consumer_member);
    consumer_copy_member(member, &as_it_is, arena); /* the classic group's record ends before */
    consumer_write_member(step, member);
    step->converted[step->converted_count++] = member;
    return true;
}

static void apply_written(const struct consumer_step *step, int32_t *applied)
{
    for (; *applied < step->effects->record_count; (*applied)++)
        consumer_apply_to(step->consumer, &step->effects->records[*applied]);
}

/* The order is Kafka's: members, epoch, what they shall own, the epoch of that, what they own. */
static void write_converted(struct consumer_step *step, int32_t *applied)
{
    struct group_effects *effects = step->effects;
    apply_written(step, applied);
    int32_t member_count, topic_count;
    const struct consumer_member **members = consumer_members_after(step, &member_count);
    struct slice *topics =
        consumer_subscribed_topics(step->consumer, members, member_count, effects->arena, &topic_count);
    step->metadata_hash = consumer_metadata_hash(step->event->image, topics, topic_count);
    consumer_write_epoch(step);
    for (int32_t i = 0; i < step->converted_count; i++)
        consumer_write_target(step, step->converted[i]->id, &step->converted[i]->assigned);
    consumer_write_target_metadata(step, 0);
    for (int32_t i = 0; i < step->converted_count; i++)
        consumer_write_current(step, step->converted[i]);
    apply_written(step, applied);
}

static enum kerr refuse_upgrade(struct note *why, const struct group *group, const char *reason)
{
    note_set(why, "Cannot upgrade classic group %.*s to consumer group because %s", SLICE_ARGS(group->id),
             reason);
    return KERR_GROUP_ID_NOT_FOUND;
}

static enum kerr may_upgrade(const struct groups *groups, const struct group *group, struct note *why)
{
    const struct classic_group *classic = group->classic;
    if (!groups->config.consumer_upgrade)
        return refuse_upgrade(why, group, "online upgrade is disabled.");
    if (!slice_equal_str(classic->type, "consumer"))
        return refuse_upgrade(why, group, "the group does not use the consumer embedded protocol.");
    if (classic->member_count > groups->config.consumer_max_size)
        return refuse_upgrade(why, group, "the group size exceeds the consumer group maximum size.");
    /* Kafka has no protocol to read then, and fails in a way that it does not explain. */
    return slice_is_null(classic->protocol) ? KERR_UNKNOWN_SERVER_ERROR : KERR_NONE;
}

static enum kerr convert_members(struct consumer_step *step, struct group *group, struct note *why)
{
    struct classic_group *classic = group->classic;
    int32_t applied = step->effects->record_count;
    step->converted = arena_new_array(step->effects->arena, struct consumer_member *, classic->member_count);
    bool is_custom = false;
    classic_for_each_member(node, classic)
    {
        if (convert_member(step, classic, classic_member_of(node), &is_custom))
            continue;
        return refuse_upgrade(why, group,
                              is_custom
                                  ? "an unsupported custom assignor is in use. Please refer to the "
                                    "documentation or switch to a default assignor before re-attempting "
                                    "the upgrade."
                                  : "the embedded consumer protocol is malformed.");
    }
    write_converted(step, &applied);
    classic_group_dismiss(group, KERR_REBALANCE_IN_PROGRESS, step->effects);
    return KERR_NONE;
}

enum kerr consumer_convert(struct groups *groups, struct group *group, const struct group_event *event,
                           struct group_effects *effects, struct consumer_group **consumer, struct note *why)
{
    bool is_empty = classic_group_is_empty(group);
    enum kerr error = is_empty ? KERR_NONE : may_upgrade(groups, group, why);
    *consumer = NULL;
    if (error != KERR_NONE)
        return error;
    *consumer = consumer_group_new(groups);
    classic_group_write_tombstone(group, effects);
    if (is_empty)
        return KERR_NONE;
    struct consumer_step step = consumer_step_of(groups, group->id, *consumer, event, effects);
    step.epoch = step.assignment_epoch = group->classic->generation;
    error = convert_members(&step, group, why);
    if (error == KERR_NONE)
        return KERR_NONE;
    effects->record_count = 0;
    consumer_group_free(*consumer);
    *consumer = NULL;
    return error;
}

void consumer_converted(struct groups *groups, struct group *group, int64_t now_ms)
{
    consumer_for_each_member(node, group->consumer)
    {
        struct consumer_member *member = consumer_member_of(node);
        if (member->is_classic)
            consumer_arm_session(groups, group, member, now_ms, member->session_timeout_ms);
    }
}

/* ---- consumer -> classic ---- */

bool consumer_may_downgrade(const struct consumer_step *step, int32_t leaving, int32_t leaving_classic)
{
    const struct consumer_group *consumer = step->consumer;
    int32_t stay = consumer->member_count - leaving;
    return stay > 0 && consumer->classic_count - leaving_classic == stay
           && step->groups->config.consumer_downgrade && stay <= step->groups->config.max_size;
}

/* What lives until the records are stored or refused. */
struct downgrade {
    struct slice group_id;
    struct classic_group *classic;
    bool must_rebalance;
    void *context; /* these are whoever began the step's */
    void (*stored)(struct groups *groups, const struct group_event *event, struct group_effects *effects);
    void (*refused)(struct groups *groups, const struct group_event *event, enum kerr error,
                    struct group_effects *effects);
};

/* In place of the group that the record made, which knows only the protocol that was chosen. */
static void downgrade_stored(struct groups *groups, const struct group_event *event,
                             struct group_effects *effects)
{
    struct downgrade *downgrade = effects->context;
    struct group *group = find_group(groups, downgrade->group_id);
    classic_group_free(group->classic);
    group->classic = downgrade->classic;
    group_set_due(groups, group, INT64_MAX);
    const struct classic_step step = {groups, group, group->classic, event, effects};
    classic_for_each_member(node, group->classic)
    {
        struct classic_member *member = classic_member_of(node);
        classic_arm_member(&step, member, member->session_timeout_ms);
    }
    if (downgrade->must_rebalance)
        classic_prepare_rebalance(&step);
    effects->context = downgrade->context;
    if (downgrade->stored != NULL)
        downgrade->stored(groups, event, effects);
}

static void downgrade_refused(struct groups *groups, const struct group_event *event, enum kerr error,
                              struct group_effects *effects)
{
    struct downgrade *downgrade = effects->context;
    classic_group_free(downgrade->classic);
    effects->context = downgrade->context;
    if (downgrade->refused != NULL)
        downgrade->refused(groups, event, error, effects);
}

static void add_classic(struct classic_group *classic, const struct consumer_member *from)
{
    struct classic_member *member = memory_alloc(sizeof *member);
    *member = (struct classic_member){
        .id = memory_dup(from->id),
        .instance_id = memory_dup(from->instance_id),
        .client_id = memory_dup(from->client_id),
        .client_host = memory_dup(from->client_host),
        .rebalance_timeout_ms = from->rebalance_timeout_ms,
        .session_timeout_ms = from->session_timeout_ms,
        .protocols = {memory_alloc(((size_t)from->protocols.count + 1) * sizeof(struct classic_protocol)),
                      from->protocols.count},
        .assignment = memory_dup(SLICE("")),
        .deadline_ms = INT64_MAX,
    };
    for (int32_t i = 0; i < from->protocols.count; i++)
        member->protocols.items[i] = (struct classic_protocol){memory_dup(from->protocols.items[i].name),
                                                               memory_dup(from->protocols.items[i].metadata)};
    classic_add_member(classic, member);
}

/* What each shall own it has been given, in the words of its protocol. */
static void give_targets(const struct consumer_step *step, struct classic_group *classic)
{
    classic_for_each_member(node, classic)
    {
        struct classic_member *member = classic_member_of(node);
        bool is_replacement = step->replaced != NULL && slice_equal(member->id, step->member->id);
        struct slice id = is_replacement ? step->replaced->id : member->id;
        struct slice bytes =
            consumer_assignment_bytes(consumer_target_of(step->consumer, id), step->event->image,
                                      classic_metadata(classic, member), step->effects->arena);
        classic_replace_slice(&member->assignment, memory_dup(bytes));
    }
}

/* NULL: they have no protocol in common. */
static struct classic_group *make_classic(const struct consumer_step *step, struct group *group)
{
    struct classic_group *classic = classic_group_new(step->groups, group, step->event->wall_ms);
    classic->state = CLASSIC_STABLE;
    classic->type = memory_dup(SLICE("consumer"));
    classic->generation = step->consumer->epoch;
    int32_t count;
    const struct consumer_member **members = consumer_members_after(step, &count);
    for (int32_t i = 0; i < count; i++)
        add_classic(classic, members[i]);
    if (!classic_has_candidate(classic)) {
        classic_group_free(classic);
        return NULL;
    }
    classic->protocol = memory_dup(classic_choose_protocol(classic));
    classic_read_topics(classic);
    give_targets(step, classic);
    return classic;
}

bool consumer_downgrade(struct consumer_step *step, bool must_rebalance)
{
    struct group_effects *effects = step->effects;
    struct group *group = arena_new(effects->arena, struct group);
    *group = (struct group){.id = step->group_id, .due_ms = INT64_MAX, .due_place = SIZE_MAX};
    struct classic_group *made = make_classic(step, group);
    if (made == NULL)
        return false;
    struct downgrade *downgrade = arena_new(effects->arena, struct downgrade);
    *downgrade = (struct downgrade){
        .group_id = step->group_id,
        .classic = made,
        .must_rebalance = must_rebalance,
        .context = effects->context,
        .stored = effects->stored,
        .refused = effects->refused,
    };
    consumer_write_tombstones(step);
    const struct classic_step classic = {step->groups, group, made, step->event, effects};
    classic_write_group(&classic, false);
    effects->context = downgrade;
    effects->stored = downgrade_stored;
    effects->refused = downgrade_refused;
    return true;
}
