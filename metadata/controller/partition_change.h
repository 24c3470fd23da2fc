/*
 * partition_change: the record of a partition whose replicas, ISR or leader change, with all that follows
 * from it: a reassignment that is complete ends, eligible leader replicas are told apart (KIP-966), a leader
 * is elected (kafka-apis 16.2, 16.3).
 */
#ifndef METADATA_CONTROLLER_PARTITION_CHANGE_H
#define METADATA_CONTROLLER_PARTITION_CHANGE_H

#include "metadata/controller/controller.h"

enum election {
    ELECT_ONLINE,    /* keeps the leader that there is, else the first replica that may lead */
    ELECT_PREFERRED, /* the first of the replicas, if it may lead */
    ELECT_UNCLEAN,   /* any replica that lives, if none may lead */
};

/* What is to become of a partition. */
struct partition_change {
    const struct controller *controller;
    const struct topic *topic;
    int32_t index;
    const struct partition_state *state; /* as it is */
    enum election election;
    int32_t gone; /* a broker that leaves the cluster by the same change; -1: none */
    /* As they shall be; those of `state` at first. Borrowed. */
    struct broker_ids replicas;
    struct broker_ids isr;
    struct broker_ids adding_replicas;
    struct broker_ids removing_replicas;
};

void partition_change_init(struct partition_change *change, const struct controller *controller,
                           const struct topic *topic, int32_t index);

/* Whether a replica may come to lead the partition that lacks records which were committed. */
bool partition_change_may_be_unclean(const struct partition_change *change);

/* Adds the record; false if nothing changes. */
bool partition_change_add(struct partition_change *change, struct record_list *records);

bool broker_ids_have(struct broker_ids ids, int32_t id);
bool broker_ids_equal(struct broker_ids a, struct broker_ids b); /* in the same order */

/* Those that are not among `others`, in their order; in the arena. */
struct broker_ids broker_ids_without(struct arena *arena, struct broker_ids ids, struct broker_ids others);

#endif
