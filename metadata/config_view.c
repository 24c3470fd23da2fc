/*
 * config_view: which value of a config is in force. A topic's or group's own override first, then the
 * broker's keys that stand for it (this broker's dynamic ones, the cluster's, server.properties), then the
 * default.
 *
 * Pure; the caller holds the image still (its read lock).
 */
#include "metadata/config_def.h"
#include "metadata/java_number.h"
#include "protocol/base/ensure.h"

#include <stdio.h>

struct found {
    struct slice value;
    const char *name; /* under which it was found */
    int64_t factor;   /* what its number is multiplied by */
    enum config_source source;
};

struct broker_config_sets config_broker_sets(const struct config_view *view)
{
    char id[12];
    snprintf(id, sizeof id, "%d", view->node_id);
    return (struct broker_config_sets){
        .dynamic = image_find_configs(view->image, RESOURCE_BROKER, slice_str(id)),
        .dynamic_default = image_find_configs(view->image, RESOURCE_BROKER, SLICE("")),
        .fixed = view->static_configs,
    };
}

/* The first of the keys that the set has; factors may be NULL (all 1). */
static bool find_any(const struct config_set *set, const char *const *names, const int64_t *factors,
                     enum config_source source, struct found *found)
{
    for (size_t i = 0; names[i]; i++) {
        const struct config_entry *entry = config_find_taken(set, slice_str(names[i]), source);
        if (!entry || slice_is_null(entry->value))
            continue;
        *found = (struct found){entry->value, names[i], factors ? factors[i] : 1, source};
        return true;
    }
    return false;
}

static bool find_in_broker(const struct broker_config_sets *sets, const char *const *names,
                           const int64_t *factors, struct found *found)
{
    return find_any(sets->dynamic, names, factors, SOURCE_DYNAMIC_BROKER, found)
           || find_any(sets->dynamic_default, names, factors, SOURCE_DYNAMIC_DEFAULT_BROKER, found)
           || find_any(sets->fixed, names, factors, SOURCE_STATIC_BROKER, found);
}

static enum config_source override_source(enum resource_type type)
{
    switch (type) {
    case RESOURCE_TOPIC:
        return SOURCE_TOPIC;
    case RESOURCE_GROUP:
        return SOURCE_GROUP;
    case RESOURCE_CLIENT_METRICS:
        return SOURCE_CLIENT_METRICS;
    case RESOURCE_UNKNOWN:
    case RESOURCE_BROKER:
    case RESOURCE_BROKER_LOGGER:
        break;
    }
    return SOURCE_DEFAULT;
}

/* `own` are the resource's overrides (NULL for a broker, whose overrides are among `sets`). */
static struct found look_up(const struct broker_config_sets *sets, enum resource_type type,
                            const struct config_set *own, const struct config_def *def)
{
    const char *const self[] = {def->name, NULL};
    struct found found = {slice_str(def->default_value), def->name, 1, SOURCE_DEFAULT};
    if (type == RESOURCE_BROKER) {
        find_in_broker(sets, self, NULL, &found);
        return found;
    }
    if (!find_any(own, self, NULL, override_source(type), &found) && def->synonyms)
        find_in_broker(sets, def->synonyms, def->synonym_factors, &found);
    return found;
}

static bool is_number(const struct config_def *def)
{
    return def->type == CONFIG_INT || def->type == CONFIG_SHORT || def->type == CONFIG_LONG;
}

struct slice config_effective(const struct config_view *view, enum resource_type type, struct slice resource,
                              const struct config_def *def, struct arena *arena, enum config_source *source)
{
    struct broker_config_sets sets = config_broker_sets(view);
    const struct config_set *own =
        type == RESOURCE_BROKER ? NULL : image_find_configs(view->image, type, resource);
    struct found found = look_up(&sets, type, own, def);
    *source = found.source;
    int64_t number;
    if (found.factor == 1 || !is_number(def)
        || !java_parse_long(config_trim(found.value), INT64_MIN / found.factor, INT64_MAX / found.factor,
                            &number))
        return found.value;
    return arena_printf(arena, "%lld", (long long)number * found.factor);
}

