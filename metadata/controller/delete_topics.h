/*
 * delete_topics: DeleteTopics' decisions (kafka-apis 13.3).
 */
#ifndef METADATA_CONTROLLER_DELETE_TOPICS_H
#define METADATA_CONTROLLER_DELETE_TOPICS_H

#include "metadata/controller/controller.h"
#include "protocol/messages/delete_topics.h"

/* Results in request order (Kafka shuffles them), one for a name or id that came twice. A success holds name
 * and id, whatever the version. Records: REMOVE_TOPIC_RECORD only. */
void controller_delete_topics(const struct controller *controller,
                              const struct delete_topics_request *request, int version,
                              struct delete_topics_response *response, struct record_list *records);

#endif
