/* CreateTopics: what is written for a topic, who gets its replicas, and in which order the answer stands.
 * What Kafka says to wrong requests is in test/golden/test_controller.c. */
#include "metadata/controller/create_topics.h"

#include "protocol/records/broker_registration_change_record.h"
#include "test/unit/metadata/controller_fixture.h"

static struct world world;
static struct create_topics_response *response;

static void set_up(void)
{
    world_init(&world);
}

static void tear_down(void)
{
    world_fini(&world);
}

static void decide(int version, const char *json)
{
    void *request = world_request(&world, &create_topics_request_message, version, json);
    response = world_response(&world, &create_topics_response_message);
    controller_create_topics(&world.controller, request, version, response, &world.records);
}

static struct create_topics_response_topic result(int32_t index)
{
    ck_assert_int_lt(index, response->topics.count);
    return response->topics.items[index];
}

static const struct partition_state *partition(const char *topic, int32_t index)
{
    const struct topic *found = image_find_topic(&world.image, slice_str(topic));
    ck_assert_ptr_nonnull(found);
    const struct partition_state *state = image_find_partition(found, index);
    ck_assert_ptr_nonnull(state);
    return state;
}

START_TEST(a_topics_records_are_itself_its_configs_and_its_partitions)
{
    decide(7, "{\"topics\":[{\"name\":\"t\",\"numPartitions\":2,\"replicationFactor\":1,\"configs\":[{"
              "\"name\":\"retention.ms\","
              "\"value\":\"5\"},{\"name\":\"cleanup.policy\",\"value\":\"compact\"},{\"name\":\"retention."
              "ms\",\"value\":"
              "\"6\"}]}]}");
    char id[UUID_TEXT_LEN + 1], directory[UUID_TEXT_LEN + 1], expected[1500];
    uuid_format(result(0).topic_id, id);
    uuid_format(make_id(1), directory);
    snprintf(
        expected, sizeof expected,
        "TopicRecord {\"name\":\"t\",\"topicId\":\"%s\"}\n"
        "ConfigRecord "
        "{\"resourceType\":2,\"resourceName\":\"t\",\"name\":\"cleanup.policy\",\"value\":\"compact\"}\n"
        "ConfigRecord {\"resourceType\":2,\"resourceName\":\"t\",\"name\":\"retention.ms\",\"value\":\"6\"}\n"
        "PartitionRecord "
        "{\"partitionId\":0,\"topicId\":\"%s\",\"replicas\":[1],\"isr\":[1],\"removingReplicas\":[],"
        "\"addingReplicas\":[],\"leader\":1,\"leaderEpoch\":0,\"partitionEpoch\":0,\"directories\":[\"%s\"]}"
        "\n"
        "PartitionRecord "
        "{\"partitionId\":1,\"topicId\":\"%s\",\"replicas\":[1],\"isr\":[1],\"removingReplicas\":[],"
        "\"addingReplicas\":[],\"leader\":1,\"leaderEpoch\":0,\"partitionEpoch\":0,\"directories\":[\"%s\"]}"
        "\n",
        id, id, directory, id, directory);
    ck_assert_str_eq(world_records(&world), expected);
    ck_assert_int_eq(result(0).num_partitions, 2);
    ck_assert_int_eq(result(0).replication_factor, 1);
    ck_assert_int_eq(result(0).configs.count, 33);
}
END_TEST

START_TEST(min_insync_replicas_clears_eligible_leaders_where_there_are_such)
{
    static const char request[] =
        "{\"topics\":[{\"name\":\"t\",\"numPartitions\":1,\"replicationFactor\":1,\"configs\":[{"
        "\"name\":\"min.insync.replicas\",\"value\":\"1\"}]}]}";
    decide(7, request);
    ck_assert_ptr_nonnull(
        strstr(world_records(&world), "\nClearElrRecord {\"topicName\":\"t\"}\nPartitionRecord "));
    record_list_init(&world.records, &world.arena, METADATA_VERSION_MAX);
    add_feature(&world.records, ELR_FEATURE, 0);
    world_commit(&world);
    decide(7, request);
    ck_assert_ptr_null(strstr(world_records(&world), "ClearElrRecord"));
}
END_TEST

