/*
 * Hostile frames, headers and fields: whatever bytes come, the broker answers what is right, closes what is
 * not, keeps its memory, and serves the next client. Whole requests are test_hostile_requests.c's.
 */
#include "test/unit/server/client_fixture.h"

#include "protocol/base/big_endian.h"
#include "protocol/messages/api_versions.h"
#include "protocol/messages/metadata.h"
#include "server/dispatch.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    SERVED_MAX = 64,
    MAX_FRAME_BYTES = 1000 * 1000,
    LITTLE_MEMORY = 24 * 1024 * 1024, /* generous beside what is measured, nothing beside what is claimed */
};

static struct broker_fixture fixture;

static void set_up(void)
{
    fixture_open(&fixture, (const char *const[]){"socket.request.max.bytes=1000000",
                                                 "auto.create.topics.enable=false", NULL});
    expect_alive(&fixture);
}

static void tear_down(void)
{
    expect_alive(&fixture);
    fixture_close(&fixture);
}

/* ---- helpers ---- */

/* The broker closes at once, without waiting for us to. */
static void expect_refused(struct slice bytes)
{
    struct client client;
    connect_client(&client, fixture.port);
    send_anyway(&client, bytes);
    expect_closed(&client);
    client_close(&client);
}

/* A frame with this header (v1, or v2 with no tagged fields) and body. */
static void append_raw(struct buf *out, int key, int version, int header_version, struct slice body)
{
    struct request_header header = {.request_api_key = (int16_t)key,
                                    .request_api_version = (int16_t)version,
                                    .correlation_id = 1,
                                    .client_id = SLICE("x")};
    client_append_frame(out, &header, header_version, body);
}

static void expect_body_refused(int key, int version, int header_version, struct slice body)
{
    struct buf frame = {0};
    append_raw(&frame, key, version, header_version, body);
    expect_refused(buf_slice(&frame));
    buf_fini(&frame);
}

/* ---- frames ---- */

static const int32_t bad_lengths[] = {
    -1, INT32_MIN, INT32_MAX, MAX_FRAME_BYTES + 1, 0x16030100 /* TLS */, 0x47455420 /* GET */};

START_TEST(a_length_that_no_frame_has_is_refused)
{
    struct buf bytes = {0};
    append_i32(&bytes, bad_lengths[_i]);
    expect_refused(buf_slice(&bytes));
    buf_append_str(&bytes, "and a few bytes of it");
    expect_refused(buf_slice(&bytes));
    buf_fini(&bytes);
}
END_TEST

START_TEST(a_frame_too_short_for_a_header_is_refused)
{
    struct buf good = {0};
    append_api_versions(&good, 1);
    for (int32_t len = 0; len < 8; len++) {
        struct buf bytes = {0};
        append_i32(&bytes, len);
        buf_append(&bytes, good.data + 4, (size_t)len);
        expect_refused(buf_slice(&bytes));
        buf_fini(&bytes);
    }
    buf_fini(&good);
}
END_TEST

START_TEST(the_largest_frame_that_is_allowed_is_read)
{
    struct client client;
    struct buf frame = {0};
    append_api_versions(&frame, 1);
    while (frame.len < MAX_FRAME_BYTES + 4)
        buf_append_char(&frame, 0); /* bytes behind the message are not looked at */
    store_i32(frame.data, MAX_FRAME_BYTES);
    connect_client(&client, fixture.port);
    send_all(&client, &frame);
    expect_api_versions(&client, 1);
    client_close(&client);
    store_i32(frame.data, MAX_FRAME_BYTES + 1);
    buf_append_char(&frame, 0);
    expect_refused(buf_slice(&frame));
    buf_fini(&frame);
}
END_TEST

/* Both in one read: the second one's length must be looked at too. */
START_TEST(a_frame_over_the_limit_behind_a_good_one_is_refused)
{
    struct broker_fixture small;
    struct client client;
    struct buf bytes = {0};
    fixture_open(&small, (const char *const[]){"socket.request.max.bytes=500", NULL});
    connect_client(&client, small.port);
    create_topic(&client, "t", 1);
    append_produce(&bytes, 1, &(struct produce_wish){.topic = "t", .acks = 1, .value_len = 100});
    append_produce(&bytes, 2, &(struct produce_wish){.topic = "t", .acks = 1, .value_len = 600});
    send_all(&client, &bytes);
    ck_assert_int_eq(read_produced(&client, 1).error_code, KERR_NONE);
    expect_closed(&client);
    client_close(&client);
    buf_fini(&bytes);
    fixture_close(&small);
}
END_TEST

