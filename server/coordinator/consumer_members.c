/*
 * consumer_members: who is in a consumer group, what each is assigned and shall be, and with which regular
 * expressions they are subscribed. Part of consumer_group; pure.
 */
#include "protocol/base/ensure.h"
#include "protocol/base/memory.h"
#include "server/coordinator/consumer_state.h"

/* How many members are assigned a partition, or have to revoke it. */
struct holder {
    uint8_t key[sizeof(struct uuid) + sizeof(int32_t)];
    int32_t count;
};

struct consumer_member *consumer_find_member(const struct consumer_group *consumer, struct slice id)
{
    return map_find(&consumer->by_id, id);
}

struct consumer_member *consumer_find_instance(const struct consumer_group *consumer, struct slice id)
{
    return map_find(&consumer->by_instance, id);
}

/* ---- who holds what ---- */

static struct slice holder_key(uint8_t key[sizeof(struct uuid) + sizeof(int32_t)], struct uuid topic,
                               int32_t partition)
{
    memcpy(key, topic.bytes, sizeof topic.bytes);
    memcpy(key + sizeof topic.bytes, &partition, sizeof partition);
    return slice_of(key, sizeof topic.bytes + sizeof partition);
}

bool consumer_is_free(const struct consumer_group *consumer, struct uuid topic, int32_t partition)
{
    uint8_t key[sizeof(struct uuid) + sizeof(int32_t)];
    return map_find(&consumer->holders, holder_key(key, topic, partition)) == NULL;
}

static void hold(struct consumer_group *consumer, const struct set_partition *item)
{
    uint8_t key[sizeof(struct uuid) + sizeof(int32_t)];
    struct holder *holder = map_find(&consumer->holders, holder_key(key, item->topic, item->partition));
    if (holder == NULL) {
        holder = memory_alloc(sizeof *holder);
        holder->count = 0;
        map_put(&consumer->holders, holder_key(holder->key, item->topic, item->partition), holder);
    }
    holder->count++;
}

static void release(struct consumer_group *consumer, const struct set_partition *item)
{
    uint8_t key[sizeof(struct uuid) + sizeof(int32_t)];
    struct slice name = holder_key(key, item->topic, item->partition);
    struct holder *holder = map_find(&consumer->holders, name);
    ensure(holder != NULL);
    if (--holder->count > 0)
        return;
    map_remove(&consumer->holders, name);
    free(holder);
}

static void for_all(struct consumer_group *consumer, const struct partition_set *set,
                    void (*act)(struct consumer_group *consumer, const struct set_partition *item))
{
    for (int32_t i = 0; i < set->count; i++)
        act(consumer, &set->items[i]);
}

/* ---- regular expressions ---- */

struct consumer_regex *consumer_find_regex(const struct consumer_group *consumer, struct slice text)
{
    return map_find(&consumer->regexes, text);
}

static struct consumer_regex *get_regex(struct consumer_group *consumer, struct slice text)
{
    struct consumer_regex *regex = consumer_find_regex(consumer, text);
    if (regex != NULL)
        return regex;
    regex = memory_alloc(sizeof *regex);
    *regex = (struct consumer_regex){.text = memory_dup(text)};
    map_put(&consumer->regexes, regex->text, regex);
    return regex;
}

static void free_names(struct slice *names, int32_t count)
{
    for (int32_t i = 0; i < count; i++)
        memory_free_slice(names[i]);
    free(names);
}

static struct slice *copy_names(const struct slice *names, int32_t count)
{
    struct slice *copy = memory_alloc((size_t)count * sizeof *copy);
    for (int32_t i = 0; i < count; i++)
        copy[i] = memory_dup(names[i]);
    return copy;
}

static void forget_if_unused(struct consumer_group *consumer, struct consumer_regex *regex)
{
    if (regex->members > 0 || regex->is_resolved)
        return;
    map_remove(&consumer->regexes, regex->text);
    memory_free_slice(regex->text);
    free_names(regex->topics, regex->topic_count);
    free(regex);
}

static void count_regex(struct consumer_group *consumer, const struct consumer_member *member, int change)
{
    if (!consumer_has_regex(member))
        return;
    struct consumer_regex *regex = get_regex(consumer, member->regex);
    int32_t before = regex->members;
    regex->members += change;
    consumer->subscribed_regexes += (regex->members > 0) - (before > 0);
    forget_if_unused(consumer, regex);
}

