/*
 * classic_state: what the files of classic_group share: its state in memory. Not for anybody else, except
 * that a conversion to or from the consumer protocol may look. See groups.h for the rules of a step.
 *
 * Invariants:
 *  1. A member's join waits (is_joining) only while the group prepares a rebalance, its sync (is_syncing)
 *     only while it completes one. Both count even after the asker has gone: the reply is NULL then.
 *  2. joining, unsynced and the counts of protocols are what a look at every member would find.
 *  3. A group has members unless it is empty, or prepares a rebalance that all have left.
 *  4. There is a protocol that every member supports.
 *  5. group.due_ms is no later than the earliest deadline in here.
 */
#ifndef SERVER_COORDINATOR_CLASSIC_STATE_H
#define SERVER_COORDINATOR_CLASSIC_STATE_H

#include <stdlib.h>

#include "server/coordinator/classic_group.h"

#include "protocol/base/memory.h"

enum classic_state {
    CLASSIC_EMPTY,
    CLASSIC_PREPARING_REBALANCE,  /* waits for the members to join */
    CLASSIC_COMPLETING_REBALANCE, /* waits for the leader's assignment */
    CLASSIC_STABLE,
};

/* What a member could speak, and the bytes that go with it. Owns both. */
struct classic_protocol {
    struct slice name;
    struct slice metadata;
};

struct classic_protocols {
    struct classic_protocol *items; /* the best first; no name twice */
    int32_t count;
};

struct classic_member {
    struct list_node node; /* in classic_group.members, as they came */
    struct slice id;       /* these are its own */
    struct slice instance_id;
    struct slice client_id;
    struct slice client_host;
    int32_t rebalance_timeout_ms;
    int32_t session_timeout_ms;
    struct classic_protocols protocols;
    struct slice assignment;  /* its own; "" none */
    struct slice given;       /* within a sync: what the leader gives it; borrowed */
    struct group_reply *join; /* where its answers go while it waits */
    struct group_reply *sync;
    int64_t deadline_ms; /* when its session ends; INT64_MAX: not while it waits */
    bool is_joining;
    bool is_syncing;
    bool is_new;      /* since its first join, until that is answered: its client may be gone */
    bool is_unsynced; /* has not synced in this generation */
};

/* A member id that was handed out (KIP-394) and has not joined yet. */
struct classic_pending {
    struct list_node node; /* in classic_group.pending, the oldest first */
    struct slice id;       /* its own */
    int64_t deadline_ms;
};

/* How many members support a protocol. */
struct classic_support {
    struct slice name; /* its own */
    int32_t members;
    int32_t votes, first_vote; /* within a choice; the latter counts protocols */
};

struct classic_group {
    enum classic_state state;
    bool is_initial;        /* prepares its first rebalance since it was empty */
    int64_t state_since_ms; /* wall clock; -1: not known */
    struct slice type;      /* "consumer" ...; null: a simple group. Its own, as the next one */
    struct slice protocol;  /* that was chosen; null: none */
    int32_t generation;
    struct classic_member *leader; /* NULL: none */
    struct list_node members;
    int32_t member_count;
    struct map by_id;       /* struct classic_member */
    struct map by_instance; /* the static ones */
    struct list_node pending;
    int32_t pending_count;
    struct map pending_by_id;
    struct map support; /* struct classic_support */
    int32_t joining;    /* members whose join waits */
    int32_t unsynced;
    int64_t phase_deadline_ms; /* of the join or the sync; INT64_MAX: none */
    int32_t initial_delay_ms;  /* of the first join: this window, and what is left for more */
    int32_t initial_left_ms;
    bool has_grown; /* a member came in this window */
    bool knows_topics;
    struct map topics; /* subscribed when this generation began; keys and values are the same memory */
};

/* One step of one group. */
struct classic_step {
    struct groups *groups;
    struct group *group;
    struct classic_group *classic;
    const struct group_event *event;
    struct group_effects *effects;
};

/* Ids that wait to be used; beyond, the oldest is forgotten (its client asks for another one). */
enum { CLASSIC_PENDING_MAX = 10000 };

/* A first join may wait so long, however short the session. */
enum { CLASSIC_NEW_MEMBER_TIMEOUT_MS = 5 * 60 * 1000 };

static inline void classic_replace_slice(struct slice *place, struct slice owned)
{
    memory_free_slice(*place);
    *place = owned;
}

#define classic_for_each_member(node_, classic) list_for_each(node_, &(classic)->members)

static inline struct classic_member *classic_member_of(struct list_node *node)
{
    return list_entry(node, struct classic_member, node);
}

static inline bool classic_all_joined(const struct classic_group *classic)
{
    return classic->joining == classic->member_count && classic->pending_count == 0;
}

/* ---- classic_group.c ---- */

/* A group that knows nobody, in place of whatever kind's state `group` had. */
struct classic_group *classic_group_new(struct groups *groups, struct group *group, int64_t wall_ms);

/* NONE, or how the member is unknown or fenced (KIP-345). */
enum kerr classic_validate_member(const struct classic_group *classic, struct slice member_id,
                                  struct slice instance_id);

/* ---- classic_members.c ---- */

