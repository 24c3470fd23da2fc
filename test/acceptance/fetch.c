/* The stages that consume messages: Fetch v16. */
#include "check_api_versions.h"
#include "check_fetch.h"
#include "stages.h"

#include <string.h>

enum { UNKNOWN_TOPIC_ID = 100 };

static void gs0_offers_fetch(struct stage *stage)
{
    static const struct api apis[] = {{API_API_VERSIONS, 4}, {API_FETCH, 16}};
    run_offers(stage, apis, 2);
}

static void ask(struct stage *stage, const uint8_t *topic_id, const struct fetched *expected)
{
    int connection = stage_connect(stage);
    struct frame request = fetch_request(stage, topic_id);
    struct reader reader = stage_ask(stage, connection, &request, "Fetch v16 answer", 1);
    check_fetch_answer(&reader, expected);
}

static void dh6_fetches_no_topics(struct stage *stage)
{
    struct fetched nothing = {.topic_id = NULL};
    stage_start_without_metadata_log(stage);
    ask(stage, NULL, &nothing);
}

/* A stored topic with so many messages, a batch each. */
static struct topic *start_with_messages(struct stage *stage, int message_count)
{
    struct topic *topic = &stage->directory.topics[0];
    *topic = random_topic(stage, 1, message_count);
    stage->directory.topic_count = 1;
    stage_start(stage);
    return topic;
}

static void hn6_fetches_an_unknown_topic(struct stage *stage)
{
    uint8_t unknown[UUID_SIZE];
    start_with_messages(stage, 1);
    do
        random_uuid(stage, unknown);
    while (memcmp(unknown, stage->directory.topics[0].id, UUID_SIZE) == 0);
    struct fetched expected = {.topic_id = unknown, .error_code = UNKNOWN_TOPIC_ID};
    ask(stage, unknown, &expected);
}

static void cm4_fetches_an_empty_topic(struct stage *stage)
{
    struct topic *topic = start_with_messages(stage, 0);
    struct fetched expected = {.topic_id = topic->id};
    ask(stage, topic->id, &expected);
}

static void fetch_stored(struct stage *stage, int message_count)
{
    struct topic *topic = start_with_messages(stage, message_count);
    struct frame records = directory_partition_log(topic, &stage->arena);
    struct fetched expected = {.topic_id = topic->id, .records = &records};
    ask(stage, topic->id, &expected);
}

static void eg2_fetches_a_single_message(struct stage *stage)
{
    fetch_stored(stage, 1);
}

static void fd8_fetches_multiple_messages(struct stage *stage)
{
    fetch_stored(stage, random_int(stage, 2, 4));
}

/* Then port 9092 and the course's log directory are what is meant. */
static void needs_no_argument(struct stage *stage)
{
    stage->without_argument = true;
    fetch_stored(stage, 1);
}

static const struct stage_plan plans[] = {
    {"gs0", "gs0 offers Fetch", gs0_offers_fetch, 0, NULL},
    {"dh6", "dh6 fetches no topics", dh6_fetches_no_topics, 0, NULL},
    {"hn6", "hn6 fetches an unknown topic", hn6_fetches_an_unknown_topic, 0, NULL},
    {"cm4", "cm4 fetches an empty topic", cm4_fetches_an_empty_topic, 0, NULL},
    {"eg2", "eg2 fetches a single message", eg2_fetches_a_single_message, 0, NULL},
    {"fd8", "fd8 fetches multiple messages", fd8_fetches_multiple_messages, 0, NULL},
    {"no argument", "a program that is given no argument serves the course's directory", needs_no_argument, 0,
     NULL},
};

const struct stage_suite fetch_suite = {"fetch", plans, PLAN_COUNT(plans)};
