/*
 * group_offsets: how far groups have come: committed offsets by group, topic and partition (kafka-apis 11).
 * Part of the pure state machine of groups.h. What is in force is what the records say; a commit changes it
 * once it is stored.
 */
#ifndef SERVER_COORDINATOR_GROUP_OFFSETS_H
#define SERVER_COORDINATOR_GROUP_OFFSETS_H

#include "protocol/records/offset_commit_record.h"
#include "server/coordinator/group_state.h"

struct group_offsets *group_offsets_new(uint64_t hash_seed);
void group_offsets_free(struct group_offsets *offsets);

void group_offsets_commit(struct groups *groups, const struct group_event *event,
                          struct group_effects *effects);
void group_offsets_fetch(struct groups *groups, const struct group_event *event,
                         struct group_effects *effects);
void group_offsets_delete(struct groups *groups, const struct group_event *event,
                          struct group_effects *effects);

/* A topic is gone: so are its offsets, of every group. */
void group_offsets_drop_topic(struct groups *groups, const struct group_event *event,
                              struct group_effects *effects);

/* Tombstones for all that a group has committed, unless the effects are unfinished. */
void group_offsets_write_tombstones(const struct groups *groups, struct slice group_id,
                                    struct group_effects *effects);

/* What is due of expiry: some groups' worth of tombstones, and those of groups that are left with nothing. */
void group_offsets_expire(struct groups *groups, const struct group_event *event,
                          struct group_effects *effects);

/* The first pass of expiry is due at this time (monotonic ms); before that there is none. */
void group_offsets_start_expiry(struct group_offsets *offsets, int64_t due_ms);

/* When expiry is due next (monotonic ms). */
int64_t group_offsets_due_ms(const struct group_offsets *offsets);

/* Whether this group has any. */
bool group_offsets_has(const struct group_offsets *offsets, struct slice group_id);

/* A record, from the log or as it has just been stored; value NULL: it is taken back. `record_offset`: where
 * it lies in the log; one that lies before what is known (a transaction's, committed since) says nothing. */
void group_offsets_apply(struct group_offsets *offsets, const struct offset_commit_key *key,
                         const struct offset_commit_value *value, int64_t record_offset);

#endif
