/*
 * consumer_group: a group of the consumer protocol (KIP-848): members that heartbeat, a target assignment
 * that the broker computes, and its reconciliation member by member (kafka-apis 10). Part of the pure state
 * machine of groups.h; the rules of a step are there. All of its state is what its records say.
 */
#ifndef SERVER_COORDINATOR_CONSUMER_GROUP_H
#define SERVER_COORDINATOR_CONSUMER_GROUP_H

#include "server/coordinator/classic_group.h"

/* ConsumerGroupHeartbeat; the group may be NULL, or a classic one (which may be converted). */
void consumer_group_heartbeat(struct groups *groups, struct group *group, const struct group_event *event,
                              struct group_effects *effects);

/* Members of the classic protocol in a consumer group (kafka-apis 10.6): JoinGroup, SyncGroup, Heartbeat and
 * LeaveGroup where the group is a consumer group. */
void consumer_group_classic_join(struct groups *groups, struct group *group, const struct group_event *event,
                                 struct group_effects *effects);
void consumer_group_classic_sync(struct groups *groups, struct group *group, const struct group_event *event,
                                 struct group_effects *effects);
void consumer_group_classic_heartbeat(struct groups *groups, struct group *group,
                                      const struct group_event *event, struct group_effects *effects);
void consumer_group_classic_leave(struct groups *groups, struct group *group, const struct group_event *event,
                                  struct group_effects *effects);

struct consumer_group_describe_response_group;
void consumer_group_describe(const struct groups *groups, const struct group *group,
                             const struct image *image, struct consumer_group_describe_response_group *answer,
                             struct arena *arena);

const char *consumer_group_state_name(const struct group *group);
bool consumer_group_is_empty(const struct group *group);

/* NONE, or what all of the commit is refused with. *per_partition: it comes from an epoch before, and the
 * function below has the last word on each partition (KIP-1251). */
enum kerr consumer_group_check_committer(const struct group *group, const struct offset_committer *committer,
                                         bool *per_partition);
enum kerr consumer_group_check_partition(const struct group *group, const struct offset_committer *committer,
                                         struct uuid topic, int32_t partition);

/* As an OffsetFetch of a member names it (v9 and later); id null and epoch -1: an administrator. */
enum kerr consumer_group_check_fetcher(const struct group *group, struct slice member_id,
                                       int32_t member_epoch);

bool consumer_group_is_subscribed(const struct group *group, struct slice topic);

void consumer_group_time(struct groups *groups, struct group *group, const struct group_event *event,
                         struct group_effects *effects);

/* All records that say that the group is gone. */
void consumer_group_write_tombstones(const struct group *group, struct group_effects *effects);

/* A record of types 3 to 8 and 16, from the log or as it has just been stored: brings the state up to it. The
 * group is made where it is missing, and gone with its last record. */
void consumer_group_apply(struct groups *groups, const struct group_record *record);

/* After the last record: sessions begin now, of as long as the group's own config or the broker's says; also
 * those of members of the classic protocol, until they are heard of. */
void consumer_group_loaded(struct groups *groups, struct group *group, const struct image *image,
                           int64_t now_ms);

void consumer_group_free(struct consumer_group *consumer);

#endif