START_TEST(half_a_frame_and_the_end_is_no_request)
{
    struct buf frame = {0};
    append_api_versions(&frame, 1);
    for (size_t len = 0; len < frame.len; len++)
        ck_assert_uint_eq(exchange(fixture.port, slice_of(frame.data, len)), 0);
    ck_assert_uint_gt(exchange(fixture.port, buf_slice(&frame)), 50);
    buf_fini(&frame);
}
END_TEST

START_TEST(half_a_frame_and_silence_is_cut_off)
{
    struct broker_fixture impatient;
    struct client clients[3];
    struct buf frame = {0};
    fixture_open(&impatient, (const char *const[]){"connections.max.idle.ms=1500", NULL});
    append_api_versions(&frame, 1);
    for (size_t i = 0; i < 3; i++) {
        connect_client(&clients[i], impatient.port);
        send_anyway(&clients[i], slice_of(frame.data, (const size_t[]){1, 4, frame.len - 1}[i]));
    }
    expect_alive(&impatient);
    for (size_t i = 0; i < 3; i++) {
        expect_closed(&clients[i]);
        client_close(&clients[i]);
    }
    buf_fini(&frame);
    fixture_close(&impatient);
}
END_TEST

START_TEST(a_frame_that_drips_in_is_cut_off)
{
    struct broker_fixture impatient;
    struct client client;
    struct buf frame = {0};
    fixture_open(&impatient, (const char *const[]){"connections.max.idle.ms=1500", NULL});
    append_i32(&frame, 1000 * 1000);
    connect_client(&client, impatient.port);
    send_all(&client, &frame);
    int64_t deadline_ms = clock_monotonic_ms() + PATIENCE_MS;
    while (client_send(&client, SLICE("x"), PATIENCE_MS) == NET_OK) {
        ck_assert_int_lt(clock_monotonic_ms(), deadline_ms);
        sleep_ms(50);
    }
    client_close(&client);
    expect_connections(&impatient, 0);
    buf_fini(&frame);
    fixture_close(&impatient);
}
END_TEST

/* ---- memory ---- */

static void expect_little_memory(size_t before)
{
    int64_t deadline_ms = clock_monotonic_ms() + PATIENCE_MS;
    if (IS_SANITIZED)
        return;
    while (resident_bytes() >= before + LITTLE_MEMORY && clock_monotonic_ms() < deadline_ms)
        sleep_ms(10); /* a thread may still be about to give something back */
    size_t now = resident_bytes();
    ck_assert_msg(now < before + LITTLE_MEMORY, "%zu MB more", (now - before) >> 20);
}

START_TEST(a_promise_of_100_mb_costs_what_has_arrived)
{
    enum { CLIENTS = 40 };
    struct broker_fixture large;
    struct client clients[CLIENTS];
    struct buf bytes = {0};
    fixture_open(&large, NULL);
    expect_alive(&large);
    append_i32(&bytes, 100 * 1000 * 1000);
    while (bytes.len < 150 * 1024) /* beyond the buffer of a busy connection */
        buf_append_char(&bytes, 0);
    size_t before = resident_bytes(), space_before = address_space();
    for (int i = 0; i < CLIENTS; i++) {
        connect_client(&clients[i], large.port);
        send_all(&clients[i], &bytes);
    }
    expect_silence(&clients[0], 500);
    expect_alive(&large);
    expect_little_memory(before);
    ck_assert(IS_SANITIZED || address_space() < space_before + ((size_t)1 << 30)); /* 4 GB are promised */
    for (int i = 0; i < CLIENTS; i++)
        client_close(&clients[i]);
    expect_connections(&large, 0);
    buf_fini(&bytes);
    fixture_close(&large);
}
END_TEST

/* A count that the frame could not hold, in the old encoding and in the compact one. */
START_TEST(an_array_count_of_2_31_minus_1_is_refused_before_memory_is_taken)
{
    size_t before = resident_bytes();
    for (int i = 0; i < 50; i++) {
        expect_body_refused(KEY_METADATA, 0, 1, SLICE("\x7f\xff\xff\xff"));
        expect_body_refused(KEY_METADATA, 0, 1, SLICE("\x7f\xff\xff\xff\0\x01t\0\x01u"));
        expect_body_refused(KEY_METADATA, 9, 2, SLICE("\xff\xff\xff\xff\x07\x02t\0"));
        expect_body_refused(KEY_METADATA, 9, 2, SLICE("\x80\x80\x80\x80\x08\x02t\0"));
        expect_body_refused(KEY_PRODUCE, 3, 1, SLICE("\xff\xff\xff\xff\0\0\0\0\x7f\xff\xff\xff"));
        expect_body_refused(KEY_PRODUCE, 3, 1,
                            SLICE("\xff\xff\xff\xff\0\0\0\0\0\0\0\1\0\x01t\x7f\xff\xff\xff"));
        expect_body_refused(KEY_DELETE_TOPICS, 1, 1, SLICE("\x7f\xff\xff\xff\0\0\0\0"));
    }
    expect_little_memory(before);
}
END_TEST

