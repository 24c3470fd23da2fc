/*
 * consumer_state: what the files of consumer_group share. Not for anybody else. See groups.h for the rules of
 * a step.
 *
 * Invariants:
 *  1. All but deadlines, what was looked at, and a resolution that runs, is what the records say: it changes
 *     in consumer_record.c and nowhere else.
 *  2. `holders` has each partition that some member is assigned or has to revoke; in an undamaged log it has
 *     one holder.
 *  3. A regex is known while a member is subscribed with it or a record says what it matched.
 *  4. group.due_ms is no later than the earliest deadline in here.
 */
#ifndef SERVER_COORDINATOR_CONSUMER_STATE_H
#define SERVER_COORDINATOR_CONSUMER_STATE_H

#include "protocol/messages/consumer_group_heartbeat.h"
#include "server/coordinator/classic_state.h"
#include "server/coordinator/consumer_group.h"
#include "server/coordinator/partition_set.h"

/* As the records number them. */
enum consumer_member_state {
    CONSUMER_STABLE = 0,
    CONSUMER_UNREVOKED = 1,  /* it has to give up partitions before it comes into the next epoch */
    CONSUMER_UNRELEASED = 2, /* others have not given up yet what it shall get */
    CONSUMER_UNKNOWN = 127,  /* of a later release */
};

enum {
    EPOCH_JOINING = 0,
    EPOCH_LEAVING = -1,
    EPOCH_AWAY = -2, /* a static member that will come back */
    EPOCH_FIRST = 1, /* of a group, and of its assignment: there is none */
};

/* The strings of a copy that a step makes may belong to the request. */
struct consumer_member {
    struct list_node node; /* in consumer_group.members, as they came */
    struct slice id;       /* these are its own */
    struct slice instance_id;
    struct slice rack_id;
    struct slice client_id;
    struct slice client_host;
    struct slice *topics; /* that it names; in order, none twice */
    int32_t topic_count;
    struct slice regex; /* null or "": none */
    int32_t rebalance_timeout_ms;
    struct slice assignor; /* null: no preference */
    bool is_classic;       /* speaks the classic protocol: the two below */
    int32_t session_timeout_ms;
    struct classic_protocols protocols;
    int32_t epoch;
    int32_t previous_epoch;
    enum consumer_member_state state;
    struct partition_set assigned; /* these are its own */
    struct partition_set revoking; /* taken from it, and not given up yet */

    int64_t session_deadline_ms;   /* INT64_MAX: none, as the next ones */
    int64_t rebalance_deadline_ms; /* to give up what it has to */
    int32_t rebalance_epoch;       /* in which that was asked */
    int64_t join_deadline_ms;      /* of a classic member that was told to join again */
    int64_t sync_deadline_ms;      /* of one that has, to sync */
    int64_t leaves_in;             /* the step that takes it out */
};

/* What a member shall own, as the assignor has it. */
struct consumer_target {
    struct slice member_id; /* its own */
    struct partition_set partitions;
};

struct consumer_regex {
    struct slice text;    /* its own */
    int32_t members;      /* subscribed with it */
    bool is_resolved;     /* a record says what it matched: */
    struct slice *topics; /* in order; its own */
    int32_t topic_count;
    int64_t version; /* the image's topics that it was held against */
    int64_t wall_ms;
};

struct regex_resolution; /* consumer_regex.c */

struct consumer_group {
    int32_t epoch;
    int64_t metadata_hash;
    int32_t assignment_epoch;
    int64_t assignment_wall_ms;
    bool has_partition_metadata; /* a record of 4.0 that is to be taken back */
    struct list_node members;
    int32_t member_count;
    int32_t classic_count;
    struct map by_id;           /* struct consumer_member */
    struct map by_instance;     /* the static ones */
    struct map targets;         /* by member id, struct consumer_target */
    struct map regexes;         /* by text, struct consumer_regex */
    int32_t subscribed_regexes; /* of them, with members */
    int32_t resolved_regexes;
    int64_t regex_version; /* of the last that was resolved; -1: none */
    int64_t regex_wall_ms; /* INT64_MIN: none */
    struct map holders;    /* topic and partition -> struct holder */
    uint64_t seed;

    int64_t looked_at;   /* the image's topics_offset when the metadata hash was worked out; -1: never */
    int64_t step_number; /* counts those that take members out */
    struct regex_resolution *resolution; /* that runs; NULL: none */
};

/* One step of one group. What is in it is what will be once the records are stored. */
struct consumer_step {
    struct groups *groups;
    struct slice group_id;
    struct consumer_group *consumer;
    const struct group_event *event;
    struct group_effects *effects;
    struct consumer_member *member;         /* changed or new; NULL: none. In the effects' arena */
    const struct consumer_member *before;   /* what it was; NULL: it is new */
    const struct consumer_member *replaced; /* the static member that it takes the place of; NULL */
    bool leaves;                            /* some leave: those with consumer->step_number */
    struct consumer_member **converted;     /* members that were classic ones until now */
    int32_t converted_count;
    int32_t epoch;
    int64_t metadata_hash;
    int32_t assignment_epoch;
};

