/*
 * create_partitions: CreatePartitions' decisions (kafka-apis 13.4).
 */
#ifndef METADATA_CONTROLLER_CREATE_PARTITIONS_H
#define METADATA_CONTROLLER_CREATE_PARTITIONS_H

#include "metadata/controller/controller.h"
#include "protocol/messages/create_partitions.h"

/* Results: names that came twice first, then those that the client may not alter, then the others in request
 * order. */
void controller_create_partitions(const struct controller *controller,
                                  const struct create_partitions_request *request,
                                  struct create_partitions_response *response, struct record_list *records);

#endif
