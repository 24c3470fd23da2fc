/*
 * placement: which brokers hold a new partition, and what its record says (kafka-apis 13.2).
 */
#ifndef METADATA_CONTROLLER_PLACEMENT_H
#define METADATA_CONTROLLER_PLACEMENT_H

#include "metadata/controller/controller.h"
#include "protocol/records/partition_record.h"

/* Brokers in the order in which replicas are dealt out: neighbours stand in different racks where that can
 * be. */
struct placement {
    int32_t *active; /* neither fenced nor shutting down */
    int32_t active_count;
    int32_t *fenced;
    int32_t fenced_count;
    uint64_t start; /* where the first partition begins */
};

/* Whether so many replicas can be placed: INVALID_REPLICATION_FACTOR with Kafka's text, or NONE. */
enum kerr placement_init(struct placement *placement, const struct controller *controller,
                         int32_t replication_factor, struct note *why);

/* The replicas of the `index`th partition that is placed, an array of replication_factor broker ids in the
 * arena; live ones first. */
int32_t *placement_choose(const struct placement *placement, const struct controller *controller,
                          int32_t index, int32_t replication_factor);

/* A manual assignment's replicas: INVALID_REPLICA_ASSIGNMENT with Kafka's text, or NONE. `expected_count` 0:
 * any. */
enum kerr placement_check_manual(const struct controller *controller, const int32_t *brokers, int32_t count,
                                 int32_t expected_count, struct note *why);

/* The directory that a new replica is assigned to: the broker's only one, else it is for the broker to
 * choose. */
struct uuid placement_default_directory(const struct controller *controller, int32_t id);

/* A new partition's record: leader and ISR are its live replicas. False if none of them lives. */
bool placement_fill_record(const struct controller *controller, struct uuid topic_id, int32_t partition_id,
                           int32_t *brokers, int32_t count, struct partition_record *record);

#endif
