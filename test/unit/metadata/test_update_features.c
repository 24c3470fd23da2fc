/*
 * Tests of UpdateFeatures' decisions at other levels than a fresh cluster's, and of what Apache Kafka's
 * MetadataVersion says of its levels. What a fresh cluster answers is in the conversations with Apache Kafka.
 */
#include "metadata/controller/update_features.h"
#include "test/unit/metadata/controller_fixture.h"

#define PREFIX "The update failed for all features since the following feature had an error: "

static struct world world;
static struct update_features_response *response;
static struct feature_changes changes;

static void set_up(void)
{
    world_init(&world);
}

static void tear_down(void)
{
    world_fini(&world);
}

static void set_level(const char *feature, int16_t level)
{
    add_feature(&world.records, feature, level);
    world_commit(&world);
}

static void update(const char *updates)
{
    char json[512];
    snprintf(json, sizeof json, "{\"timeoutMs\":1,\"featureUpdates\":[%s],\"validateOnly\":false}", updates);
    response = world_response(&world, &update_features_response_message);
    controller_update_features(&world.controller,
                               world_request(&world, &update_features_request_message, 1, json), 0, response,
                               &changes, &world.records);
}

static void update_one(const char *feature, int level, int type)
{
    char json[256];
    snprintf(json, sizeof json, "{\"feature\":\"%s\",\"maxVersionLevel\":%d,\"upgradeType\":%d}", feature,
             level, type);
    update(json);
}

static void expect(const char *error)
{
    ck_assert_slice(response->error_message, error);
    ck_assert_int_eq(response->error_code, error == NULL ? KERR_NONE : KERR_INVALID_UPDATE_VERSION);
    if (error != NULL) {
        ck_assert_int_eq(world.records.count, 0);
        ck_assert_int_eq(response->results.count, 0);
    }
}

START_TEST(a_downgrade_that_loses_nothing_is_done)
{
    set_level(METADATA_VERSION, 22);
    update_one(METADATA_VERSION, 17, 2);
    expect(NULL);
    ck_assert_int_eq(changes.metadata_version, 0);
    world_commit(&world);
    ck_assert_int_eq(image_feature_level(&world.image, SLICE(METADATA_VERSION)), 17);
    update_one(METADATA_VERSION, 16, 2);
    expect(PREFIX "Unsupported metadata.version downgrade from 17 to 16. Refusing to perform the requested "
                  "downgrade because it might delete metadata information.");
    update_one(METADATA_VERSION, 16, 3);
    expect(PREFIX "Unsupported metadata.version downgrade from 17 to 16. Unsafe metadata downgrade is not "
                  "supported in this version.");
}
END_TEST

/* MetadataVersion.checkIfMetadataChanged of 4.3.1, level by level. */
START_TEST(every_level_is_as_apache_kafka_has_it)
{
    static const bool changed[] = {[8] = true,  [11] = true, [13] = true, [14] = true,
                                   [15] = true, [17] = true, [23] = true, [30] = true};
    for (int16_t level = METADATA_VERSION_MIN + 1; level <= METADATA_VERSION_MAX; level++) {
        ck_assert_int_eq(features_change_records(level, level - 1), changed[level]);
        ck_assert_int_eq(features_change_records(level - 1, level), changed[level]);
        ck_assert(!features_change_records(level, level));
    }
    ck_assert(features_change_records(7, 30));
}
END_TEST

START_TEST(a_feature_waits_for_the_level_that_it_needs_or_comes_with_it)
{
    set_level(ELR_FEATURE, 0);
    set_level(METADATA_VERSION, 22);
    update_one(ELR_FEATURE, 1, 1);
    expect(PREFIX "Invalid update version 1 for feature eligible.leader.replicas.version. "
                  "eligible.leader.replicas.version could not be set to 1 because it depends on "
                  "metadata.version level 23");
    update("{\"feature\":\"eligible.leader.replicas.version\",\"maxVersionLevel\":1,\"upgradeType\":1},"
           "{\"feature\":\"metadata.version\",\"maxVersionLevel\":23,\"upgradeType\":1}");
    expect(NULL);
    ck_assert_int_eq(response->results.count, 2);
    ck_assert_int_eq(changes.metadata_version, 23);
}
END_TEST

START_TEST(eligible_leader_replicas_need_one_min_insync_replicas_for_all)
{
    struct config_entry fixed = {SLICE("min.insync.replicas"), SLICE("2")};
    set_level(ELR_FEATURE, 0);
    add_config(&world.records, RESOURCE_BROKER, "", "min.insync.replicas", NULL);
    add_config(&world.records, RESOURCE_BROKER, "1", "min.insync.replicas", "3");
    world_commit(&world);
    world.fixed.entries = &fixed;
    world.fixed.count = 1;
    update_one(ELR_FEATURE, 1, 1);
    expect(NULL);
    ck_assert(changes.changes_configs);
    ck_assert_str_eq(
        world_records(&world),
        "ConfigRecord {\"resourceType\":4,\"resourceName\":\"\",\"name\":\"min.insync.replicas\","
        "\"value\":\"2\"}\n"
        "ConfigRecord "
        "{\"resourceType\":4,\"resourceName\":\"1\",\"name\":\"min.insync.replicas\","
        "\"value\":null}\n"
        "FeatureLevelRecord "
        "{\"name\":\"eligible.leader.replicas.version\",\"featureLevel\":1}\n");
}
END_TEST

START_TEST(every_broker_has_to_support_the_level)
{
    world_add_broker(&world, 2, NULL, true); /* supports nothing, and is fenced */
    update_one("transaction.version", 2, 1);
    expect(PREFIX "Invalid update version 2 for feature transaction.version. Broker 2 does not support this "
                  "feature.");
    update_one("transaction.version", 0, 2);
    expect(NULL);
}
END_TEST

START_TEST(of_two_updates_of_a_feature_the_last_counts_and_both_are_answered)
{
    set_level("transaction.version", 2);
    update("{\"feature\":\"transaction.version\",\"maxVersionLevel\":9,\"upgradeType\":1},"
           "{\"feature\":\"transaction.version\",\"maxVersionLevel\":1,\"upgradeType\":2}");
    expect(NULL);
    ck_assert_int_eq(response->results.count, 2);
    ck_assert_int_eq(world.records.count, 1);
    world_commit(&world);
    ck_assert_int_eq(image_feature_level(&world.image, SLICE("transaction.version")), 1);
}
END_TEST

START_TEST(the_quorums_version_rises_without_a_record)
{
    update_one("kraft.version", 1, 1);
    expect(NULL);
    ck_assert_int_eq(changes.kraft_version, 1);
    ck_assert_int_eq(world.records.count, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("update_features");
    TCase *tests = tcase_create("decisions");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_downgrade_that_loses_nothing_is_done);
    tcase_add_test(tests, every_level_is_as_apache_kafka_has_it);
    tcase_add_test(tests, a_feature_waits_for_the_level_that_it_needs_or_comes_with_it);
    tcase_add_test(tests, eligible_leader_replicas_need_one_min_insync_replicas_for_all);
    tcase_add_test(tests, every_broker_has_to_support_the_level);
    tcase_add_test(tests, of_two_updates_of_a_feature_the_last_counts_and_both_are_answered);
    tcase_add_test(tests, the_quorums_version_rises_without_a_record);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
