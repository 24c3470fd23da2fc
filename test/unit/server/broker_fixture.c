/* See broker_fixture.h. */
#include "test/unit/server/broker_fixture.h"

#include "protocol/base/big_endian.h"
#include "protocol/batch_build.h"
#include "protocol/messages/api_versions.h"
#include "protocol/messages/create_topics.h"
#include "protocol/messages/fetch.h"
#include "protocol/messages/produce.h"

#include <dirent.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { SETTINGS_MAX = 16, CLOSE_MS = 10 * 1000, PAUSE_MS = 10, CASE_SECONDS = 200 };

/* ---- directories ---- */

void make_directory(char path[256])
{
    const char *base = getenv("TMPDIR");
    snprintf(path, 256, "%s/odradek-test-XXXXXX", base != NULL ? base : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(path));
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status, (void)kind, (void)place;
    return remove(path);
}

void remove_directory(const char *path)
{
    nftw(path, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- a broker ---- */

static struct override override_of(const char *setting)
{
    const char *equals = strchr(setting, '=');
    ck_assert_ptr_nonnull(equals);
    return (struct override){slice_of(setting, (size_t)(equals - setting)), slice_str(equals + 1)};
}

void fixture_open(struct broker_fixture *fixture, const char *const *settings)
{
    signal(SIGPIPE, SIG_IGN);
    make_directory(fixture->directory);
    struct override overrides[SETTINGS_MAX];
    size_t count = 0;
    overrides[count++] = (struct override){SLICE("log.dirs"), slice_str(fixture->directory)};
    overrides[count++] = (struct override){SLICE("listeners"), SLICE("PLAINTEXT://127.0.0.1:0")};
    for (; settings != NULL && *settings != NULL; settings++) {
        struct override override = override_of(*settings);
        if (slice_equal_str(override.name, "listeners"))
            overrides[1] = override;
        else
            overrides[count++] = override;
        ck_assert_uint_lt(count, SETTINGS_MAX);
    }
    struct note why = {""};
    struct config config;
    ck_assert_msg(config_load(&config, NULL, overrides, count, false, &why), "%s", why.text);
    fixture->broker = broker_open(&config, &why);
    ck_assert_msg(fixture->broker != NULL, "%s", why.text);
    fixture->port = listener_port(fixture->broker->listeners[0]);
}

void fixture_close(struct broker_fixture *fixture)
{
    int64_t start_ms = clock_monotonic_ms();
    ck_assert(broker_close(fixture->broker));
    ck_assert_int_lt(clock_monotonic_ms() - start_ms, CLOSE_MS);
    remove_directory(fixture->directory);
}

void expect_alive(const struct broker_fixture *fixture)
{
    struct client client;
    struct buf request = {0};
    connect_client(&client, fixture->port);
    append_api_versions(&request, 7);
    send_all(&client, &request);
    expect_api_versions(&client, 7);
    buf_fini(&request);
    client_close(&client);
}

int32_t connections_of(const struct broker_fixture *fixture)
{
    mutex_lock(&fixture->broker->mutex);
    int32_t count = fixture->broker->connection_count;
    mutex_unlock(&fixture->broker->mutex);
    return count;
}

void expect_connections(const struct broker_fixture *fixture, int32_t count)
{
    int64_t deadline_ms = clock_monotonic_ms() + PATIENCE_MS;
    while (connections_of(fixture) != count && clock_monotonic_ms() < deadline_ms)
        sleep_ms(PAUSE_MS);
    ck_assert_int_eq(connections_of(fixture), count);
}

/* ---- clients ---- */

void connect_client(struct client *client, uint16_t port)
{
    struct note why = {""};
    ck_assert_msg(client_open(client, "127.0.0.1", port, PATIENCE_MS, &why), "%s", why.text);
}

void send_anyway(struct client *client, struct slice bytes)
{
    (void)client_send(client, bytes, PATIENCE_MS);
}

void send_all(struct client *client, const struct buf *bytes)
{
    ck_assert_int_eq(client_send(client, buf_slice(bytes), PATIENCE_MS), NET_OK);
}

struct slice receive(struct client *client)
{
    struct note why = {""};
    struct slice frame = SLICE_NULL;
    enum net_result result = client_receive(client, PATIENCE_MS, &frame, &why);
    ck_assert_msg(result != NET_TIMED_OUT, "no answer");
    ck_assert_msg(result == NET_OK, "the connection was closed: %s", why.text);
    return frame;
}

void expect_closed(struct client *client)
{
    struct note why = {""};
    struct slice frame = SLICE_NULL;
    enum net_result result = client_receive(client, PATIENCE_MS, &frame, &why);
    ck_assert_msg(result != NET_OK, "an answer of %zu bytes", frame.len);
    ck_assert_msg(result == NET_CLOSED, "still open");
    ck_assert_str_eq(why.text, "");
    ck_assert_uint_eq(client->received.len - client->taken, 0);
}

void expect_silence(struct client *client, int64_t for_ms)
{
    struct note why = {""};
    struct slice frame = SLICE_NULL;
    ck_assert_int_eq(client_receive(client, for_ms, &frame, &why), NET_TIMED_OUT);
}

void append_request(struct buf *out, int key, int version, int32_t correlation_id, const void *request)
{
    client_append_request(out, find_api(key), version, correlation_id, SLICE("test"), request);
}

void *read_answer(struct client *client, struct arena *arena, int key, int version, int32_t correlation_id)
{
    struct note why = {""};
    struct client_answer answer;
    struct slice frame = receive(client);
    ck_assert_msg(client_read_answer(find_api(key), version, frame, arena, &answer, &why), "%s", why.text);
    ck_assert_int_eq(answer.correlation_id, correlation_id);
    ck_assert_uint_eq(answer.left_over.len, 0);
    return answer.body;
}

void *ask(struct client *client, struct arena *arena, int key, int version, const void *request)
{
    struct buf out = {0};
    append_request(&out, key, version, 4711, request);
    send_all(client, &out);
    buf_fini(&out);
    return read_answer(client, arena, key, version, 4711);
}

void append_api_versions(struct buf *out, int32_t correlation_id)
{
    struct api_versions_request request;
    schema_set_defaults(api_versions_request_schema(), &request);
    append_request(out, KEY_API_VERSIONS, 0, correlation_id, &request);
}

void expect_api_versions(struct client *client, int32_t correlation_id)
{
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    const struct api_versions_response *response = read_answer(client, &arena, KEY_API_VERSIONS, 0, correlation_id);
    ck_assert_int_eq(response->error_code, KERR_NONE);
    ck_assert_int_gt(response->api_keys.count, 10);
    arena_fini(&arena);
}

/* ---- topics and records ---- */

void create_topic(struct client *client, const char *name, int32_t partitions)
{
    struct arena arena;
    struct create_topics_request request;
    arena_init(&arena, SIZE_MAX);
    schema_set_defaults(create_topics_request_schema(), &request);
    array_init(&request.topics, create_topics_topic, &arena, 1);
    request.topics.items[0].name = slice_str(name);
    request.topics.items[0].num_partitions = partitions;
    request.topics.items[0].replication_factor = 1;
    const struct create_topics_response *response = ask(client, &arena, KEY_CREATE_TOPICS, 7, &request);
    ck_assert_int_eq(response->topics.count, 1);
    ck_assert_int_eq(response->topics.items[0].error_code, KERR_NONE);
    arena_fini(&arena);
}

static void fill_batch(struct batch_builder *builder, const struct produce_wish *wish)
{
    batch_builder_init(builder, CODEC_NONE, 0);
    uint8_t *value = calloc(1, wish->value_len + 1);
    ensure(value != NULL);
    for (int32_t i = 0; i < (wish->records == 0 ? 1 : wish->records); i++)
        batch_builder_append(builder, clock_wall_ms(), SLICE_NULL, slice_of(value, wish->value_len), NULL, 0);
    free(value);
    if (wish->producer_id != 0) {
        builder->header.producer_id = wish->producer_id;
        builder->header.producer_epoch = 0;
        builder->header.base_sequence = wish->base_sequence;
    }
}

void append_produce(struct buf *out, int32_t correlation_id, const struct produce_wish *wish)
{
    struct batch_builder builder;
    struct produce_request request;
    fill_batch(&builder, wish);
    struct produce_partition partition = {.index = wish->partition, .records = {.bytes = batch_builder_finish(&builder)}};
    struct produce_topic topic = {.name = slice_str(wish->topic), .partition_data = {&partition, 1}};
    schema_set_defaults(produce_request_schema(), &request);
    request.acks = wish->acks;
    request.timeout_ms = PATIENCE_MS;
    request.topic_data.items = &topic;
    request.topic_data.count = 1;
    append_request(out, KEY_PRODUCE, PRODUCE_VERSION, correlation_id, &request);
    batch_builder_fini(&builder);
}

struct produced read_produced(struct client *client, int32_t correlation_id)
{
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    const struct produce_response *response = read_answer(client, &arena, KEY_PRODUCE, PRODUCE_VERSION, correlation_id);
    ck_assert_int_eq(response->responses.count, 1);
    ck_assert_int_eq(response->responses.items[0].partition_responses.count, 1);
    const struct produce_response_partition *partition = &response->responses.items[0].partition_responses.items[0];
    struct produced produced = {partition->error_code, partition->base_offset};
    arena_fini(&arena);
    return produced;
}

int64_t produce(struct client *client, const char *topic, int32_t partition, size_t value_len)
{
    struct buf out = {0};
    struct produce_wish wish = {.topic = topic, .partition = partition, .acks = 1, .value_len = value_len};
    append_produce(&out, 4712, &wish);
    send_all(client, &out);
    buf_fini(&out);
    struct produced produced = read_produced(client, 4712);
    ck_assert_int_eq(produced.error_code, KERR_NONE);
    return produced.base_offset;
}

void append_fetch(struct buf *out, int32_t correlation_id, const struct fetch_wish *wish)
{
    struct arena arena;
    struct fetch_request request;
    arena_init(&arena, SIZE_MAX);
    schema_set_defaults(fetch_request_schema(), &request);
    request.max_wait_ms = wish->max_wait_ms;
    request.min_bytes = wish->min_bytes;
    request.max_bytes = 50 * 1024 * 1024;
    request.isolation_level = wish->isolation_level;
    request.session_id = wish->session_id;
    request.session_epoch = wish->session_epoch;
    array_init(&request.topics, fetch_topic, &arena, wish->partitions > 0);
    if (wish->partitions > 0) {
        request.topics.items[0].topic = slice_str(wish->topic);
        array_init(&request.topics.items[0].partitions, fetch_partition, &arena, wish->partitions);
    }
    for (int32_t i = 0; i < wish->partitions; i++) {
        struct fetch_partition *partition = &request.topics.items[0].partitions.items[i];
        partition->partition = i;
        partition->fetch_offset = wish->offsets[i];
        partition->partition_max_bytes = 1024 * 1024;
    }
    append_request(out, KEY_FETCH, FETCH_VERSION, correlation_id, &request);
    arena_fini(&arena);
}

struct fetched read_fetched(struct client *client, int32_t correlation_id)
{
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    const struct fetch_response *response = read_answer(client, &arena, KEY_FETCH, FETCH_VERSION, correlation_id);
    struct fetched fetched = {.error_code = response->error_code, .session_id = response->session_id};
    for (int32_t i = 0; i < response->responses.count; i++) {
        const struct fetch_response_topic *topic = &response->responses.items[i];
        for (int32_t j = 0; j < topic->partitions.count; j++) {
            if (fetched.partition_count++ == 0) {
                fetched.first_partition = topic->partitions.items[j].partition_index;
                fetched.first_error_code = topic->partitions.items[j].error_code;
            }
            fetched.bytes += topic->partitions.items[j].records.bytes.len;
        }
    }
    arena_fini(&arena);
    return fetched;
}

struct fetched fetch(struct client *client, const struct fetch_wish *wish)
{
    struct buf out = {0};
    append_fetch(&out, 4713, wish);
    send_all(client, &out);
    buf_fini(&out);
    return read_fetched(client, 4713);
}

/* ---- this process ---- */

size_t resident_bytes(void)
{
    size_t pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fscanf(file, "%*s %zu", &pages), 1);
    fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

int64_t cpu_ms(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}

static int walk_threads(const char *wanted, bool *found)
{
    DIR *tasks = opendir("/proc/self/task");
    ck_assert_ptr_nonnull(tasks);
    int count = 0;
    for (struct dirent *entry; (entry = readdir(tasks)) != NULL;) {
        char path[300], name[32] = "";
        if (entry->d_name[0] == '.')
            continue;
        count++;
        snprintf(path, sizeof path, "/proc/self/task/%s/comm", entry->d_name);
        FILE *file = fopen(path, "re");
        if (file == NULL)
            continue; /* it has just ended */
        if (wanted != NULL && fgets(name, sizeof name, file) != NULL && strncmp(name, wanted, strlen(wanted)) == 0
            && name[strlen(wanted)] == '\n')
            *found = true;
        fclose(file);
    }
    closedir(tasks);
    return count;
}

int thread_count(void)
{
    return walk_threads(NULL, NULL);
}

bool has_thread(const char *name)
{
    bool found = false;
    walk_threads(name, &found);
    return found;
}

void sleep_ms(int64_t for_ms)
{
    struct timespec pause = {.tv_sec = for_ms / 1000, .tv_nsec = for_ms % 1000 * 1000000};
    nanosleep(&pause, NULL);
}

void add_tests(Suite *suite, const char *name, void (*set_up)(void), void (*tear_down)(void), const TTest *const *tests)
{
    TCase *tcase = tcase_create(name);
    tcase_set_timeout(tcase, CASE_SECONDS);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    for (; *tests != NULL; tests++)
        tcase_add_test(tcase, *tests);
    suite_add_tcase(suite, tcase);
}

int run_suite(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
