/* DeleteTopics: what is written and who is answered what. Kafka's own answers are in
 * test/golden/test_controller.c. */
#include "metadata/controller/delete_topics.h"
#include "test/unit/metadata/controller_fixture.h"

static struct world world;
static struct delete_topics_response *response;

static void set_up(void)
{
    world_init(&world);
    world_add_topic(&world, "a", 10, 2);
    world_add_topic(&world, "b", 11, 1);
}

static void tear_down(void)
{
    world_fini(&world);
}

static void decide(int version, const char *json)
{
    void *request = world_request(&world, &delete_topics_request_message, version, json);
    response = world_response(&world, &delete_topics_response_message);
    controller_delete_topics(&world.controller, request, version, response, &world.records);
}

static void expect_result(int32_t index, const char *name, int code)
{
    ck_assert_int_lt(index, response->responses.count);
    ck_assert_slice(response->responses.items[index].name, name);
    ck_assert_int_eq(response->responses.items[index].error_code, code);
}

START_TEST(a_deletion_is_one_record_and_takes_partitions_and_configs_with_it)
{
    add_config(&world.records, RESOURCE_TOPIC, "a", "retention.ms", "5");
    world_commit(&world);
    decide(1, "{\"topicNames\":[\"a\"],\"timeoutMs\":1}");
    expect_result(0, "a", KERR_NONE);
    ck_assert(uuid_equal(response->responses.items[0].topic_id,
                         make_id(10))); /* also where the version cannot say it */
    char id[UUID_TEXT_LEN + 1], expected[100];
    uuid_format(make_id(10), id);
    snprintf(expected, sizeof expected, "RemoveTopicRecord {\"topicId\":\"%s\"}\n", id);
    ck_assert_str_eq(world_records(&world), expected);
    world_commit(&world);
    ck_assert_slice(response->responses.items[0].name, "a"); /* does not live in the image */
    ck_assert_ptr_null(image_find_topic(&world.image, SLICE("a")));
    ck_assert_ptr_null(image_find_configs(&world.image, RESOURCE_TOPIC, SLICE("a")));
    ck_assert_ptr_nonnull(image_find_topic(&world.image, SLICE("b")));
}
END_TEST

START_TEST(a_name_that_comes_twice_is_refused_and_an_id_beside_it_still_counts)
{
    char id[UUID_TEXT_LEN + 1], json[300];
    uuid_format(make_id(10), id);
    snprintf(
        json, sizeof json,
        "{\"topics\":[{\"name\":\"a\"},{\"name\":\"b\"},{\"name\":null,\"topicId\":\"%s\"},{\"name\":\"a\"}],"
        "\"timeoutMs\":1}",
        id);
    decide(6, json);
    ck_assert_int_eq(response->responses.count, 3);
    expect_result(0, "a", KERR_INVALID_REQUEST);
    expect_result(1, "b", KERR_NONE);
    expect_result(2, "a", KERR_NONE);
    ck_assert_int_eq(world.records.count, 2);
}
END_TEST

START_TEST(a_topic_asked_for_by_name_and_by_id_stays)
{
    char id[UUID_TEXT_LEN + 1], json[300];
    uuid_format(make_id(10), id);
    snprintf(json, sizeof json,
             "{\"topics\":[{\"name\":null,\"topicId\":\"%s\"},{\"name\":\"a\"}],\"timeoutMs\":1}", id);
    decide(6, json);
    ck_assert_int_eq(response->responses.count, 1);
    expect_result(0, "a", KERR_INVALID_REQUEST);
    ck_assert_int_eq(world.records.count, 0);
}
END_TEST

START_TEST(where_deletion_is_switched_off_nothing_is_deleted)
{
    world.controller.delete_topic_enable = false;
    decide(2, "{\"topicNames\":[\"a\",\"a\",\"none\"],\"timeoutMs\":1}");
    for (int32_t i = 0; i < 3; i++)
        expect_result(i, i < 2 ? "a" : "none", KERR_INVALID_REQUEST);
    decide(6, "{\"topics\":[{\"name\":\"a\"}],\"timeoutMs\":1}");
    expect_result(0, "a", KERR_TOPIC_DELETION_DISABLED);
    ck_assert_int_eq(world.records.count, 0);
}
END_TEST

START_TEST(no_time_means_no_deletion)
{
    decide(6, "{\"topics\":[{\"name\":\"a\"},{\"name\":\"a\"}],\"timeoutMs\":0}");
    ck_assert_int_eq(response->responses.count, 2);
    expect_result(0, "a", KERR_REQUEST_TIMED_OUT);
    expect_result(1, "a", KERR_REQUEST_TIMED_OUT);
    ck_assert_int_eq(world.records.count, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("delete_topics");
    TCase *tests = tcase_create("decisions");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_deletion_is_one_record_and_takes_partitions_and_configs_with_it);
    tcase_add_test(tests, a_name_that_comes_twice_is_refused_and_an_id_beside_it_still_counts);
    tcase_add_test(tests, a_topic_asked_for_by_name_and_by_id_stays);
    tcase_add_test(tests, where_deletion_is_switched_off_nothing_is_deleted);
    tcase_add_test(tests, no_time_means_no_deletion);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
