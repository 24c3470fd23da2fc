/* CreateAcls and DeleteAcls: what is written, and Kafka's bounds. Who is answered what is in the conversation
 * 51-acls. */
#include "metadata/controller/change_acls.h"
#include "test/unit/metadata/controller_fixture.h"

static struct world world;
static struct create_acls_response *created;
static struct delete_acls_response *deleted;

static void set_up(void)
{
    world_init(&world);
}

static void tear_down(void)
{
    world_fini(&world);
}

/* ACLs of topics that are called by numbers. */
static void create(int32_t first, int32_t count)
{
    struct create_acls_request request = {.creations = {NULL, count}};
    request.creations.items = arena_new_array(&world.arena, struct create_acls_creation, count);
    for (int32_t i = 0; i < count; i++)
        request.creations.items[i] = (struct create_acls_creation){
            .resource_type = ACL_TOPIC,
            .resource_name = arena_printf(&world.arena, "%d", first + i),
            .resource_pattern_type = ACL_LITERAL,
            .principal = SLICE("User:a"),
            .host = SLICE("*"),
            .operation = ACL_READ,
            .permission_type = ACL_ALLOW,
        };
    created = world_response(&world, &create_acls_response_message);
    controller_create_acls(&world.controller, &request, created, &world.records);
    ck_assert_int_eq(created->results.count, count);
}

/* With as many filters: NULL is for all topics. */
static void remove_acls(const char *const *topics, int32_t count)
{
    struct delete_acls_request request = {.filters = {NULL, count}};
    request.filters.items = arena_new_array(&world.arena, struct delete_acls_filter, count);
    for (int32_t i = 0; i < count; i++)
        request.filters.items[i] = (struct delete_acls_filter){
            .resource_type_filter = ACL_TOPIC,
            .resource_name_filter = slice_str(topics[i]),
            .pattern_type_filter = ACL_ANY_PATTERN,
            .operation = ACL_ANY_OPERATION,
            .permission_type = ACL_ANY_PERMISSION,
        };
    deleted = world_response(&world, &delete_acls_response_message);
    controller_delete_acls(&world.controller, &request, deleted, &world.records);
    ck_assert_int_eq(deleted->filter_results.count, count);
}

START_TEST(an_acl_is_one_record_with_an_id_of_its_own)
{
    create(7, 2);
    ck_assert_int_eq(world.records.count, 2);
    const char *records = world_records(&world);
    ck_assert_ptr_nonnull(strstr(records, "\"resourceType\":2,\"resourceName\":\"7\",\"patternType\":3,"
                                          "\"principal\":\"User:a\",\"host\":\"*\",\"operation\":3,"
                                          "\"permissionType\":3}"));
    world_commit(&world);
    ck_assert_uint_eq(world.image.acls.by_id.count, 2);
}
END_TEST

START_TEST(what_is_there_already_writes_nothing)
{
    create(1, 3);
    world_commit(&world);
    create(2, 3);
    ck_assert_int_eq(world.records.count, 1);
    for (int32_t i = 0; i < 3; i++)
        ck_assert_int_eq(created->results.items[i].error_code, KERR_NONE);
}
END_TEST

START_TEST(an_entry_that_two_filters_match_is_removed_once_and_told_twice)
{
    create(1, 2);
    world_commit(&world);
    remove_acls((const char *[]){"1", NULL, "none"}, 3);
    ck_assert_int_eq(world.records.count, 2);
    ck_assert_int_eq(deleted->filter_results.items[0].matching_acls.count, 1);
    ck_assert_int_eq(deleted->filter_results.items[1].matching_acls.count, 2);
    ck_assert_int_eq(deleted->filter_results.items[2].matching_acls.count, 0);
    world_commit(&world);
    ck_assert_uint_eq(world.image.acls.by_id.count, 0);
}
END_TEST

START_TEST(one_request_makes_no_more_than_kafka_would)
{
    create(0, 10001);
    ck_assert_int_eq(world.records.count, 0);
    ck_assert_int_eq(created->results.items[0].error_code, KERR_POLICY_VIOLATION);
    ck_assert_int_eq(created->results.items[10000].error_code, KERR_POLICY_VIOLATION);
    ck_assert_slice(created->results.items[0].error_message,
                    "Unable to perform excessively large batch operation.");
    create(0, 10000);
    ck_assert_int_eq(world.records.count, 10000);
    world_commit(&world);
    create(0, 10001);
    ck_assert_int_eq(world.records.count, 1);
}
END_TEST

static void expect_too_many(void)
{
    ck_assert_int_eq(world.records.count, 0);
    for (int32_t i = 0; i < deleted->filter_results.count; i++) {
        ck_assert_int_eq(deleted->filter_results.items[i].error_code, KERR_INVALID_REQUEST);
        ck_assert_int_eq(deleted->filter_results.items[i].matching_acls.count, 0);
        ck_assert_slice(deleted->filter_results.items[i].error_message,
                        "Cannot remove more than 10000 acls in a single delete operation.");
    }
}

START_TEST(one_request_removes_no_more_than_kafka_would)
{
    create(0, 10000);
    world_commit(&world);
    create(10000, 1);
    world_commit(&world);
    remove_acls((const char *[]){"5", NULL}, 2);
    expect_too_many();
    remove_acls((const char *[]){"5"}, 1);
    world_commit(&world);
    remove_acls((const char *[]){"7", NULL, "8"}, 3);
    ck_assert_int_eq(world.records.count, 10000);
}
END_TEST

START_TEST(filters_that_meet_again_and_again_do_not_make_an_answer_without_end)
{
    static const char *all[10000];
    create(0, 10000);
    world_commit(&world);
    remove_acls(all, 20);
    expect_too_many();
    create(10000, 10000);
    world_commit(&world);
    remove_acls(all, 10000);
    expect_too_many();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("change_acls");
    TCase *tcase = tcase_create("change_acls");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, an_acl_is_one_record_with_an_id_of_its_own);
    tcase_add_test(tcase, what_is_there_already_writes_nothing);
    tcase_add_test(tcase, an_entry_that_two_filters_match_is_removed_once_and_told_twice);
    tcase_add_test(tcase, one_request_makes_no_more_than_kafka_would);
    tcase_add_test(tcase, one_request_removes_no_more_than_kafka_would);
    tcase_add_test(tcase, filters_that_meet_again_and_again_do_not_make_an_answer_without_end);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
