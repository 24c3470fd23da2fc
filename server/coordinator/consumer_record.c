/*
 * consumer_record: what of a consumer group outlives a restart: the records that Apache Kafka writes (types 3
 * to 8 and 16), and what each of them does to the group. Part of consumer_group; pure.
 */
#include "protocol/base/memory.h"
#include "protocol/records/consumer_group_record.h"
#include "server/coordinator/consumer_state.h"

/* ---- writing ---- */

static const struct group_key *group_key(const struct consumer_step *step)
{
    struct group_key *key = arena_new(step->effects->arena, struct group_key);
    key->group_id = step->group_id;
    return key;
}

static const struct group_member_key *member_key(const struct consumer_step *step, struct slice member_id)
{
    struct group_member_key *key = arena_new(step->effects->arena, struct group_member_key);
    *key = (struct group_member_key){step->group_id, member_id};
    return key;
}

static struct consumer_group_classic_member *classic_part(const struct consumer_step *step,
                                                          const struct consumer_member *member)
{
    struct arena *arena = step->effects->arena;
    if (!member->is_classic)
        return NULL;
    struct consumer_group_classic_member *part = arena_new(arena, struct consumer_group_classic_member);
    schema_set_defaults(consumer_group_classic_member_schema(), part);
    part->session_timeout_ms = member->session_timeout_ms;
    array_init(&part->supported_protocols, consumer_group_classic_protocol, arena, member->protocols.count);
    for (int32_t i = 0; i < member->protocols.count; i++) {
        part->supported_protocols.items[i].name = member->protocols.items[i].name;
        part->supported_protocols.items[i].metadata = member->protocols.items[i].metadata;
    }
    return part;
}

void consumer_write_member(const struct consumer_step *step, const struct consumer_member *member)
{
    struct consumer_group_member_metadata_value *value =
        arena_new(step->effects->arena, struct consumer_group_member_metadata_value);
    schema_set_defaults(consumer_group_member_metadata_value_schema(), value);
    value->instance_id = member->instance_id;
    value->rack_id = member->rack_id;
    value->client_id = member->client_id;
    value->client_host = member->client_host;
    value->subscribed_topic_names.items = member->topics;
    value->subscribed_topic_names.count = member->topic_count;
    value->subscribed_topic_regex = member->regex;
    value->rebalance_timeout_ms = member->rebalance_timeout_ms;
    value->server_assignor = member->assignor;
    value->classic_member_metadata = classic_part(step, member);
    group_write(step->effects, &consumer_group_member_metadata_key_message, member_key(step, member->id),
                value);
}

void consumer_write_epoch(const struct consumer_step *step)
{
    struct consumer_group_metadata_value *value =
        arena_new(step->effects->arena, struct consumer_group_metadata_value);
    schema_set_defaults(consumer_group_metadata_value_schema(), value);
    value->epoch = step->epoch;
    value->metadata_hash = step->metadata_hash;
    group_write(step->effects, &consumer_group_metadata_key_message, group_key(step), value);
}

void consumer_write_target(const struct consumer_step *step, struct slice member_id,
                           const struct partition_set *partitions)
{
    struct arena *arena = step->effects->arena;
    struct consumer_group_target_assignment_member_value *value =
        arena_new(arena, struct consumer_group_target_assignment_member_value);
    schema_set_defaults(consumer_group_target_assignment_member_value_schema(), value);
    array_init(&value->topic_partitions, consumer_group_target_partitions, arena,
               partition_set_topics(partitions));
    int32_t next = 0;
    for (int32_t i = 0; i < value->topic_partitions.count; i++) {
        struct consumer_group_target_partitions *topic = &value->topic_partitions.items[i];
        topic->topic_id = partitions->items[next].topic;
        topic->partitions.count = partition_set_run(partitions, next);
        topic->partitions.items = arena_new_array(arena, int32_t, topic->partitions.count);
        for (int32_t j = 0; j < topic->partitions.count; j++)
            topic->partitions.items[j] = partitions->items[next++].partition;
    }
    group_write(step->effects, &consumer_group_target_assignment_member_key_message,
                member_key(step, member_id), value);
}

void consumer_write_target_metadata(const struct consumer_step *step, int64_t wall_ms)
{
    struct consumer_group_target_assignment_metadata_value *value =
        arena_new(step->effects->arena, struct consumer_group_target_assignment_metadata_value);
    schema_set_defaults(consumer_group_target_assignment_metadata_value_schema(), value);
    value->assignment_epoch = step->assignment_epoch;
    value->assignment_timestamp = wall_ms;
    group_write(step->effects, &consumer_group_target_assignment_metadata_key_message, group_key(step),
                value);
}

