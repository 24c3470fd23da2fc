/*
 * classic_record: what of a classic group outlives a restart: the record that Apache Kafka writes, and the
 * group that such a record makes. Part of classic_group; pure.
 */
#include "protocol/base/ensure.h"
#include "protocol/base/memory.h"
#include "protocol/messages/join_group.h"
#include "server/coordinator/classic_state.h"

static struct slice or_empty(struct slice text)
{
    return slice_is_null(text) ? SLICE("") : text;
}

static void fill_member(const struct classic_group *classic, const struct classic_member *member, bool given,
                        struct group_metadata_member *to)
{
    to->member_id = member->id;
    to->group_instance_id = member->instance_id;
    to->client_id = member->client_id;
    to->client_host = member->client_host;
    to->rebalance_timeout = member->rebalance_timeout_ms;
    to->session_timeout = member->session_timeout_ms;
    to->subscription = classic_metadata(classic, member);
    to->assignment = or_empty(given ? member->given : member->assignment);
}

/* Borrows from the group, which does not change before the record is stored. */
void classic_write_group(const struct classic_step *step, bool given)
{
    const struct classic_group *classic = step->classic;
    struct arena *arena = step->effects->arena;
    struct group_metadata_key *key = arena_new(arena, struct group_metadata_key);
    key->group = step->group->id;
    struct group_metadata_value *value = arena_new(arena, struct group_metadata_value);
    schema_set_defaults(group_metadata_value_schema(), value);
    value->protocol_type = or_empty(classic->type);
    value->generation = classic->generation;
    value->protocol = classic->protocol;
    value->leader = classic->leader == NULL ? SLICE_NULL : classic->leader->id;
    value->current_state_timestamp = classic->state_since_ms;
    array_init(&value->members, group_metadata_member, arena, classic->member_count);
    int32_t i = 0;
    classic_for_each_member(node, classic)
        fill_member(classic, classic_member_of(node), given, &value->members.items[i++]);
    group_write(step->effects, &group_metadata_key_message, key, value);
}

void classic_group_write_tombstone(const struct group *group, struct group_effects *effects)
{
    struct group_metadata_key *key = arena_new(effects->arena, struct group_metadata_key);
    key->group = arena_dup(effects->arena, group->id);
    group_write(effects, &group_metadata_key_message, key, NULL);
}

/* ---- and back ---- */

static struct classic_member *load_member(const struct classic_group *classic,
                                          const struct group_metadata_member *from)
{
    struct classic_member *member = calloc(1, sizeof *member);
    ensure(member != NULL);
    member->id = memory_dup(from->member_id);
    member->instance_id = memory_dup(from->group_instance_id);
    member->client_id = memory_dup(from->client_id);
    member->client_host = memory_dup(from->client_host);
    member->rebalance_timeout_ms =
        from->rebalance_timeout == -1 ? from->session_timeout : from->rebalance_timeout;
    member->session_timeout_ms = from->session_timeout;
    struct join_group_protocol protocol = {or_empty(classic->protocol), from->subscription};
    member->protocols = classic_copy_protocols(classic, &protocol, 1);
    member->assignment = memory_dup(or_empty(from->assignment));
    member->deadline_ms = INT64_MAX;
    return member;
}

/* A member that is there twice, which only a broken record says, counts once. */
static void load_members(struct classic_group *classic, const struct group_metadata_value *value)
{
    for (int32_t i = 0; i < value->members.count; i++) {
        const struct group_metadata_member *from = &value->members.items[i];
        if (classic_find_member(classic, from->member_id) != NULL)
            continue;
        if (!slice_is_null(from->group_instance_id)
            && classic_find_instance(classic, from->group_instance_id) != NULL)
            continue;
        classic_add_member(classic, load_member(classic, from));
    }
    struct classic_member *leader =
        slice_is_null(value->leader) ? NULL : classic_find_member(classic, value->leader);
    if (leader != NULL)
        classic->leader = leader;
}

/* The group of that name, made anew: a record says all that there is. NULL: it is one of another kind. */
static struct group *get_group(struct groups *groups, struct slice id)
{
    struct group *group = find_group(groups, id);
    if (group == NULL)
        return group_new(groups, id);
    if (group->kind != GROUP_IS_CLASSIC)
        return NULL;
    classic_group_free(group->classic);
    return group;
}

void classic_group_load(struct groups *groups, const struct group_metadata_key *key,
                        const struct group_metadata_value *value)
{
    if (value == NULL) {
        struct group *gone = find_group(groups, key->group);
        if (gone != NULL && gone->kind == GROUP_IS_CLASSIC)
            group_remove(groups, gone);
        return;
    }
    struct group *group = get_group(groups, key->group);
    if (group == NULL)
        return;
    struct classic_group *classic = classic_group_new(groups, group, value->current_state_timestamp);
    if (value->protocol_type.len > 0)
        classic->type = memory_dup(value->protocol_type);
    classic->protocol = memory_dup(value->protocol);
    classic->generation = value->generation;
    load_members(classic, value);
    if (classic->member_count > 0)
        classic->state = CLASSIC_STABLE;
    classic_read_topics(classic);
}

void classic_group_loaded(struct groups *groups, struct group *group, int64_t now_ms,
                          struct group_effects *effects)
{
    struct classic_group *classic = group->classic;
    const struct group_event event = {
        .kind = GROUP_TIME, .group_id = group->id, .now_ms = now_ms, .wall_ms = -1};
    const struct classic_step step = {groups, group, classic, &event, effects};
    classic_for_each_member(node, classic)
    {
        struct classic_member *member = classic_member_of(node);
        classic_arm_member(&step, member, member->session_timeout_ms);
    }
    if (classic->member_count > groups->config.max_size)
        classic_prepare_rebalance(&step);
}
