/*
 * internal_topic: the topics in which coordinators keep their records. They are made when somebody looks for
 * a coordinator for the first time, as the broker's settings say. Pure; any thread.
 */
#ifndef SERVER_COORDINATOR_INTERNAL_TOPIC_H
#define SERVER_COORDINATOR_INTERNAL_TOPIC_H

#include "metadata/config_def.h"
#include "protocol/messages/create_topics.h"

/* The partition that a group, a transactional id or a share partition ("group:topic id:partition") belongs
 * to, of `count`: abs(String.hashCode) % count, as in Kafka. */
int32_t coordinator_partition(struct slice key, int32_t count);

/* What a CreateTopics says of it, in the arena. False: the name is no coordinators' topic's. */
bool internal_topic_describe(struct slice name, const struct config_view *view, struct arena *arena,
                             struct create_topics_topic *topic);

#endif
