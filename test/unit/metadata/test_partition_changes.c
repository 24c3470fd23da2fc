/*
 * Tests of the decisions that move partitions between brokers and leaders: ElectLeaders,
 * AlterPartitionReassignments, ListPartitionReassignments, UnregisterBroker. Brokers 1 and 2 live, 3 is
 * fenced. What one broker alone answers is in the conversations with Apache Kafka.
 */
#include "metadata/controller/elect_leaders.h"
#include "metadata/controller/reassign_partitions.h"
#include "metadata/controller/unregister_broker.h"
#include "test/unit/metadata/controller_fixture.h"

static struct world world;
static struct elect_leaders_response *elections;
static struct alter_partition_reassignments_response *reassignments;

static void set_up(void)
{
    world_init(&world);
    world_add_broker(&world, 2, NULL, false);
    world_add_broker(&world, 3, NULL, true);
}

static void tear_down(void)
{
    world_fini(&world);
}

/* A topic "t" with one partition. */
static void add_t(int32_t *replicas, int32_t replica_count, int32_t *isr, int32_t isr_count, int32_t leader)
{
    struct partition_record partition;
    struct uuid directories[3];
    schema_set_defaults(partition_record_schema(), &partition);
    partition.partition_id = 0;
    partition.topic_id = make_id(50);
    partition.replicas.items = replicas;
    partition.replicas.count = replica_count;
    partition.isr.items = isr;
    partition.isr.count = isr_count;
    partition.leader = leader;
    partition.leader_epoch = partition.partition_epoch = 0;
    for (int32_t i = 0; i < replica_count; i++)
        directories[i] = make_id((uint8_t)replicas[i]);
    partition.directories.items = directories;
    partition.directories.count = replica_count;
    add_topic(&world.records, "t", make_id(50));
    record_list_add(&world.records, &partition_record_message, &partition);
    world_commit(&world);
}

#define LIST(...)   \
    (int32_t[])     \
    {               \
        __VA_ARGS__ \
    }
#define COUNT(...) (int32_t)(sizeof LIST(__VA_ARGS__) / sizeof(int32_t))
#define IDS(...)   LIST(__VA_ARGS__), COUNT(__VA_ARGS__)

static const struct partition_state *t(void)
{
    return image_find_partition(image_find_topic(&world.image, SLICE("t")), 0);
}

static void expect_ids(struct broker_ids ids, const char *expected)
{
    char text[64] = "";
    for (int32_t i = 0, at = 0; i < ids.count; i++)
        at += snprintf(text + at, sizeof text - (size_t)at, "%s%d", i > 0 ? "," : "", ids.items[i]);
    ck_assert_str_eq(text, expected);
}

/* ---- elections ---- */

static void elect(int type)
{
    char json[128];
    snprintf(json, sizeof json,
             "{\"electionType\":%d,\"topicPartitions\":[{\"topic\":\"t\",\"partitions\":[0]}],"
             "\"timeoutMs\":1}",
             type);
    elections = world_response(&world, &elect_leaders_response_message);
    controller_elect_leaders(&world.controller,
                             world_request(&world, &elect_leaders_request_message, 2, json), elections,
                             &world.records);
}

static void expect_election(enum kerr error)
{
    ck_assert_int_eq(elections->replica_election_results.items[0].partition_result.items[0].error_code,
                     error);
    ck_assert_int_eq(world.records.count, error == KERR_NONE ? 1 : 0);
}

START_TEST(a_preferred_election_moves_the_lead_to_the_first_replica)
{
    add_t(IDS(2, 1), IDS(1, 2), 1);
    elect(0);
    expect_election(KERR_NONE);
    world_commit(&world);
    ck_assert_int_eq(t()->leader, 2);
    ck_assert_int_eq(t()->leader_epoch, 1);
    expect_ids(t()->isr, "1,2");
    elect(0);
    expect_election(KERR_ELECTION_NOT_NEEDED);
}
END_TEST

START_TEST(a_preferred_replica_that_is_fenced_or_out_of_sync_does_not_lead)
{
    add_t(IDS(3, 1), IDS(1, 3), 1);
    elect(0);
    expect_election(KERR_PREFERRED_LEADER_NOT_AVAILABLE);
    struct partition_change_record change = change_of(make_id(50), 0);
    change.replicas.items = LIST(2, 1);
    change.replicas.count = 2;
    change.isr.items = LIST(1);
    change.isr.count = 1;
    record_list_add(&world.records, &partition_change_record_message, &change);
    world_commit(&world);
    elect(0);
    expect_election(KERR_PREFERRED_LEADER_NOT_AVAILABLE);
}
END_TEST

START_TEST(an_unclean_election_is_for_partitions_without_a_leader)
{
    add_t(IDS(2, 1), IDS(1), 1);
    elect(1);
    expect_election(KERR_ELECTION_NOT_NEEDED);
}
END_TEST

