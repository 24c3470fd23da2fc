/*
 * group_state: what the parts of the group coordinator's state machine (groups, classic_group,
 * consumer_group, group_offsets) share. Not for anybody else; see groups.h for the rules of a step.
 */
#ifndef SERVER_COORDINATOR_GROUP_STATE_H
#define SERVER_COORDINATOR_GROUP_STATE_H

#include "protocol/base/map.h"
#include "server/coordinator/groups.h"

struct classic_group;
struct consumer_group;

enum group_kind { GROUP_IS_CLASSIC, GROUP_IS_CONSUMER };

struct group {
    struct slice id; /* its own memory */
    enum group_kind kind;
    union {
        struct classic_group *classic;
        struct consumer_group *consumer;
    };
    int64_t due_ms;   /* monotonic; when the group must be looked at; INT64_MAX: never */
    size_t due_place; /* in groups.due; SIZE_MAX: not there */
};

struct group_offsets; /* group_offsets.h: what groups have committed, whatever kind they are */

struct groups {
    struct groups_config config;
    struct map by_id;   /* struct group */
    struct group **due; /* a heap: the group that is due first stands at 0 */
    size_t due_count, due_capacity;
    struct group_offsets *offsets;
    uint64_t (*next_random)(void *state);
    void *random_state;
};

/* ---- groups ---- */

struct group *find_group(const struct groups *groups, struct slice id); /* NULL: there is none */

/* A group without a kind's state: the caller sets `kind` and its pointer. The id is copied. */
struct group *group_new(struct groups *groups, struct slice id);

/* Takes the group out and frees it with its kind's state. Its offsets stay. */
void group_remove(struct groups *groups, struct group *group);

/* Whether it has no members, and the records that say that it is gone: as its kind says. */
bool group_is_empty(const struct group *group);
void group_write_tombstones(const struct group *group, struct group_effects *effects);

/* The group is to be looked at by GROUP_TIME at `due_ms`, and not before. Only what is due earlier than it is
 * already costs something worth speaking of; being looked at too early must be harmless. */
void group_set_due(struct groups *groups, struct group *group, int64_t due_ms);

/* ---- effects ---- */

/* One more record. `key` and `value` must live in effects->arena or longer. */
void group_write(struct group_effects *effects, const struct message *key_message, const void *key,
                 const void *value);

/* The reply's response is complete. If the step writes records, it leaves once they are stored (and may be
 * changed by `refused`). */
void group_answer(struct group_effects *effects, struct group_reply *reply);

/* The reply waits at *place, which is NULL. */
void group_park(struct group_reply *reply, struct group_reply **place);

/* Takes what is parked there, for answering; NULL: nobody waits. */
struct group_reply *group_unpark(struct group_reply **place);

/* Whether a record of so many bytes at least is too long for the log, as far as the event tells. */
bool group_record_is_too_long(const struct group_event *event, size_t bytes);

/* The client's or instance's name and a random uuid: "<name>-<uuid>" (classic), in the arena. */
struct slice group_new_member_id(struct groups *groups, struct slice name, struct arena *arena);

/* A random uuid as Kafka prints ids of topics and of members of consumer groups, in the arena. */
struct slice group_new_uuid_text(struct groups *groups, struct arena *arena);

#endif
