/*
 * Several log directories: what lies where (DescribeLogDirs), one that fails while the others go on, and
 * replicas that move (AlterReplicaLogDirs).
 */
#include "test/unit/server/client_fixture.h"

#include "protocol/messages/alter_replica_log_dirs.h"
#include "protocol/messages/describe_log_dirs.h"
#include "protocol/messages/incremental_alter_configs.h"
#include "protocol/messages/metadata.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    KEY_ALTER_REPLICA_LOG_DIRS = 34,
    KEY_DESCRIBE_LOG_DIRS = 35,
    KEY_INCREMENTAL_ALTER_CONFIGS = 44,
    DESCRIBE_VERSION = 5,
    DIRS = 2,
    METADATA = 12,
    PAUSE_MS = 20
};

static char directory[256];
static char paths[DIRS][300];
static const char *cordoned = "";
static struct broker *broker;
static struct client client;
static struct arena arena;

static void open_broker(void)
{
    char log_dirs[700];
    struct note why = {""};
    struct config config;
    snprintf(log_dirs, sizeof log_dirs, "%s,%s", paths[0], paths[1]);
    const struct override overrides[] = {
        {SLICE("log.dirs"), slice_str(log_dirs)},
        {SLICE("listeners"), SLICE("PLAINTEXT://127.0.0.1:0")},
        {SLICE("cordoned.log.dirs"), slice_str(cordoned)},
    };
    ck_assert_msg(config_load(&config, NULL, overrides, 3, false, &why), "%s", why.text);
    broker = broker_open(&config, &why);
    ck_assert_msg(broker != NULL, "%s", why.text);
    connect_client(&client, listener_port(broker->listeners[0]));
}

static void close_broker(bool good)
{
    client_close(&client);
    ck_assert_int_eq(broker_close(broker), good);
}

static void set_up(void)
{
    make_directory(directory);
    arena_init(&arena, SIZE_MAX);
    for (int i = 0; i < DIRS; i++)
        snprintf(paths[i], sizeof paths[i], "%s/%c", directory, 'a' + i);
    open_broker();
}

static void tear_down(void)
{
    arena_fini(&arena);
    remove_directory(directory);
}

static const struct describe_log_dirs_response *describe(struct describe_log_dirs_request *request)
{
    struct describe_log_dirs_request all = {{NULL, -1}};
    return ask(&client, &arena, KEY_DESCRIBE_LOG_DIRS, DESCRIBE_VERSION, request != NULL ? request : &all);
}

static int32_t partitions_in(const struct describe_log_dirs_response_result *result)
{
    int32_t count = 0;
    for (int32_t i = 0; i < result->topics.count; i++)
        count += result->topics.items[i].partitions.count;
    return count;
}

START_TEST(partitions_are_spread_and_described_where_they_lie)
{
    create_topic(&client, "t", 4);
    const struct describe_log_dirs_response *found = describe(NULL);
    ck_assert_int_eq(found->error_code, KERR_NONE);
    ck_assert_int_eq(found->results.count, DIRS);
    for (int i = 0; i < DIRS; i++) {
        const struct describe_log_dirs_response_result *result = &found->results.items[i];
        ck_assert_int_eq(result->error_code, KERR_NONE);
        ck_assert(slice_equal_str(result->log_dir, paths[i]));
        ck_assert_int_gt(result->total_bytes, 0);
        ck_assert_int_le(result->usable_bytes, result->total_bytes);
        ck_assert_int_eq(partitions_in(result), 2);
        for (int32_t j = 0; j < 2; j++) {
            char path[400];
            const struct describe_log_dirs_response_partition *partition =
                &result->topics.items[0].partitions.items[j];
            snprintf(path, sizeof path, "%s/t-%d", paths[i], partition->partition_index);
            ck_assert_int_eq(access(path, F_OK), 0);
            ck_assert(!partition->is_future_key);
            ck_assert_int_eq(partition->offset_lag, 0);
        }
    }
    close_broker(true);
}
END_TEST

