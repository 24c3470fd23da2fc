/*
 * group_config: what the broker's settings say to the group coordinator.
 */
#ifndef SERVER_COORDINATOR_GROUP_CONFIG_H
#define SERVER_COORDINATOR_GROUP_CONFIG_H

#include "metadata/config_def.h"
#include "protocol/compress.h"
#include "server/coordinator/groups.h"

struct group_config {
    struct groups_config groups;
    bool consumer_protocol;    /* group.coordinator.rebalance.protocols has it */
    int64_t commit_timeout_ms; /* offsets.commit.timeout.ms */
    enum codec codec;          /* offsets.topic.compression.codec, of what is appended */
};

/* As it is now. What it points to lives in the arena. */
void group_config_read(struct group_config *config, const struct config_view *view, struct arena *arena);

#endif
