/*
 * classic_client: a consumer of the classic protocol as far as groups see it: it joins, takes the id that it
 * is told, assigns if it leads, syncs, beats, and does with every error what Kafka's own consumer does.
 */
#include "protocol/base/ensure.h"
#include "test/sim/groups/group_checks.h"

#include <stdio.h>
#include <stdlib.h>

enum { BEAT_EVERY_MS = 3000, MEMBERS_MAX = 64 };

enum phase { OUT, JOINING, SYNCING, MEMBER };

struct classic {
    enum phase phase;
    char member[96]; /* "": no id yet */
    int32_t generation;
    struct ask *ask;
    int64_t beat_ms;
    uint32_t owned;
    int taste; /* which protocols it can speak */
};

static struct classic *state_of(const struct sim_client *client)
{
    return client->state;
}

static void copy(char *to, size_t size, struct slice from)
{
    ensure(from.len < size);
    if (from.len > 0)
        memcpy(to, from.data, from.len);
    to[from.len] = '\0';
}

/* ---- sending ---- */

static struct ask *send_join(struct sim *sim, const struct sim_past *past)
{
    struct join_ask join = {.group = past->group,
                            .member = past->member,
                            .instance = past->instance[0] == '\0' ? NULL : past->instance,
                            .version = past->version,
                            .metadata = past->body,
                            .session_timeout_ms = SIM_SESSION_TIMEOUT_MS,
                            .rebalance_timeout_ms = SIM_REBALANCE_TIMEOUT_MS};
    join.protocols[0] = past->generation % 2 == 0 ? "range" : "sticky";
    join.protocols[1] = past->generation % 2 == 0 ? NULL : "range";
    return shard_join(&sim->shard, &join);
}

static struct ask *send_sync(struct sim *sim, const struct sim_past *past, const char *const *assignments)
{
    return shard_sync(&sim->shard, past->group, past->member,
                      past->instance[0] == '\0' ? NULL : past->instance, past->generation, assignments);
}

static void send_again(struct sim *sim, const struct sim_past *past)
{
    const char *instance = past->instance[0] == '\0' ? NULL : past->instance;
    struct ask *ask = NULL;
    if (past->kind == GROUP_JOIN)
        ask = send_join(sim, past);
    else if (past->kind == GROUP_SYNC)
        ask = send_sync(sim, past, NULL);
    else if (past->kind == GROUP_HEARTBEAT)
        shard_heartbeat(&sim->shard, past->group, past->member, instance, past->generation);
    else
        shard_leave(&sim->shard, past->group, past->member, instance, past->version);
    if (ask != NULL)
        sim_await(sim, ask, past->kind, past->group, true);
}

static struct sim_past past_of(const struct sim_client *client, enum group_event_kind kind)
{
    const struct classic *classic = state_of(client);
    struct sim_past past = {.kind = kind, .group = client->group, .generation = classic->generation};
    snprintf(past.member, sizeof past.member, "%s", classic->member);
    snprintf(past.instance, sizeof past.instance, "%s", client->instance);
    past.version = 5;
    return past;
}

/* ---- what it is told ---- */

static void start_over(struct classic *classic, enum kerr error)
{
    classic->phase = OUT;
    classic->owned = 0;
    if (error == KERR_UNKNOWN_MEMBER_ID || error == KERR_FENCED_INSTANCE_ID
        || error == KERR_ILLEGAL_GENERATION)
        classic->member[0] = '\0';
}

/* The partitions of the i-th of `count` members: every count-th from i on. */
static uint32_t share(int i, int count)
{
    uint32_t bits = 0;
    for (int p = 0; p < SIM_PARTITIONS; p++)
        bits |= p % count == i ? 1U << p : 0;
    return bits;
}

static void sync(struct sim *sim, struct sim_client *client, const struct join_group_response *response)
{
    struct classic *classic = state_of(client);
    struct sim_past past = past_of(client, GROUP_SYNC);
    char texts[MEMBERS_MAX][2][96];
    const char *assignments[2 * MEMBERS_MAX + 1] = {NULL};
    int count = response->members.count;
    ensure(count <= MEMBERS_MAX);
    for (int i = 0; i < count; i++) {
        uint32_t bits = share(i, count) | (sim->leader_errs ? 1U : 0);
        copy(texts[i][0], sizeof texts[i][0], response->members.items[i].member_id);
        snprintf(texts[i][1], sizeof texts[i][1], "%u", bits);
        assignments[2 * i] = texts[i][0];
        assignments[2 * i + 1] = texts[i][1];
    }
    classic->ask = send_sync(sim, &past, count == 0 ? NULL : assignments);
    classic->phase = SYNCING;
    sim_await(sim, classic->ask, GROUP_SYNC, client->group, false);
    sim_remember(sim, &past);
}

static void take_join(struct sim *sim, struct sim_client *client, struct ask *ask)
{
    struct classic *classic = state_of(client);
    const struct join_group_response *response = join_of(ask);
    enum kerr error = response->error_code;
    if (error == KERR_MEMBER_ID_REQUIRED) {
        copy(classic->member, sizeof classic->member, response->member_id);
        classic->phase = OUT;
    } else if (error != KERR_NONE) {
        start_over(classic, error);
    } else {
        copy(classic->member, sizeof classic->member, response->member_id);
        classic->generation = response->generation_id;
        sync(sim, client, response);
    }
}

