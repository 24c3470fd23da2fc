/* CreateTopics v6 and v7. See check_create_topics.h. */
#include "check_create_topics.h"

#include <string.h>

enum {
    TIMEOUT_MS = 5000,
    SOURCE_TOPIC = 1,
    SOURCE_CLUSTER = 3,
    SOURCE_DEFAULT = 5,
    VERSION_WITH_TOPIC_ID = 7
};

/* The effective configs of a topic that has none of its own, sorted by name, as Apache Kafka 4.3.1 tells
 * them under the course's server.properties. */
static const struct config default_configs[] = {
    {"cleanup.policy", "delete"},
    {"compression.gzip.level", "-1"},
    {"compression.lz4.level", "9"},
    {"compression.type", "producer"},
    {"compression.zstd.level", "3"},
    {"delete.retention.ms", "86400000"},
    {"file.delete.delay.ms", "60000"},
    {"flush.messages", "9223372036854775807"},
    {"flush.ms", "9223372036854775807"},
    {"follower.replication.throttled.replicas", ""},
    {"index.interval.bytes", "4096"},
    {"leader.replication.throttled.replicas", ""},
    {"local.retention.bytes", "-2"},
    {"local.retention.ms", "-2"},
    {"max.compaction.lag.ms", "9223372036854775807"},
    {"max.message.bytes", "1048588"},
    {"message.timestamp.after.max.ms", "3600000"},
    {"message.timestamp.before.max.ms", "9223372036854775807"},
    {"message.timestamp.type", "CreateTime"},
    {"min.cleanable.dirty.ratio", "0.5"},
    {"min.compaction.lag.ms", "0"},
    {"min.insync.replicas", "1"},
    {"preallocate", "false"},
    {"remote.log.copy.disable", "false"},
    {"remote.log.delete.on.disable", "false"},
    {"remote.storage.enable", "false"},
    {"retention.bytes", "-1"},
    {"retention.ms", "604800000"},
    {"segment.bytes", "1073741824"},
    {"segment.index.bytes", "10485760"},
    {"segment.jitter.ms", "0"},
    {"segment.ms", "604800000"},
    {"unclean.leader.election.enable", "false"},
};

enum { DEFAULT_CONFIGS = sizeof default_configs / sizeof default_configs[0] };

/* The request ---------------------------------------------------------------------------------- */

static void put_assignment(struct frame *request, const struct assignment *assignment)
{
    put_i32(request, assignment->partition);
    put_count(request, assignment->broker_count);
    for (int i = 0; i < assignment->broker_count; i++)
        put_i32(request, assignment->brokers[i]);
    put_no_tags(request);
}

static void put_topic(struct frame *request, const struct new_topic *topic)
{
    put_text(request, topic->name);
    put_i32(request, topic->partitions);
    put_i16(request, topic->replication_factor);
    put_count(request, topic->assignment_count);
    for (int i = 0; i < topic->assignment_count; i++)
        put_assignment(request, &topic->assignments[i]);
    put_count(request, topic->config_count);
    for (int i = 0; i < topic->config_count; i++) {
        put_text(request, topic->configs[i].name);
        put_text(request, topic->configs[i].value);
        put_no_tags(request);
    }
    put_no_tags(request);
}

struct frame create_topics_request(struct stage *stage, const struct new_topic *topics, int count,
                                   bool validate_only)
{
    struct frame request = stage_request(stage, API_CREATE_TOPICS, stage->plan->version);
    put_count(&request, count);
    for (int i = 0; i < count; i++)
        put_topic(&request, &topics[i]);
    put_i32(&request, TIMEOUT_MS);
    put_i8(&request, validate_only);
    put_no_tags(&request);
    return request;
}

/* The answer ----------------------------------------------------------------------------------- */

static const char *own_value(const struct topic_result *result, const char *name)
{
    for (int i = 0; i < result->config_count; i++)
        if (strcmp(result->configs[i].name, name) == 0)
            return result->configs[i].value;
    return NULL;
}