void consumer_set_resolved(struct consumer_group *consumer, struct slice text, const struct slice *topics,
                           int32_t count, int64_t version, int64_t wall_ms)
{
    struct consumer_regex *regex = get_regex(consumer, text);
    free_names(regex->topics, regex->topic_count);
    regex->topics = copy_names(topics, count);
    regex->topic_count = count;
    regex->version = version;
    regex->wall_ms = wall_ms;
    consumer->resolved_regexes += !regex->is_resolved;
    regex->is_resolved = true;
    consumer->regex_version = version;
    consumer->regex_wall_ms = wall_ms;
}

void consumer_remove_resolved(struct consumer_group *consumer, struct slice text)
{
    struct consumer_regex *regex = consumer_find_regex(consumer, text);
    if (regex == NULL || !regex->is_resolved)
        return;
    free_names(regex->topics, regex->topic_count);
    regex->topics = NULL;
    regex->topic_count = 0;
    regex->is_resolved = false;
    if (--consumer->resolved_regexes == 0) {
        consumer->regex_version = -1;
        consumer->regex_wall_ms = INT64_MIN;
    }
    forget_if_unused(consumer, regex);
}

/* ---- members ---- */

void consumer_member_init(struct consumer_member *member, struct slice id)
{
    *member = (struct consumer_member){
        .id = id,
        .client_id = SLICE(""),
        .client_host = SLICE(""),
        .regex = SLICE(""),
        .rebalance_timeout_ms = -1,
        .previous_epoch = -1,
        .session_deadline_ms = INT64_MAX,
        .rebalance_deadline_ms = INT64_MAX,
        .join_deadline_ms = INT64_MAX,
        .sync_deadline_ms = INT64_MAX,
    };
}

struct consumer_member *consumer_add_member(struct consumer_group *consumer, struct slice id)
{
    struct consumer_member *member = memory_alloc(sizeof *member);
    consumer_member_init(member, memory_dup(id));
    member->client_id = memory_dup(SLICE(""));
    member->client_host = memory_dup(SLICE(""));
    member->regex = memory_dup(SLICE(""));
    list_append(&consumer->members, &member->node);
    consumer->member_count++;
    map_put(&consumer->by_id, member->id, member);
    return member;
}

static void forget_instance(struct consumer_group *consumer, const struct consumer_member *member)
{
    if (!slice_is_null(member->instance_id)
        && consumer_find_instance(consumer, member->instance_id) == member)
        map_remove(&consumer->by_instance, member->instance_id);
}

static void free_protocols(struct consumer_member *member)
{
    for (int32_t i = 0; i < member->protocols.count; i++) {
        memory_free_slice(member->protocols.items[i].name);
        memory_free_slice(member->protocols.items[i].metadata);
    }
    free(member->protocols.items);
}

static void free_subscription(struct consumer_member *member)
{
    memory_free_slice(member->instance_id);
    memory_free_slice(member->rack_id);
    memory_free_slice(member->client_id);
    memory_free_slice(member->client_host);
    memory_free_slice(member->regex);
    memory_free_slice(member->assignor);
    free_names(member->topics, member->topic_count);
    free_protocols(member);
}

void consumer_remove_member(struct consumer_group *consumer, struct consumer_member *member)
{
    for_all(consumer, &member->assigned, release);
    for_all(consumer, &member->revoking, release);
    count_regex(consumer, member, -1);
    forget_instance(consumer, member);
    consumer->classic_count -= member->is_classic;
    consumer->member_count--;
    map_remove(&consumer->by_id, member->id);
    list_remove(&member->node);
    free_subscription(member);
    partition_set_free(&member->assigned);
    partition_set_free(&member->revoking);
    memory_free_slice(member->id);
    free(member);
}

static struct classic_protocols copy_protocols(const struct classic_protocols *from)
{
    struct classic_protocols to = {memory_alloc((size_t)from->count * sizeof *to.items), from->count};
    for (int32_t i = 0; i < from->count; i++)
        to.items[i] =
            (struct classic_protocol){memory_dup(from->items[i].name), memory_dup(from->items[i].metadata)};
    return to;
}

void consumer_set_subscription(struct consumer_group *consumer, struct consumer_member *member,
                               const struct consumer_member *from)
{
    forget_instance(consumer, member);
    struct consumer_member old = *member;
    member->instance_id = memory_dup(from->instance_id);
    member->rack_id = memory_dup(from->rack_id);
    member->client_id = memory_dup(from->client_id);
    member->client_host = memory_dup(from->client_host);
    member->regex = memory_dup(from->regex);
    member->rebalance_timeout_ms = from->rebalance_timeout_ms;
    member->assignor = memory_dup(from->assignor);
    member->topics = copy_names(from->topics, from->topic_count);
    member->topic_count = from->topic_count;
    member->is_classic = from->is_classic;
    member->session_timeout_ms = from->session_timeout_ms;
    member->protocols = copy_protocols(&from->protocols);
    count_regex(consumer, member, 1);
    count_regex(consumer, &old, -1);
    consumer->classic_count += member->is_classic - old.is_classic;
    if (!slice_is_null(member->instance_id))
        map_put(&consumer->by_instance, member->instance_id, member);
    free_subscription(&old);
}

