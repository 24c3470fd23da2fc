/* What CreateTopics refuses: one stage for each row of the course's table of errors, in v6 and v7. Each
 * also looks that nothing was created. */
#include "check_create_topics.h"
#include "check_created.h"
#include "stages.h"

#include <string.h>

/* A row: two topics lie there, "taken" and "dotted.name"; these are asked for; this is the answer. */
struct refusal {
    struct new_topic topic;
    int copies;             /* of it in the request */
    int16_t error_code;
    const char *message;
};

#define ASSIGNED(count, factor, ...)                                                             \
    { .name = "fresh", .partitions = count, .replication_factor = factor, __VA_ARGS__ }

#define X50 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X250 X50 X50 X50 X50 X50

#define BAD_CHARACTERS                                                                           \
    "contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"
#define TOO_MANY_REPLICAS(n)                                                                     \
    "Unable to replicate the partition " n " time(s): The target replication factor of " n      \
    " cannot be reached because only 1 broker(s) are registered or some brokers have all their " \
    "log directories cordoned."
#define FACTOR_NOT_POSITIVE                                                                      \
    "Replication factor must be larger than 0, or -1 to use the default value."
#define PARTITIONS_NOT_POSITIVE "Number of partitions was set to an invalid non-positive value."
#define FACTOR_GIVEN                                                                             \
    "A manual partition assignment was specified, but replication factor was not set to -1."
#define PARTITIONS_GIVEN                                                                         \
    "A manual partition assignment was specified, but numPartitions was not set to -1."
#define GAPS "partitions should be a consecutive 0-based integer sequence"

static const struct refusal empty_name = {
    { .name = "", .partitions = 1, .replication_factor = 1 }, 1, 17,
    "Topic name is invalid: the empty string is not allowed" };
static const struct refusal dot = {
    { .name = ".", .partitions = 1, .replication_factor = 1 }, 1, 17,
    "Topic name is invalid: '.' is not allowed" };
static const struct refusal two_dots = {
    { .name = "..", .partitions = 1, .replication_factor = 1 }, 1, 17,
    "Topic name is invalid: '..' is not allowed" };
static const struct refusal long_name = {
    { .name = X250, .partitions = 1, .replication_factor = 1 }, 1, 17,
    "Topic name is invalid: the length of '" X250 "' is longer than the max allowed length 249" };
static const struct refusal space = {
    { .name = "with space", .partitions = 1, .replication_factor = 1 }, 1, 17,
    "Topic name is invalid: 'with space' " BAD_CHARACTERS };
static const struct refusal slash = {
    { .name = "with/slash", .partitions = 1, .replication_factor = 1 }, 1, 17,
    "Topic name is invalid: 'with/slash' " BAD_CHARACTERS };
static const struct refusal collision = {
    { .name = "dotted_name", .partitions = 1, .replication_factor = 1 }, 1, 17,
    "Topic 'dotted_name' collides with existing topic: dotted.name" };
static const struct refusal exists = {
    { .name = "taken", .partitions = 1, .replication_factor = 1 }, 1, 36,
    "Topic 'taken' already exists." };
static const struct refusal exists_before_all = {
    { .name = "dotted.name", .partitions = 0, .replication_factor = 0 }, 1, 36,
    "Topic 'dotted.name' already exists." };
static const struct refusal internal = {
    { .name = "__cluster_metadata", .partitions = 1, .replication_factor = 1 }, 1, 42,
    "Creation of internal topic __cluster_metadata is prohibited." };
static const struct refusal twice = {
    { .name = "fresh", .partitions = 1, .replication_factor = 1 }, 2, 42, "Duplicate topic name." };
static const struct refusal no_factor = {
    { .name = "fresh", .partitions = 1, .replication_factor = 0 }, 1, 38, FACTOR_NOT_POSITIVE };
static const struct refusal negative_factor = {
    { .name = "fresh", .partitions = 1, .replication_factor = -2 }, 1, 38, FACTOR_NOT_POSITIVE };
static const struct refusal factor_before_partitions = {
    { .name = "fresh", .partitions = 0, .replication_factor = 0 }, 1, 38, FACTOR_NOT_POSITIVE };
static const struct refusal no_partitions = {
    { .name = "fresh", .partitions = 0, .replication_factor = 1 }, 1, 37, PARTITIONS_NOT_POSITIVE };