#define consumer_for_each_member(node_, consumer) list_for_each(node_, &(consumer)->members)

static inline struct consumer_member *consumer_member_of(struct list_node *node)
{
    return list_entry(node, struct consumer_member, node);
}

static inline bool consumer_has_regex(const struct consumer_member *member)
{
    return member->regex.len > 0;
}

/* ---- consumer_group.c ---- */

/* A group that knows nobody, and belongs to no struct group yet. */
struct consumer_group *consumer_group_new(struct groups *groups);

/* A step that changes nothing so far. */
struct consumer_step consumer_step_of(struct groups *groups, struct slice group_id,
                                      struct consumer_group *consumer, const struct group_event *event,
                                      struct group_effects *effects);

/* A setting of the group's own, or else of all groups. */
int32_t consumer_session_timeout_ms(const struct groups *groups, struct slice group_id,
                                    const struct image *image);
int32_t consumer_heartbeat_interval_ms(const struct groups *groups, struct slice group_id,
                                       const struct image *image);
int32_t consumer_assignment_interval_ms(const struct groups *groups, struct slice group_id,
                                        const struct image *image);

/* Takes the first name off group.consumer.assignors. */
struct slice consumer_next_assignor(struct slice *list);

/* The first that it names. */
struct slice consumer_default_assignor(const struct groups *groups);
bool consumer_has_assignor(const struct groups *groups, struct slice name);

/* What most of these members would have. */
struct slice consumer_preferred_assignor(const struct groups *groups, const struct consumer_group *consumer,
                                         const struct consumer_member *const *members, int32_t count);

/* The members as the step leaves them, in the arena; *count. */
const struct consumer_member **consumer_members_after(const struct consumer_step *step, int32_t *count);

/* Whether it is where the group's assignment wants it. */
static inline bool consumer_is_reconciled(const struct consumer_member *member, int32_t assignment_epoch)
{
    return member->state == CONSUMER_STABLE && member->epoch == assignment_epoch;
}

/* ---- consumer_members.c ---- */

struct consumer_member *consumer_find_member(const struct consumer_group *consumer, struct slice id);
struct consumer_member *consumer_find_instance(const struct consumer_group *consumer, struct slice id);

/* Fills a member that knows nothing of itself but its id. */
void consumer_member_init(struct consumer_member *member, struct slice id);

/* A copy that outlives the member. */
void consumer_copy_member(struct consumer_member *to, const struct consumer_member *from,
                          struct arena *arena);

/* A new member of the group; the id is copied. */
struct consumer_member *consumer_add_member(struct consumer_group *consumer, struct slice id);
void consumer_remove_member(struct consumer_group *consumer, struct consumer_member *member);

/* Replace a member's parts by copies of what is given; what depends on them follows. */
void consumer_set_subscription(struct consumer_group *consumer, struct consumer_member *member,
                               const struct consumer_member *from);
void consumer_set_assignment(struct consumer_group *consumer, struct consumer_member *member,
                             const struct consumer_member *from);

/* Nobody is assigned this partition, nor has to revoke it. */
bool consumer_is_free(const struct consumer_group *consumer, struct uuid topic, int32_t partition);

const struct partition_set *consumer_target_of(const struct consumer_group *consumer, struct slice member_id);
bool consumer_has_target(const struct consumer_group *consumer, struct slice member_id);
void consumer_set_target(struct consumer_group *consumer, struct slice member_id,
                         const struct partition_set *partitions);
void consumer_remove_target(struct consumer_group *consumer, struct slice member_id);

/* NULL: neither members nor a result. */
struct consumer_regex *consumer_find_regex(const struct consumer_group *consumer, struct slice text);
void consumer_set_resolved(struct consumer_group *consumer, struct slice text, const struct slice *topics,
                           int32_t count, int64_t version, int64_t wall_ms);
void consumer_remove_resolved(struct consumer_group *consumer, struct slice text);

/* Frees members, targets, regexes and holders. */
void consumer_fini_members(struct consumer_group *consumer);

/* ---- consumer_topics.c ---- */

/* Puts names into order, each once; in place. Returns how many stay. */
int32_t consumer_sort_names(struct slice *names, int32_t count);
bool consumer_names_equal(const struct slice *a, int32_t a_count, const struct slice *b, int32_t b_count);
bool consumer_names_have(const struct slice *names, int32_t count, struct slice name);

/* Whether the member is subscribed to the topic, by name or by a regex that has been resolved. */
bool consumer_is_subscribed_to(const struct consumer_group *consumer, const struct consumer_member *member,
                               struct slice topic);

/* All topics that these members are subscribed to, in order, in the arena; *count. */
struct slice *consumer_subscribed_topics(const struct consumer_group *consumer,
                                         const struct consumer_member *const *members, int32_t member_count,
                                         struct arena *arena, int32_t *count);

