/* The Produce stages as they were in earlier drafts, in v11 and v12: an empty transactional id, acks 1
 * and no timeout, timestamps of now, several requests to one partition, the whole file compared, the
 * batch fetched back. */
#include "check_fetch.h"
#include "check_produce.h"
#include "stages.h"

enum draft { DRAFT_PRODUCE, DRAFT_PRODUCE_TESTS_X, DRAFT_RELEASED };

/* What a stage of this file is. */
struct scenario {
    enum draft draft;
    int topics;
    int partitions; /* of each topic */
    int records;    /* of each batch */
};

static struct produce_style style_of(const struct stage *stage, enum draft draft)
{
    struct produce_style style = {stage->plan->version, NULL, 1, 0};
    if (draft == DRAFT_PRODUCE)
        style.transactional_id = "";
    if (draft == DRAFT_RELEASED) {
        style = released_style;
        style.version = stage->plan->version;
    }
    return style;
}

static const struct topic *start(struct stage *stage, int topic_count, int partitions)
{
    const char *names[MAX_TOPICS];
    random_words(stage, names, topic_count);
    for (int i = 0; i < topic_count; i++) {
        stage->directory.topics[i] = random_topic(stage, partitions, 0);
        stage->directory.topics[i].name = names[i];
    }
    stage->directory.topic_count = topic_count;
    stage_start(stage);
    return stage->directory.topics;
}

static void draft_part(struct stage *stage, struct part *part, const char *topic, int32_t partition,
                       int records, enum draft draft)
{
    part_init(stage, part, topic, partition, records);
    if (draft == DRAFT_PRODUCE)
        part->batch.timestamp_ms = stage->now_ms;
}

/* A partition of 4 to 9 where there is one, or a topic that is not there. */
static void run_unknown(struct stage *stage, bool known_topic)
{
    const struct scenario *scenario = stage->plan->detail;
    const struct topic *topics = start(stage, 1, 1);
    struct produce_style style = style_of(stage, scenario->draft);
    struct part part;
    draft_part(stage, &part, known_topic ? topics[0].name : "unknown",
               known_topic ? random_int(stage, 4, 10) : 0, 1, scenario->draft);
    if (scenario->draft == DRAFT_PRODUCE)
        part.batch.leader_epoch = -1;
    part_expect_unknown(&part);
    produce(stage, stage_connect(stage), &style, &part, 1);
}

static void refuses_an_unknown_topic(struct stage *stage)
{
    run_unknown(stage, false);
}

static void refuses_an_unknown_partition(struct stage *stage)
{
    run_unknown(stage, true);
}

/* One request to every partition; each file is exactly its batch. */
static void stores_files_of_one_batch(struct stage *stage)
{
    const struct scenario *scenario = stage->plan->detail;
    const struct topic *topics = start(stage, scenario->topics, scenario->partitions);
    struct produce_style style = style_of(stage, scenario->draft);
    struct part parts[MAX_PARTS];
    int count = 0;
    for (int i = 0; i < scenario->topics; i++)
        for (int partition = 0; partition < scenario->partitions; partition++)
            draft_part(stage, &parts[count++], topics[i].name, partition, scenario->records, scenario->draft);
    produce(stage, stage_connect(stage), &style, parts, count);
    for (int i = 0; i < count; i++)
        check_stored_file(stage, &parts[i], 1);
}

/* Two requests on one connection to one partition, the second at the next sequence and offset. */
static void run_two_requests(struct stage *stage, bool same_correlation_id)
{
    const struct scenario *scenario = stage->plan->detail;
    const struct topic *topics = start(stage, 1, 1);
    struct produce_style style = style_of(stage, scenario->draft);
    struct part parts[2];
    struct frame requests[2];
    for (int i = 0; i < 2; i++) {
        draft_part(stage, &parts[i], topics[0].name, 0, scenario->records, scenario->draft);
        parts[i].batch.base_sequence = i * scenario->records;
        parts[i].base_offset = i * scenario->records;
        requests[i] = produce_request(stage, &style, &parts[i], 1);
    }
    if (same_correlation_id)
        for (size_t i = 8; i < 12; i++)
            requests[1].bytes[i] = requests[0].bytes[i];
    int connection = stage_connect(stage);
    for (int i = 0; i < 2; i++) {
        const char *what =
            arena_printf(&stage->arena, "%s Produce v%d answer", i == 0 ? "first" : "second", style.version);
        struct reader reader = stage_ask(stage, connection, &requests[i], what, 1);
        check_produce_answer(&reader, &parts[i], 1);
    }
    check_stored_file(stage, parts, 2);
}

static void stores_two_requests(struct stage *stage)
{
    run_two_requests(stage, false);
}

static void stores_two_requests_of_one_correlation_id(struct stage *stage)
{
    run_two_requests(stage, true);
}