static void write_assigned(const struct partition_set *set, struct arena *arena,
                           struct consumer_group_assigned_partitions *topics, int32_t count)
{
    int32_t next = 0;
    for (int32_t i = 0; i < count; i++) {
        struct consumer_group_assigned_partitions *topic = &topics[i];
        int32_t run = partition_set_run(set, next);
        topic->topic_id = set->items[next].topic;
        topic->partitions.items = arena_new_array(arena, int32_t, run);
        topic->assignment_epochs.items = arena_new_array(arena, int32_t, run);
        topic->partitions.count = topic->assignment_epochs.count = run;
        for (int32_t j = 0; j < run; j++, next++) {
            topic->partitions.items[j] = set->items[next].partition;
            topic->assignment_epochs.items[j] = set->items[next].epoch;
        }
    }
}

void consumer_write_current(const struct consumer_step *step, const struct consumer_member *member)
{
    struct arena *arena = step->effects->arena;
    struct consumer_group_current_member_assignment_value *value =
        arena_new(arena, struct consumer_group_current_member_assignment_value);
    schema_set_defaults(consumer_group_current_member_assignment_value_schema(), value);
    value->member_epoch = member->epoch;
    value->previous_member_epoch = member->previous_epoch;
    value->state = (int8_t)member->state;
    array_init(&value->assigned_partitions, consumer_group_assigned_partitions, arena,
               partition_set_topics(&member->assigned));
    write_assigned(&member->assigned, arena, value->assigned_partitions.items,
                   value->assigned_partitions.count);
    array_init(&value->partitions_pending_revocation, consumer_group_assigned_partitions, arena,
               partition_set_topics(&member->revoking));
    write_assigned(&member->revoking, arena, value->partitions_pending_revocation.items,
                   value->partitions_pending_revocation.count);
    group_write(step->effects, &consumer_group_current_member_assignment_key_message,
                member_key(step, member->id), value);
}

static const struct consumer_group_regular_expression_key *regex_key(const struct consumer_step *step,
                                                                     struct slice text)
{
    struct consumer_group_regular_expression_key *key =
        arena_new(step->effects->arena, struct consumer_group_regular_expression_key);
    *key =
        (struct consumer_group_regular_expression_key){step->group_id, arena_dup(step->effects->arena, text)};
    return key;
}

void consumer_write_regex(const struct consumer_step *step, struct slice text, struct slice *topics,
                          int32_t count, int64_t version)
{
    struct consumer_group_regular_expression_value *value =
        arena_new(step->effects->arena, struct consumer_group_regular_expression_value);
    schema_set_defaults(consumer_group_regular_expression_value_schema(), value);
    value->topics.items = topics;
    value->topics.count = count;
    value->version = version;
    value->timestamp = step->event->wall_ms;
    group_write(step->effects, &consumer_group_regular_expression_key_message, regex_key(step, text), value);
}

void consumer_write_member_tombstones(const struct consumer_step *step, struct slice member_id)
{
    struct group_effects *effects = step->effects;
    const struct group_member_key *key = member_key(step, arena_dup(effects->arena, member_id));
    group_write(effects, &consumer_group_current_member_assignment_key_message, key, NULL);
    group_write(effects, &consumer_group_target_assignment_member_key_message, key, NULL);
    group_write(effects, &consumer_group_member_metadata_key_message, key, NULL);
}

void consumer_write_partition_metadata_tombstone(const struct consumer_step *step)
{
    group_write(step->effects, &consumer_group_partition_metadata_key_message, group_key(step), NULL);
}

void consumer_write_regex_tombstone(const struct consumer_step *step, struct slice text)
{
    group_write(step->effects, &consumer_group_regular_expression_key_message, regex_key(step, text), NULL);
}

/* A member that has taken another one's place in this step stands for that one. */
static struct slice id_after(const struct consumer_step *step, const struct consumer_member *member)
{
    return arena_dup(step->effects->arena,
                     member == step->replaced && step->member != NULL ? step->member->id : member->id);
}

static void write_of_all(const struct consumer_step *step, const struct message *type)
{
    consumer_for_each_member(node, step->consumer)
        group_write(step->effects, type, member_key(step, id_after(step, consumer_member_of(node))), NULL);
}

/* The members' records kind by kind, as Kafka orders them. */
void consumer_write_tombstones(const struct consumer_step *step)
{
    write_of_all(step, &consumer_group_current_member_assignment_key_message);
    write_of_all(step, &consumer_group_target_assignment_member_key_message);
    group_write(step->effects, &consumer_group_target_assignment_metadata_key_message, group_key(step), NULL);
    write_of_all(step, &consumer_group_member_metadata_key_message);
    size_t cursor = 0;
    for (struct map_entry *entry; (entry = map_next(&step->consumer->regexes, &cursor)) != NULL;) {
        const struct consumer_regex *regex = entry->value;
        if (regex->is_resolved)
            consumer_write_regex_tombstone(step, regex->text);
    }
    consumer_write_partition_metadata_tombstone(step);
    group_write(step->effects, &consumer_group_metadata_key_message, group_key(step), NULL);
}

