/*
 * groups: one shard of the group coordinator: the groups whose ids fall into one partition of
 * __consumer_offsets, their members, and what they have committed.
 *
 * Pure: step(state, event, now) -> state + effects. No locks, no clock, no files, no sockets: whoever owns a
 * shard (server/coordinator/group_coordinator, or a simulation) calls
 *
 *     groups_step(groups, &event, &effects);       decides; nothing durable has changed yet
 *     ... append effects.records, as one batch, to the partition ...
 *     groups_stored(groups, &event, &effects);     they are in the log: now they are in force
 *     groups_refused(groups, &event, error, &effects);   or they are not
 *
 * always one of the last two where a step wrote records, before anything else happens to the shard, and then
 * wakes the owners of effects.answered; and does it all again where the effects are unfinished. What survives
 * a restart is what the records say: groups_load with every record of the log in turn gives the same groups
 * again.
 */
#ifndef SERVER_COORDINATOR_GROUPS_H
#define SERVER_COORDINATOR_GROUPS_H

#include "metadata/image.h"
#include "protocol/base/arena.h"
#include "protocol/base/list.h"
#include "protocol/errors.h"
#include "protocol/records/coordinator_record.h"

struct groups;

/* The broker's settings, as Kafka names them (group.*, offsets.*). Times in ms. */
struct groups_config {
    int32_t node_id; /* whose dynamic settings count */
    int32_t min_session_timeout_ms;
    int32_t max_session_timeout_ms;
    int32_t initial_rebalance_delay_ms;
    int32_t max_size;
    int32_t offset_metadata_max_bytes;
    int64_t offsets_retention_ms;
    int64_t offsets_retention_check_interval_ms;
    int32_t consumer_session_timeout_ms;
    int32_t consumer_heartbeat_interval_ms;
    int32_t consumer_assignment_interval_ms;
    int32_t consumer_regex_refresh_interval_ms;
    int32_t consumer_max_size;
    struct slice consumer_assignors; /* "uniform,range": the first is the default */
    /* Whether who was subscribed with a regular expression may see a topic that it matches: as authorize has
     * it, called with the image read-locked. NULL: everybody may see everything. */
    bool (*may_describe)(const void *authorizer, struct slice principal, struct slice client_host,
                         struct slice topic);
    const void *authorizer;
    bool consumer_upgrade;   /* group.consumer.migration.policy allows classic -> consumer */
    bool consumer_downgrade; /* and back */
};

/* ---- events ---- */

enum group_event_kind {
    GROUP_JOIN,               /* join_group_request, join_group_response; parks */
    GROUP_SYNC,               /* sync_group_request, sync_group_response; parks */
    GROUP_HEARTBEAT,          /* heartbeat_request, heartbeat_response */
    GROUP_LEAVE,              /* leave_group_request, leave_group_response */
    GROUP_DESCRIBE,           /* no request; describe_groups_response_group */
    GROUP_DELETE,             /* no request; delete_groups_response_result */
    GROUP_LIST,               /* list_groups_request; list_groups_response, to which this shard's are added */
    GROUP_OFFSET_COMMIT,      /* offset_commit_request, of partitions that are there; offset_commit_response,
                                 laid out likewise */
    GROUP_OFFSET_FETCH,       /* offset_fetch_request_group; offset_fetch_response_group */
    GROUP_OFFSET_DELETE,      /* offset_delete_request, for its group; offset_delete_response, laid out */
    GROUP_CONSUMER_HEARTBEAT, /* consumer_group_heartbeat_request, consumer_group_heartbeat_response */
    GROUP_CONSUMER_DESCRIBE,  /* no request; consumer_group_describe_response_group */
    GROUP_TOPIC_DELETED,      /* no request, no reply; `topic`: its offsets go */
    GROUP_TIME,               /* nothing but the time: does what is due first, for one group */
};

/* Where an answer goes. Belongs to the asking thread, which sleeps until it is answered; any later step of
 * the shard may do that. */
struct group_reply {
    struct list_node node;          /* in effects.answered */
    struct arena *arena;            /* the asker's: what the response points to */
    void *response;                 /* with its defaults, as the event's kind says */
    int version;                    /* of the request */
    struct group_reply **parked_at; /* where the group keeps it until it is answered; NULL: nowhere */

