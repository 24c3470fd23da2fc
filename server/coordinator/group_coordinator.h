/*
 * group_coordinator: the groups of this broker: one shard (groups.h) for each partition of
 * __consumer_offsets, with its lock, its log and the clock. A group belongs to the partition that Apache
 * Kafka would give it.
 *
 * A shard is loaded from its partition by whoever needs it first: a request, or the coordinator's own
 * thread, which begins once the topic is there and does what falls due. An answer never tells of anything
 * that a power cut could take back: it waits for the sync of all that its shard has written, whoever asked
 * for that.
 *
 * All functions may be called by any thread that holds no lock of RANK_COORDINATORS or above
 * (docs/locking.md).
 */
#ifndef SERVER_COORDINATOR_GROUP_COORDINATOR_H
#define SERVER_COORDINATOR_GROUP_COORDINATOR_H

#include "server/call.h"
#include "server/coordinator/group_config.h"

struct group_coordinator;

/* The broker is borrowed; its partitions are loaded. */
struct group_coordinator *group_coordinator_new(struct broker *broker);

/* When no connection asks any more, and before the partitions are closed. NULL is harmless. */
void group_coordinator_free(struct group_coordinator *coordinator);

/*
 * One event of a group, whose request and response are those of its kind (groups.h). Blocks for the loading
 * of the shard, for the answer if the group lets it wait, and for the sync of what the shard has written.
 * NONE: the response is complete. Else what the client is to be told instead: NOT_COORDINATOR (the partition
 * is not here, or no longer), COORDINATOR_NOT_AVAILABLE (the sync takes longer than
 * offsets.commit.timeout.ms). When the broker stops, the call's verdict is CALL_CLOSE.
 */
enum kerr group_coordinator_ask(struct call *call, enum group_event_kind kind, struct slice group_id,
                                const void *request, void *response);

/* What an answer waits for before it may leave. */
struct group_sync {
    struct partition *partition; /* referenced; NULL: nothing */
    int64_t offset;
    int64_t deadline_ms; /* monotonic */
};

/* The same but for the sync, so that several answers can wait for one: group_coordinator_sync must follow,
 * and says what that one may say, before any of them leaves. */
enum kerr group_coordinator_begin(struct call *call, enum group_event_kind kind, struct slice group_id,
                                  const void *request, void *response, struct group_sync *sync);
enum kerr group_coordinator_sync(struct group_sync *sync);

/* The same of every shard in turn, with one response (GROUP_LIST). Shards that are elsewhere are left out. */
enum kerr group_coordinator_ask_all(struct call *call, enum group_event_kind kind, const void *request,
                                    void *response);

/* Whether this broker serves consumer groups (KIP-848) now: its settings say so at the start, and
 * group.version, which may change while it runs, is at 1. */
bool group_coordinator_has_consumer_protocol(const struct broker *broker);

/* A topic has left the image: what groups have committed of it is forgotten. */
void group_coordinator_topic_deleted(struct group_coordinator *coordinator, struct slice topic);

#endif
