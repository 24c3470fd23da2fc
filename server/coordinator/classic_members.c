/*
 * classic_members: who is in a classic group: by id, by instance id, in the order in which they came; and the
 * ids that were handed out. Part of classic_group; pure.
 */
#include "protocol/base/ensure.h"
#include "protocol/base/memory.h"
#include "protocol/messages/join_group.h"
#include "server/coordinator/classic_state.h"

struct classic_member *classic_find_member(const struct classic_group *classic, struct slice id)
{
    return map_find(&classic->by_id, id);
}

struct classic_member *classic_find_instance(const struct classic_group *classic, struct slice instance_id)
{
    return map_find(&classic->by_instance, instance_id);
}

void classic_add_member(struct classic_group *classic, struct classic_member *member)
{
    ensure(map_find(&classic->by_id, member->id) == NULL);
    list_append(&classic->members, &member->node);
    classic->member_count++;
    map_put(&classic->by_id, member->id, member);
    if (!slice_is_null(member->instance_id)) {
        void *other = map_put(&classic->by_instance, member->instance_id, member);
        ensure(other == NULL);
    }
    classic_count_protocols(classic, &member->protocols, 1);
    if (classic->leader == NULL)
        classic->leader = member;
}

void classic_free_member(struct classic_member *member)
{
    memory_free_slice(member->id);
    memory_free_slice(member->instance_id);
    memory_free_slice(member->client_id);
    memory_free_slice(member->client_host);
    memory_free_slice(member->assignment);
    classic_free_protocols(member->protocols);
    free(member);
}

/* Kafka never answers the sync of a member that is made to leave meanwhile. */
static void answer_removed(const struct classic_step *step, struct classic_member *member)
{
    if (member->join != NULL)
        classic_answer_join_error(step->effects, group_unpark(&member->join), SLICE(""),
                                  KERR_UNKNOWN_MEMBER_ID);
    if (member->sync != NULL)
        classic_answer_sync_error(step->effects, group_unpark(&member->sync), KERR_UNKNOWN_MEMBER_ID);
}

void classic_remove_member(const struct classic_step *step, struct classic_member *member)
{
    struct classic_group *classic = step->classic;
    answer_removed(step, member);
    classic->joining -= member->is_joining;
    list_remove(&member->node);
    classic->member_count--;
    map_remove(&classic->by_id, member->id);
    if (!slice_is_null(member->instance_id))
        map_remove(&classic->by_instance, member->instance_id);
    classic_count_protocols(classic, &member->protocols, -1);
    if (classic->leader == member)
        classic->leader = list_is_empty(&classic->members) ? NULL : classic_member_of(classic->members.next);
    classic_free_member(member);
}

struct slice classic_rename_member(struct classic_group *classic, struct classic_member *member,
                                   struct slice id)
{
    struct slice old = member->id;
    map_remove(&classic->by_id, old);
    member->id = id;
    map_put(&classic->by_id, id, member);
    return old;
}

struct classic_protocols classic_set_protocols(struct classic_group *classic, struct classic_member *member,
                                               struct classic_protocols protocols)
{
    struct classic_protocols old = member->protocols;
    classic_count_protocols(classic, &protocols, 1);
    classic_count_protocols(classic, &old, -1);
    member->protocols = protocols;
    return old;
}

/* ---- ids that were handed out ---- */

struct classic_pending *classic_find_pending(const struct classic_group *classic, struct slice id)
{
    return map_find(&classic->pending_by_id, id);
}

void classic_remove_pending(struct classic_group *classic, struct classic_pending *pending)
{
    map_remove(&classic->pending_by_id, pending->id);
    list_remove(&pending->node);
    classic->pending_count--;
    memory_free_slice(pending->id);
    free(pending);
}

void classic_add_pending(struct classic_group *classic, struct slice id, int64_t deadline_ms)
{
    if (classic->pending_count == CLASSIC_PENDING_MAX)
        classic_remove_pending(classic, list_entry(classic->pending.next, struct classic_pending, node));
    struct classic_pending *pending = calloc(1, sizeof *pending);
    ensure(pending != NULL);
    pending->id = memory_dup(id);
    pending->deadline_ms = deadline_ms;
    list_append(&classic->pending, &pending->node);
    classic->pending_count++;
    map_put(&classic->pending_by_id, pending->id, pending);
}
