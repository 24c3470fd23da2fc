/*
 * Hostile bytes as the lives of two groups of either protocol: each four of them are a request, in any
 * version, for any member and generation, or time, a refused append, a restart. Whatever happens, every
 * request is answered once when enough time has passed, and the group is empty when all sessions have ended.
 */
#include "protocol/base/ensure.h"
#include "test/unit/server/coordinator/consumer_fixture.h"

#include <stdlib.h>

enum { OP_BYTES = 4, OPS_MAX = 500, KNOWN_MAX = 8, LONG_MS = 40 * 60 * 1000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct life {
    struct shard shard;
    char known[KNOWN_MAX][160]; /* member ids that were told */
    uint32_t known_count;
};

static const char *group_of(uint8_t bits)
{
    return bits & 1 ? "g" : "h";
}

static const char *instance_of(uint8_t bits)
{
    static const char *const names[] = {NULL, NULL, NULL, "i", "j", "k", "", NULL};
    return names[bits >> 1 & 7];
}

static const char *member_of(const struct life *life, uint8_t bits)
{
    if (bits % 4 == 3)
        return bits & 4 ? "" : "nobody";
    return life->known[bits / 4 % KNOWN_MAX];
}

static void learn(struct life *life, const struct ask *ask)
{
    struct slice id = join_of(ask)->member_id;
    if (ask->answers == 0 || id.len == 0 || id.len >= sizeof life->known[0])
        return;
    char *to = life->known[life->known_count++ % KNOWN_MAX];
    memcpy(to, id.data, id.len);
    to[id.len] = '\0';
}

static void join(struct life *life, const uint8_t *op)
{
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    static const char *const names[] = {"range", "sticky", "rr", "range"};
    struct join_ask join = {.group = group_of(op[1]),
                            .instance = instance_of(op[1]),
                            .member = op[3] & 0x80 ? "" : member_of(life, op[3]),
                            .type = op[2] & 0x40 ? "connect" : NULL,
                            .version = (op[2] & 15) % 10 == 0 ? -1 : (op[2] & 15) % 10,
                            .metadata = op[1] & 0x80 ? "more" : NULL,
                            .session_timeout_ms = 5000 + 1000 * (op[1] >> 4),
                            .rebalance_timeout_ms = (op[3] & 3) - 1 + 1000 * (op[3] >> 2 & 15)};
    for (int i = 0; i < (op[2] >> 4 & 3); i++)
        join.protocols[i] = names[(i + op[3]) & 3];
    if (op[2] & 0x80)
        join.bytes = subscription_bytes(&arena, op[3] & 1 ? "a" : "a b", op[3] & 2 ? "a:0,1" : "");
    learn(life, shard_join(&life->shard, &join));
    arena_fini(&arena);
}

/* ---- the consumer protocol ---- */

static void learn_beat(struct life *life, const struct ask *ask)
{
    struct slice id = beat_of(ask)->member_id;
    if (id.len == 0 || id.len >= sizeof life->known[0])
        return;
    char *to = life->known[life->known_count++ % KNOWN_MAX];
    memcpy(to, id.data, id.len);
    to[id.len] = '\0';
}

static void beat(struct life *life, const uint8_t *op)
{
    static const char *const owned[] = {NULL, "", "a:0", "a:0,1", "a:1,1 b:0", "b:0", "a:7", "b:0 b:0"};
    static const char *const regexes[] = {NULL, "a|b", "[ab].*", ""};
    static const char *const assignors[] = {NULL, "range", "uniform", "nice"};
    struct beat_ask beat = {.group = group_of(op[1]),
                            .member = op[3] & 0x80   ? ""
                                      : op[3] & 0x40 ? "m"
                                                     : member_of(life, op[3]),
                            .instance = instance_of(op[1]),
                            .epoch = op[2] % 16 - 3,
                            .owned = owned[op[2] >> 4 & 7],
                            .regex = regexes[op[1] >> 4 & 3],
                            .assignor = assignors[op[1] >> 6],
                            .rebalance_timeout_ms = op[3] & 0x20 ? 1000 * op[2] : 0,
                            .version = op[3] & 1 ? 1 : -1};
    if (op[3] & 0x10 || beat.epoch == 0)
        beat.topics[0] = op[2] & 0x80 ? "a" : "b";
    learn_beat(life, shard_beat(&life->shard, &beat));
}

static void change_cluster(struct life *life, const uint8_t *op)
{
    shard_put_topic(&life->shard, op[1] & 1 ? "a" : "b", 1 + op[2] % 8);
    life->shard.config.consumer_upgrade = (op[1] & 2) == 0;
    life->shard.config.consumer_downgrade = (op[1] & 4) == 0;
    life->shard.config.consumer_max_size = op[1] & 8 ? 2 : INT32_MAX;
    shard_set_config(&life->shard);
}

static void sync(struct life *life, const uint8_t *op)
{
    const char *assignments[] = {life->known[op[2] % KNOWN_MAX], "A", life->known[op[3] % KNOWN_MAX], "B",
                                 NULL};
    shard_sync(&life->shard, group_of(op[1]), member_of(life, op[3]), instance_of(op[1]), op[2] % 8,
               op[1] & 0x80 ? NULL : assignments);
}

static void live(struct life *life, const uint8_t *op)
{
    static const enum kerr errors[] = {KERR_NONE, KERR_NOT_ENOUGH_REPLICAS, KERR_NONE,
                                       KERR_MESSAGE_TOO_LARGE};
    struct shard *shard = &life->shard;
    switch (op[0] % 18) {
    case 0:
    case 1:
    case 2:
    case 3:
        join(life, op);
        break;
    case 4:
    case 5:
        sync(life, op);
        break;
    case 6:
        shard_heartbeat(shard, group_of(op[1]), member_of(life, op[3]), instance_of(op[1]), op[2] % 8);
        break;
    case 7:
        shard_leave(shard, group_of(op[1]), member_of(life, op[3]), instance_of(op[1]), op[2] % 6);
        break;
    case 8:
        shard_pass(shard, 50 * op[2]);
        break;
    case 9:
        shard_jump(shard, 1000 * op[2]);
        break;
    case 10:
        shard->append_error = errors[op[1] & 3];
        break;
    case 11:
        change_cluster(life, op);
        break;
    case 12:
    case 13:
    case 14:
    case 15:
    case 16:
        beat(life, op);
        break;
    default:
        shard->config.max_size = op[1] & 1 ? 2 : INT32_MAX;
        shard->config.initial_rebalance_delay_ms = op[1] & 2 ? 3000 : 0;
        shard_restart(shard, op[2] & 1);
    }
}

/* A restart has withdrawn what waited: it was never parked again, and never answered. */
static void check_answers(const struct shard *shard, bool is_over)
{
    list_for_each(node, &shard->asks) {
        const struct ask *ask = list_entry(node, struct ask, node);
        ensure(ask->answers <= 1);
        ensure(!is_over || ask->reply.parked_at == NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct life life;
    memset(&life, 0, sizeof life);
    shard_init(&life.shard, size);
    shard_put_topic(&life.shard, "a", 2);
    shard_put_topic(&life.shard, "b", 1);
    for (size_t i = 0; i + OP_BYTES <= size && i < (size_t)OPS_MAX * OP_BYTES; i += OP_BYTES)
        live(&life, data + i);
    check_answers(&life.shard, false);
    life.shard.append_error = KERR_NONE; /* a member of a consumer group is gone when the log says so */
    shard_pass(&life.shard, LONG_MS);
    check_answers(&life.shard, true);
    for (int i = 0; i < 2; i++) {
        const char *state = shard_list_state(&life.shard, group_of((uint8_t)i));
        ensure(state[0] == '\0' || strcmp(state, "classic Empty") == 0
               || strcmp(state, "consumer Empty") == 0);
    }
    shard_fini(&life.shard);
    return 0;
}
