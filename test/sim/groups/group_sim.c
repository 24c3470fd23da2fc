/* group_sim: see the header. */
#include "test/sim/groups/group_sim.h"

#include "protocol/base/ensure.h"
#include "test/sim/groups/group_checks.h"

#include <stdio.h>
#include <stdlib.h>

#define NEVER_MS (INT64_MAX / 4)

enum { CALM_MS = 120000, CALM_STEP_MS = 500, REST_MS = 60000 };

static const char *const group_names[SIM_GROUPS] = {"g0", "g1", "g2"};

int sim_group_index(const char *group)
{
    return group[1] - '0';
}

void sim_remember(struct sim *sim, const struct sim_past *past)
{
    sim->past[sim->past_count++ % SIM_PAST] = *past;
}

/* ---- what is waited for ---- */

void sim_await(struct sim *sim, struct ask *ask, enum group_event_kind kind, const char *group,
               bool is_nobodys)
{
    ensure(sim->wait_count < SIM_WAITS);
    sim->waits[sim->wait_count++] = (struct sim_wait){
        .ask = ask, .kind = kind, .group = group, .since_ms = sim->shard.now_ms, .is_nobodys = is_nobodys};
}

void sim_forget(struct sim *sim, struct ask *ask)
{
    for (int i = 0; i < sim->wait_count; i++)
        if (sim->waits[i].ask == ask) {
            sim->waits[i] = sim->waits[--sim->wait_count];
            return;
        }
}

static void drop_answered(struct sim *sim)
{
    for (int i = sim->wait_count - 1; i >= 0; i--) {
        struct ask *ask = sim->waits[i].ask;
        if (ask->answers == 0 || !sim->waits[i].is_nobodys)
            continue;
        sim_forget(sim, ask);
        ask_free(ask);
    }
}

/* After each event. */
static void check(struct sim *sim)
{
    check_waits(sim);
    drop_answered(sim);
    check_counts(sim);
}

/* ---- events ---- */

static struct sim_client *any_client(struct sim *sim)
{
    return &sim->clients[fate_draw(&sim->fate, SIM_CLIENTS)];
}

static void start(struct sim_client *client)
{
    client->is_alive = true;
    client->incarnation++;
}

static void act(struct sim *sim)
{
    struct sim_client *client = any_client(sim);
    if (client->is_alive)
        client->kind->act(sim, client);
    else if (fate_draw(&sim->fate, 10) == 0)
        start(client);
}

static void kill_client(struct sim *sim)
{
    struct sim_client *client = any_client(sim);
    client->kind->die(sim, client);
    client->is_alive = false;
}

static void leave(struct sim *sim)
{
    struct sim_client *client = any_client(sim);
    if (client->is_alive)
        client->kind->leave(sim, client);
}

static void send_again(struct sim *sim)
{
    int known = sim->past_count < SIM_PAST ? sim->past_count : SIM_PAST;
    if (known == 0)
        return;
    const struct sim_past past = sim->past[fate_draw(&sim->fate, (uint64_t)known)];
    classic_client_kind.send_again(sim, &past);
}

/* All connections are gone. */
static void disconnect_all(struct sim *sim, bool join_again)
{
    for (int i = 0; i < SIM_CLIENTS; i++)
        if (sim->clients[i].is_alive)
            sim->clients[i].kind->disconnect(sim, &sim->clients[i], join_again);
    for (int i = sim->wait_count - 1; i >= 0; i--)
        ask_free(sim->waits[i].ask);
    sim->wait_count = 0;
}

static void restart(struct sim *sim)
{
    struct described *before = check_before(sim);
    disconnect_all(sim, false);
    sim->restarts++;
    shard_restart(&sim->shard, fate_draw(&sim->fate, 2) == 0);
    check_after(sim, before);
}

/* Whoever waits has waited for nothing while the clock stood. */
static void jump(struct sim *sim)
{
    int64_t ms = (int64_t)fate_draw(&sim->fate, 3600000);
    shard_jump(&sim->shard, ms);
    for (int i = 0; i < sim->wait_count; i++)
        sim->waits[i].since_ms += ms;
}

