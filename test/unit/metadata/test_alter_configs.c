/* AlterConfigs and IncrementalAlterConfigs: what is written, and what Odradek decides otherwise than Kafka.
 * Kafka's own answers are in test/golden/test_controller.c. */
#include "metadata/controller/alter_configs.h"
#include "metadata/controller/describe_configs.h"
#include "test/unit/metadata/controller_fixture.h"
#include <time.h>

static struct world world;

static void set_up(void)
{
    world_init(&world);
    world_add_topic(&world, "t", 10, 1);
    add_config(&world.records, RESOURCE_TOPIC, "t", "min.insync.replicas", "1");
    add_config(&world.records, RESOURCE_TOPIC, "t", "retention.ms", "5");
    add_config(&world.records, RESOURCE_TOPIC, "t", "segment.ms", "7");
    world_commit(&world);
}

static void tear_down(void)
{
    world_fini(&world);
}

/* {"name":"x","configOperation":0,"value":"y"}, ... of one resource. Gives the error. */
static int incremental(int type, const char *resource, const char *configs, const char *message)
{
    char json[2000];
    snprintf(json, sizeof json,
             "{\"resources\":[{\"resourceType\":%d,\"resourceName\":\"%s\",\"configs\":[%s]}]}", type,
             resource, configs);
    void *request = world_request(&world, &incremental_alter_configs_request_message, 1, json);
    struct incremental_alter_configs_response *response =
        world_response(&world, &incremental_alter_configs_response_message);
    record_list_init(&world.records, &world.arena, METADATA_VERSION_MAX);
    controller_incremental_alter_configs(&world.controller, request, response, &world.records);
    ck_assert_int_eq(response->responses.count, 1);
    ck_assert_slice(response->responses.items[0].error_message, message);
    return response->responses.items[0].error_code;
}

static int replace(int type, const char *resource, const char *configs)
{
    char json[2000];
    snprintf(json, sizeof json,
             "{\"resources\":[{\"resourceType\":%d,\"resourceName\":\"%s\",\"configs\":[%s]}]}", type,
             resource, configs);
    void *request = world_request(&world, &alter_configs_request_message, 2, json);
    struct alter_configs_response *response = world_response(&world, &alter_configs_response_message);
    record_list_init(&world.records, &world.arena, METADATA_VERSION_MAX);
    controller_alter_configs(&world.controller, request, response, &world.records);
    return response->responses.items[0].error_code;
}

#define SET(name, value) "{\"name\":\"" name "\",\"configOperation\":0,\"value\":\"" value "\"}"
#define DELETE(name)     "{\"name\":\"" name "\",\"configOperation\":1,\"value\":null}"
#define RECORD(type, resource, name, value)                                                      \
    "ConfigRecord {\"resourceType\":" type ",\"resourceName\":\"" resource "\",\"name\":\"" name \
    "\",\"value\":" value "}\n"

START_TEST(what_changes_is_written_and_nothing_else)
{
    ck_assert_int_eq(
        incremental(2, "t",
                    SET("retention.ms", "5") "," SET("flush.ms", "9") "," DELETE("segment.ms") "," DELETE(
                        "flush.messages") "," SET("min.insync.replicas", "2"),
                    NULL),
        KERR_NONE);
    ck_assert_str_eq(world_records(&world),
                     RECORD("2", "t", "flush.ms", "\"9\"") RECORD("2", "t", "min.insync.replicas", "\"2\"")
                         RECORD("2", "t", "segment.ms", "null") "ClearElrRecord {\"topicName\":\"t\"}\n");
}
END_TEST

START_TEST(a_brokers_configs_are_written_also_if_they_are_the_same)
{
    ck_assert_int_eq(incremental(4, "01", SET("log.retention.ms", "5"), NULL), KERR_NONE);
    world_commit(&world);
    ck_assert_int_eq(incremental(4, "1", SET("log.retention.ms", "5") "," DELETE("log.roll.ms"), NULL),
                     KERR_NONE);
    ck_assert_str_eq(world_records(&world),
                     RECORD("4", "1", "log.retention.ms", "\"5\"") RECORD("4", "1", "log.roll.ms", "null"));
    ck_assert_int_eq(incremental(4, "", SET("min.insync.replicas", "1"), NULL), KERR_NONE);
    ck_assert_str_eq(world_records(&world),
                     RECORD("4", "", "min.insync.replicas", "\"1\"") "ClearElrRecord {\"topicName\":\"\"}\n");
}
END_TEST

