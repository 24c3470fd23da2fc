/* AlterClientQuotas: what is written, and that nothing is where something is wrong. */
#include "metadata/controller/client_quotas.h"
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

static struct alter_client_quotas_response *alter(const char *json)
{
    static const bool resolves[8] = {true, true, true, true, true, true, true, true};
    void *request = world_request(&world, &alter_client_quotas_request_message, 1, json);
    struct alter_client_quotas_response *response =
        world_response(&world, &alter_client_quotas_response_message);
    record_list_init(&world.records, &world.arena, METADATA_VERSION_MAX);
    controller_alter_client_quotas(&world.controller, request, resolves, response, &world.records);
    return response;
}

#define ENTRY(entity, ops) "{\"entity\":[" entity "],\"ops\":[" ops "]}"
#define PART(type, name)   "{\"entityType\":\"" type "\",\"entityName\":" name "}"
#define SET(key, value)    "{\"key\":\"" key "\",\"value\":" value ",\"remove\":false}"
#define REMOVE(key)        "{\"key\":\"" key "\",\"value\":0,\"remove\":true}"

START_TEST(what_changes_is_written_and_nothing_else)
{
    alter("{\"entries\":[" ENTRY(PART("user", "\"u\"") "," PART("client-id", "null"),
                                 SET("producer_byte_rate", "7") "," SET(
                                     "request_percentage", "0.5") "," REMOVE("consumer_byte_rate")) "]}");
#define ENTITY                                                   \
    "{\"entity\":[{\"entityType\":\"client-id\",\"entityName\":" \
    "null},{\"entityType\":\"user\",\"entityName\":\"u\"}],"
    ck_assert_str_eq(
        world_records(&world),
        "ClientQuotaRecord " ENTITY "\"key\":\"producer_byte_rate\",\"value\":7.0,\"remove\":false}\n"
        "ClientQuotaRecord " ENTITY "\"key\":\"request_percentage\",\"value\":0.5,\"remove\":false}\n");
    world_commit(&world);
    alter("{\"entries\":[" ENTRY(PART("client-id", "null") "," PART("user", "\"u\""),
                                 SET("producer_byte_rate", "7") "," REMOVE("request_percentage")) "]}");
    ck_assert_str_eq(world_records(&world),
                     "ClientQuotaRecord " ENTITY
                     "\"key\":\"request_percentage\",\"value\":0.0,\"remove\":true}\n");
}
END_TEST

START_TEST(one_bad_limit_keeps_the_whole_entity_as_it_is_and_no_other)
{
    struct alter_client_quotas_response *response = alter("{\"entries\":[" ENTRY(
        PART("user", "\"a\""),
        SET("producer_byte_rate", "7") "," SET("consumer_byte_rate",
                                               "0.5")) "," ENTRY(PART("user", "\"b\""),
                                                                 SET("producer_byte_rate", "8")) "]}");
    ck_assert_int_eq(response->entries.items[0].error_code, KERR_INVALID_REQUEST);
    ck_assert_slice(response->entries.items[0].error_message,
                    "consumer_byte_rate cannot be a fractional value.");
    ck_assert_int_eq(response->entries.items[1].error_code, KERR_NONE);
    ck_assert_int_eq(world.records.count, 1);
}
END_TEST

START_TEST(an_entity_that_comes_twice_is_changed_once_and_complained_about)
{
    struct alter_client_quotas_response *response =
        alter("{\"entries\":[" ENTRY(PART("user", "null"), SET("producer_byte_rate", "7")) "," ENTRY(
            PART("user", "null"), SET("producer_byte_rate", "8")) "]}");
    ck_assert_int_eq(response->entries.count, 1);
    ck_assert_slice(response->entries.items[0].error_message,
                    "Ignoring duplicate entity ClientQuotaEntity(entries={user=null})");
    ck_assert_int_eq(world.records.count, 1);
}
END_TEST

START_TEST(numbers_end_where_their_types_do)
{
    struct alter_client_quotas_response *response = alter(
        "{\"entries\":[" ENTRY(PART("ip", "null"), SET("connection_creation_rate", "2147483647")) "," ENTRY(
            PART("ip", "\"::1\""),
            SET("connection_creation_rate",
                "2147483648")) "," ENTRY(PART("user", "\"u\""),
                                         SET("consumer_byte_rate",
                                             "1e19")) "," ENTRY(PART("user", "\"v\""),
                                                                SET("controller_mutation_rate",
                                                                    "1e300")) "]}");
    ck_assert_int_eq(response->entries.items[0].error_code, KERR_NONE);
    ck_assert_slice(response->entries.items[1].error_message,
                    "Proposed value for connection_creation_rate is too large for an INT.");
    ck_assert_slice(response->entries.items[2].error_message,
                    "Proposed value for consumer_byte_rate is too large for a LONG.");
    ck_assert_int_eq(response->entries.items[3].error_code, KERR_NONE);
}
END_TEST

START_TEST(what_is_no_number_is_written_once)
{
    static const char request[] =
        "{\"entries\":[" ENTRY(PART("user", "\"u\""), SET("request_percentage", "\"NaN\"")) "]}";
    alter(request);
    ck_assert_int_eq(world.records.count, 1);
    world_commit(&world);
    alter(request);
    ck_assert_int_eq(world.records.count, 0);
    alter("{\"entries\":[" ENTRY(PART("user", "\"u\""), SET("request_percentage", "5")) "]}");
    ck_assert_int_eq(world.records.count, 1);
    world_commit(&world);
    alter(request);
    ck_assert_int_eq(world.records.count, 1);
}
END_TEST

START_TEST(a_validation_writes_nothing)
{
    struct alter_client_quotas_response *response = alter("{\"validateOnly\":true,\"entries\":[" ENTRY(
        PART("user", "\"u\""), SET("producer_byte_rate", "7")) "]}");
    ck_assert_int_eq(response->entries.items[0].error_code, KERR_NONE);
    ck_assert_int_eq(world.records.count, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("client_quotas");
    TCase *tests = tcase_create("client_quotas");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, what_changes_is_written_and_nothing_else);
    tcase_add_test(tests, one_bad_limit_keeps_the_whole_entity_as_it_is_and_no_other);
    tcase_add_test(tests, an_entity_that_comes_twice_is_changed_once_and_complained_about);
    tcase_add_test(tests, numbers_end_where_their_types_do);
    tcase_add_test(tests, what_is_no_number_is_written_once);
    tcase_add_test(tests, a_validation_writes_nothing);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
