/*
 * The scenario of a consumer group (KIP-848) that one of its members leaves (G2). Members do as the Java
 * client does: a heartbeat each interval that the broker has told, and one at once to say that what was
 * assigned is theirs now.
 */
#include "protocol/errors.h"
#include "protocol/messages/consumer_group_heartbeat.h"
#include "test/bench/calls.h"
#include "test/bench/die.h"
#include "test/bench/measure.h"
#include "test/bench/process.h"
#include "test/bench/scenarios.h"
#include "test/bench/topics.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    API_CONSUMER_GROUP_HEARTBEAT = 68,
    HEARTBEAT_VERSION = 1,
    EPOCH_JOINING = 0,
    EPOCH_LEAVING = -1,
    REBALANCE_MS = 60000,
    LOOK_US = 2000,
    JOIN_APART_US = 5000, /* so that their heartbeats are spread */
    QUIET_US = 1500000,   /* brokers compute no assignment sooner than a second after the one before */
    ARENA_CAP = 16 * 1024 * 1024,
};

struct team;

struct mate {
    struct team *team;
    pthread_t thread;
    struct client client;
    struct arena arena; /* of one heartbeat */
    char id[32];
    int32_t interval_ms;
    struct uuid topic_id;
    int32_t *partitions;
    bool has_news; /* what it owns is not what the broker knows */
    _Atomic int owned;
    _Atomic int epoch;
    _Atomic int64_t since_ns; /* when it came into this epoch */
};

struct team {
    const struct load *load;
    struct slice topic;
    struct mate *mates; /* load->connections of them; the first one leaves */
    _Atomic bool one_leaves, all_leave;
    _Atomic int64_t left_ns;
};

/* ---- heartbeats ---- */

static void take_assignment(struct mate *mate, const struct consumer_group_heartbeat_assignment *assignment)
{
    int owned = 0;
    for (int32_t i = 0; i < assignment->topic_partitions.count; i++) {
        const struct consumer_group_heartbeat_topic_partitions *topic =
            &assignment->topic_partitions.items[i];
        mate->topic_id = topic->topic_id;
        for (int32_t j = 0; j < topic->partitions.count && owned < mate->team->load->partitions; j++)
            mate->partitions[owned++] = topic->partitions.items[j];
    }
    atomic_store(&mate->owned, owned);
    mate->has_news = true;
}

static void take_answer(struct mate *mate, const struct consumer_group_heartbeat_response *answer)
{
    mate->interval_ms = answer->heartbeat_interval_ms;
    if (answer->assignment != NULL)
        take_assignment(mate, answer->assignment);
    if (answer->member_epoch == atomic_load(&mate->epoch))
        return;
    atomic_store(&mate->since_ns, now_ns());
    atomic_store(&mate->epoch, answer->member_epoch);
}

static void fill_owned(struct mate *mate, struct consumer_group_heartbeat_request *request)
{
    array_init(&request->topic_partitions, consumer_group_heartbeat_topic_partitions, &mate->arena, 1);
    request->topic_partitions.items[0].topic_id = mate->topic_id;
    request->topic_partitions.items[0].partitions.items = mate->partitions;
    request->topic_partitions.items[0].partitions.count = atomic_load(&mate->owned);
    if (atomic_load(&mate->owned) == 0)
        request->topic_partitions.count = 0;
}

static void fill_request(struct mate *mate, int32_t epoch, struct consumer_group_heartbeat_request *request)
{
    schema_set_defaults(consumer_group_heartbeat_request_schema(), request);
    request->group_id = mate->team->topic;
    request->member_id = slice_str(mate->id);
    request->member_epoch = epoch;
    if (mate->has_news || epoch == EPOCH_JOINING)
        fill_owned(mate, request);
    if (epoch != EPOCH_JOINING)
        return;
    request->rebalance_timeout_ms = REBALANCE_MS;
    request->subscribed_topic_names.items = &mate->team->topic;
    request->subscribed_topic_names.count = 1;
}

/* False: the coordinator is not ready yet. */
static bool beat(struct mate *mate, int32_t epoch)
{
    struct consumer_group_heartbeat_request request;
    arena_reset(&mate->arena);
    fill_request(mate, epoch, &request);
    const struct consumer_group_heartbeat_response *answer =
        call(&mate->client, API_CONSUMER_GROUP_HEARTBEAT, HEARTBEAT_VERSION, &request, &mate->arena);
    int error = answer == NULL ? KERR_NETWORK_EXCEPTION : answer->error_code;
    if (call_is_too_early(error))
        return false;
    if (error != KERR_NONE)
        die("ConsumerGroupHeartbeat: error %d", error);
    mate->has_news = false;
    if (epoch != EPOCH_LEAVING)
        take_answer(mate, answer);
    return true;
}

