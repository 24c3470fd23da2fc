/* The stages that create topics: CreateTopics v6 and v7. What is refused, row by row, is in
 * refuse_topics.c. */
#include "check_api_versions.h"
#include "check_create_topics.h"
#include "check_created.h"
#include "check_describe.h"
#include "check_produce.h"
#include "stages.h"

#include <string.h>

enum { INVALID_TOPIC = 17, TOPIC_EXISTS = 36, INVALID_REQUEST = 42 };

static const char bad_characters[] =
    "' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'";

/* One topic lies there, as if created by somebody else. */
static const char *start_with_a_topic(struct stage *stage)
{
    stage->directory.topics[0] = random_topic(stage, 1, 0);
    stage->directory.topic_count = 1;
    stage_start(stage);
    return stage->directory.topics[0].name;
}

static struct new_topic new_topic(struct stage *stage, int32_t partitions)
{
    struct new_topic topic = {.partitions = partitions, .replication_factor = 1};
    topic.name = arena_printf(&stage->arena, "topic-%d", random_int(stage, 1, 1000000));
    return topic;
}

static struct topic_result exists_result(struct stage *stage, const char *name)
{
    struct topic_result result = {.name = name, .error_code = TOPIC_EXISTS};
    result.message = arena_printf(&stage->arena, "Topic '%s' already exists.", name);
    return result;
}

static struct topic_result invalid_result(struct stage *stage, const char *name)
{
    struct topic_result result = {.name = name, .error_code = INVALID_TOPIC};
    result.message = arena_printf(&stage->arena, "Topic name is invalid: '%s%s", name, bad_characters);
    return result;
}

static struct topic_result internal_result(void)
{
    return (struct topic_result){.name = "__cluster_metadata",
                                 .error_code = INVALID_REQUEST,
                                 .message = "Creation of internal topic __cluster_metadata is prohibited."};
}

static void yb1_offers_create_topics(struct stage *stage)
{
    struct api apis[] = {{API_API_VERSIONS, 4}, {API_CREATE_TOPICS, (int16_t)stage->plan->version}};
    run_offers(stage, apis, 2);
}

static void ve7_refuses_an_invalid_name(struct stage *stage)
{
    start_with_a_topic(stage);
    struct new_topic topic = {.name = "bad name", .partitions = 1, .replication_factor = 1};
    struct topic_result result = invalid_result(stage, topic.name);
    create_topics(stage, stage_connect(stage), &topic, 1, false, &result, 1);
    check_nothing_created(stage, &topic.name, 1);
}

static void us2_refuses_an_existing_name(struct stage *stage)
{
    const char *existing = start_with_a_topic(stage);
    struct new_topic topics[] = {
        {.name = "__cluster_metadata", .partitions = 1, .replication_factor = 1},
        {.name = existing, .partitions = 1, .replication_factor = 1},
    };
    struct topic_result results[] = {exists_result(stage, existing), internal_result()};
    create_topics(stage, stage_connect(stage), topics, 2, false, results, 2);
    check_nothing_created(stage, NULL, 0);
}

/* The answers are those of a real creation, but for the topic id; nothing is left on disk. */
static void hh9_validates_only(struct stage *stage)
{
    const char *existing = start_with_a_topic(stage);
    struct new_topic topics[] = {
        new_topic(stage, random_int(stage, 1, 4)),
        {.name = existing, .partitions = 1, .replication_factor = 1},
        {.name = "bad name", .partitions = 1, .replication_factor = 1},
    };
    struct topic_result results[] = {created_result(&topics[0]), exists_result(stage, existing),
                                     invalid_result(stage, "bad name")};
    const char *const names[] = {topics[0].name, "bad name"};
    int connection = stage_connect(stage);
    create_topics(stage, connection, topics, 3, true, results, 3);
    check_nothing_created(stage, names, 2);
    create_topics(stage, connection, topics, 3, false, results, 3);
    check_created(stage, topics, results, 1);
}

/* Three partitions in the draft; one to three here. */
static void rk2_creates_a_topic(struct stage *stage)
{
    start_with_a_topic(stage);
    struct new_topic topic = new_topic(stage, random_int(stage, 1, 4));
    struct topic_result result = created_result(&topic);
    create_topics(stage, stage_connect(stage), &topic, 1, false, &result, 1);
    check_created(stage, &topic, &result, 1);
}

static void creates_a_topic_with_configs(struct stage *stage)
{
    start_with_a_topic(stage);
    struct new_topic topic = new_topic(stage, 2);
    topic.config_count = 1;
    topic.configs[0] = (struct config){"retention.ms", "1000"};
    struct topic_result result = created_result(&topic);
    create_topics(stage, stage_connect(stage), &topic, 1, false, &result, 1);
    check_created(stage, &topic, &result, 1);
}

/* Where -1 asks for the broker's defaults. */
static void creates_a_topic_with_defaults(struct stage *stage)
{
    start_with_a_topic(stage);
    struct new_topic topic = new_topic(stage, -1);
    topic.replication_factor = -1;
    struct topic_result result = created_result(&topic);
    result.partitions = result.replication_factor = 1;
    create_topics(stage, stage_connect(stage), &topic, 1, false, &result, 1);
    check_created(stage, &topic, &result, 1);
}

