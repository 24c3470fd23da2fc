/* See internal_topic.h. */
#include "server/coordinator/internal_topic.h"

#include "metadata/internal_topics.h"
#include "protocol/base/java_string.h"

#include <stdlib.h>

enum { CONFIGS_MAX = 5 };

/* A config of such a topic: a value, or the broker's setting that has it. */
struct topic_setting {
    const char *name, *value, *setting;
};

struct internal_topic {
    const char *name;
    const char *partitions, *replication_factor; /* the broker's settings */
    struct topic_setting configs[CONFIGS_MAX];   /* a null name ends them */
};

static const struct internal_topic internal_topics[] = {
    {CONSUMER_OFFSETS_TOPIC,
     "offsets.topic.num.partitions",
     "offsets.topic.replication.factor",
     {{"cleanup.policy", "compact", NULL},
      {"compression.type", "producer", NULL},
      {"segment.bytes", NULL, "offsets.topic.segment.bytes"}}},
    {TRANSACTION_STATE_TOPIC,
     "transaction.state.log.num.partitions",
     "transaction.state.log.replication.factor",
     {{"cleanup.policy", "compact", NULL},
      {"compression.type", "uncompressed", NULL},
      {"min.insync.replicas", NULL, "transaction.state.log.min.isr"},
      {"segment.bytes", NULL, "transaction.state.log.segment.bytes"},
      {"unclean.leader.election.enable", "false", NULL}}},
    {SHARE_GROUP_STATE_TOPIC,
     "share.coordinator.state.topic.num.partitions",
     "share.coordinator.state.topic.replication.factor",
     {{"cleanup.policy", "delete", NULL},
      {"compression.type", "producer", NULL},
      {"min.insync.replicas", NULL, "share.coordinator.state.topic.min.isr"},
      {"retention.ms", "-1", NULL},
      {"segment.bytes", NULL, "share.coordinator.state.topic.segment.bytes"}}},
};

int32_t coordinator_partition(struct slice key, int32_t count)
{
    int32_t hash = java_string_hash(key);
    return hash == INT32_MIN ? 0 : abs(hash) % count;
}

static const struct internal_topic *find(struct slice name)
{
    for (size_t i = 0; i < sizeof internal_topics / sizeof internal_topics[0]; i++)
        if (slice_equal_str(name, internal_topics[i].name))
            return &internal_topics[i];
    return NULL;
}

bool internal_topic_describe(struct slice name, const struct config_view *view, struct arena *arena,
                             struct create_topics_topic *topic)
{
    const struct internal_topic *internal = find(name);
    if (internal == NULL)
        return false;
    topic->num_partitions = (int32_t)config_broker_number(view, internal->partitions);
    topic->replication_factor = (int16_t)config_broker_number(view, internal->replication_factor);
    array_init(&topic->configs, create_topics_config, arena, CONFIGS_MAX);
    int32_t count = 0;
    for (; count < CONFIGS_MAX && internal->configs[count].name != NULL; count++) {
        const struct topic_setting *from = &internal->configs[count];
        topic->configs.items[count].name = slice_str(from->name);
        topic->configs.items[count].value =
            from->value != NULL
                ? slice_str(from->value)
                : arena_printf(arena, "%lld", (long long)config_broker_number(view, from->setting));
    }
    topic->configs.count = count;
    return true;
}
