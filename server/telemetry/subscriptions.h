/*
 * subscriptions: which metrics which clients are asked for, as the configs of the resources of type
 * CLIENT_METRICS say (KIP-714). Pure; whoever owns the set guards it.
 */
#ifndef SERVER_TELEMETRY_SUBSCRIPTIONS_H
#define SERVER_TELEMETRY_SUBSCRIPTIONS_H

#include "metadata/config_def.h"
#include "server/telemetry/metrics_client.h"

struct subscriptions;

/* What one client is asked for: of all subscriptions that are for it. */
struct wanted_metrics {
    struct slice
        *metrics; /* prefixes; none: nothing, one "*": all. In the order in which Apache Kafka has them */
    int32_t count;
    int32_t interval_ms; /* the shortest */
    int32_t id;          /* changes with the above and differs between clients; Apache Kafka's number */
};

/* Reads the configs, and makes the patterns ready. The image is not needed any more afterwards. */
struct subscriptions *subscriptions_new(const struct config_view *view);
void subscriptions_free(struct subscriptions *subscriptions); /* NULL is harmless */

/* The texts borrow from the subscriptions, the array is the arena's. */
void subscriptions_for(const struct subscriptions *subscriptions, const struct metrics_client *client,
                       struct arena *arena, struct wanted_metrics *wanted);

#endif