START_TEST(replacing_writes_what_is_named_and_removes_the_rest)
{
    ck_assert_int_eq(
        replace(2, "t",
                "{\"name\":\"retention.ms\",\"value\":\"6\"},{\"name\":\"flush.ms\",\"value\":\"1\"}"),
        KERR_NONE);
    ck_assert_str_eq(world_records(&world),
                     RECORD("2", "t", "flush.ms", "\"1\"") RECORD("2", "t", "retention.ms", "\"6\"")
                         RECORD("2", "t", "min.insync.replicas", "null")
                             RECORD("2", "t", "segment.ms", "null") "ClearElrRecord {\"topicName\":\"t\"}\n");
    world_commit(&world);
    ck_assert_int_eq(image_find_configs(&world.image, RESOURCE_TOPIC, SLICE("t"))->count, 2);
}
END_TEST

START_TEST(one_bad_value_keeps_the_whole_resource_as_it_is)
{
    ck_assert_int_eq(incremental(2, "t", SET("retention.ms", "6") "," SET("segment.ms", "0"),
                                 "Invalid value 0 for configuration segment.ms: Value must be at least 1"),
                     KERR_INVALID_CONFIG);
    ck_assert_int_eq(world.records.count, 0);
}
END_TEST

START_TEST(the_lags_of_topic_and_broker_must_agree)
{
    add_config(&world.records, RESOURCE_BROKER, "", "log.cleaner.max.compaction.lag.ms", "50");
    world_commit(&world);
    ck_assert_int_eq(
        incremental(2, "t", SET("min.compaction.lag.ms", "60"),
                    "conflict topic config setting min.compaction.lag.ms (60) > max.compaction.lag.ms (50)"),
        KERR_INVALID_CONFIG);
}
END_TEST

START_TEST(without_elr_a_broker_may_have_its_own_min_insync_replicas)
{
    add_feature(&world.records, ELR_FEATURE, 0);
    world_commit(&world);
    ck_assert_int_eq(incremental(4, "1", SET("min.insync.replicas", "2"), NULL), KERR_NONE);
    ck_assert_str_eq(world_records(&world), RECORD("4", "1", "min.insync.replicas", "\"2\""));
    ck_assert_int_eq(incremental(4, "", DELETE("min.insync.replicas"), NULL), KERR_NONE);
}
END_TEST

START_TEST(what_another_broker_would_allow_does_not_stand_in_the_way)
{
    add_config(&world.records, RESOURCE_BROKER, "1", "listeners", "PLAINTEXT://:1");
    world_commit(&world);
    ck_assert_int_eq(incremental(4, "1", SET("log.retention.ms", "5"), NULL), KERR_NONE);
    ck_assert_int_eq(incremental(4, "1", SET("listeners", "PLAINTEXT://:2"),
                                 "Cannot update these configs dynamically: [listeners]"),
                     KERR_INVALID_REQUEST);
    ck_assert_int_eq(incremental(4, "1", DELETE("listeners"), NULL), KERR_NONE);
}
END_TEST

START_TEST(a_logger_takes_a_level_and_makes_no_record)
{
    ck_assert_int_eq(incremental(8, "1", SET("odradek.storage", "TRACE"), NULL), KERR_NONE);
    ck_assert_int_eq(incremental(8, "1", DELETE("odradek.storage"), NULL), KERR_NONE);
    ck_assert_int_eq(incremental(8, "1", SET("root", "DEBUG"), NULL), KERR_NONE);
    ck_assert_int_eq(world.records.count, 0);
    ck_assert_int_eq(incremental(8, "1", SET("kafka", "DEBUG"), "Logger kafka does not exist!"),
                     KERR_INVALID_CONFIG);
    ck_assert_int_eq(incremental(8, "1", SET("root", "debug"),
                                 "Cannot set the log level of root to debug as it is not a supported log "
                                 "level. Valid log levels are DEBUG, ERROR, FATAL, INFO, TRACE, WARN"),
                     KERR_INVALID_CONFIG);
    ck_assert_int_eq(
        incremental(8, "1", SET("odradek.storage", "debug"),
                    "Cannot set the log level of odradek.storage to debug as it is not a supported "
                    "log level. Valid log levels are DEBUG, ERROR, FATAL, INFO, TRACE, WARN"),
        KERR_INVALID_CONFIG);
    ck_assert_int_eq(incremental(8, "1", DELETE("odradek.stor"), "Logger odradek.stor does not exist!"),
                     KERR_INVALID_CONFIG);
    ck_assert_int_eq(
        incremental(8, "1", DELETE("root"), "Removing the log level of the root logger is not allowed"),
        KERR_INVALID_REQUEST);
}
END_TEST