static const struct refusal negative_partitions = {
    { .name = "fresh", .partitions = -2, .replication_factor = 1 }, 1, 37,
    PARTITIONS_NOT_POSITIVE };
static const struct refusal two_replicas = {
    { .name = "fresh", .partitions = 1, .replication_factor = 2 }, 1, 38, TOO_MANY_REPLICAS("2") };
static const struct refusal three_replicas = {
    { .name = "fresh", .partitions = 3, .replication_factor = 3 }, 1, 38, TOO_MANY_REPLICAS("3") };
static const struct refusal assigned_with_factor = {
    ASSIGNED(-1, 1, .assignment_count = 1, .assignments = { { 0, 1, { 1 } } }), 1, 42,
    FACTOR_GIVEN };
static const struct refusal assigned_with_partitions = {
    ASSIGNED(1, -1, .assignment_count = 1, .assignments = { { 0, 1, { 1 } } }), 1, 42,
    PARTITIONS_GIVEN };
static const struct refusal assigned_with_both = {
    ASSIGNED(1, 1, .assignment_count = 1, .assignments = { { 0, 1, { 1 } } }), 1, 42,
    FACTOR_GIVEN };
static const struct refusal partition_twice = {
    ASSIGNED(-1, -1, .assignment_count = 2, .assignments = { { 7, 1, { 1 } }, { 7, 1, { 1 } } }), 1,
    39, "Found multiple manual partition assignments for partition 7" };
static const struct refusal no_brokers = {
    ASSIGNED(-1, -1, .assignment_count = 1, .assignments = { { 0, 0, { 0 } } }), 1, 39,
    "The manual partition assignment includes an empty replica list." };
static const struct refusal unknown_broker = {
    ASSIGNED(-1, -1, .assignment_count = 1, .assignments = { { 0, 1, { 5 } } }), 1, 39,
    "The manual partition assignment includes broker 5, but no such broker is registered." };
static const struct refusal broker_twice = {
    ASSIGNED(-1, -1, .assignment_count = 1, .assignments = { { 0, 2, { 1, 1 } } }), 1, 39,
    "The manual partition assignment includes the broker 1 more than once." };
static const struct refusal gap = {
    ASSIGNED(-1, -1, .assignment_count = 2, .assignments = { { 0, 1, { 1 } }, { 2, 1, { 1 } } }), 1,
    39, GAPS };
static const struct refusal not_from_zero = {
    ASSIGNED(-1, -1, .assignment_count = 1, .assignments = { { 1, 1, { 1 } } }), 1, 39, GAPS };
static const struct refusal null_configs = {
    { .name = "fresh", .partitions = 1, .replication_factor = 1, .config_count = 2,
      .configs = { { "retention.ms", NULL }, { "segment.bytes", NULL } } },
    1, 40, "Null value not supported for topic configs: retention.ms,segment.bytes" };

/* Two requests: one that only validates, one that means it; both get the same answer. */
static void refuses(struct stage *stage)
{
    const struct refusal *refusal = stage->plan->detail;
    static const char *const lying[] = { "taken", "dotted.name" };
    for (int i = 0; i < 2; i++) {
        stage->directory.topics[i] = random_topic(stage, 1, 0);
        stage->directory.topics[i].name = lying[i];
    }
    stage->directory.topic_count = 2;
    stage_start(stage);
    struct new_topic topics[] = { refusal->topic, refusal->topic };
    const char *name = refusal->topic.name;
    struct topic_result result = { .name = name, .error_code = refusal->error_code,
                                   .message = refusal->message };
    int connection = stage_connect(stage);
    create_topics(stage, connection, topics, refusal->copies, true, &result, 1);
    create_topics(stage, connection, topics, refusal->copies, false, &result, 1);
    bool lies_there = strcmp(name, lying[0]) == 0 || strcmp(name, lying[1]) == 0
        || strcmp(name, "__cluster_metadata") == 0;
    check_nothing_created(stage, &name, lies_there ? 0 : 1);
}

#define BOTH(words, refusal)                                                                     \
    { "refuses " words " v6", "CreateTopics refuses " words " (v6)", refuses, 6, &refusal },     \
    { "refuses " words " v7", "CreateTopics refuses " words " (v7)", refuses, 7, &refusal }

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

const struct stage_suite refuse_topics_suite = { "refuse_topics", plans, PLAN_COUNT(plans) };
