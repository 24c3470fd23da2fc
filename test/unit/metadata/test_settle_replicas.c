/*
 * settle_replicas: what the cluster is told of this node's log directories. The expected records are those
 * that Apache Kafka 4.3.1 wrote when one of its two directories failed, and when it moved a replica.
 */
#include "metadata/controller/settle_replicas.h"

#include "protocol/records/partition_change_record.h"
#include "test/unit/metadata/controller_fixture.h"

enum { DIRECTORY_A = 1 /* the fixture registers it */, DIRECTORY_B = 2, DIRECTORIES = 2, PARTITIONS = 3 };
enum { NOWHERE = 0, HERE_WITHOUT_ID = 255 };

static struct world world;
static struct uuid log_dirs[DIRECTORIES];
static uint8_t places[PARTITIONS]; /* of topic "a": NOWHERE, HERE_WITHOUT_ID, or make_id of it */
static int32_t log_dir_count;

static bool find(void *context, const struct topic *topic, int32_t index, struct uuid *directory)
{
    (void)context, (void)topic;
    *directory = places[index] == HERE_WITHOUT_ID ? UUID_ZERO : make_id(places[index]);
    return places[index] != NOWHERE;
}

static void settle(void)
{
    struct replica_places found = {log_dirs, log_dir_count, find, NULL};
    controller_settle_replicas(&world.controller, &found, &world.records);
}

/* What is known already is not said again. */
static void expect_settled(void)
{
    world_commit(&world);
    settle();
    ck_assert_int_eq(world.records.count, 0);
}

static void set_up(void)
{
    world_init(&world);
    log_dirs[0] = make_id(DIRECTORY_A);
    log_dirs[1] = make_id(DIRECTORY_B);
    log_dir_count = DIRECTORIES;
    world_add_topic(&world, "a", 10, PARTITIONS);
    for (int i = 0; i < PARTITIONS; i++)
        places[i] = DIRECTORY_A;
    settle();
    world_commit(&world);
}

static void tear_down(void)
{
    world_fini(&world);
}

static const struct partition_state *partition(int32_t index)
{
    return image_find_partition(image_find_topic(&world.image, SLICE("a")), index);
}

START_TEST(a_replica_that_is_found_elsewhere_gets_its_directory)
{
    places[1] = DIRECTORY_B;
    settle();
    ck_assert_str_eq(world_records(&world),
                     "PartitionChangeRecord {\"partitionId\":1,\"topicId\":\"EAAAAAAAQACAAAAAAAAACg\","
                     "\"directories\":[\"EAAAAAAAQACAAAAAAAAAAg\"]}\n");
    expect_settled();
    ck_assert_int_eq(partition(1)->leader, 1);
    ck_assert_int_eq(partition(1)->leader_epoch, 0);
}
END_TEST

START_TEST(replicas_of_a_failed_directory_lose_their_leader_before_the_registration_loses_the_directory)
{
    places[2] = NOWHERE;
    log_dir_count = 1;
    settle();
    ck_assert_str_eq(
        world_records(&world),
        "PartitionChangeRecord {\"partitionId\":2,\"topicId\":\"EAAAAAAAQACAAAAAAAAACg\",\"isr\":[],"
        "\"leader\":-1,\"eligibleLeaderReplicas\":[1],\"lastKnownElr\":[1]}\n"
        "BrokerRegistrationChangeRecord {\"brokerId\":1,\"brokerEpoch\":1,"
        "\"logDirs\":[\"EAAAAAAAQACAAAAAAAAAAQ\"]}\n");
    expect_settled();
    ck_assert_int_eq(partition(2)->leader_epoch, 1);
}
END_TEST

START_TEST(replicas_that_are_back_are_led_again)
{
    places[2] = NOWHERE;
    settle();
    world_commit(&world);
    places[2] = DIRECTORY_B;
    settle();
    ck_assert_str_eq(
        world_records(&world),
        "PartitionChangeRecord {\"partitionId\":2,\"topicId\":\"EAAAAAAAQACAAAAAAAAACg\",\"isr\":[1],"
        "\"leader\":1,\"directories\":[\"EAAAAAAAQACAAAAAAAAAAg\"],"
        "\"eligibleLeaderReplicas\":[],\"lastKnownElr\":[]}\n");
    expect_settled();
}
END_TEST

START_TEST(without_eligible_replicas_the_last_one_stays_in_sync)
{
    add_feature(&world.records, ELR_FEATURE, 0);
    world_commit(&world);
    places[0] = NOWHERE;
    settle();
    ck_assert_str_eq(world_records(&world), "PartitionChangeRecord {\"partitionId\":0,"
                                            "\"topicId\":\"EAAAAAAAQACAAAAAAAAACg\",\"leader\":-1}\n");
    expect_settled();
}
END_TEST

START_TEST(levels_without_directories_are_told_nothing)
{
    record_list_init(&world.records, &world.arena, 16);
    places[0] = NOWHERE;
    places[1] = DIRECTORY_B;
    settle();
    ck_assert_int_eq(world.records.count, 0);
}
END_TEST

START_TEST(a_directory_without_an_id_is_not_named)
{
    places[1] = HERE_WITHOUT_ID;
    settle();
    ck_assert_int_eq(world.records.count, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("settle_replicas");
    TCase *tests = tcase_create("decisions");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_replica_that_is_found_elsewhere_gets_its_directory);
    tcase_add_test(
        tests, replicas_of_a_failed_directory_lose_their_leader_before_the_registration_loses_the_directory);
    tcase_add_test(tests, replicas_that_are_back_are_led_again);
    tcase_add_test(tests, without_eligible_replicas_the_last_one_stays_in_sync);
    tcase_add_test(tests, levels_without_directories_are_told_nothing);
    tcase_add_test(tests, a_directory_without_an_id_is_not_named);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