START_TEST(validating_only_decides_and_writes_nothing)
{
    decide(
        7,
        "{\"topics\":[{\"name\":\"t\",\"numPartitions\":1,\"replicationFactor\":1}],\"validateOnly\":true}");
    ck_assert_int_eq(result(0).error_code, KERR_NONE);
    ck_assert(!uuid_is_zero(result(0).topic_id));
    ck_assert_int_eq(world.records.count, 0);
}
END_TEST

START_TEST(a_bad_topic_among_good_ones_costs_the_good_ones_nothing)
{
    decide(7, "{\"topics\":[{\"name\":\"a\",\"numPartitions\":1,\"replicationFactor\":1},{\"name\":\"b\","
              "\"numPartitions\":1,"
              "\"replicationFactor\":1,\"configs\":[{\"name\":\"x\",\"value\":\"1\"}]},{\"name\":\"c\","
              "\"numPartitions\":1,"
              "\"replicationFactor\":1}]}");
    ck_assert_int_eq(result(1).error_code, KERR_INVALID_CONFIG);
    world_commit(&world);
    ck_assert_ptr_nonnull(image_find_topic(&world.image, SLICE("a")));
    ck_assert_ptr_null(image_find_topic(&world.image, SLICE("b")));
    ck_assert_ptr_nonnull(image_find_topic(&world.image, SLICE("c")));
}
END_TEST

START_TEST(results_are_good_names_then_repeated_ones_then_the_metadata_topic)
{
    decide(
        7,
        "{\"topics\":[{\"name\":\"__cluster_metadata\"},{\"name\":\"b\"},{\"name\":\"a\",\"numPartitions\":1,"
        "\"replicationFactor\":1},{\"name\":\"b\"},{\"name\":\"b\"}]}");
    ck_assert_int_eq(response->topics.count, 3);
    ck_assert_slice(result(0).name, "a");
    ck_assert_slice(result(1).name, "b");
    ck_assert_slice(result(1).error_message, "Duplicate topic name.");
    ck_assert_slice(result(2).name, "__cluster_metadata");
    ck_assert_slice(result(2).error_message, "Creation of internal topic __cluster_metadata is prohibited.");
}
END_TEST

START_TEST(the_brokers_defaults_serve_where_the_request_says_minus_one)
{
    world.controller.num_partitions = 3;
    world_add_broker(&world, 2, NULL, false);
    world.controller.default_replication_factor = 2;
    decide(7, "{\"topics\":[{\"name\":\"t\",\"numPartitions\":-1,\"replicationFactor\":-1}]}");
    ck_assert_int_eq(result(0).num_partitions, 3);
    ck_assert_int_eq(result(0).replication_factor, 2);
}
END_TEST

START_TEST(nothing_is_placed_on_a_node_that_is_not_registered)
{
    world_fini(&world);
    world_init(&world);
    image_fini(&world.image); /* as if somebody had unregistered it */
    image_init(&world.image, 5);
    decide(5, "{\"topics\":[{\"name\":\"t\",\"numPartitions\":1,\"replicationFactor\":1},{\"name\":\"u\","
              "\"numPartitions\":-1,"
              "\"replicationFactor\":-1,\"assignments\":[{\"partitionIndex\":0,\"brokerIds\":[1]}]}]}");
    ck_assert_int_eq(result(0).error_code, KERR_INVALID_REPLICATION_FACTOR);
    ck_assert_slice(
        result(0).error_message,
        "Unable to replicate the partition 1 time(s): All brokers are currently fenced, or have all their log directories cordoned.");
    ck_assert_int_eq(result(1).error_code, KERR_INVALID_REPLICA_ASSIGNMENT);
    ck_assert_int_eq(world.records.count, 0);
}
END_TEST

/* ---- several brokers ---- */

static const char six_partitions[] =
    "{\"topics\":[{\"name\":\"t\",\"numPartitions\":6,\"replicationFactor\":2}]}";