struct classic_member *classic_find_member(const struct classic_group *classic, struct slice id);
struct classic_member *classic_find_instance(const struct classic_group *classic, struct slice instance_id);

/* Takes over `member`, whose strings and protocols are its own. */
void classic_add_member(struct classic_group *classic, struct classic_member *member);

/* Takes the member out and frees it; whatever waits for it is told UNKNOWN_MEMBER_ID. Unless the group awaits
 * joins, a rebalance must follow: who has not synced is counted anew there. */
void classic_remove_member(const struct classic_step *step, struct classic_member *member);

/* Replaces the id (takes it over) and gives back the old one, which is the caller's now. */
struct slice classic_rename_member(struct classic_group *classic, struct classic_member *member,
                                   struct slice id);

/* Replaces the protocols (takes them over) and gives back the old ones. */
struct classic_protocols classic_set_protocols(struct classic_group *classic, struct classic_member *member,
                                               struct classic_protocols protocols);

void classic_free_member(struct classic_member *member);

/* Ids that have been handed out. */
struct classic_pending *classic_find_pending(const struct classic_group *classic, struct slice id);
void classic_add_pending(struct classic_group *classic, struct slice id, int64_t deadline_ms);
void classic_remove_pending(struct classic_group *classic, struct classic_pending *pending);

/* ---- classic_protocols.c ---- */

/* Copies what a request offers, each name once. */
struct join_group_protocol;
struct classic_protocols classic_copy_protocols(const struct classic_group *classic,
                                                const struct join_group_protocol *offered, int32_t count);
void classic_free_protocols(struct classic_protocols protocols);

/* The same names and bytes in the same order. */
bool classic_offers(const struct classic_member *member, const struct join_group_protocol *offered,
                    int32_t count);

/* One more, or one less, who supports these. */
void classic_count_protocols(struct classic_group *classic, const struct classic_protocols *protocols,
                             int change);

/* Whether a member that offers these may be in the group. */
bool classic_supports(const struct classic_group *classic, struct slice type,
                      const struct join_group_protocol *offered, int32_t count);

/* Whether there is something that all support. */
bool classic_has_candidate(const struct classic_group *classic);

/* What most members would have of what all support; borrowed. Members must not be missing. */
struct slice classic_choose_protocol(struct classic_group *classic);

/* The member's bytes for the group's protocol; "" where there is none. */
struct slice classic_metadata(const struct classic_group *classic, const struct classic_member *member);

/* Reads the subscriptions of the generation that begins. */
void classic_read_topics(struct classic_group *classic);
void classic_forget_topics(struct classic_group *classic);

/* ---- classic_rebalance.c ---- */

/* The group is looked at by then at the latest. */
void classic_arm(const struct classic_step *step, int64_t deadline_ms);

/* The member's session ends in so many ms, from now. */
void classic_arm_member(const struct classic_step *step, struct classic_member *member, int32_t timeout_ms);

/* The member waits for the end of the join phase; whoever waited for the same is told to ask again. */
void classic_wait_for_join(const struct classic_step *step, struct classic_member *member);

/* Starts a rebalance, or ends its join phase if it was only waiting for what has just happened. */
void classic_rebalance(const struct classic_step *step);
void classic_prepare_rebalance(const struct classic_step *step);
void classic_complete_join(const struct classic_step *step);
void classic_maybe_complete_join(const struct classic_step *step);

/* The member has synced, or will not. */
void classic_has_synced(struct classic_group *classic, struct classic_member *member);

/* Everybody's sync that waits is answered: with the assignment, or the error and none. */
void classic_answer_syncs(const struct classic_step *step, enum kerr error);

/* Another window for a first join if somebody came in this one and there is time left. */
bool classic_extend_initial_join(const struct classic_step *step);

/* ---- classic_join.c ---- */

/* What the request asks for; the first version had one timeout for both. */
int32_t classic_asked_rebalance_timeout_ms(const struct group_event *event);

/* Fills all of a join's answer but the members. */
void classic_fill_generation(const struct classic_group *classic, struct slice member_id, struct slice leader,
                             struct group_reply *reply);

/* Fills the answer of a join with what the group is now; the members if it is the leader's. */
void classic_fill_join(const struct classic_group *classic, const struct classic_member *member,
                       struct group_reply *reply);

void classic_answer_join_error(struct group_effects *effects, struct group_reply *reply,
                               struct slice member_id, enum kerr error);

/* ---- classic_replace.c ---- */

/* The member's instance has come back and is called `id` from now on; whoever was it is fenced. */
void classic_replace_static_member(const struct classic_step *step, struct classic_member *member,
                                   struct slice id);

/* ---- classic_leave.c ---- */

/* `refused` of a LeaveGroup to a group of either kind: its answer says for each member what the record of
 * them all did. */
void classic_leaving_refused(struct groups *groups, const struct group_event *event, enum kerr error,
                             struct group_effects *effects);

/* ---- classic_sync.c ---- */

void classic_answer_sync_error(struct group_effects *effects, struct group_reply *reply, enum kerr error);

/* ---- classic_record.c ---- */

/* The record of the group as it is; `given` in place of the assignments. */
void classic_write_group(const struct classic_step *step, bool given);

#endif
