/*
 * consumer_convert: groups that change their protocol while they live (KIP-848: migration): a classic group
 * of consumers becomes a consumer group when a member of that protocol joins, and is one again when the last
 * of these has left. Part of consumer_group; pure.
 */
#ifndef SERVER_COORDINATOR_CONSUMER_CONVERT_H
#define SERVER_COORDINATOR_CONSUMER_CONVERT_H

#include "protocol/consumer_protocol.h"
#include "server/coordinator/consumer_state.h"

/* Writes records that make a classic group a consumer group. *consumer is that group, which is not in force
 * before they are stored and the caller's to free; NULL with an error, whose text goes to the note (none: the
 * error says it all). Whoever waits for a join or a sync is told to come again. */
enum kerr consumer_convert(struct groups *groups, struct group *group, const struct group_event *event,
                           struct group_effects *effects, struct consumer_group **consumer, struct note *why);

/* After they are stored: sessions of the classic members begin. */
void consumer_converted(struct groups *groups, struct group *group, int64_t now_ms);

/* What clients of the classic protocol say to each other. False: the bytes are no subscription. Topics that
 * do not exist are left out of sets. */
bool consumer_read_subscription(struct slice metadata, struct arena *arena,
                                struct consumer_protocol_subscription *subscription);
struct partition_set consumer_read_partitions(const struct image *image,
                                              const struct consumer_protocol_topic *topics, int32_t count,
                                              int32_t epoch, struct arena *arena);

/* A ConsumerProtocolAssignment in the version of its reader's subscription; in the arena. */
struct slice consumer_assignment_bytes(const struct partition_set *set, const struct image *image,
                                       struct slice metadata, struct arena *arena);

/* Whether those who stay, without `leaving` members of which so many speak the classic protocol, may be a
 * classic group. */
bool consumer_may_downgrade(const struct consumer_step *step, int32_t leaving, int32_t leaving_classic);

/* Writes records that make the group a classic one, of those who stay: without the members that leave, with
 * the step's member (who speaks the classic protocol) in place of the one that it replaces. Sets
 * effects->stored, ->refused and ->context; the first two call what stood there before. False: they have no
 * protocol in common, as a damaged log may say; nothing is written. */
bool consumer_downgrade(struct consumer_step *step, bool must_rebalance);

#endif
