/*
 * Hostile requests: each API that is served, with random content, cut anywhere, with a hostile number
 * anywhere, with another one's body. The broker answers or closes, keeps its memory, and serves the next
 * client.
 */
#include "test/unit/server/client_fixture.h"

#include "protocol/base/big_endian.h"
#include "protocol/messages/create_acls.h"
#include "protocol/messages/delete_acls.h"
#include "protocol/messages/describe_acls.h"
#include "protocol/messages/describe_producers.h"
#include "protocol/messages/fetch.h"
#include "protocol/messages/metadata.h"
#include "protocol/messages/produce.h"
#include "server/dispatch.h"

enum {
    SERVED_MAX = 64,
    LITTLE_MEMORY = 24 * 1024 * 1024, /* generous beside what is measured, nothing beside what is claimed */
};

static struct broker_fixture fixture;

static void set_up(void)
{
    fixture_open(
        &fixture,
        (const char *const[]){"auto.create.topics.enable=false",
                              "listeners=PLAINTEXT://127.0.0.1:0,CONTROLLER://127.0.0.1:0",
                              "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
                              "super.users=User:ANONYMOUS", NULL});
    expect_alive(&fixture);
}

static void tear_down(void)
{
    expect_alive(&fixture);
    fixture_close(&fixture);
}

/* ---- helpers ---- */

static uint64_t next_random(void *state)
{
    uint64_t *x = state;
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return *x;
}

enum { KEY_DESCRIBE_ACLS = 29, KEY_CREATE_ACLS = 30, KEY_DELETE_ACLS = 31 };

static void make_known(int8_t *code)
{
    *code = *code == 0 ? 1 : *code;
}

static void tame_acls(int key, void *request)
{
    struct describe_acls_request *describe = request;
    struct create_acls_request *create = request;
    struct delete_acls_request *delete = request;
    if (key == KEY_DESCRIBE_ACLS) {
        make_known(&describe->resource_type_filter);
        make_known(&describe->pattern_type_filter);
        make_known(&describe->operation);
        make_known(&describe->permission_type);
    }
    for (int32_t i = 0; key == KEY_CREATE_ACLS && i < create->creations.count; i++) {
        make_known(&create->creations.items[i].resource_type);
        make_known(&create->creations.items[i].resource_pattern_type);
        make_known(&create->creations.items[i].operation);
        make_known(&create->creations.items[i].permission_type);
    }
    for (int32_t i = 0; key == KEY_DELETE_ACLS && i < delete->filters.count; i++) {
        make_known(&delete->filters.items[i].resource_type_filter);
        make_known(&delete->filters.items[i].pattern_type_filter);
        make_known(&delete->filters.items[i].operation);
        make_known(&delete->filters.items[i].permission_type);
    }
}

/* What must not be left to chance: long waits, acks=0 that is not answered, and codes of ACLs with which
 * Kafka takes a request for a malformed one. */
static void tame(int key, void *request)
{
    tame_acls(key, request);
    if (key == KEY_FETCH)
        ((struct fetch_request *)request)->max_wait_ms = 0;
    if (key == KEY_PRODUCE && ((struct produce_request *)request)->acks == 0)
        ((struct produce_request *)request)->acks = 1;
}

/* A whole frame of a well-formed request with random content. */
static void append_random(struct buf *out, const struct api *api, int version, uint64_t seed)
{
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    void *request = arena_alloc(&arena, api->request->schema()->size);
    message_fill(api->request, version, next_random, &seed, &arena, request);
    tame(api->key, request);
    append_request(out, api->key, version, 1, request);
    arena_fini(&arena);
}

/* Every cut of a body is missing something: no answer. */
START_TEST(a_body_that_is_cut_anywhere_is_refused)
{
    struct served_api apis[SERVED_MAX];
    dispatch_served(LISTENER_OF_BROKER, apis, SERVED_MAX);
    const struct api *api = find_api(apis[_i].key);
    enum { MOST_CUTS = 250 };
    for (int at = 0; at < 3; at++) {
        int versions[] = {api->min_version, (api->min_version + api->max_version) / 2, api->max_version};
        struct buf frame = {0};
        append_random(&frame, api, versions[at], 88172645463325252U + (uint64_t)at);
        size_t step = 1 + frame.len / MOST_CUTS;
        for (size_t len = 8; len < frame.len - 4; len += len < 100 ? 1 : step) {
            struct buf cut = {0};
            append_i32(&cut, (int32_t)len);
            buf_append(&cut, frame.data + 4, len);
            ck_assert_msg(exchange(fixture.port, buf_slice(&cut)) == 0,
                          "%s v%d cut to %zu bytes was answered", api->name, versions[at], len);
            buf_fini(&cut);
        }
        buf_fini(&frame);
        expect_alive(&fixture);
    }
}
END_TEST