static void pass(struct sim *sim)
{
    uint64_t kind = fate_draw(&sim->fate, 100);
    if (kind < 90)
        shard_pass(&sim->shard, (int64_t)fate_draw(&sim->fate, 300));
    else if (kind < 99)
        shard_pass(&sim->shard, (int64_t)fate_draw(&sim->fate, 5000));
    else
        jump(sim);
}

static void toggle_appends(struct sim *sim)
{
    static const enum kerr errors[] = {KERR_NONE,
                                       KERR_NONE,
                                       KERR_NONE,
                                       KERR_NOT_ENOUGH_REPLICAS,
                                       KERR_KAFKA_STORAGE_ERROR,
                                       KERR_MESSAGE_TOO_LARGE};
    sim->shard.append_error = errors[fate_draw(&sim->fate, sizeof errors / sizeof errors[0])];
}

static void event(struct sim *sim)
{
    uint64_t kind = fate_draw(&sim->fate, 1000);
    if (kind < 700)
        act(sim);
    else if (kind < 900)
        pass(sim);
    else if (kind < 950)
        send_again(sim);
    else if (kind < 965)
        kill_client(sim);
    else if (kind < 980)
        leave(sim);
    else if (kind < 997)
        toggle_appends(sim);
    else
        restart(sim);
    sim->events++;
    check(sim);
}

/* ---- a run ---- */

static void set_up(struct sim *sim, uint64_t seed, enum shard_defect defect, bool leader_errs)
{
    *sim = (struct sim){.fate = {.random = seed * 7919 + 1}, .leader_errs = leader_errs};
    shard_init(&sim->shard, seed);
    sim->shard.defect = defect;
    sim->shard.config.initial_rebalance_delay_ms = seed % 3 == 0 ? 3000 : 0;
    sim->shard.config.max_size = seed % 7 == 0 ? 3 : INT32_MAX;
    sim->shard.config.offsets_retention_check_interval_ms = NEVER_MS; /* a group's next life begins at 1 */
    shard_set_config(&sim->shard);
    for (int i = 0; i < SIM_CLIENTS; i++) {
        struct sim_client *client = &sim->clients[i];
        client->kind = &classic_client_kind;
        client->index = i;
        client->group = group_names[i % SIM_GROUPS];
        if (i % 4 == 0)
            snprintf(client->instance, sizeof client->instance, "i%d", i);
        start(client);
    }
}

static void tear_down(struct sim *sim)
{
    sim->refusals = sim->shard.refused;
    for (int i = 0; i < SIM_CLIENTS; i++)
        sim->clients[i].kind->die(sim, &sim->clients[i]);
    shard_fini(&sim->shard);
}

static void live(struct sim *sim, int64_t ms)
{
    for (int64_t i = 0; i < ms / CALM_STEP_MS && sim->fate.wrong[0] == '\0'; i++) {
        for (int c = 0; c < SIM_CLIENTS; c++)
            if (sim->clients[c].is_alive)
                sim->clients[c].kind->act(sim, &sim->clients[c]);
        shard_pass(&sim->shard, CALM_STEP_MS);
        check(sim);
    }
}

/* Only where all have room can all come to rest. */
static void calm_down(struct sim *sim)
{
    sim->shard.append_error = KERR_NONE;
    sim->shard.config.max_size = INT32_MAX;
    shard_set_config(&sim->shard);
    disconnect_all(sim, true);
    live(sim, CALM_MS);
    check_rest(sim);
    int64_t lost = sim->lost;
    live(sim, REST_MS);
    check_rest(sim);
    if (sim->lost != lost)
        fate_wrong(&sim->fate, "rule 7: a member that beats was thrown out");
}

bool sim_run(struct sim *sim, uint64_t seed, int events, enum shard_defect defect, bool leader_errs)
{
    set_up(sim, seed, defect, leader_errs);
    for (int i = 0; i < events && sim->fate.wrong[0] == '\0'; i++)
        event(sim);
    if (sim->fate.wrong[0] == '\0')
        calm_down(sim);
    tear_down(sim);
    return sim->fate.wrong[0] == '\0';
}