static bool shall_leave(const struct mate *mate)
{
    const struct team *team = mate->team;
    return atomic_load(&team->all_leave) || (mate == team->mates && atomic_load(&team->one_leaves));
}

static void *live(void *context)
{
    struct mate *mate = context;
    call_open(&mate->client, mate->team->load->port);
    call_until_coordinated(&mate->client, mate->team->topic);
    while (!beat(mate, EPOCH_JOINING))
        usleep(LOOK_US);
    while (!shall_leave(mate)) {
        if (!mate->has_news)
            usleep((useconds_t)mate->interval_ms * 1000);
        if (!shall_leave(mate) && !beat(mate, atomic_load(&mate->epoch)))
            die("the coordinator is gone");
    }
    if (mate == mate->team->mates)
        atomic_store(&mate->team->left_ns, now_ns());
    beat(mate, EPOCH_LEAVING);
    client_close(&mate->client);
    return NULL;
}

/* ---- the group ---- */

/* Whether all from `first` on are in the same epoch, which is later than `epoch`, and own every partition. */
static bool is_settled(const struct team *team, int first, int epoch)
{
    int owned = 0;
    int of_all = atomic_load(&team->mates[first].epoch);
    for (int i = first; i < team->load->connections; i++) {
        if (atomic_load(&team->mates[i].epoch) != of_all)
            return false;
        owned += atomic_load(&team->mates[i].owned);
    }
    return of_all > epoch && owned == team->load->partitions;
}

static void wait_until_settled(const struct team *team, int first, int epoch)
{
    for (int waited_us = 0; !is_settled(team, first, epoch); waited_us += LOOK_US) {
        if (waited_us > CALL_PATIENCE_MS * 1000)
            die("the group does not settle");
        usleep(LOOK_US);
    }
}

static void gather_team(struct team *team)
{
    for (int i = 0; i < team->load->connections; i++) {
        struct mate *mate = &team->mates[i];
        mate->team = team;
        mate->partitions = calloc((size_t)team->load->partitions, sizeof *mate->partitions);
        if (mate->partitions == NULL)
            die("calloc:");
        arena_init(&mate->arena, ARENA_CAP);
        snprintf(mate->id, sizeof mate->id, "mate-%d", i);
        if (pthread_create(&mate->thread, NULL, live, mate) != 0)
            die("cannot start a thread");
        usleep(JOIN_APART_US);
    }
    wait_until_settled(team, 0, 0);
    usleep(QUIET_US);
}

/* Ms from the goodbye until the last of the others came into the epoch that has no place for it. */
static double settle_without_one(struct team *team)
{
    int64_t last_ns = 0;
    int epoch = atomic_load(&team->mates[0].epoch);
    atomic_store(&team->one_leaves, true);
    wait_until_settled(team, 1, epoch);
    for (int i = 1; i < team->load->connections; i++) {
        int64_t since_ns = atomic_load(&team->mates[i].since_ns);
        last_ns = since_ns > last_ns ? since_ns : last_ns;
    }
    return (double)(last_ns - atomic_load(&team->left_ns)) / 1e6;
}

static void dismiss_team(struct team *team)
{
    atomic_store(&team->all_leave, true);
    for (int i = 0; i < team->load->connections; i++) {
        pthread_join(team->mates[i].thread, NULL);
        arena_fini(&team->mates[i].arena);
        free(team->mates[i].partitions);
    }
    free(team->mates);
}

void leave_scenario(const struct load *load)
{
    struct team team = {.load = load, .topic = slice_str(load->topic)};
    if (load->connections < 2)
        die("a group that one leaves needs two members");
    team.mates = calloc((size_t)load->connections, sizeof *team.mates);
    if (team.mates == NULL)
        die("calloc:");
    topic_create(load);
    gather_team(&team);
    struct cpu_mark mark = cpu_mark(load);
    double ms = settle_without_one(&team);
    struct measure measure = {.load = load};
    measure_cpu_since(&measure, load, &mark);
    printf("ms=%.2f cpu_ms=%.2f others=%.2f\n", ms, measure.cpu_s * 1e3, measure.others_s);
    dismiss_team(&team);
    topic_delete(load->port, load->topic);
}