START_TEST(a_count_in_each_nested_array_is_bounded_by_the_frame)
{
    size_t before = resident_bytes();
    struct buf body = {0};
    buf_append(&body, "\xff\xff\xff\xff\0\0\0\0\0\0\0\0\0\0\1\0\0", 17); /* Fetch v4, up to its topics */
    append_i32(&body, 20000);
    for (int i = 0; i < 20000; i++)
        buf_append(&body, "\0\1t\0\x01\x00\x00", 7); /* each promises 65536 partitions */
    expect_body_refused(KEY_FETCH, 4, 1, buf_slice(&body));
    expect_little_memory(before);
    buf_fini(&body);
}
END_TEST

START_TEST(a_large_buffer_is_given_back)
{
    struct broker_fixture large;
    struct client client;
    struct buf frame = {0};
    enum { FRAME_BYTES = 60 * 1000 * 1000 };
    fixture_open(&large, NULL);
    expect_alive(&large);
    append_api_versions(&frame, 1);
    uint8_t *rest = buf_reserve(&frame, FRAME_BYTES);
    memset(rest, 0, FRAME_BYTES);
    frame.len += FRAME_BYTES;
    store_i32(frame.data, (int32_t)frame.len - 4);
    size_t before = resident_bytes();
    connect_client(&client, large.port);
    send_all(&client, &frame);
    expect_api_versions(&client, 1);
    frame.len = 0;
    append_api_versions(&frame, 2);
    for (int i = 0; i < 10;
         i++) { /* without a pause: it is not the idle connection's trimming that is tested */
        send_all(&client, &frame);
        expect_api_versions(&client, 2);
    }
    size_t after = resident_bytes();
    ck_assert_msg(IS_SANITIZED || after < before + LITTLE_MEMORY, "%zu MB more", (after - before) >> 20);
    client_close(&client);
    buf_fini(&frame);
    fixture_close(&large);
}
END_TEST

/* ---- numbers and tags ---- */

START_TEST(a_number_of_six_bytes_is_refused)
{
    expect_body_refused(KEY_METADATA, 9, 2, SLICE("\xff\xff\xff\xff\xff\x01\x02t\0\0\0\0\0\0\0\0\0"));
    expect_body_refused(KEY_METADATA, 9, 2, SLICE("\x80\x80\x80\x80\x80\x00\0\0\0\0"));
    expect_body_refused(KEY_METADATA, 9, 2, SLICE("\xff"));
    expect_body_refused(KEY_METADATA, 9, 2, SLICE("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"));
}
END_TEST

START_TEST(a_string_longer_than_its_frame_is_refused)
{
    expect_body_refused(KEY_METADATA, 0, 1, SLICE("\0\0\0\1\x7f\xfftopic"));
    expect_body_refused(KEY_METADATA, 0, 1, SLICE("\0\0\0\1\xff\xff")); /* null where null is not allowed */
    expect_body_refused(KEY_METADATA, 9, 2, SLICE("\x02\xff\xff\xff\xff\x07t\0\0\0\0\0"));
    expect_body_refused(KEY_METADATA, 9, 2, SLICE("\x02\x80\x80\x04t\0\0\0\0\0"));
}
END_TEST

START_TEST(unknown_tags_are_skipped)
{
    struct client client;
    struct buf frame = {0};
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    /* no topics, three flags, two tags: 99 of three bytes, 2^32-1 of none */
    append_raw(&frame, KEY_METADATA, 9, 2, SLICE("\x01\0\0\0\x02\x63\x03xyz\xff\xff\xff\xff\x0f\0"));
    connect_client(&client, fixture.port);
    send_all(&client, &frame);
    const struct metadata_response *response = read_answer(&client, &arena, KEY_METADATA, 9, 1);
    ck_assert_int_eq(response->brokers.count, 1);
    client_close(&client);
    arena_fini(&arena);
    buf_fini(&frame);
}
END_TEST