START_TEST(leaders_and_followers_are_spread_over_brokers_and_racks)
{
    world_add_broker(&world, 2, "b", false);
    world_add_broker(&world, 3, "a", false);
    world_add_broker(&world, 4, "b", false);
    record_list_init(&world.records, &world.arena, METADATA_VERSION_MAX);
    world_add_broker(&world, 1, "a", false);
    decide(7, "{\"topics\":[{\"name\":\"t\",\"numPartitions\":8,\"replicationFactor\":2}]}");
    world_commit(&world);
    int leaders[5] = {0}, replicas[5] = {0};
    for (int32_t i = 0; i < 8; i++) {
        const struct partition_state *state = partition("t", i);
        ck_assert_int_eq(state->replicas.count, 2);
        ck_assert_int_ne(state->replicas.items[0], state->replicas.items[1]);
        ck_assert_int_eq(state->leader, state->replicas.items[0]);
        leaders[state->leader]++;
        replicas[state->replicas.items[0]]++;
        replicas[state->replicas.items[1]]++;
        if (i < 4) /* the first round; later ones mix the pairs */
            ck_assert_int_ne(state->replicas.items[0] % 2, state->replicas.items[1] % 2);
    }
    for (int id = 1; id <= 4; id++) {
        ck_assert_int_eq(leaders[id], 2);
        ck_assert_int_eq(replicas[id], 4);
    }
}
END_TEST

START_TEST(fenced_brokers_come_last_and_lead_nothing)
{
    world_add_broker(&world, 2, NULL, true);
    decide(7, six_partitions);
    world_commit(&world);
    for (int32_t i = 0; i < 6; i++) {
        const struct partition_state *state = partition("t", i);
        ck_assert_int_eq(state->replicas.items[0], 1);
        ck_assert_int_eq(state->replicas.items[1], 2);
        ck_assert_int_eq(state->isr.count, 1);
        ck_assert_int_eq(state->leader, 1);
    }
}
END_TEST

START_TEST(without_a_live_broker_nothing_is_placed)
{
    world_add_broker(&world, 1, NULL, true);
    decide(7, "{\"topics\":[{\"name\":\"t\",\"numPartitions\":1,\"replicationFactor\":1},{\"name\":\"u\","
              "\"numPartitions\":-1,"
              "\"replicationFactor\":-1,\"assignments\":[{\"partitionIndex\":0,\"brokerIds\":[1]}]}]}");
    ck_assert_slice(
        result(0).error_message,
        "Unable to replicate the partition 1 time(s): All brokers are currently fenced, or have all their log directories cordoned.");
    ck_assert_int_eq(result(1).error_code, KERR_INVALID_REPLICA_ASSIGNMENT);
    ck_assert_slice(result(1).error_message,
                    "All brokers specified in the manual partition assignment for partition 0 are "
                    "fenced or in controlled shutdown.");
    ck_assert_int_eq(world.records.count, 0);
}
END_TEST

static void cordon(int32_t broker_id)
{
    struct broker_registration_change_record change;
    struct uuid directory = make_id((uint8_t)broker_id);
    schema_set_defaults(broker_registration_change_record_schema(), &change);
    change.broker_id = broker_id;
    change.broker_epoch = broker_id;
    change.cordoned_log_dirs.items = &directory;
    change.cordoned_log_dirs.count = 1;
    record_list_add(&world.records, &broker_registration_change_record_message, &change);
    world_commit(&world);
}

/* KIP-1066 */
START_TEST(a_broker_whose_directories_are_all_cordoned_gets_what_names_it_and_nothing_else)
{
    world_add_broker(&world, 2, NULL, false);
    cordon(2);
    decide(7, "{\"topics\":[{\"name\":\"t\",\"numPartitions\":9,\"replicationFactor\":1},"
              "{\"name\":\"u\",\"numPartitions\":1,\"replicationFactor\":2},"
              "{\"name\":\"v\",\"numPartitions\":-1,\"replicationFactor\":-1,"
              "\"assignments\":[{\"partitionIndex\":0,\"brokerIds\":[2]}]}]}");
    ck_assert_slice(result(0).error_message, NULL);
    ck_assert_slice(result(1).error_message,
                    "Unable to replicate the partition 2 time(s): The target replication factor of 2 cannot "
                    "be reached because only 1 broker(s) are registered or some brokers have all their log "
                    "directories cordoned.");
    ck_assert_slice(result(2).error_message, NULL);
    world_commit(&world);
    for (int32_t i = 0; i < 9; i++)
        ck_assert_int_eq(partition("t", i)->replicas.items[0], 1);
    ck_assert_int_eq(partition("v", 0)->leader, 2);
    cordon(1);
    decide(7, "{\"topics\":[{\"name\":\"w\",\"numPartitions\":1,\"replicationFactor\":1}]}");
    ck_assert_int_eq(result(0).error_code, KERR_INVALID_REPLICATION_FACTOR);
    ck_assert_slice(result(0).error_message,
                    "Unable to replicate the partition 1 time(s): All brokers are currently fenced, or have "
                    "all their log directories cordoned.");
}
END_TEST

