/*
 * consumer_group: see the header. What a consumer group is and says of itself; requests are in
 * consumer_heartbeat, consumer_leave and consumer_classic, its records in consumer_record. Pure; called by
 * groups.c under whatever guards the shard.
 */
#include "server/coordinator/consumer_group.h"

#include "metadata/config_def.h"
#include "protocol/base/java_string.h"
#include "protocol/base/memory.h"
#include "server/coordinator/consumer_state.h"

enum { VERSION_MEMBER_EPOCHS = 9 };

struct consumer_group *consumer_group_new(struct groups *groups)
{
    struct consumer_group *consumer = memory_alloc(sizeof *consumer);
    uint64_t seed = groups->next_random(groups->random_state);
    *consumer = (struct consumer_group){
        .epoch = EPOCH_FIRST,
        .assignment_epoch = EPOCH_FIRST,
        .seed = seed,
        .regex_version = -1,
        .regex_wall_ms = INT64_MIN,
        .looked_at = -1,
    };
    list_init(&consumer->members);
    map_init(&consumer->by_id, seed);
    map_init(&consumer->by_instance, seed);
    map_init(&consumer->targets, seed);
    map_init(&consumer->regexes, seed);
    map_init(&consumer->holders, seed);
    return consumer;
}

void consumer_group_free(struct consumer_group *consumer)
{
    if (consumer == NULL)
        return;
    consumer_end_resolution(consumer);
    consumer_fini_members(consumer);
    free(consumer);
}

struct consumer_step consumer_step_of(struct groups *groups, struct slice group_id,
                                      struct consumer_group *consumer, const struct group_event *event,
                                      struct group_effects *effects)
{
    return (struct consumer_step){
        .groups = groups,
        .group_id = arena_dup(effects->arena, group_id),
        .consumer = consumer,
        .event = event,
        .effects = effects,
        .epoch = consumer->epoch,
        .metadata_hash = consumer->metadata_hash,
        .assignment_epoch = consumer->assignment_epoch,
    };
}

/* ---- settings ---- */

/* The group's own, else what the broker's has been changed to while it runs, else as it was at the start. */
static int32_t setting(const struct groups *groups, const struct image *image, struct slice group_id,
                       struct slice name, int32_t at_start)
{
    if (image == NULL)
        return at_start;
    const struct config_view view = {.image = image, .node_id = groups->config.node_id};
    const struct config_def *def = find_config(RESOURCE_GROUP, name);
    const struct slice broker_name = slice_str(def->synonyms[0]);
    const struct broker_config_sets sets = config_broker_sets(&view);
    bool is_set =
        config_set_find(image_find_configs(image, RESOURCE_GROUP, group_id), name) != NULL
        || config_find_taken(sets.dynamic, broker_name, SOURCE_DYNAMIC_BROKER) != NULL
        || config_find_taken(sets.dynamic_default, broker_name, SOURCE_DYNAMIC_DEFAULT_BROKER) != NULL;
    return is_set ? (int32_t)config_number(&view, RESOURCE_GROUP, group_id, def) : at_start;
}

int32_t consumer_session_timeout_ms(const struct groups *groups, struct slice group_id,
                                    const struct image *image)
{
    return setting(groups, image, group_id, SLICE("consumer.session.timeout.ms"),
                   groups->config.consumer_session_timeout_ms);
}

int32_t consumer_heartbeat_interval_ms(const struct groups *groups, struct slice group_id,
                                       const struct image *image)
{
    return setting(groups, image, group_id, SLICE("consumer.heartbeat.interval.ms"),
                   groups->config.consumer_heartbeat_interval_ms);
}

int32_t consumer_assignment_interval_ms(const struct groups *groups, struct slice group_id,
                                        const struct image *image)
{
    return setting(groups, image, group_id, SLICE("consumer.assignment.interval.ms"),
                   groups->config.consumer_assignment_interval_ms);
}

/* Takes the first element off a list: "uniform,range". */
struct slice consumer_next_assignor(struct slice *list)
{
    size_t len = 0;
    while (len < list->len && list->data[len] != ',')
        len++;
    struct slice element = config_trim(slice_of(list->data, len));
    *list = slice_from(*list, len < list->len ? len + 1 : len);
    return element;
}

struct slice consumer_default_assignor(const struct groups *groups)
{
    struct slice list = groups->config.consumer_assignors;
    return consumer_next_assignor(&list);
}

bool consumer_has_assignor(const struct groups *groups, struct slice name)
{
    struct slice list = groups->config.consumer_assignors;
    while (list.len > 0)
        if (slice_equal(consumer_next_assignor(&list), name))
            return true;
    return false;
}

/* ---- the members as a step leaves them ---- */

