/* CreatePartitions: what is written, and bounds. Kafka's own answers are in test/golden/test_controller.c. */
#include "metadata/controller/create_partitions.h"
#include "test/unit/metadata/controller_fixture.h"

static struct world world;
static struct create_partitions_response *response;

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

static void decide(const char *json)
{
    void *request = world_request(&world, &create_partitions_request_message, 3, json);
    response = world_response(&world, &create_partitions_response_message);
    controller_create_partitions(&world.controller, request, response, &world.records);
}

static void expect_result(int32_t index, const char *name, int code, const char *message)
{
    ck_assert_int_lt(index, response->results.count);
    ck_assert_slice(response->results.items[index].name, name);
    ck_assert_int_eq(response->results.items[index].error_code, code);
    ck_assert_slice(response->results.items[index].error_message, message);
}

START_TEST(new_partitions_follow_those_that_are_there)
{
    decide("{\"topics\":[{\"name\":\"a\",\"count\":4,\"assignments\":null}],\"timeoutMs\":1}");
    expect_result(0, "a", KERR_NONE, NULL);
    ck_assert_int_eq(world.records.count, 2);
    const char *records = world_records(&world);
    ck_assert_ptr_nonnull(strstr(records, "PartitionRecord {\"partitionId\":2,"));
    ck_assert_ptr_nonnull(strstr(records, "PartitionRecord {\"partitionId\":3,"));
    world_commit(&world);
    const struct topic *topic = image_find_topic(&world.image, SLICE("a"));
    ck_assert_int_eq(topic->partition_count, 4);
    ck_assert_int_eq(image_find_partition(topic, 3)->leader, 1);
}
END_TEST

START_TEST(they_have_as_many_replicas_as_partition_0)
{
    world_add_broker(&world, 2, NULL, false);
    world.controller.default_replication_factor = 2;
    decide("{\"topics\":[{\"name\":\"a\",\"count\":3,\"assignments\":null},{\"name\":\"b\",\"count\":2,"
           "\"assignments\":[{"
           "\"brokerIds\":[2,1]}]}],\"timeoutMs\":1}");
    expect_result(0, "a", KERR_NONE, NULL);
    expect_result(1, "b", KERR_INVALID_REPLICA_ASSIGNMENT,
                  "The manual partition assignment includes a partition with 2 replica(s), but this is not "
                  "consistent with "
                  "previous partitions, which have 1 replica(s).");
    world_commit(&world);
    ck_assert_int_eq(image_find_partition(image_find_topic(&world.image, SLICE("a")), 2)->replicas.count, 1);
}
END_TEST

START_TEST(validating_only_writes_nothing)
{
    decide("{\"topics\":[{\"name\":\"a\",\"count\":4,\"assignments\":null}],\"timeoutMs\":1,\"validateOnly\":"
           "true}");
    expect_result(0, "a", KERR_NONE, NULL);
    ck_assert_int_eq(world.records.count, 0);
}
END_TEST

START_TEST(one_request_makes_ten_thousand_partitions_at_most)
{
    decide("{\"topics\":[{\"name\":\"a\",\"count\":2147483647,\"assignments\":null},{\"name\":\"b\","
           "\"count\":10001,"
           "\"assignments\":null}],\"timeoutMs\":1}");
    expect_result(0, "a", KERR_UNKNOWN_SERVER_ERROR, NULL);
    expect_result(1, "b", KERR_NONE, NULL);
    ck_assert_int_eq(world.records.count, 10000);
}
END_TEST

START_TEST(a_name_that_comes_thrice_is_told_once_and_first)
{
    decide(
        "{\"topics\":[{\"name\":\"b\",\"count\":2,\"assignments\":null},{\"name\":\"a\",\"count\":3,"
        "\"assignments\":null},{"
        "\"name\":\"a\",\"count\":3,\"assignments\":null},{\"name\":\"a\",\"count\":3,\"assignments\":null}],"
        "\"timeoutMs\":1}");
    ck_assert_int_eq(response->results.count, 2);
    expect_result(0, "a", KERR_INVALID_REQUEST, "Duplicate topic name.");
    expect_result(1, "b", KERR_NONE, NULL);
    ck_assert_int_eq(world.records.count, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("create_partitions");
    TCase *tests = tcase_create("decisions");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, new_partitions_follow_those_that_are_there);
    tcase_add_test(tests, they_have_as_many_replicas_as_partition_0);
    tcase_add_test(tests, validating_only_writes_nothing);
    tcase_add_test(tests, one_request_makes_ten_thousand_partitions_at_most);
    tcase_add_test(tests, a_name_that_comes_thrice_is_told_once_and_first);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