void consumer_group_write_tombstones(const struct group *group, struct group_effects *effects)
{
    const struct consumer_step step = {
        .group_id = arena_dup(effects->arena, group->id), .consumer = group->consumer, .effects = effects};
    consumer_write_tombstones(&step);
}

/* ---- what records do ---- */

static struct consumer_member *get_member(struct consumer_group *consumer, struct slice id)
{
    struct consumer_member *member = consumer_find_member(consumer, id);
    return member != NULL ? member : consumer_add_member(consumer, id);
}

static void apply_member(struct consumer_group *consumer, struct slice id,
                         const struct consumer_group_member_metadata_value *value)
{
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    struct consumer_member from = {
        .instance_id = value->instance_id,
        .rack_id = value->rack_id,
        .client_id = value->client_id,
        .client_host = value->client_host,
        .regex = value->subscribed_topic_regex,
        .rebalance_timeout_ms = value->rebalance_timeout_ms,
        .assignor = value->server_assignor,
    };
    int32_t count = value->subscribed_topic_names.count;
    from.topics = arena_new_array(&arena, struct slice, count);
    if (count > 0)
        memcpy(from.topics, value->subscribed_topic_names.items, (size_t)count * sizeof *from.topics);
    from.topic_count = consumer_sort_names(from.topics, count);
    const struct consumer_group_classic_member *classic = value->classic_member_metadata;
    if (classic != NULL) {
        from.is_classic = true;
        from.session_timeout_ms = classic->session_timeout_ms;
        from.protocols.count = classic->supported_protocols.count;
        from.protocols.items = arena_new_array(&arena, struct classic_protocol, from.protocols.count);
        for (int32_t i = 0; i < from.protocols.count; i++)
            from.protocols.items[i] = (struct classic_protocol){
                classic->supported_protocols.items[i].name, classic->supported_protocols.items[i].metadata};
    }
    consumer_set_subscription(consumer, get_member(consumer, id), &from);
    arena_fini(&arena);
}

static bool may_exist(int32_t partition)
{
    return partition >= 0 && partition < TOPIC_PARTITIONS_MAX;
}

/* Records of releases that wrote no epochs: the member's own counts. */
static struct partition_set read_assigned(const struct consumer_group_assigned_partitions *topics,
                                          int32_t count, int32_t epoch, struct arena *arena)
{
    int64_t total = 0;
    for (int32_t i = 0; i < count; i++)
        total += topics[i].partitions.count;
    struct partition_set set = {arena_new_array(arena, struct set_partition, total), 0};
    for (int32_t i = 0; i < count; i++) {
        const struct consumer_group_assigned_partitions *topic = &topics[i];
        bool has_epochs = topic->assignment_epochs.count == topic->partitions.count;
        for (int32_t j = 0; j < topic->partitions.count; j++)
            if (may_exist(topic->partitions.items[j]))
                set.items[set.count++] =
                    (struct set_partition){topic->topic_id, topic->partitions.items[j],
                                           has_epochs ? topic->assignment_epochs.items[j] : epoch};
    }
    partition_set_sort(&set);
    return set;
}

static enum consumer_member_state state_of(int8_t number)
{
    bool is_known =
        number == CONSUMER_STABLE || number == CONSUMER_UNREVOKED || number == CONSUMER_UNRELEASED;
    return is_known ? (enum consumer_member_state)number : CONSUMER_UNKNOWN;
}

static void apply_current(struct consumer_group *consumer, struct slice id,
                          const struct consumer_group_current_member_assignment_value *value)
{
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    struct consumer_member from = {
        .epoch = EPOCH_LEAVING,
        .previous_epoch = EPOCH_LEAVING,
        .state = CONSUMER_STABLE,
    };
    if (value != NULL) {
        from.epoch = value->member_epoch;
        from.previous_epoch = value->previous_member_epoch;
        from.state = state_of(value->state);
        from.assigned = read_assigned(value->assigned_partitions.items, value->assigned_partitions.count,
                                      from.epoch, &arena);
        from.revoking = read_assigned(value->partitions_pending_revocation.items,
                                      value->partitions_pending_revocation.count, from.epoch, &arena);
    }
    struct consumer_member *member =
        value == NULL ? consumer_find_member(consumer, id) : get_member(consumer, id);
    if (member != NULL)
        consumer_set_assignment(consumer, member, &from);
    arena_fini(&arena);
}

