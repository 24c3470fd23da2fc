/*
 * classic_group: a group of the classic protocol: its members, the phases of a rebalance, and the record that
 * outlives a restart (kafka-apis 9; KIP-345 static members, KIP-394 member ids first). Part of the pure state
 * machine of groups.h; the rules of a step are there.
 */
#ifndef SERVER_COORDINATOR_CLASSIC_GROUP_H
#define SERVER_COORDINATOR_CLASSIC_GROUP_H

#include "protocol/records/group_metadata_record.h"
#include "server/coordinator/group_state.h"

/* Whoever says that it speaks for a member when it commits offsets. */
struct offset_committer {
    struct slice member_id;         /* "": none */
    struct slice group_instance_id; /* null: none */
    int32_t generation;             /* or member epoch; negative: no member */
    int version;                    /* of the OffsetCommit request */
    bool transactional;             /* TxnOffsetCommit */
};

/* One per event; the group may be NULL where there is none, and is classic otherwise. All answer
 * event->reply, now or (JOIN, SYNC) later. */
void classic_group_join(struct groups *groups, struct group *group, const struct group_event *event,
                        struct group_effects *effects);
void classic_group_sync(struct groups *groups, struct group *group, const struct group_event *event,
                        struct group_effects *effects);
void classic_group_heartbeat(struct groups *groups, struct group *group, const struct group_event *event,
                             struct group_effects *effects);
void classic_group_leave(struct groups *groups, struct group *group, const struct group_event *event,
                         struct group_effects *effects);

/* A join into a consumer group that is empty: it becomes a classic group, and its records are taken back. */
void classic_group_join_empty(struct groups *groups, struct group *group, const struct group_event *event,
                              struct group_effects *effects);

/* Fills the DescribeGroups answer of a classic group. */
struct describe_groups_response_group;
void classic_group_describe(const struct group *group, struct describe_groups_response_group *answer,
                            struct arena *arena);

const char *classic_group_state_name(const struct group *group);     /* "Stable" ... */
struct slice classic_group_protocol_type(const struct group *group); /* null: a simple group */
bool classic_group_is_empty(const struct group *group);              /* ids may have been handed out */

/* NONE, or what the commit is refused with; an accepted one counts as a sign of life (kafka-apis 11.1). */
enum kerr classic_group_check_committer(struct groups *groups, struct group *group,
                                        const struct offset_committer *committer, int64_t now_ms);

/* A commit without a member makes a group of no protocol type; in force at once, no record is written. */
struct group *classic_group_new_simple(struct groups *groups, struct slice id);

/* Whether offsets of this topic must stay because a member is subscribed to it; where nobody knows, whether
 * that could be so. */
bool classic_group_is_subscribed(const struct group *group, struct slice topic);

/* Whether offsets may expire, and since when an offset counts as unused: -1 stands for its commit's time
 * (kafka-apis 11.5). */
bool classic_group_offsets_expire(const struct group *group, int64_t *since_wall_ms);

/* What is due of this group. */
void classic_group_time(struct groups *groups, struct group *group, const struct group_event *event,
                        struct group_effects *effects);

/* A record that says that the group is gone. */
void classic_group_write_tombstone(const struct group *group, struct group_effects *effects);

/* Whoever waits for a join or a sync is told to come again: the group is on its way to the consumer protocol,
 * or the shard to another broker. */
void classic_group_dismiss(struct group *group, enum kerr error, struct group_effects *effects);

/* A record of the log: replaces what is known of the group; value NULL removes it if it is classic. */
void classic_group_load(struct groups *groups, const struct group_metadata_key *key,
                        const struct group_metadata_value *value);

/* After the last record: sessions begin now; a group that is larger than group.max.size is rebalanced. */
void classic_group_loaded(struct groups *groups, struct group *group, int64_t now_ms,
                          struct group_effects *effects);

void classic_group_free(struct classic_group *classic);

#endif