START_TEST(only_what_was_asked_for_is_described_with_its_size)
{
    create_topic(&client, "t", 2);
    create_topic(&client, "u", 2);
    produce(&client, "t", 1, 1000);
    int32_t wanted[] = {1, 7};
    struct describe_log_dirs_topic topic = {.topic = SLICE("t"), .partitions = {wanted, 2}};
    struct describe_log_dirs_request request = {{&topic, 1}};
    const struct describe_log_dirs_response *found = describe(&request);
    ck_assert_int_eq(partitions_in(&found->results.items[0]) + partitions_in(&found->results.items[1]), 1);
    const struct describe_log_dirs_response_result *holder =
        &found->results.items[partitions_in(&found->results.items[0]) == 1 ? 0 : 1];
    char path[400];
    struct stat status;
    snprintf(path, sizeof path, "%.*s/t-1/00000000000000000000.log", SLICE_ARGS(holder->log_dir));
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_int_eq(holder->topics.items[0].partitions.items[0].partition_index, 1);
    ck_assert_int_eq(holder->topics.items[0].partitions.items[0].partition_size, status.st_size);
    ck_assert_int_gt(status.st_size, 1000);
    request.topics.count = 0;
    found = describe(&request);
    ck_assert_int_eq(found->results.count, DIRS);
    ck_assert_int_eq(partitions_in(&found->results.items[0]) + partitions_in(&found->results.items[1]), 0);
    close_broker(true);
}
END_TEST

/* ---- failing ---- */

/* One topic "t" with a partition in each directory, and a record in each. */
static void make_two_partitions(void)
{
    create_topic(&client, "t", DIRS);
    produce(&client, "t", 0, 100);
    produce(&client, "t", 1, 100);
}

/* The partition of "t" in the second directory. */
static int32_t partition_in_b(void)
{
    const struct describe_log_dirs_response *found = describe(NULL);
    ck_assert_int_eq(partitions_in(&found->results.items[1]), 1);
    return found->results.items[1].topics.items[0].partitions.items[0].partition_index;
}

static const struct metadata_response_partition *metadata_of(const char *topic, int32_t index)
{
    struct metadata_topic wanted = {.name = slice_str(topic)};
    struct metadata_request request = {.topics = {&wanted, 1}};
    const struct metadata_response *answer = ask(&client, &arena, KEY_METADATA, METADATA, &request);
    const struct metadata_response_topic *found = &answer->topics.items[0];
    ck_assert_int_eq(found->error_code, KERR_NONE);
    for (int32_t i = 0; i < found->partitions.count; i++)
        if (found->partitions.items[i].partition_index == index)
            return &found->partitions.items[i];
    ck_abort_msg("no such partition");
}

static void wait_for_leader(const char *topic, int32_t index, int32_t leader)
{
    int64_t deadline_ms = clock_monotonic_ms() + PATIENCE_MS;
    while (metadata_of(topic, index)->leader_id != leader && clock_monotonic_ms() < deadline_ms)
        sleep_ms(PAUSE_MS);
    ck_assert_int_eq(metadata_of(topic, index)->leader_id, leader);
}

static int16_t try_produce(const char *topic, int32_t partition)
{
    struct buf request = {0};
    append_produce(&request, 1, &(struct produce_wish){.topic = topic, .partition = partition, .acks = 1});
    send_all(&client, &request);
    buf_fini(&request);
    return read_produced(&client, 1).error_code;
}

/* As Apache Kafka 4.3.1 says it of a partition whose directory has failed. */
static void expect_offline(int32_t index)
{
    const struct metadata_response_partition *partition = metadata_of("t", index);
    ck_assert_int_eq(partition->error_code, KERR_LEADER_NOT_AVAILABLE);
    ck_assert_int_eq(partition->leader_id, -1);
    ck_assert_int_eq(partition->isr_nodes.count, 0);
    ck_assert_int_eq(partition->replica_nodes.count, 1);
    ck_assert_int_eq(partition->offline_replicas.count, 1);
    const struct describe_log_dirs_response *found = describe(NULL);
    ck_assert_int_eq(found->results.items[1].error_code, KERR_KAFKA_STORAGE_ERROR);
    ck_assert_int_eq(found->results.items[1].total_bytes, -1);
    ck_assert_int_eq(found->results.items[1].topics.count, 0);
}

static void expect_in_order(int32_t index)
{
    const struct metadata_response_partition *partition = metadata_of("t", index);
    ck_assert_int_eq(partition->error_code, KERR_NONE);
    ck_assert_int_eq(partition->isr_nodes.count, 1);
    ck_assert_int_eq(partition->offline_replicas.count, 0);
    ck_assert_int_eq(produce(&client, "t", index, 100), 1); /* behind the record that was there before */
}