    /* The shard's owner's; the state machine does not look at them. */
    struct waiter *waiter;
    struct list_node parked_node; /* while the asking thread sleeps */
    bool answered;
    enum kerr error;             /* what became of it instead of the response */
    struct partition *partition; /* to be synced before the answer leaves; NULL: nothing waits for that */
    int64_t sync_offset;         /* ... up to here */
};

/* A request is borrowed for the step: what is to be kept is copied. A parked one's reply lives on. */
struct group_event {
    enum group_event_kind kind;
    struct slice group_id;
    const void *request;
    struct group_reply *reply; /* NULL: nobody waits */
    struct slice client_id;
    struct slice client_host;  /* as Kafka prints it: "/127.0.0.1" */
    struct slice principal;    /* who asks, "User:name": for may_describe */
    struct slice topic;        /* GROUP_TOPIC_DELETED */
    size_t max_record_bytes;   /* a record that must be longer is refused before its step; 0: not known */
    int64_t now_ms;            /* monotonic: timeouts */
    int64_t wall_ms;           /* since 1970: what records say */
    const struct image *image; /* the cluster's topics, features and group configs, for groups_step alone */
};

/* ---- effects ---- */

/* A record for __consumer_offsets, as a message. The structs are in the effects' arena. */
struct group_record {
    const struct coordinator_record *type;
    const void *key;
    const void *value; /* NULL: what the key names is gone */
    int64_t offset;    /* where it lies in the log: set by who has stored it */
};

/* The version that its value, which it has, is written in. */
int group_record_version(const struct group_record *record);

struct group_effects {
    struct arena *arena;          /* lives until the effects have been carried out */
    struct group_record *records; /* to be stored all or none, in this order */
    int32_t record_count;
    int32_t record_capacity;
    size_t tombstone_bytes;    /* about as much as there may be of them, for `unfinished` */
    struct list_node answered; /* struct group_reply.node */

    /* There is more of this than one batch holds: if these records have been stored, step again with the same
     * event. Only where it does no harm that others see it half done. */
    bool unfinished;

    /* What else the step wants done once the records are stored or refused; may be NULL. */
    void (*stored)(struct groups *groups, const struct group_event *event, struct group_effects *effects);
    void (*refused)(struct groups *groups, const struct group_event *event, enum kerr error,
                    struct group_effects *effects);
    void *context; /* theirs */
};

void group_effects_init(struct group_effects *effects, struct arena *arena);

/* ---- the state ---- */

/* Randomness is an argument, so a seed reproduces every decision (member ids). */
struct groups *groups_new(const struct groups_config *config, uint64_t (*next_random)(void *state),
                          void *random_state);
void groups_free(struct groups *groups);

/* Settings that changed while it runs. */
void groups_set_config(struct groups *groups, const struct groups_config *config);

/* One record of the log, at start; value null: a tombstone; both are borrowed. Records of a transaction come
 * when it is committed, with the offset that they had. False: the key is of no type that we know, or
 * something does not decode (`why` says what): it is skipped, as Kafka does. */
bool groups_load(struct groups *groups, struct slice key, struct slice value, int64_t offset,
                 struct note *why);

/* All has been loaded: timeouts of the members that were found begin now, those of consumer groups as their
 * own configs in the image say. Writes no records. */
void groups_loaded(struct groups *groups, const struct image *image, int64_t now_ms,
                   struct group_effects *effects);

void groups_step(struct groups *groups, const struct group_event *event, struct group_effects *effects);
void groups_stored(struct groups *groups, const struct group_event *event, struct group_effects *effects);
void groups_refused(struct groups *groups, const struct group_event *event, enum kerr error,
                    struct group_effects *effects);

/* What a client is told when records could not be stored (kafka-apis 9.3). */
enum kerr group_error_of_append(enum kerr error);

/* When something is due (monotonic ms); INT64_MAX: never. Then the owner steps with GROUP_TIME, again and
 * again until this is in the future. */
int64_t groups_next_due_ms(const struct groups *groups);

/* Takes back a parked reply whose owner cannot wait any longer: it will not be answered. */
void group_reply_withdraw(struct group_reply *reply);

#endif