START_TEST(an_unclean_election_takes_who_lives_and_says_that_it_recovers)
{
    add_t(IDS(3, 2), IDS(3), -1);
    elect(0);
    expect_election(KERR_PREFERRED_LEADER_NOT_AVAILABLE);
    elect(1);
    expect_election(KERR_NONE);
    world_commit(&world);
    ck_assert_int_eq(t()->leader, 2);
    ck_assert_int_eq(t()->leader_recovery_state, 1);
    expect_ids(t()->isr, "2");
}
END_TEST

START_TEST(nobody_is_elected_where_nobody_lives)
{
    add_t(IDS(3), IDS(3), -1);
    elect(1);
    expect_election(KERR_ELIGIBLE_LEADERS_NOT_AVAILABLE);
}
END_TEST

START_TEST(an_eligible_replica_leads_without_recovery)
{
    add_t(IDS(1), IDS(1), 1);
    struct partition_change_record change = change_of(make_id(50), 0);
    change.isr.count = 0;
    change.leader = NO_LEADER;
    change.eligible_leader_replicas.items = change.last_known_elr.items = LIST(1);
    change.eligible_leader_replicas.count = change.last_known_elr.count = 1;
    record_list_add(&world.records, &partition_change_record_message, &change);
    world_commit(&world);
    elect(0);
    expect_election(KERR_NONE);
    world_commit(&world);
    ck_assert_int_eq(t()->leader, 1);
    ck_assert_int_eq(t()->leader_recovery_state, 0);
    expect_ids(t()->isr, "1");
    expect_ids(t()->eligible_leader_replicas, "");
    expect_ids(t()->last_known_elr, "");
}
END_TEST

START_TEST(all_partitions_are_asked_and_those_in_order_are_not_told_of)
{
    add_t(IDS(2, 1), IDS(1, 2), 1);
    world_add_topic(&world, "u", 51, 2);
    elections = world_response(&world, &elect_leaders_response_message);
    const char *json = "{\"electionType\":0,\"topicPartitions\":null,\"timeoutMs\":1}";
    controller_elect_leaders(&world.controller,
                             world_request(&world, &elect_leaders_request_message, 2, json), elections,
                             &world.records);
    ck_assert_int_eq(elections->replica_election_results.count, 2);
    for (int32_t i = 0; i < 2; i++) {
        const struct elect_leaders_response_topic *topic = &elections->replica_election_results.items[i];
        ck_assert_int_eq(topic->partition_result.count, slice_equal_str(topic->topic, "t") ? 1 : 0);
    }
    ck_assert_int_eq(world.records.count, 1);
}
END_TEST

/* ---- reassignments ---- */

static void reassign(const char *replicas, bool allow_change)
{
    char json[192];
    snprintf(json, sizeof json,
             "{\"timeoutMs\":1,\"allowReplicationFactorChange\":%s,\"topics\":[{\"name\":\"t\","
             "\"partitions\":[{\"partitionIndex\":0,\"replicas\":%s}]}]}",
             allow_change ? "true" : "false", replicas);
    reassignments = world_response(&world, &alter_partition_reassignments_response_message);
    controller_alter_partition_reassignments(
        &world.controller, world_request(&world, &alter_partition_reassignments_request_message, 1, json),
        reassignments, &world.records);
}

static void expect_reassignment(enum kerr error, const char *message)
{
    ck_assert_int_eq(reassignments->responses.items[0].partitions.items[0].error_code, error);
    ck_assert_slice(reassignments->responses.items[0].partitions.items[0].error_message, message);
    if (error != KERR_NONE)
        ck_assert_int_eq(world.records.count, 0);
}

START_TEST(a_partition_that_moves_has_its_old_replicas_too_until_the_new_ones_are_in_sync)
{
    add_t(IDS(1), IDS(1), 1);
    reassign("[2]", true);
    expect_reassignment(KERR_NONE, NULL);
    ck_assert_str_eq(world_records(&world),
                     "PartitionChangeRecord "
                     "{\"partitionId\":0,\"topicId\":\"EAAAAAAAQACAAAAAAAAAMg\",\"replicas\":[2,1],"
                     "\"removingReplicas\":[1],\"addingReplicas\":[2],"
                     "\"directories\":[\"EAAAAAAAQACAAAAAAAAAAg\",\"EAAAAAAAQACAAAAAAAAAAQ\"]}\n");
    world_commit(&world);
    ck_assert_int_eq(t()->leader_epoch, 0);
    reassign("[1]", true);
    expect_reassignment(KERR_NONE, NULL);
    world_commit(&world);
    expect_ids(t()->replicas, "1");
    expect_ids(t()->adding_replicas, "");
    expect_ids(t()->removing_replicas, "");
}
END_TEST

