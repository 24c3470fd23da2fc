/* The stages that produce messages: Produce v11. */
#include "check_api_versions.h"
#include "check_produce.h"
#include "stages.h"

static void xz1_offers_produce(struct stage *stage)
{
    static const struct api apis[] = {{API_API_VERSIONS, 4}, {API_PRODUCE, 11}};
    run_offers(stage, apis, 2);
}

/* Topics with so many partitions each, named differently. */
static const struct topic *start_with_topics(struct stage *stage, const int *partitions, int count,
                                             int message_count)
{
    const char *names[MAX_TOPICS];
    random_words(stage, names, count);
    for (int i = 0; i < count; i++) {
        stage->directory.topics[i] = random_topic(stage, partitions[i], message_count);
        stage->directory.topics[i].name = names[i];
    }
    stage->directory.topic_count = count;
    stage_start(stage);
    return stage->directory.topics;
}

/* A partition that does not exist, then, on the same connection, a topic that does not. */
static void zf2_refuses_an_unknown_topic_or_partition(struct stage *stage)
{
    const char *names[2];
    random_words(stage, names, 2);
    stage->directory.topics[0] = random_topic(stage, 1, 1);
    stage->directory.topics[0].name = names[0];
    stage->directory.topic_count = 1;
    stage_start(stage);
    int connection = stage_connect(stage);
    for (int i = 0; i < 2; i++) {
        struct part part;
        part_init(stage, &part, names[i], i == 0 ? random_int(stage, 100, 1000) : 0, 1);
        part_expect_unknown(&part);
        produce(stage, connection, &released_style, &part, 1);
    }
}

static void produce_one(struct stage *stage, int record_count, struct part *part)
{
    const struct topic *topics = start_with_topics(stage, (const int[]){1}, 1, 0);
    part_init(stage, part, topics[0].name, 0, record_count);
    produce(stage, stage_connect(stage), &released_style, part, 1);
}

static void gg1_answers_a_single_record(struct stage *stage)
{
    struct part part;
    produce_one(stage, 1, &part);
}

static void ls8_stores_a_single_record(struct stage *stage)
{
    struct part part;
    produce_one(stage, 1, &part);
    check_stored_batch(stage, &part);
}

static void yd8_stores_multiple_records(struct stage *stage)
{
    struct part part;
    produce_one(stage, random_int(stage, 2, 4), &part);
    check_stored_batch(stage, &part);
}

/* Two or three records into every partition. */
static void produce_everywhere(struct stage *stage, const int *partitions, int topic_count)
{
    const struct topic *topics = start_with_topics(stage, partitions, topic_count, 0);
    struct part parts[MAX_PARTS];
    int count = 0;
    for (int i = 0; i < topic_count; i++)
        for (int partition = 0; partition < partitions[i]; partition++)
            part_init(stage, &parts[count++], topics[i].name, partition, random_int(stage, 2, 4));
    produce(stage, stage_connect(stage), &released_style, parts, count);
    for (int i = 0; i < count; i++)
        check_stored_batch(stage, &parts[i]);
}

static void ct4_stores_into_multiple_partitions(struct stage *stage)
{
    int partitions = random_int(stage, 2, 4);
    produce_everywhere(stage, &partitions, 1);
}

static void ov0_stores_into_multiple_topics(struct stage *stage)
{
    int partitions[2] = {random_int(stage, 1, 3), random_int(stage, 1, 3)};
    produce_everywhere(stage, partitions, 2);
}

/* One request with what is there and what is not. */
static void stores_what_it_can(struct stage *stage)
{
    const struct topic *topics = start_with_topics(stage, (const int[]){2}, 1, 0);
    struct part parts[4];
    part_init(stage, &parts[0], topics[0].name, 0, 1);
    part_init(stage, &parts[1], topics[0].name, random_int(stage, 100, 1000), 1);
    part_init(stage, &parts[2], topics[0].name, 1, 1);
    part_init(stage, &parts[3], "unknown", 0, 1);
    part_expect_unknown(&parts[1]);
    part_expect_unknown(&parts[3]);
    produce(stage, stage_connect(stage), &released_style, parts, 4);
    check_stored_batch(stage, &parts[0]);
    check_stored_batch(stage, &parts[2]);
}

static const struct stage_plan plans[] = {
    {"xz1", "xz1 offers Produce", xz1_offers_produce, 0, NULL},
    {"zf2", "zf2 refuses an unknown topic or partition", zf2_refuses_an_unknown_topic_or_partition, 0, NULL},
    {"gg1", "gg1 answers a single record", gg1_answers_a_single_record, 0, NULL},
    {"ls8", "ls8 stores a single record", ls8_stores_a_single_record, 0, NULL},
    {"yd8", "yd8 stores multiple records", yd8_stores_multiple_records, 0, NULL},
    {"ct4", "ct4 stores into multiple partitions", ct4_stores_into_multiple_partitions, 0, NULL},
    {"ov0", "ov0 stores into multiple topics", ov0_stores_into_multiple_topics, 0, NULL},
    {"mixed", "what is unknown does not keep the rest of a request from being stored", stores_what_it_can, 0,
     NULL},
};

const struct stage_suite produce_suite = {"produce", plans, PLAN_COUNT(plans)};