const struct consumer_member **consumer_members_after(const struct consumer_step *step, int32_t *count)
{
    const struct consumer_group *consumer = step->consumer;
    const struct consumer_member **members =
        arena_new_array(step->effects->arena, const struct consumer_member *, consumer->member_count + 1);
    *count = 0;
    bool is_in = step->member == NULL;
    consumer_for_each_member(node, consumer)
    {
        const struct consumer_member *member = consumer_member_of(node);
        if (step->leaves && member->leaves_in == consumer->step_number)
            continue;
        if (step->member != NULL && (member == step->before || member == step->replaced)) {
            if (is_in)
                continue;
            is_in = true;
            member = step->member;
        }
        members[(*count)++] = member;
    }
    if (!is_in)
        members[(*count)++] = step->member;
    return members;
}

static bool is_better(const struct map_entry *a, const struct map_entry *b, int32_t count)
{
    if (b == NULL || a->value != b->value)
        return b == NULL || (uintptr_t)a->value > (uintptr_t)b->value;
    return java_string_place(a->key, count) < java_string_place(b->key, count);
}

/* Most votes; of the same number what Apache Kafka tells: "uniform". */
struct slice consumer_preferred_assignor(const struct groups *groups, const struct consumer_group *consumer,
                                         const struct consumer_member *const *members, int32_t count)
{
    struct map votes;
    map_init(&votes, consumer->seed);
    for (int32_t i = 0; i < count; i++) {
        struct slice name = members[i]->assignor;
        if (!slice_is_null(name))
            map_put(&votes, name, (void *)((uintptr_t)map_find(&votes, name) + 1));
    }
    const struct map_entry *best = NULL;
    size_t cursor = 0;
    for (struct map_entry *entry; (entry = map_next(&votes, &cursor)) != NULL;)
        if (is_better(entry, best, (int32_t)votes.count))
            best = entry;
    struct slice wanted = best == NULL ? consumer_default_assignor(groups) : best->key;
    map_fini(&votes);
    return wanted;
}

/* ---- what it says of itself ---- */

bool consumer_group_is_empty(const struct group *group)
{
    return group->consumer->member_count == 0;
}

const char *consumer_group_state_name(const struct group *group)
{
    const struct consumer_group *consumer = group->consumer;
    if (consumer->member_count == 0)
        return "Empty";
    if (consumer->epoch > consumer->assignment_epoch)
        return "Assigning";
    consumer_for_each_member(node, consumer)
    {
        if (!consumer_is_reconciled(consumer_member_of(node), consumer->assignment_epoch))
            return "Reconciling";
    }
    return "Stable";
}

bool consumer_group_is_subscribed(const struct group *group, struct slice topic)
{
    consumer_for_each_member(node, group->consumer)
    {
        if (consumer_is_subscribed_to(group->consumer, consumer_member_of(node), topic))
            return true;
    }
    return false;
}

/* ---- offsets ---- */

static enum kerr stale(const struct consumer_member *member)
{
    return member->is_classic ? KERR_ILLEGAL_GENERATION : KERR_STALE_MEMBER_EPOCH;
}

enum kerr consumer_group_check_committer(const struct group *group, const struct offset_committer *committer,
                                         bool *per_partition)
{
    const struct consumer_group *consumer = group->consumer;
    *per_partition = false;
    if (committer->generation < 0 && consumer->member_count == 0)
        return KERR_NONE;
    bool is_nobody = committer->generation == -1 && committer->member_id.len == 0
                     && slice_is_null(committer->group_instance_id);
    if (committer->transactional && is_nobody)
        return KERR_NONE;
    const struct consumer_member *member = consumer_find_member(consumer, committer->member_id);
    if (member == NULL)
        return KERR_UNKNOWN_MEMBER_ID;
    if (!committer->transactional && !member->is_classic && committer->version < VERSION_MEMBER_EPOCHS)
        return KERR_UNSUPPORTED_VERSION;
    if (committer->generation > member->epoch)
        return stale(member);
    *per_partition = committer->generation < member->epoch;
    return KERR_NONE;
}

enum kerr consumer_group_check_partition(const struct group *group, const struct offset_committer *committer,
                                         struct uuid topic, int32_t partition)
{
    const struct consumer_member *member = consumer_find_member(group->consumer, committer->member_id);
    const struct set_partition *own = partition_set_find(&member->assigned, topic, partition);
    if (own == NULL)
        own = partition_set_find(&member->revoking, topic, partition);
    return own == NULL || committer->generation < own->epoch ? stale(member) : KERR_NONE;
}

enum kerr consumer_group_check_fetcher(const struct group *group, struct slice member_id,
                                       int32_t member_epoch)
{
    if (slice_is_null(member_id) && member_epoch < 0)
        return KERR_NONE;
    const struct consumer_member *member =
        slice_is_null(member_id) ? NULL : consumer_find_member(group->consumer, member_id);
    if (member == NULL)
        return KERR_UNKNOWN_MEMBER_ID;
    return member->epoch == member_epoch ? KERR_NONE : stale(member);
}
