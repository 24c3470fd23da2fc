/*
 * create_topics: CreateTopics' decisions (kafka-apis 13.2).
 */
#ifndef METADATA_CONTROLLER_CREATE_TOPICS_H
#define METADATA_CONTROLLER_CREATE_TOPICS_H

#include "metadata/controller/controller.h"
#include "protocol/messages/create_topics.h"

/* Results: good names in request order, then names that came twice, then __cluster_metadata. Records: each
 * topic, its configs, its partitions. Names that the client may not create are behind those that came
 * twice. */
void controller_create_topics(const struct controller *controller,
                              const struct create_topics_request *request, int version,
                              struct create_topics_response *response, struct record_list *records);

#endif