static void apply_target(struct consumer_group *consumer, struct slice id,
                         const struct consumer_group_target_assignment_member_value *value)
{
    if (value == NULL) {
        consumer_remove_target(consumer, id);
        return;
    }
    int64_t total = 0;
    for (int32_t i = 0; i < value->topic_partitions.count; i++)
        total += value->topic_partitions.items[i].partitions.count;
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    struct partition_set set = {arena_new_array(&arena, struct set_partition, total), 0};
    for (int32_t i = 0; i < value->topic_partitions.count; i++) {
        const struct consumer_group_target_partitions *topic = &value->topic_partitions.items[i];
        for (int32_t j = 0; j < topic->partitions.count; j++)
            if (may_exist(topic->partitions.items[j]))
                set.items[set.count++] =
                    (struct set_partition){topic->topic_id, topic->partitions.items[j], 0};
    }
    partition_set_sort(&set);
    consumer_set_target(consumer, id, &set);
    arena_fini(&arena);
}

static void apply_regex(struct consumer_group *consumer,
                        const struct consumer_group_regular_expression_key *key,
                        const struct consumer_group_regular_expression_value *value)
{
    if (value == NULL) {
        consumer_remove_resolved(consumer, key->regular_expression);
        return;
    }
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    int32_t count = value->topics.count;
    struct slice *topics = arena_new_array(&arena, struct slice, count);
    if (count > 0)
        memcpy(topics, value->topics.items, (size_t)count * sizeof *topics);
    count = consumer_sort_names(topics, count);
    consumer_set_resolved(consumer, key->regular_expression, topics, count, value->version, value->timestamp);
    arena_fini(&arena);
}

static void apply_to_member(struct consumer_group *consumer, const struct message *type, struct slice id,
                            const void *value)
{
    if (type == &consumer_group_target_assignment_member_key_message) {
        apply_target(consumer, id, value);
    } else if (type == &consumer_group_current_member_assignment_key_message) {
        apply_current(consumer, id, value);
    } else if (value != NULL) {
        apply_member(consumer, id, value);
    } else {
        struct consumer_member *member = consumer_find_member(consumer, id);
        if (member != NULL)
            consumer_remove_member(consumer, member);
    }
}

static bool is_of_member(const struct message *type)
{
    return type == &consumer_group_member_metadata_key_message
           || type == &consumer_group_target_assignment_member_key_message
           || type == &consumer_group_current_member_assignment_key_message;
}

void consumer_apply_to(struct consumer_group *consumer, const struct group_record *record)
{
    const struct message *type = record->type->key;
    if (is_of_member(type)) {
        apply_to_member(consumer, type, ((const struct group_member_key *)record->key)->member_id,
                        record->value);
    } else if (type == &consumer_group_regular_expression_key_message) {
        apply_regex(consumer, record->key, record->value);
    } else if (type == &consumer_group_partition_metadata_key_message) {
        consumer->has_partition_metadata = record->value != NULL;
    } else if (type == &consumer_group_target_assignment_metadata_key_message) {
        const struct consumer_group_target_assignment_metadata_value *value = record->value;
        consumer->assignment_epoch = value == NULL ? -1 : value->assignment_epoch;
        consumer->assignment_wall_ms = value == NULL ? 0 : value->assignment_timestamp;
    } else if (type == &consumer_group_metadata_key_message && record->value != NULL) {
        const struct consumer_group_metadata_value *value = record->value;
        consumer->epoch = value->epoch;
        consumer->metadata_hash = value->metadata_hash;
    }
}

static struct slice group_id_of(const struct group_record *record)
{
    if (is_of_member(record->type->key))
        return ((const struct group_member_key *)record->key)->group_id;
    if (record->type->key == &consumer_group_regular_expression_key_message)
        return ((const struct consumer_group_regular_expression_key *)record->key)->group_id;
    return ((const struct group_key *)record->key)->group_id;
}

/* Of a group that commits made before, or that was a classic one, nothing is left to know. */
static struct group *get_group(struct groups *groups, struct slice id)
{
    struct group *group = find_group(groups, id);
    if (group == NULL)
        group = group_new(groups, id);
    else if (group->kind == GROUP_IS_CONSUMER)
        return group;
    else
        classic_group_free(group->classic);
    group_set_due(groups, group, INT64_MAX);
    group->kind = GROUP_IS_CONSUMER;
    group->consumer = consumer_group_new(groups);
    return group;
}

void consumer_group_apply(struct groups *groups, const struct group_record *record)
{
    struct slice id = group_id_of(record);
    if (record->value != NULL) {
        consumer_apply_to(get_group(groups, id)->consumer, record);
        return;
    }
    struct group *group = find_group(groups, id);
    if (group == NULL || group->kind != GROUP_IS_CONSUMER)
        return;
    if (record->type->key == &consumer_group_metadata_key_message)
        group_remove(groups, group);
    else
        consumer_apply_to(group->consumer, record);
}