START_TEST(tags_larger_than_their_frame_are_refused)
{
    expect_body_refused(KEY_METADATA, 9, 2, SLICE("\x01\0\0\0\x01\x63\xff\xff\xff\xff\x0f"));
    expect_body_refused(KEY_METADATA, 9, 2, SLICE("\x01\0\0\0\x01\x63\xff\xff\xff\xff\x07xyz"));
    expect_body_refused(KEY_METADATA, 9, 2, SLICE("\x01\0\0\0\xff\xff\xff\xff\x0f"));
    expect_body_refused(KEY_METADATA, 9, 2, SLICE("\x01\0\0\0\xff\xff\xff\xff\x0f\0\0\0\0\0\0"));
    expect_body_refused(KEY_METADATA, 9, 2, SLICE("\x01\0\0\0\x01\x63"));
}
END_TEST

/* ---- keys, versions, headers ---- */

static const int unknown_keys[] = {-1, INT16_MIN, 4, 5, 6, 7, 52, 58, 62, 93, 94, 1000, INT16_MAX};

START_TEST(an_unknown_key_is_refused)
{
    expect_body_refused(unknown_keys[_i], 0, 1, SLICE("\0\0\0\0\0\0\0\0"));
    expect_body_refused(unknown_keys[_i], 99, 1, SLICE(""));
}
END_TEST

START_TEST(an_unknown_version_is_refused)
{
    struct served_api apis[SERVED_MAX];
    size_t count = dispatch_served(LISTENER_OF_BROKER, apis, SERVED_MAX);
    for (size_t i = 0; i < count; i++) {
        const struct api *api = find_api(apis[i].key);
        int versions[] = {-1, INT16_MIN, api->min_version - 1, api->max_version + 1, 127, 128, INT16_MAX};
        if (api->key == KEY_API_VERSIONS)
            continue;
        for (size_t j = 0; j < sizeof versions / sizeof versions[0]; j++)
            expect_body_refused(api->key, versions[j], 1, SLICE("\0\0\0\0\0\0\0\0\0\0\0\0"));
    }
}
END_TEST

static const int unknown_api_versions[] = {5, 99, 127, INT16_MAX, -1, INT16_MIN};

START_TEST(api_versions_of_an_unknown_version_is_told_what_is_known)
{
    struct client client;
    struct buf frame = {0};
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    append_raw(&frame, KEY_API_VERSIONS, unknown_api_versions[_i], 2, SLICE("\x7f whatever it may be"));
    append_api_versions(&frame, 2);
    connect_client(&client, fixture.port);
    send_all(&client, &frame);
    const struct api_versions_response *response = read_answer(&client, &arena, KEY_API_VERSIONS, 0, 1);
    ck_assert_int_eq(response->error_code, KERR_UNSUPPORTED_VERSION);
    ck_assert_int_eq(response->api_keys.count, 1);
    ck_assert_int_eq(response->api_keys.items[0].api_key, KEY_API_VERSIONS);
    ck_assert_int_eq(response->api_keys.items[0].min_version, 0);
    ck_assert_int_eq(response->api_keys.items[0].max_version, 4);
    expect_api_versions(&client, 2);
    client_close(&client);
    arena_fini(&arena);
    buf_fini(&frame);
}
END_TEST

START_TEST(a_header_that_leaves_its_frame_is_refused)
{
    static const struct slice headers[] = {
        {(const uint8_t *)"\0\0\0\x0a\0\x12\0\0\0\0\0\1\x7f\xff", 14},   /* client id of 32767 bytes */
        {(const uint8_t *)"\0\0\0\x0b\0\x12\0\0\0\0\0\1\0\x02x", 15},    /* of two, one is there */
        {(const uint8_t *)"\0\0\0\x09\0\x12\0\0\0\0\0\1\0", 13},         /* half its length */
        {(const uint8_t *)"\0\0\0\x0a\0\x12\0\x03\0\0\0\1\xff\xff", 14}, /* no tagged fields */
        {(const uint8_t *)"\0\0\0\x0f\0\x12\0\x03\0\0\0\1\xff\xff\xff\xff\xff\xff\x0f",
         19}, /* 2^32-1 of them */
        {(const uint8_t *)"\0\0\0\x11\0\x12\0\x03\0\0\0\1\xff\xff\1\1\xff\xff\xff\xff\x0f",
         21}, /* one of 4 GB */
    };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        expect_refused(headers[i]);
}
END_TEST