/* ---- a log's settings ---- */

struct resolver {
    struct broker_config_sets sets;
    const struct config_set *topic; /* its overrides, or NULL */
};

static struct found look_up_topic(const struct resolver *resolver, const char *name)
{
    const struct config_def *def = find_topic_config(slice_str(name));
    return look_up(&resolver->sets, RESOURCE_TOPIC, resolver->topic, def);
}

static int64_t number_of(struct found found, const struct config_def *def)
{
    int64_t number = 0;
    int64_t limit = INT64_MAX / found.factor;
    if (java_parse_long(config_trim(found.value), -limit, limit, &number))
        return number * found.factor;
    java_parse_long(slice_str(def->default_value), INT64_MIN, INT64_MAX,
                    &number); /* leaves 0 where that is null */
    return number;
}

int64_t config_number(const struct config_view *view, enum resource_type type, struct slice resource,
                      const struct config_def *def)
{
    struct broker_config_sets sets = config_broker_sets(view);
    const struct config_set *own =
        type == RESOURCE_BROKER ? NULL : image_find_configs(view->image, type, resource);
    return number_of(look_up(&sets, type, own, def), def);
}

int64_t config_broker_number(const struct config_view *view, const char *name)
{
    const struct config_def *def = find_config(RESOURCE_BROKER, slice_str(name));
    ensure(def != NULL);
    return config_number(view, RESOURCE_BROKER, SLICE_NULL, def);
}

static int64_t resolve_number(const struct resolver *resolver, const char *name)
{
    return number_of(look_up_topic(resolver, name), find_topic_config(slice_str(name)));
}

static int32_t resolve_int(const struct resolver *resolver, const char *name)
{
    int64_t number = resolve_number(resolver, name);
    return number < INT32_MIN ? INT32_MIN : number > INT32_MAX ? INT32_MAX : (int32_t)number;
}

static bool resolve_boolean(const struct resolver *resolver, const char *name)
{
    struct slice value = config_trim(look_up_topic(resolver, name).value);
    return value.len == 4
           && (value.data[0] | 0x20) == 't'; /* checked when it was set: true or false, any case */
}

static double resolve_double(const struct resolver *resolver, const char *name)
{
    double number;
    if (!java_parse_double(look_up_topic(resolver, name).value, &number))
        java_parse_double(slice_str(find_topic_config(slice_str(name))->default_value), &number);
    return number;
}

static bool list_has(struct slice list, struct slice element)
{
    while (list.len > 0) {
        const uint8_t *comma = memchr(list.data, ',', list.len);
        size_t len = comma ? (size_t)(comma - list.data) : list.len;
        if (slice_equal(config_trim(slice_of(list.data, len)), element))
            return true;
        list = slice_from(list, comma ? len + 1 : len);
    }
    return false;
}

static int32_t resolve_codec(const struct resolver *resolver)
{
    static const char *const codecs[] = {"uncompressed", "gzip", "snappy", "lz4",
                                         "zstd"}; /* as batches number them */
    struct slice value = config_trim(look_up_topic(resolver, "compression.type").value);
    for (int32_t i = 0; i < 5; i++)
        if (slice_equal_str(value, codecs[i]))
            return i;
    return COMPRESSION_PRODUCER;
}

/* acks=all waits for the disk unless somebody chose a way to flush (design decision 8). The scheduler's
 * interval alone is no such choice: it says how often logs are looked at. */
static bool waits_for_disk(const struct resolver *resolver)
{
    struct found by_time = look_up_topic(resolver, "flush.ms");
    bool timed =
        by_time.source != SOURCE_DEFAULT && strcmp(by_time.name, "log.flush.scheduler.interval.ms") != 0;
    return !timed && look_up_topic(resolver, "flush.messages").source == SOURCE_DEFAULT;
}