/* The same batch again: its first offset and its own timestamp, and nothing appended. */
static void answers_a_resent_batch_with_its_first_offset(struct stage *stage)
{
    const struct scenario *scenario = stage->plan->detail;
    const struct topic *topics = start(stage, 1, 1);
    struct produce_style style = style_of(stage, scenario->draft);
    struct part parts[2];
    draft_part(stage, &parts[0], topics[0].name, 0, scenario->records, scenario->draft);
    parts[1] = parts[0];
    parts[1].log_append_time_ms = parts[1].batch.timestamp_ms;
    int connection = stage_connect(stage);
    for (int i = 0; i < 2; i++) {
        struct frame request = produce_request(stage, &style, &parts[i], 1);
        const char *what = i == 0 ? "first Produce answer" : "second Produce answer";
        struct reader reader = stage_ask(stage, connection, &request, what, 1);
        check_produce_answer(&reader, &parts[i], 1);
    }
    check_stored_file(stage, parts, 1);
}

/* Over the same connection, the very bytes. */
static void gives_the_batch_back(struct stage *stage)
{
    const struct scenario *scenario = stage->plan->detail;
    const struct topic *topics = start(stage, 1, 1);
    struct produce_style style = style_of(stage, scenario->draft);
    struct part part;
    draft_part(stage, &part, topics[0].name, 0, scenario->records, scenario->draft);
    int connection = stage_connect(stage);
    produce(stage, connection, &style, &part, 1);
    struct frame records = frame_new(&stage->arena);
    part.batch.leader_epoch = expected_leader_epoch();
    part.batch.values = part.values;
    put_batch(&records, &part.batch);
    struct fetched expected = {.topic_id = topics[0].id, .records = &records};
    struct frame request = fetch_request(stage, topics[0].id);
    struct reader reader = stage_ask(stage, connection, &request, "Fetch v16 answer", 1);
    check_fetch_answer(&reader, &expected);
}

static const struct scenario draft_one = {DRAFT_PRODUCE, 1, 1, 1};
static const struct scenario draft_records = {DRAFT_PRODUCE, 1, 1, 3};
static const struct scenario draft_partitions = {DRAFT_PRODUCE, 1, 3, 1};
static const struct scenario draft_topics = {DRAFT_PRODUCE, 2, 2, 1};
static const struct scenario x_one = {DRAFT_PRODUCE_TESTS_X, 1, 1, 1};
static const struct scenario x_records = {DRAFT_PRODUCE_TESTS_X, 1, 1, 3};
static const struct scenario x_partitions = {DRAFT_PRODUCE_TESTS_X, 1, 3, 1};
static const struct scenario x_topics = {DRAFT_PRODUCE_TESTS_X, 2, 2, 1};
static const struct scenario released_one = {DRAFT_RELEASED, 1, 1, 1};
static const struct scenario released_records = {DRAFT_RELEASED, 1, 1, 3};

/* One stage in both versions. */
#define BOTH(name, sentence, run, scenario)               \
    {name " v11", sentence " (v11)", run, 11, scenario},  \
    {                                                     \
        name " v12", sentence " (v12)", run, 12, scenario \
    }

static const struct stage_plan plans[] = {
    BOTH("ot5", "ot5 refuses an unknown topic", refuses_an_unknown_topic, &draft_one),
    BOTH("zm5", "zm5 refuses an unknown partition", refuses_an_unknown_partition, &draft_one),
    BOTH("am7", "am7 stores two requests", stores_two_requests, &draft_one),
    BOTH("stage_p4_new", "stage_p4_new stores two requests of one correlation id",
         stores_two_requests_of_one_correlation_id, &draft_one),
    BOTH("wh8", "wh8 stores multiple records", stores_files_of_one_batch, &draft_records),
    BOTH("ej4", "ej4 stores into multiple partitions", stores_files_of_one_batch, &draft_partitions),
    BOTH("xs0", "xs0 stores into multiple topics", stores_files_of_one_batch, &draft_topics),
    BOTH("ck2 topic", "ck2 refuses an unknown topic", refuses_an_unknown_topic, &x_one),
    BOTH("ck2 partition", "ck2 refuses an unknown partition", refuses_an_unknown_partition, &x_one),
    BOTH("ps7", "dp1 and ps7 store a single record", stores_files_of_one_batch, &x_one),
    BOTH("sb8", "sb8 stores multiple records", stores_files_of_one_batch, &x_records),
    BOTH("mf2", "mf2 stores into multiple partitions", stores_files_of_one_batch, &x_partitions),
    BOTH("ar4", "ar4 stores into multiple topics", stores_files_of_one_batch, &x_topics),
    BOTH("ls8 whole file", "ls8 leaves nothing but the batch in the file", stores_files_of_one_batch,
         &released_one),
    BOTH("ls8 fetch", "ls8 gives the batch back", gives_the_batch_back, &released_one),
    BOTH("yd8 fetch", "yd8 gives the batch back", gives_the_batch_back, &released_records),
    BOTH("two requests", "two requests to one partition are stored one after the other", stores_two_requests,
         &released_one),
    BOTH("two requests of three", "the second of two requests starts after the first one's records",
         stores_two_requests, &released_records),
    BOTH("resent", "a resent batch is answered with its first offset and stored once",
         answers_a_resent_batch_with_its_first_offset, &released_records),
};

const struct stage_suite produce_earlier_suite = {"produce_earlier", plans, PLAN_COUNT(plans)};
