/*
 * A whole broker on a file system that is full, or with one log directory of two on such a one: a tmpfs,
 * mounted where nobody else sees it. Where mounts are not allowed a test says that it is skipped;
 * test/unit/storage/test_disk_full.c has the storage layer's part for everybody.
 */
#include "protocol/messages/create_topics.h"
#include "protocol/messages/delete_records.h"
#include "protocol/messages/delete_topics.h"
#include "storage/os/file.h"
#include "test/unit/server/client_fixture.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

static char mounted[256];
static char healthy[256]; /* a directory elsewhere */
static char data[600];    /* log.dirs */
static char filler[300];
static struct broker_fixture fixture;
static struct client client;

static bool mount_disk(void)
{
    make_directory(mounted);
    snprintf(data, sizeof data, "%s/data", mounted);
    snprintf(filler, sizeof filler, "%s/filler", mounted);
    return unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0
           && mount("odradek", mounted, "tmpfs", 0, "size=12m") == 0;
}

static void start(void)
{
    struct override overrides[] = {
        {SLICE("log.dirs"), slice_str(data)},
        {SLICE("listeners"), SLICE("PLAINTEXT://127.0.0.1:0")},
    };
    struct note why = {""};
    struct config config;
    ck_assert_msg(config_load(&config, NULL, overrides, 2, false, &why), "%s", why.text);
    fixture.broker = broker_open(&config, &why);
    ck_assert_msg(fixture.broker != NULL, "%s", why.text);
    fixture.port = listener_port(fixture.broker->listeners[0]);
    connect_client(&client, fixture.port);
}

static bool stop(void)
{
    client_close(&client);
    return broker_close(fixture.broker);
}

static int16_t try_to_produce_to(const char *topic, size_t value_len)
{
    struct buf out = {0};
    struct produce_wish wish = {.topic = topic, .acks = -1, .value_len = value_len};
    append_produce(&out, 5, &wish);
    send_all(&client, &out);
    buf_fini(&out);
    return read_produced(&client, 5).error_code;
}

static int16_t try_to_produce(size_t value_len)
{
    return try_to_produce_to("full", value_len);
}

