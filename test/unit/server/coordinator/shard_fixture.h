/*
 * shard_fixture: the owner of a shard of the group coordinator, in memory: it stores the records of each step
 * as bytes or refuses them, answers, lets time pass, and can throw the shard away and load it again. For unit
 * tests and simulations; nothing is random but what a seed says.
 */
#ifndef TEST_SHARD_FIXTURE_H
#define TEST_SHARD_FIXTURE_H

#include "protocol/messages/heartbeat.h"
#include "protocol/messages/join_group.h"
#include "protocol/messages/leave_group.h"
#include "protocol/messages/sync_group.h"
#include "server/coordinator/group_state.h"

/* One record as it lies in the log. */
struct shard_record {
    struct slice key;   /* these are its own */
    struct slice value; /* null: a tombstone */
};

/* One request and what became of it. */
struct ask {
    struct list_node node; /* in shard.asks */
    struct arena arena;
    struct group_reply reply;
    void *response; /* as the kind says */
    int answers;    /* how often it was answered: 1 in the end */
};

/* What the owner of a shard may do wrong, to show that it is noticed. */
enum shard_defect {
    SHARD_IS_RIGHT,
    SHARD_ANSWERS_TWICE,
    SHARD_LOSES_ANSWERS,
    SHARD_FORGETS_TIME,  /* nothing that is due is done */
    SHARD_HURRIES,       /* its clock runs four times as fast */
    SHARD_LOOKS_LATE,    /* groups are looked at a minute later than they asked for */
    SHARD_TURNS_BACK,    /* a group goes back by two generations */
    SHARD_LOSES_RECORDS, /* they are called stored, and are not */
    SHARD_KEEPS_REFUSED, /* the other way round */
    SHARD_LOSES_TAIL,    /* a restart finds the log without its end */
};

struct shard {
    struct groups *groups;
    struct groups_config config;
    struct image image;
    struct shard_record *log;
    int32_t log_count, log_capacity;
    size_t max_record_bytes; /* what an event says of it; 0: nothing */
    enum kerr append_error;  /* what appends are refused with; NONE: they are stored */
    int32_t refused;         /* how many were */
    int32_t batches;         /* how many were stored */
    int64_t now_ms;
    int64_t wall_ms;
    uint64_t random;
    enum shard_defect defect;
    struct list_node asks;
};

/* Kafka's defaults, but for a first join that does not wait. The clocks stand at 1,000,000 ms. */
void shard_init(struct shard *shard, uint64_t seed);
void shard_fini(struct shard *shard);

/* After shard->config has changed. */
void shard_set_config(struct shard *shard);

int64_t shard_next_due_ms(const struct shard *shard);

/* The shard is thrown away and loaded from its records: all of them, or only the last of each key, as
 * compaction would leave them. What waits is withdrawn. */
void shard_restart(struct shard *shard, bool is_compacted);

/* One step with all that follows. The request is borrowed; the ask lives until shard_fini or ask_free. */
struct ask *shard_ask(struct shard *shard, enum group_event_kind kind, const char *group_id,
                      const void *request, int version, const char *client_id);

/* Likewise with an answer that is laid out already; `response` is borrowed as long as the ask lives. */
struct ask *shard_ask_into(struct shard *shard, enum group_event_kind kind, const char *group_id,
                           const void *request, int version, void *response);
void ask_free(struct ask *ask);

/* The cluster has deleted a topic. */
void shard_drop_topic(struct shard *shard, const char *topic);

/* The cluster makes a topic, or gives it more partitions. */
void shard_put_topic(struct shard *shard, const char *topic, int32_t partitions);

/* And takes it out of its image: what is told of that is up to the test. */
void shard_remove_topic(struct shard *shard, const char *topic);

/* A setting of a group's own. */
void shard_configure_group(struct shard *shard, const char *group, const char *name, const char *value);

/* Time passes; what is due is done when it is due, in order. */
void shard_pass(struct shard *shard, int64_t ms);

/* The clock jumps: all that was due in between is done at its end. */
void shard_jump(struct shard *shard, int64_t ms);

/* The value of the last record with this key's text in it, decoded as a group of the classic protocol. Lives
 * as long as the arena; NULL: there is none, or it is a tombstone. */
struct group_metadata_value;
const struct group_metadata_value *shard_find_group_record(const struct shard *shard, const char *group_id,
                                                           struct arena *arena);

/* ---- requests ---- */

struct join_ask {
    const char *group, *member, *instance;            /* member "" a new one; instance NULL: dynamic */
    const char *client;                               /* "c" if NULL */
    const char *type;                                 /* "consumer" if NULL */
    const char *protocols[4];                         /* "range" if none */
    const char *metadata;                             /* of all of them; "" if NULL */
    struct slice bytes;                               /* in place of it, unless it is null */
    int version;                                      /* 9 if 0; -1 stands for 0 */
    int32_t session_timeout_ms, rebalance_timeout_ms; /* 30 and 60 s if 0 */
};

struct ask *shard_join(struct shard *shard, const struct join_ask *join);
#define ASK_JOIN(shard, ...) shard_join((shard), &(struct join_ask){__VA_ARGS__})

/* Assignments are pairs of member and bytes, NULL at the end. */
struct ask *shard_sync(struct shard *shard, const char *group, const char *member, const char *instance,
                       int32_t generation, const char *const *assignments);
enum kerr shard_heartbeat(struct shard *shard, const char *group, const char *member, const char *instance,
                          int32_t generation);

/* One member; its error, be it its own or that of the request. */
enum kerr shard_leave(struct shard *shard, const char *group, const char *member, const char *instance,
                      int version);

/* A dynamic member that joins with an id that it asks for first; text that lives as long as the shard. It
 * waits, or leads the next generation at once. */
struct ask *shard_join_new(struct shard *shard, const char *group, const char *client);

/* The member id of an answer, terminated; it lives as long as the ask. */
const char *member_id_of(struct ask *ask);

/* A group of this many members, the first one leading, in which all have synced; ids by index. */
void shard_make_stable(struct shard *shard, const char *group, int count, const char **ids);

/* The generation that the group is in, and the state's name (by DescribeGroups and its record). */
const char *shard_state(struct shard *shard, const char *group);

static inline const struct join_group_response *join_of(const struct ask *ask)
{
    return ask->response;
}

static inline const struct sync_group_response *sync_of(const struct ask *ask)
{
    return ask->response;
}

#endif
