/*
 * classic_protocols: what the members of a classic group can speak: counted by name, so that neither a join
 * nor a choice looks at every pair of members. Part of classic_group; pure.
 */
#include "protocol/base/ensure.h"
#include "protocol/base/java_string.h"
#include "protocol/base/memory.h"
#include "protocol/consumer_protocol.h"
#include "protocol/messages/join_group.h"
#include "server/coordinator/classic_state.h"

struct classic_protocols classic_copy_protocols(const struct classic_group *classic,
                                                const struct join_group_protocol *offered, int32_t count)
{
    struct classic_protocols protocols = {calloc((size_t)count + 1, sizeof(struct classic_protocol)), 0};
    ensure(protocols.items != NULL);
    struct map seen;
    map_init(&seen, classic->by_id.seed);
    for (int32_t i = 0; i < count; i++) {
        if (map_find(&seen, offered[i].name) != NULL)
            continue;
        struct classic_protocol *protocol = &protocols.items[protocols.count++];
        protocol->name = memory_dup(offered[i].name);
        protocol->metadata = memory_dup(offered[i].metadata);
        map_put(&seen, protocol->name, protocol);
    }
    map_fini(&seen);
    return protocols;
}

void classic_free_protocols(struct classic_protocols protocols)
{
    for (int32_t i = 0; i < protocols.count; i++) {
        memory_free_slice(protocols.items[i].name);
        memory_free_slice(protocols.items[i].metadata);
    }
    free(protocols.items);
}

bool classic_offers(const struct classic_member *member, const struct join_group_protocol *offered,
                    int32_t count)
{
    if (member->protocols.count != count)
        return false;
    for (int32_t i = 0; i < count; i++)
        if (!slice_equal(member->protocols.items[i].name, offered[i].name)
            || !slice_equal(member->protocols.items[i].metadata, offered[i].metadata))
            return false;
    return true;
}

static struct classic_support *get_support(struct classic_group *classic, struct slice name)
{
    struct classic_support *support = map_find(&classic->support, name);
    if (support != NULL)
        return support;
    support = calloc(1, sizeof *support);
    ensure(support != NULL);
    support->name = memory_dup(name);
    map_put(&classic->support, support->name, support);
    return support;
}

void classic_count_protocols(struct classic_group *classic, const struct classic_protocols *protocols,
                             int change)
{
    for (int32_t i = 0; i < protocols->count; i++) {
        struct classic_support *support = get_support(classic, protocols->items[i].name);
        support->members += change;
        ensure(support->members >= 0);
        if (support->members == 0) {
            map_remove(&classic->support, support->name);
            memory_free_slice(support->name);
            free(support);
        }
    }
}

static bool is_candidate(const struct classic_group *classic, struct slice name)
{
    const struct classic_support *support = map_find(&classic->support, name);
    return (support == NULL ? 0 : support->members) == classic->member_count;
}

bool classic_supports(const struct classic_group *classic, struct slice type,
                      const struct join_group_protocol *offered, int32_t count)
{
    if (classic->state == CLASSIC_EMPTY)
        return type.len > 0 && count > 0;
    if (!slice_equal(classic->type, type))
        return false;
    for (int32_t i = 0; i < count; i++)
        if (is_candidate(classic, offered[i].name))
            return true;
    return false;
}

bool classic_has_candidate(const struct classic_group *classic)
{
    size_t cursor = 0;
    for (struct map_entry *entry; (entry = map_next(&classic->support, &cursor)) != NULL;)
        if (((const struct classic_support *)entry->value)->members == classic->member_count)
            return true;
    return false;
}

/* The first of its protocols that all support. */
static struct classic_support *vote_of(const struct classic_group *classic,
                                       const struct classic_member *member)
{
    for (int32_t i = 0; i < member->protocols.count; i++) {
        struct classic_support *support = map_find(&classic->support, member->protocols.items[i].name);
        if (support->members == classic->member_count)
            return support;
    }
    return NULL;
}

/* Counts them. Returns how many protocols have any. */
static int32_t count_votes(struct classic_group *classic)
{
    int32_t with_votes = 0;
    size_t cursor = 0;
    for (struct map_entry *entry; (entry = map_next(&classic->support, &cursor)) != NULL;)
        ((struct classic_support *)entry->value)->votes = 0;
    classic_for_each_member(node, classic)
    {
        struct classic_support *vote = vote_of(classic, classic_member_of(node));
        ensure(vote != NULL);
        if (vote->votes++ == 0)
            vote->first_vote = with_votes++;
    }
    return with_votes;
}

/* Of those with the same votes, the one that comes first in Apache Kafka's java.util.HashMap of votes. */
static bool is_better(const struct classic_support *a, const struct classic_support *b, int32_t with_votes)
{
    if (b == NULL || a->votes != b->votes)
        return b == NULL || a->votes > b->votes;
    uint32_t place_a = java_string_place(a->name, with_votes);
    uint32_t place_b = java_string_place(b->name, with_votes);
    return place_a < place_b || (place_a == place_b && a->first_vote < b->first_vote);
}

struct slice classic_choose_protocol(struct classic_group *classic)
{
    int32_t with_votes = count_votes(classic);
    const struct classic_support *best = NULL;
    size_t cursor = 0;
    for (struct map_entry *entry; (entry = map_next(&classic->support, &cursor)) != NULL;) {
        const struct classic_support *support = entry->value;
        if (support->votes > 0 && is_better(support, best, with_votes))
            best = support;
    }
    ensure(best != NULL);
    return best->name;
}

struct slice classic_metadata(const struct classic_group *classic, const struct classic_member *member)
{
    for (int32_t i = 0; i < member->protocols.count; i++)
        if (slice_equal(member->protocols.items[i].name, classic->protocol))
            return member->protocols.items[i].metadata;
    return SLICE("");
}

/* ---- topics ---- */

void classic_forget_topics(struct classic_group *classic)
{
    size_t cursor = 0;
    for (struct map_entry *entry; (entry = map_next(&classic->topics, &cursor)) != NULL;)
        free(entry->value);
    map_fini(&classic->topics);
    map_init(&classic->topics, classic->by_id.seed);
    classic->knows_topics = false;
}

static void add_topic(struct classic_group *classic, struct slice topic)
{
    if (map_find(&classic->topics, topic) != NULL)
        return;
    struct slice owned = memory_dup(topic);
    map_put(&classic->topics, owned, (void *)(uintptr_t)owned.data);
}

/* All versions of a subscription begin like the first one. False: it is none. */
static bool read_member_topics(struct classic_group *classic, const struct classic_member *member,
                               struct arena *arena)
{
    struct consumer_protocol_subscription subscription;
    struct reader reader;
    reader_init(&reader, classic_metadata(classic, member), arena);
    read_i16(&reader);
    if (reader.failed || !message_read(&consumer_protocol_subscription_message, 0, &reader, &subscription))
        return false;
    for (int32_t i = 0; i < subscription.topics.count; i++)
        add_topic(classic, subscription.topics.items[i]);
    return true;
}

void classic_read_topics(struct classic_group *classic)
{
    classic_forget_topics(classic);
    if (!slice_equal_str(classic->type, "consumer"))
        return;
    if (classic->member_count > 0 && slice_is_null(classic->protocol))
        return;
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    classic->knows_topics = true;
    classic_for_each_member(node, classic)
    {
        if (classic->knows_topics && !read_member_topics(classic, classic_member_of(node), &arena))
            classic_forget_topics(classic);
        arena_reset(&arena);
    }
    arena_fini(&arena);
}