/* Right for some, wrong for others, the end of the broker for none. */
START_TEST(a_body_that_is_another_ones_is_survived)
{
    struct served_api apis[SERVED_MAX];
    size_t count = dispatch_served(LISTENER_OF_BROKER, apis, SERVED_MAX);
    for (size_t i = 0; i < count; i++) {
        const struct api *from = find_api(apis[i].key), *to = find_api(apis[(i + 1) % count].key);
        for (int version = to->min_version; version <= to->max_version; version++) {
            struct buf frame = {0};
            append_random(&frame, from, from->max_version, 1 + (uint64_t)version);
            store_i16(frame.data + 4, to->key);
            store_i16(frame.data + 6, (int16_t)version);
            exchange(fixture.port, buf_slice(&frame));
            buf_fini(&frame);
        }
    }
}
END_TEST

/* One place of a good frame is overwritten with what lengths and counts must not be. */
START_TEST(a_hostile_number_anywhere_is_survived)
{
    static const struct slice numbers[] = {{(const uint8_t *)"\x7f\xff\xff\xff", 4},
                                           {(const uint8_t *)"\xff\xff\xff\xff\x0f", 5},
                                           {(const uint8_t *)"\xff\xff\xff\xff\xff\x01", 6},
                                           {(const uint8_t *)"\x80\0\0\0", 4}};
    struct served_api apis[SERVED_MAX];
    dispatch_served(LISTENER_OF_BROKER, apis, SERVED_MAX);
    const struct api *api = find_api(apis[_i].key);
    enum { MOST_PLACES = 60 };
    size_t before = resident_bytes();
    for (size_t n = 0; n < sizeof numbers / sizeof numbers[0]; n++) {
        struct buf frame = {0};
        append_random(&frame, api, n % 2 == 0 ? api->min_version : api->max_version, 7 + n);
        size_t step = 1 + frame.len / MOST_PLACES;
        for (size_t at = 4; at + numbers[n].len <= frame.len; at += step) {
            struct buf bad = {0};
            buf_append_slice(&bad, buf_slice(&frame));
            memcpy(bad.data + at, numbers[n].data, numbers[n].len);
            exchange(fixture.port, buf_slice(&bad));
            buf_fini(&bad);
        }
        buf_fini(&frame);
        expect_alive(&fixture);
    }
    ck_assert(IS_SANITIZED || resident_bytes() < before + LITTLE_MEMORY);
}
END_TEST

static void expect_answers(const struct api *api, uint16_t port)
{
    struct client client;
    connect_client(&client, port);
    for (int version = api->min_version; version <= api->max_version; version++) {
        for (uint64_t seed = 1; seed <= 12; seed++) {
            struct arena arena;
            struct buf frame = {0};
            arena_init(&arena, SIZE_MAX);
            append_random(&frame, api, version, seed * 0x9e3779b97f4a7c15U);
            send_all(&client, &frame);
            read_answer(&client, &arena, api->key, version, 1);
            buf_fini(&frame);
            arena_fini(&arena);
        }
    }
    client_close(&client);
}

START_TEST(every_well_formed_request_is_answered)
{
    struct served_api apis[SERVED_MAX];
    dispatch_served(LISTENER_OF_BROKER, apis, SERVED_MAX);
    expect_answers(find_api(apis[_i].key), fixture.port);
}
END_TEST

/* Where the same requests may mean something else. */
START_TEST(every_well_formed_request_is_answered_by_the_controller)
{
    struct served_api apis[SERVED_MAX];
    size_t count = dispatch_served(LISTENER_OF_CONTROLLER, apis, SERVED_MAX);
    for (size_t i = 0; i < count; i++)
        expect_answers(find_api(apis[i].key), listener_port(fixture.broker->listeners[1]));
}
END_TEST

