/* What CreateTopics refuses: one stage for each row of the course's table of errors, in v6 and v7. Each
 * also looks that nothing was created. */
#include "check_create_topics.h"
#include "check_created.h"
#include "stages.h"

#include <string.h>

/* A row: two topics lie there, "taken" and "dotted.name"; these are asked for; this is the answer. */
struct refusal {
    struct new_topic topic;
    int copies; /* of it in the request */
    int16_t error_code;
    const char *message;
};

#define X50  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X250 X50 X50 X50 X50 X50

#define BAD_CHARACTERS "contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"
#define TOO_MANY_REPLICAS(n)                                                                     \
    "Unable to replicate the partition " n " time(s): The target replication factor of " n       \
    " cannot be reached because only 1 broker(s) are registered or some brokers have all their " \
    "log directories cordoned."
#define FACTOR_NOT_POSITIVE     "Replication factor must be larger than 0, or -1 to use the default value."
#define PARTITIONS_NOT_POSITIVE "Number of partitions was set to an invalid non-positive value."
#define FACTOR_GIVEN            "A manual partition assignment was specified, but replication factor was not set to -1."
#define PARTITIONS_GIVEN        "A manual partition assignment was specified, but numPartitions was not set to -1."
#define GAPS                    "partitions should be a consecutive 0-based integer sequence"

#define REFUSED(code, text, ...)                                                       \
    {                                                                                  \
        .error_code = (code), .message = (text), .copies = 1, .topic = { __VA_ARGS__ } \
    }
#define NAMED(text)        .name = (text), .partitions = 1, .replication_factor = 1
#define OF(count, factor)  .name = "fresh", .partitions = (count), .replication_factor = (factor)
#define ONE_PARTITION(...) .assignment_count = 1, .assignments = {{__VA_ARGS__}}

#define INVALID "Topic name is invalid: "

static const struct refusal empty_name = REFUSED(17, INVALID "the empty string is not allowed", NAMED(""));
static const struct refusal dot = REFUSED(17, INVALID "'.' is not allowed", NAMED("."));
static const struct refusal two_dots = REFUSED(17, INVALID "'..' is not allowed", NAMED(".."));
static const struct refusal long_name =
    REFUSED(17, INVALID "the length of '" X250 "' is longer than the max allowed length 249", NAMED(X250));
static const struct refusal space = REFUSED(17, INVALID "'with space' " BAD_CHARACTERS, NAMED("with space"));
static const struct refusal slash = REFUSED(17, INVALID "'with/slash' " BAD_CHARACTERS, NAMED("with/slash"));
static const struct refusal collision =
    REFUSED(17, "Topic 'dotted_name' collides with existing topic: dotted.name", NAMED("dotted_name"));

static const struct refusal exists = REFUSED(36, "Topic 'taken' already exists.", NAMED("taken"));
static const struct refusal exists_before_all =
    REFUSED(36, "Topic 'dotted.name' already exists.", .name = "dotted.name");

static const struct refusal internal =
    REFUSED(42, "Creation of internal topic __cluster_metadata is prohibited.", NAMED("__cluster_metadata"));
static const struct refusal twice = {
    .copies = 2, .error_code = 42, .message = "Duplicate topic name.", .topic = {OF(1, 1)}};

static const struct refusal no_factor = REFUSED(38, FACTOR_NOT_POSITIVE, OF(1, 0));
static const struct refusal negative_factor = REFUSED(38, FACTOR_NOT_POSITIVE, OF(1, -2));
static const struct refusal factor_before_partitions = REFUSED(38, FACTOR_NOT_POSITIVE, OF(0, 0));
static const struct refusal no_partitions = REFUSED(37, PARTITIONS_NOT_POSITIVE, OF(0, 1));
static const struct refusal negative_partitions = REFUSED(37, PARTITIONS_NOT_POSITIVE, OF(-2, 1));
static const struct refusal two_replicas = REFUSED(38, TOO_MANY_REPLICAS("2"), OF(1, 2));
static const struct refusal three_replicas = REFUSED(38, TOO_MANY_REPLICAS("3"), OF(3, 3));

static const struct refusal assigned_with_factor =
    REFUSED(42, FACTOR_GIVEN, OF(-1, 1), ONE_PARTITION(0, 1, {1}));
static const struct refusal assigned_with_partitions =
    REFUSED(42, PARTITIONS_GIVEN, OF(1, -1), ONE_PARTITION(0, 1, {1}));