START_TEST(a_directory_that_fails_while_it_serves_takes_only_its_own_partitions_along)
{
    make_two_partitions();
    int32_t lost = partition_in_b();
    data_dir_fail(broker->dirs[1], "the test wants it");
    ck_assert_int_eq(try_produce("t", lost), KERR_KAFKA_STORAGE_ERROR);
    wait_for_leader("t", lost, -1);
    expect_offline(lost);
    ck_assert_int_eq(try_produce("t", lost), KERR_KAFKA_STORAGE_ERROR);
    struct fetched fetched = fetch(
        &client,
        &(struct fetch_wish){.topic = "t", .partitions = 1, .first_partition = lost, .session_epoch = -1});
    ck_assert_int_eq(fetched.first_error_code, KERR_KAFKA_STORAGE_ERROR);
    expect_in_order(1 - lost);

    create_topic(&client, "new", 2);
    ck_assert_int_eq(partitions_in(&describe(NULL)->results.items[0]), 3);
    close_broker(false);

    open_broker();
    expect_in_order(lost);
    close_broker(true);
}
END_TEST

START_TEST(a_directory_that_fails_does_not_make_the_stop_of_the_others_unclean)
{
    char marker[400];
    make_two_partitions();
    data_dir_fail(broker->dirs[1], "the test wants it");
    close_broker(false);
    snprintf(marker, sizeof marker, "%s/.kafka_cleanshutdown", paths[0]);
    ck_assert_int_eq(access(marker, F_OK), 0);
    snprintf(marker, sizeof marker, "%s/.kafka_cleanshutdown", paths[1]);
    ck_assert_int_ne(access(marker, F_OK), 0);
}
END_TEST

static void put_file_in_place_of(const char *path, const char *aside)
{
    ck_assert_int_eq(rename(path, aside), 0);
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    fclose(file);
}

START_TEST(a_directory_that_the_disk_refuses_at_start_leaves_its_partitions_offline)
{
    char aside[400];
    snprintf(aside, sizeof aside, "%s/aside", directory);
    make_two_partitions();
    int32_t lost = partition_in_b();
    close_broker(true);
    put_file_in_place_of(paths[1], aside);

    open_broker();
    expect_offline(lost);
    ck_assert_int_eq(try_produce("t", lost), KERR_NOT_LEADER_OR_FOLLOWER);
    expect_in_order(1 - lost);
    ck_assert_int_eq(partitions_in(&describe(NULL)->results.items[0]), 1);
    close_broker(false);

    ck_assert_int_eq(remove(paths[1]), 0);
    ck_assert_int_eq(rename(aside, paths[1]), 0);
    open_broker();
    expect_in_order(lost);
    close_broker(true);
}
END_TEST

START_TEST(an_empty_directory_in_place_of_a_lost_one_does_not_get_its_partitions)
{
    char aside[400];
    snprintf(aside, sizeof aside, "%s/aside", directory);
    make_two_partitions();
    int32_t lost = partition_in_b();
    close_broker(true);
    ck_assert_int_eq(rename(paths[1], aside), 0);

    open_broker();
    ck_assert_int_eq(metadata_of("t", lost)->leader_id, -1);
    ck_assert_int_eq(metadata_of("t", lost)->offline_replicas.count, 1);
    create_topic(&client, "new", 1);
    ck_assert_int_eq(partitions_in(&describe(NULL)->results.items[1]), 1);
    close_broker(true);
}
END_TEST

static atomic_int failures;

static void count_failure(void)
{
    atomic_fetch_add(&failures, 1);
}

START_TEST(without_the_cluster_log_s_directory_the_broker_gives_up)
{
    broker_on_failure(broker, count_failure);
    data_dir_fail(broker->dirs[1], "the test wants it");
    data_dir_fail(broker->dirs[0], "the test wants it");
    int64_t deadline_ms = clock_monotonic_ms() + PATIENCE_MS;
    while (atomic_load(&failures) == 0 && clock_monotonic_ms() < deadline_ms)
        sleep_ms(PAUSE_MS);
    close_broker(false);
    ck_assert_int_eq(atomic_load(&failures), 1);
}
END_TEST

static void expect_refusal(const char *text)
{
    char log_dirs[700];
    struct note why = {""};
    struct config config;
    snprintf(log_dirs, sizeof log_dirs, "%s,%s", paths[0], paths[1]);
    const struct override overrides[] = {
        {SLICE("log.dirs"), slice_str(log_dirs)},
        {SLICE("listeners"), SLICE("PLAINTEXT://127.0.0.1:0")},
    };
    ck_assert_msg(config_load(&config, NULL, overrides, 2, false, &why), "%s", why.text);
    ck_assert_ptr_null(broker_open(&config, &why));
    ck_assert_msg(strstr(why.text, text) != NULL, "%s", why.text);
}

START_TEST(what_somebody_has_to_look_at_is_refused_at_start)
{
    expect_refusal("is locked by another process");
    close_broker(true);
    char aside[400];
    snprintf(aside, sizeof aside, "%s/aside", directory);
    put_file_in_place_of(paths[0], aside); /* it holds the cluster log */
    expect_refusal("Not a directory");
}
END_TEST