void consumer_set_assignment(struct consumer_group *consumer, struct consumer_member *member,
                             const struct consumer_member *from)
{
    struct partition_set assigned = partition_set_dup(&from->assigned);
    struct partition_set revoking = partition_set_dup(&from->revoking);
    for_all(consumer, &assigned, hold);
    for_all(consumer, &revoking, hold);
    for_all(consumer, &member->assigned, release);
    for_all(consumer, &member->revoking, release);
    partition_set_free(&member->assigned);
    partition_set_free(&member->revoking);
    member->assigned = assigned;
    member->revoking = revoking;
    member->epoch = from->epoch;
    member->previous_epoch = from->previous_epoch;
    member->state = from->state;
}

static struct classic_protocols copy_protocols_into(const struct classic_protocols *from, struct arena *arena)
{
    struct classic_protocols to = {arena_new_array(arena, struct classic_protocol, from->count), from->count};
    for (int32_t i = 0; i < from->count; i++)
        to.items[i] = (struct classic_protocol){arena_dup(arena, from->items[i].name),
                                                arena_dup(arena, from->items[i].metadata)};
    return to;
}

void consumer_copy_member(struct consumer_member *to, const struct consumer_member *from, struct arena *arena)
{
    const struct partition_set none = {NULL, 0};
    *to = *from;
    to->id = arena_dup(arena, from->id);
    to->instance_id = arena_dup(arena, from->instance_id);
    to->rack_id = arena_dup(arena, from->rack_id);
    to->client_id = arena_dup(arena, from->client_id);
    to->client_host = arena_dup(arena, from->client_host);
    to->regex = arena_dup(arena, from->regex);
    to->assignor = arena_dup(arena, from->assignor);
    to->topics = arena_new_array(arena, struct slice, from->topic_count);
    for (int32_t i = 0; i < from->topic_count; i++)
        to->topics[i] = arena_dup(arena, from->topics[i]);
    to->protocols = copy_protocols_into(&from->protocols, arena);
    to->assigned = partition_set_unite(&from->assigned, &none, arena);
    to->revoking = partition_set_unite(&from->revoking, &none, arena);
}

/* ---- targets ---- */

bool consumer_has_target(const struct consumer_group *consumer, struct slice member_id)
{
    return map_find(&consumer->targets, member_id) != NULL;
}

const struct partition_set *consumer_target_of(const struct consumer_group *consumer, struct slice member_id)
{
    static const struct partition_set none = {NULL, 0};
    const struct consumer_target *target = map_find(&consumer->targets, member_id);
    return target == NULL ? &none : &target->partitions;
}

void consumer_set_target(struct consumer_group *consumer, struct slice member_id,
                         const struct partition_set *partitions)
{
    struct consumer_target *target = map_find(&consumer->targets, member_id);
    if (target == NULL) {
        target = memory_alloc(sizeof *target);
        *target = (struct consumer_target){.member_id = memory_dup(member_id)};
        map_put(&consumer->targets, target->member_id, target);
    }
    struct partition_set copy = partition_set_dup(partitions);
    partition_set_free(&target->partitions);
    target->partitions = copy;
}

static void free_target(struct consumer_target *target)
{
    memory_free_slice(target->member_id);
    partition_set_free(&target->partitions);
    free(target);
}

void consumer_remove_target(struct consumer_group *consumer, struct slice member_id)
{
    struct consumer_target *target = map_remove(&consumer->targets, member_id);
    if (target != NULL)
        free_target(target);
}

/* ---- the end ---- */

void consumer_fini_members(struct consumer_group *consumer)
{
    consumer_for_each_member(node, consumer) consumer_remove_member(consumer, consumer_member_of(node));
    size_t cursor = 0;
    for (struct map_entry *entry; (entry = map_next(&consumer->targets, &cursor)) != NULL;)
        free_target(entry->value);
    cursor = 0;
    for (struct map_entry *entry; (entry = map_next(&consumer->regexes, &cursor)) != NULL;) {
        struct consumer_regex *regex = entry->value;
        regex->is_resolved = false;
        forget_if_unused(consumer, regex);
    }
    ensure(consumer->holders.count == 0);
    map_fini(&consumer->by_id);
    map_fini(&consumer->by_instance);
    map_fini(&consumer->targets);
    map_fini(&consumer->regexes);
    map_fini(&consumer->holders);
}