static const struct refusal assigned_with_both =
    REFUSED(42, FACTOR_GIVEN, OF(1, 1), ONE_PARTITION(0, 1, {1}));
static const struct refusal partition_twice =
    REFUSED(39, "Found multiple manual partition assignments for partition 7", OF(-1, -1),
            .assignment_count = 2, .assignments = {{7, 1, {1}}, {7, 1, {1}}});
static const struct refusal no_brokers =
    REFUSED(39, "The manual partition assignment includes an empty replica list.", OF(-1, -1),
            ONE_PARTITION(0, 0, {0}));
static const struct refusal unknown_broker =
    REFUSED(39, "The manual partition assignment includes broker 5, but no such broker is registered.",
            OF(-1, -1), ONE_PARTITION(0, 1, {5}));
static const struct refusal broker_twice =
    REFUSED(39, "The manual partition assignment includes the broker 1 more than once.", OF(-1, -1),
            ONE_PARTITION(0, 2, {1, 1}));
static const struct refusal gap =
    REFUSED(39, GAPS, OF(-1, -1), .assignment_count = 2, .assignments = {{0, 1, {1}}, {2, 1, {1}}});
static const struct refusal not_from_zero = REFUSED(39, GAPS, OF(-1, -1), ONE_PARTITION(1, 1, {1}));

static const struct refusal null_configs =
    REFUSED(40, "Null value not supported for topic configs: retention.ms,segment.bytes", OF(1, 1),
            .config_count = 2, .configs = {{"retention.ms", NULL}, {"segment.bytes", NULL}});

/* Two requests: one that only validates, one that means it; both get the same answer. */
static void refuses(struct stage *stage)
{
    const struct refusal *refusal = stage->plan->detail;
    static const char *const lying[] = {"taken", "dotted.name"};
    for (int i = 0; i < 2; i++) {
        stage->directory.topics[i] = random_topic(stage, 1, 0);
        stage->directory.topics[i].name = lying[i];
    }
    stage->directory.topic_count = 2;
    stage_start(stage);
    struct new_topic topics[] = {refusal->topic, refusal->topic};
    const char *name = refusal->topic.name;
    struct topic_result result = {
        .name = name, .error_code = refusal->error_code, .message = refusal->message};
    int connection = stage_connect(stage);
    create_topics(stage, connection, topics, refusal->copies, true, &result, 1);
    create_topics(stage, connection, topics, refusal->copies, false, &result, 1);
    bool lies_there =
        strcmp(name, lying[0]) == 0 || strcmp(name, lying[1]) == 0 || strcmp(name, "__cluster_metadata") == 0;
    check_nothing_created(stage, &name, lies_there ? 0 : 1);
}

#define BOTH(words, refusal)                                                                \
    {"refuses " words " v6", "CreateTopics refuses " words " (v6)", refuses, 6, &refusal},  \
    {                                                                                       \
        "refuses " words " v7", "CreateTopics refuses " words " (v7)", refuses, 7, &refusal \
    }

static const struct stage_plan plans[] = {
    BOTH("an empty name", empty_name),
    BOTH("the name .", dot),
    BOTH("the name ..", two_dots),
    BOTH("a name of 250", long_name),
    BOTH("a name with a space", space),
    BOTH("a name with a slash", slash),
    BOTH("a name that collides", collision),
    BOTH("a name that exists", exists),
    BOTH("a name that exists before all else", exists_before_all),
    BOTH("the metadata topic", internal),
    BOTH("a name given twice", twice),
    BOTH("replication factor 0", no_factor),
    BOTH("replication factor -2", negative_factor),
    BOTH("replication factor 0 before 0 partitions", factor_before_partitions),
    BOTH("0 partitions", no_partitions),
    BOTH("-2 partitions", negative_partitions),
    BOTH("two replicas on one broker", two_replicas),
    BOTH("three replicas on one broker", three_replicas),
    BOTH("assignments with a replication factor", assigned_with_factor),
    BOTH("assignments with a partition count", assigned_with_partitions),
    BOTH("assignments with both", assigned_with_both),
    BOTH("a partition assigned twice", partition_twice),
    BOTH("an assignment to no broker", no_brokers),
    BOTH("an assignment to an unknown broker", unknown_broker),
    BOTH("an assignment to a broker twice", broker_twice),
    BOTH("assignments with a gap", gap),
    BOTH("assignments not from 0", not_from_zero),
    BOTH("configs of null", null_configs),
};

const struct stage_suite refuse_topics_suite = {"refuse_topics", plans, PLAN_COUNT(plans)};