START_TEST(a_replica_that_only_goes_is_gone_at_once_and_the_leader_epoch_tells_it)
{
    add_t(IDS(1, 2), IDS(1, 2), 1);
    reassign("[1]", true);
    expect_reassignment(KERR_NONE, NULL);
    world_commit(&world);
    expect_ids(t()->replicas, "1");
    expect_ids(t()->isr, "1");
    ck_assert_int_eq(t()->leader, 1);
    ck_assert_int_eq(t()->leader_epoch, 1);
}
END_TEST

START_TEST(the_leader_that_goes_hands_over)
{
    add_t(IDS(1, 2), IDS(1, 2), 1);
    reassign("[2]", true);
    world_commit(&world);
    ck_assert_int_eq(t()->leader, 2);
    expect_ids(t()->replicas, "2");
}
END_TEST

START_TEST(the_last_replica_in_sync_does_not_go)
{
    add_t(IDS(1, 2), IDS(2), 2);
    reassign("[1]", true);
    expect_reassignment(KERR_NONE, NULL);
    world_commit(&world);
    expect_ids(t()->replicas, "1,2");
    expect_ids(t()->removing_replicas, "2");
    ck_assert_int_eq(t()->leader, 2);
}
END_TEST

START_TEST(a_move_that_is_cancelled_leaves_what_there_was)
{
    add_t(IDS(1), IDS(1), 1);
    reassign("null", true);
    expect_reassignment(KERR_NO_REASSIGNMENT_IN_PROGRESS, NULL);
    reassign("[2,3]", true);
    world_commit(&world);
    reassign("null", true);
    expect_reassignment(KERR_NONE, NULL);
    world_commit(&world);
    expect_ids(t()->replicas, "1");
    expect_ids(t()->isr, "1");
    expect_ids(t()->adding_replicas, "");
    expect_ids(t()->removing_replicas, "");
}
END_TEST

START_TEST(who_joins_by_a_second_request_still_has_to_get_in_sync)
{
    add_t(IDS(1), IDS(1), 1);
    reassign("[2]", true);
    world_commit(&world);
    reassign("[1,2]", true);
    world_commit(&world);
    expect_ids(t()->replicas, "1,2");
    expect_ids(t()->adding_replicas, "2");
    expect_ids(t()->removing_replicas, "");
}
END_TEST

START_TEST(a_cancellation_that_would_lose_records_needs_the_topics_consent)
{
    add_t(IDS(1), IDS(1), 1);
    reassign("[2]", true);
    world_commit(&world);
    struct partition_change_record change = change_of(make_id(50), 0);
    change.isr.items = LIST(2);
    change.isr.count = 1;
    change.leader = 2;
    record_list_add(&world.records, &partition_change_record_message, &change);
    world_commit(&world);
    reassign("null", true);
    expect_reassignment(
        KERR_INVALID_REPLICA_ASSIGNMENT,
        "Unable to revert partition assignment for t:0 because it would require an unclean leader election.");
    add_config(&world.records, RESOURCE_TOPIC, "t", "unclean.leader.election.enable", "true");
    world_commit(&world);
    reassign("null", true);
    expect_reassignment(KERR_NONE, NULL);
    world_commit(&world);
    ck_assert_int_eq(t()->leader, 1);
    ck_assert_int_eq(t()->leader_recovery_state, 1);
}
END_TEST

START_TEST(the_replication_factor_changes_only_where_it_may)
{
    add_t(IDS(1), IDS(1), 1);
    reassign("[1,2]", false);
    expect_reassignment(KERR_INVALID_REPLICATION_FACTOR, "The replication factor is changed from 1 to 2");
    reassign("[2]", false);
    expect_reassignment(KERR_NONE, NULL);
    world_commit(&world);
    reassign("[2,1]", false);
    expect_reassignment(KERR_INVALID_REPLICATION_FACTOR, "The replication factor is changed from 1 to 2");
}
END_TEST

START_TEST(what_is_under_way_is_listed_and_nothing_else)
{
    add_t(IDS(1), IDS(1), 1);
    world_add_topic(&world, "u", 51, 1);
    reassign("[2]", true);
    world_commit(&world);
    const char *requests[] = {"{\"timeoutMs\":1,\"topics\":null}",
                              "{\"timeoutMs\":1,\"topics\":[{\"name\":\"u\",\"partitionIndexes\":[0]},"
                              "{\"name\":\"v\",\"partitionIndexes\":[0]},"
                              "{\"name\":\"t\",\"partitionIndexes\":[0,7,-1]}]}"};
    for (size_t i = 0; i < 2; i++) {
        struct list_partition_reassignments_response *list =
            world_response(&world, &list_partition_reassignments_response_message);
        controller_list_partition_reassignments(
            &world.image, &world.arena,
            world_request(&world, &list_partition_reassignments_request_message, 0, requests[i]), list);
        ck_assert_int_eq(list->topics.count, 1);
        ck_assert_slice(list->topics.items[0].name, "t");
        ck_assert_int_eq(list->topics.items[0].partitions.count, 1);
        ck_assert_int_eq(list->topics.items[0].partitions.items[0].replicas.count, 2);
        ck_assert_int_eq(list->topics.items[0].partitions.items[0].adding_replicas.items[0], 2);
        ck_assert_int_eq(list->topics.items[0].partitions.items[0].removing_replicas.items[0], 1);
    }
}
END_TEST

