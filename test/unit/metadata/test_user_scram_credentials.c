/* AlterUserScramCredentials: what is derived and written, and who is refused. Kafka's texts are compared in
 * test/conversation/50-security. */
#include "metadata/controller/user_scram_credentials.h"
#include "test/unit/metadata/controller_fixture.h"

static struct world world;

static void set_up(void)
{
    world_init(&world);
}

static void tear_down(void)
{
    world_fini(&world);
}

static struct alter_user_scram_credentials_response *alter(const char *json)
{
    void *request = world_request(&world, &alter_user_scram_credentials_request_message, 0, json);
    struct alter_user_scram_credentials_response *response =
        world_response(&world, &alter_user_scram_credentials_response_message);
    record_list_init(&world.records, &world.arena, METADATA_VERSION_MAX);
    controller_alter_user_scram_credentials(&world.controller, request, response, &world.records);
    return response;
}

#define UPSERTION(user, iterations)                                     \
    "{\"name\":\"" user "\",\"mechanism\":1,\"iterations\":" iterations \
    ",\"salt\":\"W22ZaJ0SNY7soEsUEjb6gQ==\",\"saltedPassword\":\"xKSVEDI6tPlSysH6mUQZOeeOp01r6B3fcJbodRPcYV0=\"}"

/* RFC 7677's example: user "user", password "pencil". */
START_TEST(the_keys_are_those_of_the_standard)
{
    struct alter_user_scram_credentials_response *response =
        alter("{\"upsertions\":[" UPSERTION("user", "4096") "]}");
    ck_assert_int_eq(response->results.items[0].error_code, KERR_NONE);
    ck_assert_str_eq(world_records(&world),
                     "UserScramCredentialRecord {\"name\":\"user\",\"mechanism\":1,"
                     "\"salt\":\"W22ZaJ0SNY7soEsUEjb6gQ==\","
                     "\"storedKey\":\"WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=\","
                     "\"serverKey\":\"wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=\",\"iterations\":4096}\n");
}
END_TEST

START_TEST(a_refused_user_keeps_no_other_from_being_set)
{
    struct alter_user_scram_credentials_response *response =
        alter("{\"upsertions\":[" UPSERTION("a", "4095") "," UPSERTION("b", "16384") "]}");
    ck_assert_slice(response->results.items[0].user, "b");
    ck_assert_slice(response->results.items[1].error_message, "Too few iterations");
    ck_assert_int_eq(world.records.count, 1);
}
END_TEST

START_TEST(who_is_named_twice_is_refused_whatever_is_wrong_with_him)
{
    struct alter_user_scram_credentials_response *response =
        alter("{\"deletions\":[{\"name\":\"a\",\"mechanism\":1}],\"upsertions\":[" UPSERTION(
            "a", "4096") "," UPSERTION("b", "4096") "," UPSERTION("b", "1") "]}");
    ck_assert_int_eq(response->results.count, 2);
    ck_assert_int_eq(response->results.items[0].error_code, KERR_RESOURCE_NOT_FOUND);
    ck_assert_int_eq(response->results.items[1].error_code, KERR_DUPLICATE_RESOURCE);
    ck_assert_int_eq(world.records.count, 0);
}
END_TEST

START_TEST(what_was_set_can_be_deleted_once)
{
    alter("{\"upsertions\":[" UPSERTION("a", "4096") "]}");
    world_commit(&world);
    alter("{\"deletions\":[{\"name\":\"a\",\"mechanism\":1}]}");
    ck_assert_str_eq(world_records(&world),
                     "RemoveUserScramCredentialRecord {\"name\":\"a\",\"mechanism\":1}\n");
    world_commit(&world);
    struct alter_user_scram_credentials_response *response =
        alter("{\"deletions\":[{\"name\":\"a\",\"mechanism\":1}]}");
    ck_assert_int_eq(response->results.items[0].error_code, KERR_RESOURCE_NOT_FOUND);
}
END_TEST

START_TEST(older_clusters_have_no_credentials)
{
    add_feature(&world.records, METADATA_VERSION, 10);
    world_commit(&world);
    struct alter_user_scram_credentials_response *response =
        alter("{\"upsertions\":[" UPSERTION("a", "4096") "]}");
    ck_assert_int_eq(response->results.items[0].error_code, KERR_UNSUPPORTED_VERSION);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("user_scram_credentials");
    TCase *tests = tcase_create("user_scram_credentials");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, the_keys_are_those_of_the_standard);
    tcase_add_test(tests, a_refused_user_keeps_no_other_from_being_set);
    tcase_add_test(tests, who_is_named_twice_is_refused_whatever_is_wrong_with_him);
    tcase_add_test(tests, what_was_set_can_be_deleted_once);
    tcase_add_test(tests, older_clusters_have_no_credentials);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
