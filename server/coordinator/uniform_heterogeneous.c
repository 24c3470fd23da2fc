/*
 * uniform_heterogeneous: the uniform assignor where members have different subscriptions. See assignor.h.
 *
 * Members keep what they owned and are still subscribed to; what is left goes, topic by topic, to the least
 * loaded subscribers; then topics are balanced in turn, from the most to the least loaded subscriber of each,
 * until a whole turn changes nothing, or for MAX_TURNS of them. The topics with the most partitions for each
 * subscriber come first: they are the hardest to place. A balancing costs the sorting of a topic's
 * subscribers and of its partitions, and a constant for each partition that moves.
 */
#include "server/coordinator/assignor.h"

#include <stdlib.h>

enum { MAX_TURNS = 16 };

struct subscribers {
    int32_t *members; /* indexes, ascending */
    int32_t count;
};

struct state {
    struct assignor_group *group;
    struct subscribers *subscribers; /* by topic */
    int32_t *loads;                  /* partitions that a member owns, by member */
    int32_t *by_load;                /* subscribers of the topic that is looked at, least loaded first */
    int32_t *first;                  /* by member: its partitions of that topic are */
    int32_t *end;                    /* [first, end) of by_owner */
    int32_t *by_owner;               /* partitions of the topic, by owner and number */
};

/* Who is next, at both ends of by_load. The loads at each end are levels: all of one level have their turn
 * before the next level is looked at. */
struct balance {
    int32_t member_count;
    int32_t least_end, least_load, least_next;
    int32_t most_start, most_end, most_load, most_next;
};

/* ---- order ---- */

struct sorted_topic {
    double partitions_per_subscriber;
    int32_t subscriber_count;
    const struct assignor_topic *topic;
};

/* As Java compares ids: two signed numbers. */
static int compare_ids(struct uuid a, struct uuid b)
{
    for (int i = 0; i < 16; i++) {
        uint8_t flip = i % 8 == 0 ? 0x80 : 0;
        if (a.bytes[i] != b.bytes[i])
            return (a.bytes[i] ^ flip) < (b.bytes[i] ^ flip) ? -1 : 1;
    }
    return 0;
}

static int compare_topics(const void *a, const void *b)
{
    const struct sorted_topic *left = a, *right = b;
    if (left->partitions_per_subscriber != right->partitions_per_subscriber)
        return left->partitions_per_subscriber > right->partitions_per_subscriber ? -1 : 1;
    if (left->subscriber_count != right->subscriber_count)
        return left->subscriber_count < right->subscriber_count ? -1 : 1;
    return compare_ids(left->topic->id, right->topic->id);
}

/* Topics with subscribers, hardest first. */
static struct sorted_topic *sort_topics(const struct state *state, int32_t *count)
{
    const struct assignor_group *group = state->group;
    struct sorted_topic *sorted = arena_new_array(group->arena, struct sorted_topic, group->topic_count);
    *count = 0;
    for (int32_t i = 0; i < group->topic_count; i++) {
        int32_t subscriber_count = state->subscribers[i].count;
        if (subscriber_count > 0)
            sorted[(*count)++] =
                (struct sorted_topic){(double)group->topics[i].partition_count / (double)subscriber_count,
                                      subscriber_count, &group->topics[i]};
    }
    qsort(sorted, (size_t)*count, sizeof sorted[0], compare_topics);
    return sorted;
}

struct loaded_member {
    int32_t load;
    int32_t member;
};

static int compare_loads(const void *a, const void *b)
{
    const struct loaded_member *left = a, *right = b;
    if (left->load != right->load)
        return left->load < right->load ? -1 : 1;
    return left->member < right->member ? -1 : left->member > right->member;
}

static void sort_by_load(struct state *state, const struct subscribers *subscribers,
                         struct loaded_member *scratch)
{
    for (int32_t i = 0; i < subscribers->count; i++)
        scratch[i] = (struct loaded_member){state->loads[subscribers->members[i]], subscribers->members[i]};
    qsort(scratch, (size_t)subscribers->count, sizeof scratch[0], compare_loads);
    for (int32_t i = 0; i < subscribers->count; i++)
        state->by_load[i] = scratch[i].member;
}