START_TEST(random_bytes_are_survived)
{
    uint64_t seed = 4711;
    for (int i = 0; i < 400; i++) {
        struct buf bytes = {0};
        size_t len = next_random(&seed) % 300;
        if (i % 2 == 0)
            append_i32(&bytes, (int32_t)len);
        for (size_t j = 0; j < len; j++)
            buf_append_char(&bytes, (char)next_random(&seed));
        if (i % 4 == 0 && len > 4)
            store_i16(bytes.data + 4, (int16_t)(next_random(&seed) % 80)); /* a key that may be served */
        if (i % 4 == 0 && len > 6)
            store_i16(bytes.data + 6, (int16_t)(next_random(&seed) % 14));
        exchange(fixture.port, buf_slice(&bytes));
        buf_fini(&bytes);
    }
}
END_TEST

START_TEST(a_request_that_names_a_great_many_things_is_answered)
{
    struct client client;
    struct arena arena;
    struct buf frame = {0};
    struct metadata_request request;
    enum { NAMES = 100 * 1000 };
    arena_init(&arena, SIZE_MAX);
    schema_set_defaults(metadata_request_schema(), &request);
    array_init(&request.topics, metadata_topic, &arena, NAMES);
    for (int32_t i = 0; i < NAMES; i++)
        request.topics.items[i].name = arena_printf(&arena, "t%d", i);
    request.allow_auto_topic_creation = true; /* the broker does not */
    connect_client(&client, fixture.port);
    const struct metadata_response *response = ask(&client, &arena, KEY_METADATA, 9, &request);
    ck_assert_int_eq(response->topics.count, NAMES);
    ck_assert_int_eq(response->topics.items[NAMES - 1].error_code, KERR_UNKNOWN_TOPIC_OR_PARTITION);
    client_close(&client);
    arena_fini(&arena);
    buf_fini(&frame);
}
END_TEST

static void make_producers(struct client *client, int32_t count)
{
    struct buf out = {0};
    for (int32_t i = 0; i < count; i++)
        append_produce(&out, i,
                       &(struct produce_wish){.topic = "t", .acks = 1, .idempotent = true, .producer_id = i});
    send_all(client, &out);
    for (int32_t i = 0; i < count; i++)
        ck_assert_int_eq(read_produced(client, i).error_code, KERR_NONE);
    buf_fini(&out);
}

START_TEST(a_partition_of_many_producers_that_is_named_again_and_again_fills_no_memory)
{
    enum { PRODUCERS = 400, NAMED = 20 * 1000, KEY_DESCRIBE_PRODUCERS = 61 };
    static int32_t indexes[NAMED];
    struct client client;
    struct arena arena;
    struct buf out = {0};
    struct describe_producers_topic topic = {.name = SLICE("t"), .partition_indexes = {indexes, 10}};
    struct describe_producers_request request = {.topics = {&topic, 1}};
    arena_init(&arena, SIZE_MAX);
    connect_client(&client, fixture.port);
    create_topic(&client, "t", 1);
    make_producers(&client, PRODUCERS);
    const struct describe_producers_response *response =
        ask(&client, &arena, KEY_DESCRIBE_PRODUCERS, 0, &request);
    ck_assert_int_eq(response->topics.items[0].partitions.items[9].active_producers.count, PRODUCERS);
    topic.partition_indexes.count = NAMED;
    append_request(&out, KEY_DESCRIBE_PRODUCERS, 0, 1, &request);
    send_all(&client, &out);
    expect_closed(&client);
    client_close(&client);
    arena_fini(&arena);
    buf_fini(&out);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hostile_requests");
    struct served_api apis[SERVED_MAX];
    size_t count = dispatch_served(LISTENER_OF_BROKER, apis, SERVED_MAX);
    add_loop(suite, set_up, tear_down, a_body_that_is_cut_anywhere_is_refused, count);
    add_loop(suite, set_up, tear_down, a_hostile_number_anywhere_is_survived, count);
    add_loop(suite, set_up, tear_down, every_well_formed_request_is_answered, count);
    add_tests(suite, "requests", set_up, tear_down,
              (const TTest *const[]){
                  every_well_formed_request_is_answered_by_the_controller,
                  a_body_that_is_another_ones_is_survived, random_bytes_are_survived,
                  a_request_that_names_a_great_many_things_is_answered,
                  a_partition_of_many_producers_that_is_named_again_and_again_fills_no_memory, NULL});
    return run_suite(suite);
}
