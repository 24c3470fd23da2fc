/*
 * internal_topics: the topics that Kafka keeps for itself.
 */
#ifndef METADATA_INTERNAL_TOPICS_H
#define METADATA_INTERNAL_TOPICS_H

#include "protocol/base/slice.h"

#define CONSUMER_OFFSETS_TOPIC  "__consumer_offsets"
#define TRANSACTION_STATE_TOPIC "__transaction_state"
#define SHARE_GROUP_STATE_TOPIC "__share_group_state"

/* Clients may read and create them, not write to them. */
static inline bool is_internal_topic(struct slice name)
{
    return slice_equal_str(name, CONSUMER_OFFSETS_TOPIC) || slice_equal_str(name, TRANSACTION_STATE_TOPIC)
           || slice_equal_str(name, SHARE_GROUP_STATE_TOPIC);
}

#define CLUSTER_METADATA_TOPIC "__cluster_metadata"

#endif
