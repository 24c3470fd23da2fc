/*
 * Several log directories: what lies where (DescribeLogDirs).
 */
#include "test/unit/server/client_fixture.h"

#include "protocol/messages/describe_log_dirs.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEY_DESCRIBE_LOG_DIRS = 35, DESCRIBE_VERSION = 5, DIRS = 2 };

static char directory[256];
static char paths[DIRS][300];
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
    };
    ck_assert_msg(config_load(&config, NULL, overrides, 2, false, &why), "%s", why.text);
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

int main(void)
{
    Suite *suite = suite_create("log directories");
    const TTest *const describing[] = {
        partitions_are_spread_and_described_where_they_lie,
        only_what_was_asked_for_is_described_with_its_size,
        NULL,
    };
    add_tests(suite, "what lies where", set_up, tear_down, describing);
    return run_suite(suite);
}