/* Not a byte is left afterwards. */
static void fill(int blocks)
{
    static const char block[4096] = "x";
    struct statvfs status;
    int file = open(filler, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    ck_assert_int_ge(file, 0);
    for (int i = 0; i < blocks; i++)
        ck_assert_int_eq(write(file, block, sizeof block), sizeof block);
    while (try_to_produce(100000) == KERR_NONE)
        ;
    while (write(file, block, sizeof block) > 0)
        ;
    close(file);
    ck_assert_int_eq(statvfs(mounted, &status), 0);
    ck_assert_uint_eq(status.f_bavail, 0);
    while (try_to_produce(100) == KERR_NONE) /* what the last page still takes */
        ;
    ck_assert_int_eq(try_to_produce(5000), KERR_KAFKA_STORAGE_ERROR);
}

static size_t bytes_from(int64_t offset)
{
    struct fetch_wish wish = {.topic = "full", .partitions = 1, .offsets = {offset}, .session_epoch = -1};
    struct fetched fetched = fetch(&client, &wish);
    ck_assert_int_eq(fetched.first_error_code, KERR_NONE);
    return fetched.bytes;
}

static int16_t delete_records(int64_t offset)
{
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    struct delete_records_request request;
    schema_set_defaults(delete_records_request_schema(), &request);
    struct delete_records_partition partition = {.partition_index = 0, .offset = offset};
    struct delete_records_topic topic = {.name = SLICE("full"), .partitions = {&partition, 1}};
    request.topics.items = &topic;
    request.topics.count = 1;
    request.timeout_ms = PATIENCE_MS;
    const struct delete_records_response *response = ask(&client, &arena, KEY_DELETE_RECORDS, 2, &request);
    int16_t error = response->topics.items[0].partitions.items[0].error_code;
    arena_fini(&arena);
    return error;
}

static int16_t delete_topic(const char *name)
{
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    struct delete_topics_request request;
    struct slice names[] = {slice_str(name)};
    schema_set_defaults(delete_topics_request_schema(), &request);
    request.topic_names.items = names;
    request.topic_names.count = 1;
    request.timeout_ms = PATIENCE_MS;
    const struct delete_topics_response *response = ask(&client, &arena, KEY_DELETE_TOPICS, 5, &request);
    int16_t error = response->responses.items[0].error_code;
    arena_fini(&arena);
    return error;
}

static int16_t try_to_create(const char *name)
{
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    struct create_topics_request request;
    schema_set_defaults(create_topics_request_schema(), &request);
    array_init(&request.topics, create_topics_topic, &arena, 1);
    request.topics.items[0].name = slice_str(name);
    request.topics.items[0].num_partitions = 1;
    request.topics.items[0].replication_factor = 1;
    const struct create_topics_response *response = ask(&client, &arena, KEY_CREATE_TOPICS, 7, &request);
    int16_t error = response->topics.items[0].error_code;
    arena_fini(&arena);
    return error;
}

START_TEST(a_full_file_system_stops_producers_and_nobody_else)
{
    if (!mount_disk()) {
        printf("SKIPPED: a_full_file_system_stops_producers_and_nobody_else: no mounts are allowed here\n");
        return;
    }
    start();
    create_topic(&client, "full", 1);
    create_topic(&client, "other", 1);
    ck_assert(stop());
    start();
    fill(1000);

    ck_assert_uint_gt(bytes_from(0), 0);
    ck_assert_int_eq(delete_records(1), KERR_NONE);
    int16_t created = try_to_create("more"); /* a tmpfs has room for empty files, others have none */
    ck_assert(created == KERR_NONE || created == KERR_KAFKA_STORAGE_ERROR);
    ck_assert_int_eq(delete_topic("other"), KERR_NONE);
    ck_assert_uint_gt(bytes_from(1), 0);

    for (int restarts = 0; restarts < 3; restarts++) {
        (void)stop();
        start();
        ck_assert_uint_gt(bytes_from(1), 0);
        ck_assert_int_eq(try_to_produce(5000), KERR_KAFKA_STORAGE_ERROR);
    }
    ck_assert_int_eq(unlink(filler), 0);
    ck_assert_int_eq(try_to_produce(5000), KERR_NONE); /* at once, and without a restart */
    ck_assert_int_eq(try_to_create("another"), KERR_NONE);
    ck_assert(stop());
    start();
    ck_assert_uint_gt(bytes_from(1), 0);
    ck_assert(stop());
    umount(mounted);
    remove_directory(mounted);
}
END_TEST

/* What an Apache Kafka user expects of a directory that is out of order: the others go on, and new topics are
 * made there. */
static void check_that_the_rest_goes_on(void)
{
    static const char *const names[] = {"new-1", "new-2", "new-3", "gone"};
    ck_assert_int_eq(delete_topic("gone"), KERR_NONE);
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(try_to_create(names[i]), KERR_NONE);
        ck_assert_int_eq(try_to_produce_to(names[i], 5000), KERR_NONE);
    }
    ck_assert_int_eq(try_to_produce_to("healthy", 5000), KERR_NONE);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(delete_topic(names[i]), KERR_NONE);
}

START_TEST(a_full_log_directory_stops_nobody_in_another_one)
{
    if (!mount_disk()) {
        printf("SKIPPED: a_full_log_directory_stops_nobody_in_another_one: no mounts are allowed here\n");
        return;
    }
    make_directory(healthy);
    snprintf(data, sizeof data, "%s/data,%s/data", healthy, mounted);
    start();
    create_topic(&client, "healthy", 1); /* by turns: this one in the first directory */
    create_topic(&client, "full", 1);
    create_topic(&client, "kept", 1);
    create_topic(&client, "gone", 1);
    fill(1000);

    check_that_the_rest_goes_on();
    ck_assert_int_eq(delete_records(1), KERR_NONE);
    ck_assert_uint_gt(bytes_from(1), 0);
    for (int restarts = 0; restarts < 3; restarts++) {
        (void)stop();
        start();
        ck_assert_uint_gt(bytes_from(1), 0);
        fill(0); /* what was deleted, or set aside, left room */
        check_that_the_rest_goes_on();
    }
    ck_assert_int_eq(unlink(filler), 0);
    ck_assert_int_eq(try_to_produce(5000), KERR_NONE);
    ck_assert(stop());
    umount(mounted);
    remove_directory(mounted);
    remove_directory(healthy);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("full_file_system");
    add_tests(suite, "full", NULL, NULL,
              (const TTest *const[]){a_full_file_system_stops_producers_and_nobody_else,
                                     a_full_log_directory_stops_nobody_in_another_one, NULL});
    return run_suite(suite);
}
