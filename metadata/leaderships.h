/*
 * leaderships: the records with which a node takes the lead of its partitions, and gives it up. Pure: node
 * and image in, records out.
 */
#ifndef METADATA_LEADERSHIPS_H
#define METADATA_LEADERSHIPS_H

#include "metadata/cluster.h"
#include "protocol/records/partition_change_record.h"

/* Whether the partition has no leader and the node is a replica that has all committed records, or all that
 * are left of them: in the ISR, eligible beside it, the last known leader where nobody is eligible, or the
 * only replica that there is. */
bool leaderships_may_take(const struct partition_state *partition, int32_t node_id);

/* Fills what changes when the node takes the lead, and nothing else. Was it not in sync, the partition is
 * RECOVERING, as after an unclean election. The id is borrowed. */
void leaderships_set_leader(struct partition_change_record *change, const struct partition_state *partition,
                            const int32_t *node_id);

/* Fills what changes when the node leads no more, with nobody to follow it. Was it alone in sync, it stays
 * eligible to lead (KIP-966), or in the ISR where that is not on; replicas elsewhere stay beside it. The id
 * is borrowed, the arena has what is listed. */
void leaderships_set_none(struct partition_change_record *change, const struct partition_state *partition,
                          const int32_t *node_id, bool has_elr, struct arena *arena);

/* How the node stopped. */
enum last_stop {
    STOP_CLEAN,
    STOP_UNCLEAN,
    STOP_UNKNOWN, /* the cluster log has lost its last change: what a start has said, say */
};

/*
 * That this node leads every partition that it may lead and whose log directory it has: after a clean stop
 * all that it has resigned. Returns how many.
 *
 * A stop that was not clean may have lost records that clients have seen. So the node gives up first what it
 * led, and is not in sync any more where eligible leader replicas are on: the leader epoch rises by two, as
 * Apache Kafka's, and a client can tell by it that the log is not what it was (KIP-320).
 *
 * If it is not known how it stopped, the node may have led in later epochs than the image has, by two at
 * most, and have lost records of those. So the leader epoch rises by two more: none is led twice.
 */
int32_t leaderships_add_taken(struct record_list *records, const struct image *image,
                              const struct cluster_node *node, enum last_stop stop);

/* That this node leads no partition any more: it stops, and all that was committed is here. */
void leaderships_add_resigned(struct record_list *records, const struct image *image,
                              const struct cluster_node *node);

#endif