START_TEST(an_assignment_by_hand_is_taken_as_it_is)
{
    world_add_broker(&world, 2, NULL, false);
    decide(7, "{\"topics\":[{\"name\":\"t\",\"numPartitions\":-1,\"replicationFactor\":-1,\"assignments\":[{"
              "\"partitionIndex\":"
              "1,\"brokerIds\":[1,2]},{\"partitionIndex\":0,\"brokerIds\":[2,1]}]}]}");
    world_commit(&world);
    ck_assert_int_eq(partition("t", 0)->leader, 2);
    ck_assert_int_eq(partition("t", 1)->leader, 1);
    decide(7, "{\"topics\":[{\"name\":\"u\",\"numPartitions\":-1,\"replicationFactor\":-1,\"assignments\":[{"
              "\"partitionIndex\":"
              "0,\"brokerIds\":[1,2]},{\"partitionIndex\":1,\"brokerIds\":[2]}]}]}");
    ck_assert_slice(result(0).error_message, "The manual partition assignment includes a partition with 1 "
                                             "replica(s), but this is not consistent with "
                                             "previous partitions, which have 2 replica(s).");
}
END_TEST

START_TEST(a_monstrous_name_is_answered_with_a_text_that_fits)
{
    struct buf json = {0};
    buf_append_str(&json, "{\"topics\":[{\"name\":\"");
    for (int i = 0; i < 16000; i++)
        buf_append_str(&json, "\xc3\xa9"); /* in two bytes: some cut falls between them */
    buf_append_str(&json, "\"}]}");
    buf_append_char(&json, '\0');
    decide(2, (const char *)json.data);
    buf_fini(&json);
    ck_assert_int_eq(result(0).error_code, KERR_INVALID_TOPIC_EXCEPTION);
    struct slice text = result(0).error_message;
    size_t prefix = strlen("Topic name is invalid: the length of '");
    ck_assert_uint_lt(text.len, NOTE_SIZE);
    ck_assert_uint_gt(text.len, NOTE_SIZE / 2);
    ck_assert_uint_eq((text.len - prefix) % 2, 0); /* whole characters */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("create_topics");
    TCase *tests = tcase_create("decisions");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_topics_records_are_itself_its_configs_and_its_partitions);
    tcase_add_test(tests, min_insync_replicas_clears_eligible_leaders_where_there_are_such);
    tcase_add_test(tests, validating_only_decides_and_writes_nothing);
    tcase_add_test(tests, a_bad_topic_among_good_ones_costs_the_good_ones_nothing);
    tcase_add_test(tests, results_are_good_names_then_repeated_ones_then_the_metadata_topic);
    tcase_add_test(tests, the_brokers_defaults_serve_where_the_request_says_minus_one);
    tcase_add_test(tests, nothing_is_placed_on_a_node_that_is_not_registered);
    tcase_add_test(tests, leaders_and_followers_are_spread_over_brokers_and_racks);
    tcase_add_test(tests, fenced_brokers_come_last_and_lead_nothing);
    tcase_add_test(tests, without_a_live_broker_nothing_is_placed);
    tcase_add_test(tests, a_broker_whose_directories_are_all_cordoned_gets_what_names_it_and_nothing_else);
    tcase_add_test(tests, an_assignment_by_hand_is_taken_as_it_is);
    tcase_add_test(tests, a_monstrous_name_is_answered_with_a_text_that_fits);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
