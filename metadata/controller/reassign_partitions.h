/*
 * reassign_partitions: the decisions of AlterPartitionReassignments, and what ListPartitionReassignments
 * tells (KIP-455; kafka-apis 16, 16.2).
 */
#ifndef METADATA_CONTROLLER_REASSIGN_PARTITIONS_H
#define METADATA_CONTROLLER_REASSIGN_PARTITIONS_H

#include "metadata/controller/controller.h"
#include "protocol/messages/alter_partition_reassignments.h"
#include "protocol/messages/list_partition_reassignments.h"

/* Results in request order. */
void controller_alter_partition_reassignments(const struct controller *controller,
                                              const struct alter_partition_reassignments_request *request,
                                              struct alter_partition_reassignments_response *response,
                                              struct record_list *records);

/* Answers every partition that the request names, and the request itself, with one error. `message` may be
 * null. */
void controller_refuse_reassignments(const struct controller *controller,
                                     const struct alter_partition_reassignments_request *request,
                                     enum kerr error, struct slice message,
                                     struct alter_partition_reassignments_response *response);

/* Those that are under way, of all partitions or of those that are named. What the answer points to is in
 * the arena or the request. */
void controller_list_partition_reassignments(const struct image *image, struct arena *arena,
                                             const struct list_partition_reassignments_request *request,
                                             struct list_partition_reassignments_response *response);

#endif
