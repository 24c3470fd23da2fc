/*
 * throttle: the quotas of clients, enforced: who has used how much of what, and how long he has to be quiet.
 * One for all listeners, the controller's included, as Apache Kafka's two servers in one process count
 * together.
 *
 * Any thread. Where there is no quota of a kind, asking costs one relaxed load. Where there is one, a
 * connection finds its buckets once for each change of the quotas and each client id, under RANK_THROTTLE;
 * each request then takes the lock of its bucket alone (RANK_QUOTA_BUCKET), never across I/O.
 */
#ifndef SERVER_THROTTLE_THROTTLE_H
#define SERVER_THROTTLE_THROTTLE_H

#include "server/throttle/quota_rules.h"
#include "server/throttle/rate.h"

#include <stdatomic.h>

struct throttle;
struct quota_bucket;

/* What a connection knows of its own quotas; all zero: nothing yet. Its thread's alone. */
struct throttle_client {
    uint64_t version;                               /* of the quotas; 0: not looked up */
    struct slice client_id;                         /* its own memory */
    struct quota_bucket *buckets[QUOTA_KIND_COUNT]; /* referenced; NULL: no limit */
};

struct throttle_settings {
    struct quota_window window;            /* of all kinds but the next, and of connections */
    struct quota_window controller_window; /* controller.quota.window.* */
};

/* `seed` is random. */
struct throttle *throttle_new(const struct throttle_settings *settings, uint64_t seed);
void throttle_free(struct throttle *throttle); /* NULL is harmless; no client has anything any more */

/* Takes the cluster's quotas over as they are now. Also with the image or a change locked. */
void throttle_follow(struct throttle *throttle, const struct quotas *quotas);

/* Whether anybody has a limit of this kind. */
bool throttle_is_on(const struct throttle *throttle, enum quota_kind kind);

bool throttle_is_on_at_all(const struct throttle *throttle);

/* Gives back what the connection holds. */
void throttle_client_fini(struct throttle *throttle, struct throttle_client *client);

/* Who asks. `now_ms` is clock_monotonic_ms. */
struct throttle_asker {
    struct throttle_client *client;
    struct slice user;      /* without "User:" */
    struct slice client_id; /* null counts as "" */
    int64_t now_ms;
};

/* Records what was used (bytes; percent of a second of a thread) and says how long to be quiet, in ms. Not
 * for QUOTA_CONTROLLER. */
int32_t throttle_record(struct throttle *throttle, const struct throttle_asker *asker, enum quota_kind kind,
                        double value);

/* Takes back what was recorded. */
void throttle_unrecord(struct throttle *throttle, const struct throttle_asker *asker, enum quota_kind kind,
                       double value);

/* The most bytes that one fetch may bring without being above the limit for long; INT32_MAX at most. */
int32_t throttle_fetch_max_bytes(struct throttle *throttle, const struct throttle_asker *asker);

/* Takes `partitions` from the bucket of changes of topics. A strict asker gets nothing from a bucket that is
 * below zero (false), others go on and are throttled. *throttle_ms grows to how long to be quiet. */
bool throttle_take_mutations(struct throttle *throttle, const struct throttle_asker *asker,
                             int32_t partitions, bool strict, int32_t *throttle_ms);

/* A connection of this address begins. How long it waits before it is closed; 0: it is welcome. */
int32_t throttle_connection(struct throttle *throttle, const char *address, int64_t now_ms);

/* How many buckets there are: for tests. */
size_t throttle_bucket_count(struct throttle *throttle);

#endif
