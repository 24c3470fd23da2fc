/*
 * classic_group: see the header. What a classic group is and says of itself; its phases are in
 * classic_rebalance, requests in classic_join, classic_sync and classic_leave, its record in classic_record.
 * Pure; called by groups.c under whatever guards the shard.
 */
#include "server/coordinator/classic_group.h"

#include "protocol/base/ensure.h"
#include "protocol/base/memory.h"
#include "protocol/messages/describe_groups.h"
#include "server/coordinator/classic_state.h"

struct classic_group *classic_group_new(struct groups *groups, struct group *group, int64_t wall_ms)
{
    struct classic_group *classic = calloc(1, sizeof *classic);
    ensure(classic != NULL);
    uint64_t seed = groups->next_random(groups->random_state);
    classic->state_since_ms = wall_ms;
    classic->phase_deadline_ms = INT64_MAX;
    list_init(&classic->members);
    list_init(&classic->pending);
    map_init(&classic->by_id, seed);
    map_init(&classic->by_instance, seed);
    map_init(&classic->pending_by_id, seed);
    map_init(&classic->support, seed);
    map_init(&classic->topics, seed);
    group->kind = GROUP_IS_CLASSIC;
    group->classic = classic;
    return classic;
}

struct group *classic_group_new_simple(struct groups *groups, struct slice id)
{
    struct group *group = group_new(groups, id);
    classic_group_new(groups, group, -1);
    return group;
}

void classic_group_free(struct classic_group *classic)
{
    list_for_each(node, &classic->pending)
        classic_remove_pending(classic, list_entry(node, struct classic_pending, node));
    classic_for_each_member(node, classic)
    {
        struct classic_member *member = classic_member_of(node);
        group_unpark(&member->join);
        group_unpark(&member->sync);
        classic_count_protocols(classic, &member->protocols, -1);
        classic_free_member(member);
    }
    classic_forget_topics(classic);
    map_fini(&classic->by_id);
    map_fini(&classic->by_instance);
    map_fini(&classic->pending_by_id);
    map_fini(&classic->support);
    map_fini(&classic->topics);
    memory_free_slice(classic->type);
    memory_free_slice(classic->protocol);
    free(classic);
}

void classic_group_dismiss(struct group *group, enum kerr error, struct group_effects *effects)
{
    struct classic_group *classic = group->classic;
    classic_for_each_member(node, classic)
    {
        struct classic_member *member = classic_member_of(node);
        if (member->join != NULL)
            classic_answer_join_error(effects, group_unpark(&member->join), member->id, error);
        if (member->sync != NULL)
            classic_answer_sync_error(effects, group_unpark(&member->sync), error);
    }
}

enum kerr classic_validate_member(const struct classic_group *classic, struct slice member_id,
                                  struct slice instance_id)
{
    if (!slice_is_null(instance_id)) {
        const struct classic_member *holder = classic_find_instance(classic, instance_id);
        if (holder == NULL)
            return KERR_UNKNOWN_MEMBER_ID;
        if (!slice_equal(holder->id, member_id))
            return KERR_FENCED_INSTANCE_ID;
    }
    return classic_find_member(classic, member_id) == NULL ? KERR_UNKNOWN_MEMBER_ID : KERR_NONE;
}

/* ---- what it says of itself ---- */

const char *classic_group_state_name(const struct group *group)
{
    static const char *const names[] = {
        [CLASSIC_EMPTY] = "Empty",
        [CLASSIC_PREPARING_REBALANCE] = "PreparingRebalance",
        [CLASSIC_COMPLETING_REBALANCE] = "CompletingRebalance",
        [CLASSIC_STABLE] = "Stable",
    };
    return names[group->classic->state];
}

struct slice classic_group_protocol_type(const struct group *group)
{
    return group->classic->type;
}

bool classic_group_is_empty(const struct group *group)
{
    return group->classic->state == CLASSIC_EMPTY;
}

static void describe_member(const struct classic_group *classic, const struct classic_member *member,
                            struct describe_groups_response_member *answer, struct arena *arena)
{
    answer->member_id = arena_dup(arena, member->id);
    answer->group_instance_id = arena_dup(arena, member->instance_id);
    answer->client_id = arena_dup(arena, member->client_id);
    answer->client_host = arena_dup(arena, member->client_host);
    answer->member_assignment = arena_dup(arena, member->assignment);
    if (classic->state == CLASSIC_STABLE)
        answer->member_metadata = arena_dup(arena, classic_metadata(classic, member));
}

void classic_group_describe(const struct group *group, struct describe_groups_response_group *answer,
                            struct arena *arena)
{
    const struct classic_group *classic = group->classic;
    answer->group_state = slice_str(classic_group_state_name(group));
    answer->protocol_type = slice_is_null(classic->type) ? SLICE("") : arena_dup(arena, classic->type);
    if (classic->state == CLASSIC_STABLE && !slice_is_null(classic->protocol))
        answer->protocol_data = arena_dup(arena, classic->protocol);
    array_init(&answer->members, describe_groups_response_member, arena, classic->member_count);
    int32_t i = 0;
    classic_for_each_member(node, classic)
        describe_member(classic, classic_member_of(node), &answer->members.items[i++], arena);
}

/* ---- offsets ---- */

static enum kerr check_committer(const struct classic_group *classic,
                                 const struct offset_committer *committer)
{
    if (committer->generation < 0 && classic->state == CLASSIC_EMPTY)
        return KERR_NONE;
    if (committer->generation >= 0 || committer->member_id.len > 0
        || !slice_is_null(committer->group_instance_id)) {
        enum kerr error =
            classic_validate_member(classic, committer->member_id, committer->group_instance_id);
        if (error != KERR_NONE)
            return error;
        if (committer->generation != classic->generation)
            return KERR_ILLEGAL_GENERATION;
    } else if (!committer->transactional) {
        return KERR_UNKNOWN_MEMBER_ID;
    }
    /* It knows the generation, and yet not what it owns in it. */
    bool is_early = !committer->transactional && classic->state == CLASSIC_COMPLETING_REBALANCE;
    return is_early ? KERR_REBALANCE_IN_PROGRESS : KERR_NONE;
}

enum kerr classic_group_check_committer(struct groups *groups, struct group *group,
                                        const struct offset_committer *committer, int64_t now_ms)
{
    enum kerr error = check_committer(group->classic, committer);
    struct classic_member *member = classic_find_member(group->classic, committer->member_id);
    if (error != KERR_NONE || committer->generation < 0 || member == NULL)
        return error;
    const struct group_event event = {.kind = GROUP_OFFSET_COMMIT, .now_ms = now_ms};
    const struct classic_step step = {groups, group, group->classic, &event, NULL};
    classic_arm_member(&step, member, member->session_timeout_ms);
    return KERR_NONE;
}

bool classic_group_is_subscribed(const struct group *group, struct slice topic)
{
    const struct classic_group *classic = group->classic;
    if (!classic->knows_topics)
        return slice_equal_str(classic->type, "consumer");
    return map_find(&classic->topics, topic) != NULL;
}

bool classic_group_offsets_expire(const struct group *group, int64_t *since_wall_ms)
{
    const struct classic_group *classic = group->classic;
    *since_wall_ms = -1;
    if (slice_is_null(classic->type))
        return true;
    if (classic->state == CLASSIC_EMPTY) {
        *since_wall_ms = classic->state_since_ms;
        return true;
    }
    return classic->state == CLASSIC_STABLE && classic->knows_topics;
}
