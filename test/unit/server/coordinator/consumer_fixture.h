/*
 * consumer_fixture: heartbeats of consumer groups as text, and what came of them: partitions are written
 * "a:0,1 b:0", by topic.
 */
#ifndef TEST_CONSUMER_FIXTURE_H
#define TEST_CONSUMER_FIXTURE_H

#include "protocol/messages/consumer_group_describe.h"
#include "protocol/messages/consumer_group_heartbeat.h"
#include "test/unit/server/coordinator/shard_fixture.h"

enum { BEAT_TOPICS = 4 };

struct beat_ask {
    const char *group, *member, *instance; /* group "g" if NULL */
    int32_t epoch;
    const char *topics[BEAT_TOPICS]; /* none: as before */
    bool no_topics;                  /* an empty list */
    const char *regex, *assignor, *rack;
    const char *owned;            /* NULL: it does not say; "" nothing */
    int32_t rebalance_timeout_ms; /* 0: not said, but in a first one: 30 s */
    int version;                  /* 1 if 0; -1 stands for 0 */
};

struct ask *shard_beat(struct shard *shard, const struct beat_ask *beat);
#define BEAT(shard, ...) shard_beat((shard), &(struct beat_ask){__VA_ARGS__})

static inline const struct consumer_group_heartbeat_response *beat_of(const struct ask *ask)
{
    return ask->response;
}

/* "2 a:0,1": epoch and assignment; without the latter where the answer has none; of an error its number and
 * text. It lives as long as the ask. */
const char *beat_text(struct shard *shard, struct ask *ask);

/* The group and its members: "Stable 2/2: m1 2 a:0,1 > a:0,1; m2 ...", in order of their ids. */
const char *shard_describe(struct shard *shard, const char *group);

/* The group's state as ListGroups tells it, "consumer Stable"; "" if there is none. */
const char *shard_list_state(struct shard *shard, const char *group);

/* One offset of one partition of a topic; the error of it. */
enum kerr shard_commit(struct shard *shard, const char *group, const char *member, int32_t epoch,
                       const char *topic, int32_t partition, int version);

/* What a client of the classic protocol joins with: it reads these topics and owns these partitions. */
struct slice subscription_bytes(struct arena *arena, const char *topics, const char *owned);

#endif
