/*
 * internal_topics: the topics that Kafka keeps for itself.
 */
#ifndef METADATA_INTERNAL_TOPICS_H
#define METADATA_INTERNAL_TOPICS_H

#include "protocol/base/slice.h"

/* __consumer_offsets, __transaction_state, __share_group_state: clients may read and create them, not write
 * to them. */
static inline bool is_internal_topic(struct slice name)
{
    return slice_equal_str(name, "__consumer_offsets") || slice_equal_str(name, "__transaction_state")
           || slice_equal_str(name, "__share_group_state");
}

#define CLUSTER_METADATA_TOPIC "__cluster_metadata"

#endif
