/*
 * telemetry: the clients that ask which metrics they are to push, and push them (KIP-714): who may when, as
 * Apache Kafka has it. What a broker without a receiver does with the metrics: docs/decisions/0009.
 *
 * Any thread; RANK_TELEMETRY is held while the subscriptions are looked through, never across I/O.
 */
#ifndef SERVER_TELEMETRY_TELEMETRY_H
#define SERVER_TELEMETRY_TELEMETRY_H

#include "protocol/errors.h"
#include "server/telemetry/subscriptions.h"

struct telemetry;

/* `seed` is random: clients choose their ids. */
struct telemetry *telemetry_new(uint64_t seed);
void telemetry_free(struct telemetry *telemetry); /* NULL is harmless */

/* Reads the subscriptions again if those of the image have changed; with the image read-locked. */
void telemetry_follow(struct telemetry *telemetry, const struct config_view *view);

/* A client asks. NONE: *wanted says what for, in the arena. THROTTLING_QUOTA_EXCEEDED: too early, unless its
 * last push told it to ask. `now_ms` is clock_monotonic_ms here and below. */
enum kerr telemetry_subscribe(struct telemetry *telemetry, const struct metrics_client *client,
                              int64_t now_ms, struct arena *arena, struct wanted_metrics *wanted);

/* A push, as its fields say it. */
struct metrics_push {
    int32_t subscription_id;
    bool terminating;
    int8_t compression_type;
    struct slice metrics;
    size_t max_bytes; /* telemetry.max.bytes: of the metrics, compressed or not */
};

/* NONE: it is accepted. Else why not, which the client's next question is judged by. Inflates, piece by piece
 * and no further than max_bytes, what is compressed. */
enum kerr telemetry_push(struct telemetry *telemetry, const struct metrics_client *client,
                         const struct metrics_push *push, int64_t now_ms);

/* Its connection has ended. */
void telemetry_forget(struct telemetry *telemetry, struct uuid instance_id);

/* How many clients are known: for tests. */
size_t telemetry_instance_count(struct telemetry *telemetry);

#endif