START_TEST(a_long_client_id_is_no_harm)
{
    struct client client;
    struct buf frame = {0};
    static char name[INT16_MAX];
    memset(name, 0xff, sizeof name);
    struct request_header header = {
        .request_api_key = KEY_API_VERSIONS, .correlation_id = 1, .client_id = slice_of(name, sizeof name)};
    client_append_frame(&frame, &header, 1, SLICE(""));
    connect_client(&client, fixture.port);
    send_all(&client, &frame);
    expect_api_versions(&client, 1);
    client_close(&client);
    buf_fini(&frame);
}
END_TEST

/* ---- behind a good request ---- */

static const struct slice garbage[] = {
    {(const uint8_t *)"\xff\xff\xff\xff", 4},
    {(const uint8_t *)"\0\0\0\2\0\x12", 6},
    {(const uint8_t *)"GET / HTTP/1.1\r\n\r\n", 18},
    {(const uint8_t *)"\0\0\0\0", 4},
    {(const uint8_t *)"\0\0", 2},
};

START_TEST(garbage_behind_a_good_request_does_not_cost_its_answer)
{
    struct client client;
    struct buf bytes = {0};
    append_api_versions(&bytes, 1);
    append_api_versions(&bytes, 2);
    buf_append_slice(&bytes, garbage[_i]);
    connect_client(&client, fixture.port);
    send_all(&client, &bytes);
    shutdown(client.fd, SHUT_WR);
    expect_api_versions(&client, 1);
    expect_api_versions(&client, 2);
    expect_closed(&client);
    client_close(&client);
    buf_fini(&bytes);
}
END_TEST

START_TEST(a_great_many_small_requests_are_answered_in_order)
{
    enum { REQUESTS = 3000 };
    struct client client;
    struct buf bytes = {0};
    for (int32_t i = 0; i < REQUESTS; i++)
        append_api_versions(&bytes, i);
    connect_client(&client, fixture.port);
    /* A receive buffer that takes all the answers: this side sends first and reads afterwards. */
    int large = 8 << 20;
    setsockopt(client.fd, SOL_SOCKET, SO_RCVBUF, &large, sizeof large);
    for (size_t at = 0, piece; at < bytes.len; at += piece) {
        piece = bytes.len - at < 4000 ? bytes.len - at : 4000;
        ck_assert_int_eq(client_send(&client, slice_of(bytes.data + at, piece), PATIENCE_MS), NET_OK);
    }
    for (int32_t i = 0; i < REQUESTS; i++)
        expect_api_versions(&client, i);
    client_close(&client);
    buf_fini(&bytes);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hostile");
    add_tests(suite, "frames", set_up, tear_down,
              (const TTest *const[]){
                  a_frame_too_short_for_a_header_is_refused, the_largest_frame_that_is_allowed_is_read,
                  a_frame_over_the_limit_behind_a_good_one_is_refused, half_a_frame_and_the_end_is_no_request,
                  half_a_frame_and_silence_is_cut_off, a_frame_that_drips_in_is_cut_off,
                  a_promise_of_100_mb_costs_what_has_arrived, a_large_buffer_is_given_back, NULL});
    add_tests(suite, "fields", set_up, tear_down,
              (const TTest *const[]){
                  an_array_count_of_2_31_minus_1_is_refused_before_memory_is_taken,
                  a_count_in_each_nested_array_is_bounded_by_the_frame, a_number_of_six_bytes_is_refused,
                  a_string_longer_than_its_frame_is_refused, unknown_tags_are_skipped,
                  tags_larger_than_their_frame_are_refused, an_unknown_version_is_refused,
                  a_header_that_leaves_its_frame_is_refused, a_long_client_id_is_no_harm, NULL});
    add_tests(suite, "pipelines", set_up, tear_down,
              (const TTest *const[]){a_great_many_small_requests_are_answered_in_order, NULL});
    add_loop(suite, set_up, tear_down, a_length_that_no_frame_has_is_refused,
             sizeof bad_lengths / sizeof bad_lengths[0]);
    add_loop(suite, set_up, tear_down, an_unknown_key_is_refused,
             sizeof unknown_keys / sizeof unknown_keys[0]);
    add_loop(suite, set_up, tear_down, api_versions_of_an_unknown_version_is_told_what_is_known,
             sizeof unknown_api_versions / sizeof unknown_api_versions[0]);
    add_loop(suite, set_up, tear_down, garbage_behind_a_good_request_does_not_cost_its_answer,
             sizeof garbage / sizeof garbage[0]);
    return run_suite(suite);
}