static void take_sync(struct sim *sim, struct sim_client *client, struct ask *ask)
{
    struct classic *classic = state_of(client);
    const struct sync_group_response *response = sync_of(ask);
    if (response->error_code != KERR_NONE) {
        start_over(classic, response->error_code);
        return;
    }
    char text[16];
    copy(text, sizeof text, response->assignment);
    classic->phase = MEMBER;
    classic->beat_ms = sim->shard.now_ms;
    classic->owned = (uint32_t)strtoul(text, NULL, 10);
    check_assigned(sim, client, classic->generation, classic->owned);
}

/* Whatever has been answered. False: it waits. */
static bool take_answer(struct sim *sim, struct sim_client *client)
{
    struct classic *classic = state_of(client);
    struct ask *ask = classic->ask;
    if (ask == NULL)
        return true;
    if (ask->answers == 0)
        return false;
    sim_forget(sim, ask);
    classic->ask = NULL;
    if (classic->phase == JOINING)
        take_join(sim, client, ask);
    else
        take_sync(sim, client, ask);
    ask_free(ask);
    return classic->ask == NULL;
}

/* ---- what it does ---- */

static void join(struct sim *sim, struct sim_client *client)
{
    struct classic *classic = state_of(client);
    struct sim_past past = past_of(client, GROUP_JOIN);
    past.version =
        client->instance[0] != '\0' ? 5 + (int)fate_draw(&sim->fate, 5) : 1 + (int)fate_draw(&sim->fate, 9);
    past.generation = classic->taste;
    snprintf(past.body, sizeof past.body, "%c", 'a' + (int)fate_draw(&sim->fate, 8) / 7);
    classic->phase = JOINING;
    classic->ask = send_join(sim, &past);
    sim_await(sim, classic->ask, GROUP_JOIN, client->group, false);
    sim_remember(sim, &past);
}

static void beat(struct sim *sim, struct sim_client *client)
{
    struct classic *classic = state_of(client);
    struct sim_past past = past_of(client, GROUP_HEARTBEAT);
    const char *instance = client->instance[0] == '\0' ? NULL : client->instance;
    enum kerr error =
        shard_heartbeat(&sim->shard, client->group, classic->member, instance, classic->generation);
    classic->beat_ms = sim->shard.now_ms;
    sim_remember(sim, &past);
    if (error == KERR_NONE)
        return;
    sim->lost += error == KERR_UNKNOWN_MEMBER_ID;
    start_over(classic, error);
}

static void act(struct sim *sim, struct sim_client *client)
{
    if (client->state == NULL) {
        client->state = calloc(1, sizeof(struct classic));
        ensure(client->state != NULL);
        state_of(client)->taste = (int)fate_draw(&sim->fate, 2);
    }
    struct classic *classic = state_of(client);
    if (!take_answer(sim, client))
        return;
    if (classic->phase == OUT)
        join(sim, client);
    else if (classic->phase == MEMBER && sim->shard.now_ms - classic->beat_ms >= BEAT_EVERY_MS)
        beat(sim, client);
}

static void forget_ask(struct sim *sim, struct classic *classic)
{
    if (classic->ask == NULL)
        return;
    sim_forget(sim, classic->ask);
    ask_free(classic->ask);
    classic->ask = NULL;
}

static void die(struct sim *sim, struct sim_client *client)
{
    if (client->state == NULL)
        return;
    forget_ask(sim, client->state);
    free(client->state);
    client->state = NULL;
}

static void disconnect(struct sim *sim, struct sim_client *client, bool joins_again)
{
    struct classic *classic = state_of(client);
    if (classic == NULL)
        return;
    bool has_waited = classic->ask != NULL;
    forget_ask(sim, classic);
    if (has_waited || joins_again)
        start_over(classic, KERR_NONE);
}

static void leave(struct sim *sim, struct sim_client *client)
{
    struct classic *classic = state_of(client);
    if (classic == NULL || classic->member[0] == '\0')
        return;
    struct sim_past past = past_of(client, GROUP_LEAVE);
    const char *instance = client->instance[0] == '\0' ? NULL : client->instance;
    past.version = (int)fate_draw(&sim->fate, 6);
    shard_leave(&sim->shard, client->group, classic->member, past.version < 3 ? NULL : instance,
                past.version);
    sim_remember(sim, &past);
    forget_ask(sim, classic);
    start_over(classic, KERR_UNKNOWN_MEMBER_ID);
}

static uint32_t owned(const struct sim_client *client, int32_t *generation)
{
    const struct classic *classic = state_of(client);
    if (classic == NULL || classic->phase != MEMBER)
        return 0;
    *generation = classic->generation;
    return classic->owned;
}

const struct sim_client_kind classic_client_kind = {"classic", act,        die,  disconnect,
                                                    leave,     send_again, owned};
