/*
 * registration: the records with which a node takes its place: a new cluster's first records, its
 * registration, what it says when it stops, and whether that was all. Pure: node and image in, records out.
 */
#ifndef METADATA_REGISTRATION_H
#define METADATA_REGISTRATION_H

#include "metadata/cluster.h"

/* Wraps what a new cluster begins with (bootstrap.checkpoint's records) into a metadata transaction where the
 * level knows them, with the cluster-wide min.insync.replicas where eligible leader replicas are on, as
 * Apache Kafka does. False with the reason: these records are no beginning of a cluster. */
bool registration_add_bootstrap(struct record_list *records, const struct cluster_node *node,
                                const struct record_list *bootstrap, struct note *why);

/* The controller, the broker, which of its log directories are cordoned, and that it is not fenced. The image
 * has the configs; `first_offset` is where the list's first record will stand in the log. Returns the broker
 * epoch. */
int64_t registration_add_self(struct record_list *records, const struct image *image,
                              const struct cluster_node *node, int64_t first_offset);

/* Whether the node's last stop was clean: every log directory had a marker with the broker epoch that the
 * image has (KIP-966). */
bool registration_was_clean(const struct image *image, const struct cluster_node *node);

/* What this node's records can say of it at a higher metadata.version and could not before; none if it is not
 * registered. The list goes on at that level. */
void registration_add_raised(struct record_list *records, const struct image *image,
                             const struct cluster_node *node, int16_t level);

/* All that a clean stop says: this broker is on its way out, leads nothing any more, and is fenced: nobody
 * then waits for its session to end before it may register anew. The image is that before it. */
void registration_add_shutdown(struct record_list *records, const struct image *image,
                               const struct cluster_node *node, int64_t broker_epoch);

/* The last of it alone. */
void registration_add_fence(struct record_list *records, int32_t node_id, int64_t broker_epoch);

/* A registration that is not for the log: how the node stands in an image without any. Its epoch is -1. */
void registration_add_stand_in(struct record_list *records, const struct cluster_node *node);

#endif