/* ---- brokers that go ---- */

static struct unregister_broker_response *unregister(int32_t id)
{
    struct unregister_broker_response *response = world_response(&world, &unregister_broker_response_message);
    controller_unregister_broker(&world.controller, &(struct unregister_broker_request){.broker_id = id},
                                 response, &world.records);
    return response;
}

START_TEST(a_broker_that_goes_leaves_its_partitions_to_others)
{
    add_t(IDS(2, 1), IDS(2, 1), 2);
    ck_assert_int_eq(unregister(2)->error_code, KERR_NONE);
    ck_assert_int_eq(world.records.count, 2);
    world_commit(&world);
    ck_assert_ptr_null(image_find_broker(&world.image, 2));
    ck_assert_int_eq(t()->leader, 1);
    expect_ids(t()->isr, "1");
    expect_ids(t()->replicas, "2,1");
    ck_assert_int_eq(unregister(2)->error_code, KERR_BROKER_ID_NOT_REGISTERED);
}
END_TEST

START_TEST(the_last_replica_that_goes_stays_eligible_to_lead)
{
    world_add_topic(&world, "u", 51, 1);
    ck_assert_int_eq(unregister(1)->error_code, KERR_NONE);
    ck_assert_str_eq(world_records(&world),
                     "PartitionChangeRecord "
                     "{\"partitionId\":0,\"topicId\":\"EAAAAAAAQACAAAAAAAAAMw\",\"isr\":[],\"leader\":-1,"
                     "\"eligibleLeaderReplicas\":[1],\"lastKnownElr\":[1]}\n"
                     "UnregisterBrokerRecord {\"brokerId\":1,\"brokerEpoch\":1}\n");
}
END_TEST

START_TEST(without_eligible_leader_replicas_it_stays_in_sync)
{
    add_feature(&world.records, ELR_FEATURE, 0);
    world_commit(&world);
    world_add_topic(&world, "u", 51, 1);
    ck_assert_int_eq(unregister(1)->error_code, KERR_NONE);
    ck_assert_str_eq(world_records(&world),
                     "PartitionChangeRecord "
                     "{\"partitionId\":0,\"topicId\":\"EAAAAAAAQACAAAAAAAAAMw\",\"leader\":-1}\n"
                     "UnregisterBrokerRecord {\"brokerId\":1,\"brokerEpoch\":1}\n");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("partition_changes");
    TCase *tests = tcase_create("decisions");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_preferred_election_moves_the_lead_to_the_first_replica);
    tcase_add_test(tests, a_preferred_replica_that_is_fenced_or_out_of_sync_does_not_lead);
    tcase_add_test(tests, an_unclean_election_is_for_partitions_without_a_leader);
    tcase_add_test(tests, an_unclean_election_takes_who_lives_and_says_that_it_recovers);
    tcase_add_test(tests, nobody_is_elected_where_nobody_lives);
    tcase_add_test(tests, an_eligible_replica_leads_without_recovery);
    tcase_add_test(tests, all_partitions_are_asked_and_those_in_order_are_not_told_of);
    tcase_add_test(tests, a_partition_that_moves_has_its_old_replicas_too_until_the_new_ones_are_in_sync);
    tcase_add_test(tests, a_replica_that_only_goes_is_gone_at_once_and_the_leader_epoch_tells_it);
    tcase_add_test(tests, the_leader_that_goes_hands_over);
    tcase_add_test(tests, the_last_replica_in_sync_does_not_go);
    tcase_add_test(tests, a_move_that_is_cancelled_leaves_what_there_was);
    tcase_add_test(tests, who_joins_by_a_second_request_still_has_to_get_in_sync);
    tcase_add_test(tests, a_cancellation_that_would_lose_records_needs_the_topics_consent);
    tcase_add_test(tests, the_replication_factor_changes_only_where_it_may);
    tcase_add_test(tests, what_is_under_way_is_listed_and_nothing_else);
    tcase_add_test(tests, a_broker_that_goes_leaves_its_partitions_to_others);
    tcase_add_test(tests, the_last_replica_that_goes_stays_eligible_to_lead);
    tcase_add_test(tests, without_eligible_leader_replicas_it_stays_in_sync);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
