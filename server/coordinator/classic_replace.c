/*
 * classic_replace: a static member that comes back under a new id (KIP-345, kafka-apis 9.7): where nothing
 * else changes it takes over without a rebalance, once that is stored. Part of classic_group; pure.
 */
#include "protocol/base/memory.h"
#include "protocol/messages/join_group.h"
#include "server/coordinator/classic_state.h"

enum { SKIPPING_SINCE = 9 };

/* What a replacement is undone with if its record cannot be stored. */
struct replacement {
    struct classic_group *classic;
    struct classic_member *member;
    struct slice old_id; /* its own memory */
    struct slice leader; /* as it was called before; in the effects' arena */
    struct classic_protocols old_protocols;
    int32_t old_rebalance_timeout_ms, old_session_timeout_ms;
};

static void end_join(struct classic_group *classic, struct classic_member *member)
{
    classic->joining -= member->is_joining;
    member->is_joining = false;
}

/* Kept: the group did not change, so that nobody else needs to hear of it. A leader that cannot be told to
 * skip the assignment (before v9) is told that somebody else leads. */
static void replacement_stored(struct groups *groups, const struct group_event *event,
                               struct group_effects *effects)
{
    (void)groups;
    struct replacement *replacement = effects->context;
    struct classic_group *classic = replacement->classic;
    struct classic_member *member = replacement->member;
    memory_free_slice(replacement->old_id);
    classic_free_protocols(replacement->old_protocols);
    end_join(classic, member);
    struct group_reply *reply = group_unpark(&member->join);
    if (reply == NULL)
        return;
    struct join_group_response *response = reply->response;
    if (event->reply->version >= SKIPPING_SINCE) {
        classic_fill_join(classic, member, reply);
        response->skip_assignment = member == classic->leader;
    } else {
        classic_fill_generation(classic, member->id, replacement->leader, reply);
    }
    group_answer(effects, reply);
}

static void replacement_refused(struct groups *groups, const struct group_event *event, enum kerr error,
                                struct group_effects *effects)
{
    struct replacement *replacement = effects->context;
    struct classic_group *classic = replacement->classic;
    struct classic_member *member = replacement->member;
    memory_free_slice(classic_rename_member(classic, member, replacement->old_id));
    classic_free_protocols(classic_set_protocols(classic, member, replacement->old_protocols));
    member->rebalance_timeout_ms = replacement->old_rebalance_timeout_ms;
    member->session_timeout_ms = replacement->old_session_timeout_ms;
    const struct classic_step step = {groups, find_group(groups, event->group_id), classic, event, effects};
    classic_arm_member(&step, member, member->session_timeout_ms);
    end_join(classic, member);
    struct group_reply *reply = group_unpark(&member->join);
    if (reply == NULL)
        return;
    classic_fill_generation(classic, SLICE(""), replacement->leader, reply);
    ((struct join_group_response *)reply->response)->error_code = (int16_t)group_error_of_append(error);
    group_answer(effects, reply);
}

static void fence(const struct classic_step *step, struct classic_member *member)
{
    if (member->join != NULL)
        classic_answer_join_error(step->effects, group_unpark(&member->join), member->id,
                                  KERR_FENCED_INSTANCE_ID);
    if (member->sync != NULL)
        classic_answer_sync_error(step->effects, group_unpark(&member->sync), KERR_FENCED_INSTANCE_ID);
    end_join(step->classic, member);
    member->is_syncing = false;
}

static struct replacement *replace(const struct classic_step *step, struct classic_member *member,
                                   struct slice id)
{
    struct classic_group *classic = step->classic;
    const struct join_group_request *request = step->event->request;
    struct replacement *replacement = arena_new(step->effects->arena, struct replacement);
    replacement->classic = classic;
    replacement->member = member;
    replacement->leader = arena_dup(step->effects->arena, classic->leader->id);
    replacement->old_rebalance_timeout_ms = member->rebalance_timeout_ms;
    replacement->old_session_timeout_ms = member->session_timeout_ms;
    fence(step, member);
    replacement->old_id = classic_rename_member(classic, member, memory_dup(id));
    replacement->old_protocols = classic_set_protocols(
        classic, member, classic_copy_protocols(classic, request->protocols.items, request->protocols.count));
    classic_arm_member(step, member, member->session_timeout_ms);
    member->rebalance_timeout_ms = classic_asked_rebalance_timeout_ms(step->event);
    member->session_timeout_ms = request->session_timeout_ms;
    member->is_new = false;
    return replacement;
}

void classic_replace_static_member(const struct classic_step *step, struct classic_member *member,
                                   struct slice id)
{
    struct classic_group *classic = step->classic;
    struct replacement *replacement = replace(step, member, id);
    classic_wait_for_join(step, member);
    if (classic->state == CLASSIC_STABLE
        && slice_equal(classic->protocol, classic_choose_protocol(classic))) {
        classic_write_group(step, false);
        step->effects->context = replacement;
        step->effects->stored = replacement_stored;
        step->effects->refused = replacement_refused;
        return;
    }
    memory_free_slice(replacement->old_id);
    classic_free_protocols(replacement->old_protocols);
    classic_rebalance(step);
}