static void creates_a_topic_by_assignment(struct stage *stage)
{
    start_with_a_topic(stage);
    struct new_topic topic = new_topic(stage, -1);
    topic.replication_factor = -1;
    topic.assignment_count = 2;
    topic.assignments[0] = (struct assignment){1, 1, {1}};
    topic.assignments[1] = (struct assignment){0, 1, {1}};
    struct topic_result result = created_result(&topic);
    result.partitions = 2;
    result.replication_factor = 1;
    create_topics(stage, stage_connect(stage), &topic, 1, false, &result, 1);
    check_created(stage, &topic, &result, 1);
}

/* Once the answer is there, so is the topic: it can be described and produced to. */
static void serves_a_created_topic(struct stage *stage)
{
    start_with_a_topic(stage);
    struct new_topic topic = new_topic(stage, 2);
    struct topic_result result = created_result(&topic);
    int connection = stage_connect(stage);
    create_topics(stage, connection, &topic, 1, false, &result, 1);
    stage_let_settle(stage);
    struct topic described = {.name = topic.name, .partitions = 2};
    const struct topic *const sorted[] = {&described};
    memcpy(described.id, result.topic_id, UUID_SIZE);
    struct frame request = describe_request(stage, &topic.name, 1, 2);
    struct reader reader = stage_ask(stage, connection, &request, "DescribeTopicPartitions v0 answer", 1);
    check_describe_answer(&reader, sorted, 1);
    struct part part;
    part_init(stage, &part, topic.name, 1, 2);
    produce(stage, connection, &released_style, &part, 1);
    check_stored_batch(stage, &part);
}

/* The base stages' directory has no metadata log at all. */
static void creates_a_topic_without_a_metadata_log(struct stage *stage)
{
    stage_start_without_metadata_log(stage);
    struct new_topic topic = new_topic(stage, 2);
    struct topic_result result = created_result(&topic);
    create_topics(stage, stage_connect(stage), &topic, 1, false, &result, 1);
    check_created(stage, &topic, &result, 1);
}

/* Each for itself: what can be created is, in one batch. First the results in the request's order, then
 * the names given twice, then those that are prohibited. */
static void fl3_creates_multiple_topics(struct stage *stage)
{
    const char *existing = start_with_a_topic(stage);
    struct new_topic one = new_topic(stage, random_int(stage, 1, 4));
    struct new_topic other = new_topic(stage, random_int(stage, 1, 4));
    one.name = arena_printf(&stage->arena, "%s-one", one.name);
    struct new_topic internal = {"__cluster_metadata", 1, 1, 0, {{0, 0, {0}}}, 0, {{NULL, NULL}}};
    struct new_topic twice = internal, bad = internal, present = internal;
    twice.name = "twice";
    bad.name = "bad name";
    present.name = existing;
    struct new_topic topics[] = {internal, other, twice, bad, one, present, twice};
    struct topic_result results[] = {
        created_result(&other),
        invalid_result(stage, "bad name"),
        created_result(&one),
        exists_result(stage, existing),
        {.name = "twice", .error_code = INVALID_REQUEST, .message = "Duplicate topic name."},
        internal_result(),
    };
    create_topics(stage, stage_connect(stage), topics, 7, false, results, 6);
    const struct new_topic created[] = {other, one};
    const struct topic_result created_results[] = {results[0], results[2]};
    check_created(stage, created, created_results, 2);
}

#define BOTH(name, sentence, run)                  \
    {name " v6", sentence " (v6)", run, 6, NULL},  \
    {                                              \
        name " v7", sentence " (v7)", run, 7, NULL \
    }

static const struct stage_plan plans[] = {
    BOTH("yb1", "yb1 offers CreateTopics", yb1_offers_create_topics),
    BOTH("ve7", "ve7 refuses an invalid name", ve7_refuses_an_invalid_name),
    BOTH("us2", "us2 refuses an existing name and a reserved one", us2_refuses_an_existing_name),
    BOTH("hh9", "hh9 validates only", hh9_validates_only),
    BOTH("rk2", "rk2 creates a topic", rk2_creates_a_topic),
    BOTH("rk2 configs", "a topic with configs is created", creates_a_topic_with_configs),
    BOTH("rk2 defaults", "a topic is created with the broker's defaults", creates_a_topic_with_defaults),
    BOTH("rk2 assignment", "a topic is created by assignment", creates_a_topic_by_assignment),
    BOTH("rk2 bare", "a topic is created where there was no metadata log",
         creates_a_topic_without_a_metadata_log),
    {"rk2 served", "a created topic is there once the answer is", serves_a_created_topic, 7, NULL},
    BOTH("fl3", "fl3 creates multiple topics", fl3_creates_multiple_topics),
};

const struct stage_suite create_topics_suite = {"create_topics", plans, PLAN_COUNT(plans)};
