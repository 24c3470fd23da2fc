/* The stages that list partitions: DescribeTopicPartitions v0. */
#include "check_api_versions.h"
#include "check_describe.h"
#include "stages.h"

#include <string.h>

static void yk1_offers_describe_topic_partitions(struct stage *stage)
{
    static const struct api apis[] = {{API_API_VERSIONS, 4}, {API_DESCRIBE_TOPIC_PARTITIONS, 0}};
    run_offers(stage, apis, 2);
}

static void ask_for(struct stage *stage, const struct topic *topics, int count, int partition_limit)
{
    const char *names[MAX_TOPICS];
    const struct topic *sorted[MAX_TOPICS] = {&topics[0], &topics[count - 1]};
    for (int i = 0; i < count; i++)
        names[i] = topics[i].name;
    if (count == 2 && strcmp(names[0], names[1]) > 0) {
        sorted[0] = &topics[1];
        sorted[1] = &topics[0];
    }
    int connection = stage_connect(stage);
    struct frame request = describe_request(stage, names, count, partition_limit);
    struct reader reader = stage_ask(stage, connection, &request, "DescribeTopicPartitions v0 answer", 1);
    check_describe_answer(&reader, sorted, count);
}

static void vt6_lists_an_unknown_topic(struct stage *stage)
{
    stage->directory.topics[0] = random_topic(stage, 1, 1);
    stage->directory.topic_count = 1;
    stage_start(stage);
    struct topic unknown = {.partitions = 0};
    unknown.name = arena_printf(&stage->arena, "UNKNOWN_TOPIC_%d", random_int(stage, 1, 100));
    ask_for(stage, &unknown, 1, 1);
}

static void run_one_topic(struct stage *stage, int partitions)
{
    stage->directory.topics[0] = random_topic(stage, partitions, 1);
    stage->directory.topic_count = 1;
    stage_start(stage);
    ask_for(stage, stage->directory.topics, 1, partitions);
}

static void ea7_lists_a_single_partition(struct stage *stage)
{
    run_one_topic(stage, 1);
}

static void ku4_lists_multiple_partitions(struct stage *stage)
{
    run_one_topic(stage, 2);
}

/* reversed: the request's order is the opposite of the answer's. */
static void run_two_topics(struct stage *stage, bool reversed)
{
    const char *names[2];
    random_words(stage, names, 2);
    if ((strcmp(names[0], names[1]) > 0) != reversed) {
        const char *first = names[0];
        names[0] = names[1];
        names[1] = first;
    }
    for (int i = 0; i < 2; i++) {
        stage->directory.topics[i] = random_topic(stage, 1 + i, 1);
        stage->directory.topics[i].name = names[i];
    }
    stage->directory.topic_count = 2;
    stage_start(stage);
    ask_for(stage, stage->directory.topics, 2, 3);
}

static void wq2_lists_multiple_topics(struct stage *stage)
{
    run_two_topics(stage, stage->plan->detail != NULL);
}

static const struct stage_plan plans[] = {
    {"yk1", "yk1 offers DescribeTopicPartitions", yk1_offers_describe_topic_partitions, 0, NULL},
    {"vt6", "vt6 lists an unknown topic", vt6_lists_an_unknown_topic, 0, NULL},
    {"ea7", "ea7 lists a single partition", ea7_lists_a_single_partition, 0, NULL},
    {"ku4", "ku4 lists multiple partitions", ku4_lists_multiple_partitions, 0, NULL},
    {"wq2", "wq2 lists multiple topics", wq2_lists_multiple_topics, 0, NULL},
    {"wq2 reversed", "wq2 lists multiple topics sorted, though asked for in reverse",
     wq2_lists_multiple_topics, 0, "reversed"},
};

const struct stage_suite describe_topic_partitions_suite = {"describe_topic_partitions", plans,
                                                            PLAN_COUNT(plans)};