/* ---- both ends ---- */

static int32_t load_at(const struct state *state, int32_t place)
{
    return state->loads[state->by_load[place]];
}

static struct balance begin_balance(const struct state *state, int32_t member_count)
{
    return (struct balance){
        .member_count = member_count,
        .least_load = load_at(state, 0) - 1,
        .most_start = member_count,
        .most_end = member_count,
        .most_load = load_at(state, member_count - 1) + 1,
        .most_next = member_count - 1,
    };
}

static int32_t next_least_loaded(const struct state *state, struct balance *balance)
{
    if (balance->least_next >= balance->least_end) {
        balance->least_load++;
        while (balance->least_end < balance->member_count
               && load_at(state, balance->least_end) == balance->least_load)
            balance->least_end++;
        balance->least_next = 0;
    }
    return state->by_load[balance->least_next++];
}

/* NO_OWNER: nobody is left. */
static int32_t next_most_loaded(const struct state *state, struct balance *balance)
{
    if (balance->most_next < balance->most_start) {
        if (balance->most_end <= balance->most_start && balance->most_start > 0)
            balance->most_load = load_at(state, balance->most_start - 1);
        else
            balance->most_load--;
        while (balance->most_start > 0 && load_at(state, balance->most_start - 1) == balance->most_load)
            balance->most_start--;
        balance->most_next = balance->most_end - 1;
    }
    return balance->most_next < 0 ? NO_OWNER : state->by_load[balance->most_next--];
}

/* The member that next_most_loaded gave has nothing to give. */
static void exclude_most_loaded(struct state *state, struct balance *balance)
{
    int32_t member = state->by_load[balance->most_next + 1];
    state->by_load[balance->most_next + 1] = state->by_load[balance->most_end - 1];
    state->by_load[--balance->most_end] = member;
}

static bool is_balanced(const struct balance *balance)
{
    return balance->most_load - balance->least_load <= 1;
}

/* ---- steps ---- */

static void collect_subscribers(struct state *state)
{
    const struct assignor_group *group = state->group;
    state->subscribers = arena_new_array(group->arena, struct subscribers, group->topic_count);
    for (int32_t i = 0; i < group->member_count; i++)
        for (int32_t j = 0; j < group->members[i].topic_count; j++)
            state->subscribers[group->members[i].topics[j]].count++;
    for (int32_t i = 0; i < group->topic_count; i++) {
        state->subscribers[i].members = arena_new_array(group->arena, int32_t, state->subscribers[i].count);
        state->subscribers[i].count = 0;
    }
    for (int32_t i = 0; i < group->member_count; i++)
        for (int32_t j = 0; j < group->members[i].topic_count; j++) {
            struct subscribers *subscribers = &state->subscribers[group->members[i].topics[j]];
            subscribers->members[subscribers->count++] = i;
        }
}

static bool is_subscriber(const struct subscribers *subscribers, int32_t member)
{
    int32_t low = 0, high = subscribers->count;
    while (low < high) {
        int32_t middle = low + (high - low) / 2;
        if (subscribers->members[middle] < member)
            low = middle + 1;
        else
            high = middle;
    }
    return low < subscribers->count && subscribers->members[low] == member;
}

/* Takes from members what they are not subscribed to any more, and counts what they have. */
static void revoke(struct state *state)
{
    for (int32_t i = 0; i < state->group->topic_count; i++) {
        struct assignor_topic *topic = &state->group->topics[i];
        for (int32_t partition = 0; partition < topic->partition_count; partition++) {
            int32_t *owner = &topic->owners[partition];
            if (*owner != NO_OWNER && !is_subscriber(&state->subscribers[i], *owner))
                *owner = NO_OWNER;
            if (*owner != NO_OWNER)
                state->loads[*owner]++;
        }
    }
}

static void assign_rest(struct state *state, const struct assignor_topic *topic,
                        struct loaded_member *scratch)
{
    const struct subscribers *subscribers = &state->subscribers[topic - state->group->topics];
    sort_by_load(state, subscribers, scratch);
    struct balance balance = begin_balance(state, subscribers->count);
    for (int32_t partition = 0; partition < topic->partition_count; partition++)
        if (topic->owners[partition] == NO_OWNER) {
            int32_t member = next_least_loaded(state, &balance);
            topic->owners[partition] = member;
            state->loads[member]++;
        }
}