/* What Kafka's records say of these topics: of their ids, names, partitions and racks. 0: none exists. */
int64_t consumer_metadata_hash(const struct image *image, const struct slice *topics, int32_t count);

/* ---- consumer_record.c ---- */

/* Each writes one record. Members are borrowed until the records are stored. */
void consumer_write_member(const struct consumer_step *step, const struct consumer_member *member);
void consumer_write_epoch(const struct consumer_step *step);
void consumer_write_target(const struct consumer_step *step, struct slice member_id,
                           const struct partition_set *partitions);
void consumer_write_target_metadata(const struct consumer_step *step, int64_t wall_ms);
void consumer_write_current(const struct consumer_step *step, const struct consumer_member *member);
void consumer_write_regex(const struct consumer_step *step, struct slice text, struct slice *topics,
                          int32_t count, int64_t version);

/* And takes one back. */
void consumer_write_member_tombstones(const struct consumer_step *step, struct slice member_id);
void consumer_write_partition_metadata_tombstone(const struct consumer_step *step);
void consumer_write_regex_tombstone(const struct consumer_step *step, struct slice text);

/* All of the group. */
void consumer_write_tombstones(const struct consumer_step *step);

/* What a record says of a group, which may be one that is only being thought of. */
void consumer_apply_to(struct consumer_group *consumer, const struct group_record *record);

/* ---- consumer_target.c ---- */

/* Works out who shall own what if the group has a newer epoch than its assignment and the last one is long
 * enough ago; writes what changes. Returns what the step's member shall own. */
struct partition_set consumer_update_target(struct consumer_step *step);

/* ---- consumer_reconcile.c ---- */

/* What a member says that it owns. */
struct owned_partitions {
    const struct set_partition *items;
    int32_t count; /* -1: it does not say */
};

/* Brings the step's member nearer to its target; writes what changes. False: it is in a state that nobody
 * here knows, and must come anew. */
bool consumer_reconcile(struct consumer_step *step, const struct partition_set *target,
                        bool has_subscription_changed, struct owned_partitions owned);

/* ---- consumer_change.c ---- */

/* The step's member is as its request says, and was like `former` before (as a new one is, where it is new):
 * writes that, and the epoch of the group if it must rise for it. *has_subscription_changed says whether the
 * member reads other topics. False: the regex is none, and the note says why. */
bool consumer_change_member(struct consumer_step *step, const struct consumer_member *former,
                            bool *has_subscription_changed, struct note *why);

/* Writes the group's epoch, one higher, with the hash of what its members read after the step. */
void consumer_bump_epoch(struct consumer_step *step);

/* The static member that is replaced goes, and the step's member, like it yet, has its place. */
void consumer_write_replacement(struct consumer_step *step);

/* ---- consumer_heartbeat.c ---- */

static inline const struct consumer_group_heartbeat_request *beat_request_of(const struct group_event *event)
{
    return event->request;
}

/* The answer to a heartbeat is this error and nothing else. */
void consumer_refuse(const struct group_event *event, enum kerr error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The step's member, called `id`, is who `holder`, a static member, was; writes that. */
void consumer_take_place(struct consumer_step *step, const struct consumer_member *holder, struct slice id);

/* Where it must say what it may not have: who it is for. */
void consumer_arm_rebalance(struct groups *groups, struct group *group, struct consumer_member *member,
                            int64_t now_ms);

/* ---- consumer_leave.c ---- */

/* ConsumerGroupHeartbeat with an epoch that says goodbye. Fills the answer. */
void consumer_leave(struct groups *groups, struct group *group, const struct group_event *event,
                    struct group_effects *effects);

/* What consumer_fence_members shall take out, between the two. */
void consumer_begin_leaving(struct consumer_step *step);
void consumer_mark_leaving(struct consumer_step *step, struct consumer_member *member);

/* Writes that those who are marked are gone. Where all others speak the classic protocol the group becomes a
 * classic one, and `effects->stored` is set for it. */
void consumer_fence_members(struct consumer_step *step, int32_t count);

/* ---- consumer_time.c ---- */

/* The group is looked at by then at the latest. */
void consumer_arm(struct groups *groups, struct group *group, int64_t deadline_ms);
void consumer_arm_session(struct groups *groups, struct group *group, struct consumer_member *member,
                          int64_t now_ms, int32_t timeout_ms);

/* ---- consumer_regex.c ---- */

/* Begins to resolve what the group's members are subscribed with, where that is due. */
void consumer_start_resolution(struct groups *groups, struct group *group, const struct group_event *event,
                               int64_t new_topics_offset);

/* Goes on with it, for as many names as may be tried at once; at its end writes what was found. */
void consumer_continue_resolution(struct consumer_step *step);
void consumer_end_resolution(struct consumer_group *consumer);

#endif
