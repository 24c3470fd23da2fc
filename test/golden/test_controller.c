/*
 * The controller's pure functions against what Apache Kafka 4.3.1 answered (golden/controller/decisions.txt):
 * each request is decided over the image that all before it have left, and the answer is compared as Kafka's
 * JSON.
 */
#include "metadata/controller/alter_configs.h"
#include "metadata/controller/create_partitions.h"
#include "metadata/controller/create_topics.h"
#include "metadata/controller/delete_topics.h"
#include "metadata/controller/describe_configs.h"
#include "test/unit/metadata/controller_fixture.h"

enum { LINE_MAX_BYTES = 1 << 20, SAVED_MAX = 16 };

struct saved_id {
    char name[32];
    char text[UUID_TEXT_LEN + 1];
};

static struct world world;
static struct saved_id saved[SAVED_MAX];
static int saved_count;
static int wrong;

/* What the recorded broker's server.properties had; as it was masked. */
static const char *const fixed_texts[][2] = {
    {"advertised.listeners", "PLAINTEXT://<host>:<port>"},
    {"broker.id", "1"},
    {"controller.listener.names", "CONTROLLER"},
    {"controller.quorum.voters", "1@127.0.0.1:34100"},
    {"group.initial.rebalance.delay.ms", "0"},
    {"listeners", "PLAINTEXT://<host>:<port>,CONTROLLER://127.0.0.1:34100"},
    {"log.dirs", "/var/lib/kafka"},
    {"node.id", "1"},
    {"offsets.topic.replication.factor", "1"},
    {"process.roles", "broker,controller"},
    {"share.coordinator.state.topic.min.isr", "1"},
    {"share.coordinator.state.topic.replication.factor", "1"},
    {"transaction.state.log.min.isr", "1"},
    {"transaction.state.log.replication.factor", "1"},
};

enum { FIXED_COUNT = sizeof fixed_texts / sizeof fixed_texts[0] };

static void set_up(void)
{
    world_init(&world);
    world.fixed.entries = arena_new_array(&world.arena, struct config_entry, FIXED_COUNT);
    world.fixed.count = FIXED_COUNT;
    for (int i = 0; i < FIXED_COUNT; i++)
        world.fixed.entries[i] =
            (struct config_entry){slice_str(fixed_texts[i][0]), slice_str(fixed_texts[i][1])};
    saved_count = 0;
    wrong = 0;
}

static void tear_down(void)
{
    world_fini(&world);
}

/* ---- one decision ---- */

static int by_name(const void *a, const void *b)
{
    return slice_compare(((const struct describe_configs_response_config *)a)->name,
                         ((const struct describe_configs_response_config *)b)->name);
}

static void describe(const struct describe_configs_request *request,
                     struct describe_configs_response *response)
{
    world_describe_configs(&world, request, response);
    for (int32_t i = 0; i < response->results.count; i++)
        if (response->results.items[i].configs.count > 0)
            qsort(response->results.items[i].configs.items, (size_t)response->results.items[i].configs.count,
                  sizeof response->results.items[i].configs.items[0], by_name);
}

static void decide(const char *api, int version, void *request, void *response)
{
    if (strcmp(api, "CreateTopics") == 0)
        controller_create_topics(&world.controller, request, version, response, &world.records);
    else if (strcmp(api, "DeleteTopics") == 0)
        controller_delete_topics(&world.controller, request, version, response, &world.records);
    else if (strcmp(api, "CreatePartitions") == 0)
        controller_create_partitions(&world.controller, request, response, &world.records);
    else if (strcmp(api, "AlterConfigs") == 0)
        controller_alter_configs(&world.controller, request, response, &world.records);
    else if (strcmp(api, "IncrementalAlterConfigs") == 0)
        controller_incremental_alter_configs(&world.controller, request, response, &world.records);
    else
        describe(request, response);
}

static const struct message *message_of(const char *api, bool request)
{
    static const struct {
        const char *api;
        const struct message *request, *response;
    } messages[] = {
        {"CreateTopics", &create_topics_request_message, &create_topics_response_message},
        {"DeleteTopics", &delete_topics_request_message, &delete_topics_response_message},
        {"CreatePartitions", &create_partitions_request_message, &create_partitions_response_message},
        {"AlterConfigs", &alter_configs_request_message, &alter_configs_response_message},
        {"IncrementalAlterConfigs", &incremental_alter_configs_request_message,
         &incremental_alter_configs_response_message},
        {"DescribeConfigs", &describe_configs_request_message, &describe_configs_response_message},
    };
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++)
        if (strcmp(messages[i].api, api) == 0)
            return request ? messages[i].request : messages[i].response;
    ck_abort_msg("%s", api);
    return NULL;
}