/* The topic's partitions by owner, each owner's in order. */
static void sort_by_owner(struct state *state, const struct assignor_topic *topic)
{
    const struct subscribers *subscribers = &state->subscribers[topic - state->group->topics];
    for (int32_t i = 0; i < subscribers->count; i++)
        state->end[subscribers->members[i]] = 0;
    for (int32_t partition = 0; partition < topic->partition_count; partition++)
        state->end[topic->owners[partition]]++;
    int32_t place = 0;
    for (int32_t i = 0; i < subscribers->count; i++) {
        int32_t member = subscribers->members[i];
        int32_t count = state->end[member];
        state->first[member] = state->end[member] = place;
        place += count;
    }
    for (int32_t partition = 0; partition < topic->partition_count; partition++)
        state->by_owner[state->end[topic->owners[partition]]++] = partition;
}

/* Gives how many partitions have moved. */
static int32_t balance_topic(struct state *state, const struct assignor_topic *topic,
                             struct loaded_member *scratch)
{
    const struct subscribers *subscribers = &state->subscribers[topic - state->group->topics];
    sort_by_load(state, subscribers, scratch);
    if (load_at(state, subscribers->count - 1) - load_at(state, 0) <= 1)
        return 0;
    struct balance balance = begin_balance(state, subscribers->count);
    sort_by_owner(state, topic);
    int32_t moved = 0;
    while (!is_balanced(&balance)) {
        int32_t from = next_most_loaded(state, &balance);
        while (from != NO_OWNER && state->end[from] == state->first[from]) {
            exclude_most_loaded(state, &balance);
            from = next_most_loaded(state, &balance);
        }
        if (from == NO_OWNER)
            break;
        int32_t partition = state->by_owner[--state->end[from]];
        int32_t to = next_least_loaded(state, &balance);
        if (is_balanced(&balance))
            break;
        topic->owners[partition] = to;
        state->loads[from]--;
        state->loads[to]++;
        moved++;
    }
    return moved;
}

static void balance_topics(struct state *state, const struct sorted_topic *topics, int32_t count,
                           struct loaded_member *scratch)
{
    int32_t last_moved = -1; /* the topic after whose turn nothing else has moved */
    for (int turn = 0; turn < MAX_TURNS; turn++)
        for (int32_t i = 0; i < count; i++) {
            if (i == last_moved)
                return;
            if (balance_topic(state, topics[i].topic, scratch) > 0 || last_moved == -1)
                last_moved = i;
        }
}

/* Only topics with two subscribers can be balanced. */
static int32_t drop_single_subscribers(struct sorted_topic *topics, int32_t count)
{
    int32_t kept = 0;
    for (int32_t i = 0; i < count; i++)
        if (topics[i].subscriber_count >= 2)
            topics[kept++] = topics[i];
    return kept;
}

void uniform_assign_heterogeneous(struct assignor_group *group)
{
    struct arena *arena = group->arena;
    struct state state = {
        .group = group,
        .loads = arena_new_array(arena, int32_t, group->member_count),
        .by_load = arena_new_array(arena, int32_t, group->member_count),
        .first = arena_new_array(arena, int32_t, group->member_count),
        .end = arena_new_array(arena, int32_t, group->member_count),
    };
    int32_t most_partitions = 0, count;
    for (int32_t i = 0; i < group->topic_count; i++)
        if (group->topics[i].partition_count > most_partitions)
            most_partitions = group->topics[i].partition_count;
    state.by_owner = arena_new_array(arena, int32_t, most_partitions);
    struct loaded_member *scratch = arena_new_array(arena, struct loaded_member, group->member_count);
    collect_subscribers(&state);
    revoke(&state);
    struct sorted_topic *topics = sort_topics(&state, &count);
    for (int32_t i = 0; i < count; i++)
        assign_rest(&state, topics[i].topic, scratch);
    balance_topics(&state, topics, drop_single_subscribers(topics, count), scratch);
}