/* ---- moving ---- */

static int16_t alter(const char *path, const char *topic, int32_t index)
{
    struct alter_replica_log_dirs_topic wanted = {.name = slice_str(topic), .partitions = {&index, 1}};
    struct alter_replica_log_dirs_dir dir = {.path = slice_str(path), .topics = {&wanted, 1}};
    struct alter_replica_log_dirs_request request = {{&dir, 1}};
    const struct alter_replica_log_dirs_response *answer =
        ask(&client, &arena, KEY_ALTER_REPLICA_LOG_DIRS, 2, &request);
    ck_assert_int_eq(answer->results.count, 1);
    ck_assert(slice_equal_str(answer->results.items[0].topic_name, topic));
    ck_assert_int_eq(answer->results.items[0].partitions.count, 1);
    ck_assert_int_eq(answer->results.items[0].partitions.items[0].partition_index, index);
    return answer->results.items[0].partitions.items[0].error_code;
}

/* ---- cordoned ones (KIP-1066) ---- */

static int16_t set_cordoned(const char *value)
{
    struct incremental_alter_configs_config config = {
        .name = SLICE("cordoned.log.dirs"), .config_operation = 0, .value = slice_str(value)};
    struct incremental_alter_configs_resource resource = {
        .resource_type = 4, .resource_name = SLICE("1"), .configs = {&config, 1}};
    struct incremental_alter_configs_request request = {.resources = {&resource, 1}};
    const struct incremental_alter_configs_response *answer =
        ask(&client, &arena, KEY_INCREMENTAL_ALTER_CONFIGS, 1, &request);
    return answer->responses.items[0].error_code;
}

/* What is described, and what the registration says. */
static void expect_cordoned(bool first, bool second)
{
    const struct describe_log_dirs_response *found = describe(NULL);
    ck_assert_int_eq(found->results.items[0].is_cordoned, first);
    ck_assert_int_eq(found->results.items[1].is_cordoned, second);
    const struct broker_state *self = image_find_broker(cluster_read(broker->cluster), 1);
    ck_assert_int_eq(self->cordoned_log_dir_count, first + second);
    for (int32_t i = 0; i < self->cordoned_log_dir_count; i++)
        ck_assert(
            uuid_equal(self->cordoned_log_dirs[i], data_dir_meta(broker->dirs[first ? i : 1])->directory_id));
    cluster_read_done(broker->cluster);
}

START_TEST(a_cordoned_directory_gets_nothing_new_until_it_is_told_otherwise)
{
    expect_cordoned(false, false);
    ck_assert_int_eq(set_cordoned("/nowhere"), KERR_INVALID_REQUEST);
    ck_assert_int_eq(set_cordoned(paths[0]), KERR_NONE);
    expect_cordoned(true, false);
    create_topic(&client, "t", 3);
    ck_assert_int_eq(partitions_in(&describe(NULL)->results.items[1]), 3);
    ck_assert_int_eq(alter(paths[0], "t", 0), KERR_INVALID_REPLICA_ASSIGNMENT);
    close_broker(true);
    open_broker();
    expect_cordoned(true, false);
    ck_assert_int_eq(set_cordoned("*"), KERR_NONE);
    expect_cordoned(true, true);
    ck_assert_int_eq(set_cordoned(""), KERR_NONE);
    expect_cordoned(false, false);
    create_topic(&client, "u", 3);
    ck_assert_int_eq(partitions_in(&describe(NULL)->results.items[0]), 3);
    ck_assert_int_eq(alter(paths[0], "t", 0), KERR_NONE);
    close_broker(true);
}
END_TEST

START_TEST(server_properties_cordon_from_the_start)
{
    close_broker(true);
    cordoned = paths[1];
    open_broker();
    expect_cordoned(false, true);
    create_topic(&client, "t", 4);
    ck_assert_int_eq(partitions_in(&describe(NULL)->results.items[0]), 4);
    close_broker(true);
    cordoned = "";
    open_broker();
    expect_cordoned(false, false);
    close_broker(true);
}
END_TEST

/* What the image says of where partition `index` of "t" is; the test has one replica. */
static struct uuid directory_of(int32_t index)
{
    const struct image *image = cluster_read(broker->cluster);
    const struct partition_state *state = image_find_partition(image_find_topic(image, SLICE("t")), index);
    struct uuid id = state->directories[0];
    cluster_read_done(broker->cluster);
    return id;
}

