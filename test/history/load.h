/*
 * The parts of the load program: threads that produce, read, and make and delete topics, until *stop.
 * Each writes a journal of its own.
 */
#ifndef HISTORY_LOAD_H
#define HISTORY_LOAD_H

#include "../interop/clients/client.h"
#include "journal.h"

#include <stdatomic.h>
#include <stdint.h>

enum {
    TOPIC_COUNT = 2,
    TOPIC_MAX = 1000, /* of all that there are at last */
    PARTITION_COUNT = 3,
    READ_BATCH = 1000,
    ANSWER_MS = 500, /* how long an answer is waited for before it is asked again */
    UNSENT_MAX = 3000,
};

extern const char *const load_topics[TOPIC_COUNT]; /* made before the threads start */
extern const char *const small_segments[];         /* topics' configs, so that segments roll often */

struct load {
    const char *bootstrap, *dir; /* of the journals */
    const atomic_bool *stop;
};

/* A kind of producer; it sends to all partitions of load_topics. */
struct producer_kind {
    const char *process;
    int number;
    const char *configs[12]; /* name, value ... NULL */
};

struct producer_thread {
    const struct load *load;
    const struct producer_kind *kind;
};

/* Thread bodies. */
void *produce_until_stop(void *producer_thread); /* returns when everything is acknowledged or refused */
void *churn_until_stop(void *load);              /* topics, and a few records in each */
void *read_until_stop(void *load);               /* all partitions of load_topics, from their beginnings */

/* The journal "final": every topic, and every record in each of them from its first offset to its end. */
void read_all(const struct load *load);

/* With small_segments; asks until it is there. */
void topic_make(rd_kafka_t *client, const char *topic, int partition_count);

/* Shared by the producing threads: an idempotent or other producer whose answers go to this journal. */
rd_kafka_t *producer_new(const char *bootstrap, struct journal *journal, const char *const *configs);
void producer_send(rd_kafka_t *producer, struct journal *journal, const char *topic, int32_t partition);
void producer_finish(rd_kafka_t *producer);

#endif
