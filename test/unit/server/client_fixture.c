/* See client_fixture.h. */
#include "test/unit/server/client_fixture.h"

#include "protocol/base/big_endian.h"
#include "protocol/batch_build.h"
#include "protocol/messages/api_versions.h"
#include "protocol/messages/create_topics.h"
#include "protocol/messages/fetch.h"
#include "protocol/messages/produce.h"

#include <stdlib.h>
#include <sys/socket.h>

/* ---- clients ---- */

void connect_client(struct client *client, uint16_t port)
{
    struct note why = {""};
    ck_assert_msg(client_open(client, "127.0.0.1", port, PATIENCE_MS, &why), "%s", why.text);
}

int loopback_socket(uint16_t port, struct sockaddr_in *address)
{
    *address = (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    return fd;
}

void send_anyway(struct client *client, struct slice bytes)
{
    (void)client_send(client, bytes, PATIENCE_MS);
}

void send_all(struct client *client, const struct buf *bytes)
{
    ck_assert_int_eq(client_send(client, buf_slice(bytes), PATIENCE_MS), NET_OK);
}

size_t exchange(uint16_t port, struct slice bytes)
{
    struct client client;
    uint8_t sink[4096];
    size_t total = 0;
    connect_client(&client, port);
    send_anyway(&client, bytes);
    shutdown(client.fd, SHUT_WR);
    net_set_read_timeout(client.fd, PATIENCE_MS);
    enum net_result result;
    for (size_t got = 0; (result = net_read(client.fd, sink, sizeof sink, &got)) == NET_OK;)
        total += got;
    ck_assert_msg(result == NET_CLOSED, "the broker keeps the connection");
    client_close(&client);
    return total;
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

void append_i32(struct buf *out, int32_t value)
{
    uint8_t bytes[4];
    store_i32(bytes, value);
    buf_append(out, bytes, sizeof bytes);
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
    const struct api_versions_response *response =
        read_answer(client, &arena, KEY_API_VERSIONS, 0, correlation_id);
    ck_assert_int_eq(response->error_code, KERR_NONE);
    ck_assert_int_gt(response->api_keys.count, 10);
    arena_fini(&arena);
}

bool is_answered(struct client *client)
{
    struct note why = {""};
    struct slice frame;
    struct buf request = {0};
    append_api_versions(&request, 3);
    send_anyway(client, buf_slice(&request));
    buf_fini(&request);
    enum net_result result = client_receive(client, PATIENCE_MS, &frame, &why);
    ck_assert_msg(result != NET_TIMED_OUT, "neither answered nor closed");
    return result == NET_OK;
}

void expect_answer(struct client *client)
{
    struct buf request = {0};
    append_api_versions(&request, 3);
    send_all(client, &request);
    expect_api_versions(client, 3);
    buf_fini(&request);
}

void connect_and_expect_answer(struct client *client, uint16_t port)
{
    connect_client(client, port);
    expect_answer(client);
}

void expect_welcome_soon(struct client *client, uint16_t port)
{
    int64_t deadline_ms = clock_monotonic_ms() + PATIENCE_MS;
    for (connect_client(client, port); !is_answered(client); connect_client(client, port)) {
        ck_assert_int_lt(clock_monotonic_ms(), deadline_ms);
        client_close(client);
        sleep_ms(20);
    }
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
    if (wish->idempotent) {
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
    struct produce_partition partition = {.index = wish->partition,
                                          .records = {.bytes = batch_builder_finish(&builder)}};
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
    const struct produce_response *response =
        read_answer(client, &arena, KEY_PRODUCE, PRODUCE_VERSION, correlation_id);
    ck_assert_int_eq(response->responses.count, 1);
    ck_assert_int_eq(response->responses.items[0].partition_responses.count, 1);
    const struct produce_response_partition *partition =
        &response->responses.items[0].partition_responses.items[0];
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
        partition->partition = wish->first_partition + i;
        partition->fetch_offset = i < FETCH_OFFSETS ? wish->offsets[i] : 0;
        partition->partition_max_bytes = 1024 * 1024;
    }
    append_request(out, KEY_FETCH, FETCH_VERSION, correlation_id, &request);
    arena_fini(&arena);
}

struct fetched read_fetched(struct client *client, int32_t correlation_id)
{
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    const struct fetch_response *response =
        read_answer(client, &arena, KEY_FETCH, FETCH_VERSION, correlation_id);
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