static void wait_for_directory(int32_t index, int at)
{
    int64_t deadline_ms = clock_monotonic_ms() + PATIENCE_MS;
    struct uuid wanted = data_dir_meta(broker->dirs[at])->directory_id;
    while (!uuid_equal(directory_of(index), wanted) && clock_monotonic_ms() < deadline_ms)
        sleep_ms(PAUSE_MS);
    ck_assert(uuid_equal(directory_of(index), wanted));
}

START_TEST(a_replica_moves_and_the_cluster_knows)
{
    make_two_partitions();
    int32_t in_b = partition_in_b();
    int32_t in_a = 1 - in_b;
    wait_for_directory(in_a, 0);
    wait_for_directory(in_b, 1);
    ck_assert_int_eq(alter(paths[1], "t", in_a), KERR_NONE);
    wait_for_directory(in_a, 1);
    const struct describe_log_dirs_response *found = describe(NULL);
    ck_assert_int_eq(partitions_in(&found->results.items[0]), 0);
    ck_assert_int_eq(partitions_in(&found->results.items[1]), 2);
    ck_assert_int_eq(metadata_of("t", in_a)->leader_epoch, 0);
    expect_in_order(in_a);
    close_broker(true);
    open_broker();
    ck_assert_int_eq(partitions_in(&describe(NULL)->results.items[1]), 2);
    ck_assert_int_eq(produce(&client, "t", in_a, 100), 2);
    close_broker(true);
}
END_TEST

/* The codes of Apache Kafka 4.3.1. */
START_TEST(what_cannot_move_is_told_why)
{
    char long_name[220];
    make_two_partitions();
    int32_t in_b = partition_in_b();
    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    ck_assert_int_eq(alter(paths[0], long_name, 0), KERR_INVALID_TOPIC_EXCEPTION);
    ck_assert_int_eq(alter("relative", "t", 0), KERR_LOG_DIR_NOT_FOUND);
    ck_assert_int_eq(alter("/nowhere", "t", 0), KERR_LOG_DIR_NOT_FOUND);
    ck_assert_int_eq(alter(paths[0], "t", 9), KERR_UNKNOWN_TOPIC_OR_PARTITION);
    ck_assert_int_eq(alter(paths[1], "later", 0), KERR_UNKNOWN_TOPIC_OR_PARTITION);
    ck_assert_int_eq(alter(paths[1], "later", 1), KERR_UNKNOWN_TOPIC_OR_PARTITION);
    ck_assert_int_eq(alter(paths[1], "t", in_b), KERR_NONE); /* it is there */
    create_topic(&client, "later", 2);
    ck_assert_int_eq(partitions_in(&describe(NULL)->results.items[1]), 3);
    data_dir_fail(broker->dirs[1], "the test wants it");
    ck_assert_int_eq(alter(paths[0], "t", in_b), KERR_KAFKA_STORAGE_ERROR);
    ck_assert_int_eq(alter(paths[1], "t", in_b), KERR_KAFKA_STORAGE_ERROR);
    ck_assert_int_eq(alter(paths[1], "t", 1 - in_b), KERR_KAFKA_STORAGE_ERROR);
    ck_assert_int_eq(alter(paths[0], "t", 1 - in_b), KERR_NONE);
    close_broker(false);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("log directories");
    const TTest *const describing[] = {
        partitions_are_spread_and_described_where_they_lie,
        only_what_was_asked_for_is_described_with_its_size,
        NULL,
    };
    add_tests(suite, "what lies where", set_up, tear_down, describing);
    const TTest *const failing[] = {
        a_directory_that_fails_while_it_serves_takes_only_its_own_partitions_along,
        a_directory_that_fails_does_not_make_the_stop_of_the_others_unclean,
        a_directory_that_the_disk_refuses_at_start_leaves_its_partitions_offline,
        an_empty_directory_in_place_of_a_lost_one_does_not_get_its_partitions,
        without_the_cluster_log_s_directory_the_broker_gives_up,
        what_somebody_has_to_look_at_is_refused_at_start,
        NULL,
    };
    add_tests(suite, "directories that fail", set_up, tear_down, failing);
    const TTest *const cordoning[] = {
        a_cordoned_directory_gets_nothing_new_until_it_is_told_otherwise,
        server_properties_cordon_from_the_start,
        NULL,
    };
    add_tests(suite, "directories that are cordoned", set_up, tear_down, cordoning);
    const TTest *const moving[] = {
        a_replica_moves_and_the_cluster_knows,
        what_cannot_move_is_told_why,
        NULL,
    };
    add_tests(suite, "replicas that move", set_up, tear_down, moving);
    return run_suite(suite);
}
