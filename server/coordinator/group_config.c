/* See group_config.h. */
#include "server/coordinator/group_config.h"

#include "protocol/base/ensure.h"

#include <string.h>
#include <strings.h>

#define RANGE_CLASS "org.apache.kafka.coordinator.group.assignor.RangeAssignor"

static const int64_t MINUTE_MS = 60000;

static int32_t small_number(const struct config_view *view, const char *name)
{
    return (int32_t)config_broker_number(view, name);
}

static struct slice text(const struct config_view *view, const char *name, struct arena *arena)
{
    const struct config_def *def = find_config(RESOURCE_BROKER, slice_str(name));
    ensure(def != NULL);
    enum config_source source;
    return arena_dup(arena, config_effective(view, RESOURCE_BROKER, SLICE_NULL, def, arena, &source));
}

static bool lists(const struct config_view *view, const char *name, const char *element, struct arena *arena)
{
    struct slice *elements;
    int32_t count = config_split(text(view, name, arena), arena, &elements);
    for (int32_t i = 0; i < count; i++)
        if (slice_equal_str(elements[i], element))
            return true;
    return false;
}

/* The names that they have on the wire, where the setting may have their classes'. */
static struct slice assignors(const struct config_view *view, struct arena *arena)
{
    struct slice *elements;
    int32_t count = config_split(text(view, "group.consumer.assignors", arena), arena, &elements);
    struct slice names = SLICE("");
    for (int32_t i = 0; i < count; i++) {
        bool is_range = slice_equal_str(elements[i], "range") || slice_equal_str(elements[i], RANGE_CLASS);
        names = arena_printf(arena, "%.*s%s%s", SLICE_ARGS(names), i == 0 ? "" : ",",
                             is_range ? "range" : "uniform");
    }
    return names;
}

static bool is_word(struct slice value, const char *word)
{
    return value.len == strlen(word) && strncasecmp((const char *)value.data, word, value.len) == 0;
}

static void read_policy(struct groups_config *groups, const struct config_view *view, struct arena *arena)
{
    struct slice policy = text(view, "group.consumer.migration.policy", arena);
    groups->consumer_upgrade = is_word(policy, "bidirectional") || is_word(policy, "upgrade");
    groups->consumer_downgrade = is_word(policy, "bidirectional") || is_word(policy, "downgrade");
}

void group_config_read(struct group_config *config, const struct config_view *view, struct arena *arena)
{
    *config = (struct group_config){
        .groups =
            {
                .node_id = view->node_id,
                .min_session_timeout_ms = small_number(view, "group.min.session.timeout.ms"),
                .max_session_timeout_ms = small_number(view, "group.max.session.timeout.ms"),
                .initial_rebalance_delay_ms = small_number(view, "group.initial.rebalance.delay.ms"),
                .max_size = small_number(view, "group.max.size"),
                .offset_metadata_max_bytes = small_number(view, "offset.metadata.max.bytes"),
                .offsets_retention_ms = config_broker_number(view, "offsets.retention.minutes") * MINUTE_MS,
                .offsets_retention_check_interval_ms =
                    config_broker_number(view, "offsets.retention.check.interval.ms"),
                .consumer_session_timeout_ms = small_number(view, "group.consumer.session.timeout.ms"),
                .consumer_heartbeat_interval_ms = small_number(view, "group.consumer.heartbeat.interval.ms"),
                .consumer_assignment_interval_ms =
                    small_number(view, "group.consumer.assignment.interval.ms"),
                .consumer_regex_refresh_interval_ms =
                    small_number(view, "group.consumer.regex.refresh.interval.ms"),
                .consumer_max_size = small_number(view, "group.consumer.max.size"),
                .consumer_assignors = assignors(view, arena),
            },
        .commit_timeout_ms = config_broker_number(view, "offsets.commit.timeout.ms"),
        .codec = (enum codec)config_broker_number(view, "offsets.topic.compression.codec"),
    };
    config->consumer_protocol = lists(view, "group.coordinator.rebalance.protocols", "consumer", arena);
    read_policy(&config->groups, view, arena);
}