START_TEST(there_are_no_other_operations)
{
    ck_assert_int_eq(
        incremental(8, "1", "{\"name\":\"root\",\"configOperation\":9,\"value\":\"INFO\"}", NULL),
        KERR_UNKNOWN_SERVER_ERROR);
    ck_assert_int_eq(
        incremental(2, "t", "{\"name\":\"retention.ms\",\"configOperation\":4,\"value\":\"1\"}", NULL),
        KERR_UNKNOWN_SERVER_ERROR);
    ck_assert_int_eq(world.records.count, 0);
}
END_TEST

START_TEST(the_bounds_of_groups_are_the_brokers)
{
    ck_assert_int_eq(incremental(32, "g", SET("consumer.session.timeout.ms", "61000"),
                                 "consumer.session.timeout.ms must be less than or equal to "
                                 "group.consumer.max.session.timeout.ms"),
                     KERR_INVALID_CONFIG);
    static struct config_entry fixed[1];
    fixed[0] = (struct config_entry){SLICE("group.consumer.max.session.timeout.ms"), SLICE("62000")};
    world.fixed.entries = fixed;
    world.fixed.count = 1;
    ck_assert_int_eq(incremental(32, "g", SET("consumer.session.timeout.ms", "61000"), NULL), KERR_NONE);
    ck_assert_str_eq(world_records(&world), RECORD("32", "g", "consumer.session.timeout.ms", "\"61000\""));
}
END_TEST

/* Asks for as many changes of one resource, from Z to A. Gives the processor's seconds that it took. */
static double change_keys(int32_t count)
{
    struct incremental_alter_configs_request request;
    schema_set_defaults(incremental_alter_configs_request_schema(), &request);
    array_init(&request.resources, incremental_alter_configs_resource, &world.arena, 1);
    request.resources.items[0].resource_type = RESOURCE_BROKER;
    request.resources.items[0].resource_name = SLICE("");
    array_init(&request.resources.items[0].configs, incremental_alter_configs_config, &world.arena, count);
    for (int32_t i = 0; i < count; i++) {
        request.resources.items[0].configs.items[i].name = arena_printf(&world.arena, "k%d", count - i);
        request.resources.items[0].configs.items[i].value = SLICE("1");
    }
    request.validate_only = true;
    struct incremental_alter_configs_response *response =
        world_response(&world, &incremental_alter_configs_response_message);
    clock_t start = clock();
    controller_incremental_alter_configs(&world.controller, &request, response, &world.records);
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    ck_assert_int_eq(response->responses.items[0].error_code, KERR_NONE);
    return seconds;
}

START_TEST(many_keys_are_sorted_not_compared_with_each_other)
{
    double few = change_keys(5000);
    double many = change_keys(8 * 5000);
    ck_assert_msg(many < 24 * few, "%f s for 8 times what took %f s", many, few); /* 64 times if compared */
}
END_TEST