/* A directory that the program has begun itself is at Kafka's newest features, and one of them (eligible
 * leader replicas) makes min.insync.replicas a setting of the cluster. */
static void check_default_source(struct reader *reader, const char *name)
{
    int8_t source = read_i8(reader, "config_source");
    bool may_be_the_clusters =
        reader->stage->directory.without_metadata_log && strcmp(name, "min.insync.replicas") == 0;
    if (source != SOURCE_DEFAULT && !(may_be_the_clusters && source == SOURCE_CLUSTER))
        reader_fail(reader, "config_source is %d, expected %d", source, SOURCE_DEFAULT);
}

static void check_config(struct reader *reader, const struct config *config, const char *own)
{
    expect_text(reader, "name", config->name);
    expect_text(reader, "value", own == NULL ? config->value : own);
    expect_i8(reader, "read_only", 0);
    if (own == NULL)
        check_default_source(reader, config->name);
    else
        expect_i8(reader, "config_source", SOURCE_TOPIC);
    expect_i8(reader, "is_sensitive", 0);
    skip_tags(reader);
}

static void check_configs(struct reader *reader, const struct topic_result *result)
{
    expect_count(reader, "configs", DEFAULT_CONFIGS);
    for (int i = 0; i < DEFAULT_CONFIGS; i++) {
        enter(reader, "configs[%d]", i);
        check_config(reader, &default_configs[i], own_value(result, default_configs[i].name));
        leave(reader);
    }
}

static void check_topic_id(struct reader *reader, struct topic_result *result)
{
    static const uint8_t zero[UUID_SIZE];
    result->topic_id = reader->bytes + reader->at;
    if (result->error_code != 0)
        expect_uuid(reader, "topic_id", zero);
    else
        expect_some_uuid(reader, "topic_id");
}

static void check_result(struct reader *reader, int version, struct topic_result *result)
{
    bool refused = result->error_code != 0;
    expect_text(reader, "name", result->name);
    result->topic_id = NULL;
    if (version >= VERSION_WITH_TOPIC_ID)
        check_topic_id(reader, result);
    expect_i16(reader, "error_code", result->error_code);
    expect_text(reader, "error_message", refused ? result->message : NULL);
    expect_i32(reader, "num_partitions", refused ? -1 : result->partitions);
    expect_i16(reader, "replication_factor", refused ? -1 : result->replication_factor);
    if (refused)
        expect_count(reader, "configs", 0);
    else
        check_configs(reader, result);
    expect_no_tags(reader); /* the only one there is says why configs are missing */
}

void check_create_topics_answer(struct reader *reader, int version, struct topic_result *results, int count)
{
    expect_i32(reader, "throttle_time_ms", 0);
    expect_count(reader, "topics", count);
    for (int i = 0; i < count; i++) {
        enter(reader, "topics[%d]", i);
        check_result(reader, version, &results[i]);
        leave(reader);
    }
    skip_tags(reader);
    expect_end(reader);
}

void create_topics(struct stage *stage, int connection, const struct new_topic *topics, int count,
                   bool validate_only, struct topic_result *results, int result_count)
{
    int version = stage->plan->version;
    struct frame request = create_topics_request(stage, topics, count, validate_only);
    const char *what = arena_printf(&stage->arena, "CreateTopics v%d answer%s", version,
                                    validate_only ? " (validate only)" : "");
    struct reader reader = stage_ask(stage, connection, &request, what, 1);
    check_create_topics_answer(&reader, version, results, result_count);
}

struct topic_result created_result(const struct new_topic *topic)
{
    struct topic_result result = {.name = topic->name,
                                  .partitions = topic->partitions,
                                  .replication_factor = topic->replication_factor};
    result.config_count = topic->config_count;
    memcpy(result.configs, topic->configs, sizeof result.configs);
    return result;
}
