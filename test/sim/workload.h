/*
 * workload: what a broker's clients and its own clock do to it, drawn from a seed, written down in a model as
 * it happens: appends of every kind, markers, ticks (checkpoints, flushing, deletion, retention), topics made
 * and deleted, clean stops and kills. One step at a time, one thread.
 */
#ifndef TEST_SIM_WORKLOAD_H
#define TEST_SIM_WORKLOAD_H

#include "test/sim/model.h"
#include "test/sim/node.h"
#include "test/sim/sim_fs.h"

struct workload {
    struct sim_fs *fs;    /* borrowed */
    struct sim_fs *other; /* borrowed; the disk of a second log directory, or NULL */
    struct node node;
    bool running;
    bool faults_are_expected; /* of `other` if there is one; else whatever is refused is a complaint */
    struct model model;
    uint64_t random;
    struct note complaint; /* what the node did wrong while it ran; "": nothing */
};

/* Starts the node and makes the first topics. */
void workload_begin(struct workload *workload, struct sim_fs *fs, uint64_t seed, bool faults_are_expected);

/* The same on two disks. Faults are expected of the second one: what it has answers KAFKA_STORAGE_ERROR at
 * worst, everything else goes on. */
void workload_begin_on_two(struct workload *workload, struct sim_fs *fs, struct sim_fs *other, uint64_t seed);

/* Writes to every partition, acks=all, and reads it: the first directory's must serve, and what the other one
 * has must say KAFKA_STORAGE_ERROR if that is offline. */
void workload_visit_all(struct workload *workload);
void workload_start(struct workload *workload); /* again; `running` says whether it did */
void workload_step(struct workload *workload);
void workload_stop(struct workload *workload); /* cleanly */
void workload_kill(struct workload *workload); /* harmless if nothing runs */
void workload_fini(struct workload *workload);

/* A producer's id in a partition; `which` below MODEL_PRODUCERS. */
int64_t workload_producer_id(const struct model_topic *topic, int32_t partition, int which);

/* A batch of a producer (-1: of none) with this base sequence, malloc'ed. */
uint8_t *workload_make_batch(struct workload *workload, int64_t producer_id, int32_t sequence,
                             bool transactional, size_t *len);

#endif