/* Recorded from Apache Kafka 4.3.1. */
START_TEST(a_list_is_taken_apart_at_its_commas_and_its_blanks_stay)
{
    static const char name[] = "cordoned.log.dirs";
    struct config_entry log_dirs = {SLICE("log.dirs"), SLICE("/a,/b")};
    world.fixed = (struct config_set){
        .resource_type = RESOURCE_BROKER, .resource_name = SLICE(""), .entries = &log_dirs, .count = 1};
    static const struct {
        int operation;
        const char *value;
        const char *after;
    } steps[] = {
        {0, " /a , /b ", " /a , /b "}, {2, "/b", " /a , /b ,/b"}, {3, "/b", " /a , /b "}, {3, " /a ", " /b "},
        {2, "/a,,", " /b ,/a"},        {2, " /b ", " /b ,/a"},    {3, "/a, /b ", ""},     {2, " * ", " * "},
    };
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        char json[200];
        snprintf(json, sizeof json, "{\"name\":\"%s\",\"configOperation\":%d,\"value\":\"%s\"}", name,
                 steps[i].operation, steps[i].value);
        ck_assert_int_eq(incremental(4, "1", json, NULL), KERR_NONE);
        world_commit(&world);
        const struct config_set *set = image_find_configs(&world.image, RESOURCE_BROKER, SLICE("1"));
        ck_assert_slice(config_set_find(set, slice_str(name))->value, steps[i].after);
    }
}
END_TEST

START_TEST(cordoned_directories_need_a_level_that_knows_them)
{
    static const char message[] = "The cordoned.log.dirs configuration value cannot be set because it "
                                  "requires metadata.version >= 4.3-IV0";
    add_feature(&world.records, METADATA_VERSION, 29);
    world_commit(&world);
    ck_assert_int_eq(incremental(4, "1", SET("cordoned.log.dirs", "*"), message), KERR_INVALID_CONFIG);
    ck_assert_int_eq(incremental(4, "1", DELETE("cordoned.log.dirs"), message), KERR_INVALID_CONFIG);
    ck_assert_int_eq(world.records.count, 0);
    ck_assert_int_eq(incremental(4, "1", SET("log.roll.ms", "5"), NULL), KERR_NONE);
}
END_TEST

START_TEST(a_list_may_not_grow_beyond_what_a_string_holds)
{
    char *value = arena_alloc(&world.arena, 32768);
    for (int i = 0; i < 32764; i += 4)
        memcpy(value + i, "1:1,", 4);
    value[32763] = '\0';
    add_config(&world.records, RESOURCE_TOPIC, "t", "leader.replication.throttled.replicas", value);
    world_commit(&world);
    ck_assert_int_eq(
        incremental(
            2, "t",
            "{\"name\":\"leader.replication.throttled.replicas\",\"configOperation\":2,\"value\":"
            "\"1234:1\"}",
            "The configuration value cannot be added because it exceeds the maximum value size of 32767 "
            "bytes."),
        KERR_INVALID_CONFIG);
}
END_TEST

/* ---- what is told of it ---- */

START_TEST(documentation_is_the_tables_meaning_and_unknown_keys_are_secrets)
{
    add_config(&world.records, RESOURCE_TOPIC, "t", "of.another.release", "1");
    world_commit(&world);
    struct describe_configs_request *request = world_request(
        &world, &describe_configs_request_message, 4,
        "{\"resources\":[{\"resourceType\":2,\"resourceName\":\"t\",\"configurationKeys\":[\"retention.ms\","
        "\"of.another.release\"]}],\"includeDocumentation\":true}");
    struct describe_configs_response *response = world_response(&world, &describe_configs_response_message);
    world_describe_configs(&world, request, response);
    ck_assert_int_eq(response->results.items[0].configs.count, 2);
    const struct describe_configs_response_config *known = &response->results.items[0].configs.items[0];
    const struct describe_configs_response_config *unknown = &response->results.items[0].configs.items[1];
    ck_assert_slice(known->documentation, find_topic_config(SLICE("retention.ms"))->meaning);
    ck_assert_slice(known->value, "5");
    ck_assert_slice(unknown->name, "of.another.release");
    ck_assert(unknown->is_sensitive && slice_is_null(unknown->value)
              && slice_is_null(unknown->documentation));
}
END_TEST

