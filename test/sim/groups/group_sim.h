/*
 * group_sim: groups, their clients and the owner of their shard, driven by a seed: joins, members that are
 * lost, requests that come late, twice or out of order, clocks that jump, appends that are refused, restarts.
 * One thread, no real time: a run is a function of its seed. The rules that must hold are in group_checks.h.
 *
 * A protocol's client is a file of its own: a `struct sim_client_kind`, and state that it allocates.
 */
#ifndef TEST_GROUP_SIM_H
#define TEST_GROUP_SIM_H

#include "test/sim/groups/fate.h"
#include "test/unit/server/coordinator/shard_fixture.h"

enum {
    SIM_GROUPS = 3,
    SIM_CLIENTS = 12,
    SIM_PARTITIONS = 6, /* of the one topic that all groups read */
    SIM_PAST = 32,      /* requests that may come again */
    SIM_REBALANCE_TIMEOUT_MS = 20000,
    SIM_SESSION_TIMEOUT_MS = 10000,
};

struct sim;
struct sim_client;

/* A request that was sent, so that it can be sent again. */
struct sim_past {
    enum group_event_kind kind;
    const char *group;
    char member[96], instance[8]; /* instance "": none */
    int32_t generation;
    int version;
    char body[256]; /* an assignment, or the metadata */
};

/* What a protocol's clients do. */
struct sim_client_kind {
    const char *name;

    /* Takes what has been answered, and does the next thing that is due. */
    void (*act)(struct sim *sim, struct sim_client *client);

    /* The process is gone without a word; what it waited for is withdrawn. It starts anew with act. */
    void (*die)(struct sim *sim, struct sim_client *client);

    /* The connection is gone, and what it waited for; the process goes on as a member if it was one, or joins
     * again if `joins_again`. */
    void (*disconnect)(struct sim *sim, struct sim_client *client, bool joins_again);

    /* It leaves its group in an orderly way. */
    void (*leave)(struct sim *sim, struct sim_client *client);

    /* Sends what was sent before, by whoever it was; nobody waits for the answer. */
    void (*send_again)(struct sim *sim, const struct sim_past *past);

    /* The bits of the partitions that it takes for its own; 0 while it is not at rest in its group. */
    uint32_t (*owned)(const struct sim_client *client, int32_t *generation);
};

struct sim_client {
    const struct sim_client_kind *kind;
    int index;
    const char *group;
    char instance[8]; /* "": a dynamic member */
    bool is_alive;
    int incarnation; /* how often it was started */
    void *state;     /* the kind's; freed with free */
};

/* A reply that is waited for, by a client or by nobody. */
struct sim_wait {
    struct ask *ask;
    enum group_event_kind kind;
    const char *group;
    int64_t since_ms;
    bool is_nobodys; /* let go when it is answered */
    bool is_checked; /* the answer has been looked at */
};

enum { SIM_WAITS = 512 };

struct sim {
    struct shard shard;
    struct fate fate;
    struct sim_client clients[SIM_CLIENTS];
    struct sim_past past[SIM_PAST];
    int past_count;
    struct sim_wait waits[SIM_WAITS];
    int wait_count;
    int32_t stored_generation[SIM_GROUPS];                 /* the last of which an assignment was given */
    int32_t shown_generation[SIM_GROUPS];                  /* the last that anybody joined, since the start */
    int owner[SIM_GROUPS][SIM_PARTITIONS];                 /* in stored_generation; -1: nobody */
    bool leader_errs;                                      /* a planted defect: one partition, two owners */
    int64_t events, restarts, refusals, assignments, lost; /* what has happened, for the report */
};

/* The ask, which may be answered already, is looked at from now on (rules 1 to 3). A client's is forgotten
 * and freed by its client; nobody's when it is answered. */
void sim_await(struct sim *sim, struct ask *ask, enum group_event_kind kind, const char *group,
               bool is_nobodys);
void sim_forget(struct sim *sim, struct ask *ask);

/* Remembers a request. */
void sim_remember(struct sim *sim, const struct sim_past *past);

int sim_group_index(const char *group);

/* A run: so many events, then calm, in which all must come to rest. `defect` is the shard's. True if all
 * rules held; else sim->fate.wrong says which did not. */
bool sim_run(struct sim *sim, uint64_t seed, int events, enum shard_defect defect, bool leader_errs);

extern const struct sim_client_kind classic_client_kind;

#endif