/* ---- texts ---- */

/* Puts saved ids in the place of ${name}. */
static char *fill_in(const char *request)
{
    struct buf text = {0};
    while (*request != '\0') {
        bool replaced = false;
        for (int i = 0; i < saved_count && request[0] == '$'; i++) {
            size_t len = strlen(saved[i].name);
            if (strncmp(request + 2, saved[i].name, len) != 0 || request[2 + len] != '}')
                continue;
            buf_append_str(&text, saved[i].text);
            request += len + 3;
            replaced = true;
            break;
        }
        if (!replaced)
            buf_append_char(&text, *request++);
    }
    buf_append_char(&text, '\0');
    return (char *)text.data;
}

/* As the recordings show it: no throttle time, ids that are not fixed as <id>. */
static char *masked(const struct buf *json)
{
    struct buf text = {0};
    for (size_t i = 0; i < json->len; i++) {
        const char *at = (const char *)json->data + i;
        if (strncmp(at, "\"throttleTimeMs\":0,", 19) == 0) {
            i += 18;
        } else if (strncmp(at, "\"topicId\":\"", 11) == 0
                   && strncmp(at + 11, "AAAAAAAAAAAAAAAAAAAAAA", 22) != 0
                   && strncmp(at + 11, "AAAAAAAAAAAAAAAAAAAAAQ", 22) != 0) {
            buf_append_str(&text, "\"topicId\":\"<id>");
            i += 11 + UUID_TEXT_LEN - 1;
        } else {
            buf_append_char(&text, *at);
        }
    }
    buf_append_char(&text, '\0');
    return (char *)text.data;
}

/* ---- one line ---- */

static void create(const char *name, const char *json)
{
    void *request = world_request(&world, &create_topics_request_message, 7, json);
    struct create_topics_response *response = world_response(&world, &create_topics_response_message);
    controller_create_topics(&world.controller, request, 7, response, &world.records);
    ck_assert_int_eq(response->topics.items[0].error_code, 0);
    world_commit(&world);
    if (!name)
        return;
    ck_assert_int_lt(saved_count, SAVED_MAX);
    snprintf(saved[saved_count].name, sizeof saved[0].name, "%s", name);
    uuid_format(response->topics.items[0].topic_id, saved[saved_count++].text);
}

static void check(int number, const char *api, int version, const char *request_json, const char *expected)
{
    char *filled = fill_in(request_json);
    void *request = world_request(&world, message_of(api, true), version, filled);
    void *response = world_response(&world, message_of(api, false));
    decide(api, version, request, response);
    world_commit(&world);
    struct buf json = {0};
    message_print_json(message_of(api, false), version, response, JSON_RECORDS_BASE64, &json);
    char *answer = masked(&json);
    if (strcmp(answer, expected) != 0) {
        fprintf(stderr, "line %d: %s v%d %s\nKafka %s\nhere  %s\n", number, api, version, filled, expected,
                answer);
        wrong++;
    }
    free(answer);
    free(filled);
    buf_fini(&json);
}

static void check_line(int number, char *line)
{
    char *parts[4];
    for (int i = 0; i < 4; i++) {
        parts[i] = line;
        line = line + strcspn(line, "\t\n");
        *line++ = '\0';
    }
    if (strncmp(parts[0], "create", 6) == 0)
        create(parts[0][6] == ':' ? parts[0] + 7 : NULL, parts[2]);
    else
        check(number, parts[0], atoi(parts[1]), parts[2], parts[3]);
}

START_TEST(every_decision_is_the_one_that_kafka_made)
{
    char path[1024];
    const char *directory = getenv("ODRADEK_SOURCE_DIR");
    snprintf(path, sizeof path, "%s/test/golden/controller/decisions.txt",
             directory ? directory : ODRADEK_SOURCE_DIR);
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "%s", path);
    char *line = malloc(LINE_MAX_BYTES);
    int checked = 0;
    for (int number = 1; fgets(line, LINE_MAX_BYTES, file); number++) {
        ck_assert_ptr_nonnull(strchr(line, '\n'));
        if (line[0] == '#')
            continue;
        check_line(number, line);
        checked++;
    }
    ck_assert_int_eq(wrong, 0);
    ck_assert_int_gt(checked, 250);
    free(line);
    fclose(file);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("controller");
    TCase *tests = tcase_create("decisions");
    tcase_set_timeout(tests, 250);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, every_decision_is_the_one_that_kafka_made);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