START_TEST(a_default_in_hours_is_told_as_a_default_in_milliseconds)
{
    static struct config_entry fixed[1];
    fixed[0] = (struct config_entry){SLICE("log.roll.hours"), SLICE("2")};
    world.fixed.entries = fixed;
    world.fixed.count = 1;
    world_add_topic(&world, "u", 12, 1);
    struct describe_configs_request *request =
        world_request(&world, &describe_configs_request_message, 4,
                      "{\"resources\":[{\"resourceType\":2,\"resourceName\":\"u\",\"configurationKeys\":["
                      "\"segment.ms\"]}]}");
    struct describe_configs_response *response = world_response(&world, &describe_configs_response_message);
    world_describe_configs(&world, request, response);
    ck_assert_slice(response->results.items[0].configs.items[0].value, "7200000");
    ck_assert_int_eq(response->results.items[0].configs.items[0].config_source, SOURCE_DEFAULT);
}
END_TEST

START_TEST(the_resources_of_a_request_share_the_room_of_its_answer)
{
    struct describe_configs_request *request =
        world_request(&world, &describe_configs_request_message, 4,
                      "{\"resources\":[{\"resourceType\":2,\"resourceName\":\"t\",\"configurationKeys\":["
                      "\"segment.ms\"]},{\"resourceType\":2,\"resourceName\":\"t\"}]}");
    struct describe_configs_response *response = world_response(&world, &describe_configs_response_message);
    int32_t room = describe_configs_begin(request, &world.arena, response);
    ck_assert_int_gt(room, 2);
    room = 2;
    for (int32_t i = 0; i < 2; i++) {
        struct map wanted;
        describe_configs_want(request, i, 0, &wanted);
        describe_configs_of(&world.view, &(struct acl_asker){0}, request, i, &wanted, &room, &world.arena,
                            response);
        map_fini(&wanted);
    }
    ck_assert_int_eq(response->results.items[0].error_code, KERR_NONE);
    ck_assert_int_eq(response->results.items[0].configs.count, 1);
    ck_assert_int_eq(response->results.items[1].error_code, KERR_INVALID_REQUEST);
    ck_assert_int_eq(response->results.items[1].configs.count, 0);
}
END_TEST

/* What is done while the image is held does not read them: they are gone by then. */
START_TEST(however_many_keys_are_asked_for_the_image_is_held_for_those_that_there_are)
{
    enum { KEYS = 100 * 1000 };
    struct slice *keys = arena_new_array(&world.arena, struct slice, KEYS);
    for (int i = 0; i < KEYS; i++)
        keys[i] = arena_printf(&world.arena, "key.%d", i);
    keys[KEYS / 2] = keys[KEYS - 1] = SLICE("segment.ms");
    struct describe_configs_resource topic = {
        .resource_type = RESOURCE_TOPIC, .resource_name = SLICE("t"), .configuration_keys = {keys, KEYS}};
    const struct describe_configs_request request = {.resources = {&topic, 1}};
    struct describe_configs_response *response = world_response(&world, &describe_configs_response_message);
    int32_t room = describe_configs_begin(&request, &world.arena, response);
    struct map wanted;
    describe_configs_want(&request, 0, 0, &wanted);
    topic.configuration_keys.items = NULL;
    describe_configs_of(&world.view, &(struct acl_asker){0}, &request, 0, &wanted, &room, &world.arena,
                        response);
    map_fini(&wanted);
    ck_assert_int_eq(response->results.items[0].configs.count, 1);
    ck_assert_slice(response->results.items[0].configs.items[0].name, "segment.ms");
}
END_TEST

/* ---- asked directly ---- */

START_TEST(the_controller_stores_what_a_broker_would_refuse)
{
    world.controller.asked_directly = true;
    ck_assert_int_eq(incremental(4, "1", SET("num.partitions", "5") "," SET("log.roll.ms", "abc"), NULL),
                     KERR_NONE);
    ck_assert_str_eq(world_records(&world),
                     RECORD("4", "1", "log.roll.ms", "\"abc\"") RECORD("4", "1", "num.partitions", "\"5\""));
    ck_assert_int_eq(incremental(4, "7", SET("log.roll.ms", "5"), "No node with id 7 found."),
                     KERR_BROKER_ID_NOT_REGISTERED);
    world_add_broker(&world, 7, "a", false);
    ck_assert_int_eq(incremental(4, "7", SET("log.roll.ms", "5"), NULL), KERR_NONE);
    ck_assert_str_eq(world_records(&world), RECORD("4", "7", "log.roll.ms", "\"5\""));
}
END_TEST