static void resolve_segments(const struct resolver *resolver, struct log_config *config)
{
    config->segment_bytes = resolve_number(resolver, "segment.bytes");
    int64_t internal = resolve_number(resolver, "internal.segment.bytes");
    if (internal > 0)
        config->segment_bytes = internal;
    config->segment_ms = resolve_number(resolver, "segment.ms");
    config->segment_jitter_ms = resolve_number(resolver, "segment.jitter.ms");
    config->segment_index_bytes = resolve_number(resolver, "segment.index.bytes");
    config->index_interval_bytes = resolve_number(resolver, "index.interval.bytes");
    config->preallocate = resolve_boolean(resolver, "preallocate");
    config->flush_messages = resolve_number(resolver, "flush.messages");
    config->flush_ms = resolve_number(resolver, "flush.ms");
    config->sync_acks_all = waits_for_disk(resolver);
}

static int64_t no_limit_if_negative(int64_t number)
{
    return number < 0 ? -1 : number;
}

static void resolve_retention(const struct resolver *resolver, struct log_config *config)
{
    struct slice policy = look_up_topic(resolver, "cleanup.policy").value;
    config->cleanup_delete = list_has(policy, SLICE("delete"));
    config->cleanup_compact = list_has(policy, SLICE("compact"));
    config->retention_bytes = no_limit_if_negative(resolve_number(resolver, "retention.bytes"));
    config->retention_ms = no_limit_if_negative(resolve_number(resolver, "retention.ms"));
    config->file_delete_delay_ms = resolve_number(resolver, "file.delete.delay.ms");
    config->delete_retention_ms = resolve_number(resolver, "delete.retention.ms");
    config->min_compaction_lag_ms = resolve_number(resolver, "min.compaction.lag.ms");
    config->max_compaction_lag_ms = resolve_number(resolver, "max.compaction.lag.ms");
    config->min_cleanable_dirty_ratio = resolve_double(resolver, "min.cleanable.dirty.ratio");
}

static void resolve_appends(const struct resolver *resolver, struct log_config *config)
{
    config->max_message_bytes = resolve_int(resolver, "max.message.bytes");
    config->min_insync_replicas = resolve_int(resolver, "min.insync.replicas");
    config->message_timestamp_before_max_ms = resolve_number(resolver, "message.timestamp.before.max.ms");
    config->message_timestamp_after_max_ms = resolve_number(resolver, "message.timestamp.after.max.ms");
    struct slice type = config_trim(look_up_topic(resolver, "message.timestamp.type").value);
    config->message_timestamp_type = slice_equal_str(type, "LogAppendTime") ? LOG_APPEND_TIME : CREATE_TIME;
    config->compression_type = resolve_codec(resolver);
    config->compression_gzip_level = resolve_int(resolver, "compression.gzip.level");
    config->compression_lz4_level = resolve_int(resolver, "compression.lz4.level");
    config->compression_zstd_level = resolve_int(resolver, "compression.zstd.level");
    config->unclean_leader_election = resolve_boolean(resolver, "unclean.leader.election.enable");
}

void resolve_log_config(const struct config_view *view, struct slice topic, struct log_config *config)
{
    struct resolver resolver = {
        .sets = config_broker_sets(view),
        .topic = image_find_configs(view->image, RESOURCE_TOPIC, topic),
    };
    *config = (struct log_config){0};
    resolve_segments(&resolver, config);
    resolve_retention(&resolver, config);
    resolve_appends(&resolver, config);
    const struct config_def *expiration = find_broker_config(SLICE("producer.id.expiration.ms"));
    config->producer_id_expiration_ms =
        number_of(look_up(&resolver.sets, RESOURCE_BROKER, NULL, expiration), expiration);
}