START_TEST(of_a_key_that_comes_twice_the_controller_takes_the_last_change)
{
    world.controller.asked_directly = true;
    ck_assert_int_eq(incremental(2, "t",
                                 SET("retention.ms", "6") "," SET("flush.ms", "1") "," SET(
                                     "retention.ms", "7") ",{\"name\":\"segment.ms\",\"value\":null}",
                                 NULL),
                     KERR_NONE);
    ck_assert_str_eq(world_records(&world),
                     RECORD("2", "t", "flush.ms", "\"1\"") RECORD("2", "t", "retention.ms", "\"7\"")
                         RECORD("2", "t", "segment.ms", "null"));
    ck_assert_int_eq(
        incremental(2, "t", "{\"name\":\"cleanup.policy\",\"configOperation\":2,\"value\":null}", NULL),
        KERR_UNKNOWN_SERVER_ERROR);
}
END_TEST

START_TEST(the_controller_answers_once_for_a_resource_that_comes_twice)
{
    world.controller.asked_directly = true;
    void *request =
        world_request(&world, &incremental_alter_configs_request_message, 1,
                      "{\"resources\":[{\"resourceType\":2,\"resourceName\":\"t\",\"configs\":[" SET(
                          "flush.ms", "1") "]},"
                                           "{\"resourceType\":9,\"resourceName\":\"t\",\"configs\":[]},"
                                           "{\"resourceType\":9,\"resourceName\":\"t\",\"configs\":[]},"
                                           "{\"resourceType\":2,\"resourceName\":\"t\",\"configs\":[]}]}");
    struct incremental_alter_configs_response *response =
        world_response(&world, &incremental_alter_configs_response_message);
    controller_incremental_alter_configs(&world.controller, request, response, &world.records);
    ck_assert_int_eq(response->responses.count, 3);
    ck_assert_int_eq(response->responses.items[0].error_code, KERR_INVALID_REQUEST);
    ck_assert_slice(response->responses.items[0].error_message, "Duplicate resource.");
    for (int i = 1; i < 3; i++)
        ck_assert_int_eq(response->responses.items[i].error_code, KERR_UNSUPPORTED_VERSION);
    ck_assert_int_eq(world.records.count, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("alter_configs");
    TCase *tests = tcase_create("decisions");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, what_changes_is_written_and_nothing_else);
    tcase_add_test(tests, a_brokers_configs_are_written_also_if_they_are_the_same);
    tcase_add_test(tests, replacing_writes_what_is_named_and_removes_the_rest);
    tcase_add_test(tests, one_bad_value_keeps_the_whole_resource_as_it_is);
    tcase_add_test(tests, the_lags_of_topic_and_broker_must_agree);
    tcase_add_test(tests, without_elr_a_broker_may_have_its_own_min_insync_replicas);
    tcase_add_test(tests, what_another_broker_would_allow_does_not_stand_in_the_way);
    tcase_add_test(tests, a_logger_takes_a_level_and_makes_no_record);
    tcase_add_test(tests, there_are_no_other_operations);
    tcase_add_test(tests, the_bounds_of_groups_are_the_brokers);
    tcase_add_test(tests, many_keys_are_sorted_not_compared_with_each_other);
    tcase_add_test(tests, a_list_is_taken_apart_at_its_commas_and_its_blanks_stay);
    tcase_add_test(tests, cordoned_directories_need_a_level_that_knows_them);
    tcase_add_test(tests, a_list_may_not_grow_beyond_what_a_string_holds);
    tcase_add_test(tests, documentation_is_the_tables_meaning_and_unknown_keys_are_secrets);
    tcase_add_test(tests, a_default_in_hours_is_told_as_a_default_in_milliseconds);
    tcase_add_test(tests, the_resources_of_a_request_share_the_room_of_its_answer);
    tcase_add_test(tests, however_many_keys_are_asked_for_the_image_is_held_for_those_that_there_are);
    tcase_add_test(tests, the_controller_stores_what_a_broker_would_refuse);
    tcase_add_test(tests, of_a_key_that_comes_twice_the_controller_takes_the_last_change);
    tcase_add_test(tests, the_controller_answers_once_for_a_resource_that_comes_twice);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
