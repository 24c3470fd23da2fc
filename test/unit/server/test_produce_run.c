/*
 * Produce requests that arrive together: appended and synced together, answered each, in order, whatever
 * comes behind them.
 */
#include "test/unit/server/client_fixture.h"

#include "protocol/messages/init_producer_id.h"

#include <stdio.h>
#include <sys/socket.h>

static struct broker_fixture fixture;
static struct client client;
static struct buf out;

static void set_up(void)
{
    fixture_open(&fixture, NULL);
    connect_client(&client, fixture.port);
    create_topic(&client, "run", 4);
    out = (struct buf){0};
}

static void tear_down(void)
{
    expect_alive(&fixture);
    client_close(&client);
    buf_fini(&out);
    fixture_close(&fixture);
}

static void expect_produced(int32_t correlation_id, int64_t base_offset)
{
    struct produced produced = read_produced(&client, correlation_id);
    ck_assert_int_eq(produced.error_code, KERR_NONE);
    ck_assert_int_eq(produced.base_offset, base_offset);
}

static void expect_error(int32_t correlation_id, enum kerr error)
{
    struct produced produced = read_produced(&client, correlation_id);
    ck_assert_int_eq(produced.error_code, error);
    ck_assert_int_eq(produced.base_offset, -1);
}

/* Everything that partition 0 holds comes back. */
static void expect_end(int32_t partition, int64_t end_offset)
{
    struct fetch_wish wish = {.topic = "run", .partitions = 4, .session_epoch = -1};
    wish.offsets[partition] = end_offset;
    struct fetched fetched = fetch(&client, &wish);
    ck_assert_int_eq(fetched.first_error_code, KERR_NONE);
    ck_assert_int_eq(produce(&client, "run", partition, 1), end_offset);
}

static const int run_sizes[] = {1, 15, 16, 17, 40, 100};

START_TEST(pipelined_requests_for_one_partition_are_answered_in_order)
{
    int count = run_sizes[_i];
    for (int i = 0; i < count; i++)
        append_produce(&out, 100 + i,
                       &(struct produce_wish){.topic = "run", .acks = -1, .records = 3, .value_len = 50});
    send_all(&client, &out);
    for (int i = 0; i < count; i++)
        expect_produced(100 + i, 3 * i);
    expect_end(0, 3 * count);
}
END_TEST

START_TEST(pipelined_requests_for_many_partitions_are_answered_in_order)
{
    int count = run_sizes[_i];
    for (int i = 0; i < count; i++)
        append_produce(&out, 100 + i, &(struct produce_wish){.topic = "run", .partition = i % 4, .acks = -1});
    send_all(&client, &out);
    for (int i = 0; i < count; i++)
        expect_produced(100 + i, i / 4);
}
END_TEST

START_TEST(acks_may_be_mixed)
{
    static const int16_t acks[] = {-1, 0, 1, 0, 0, 1, -1, -1};
    for (int i = 0; i < 40; i++)
        append_produce(&out, 100 + i, &(struct produce_wish){.topic = "run", .acks = acks[i % 8]});
    send_all(&client, &out);
    for (int i = 0; i < 40; i++)
        if (acks[i % 8] != 0)
            expect_produced(100 + i, i);
    expect_end(0, 40);
}
END_TEST

START_TEST(a_frame_that_comes_in_pieces_ends_the_run_and_not_the_connection)
{
    for (int i = 0; i < 5; i++)
        append_produce(&out, 100 + i, &(struct produce_wish){.topic = "run", .acks = -1, .value_len = 300});
    for (size_t at = 0; at < out.len; at += 97) {
        struct slice piece = slice_of(out.data + at, out.len - at < 97 ? out.len - at : 97);
        ck_assert_int_eq(client_send(&client, piece, PATIENCE_MS), NET_OK);
        if (at % 5 == 0)
            sleep_ms(2);
    }
    for (int i = 0; i < 5; i++)
        expect_produced(100 + i, i);
}
END_TEST

START_TEST(large_requests_follow_one_another)
{
    for (int i = 0; i < 24; i++)
        append_produce(&out, 100 + i,
                       &(struct produce_wish){.topic = "run", .acks = -1, .value_len = 300 * 1000});
    send_all(&client, &out);
    for (int i = 0; i < 24; i++)
        expect_produced(100 + i, i);
}
END_TEST

START_TEST(other_requests_among_them_keep_their_place)
{
    for (int i = 0; i < 30; i++) {
        if (i % 3 == 2)
            append_api_versions(&out, 100 + i);
        else
            append_produce(&out, 100 + i, &(struct produce_wish){.topic = "run", .acks = 1});
    }
    send_all(&client, &out);
    for (int i = 0; i < 30; i++) {
        if (i % 3 == 2)
            expect_api_versions(&client, 100 + i);
        else
            expect_produced(100 + i, i - i / 3);
    }
}
END_TEST

START_TEST(a_fetch_behind_them_sees_them)
{
    for (int i = 0; i < 20; i++)
        append_produce(&out, 100 + i, &(struct produce_wish){.topic = "run", .acks = -1, .value_len = 100});
    append_fetch(&out, 500, &(struct fetch_wish){.topic = "run", .partitions = 1, .session_epoch = -1});
    send_all(&client, &out);
    for (int i = 0; i < 20; i++)
        expect_produced(100 + i, i);
    ck_assert_uint_gt(read_fetched(&client, 500).bytes, 20 * 100);
}
END_TEST

START_TEST(one_that_is_refused_leaves_the_others_alone)
{
    append_produce(&out, 1, &(struct produce_wish){.topic = "run", .acks = -1});
    append_produce(&out, 2, &(struct produce_wish){.topic = "unknown", .acks = -1});
    append_produce(&out, 3, &(struct produce_wish){.topic = "run", .partition = 4, .acks = -1});
    append_produce(&out, 4, &(struct produce_wish){.topic = "run", .acks = 2});
    append_produce(&out, 5, &(struct produce_wish){.topic = "run", .acks = -1});
    send_all(&client, &out);
    expect_produced(1, 0);
    expect_error(2, KERR_UNKNOWN_TOPIC_OR_PARTITION);
    expect_error(3, KERR_UNKNOWN_TOPIC_OR_PARTITION);
    expect_error(4, KERR_INVALID_REQUIRED_ACKS);
    expect_produced(5, 1);
}
END_TEST

/* ---- what ends the connection ---- */

/* Three good requests and something behind them: three answers, then the end. */
static void expect_three_then_end(struct slice behind)
{
    for (int i = 0; i < 3; i++)
        append_produce(&out, 100 + i, &(struct produce_wish){.topic = "run", .acks = -1});
    buf_append_slice(&out, behind);
    send_all(&client, &out);
    for (int i = 0; i < 3; i++)
        expect_produced(100 + i, i);
    expect_closed(&client);
    client_close(&client);
    connect_client(&client, fixture.port);
    expect_end(0, 3);
}

static const struct slice bad_frames[] = {
    {(const uint8_t *)"\0\0\0\0", 4},                            /* nothing in it */
    {(const uint8_t *)"\0\0\0\x01\0", 5},                        /* half a key */
    {(const uint8_t *)"\0\0\0\x0a\0\0\0\x09\0\0\0\x01\0\0", 14}, /* a Produce v9 that ends in its header */
    {(const uint8_t *)"\0\0\0\x0a\0\0\0\x0e\0\0\0\x01\xff\xff", 14}, /* a Produce of a version to come */
    {(const uint8_t *)"\0\0\0\x0a\0\0\0\x02\0\0\0\x01\xff\xff", 14}, /* of a version that has gone */
    {(const uint8_t *)"\0\0\0\x0a\0\x5d\0\0\0\0\0\x01\xff\xff", 14}, /* an unknown API */
    {(const uint8_t *)"\xff\xff\xff\xff\0\0\0\x09", 8},              /* a negative length */
    {(const uint8_t *)"\x7f\xff\xff\xff\0\0\0\x09", 8},              /* a huge one */
};

START_TEST(a_bad_frame_behind_three_good_ones_ends_the_connection_after_three_answers)
{
    expect_three_then_end(bad_frames[_i]);
}
END_TEST

START_TEST(an_error_that_acks_0_cannot_tell_ends_the_connection_after_the_answers_before_it)
{
    struct buf behind = {0};
    append_produce(&behind, 1, &(struct produce_wish){.topic = "unknown", .acks = 0});
    append_produce(&behind, 2, &(struct produce_wish){.topic = "run", .partition = 1, .acks = -1});
    expect_three_then_end(buf_slice(&behind));
    buf_fini(&behind);
}
END_TEST

START_TEST(a_half_closed_client_gets_its_answers)
{
    for (int i = 0; i < 40; i++)
        append_produce(&out, 100 + i, &(struct produce_wish){.topic = "run", .acks = -1, .value_len = 1000});
    append_api_versions(&out, 200);
    append_fetch(&out, 201, &(struct fetch_wish){.topic = "run", .partitions = 1, .session_epoch = -1});
    send_all(&client, &out);
    ck_assert_int_eq(shutdown(client.fd, SHUT_WR), 0);
    for (int i = 0; i < 40; i++)
        expect_produced(100 + i, i);
    expect_api_versions(&client, 200);
    ck_assert_uint_gt(read_fetched(&client, 201).bytes, 40 * 1000);
    expect_closed(&client);
}
END_TEST

START_TEST(a_client_that_goes_before_its_answers_has_produced_all_the_same)
{
    for (int i = 0; i < 20; i++)
        append_produce(&out, 100 + i, &(struct produce_wish){.topic = "run", .acks = 0});
    send_all(&client, &out);
    client_close(&client);
    expect_connections(&fixture, 0);
    connect_client(&client, fixture.port);
    expect_end(0, 20);
}
END_TEST

/* ---- idempotent producers ---- */

static int64_t new_producer_id(void)
{
    struct arena arena;
    struct init_producer_id_request request;
    arena_init(&arena, SIZE_MAX);
    schema_set_defaults(init_producer_id_request_schema(), &request);
    request.transactional_id = SLICE_NULL;
    const struct init_producer_id_response *response =
        ask(&client, &arena, KEY_INIT_PRODUCER_ID, 4, &request);
    ck_assert_int_eq(response->error_code, KERR_NONE);
    int64_t id = response->producer_id;
    arena_fini(&arena);
    return id;
}

START_TEST(a_duplicate_in_one_run_gets_the_offset_of_its_original)
{
    struct produce_wish wish = {
        .topic = "run", .acks = -1, .idempotent = true, .producer_id = new_producer_id(), .records = 2};
    append_produce(&out, 1, &wish);
    append_produce(&out, 2, &wish);
    wish.base_sequence = 2;
    append_produce(&out, 3, &wish);
    append_produce(&out, 4, &wish);
    wish.base_sequence = 0;
    append_produce(&out, 5, &wish);
    wish.base_sequence = 9;
    append_produce(&out, 6, &wish);
    wish.base_sequence = 4;
    append_produce(&out, 7, &wish);
    send_all(&client, &out);
    expect_produced(1, 0);
    expect_produced(2, 0);
    expect_produced(3, 2);
    expect_produced(4, 2);
    expect_produced(5, 0);
    expect_error(6, KERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
    expect_produced(7, 4);
    expect_end(0, 6);
}
END_TEST

START_TEST(many_clients_produce_to_one_partition_at_once)
{
    enum { CLIENTS = 8, ROUNDS = 25, EACH = 10 };
    struct client clients[CLIENTS];
    bool seen[CLIENTS * ROUNDS * EACH] = {false};
    for (int i = 0; i < EACH; i++)
        append_produce(&out, i, &(struct produce_wish){.topic = "run", .acks = i % 2 == 0 ? -1 : 1});
    for (int i = 0; i < CLIENTS; i++)
        connect_client(&clients[i], fixture.port);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < CLIENTS; i++)
            send_all(&clients[i], &out);
        for (int i = 0; i < CLIENTS * EACH; i++) {
            struct produced produced = read_produced(&clients[i / EACH], i % EACH);
            ck_assert_int_eq(produced.error_code, KERR_NONE);
            ck_assert_int_lt(produced.base_offset, CLIENTS * ROUNDS * EACH);
            ck_assert(!seen[produced.base_offset]);
            seen[produced.base_offset] = true;
        }
    }
    for (int i = 0; i < CLIENTS; i++)
        client_close(&clients[i]);
    expect_end(0, CLIENTS * ROUNDS * EACH);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("produce_run");
    size_t sizes = sizeof run_sizes / sizeof run_sizes[0];
    add_loop(suite, set_up, tear_down, pipelined_requests_for_one_partition_are_answered_in_order, sizes);
    add_loop(suite, set_up, tear_down, pipelined_requests_for_many_partitions_are_answered_in_order, sizes);
    add_loop(suite, set_up, tear_down,
             a_bad_frame_behind_three_good_ones_ends_the_connection_after_three_answers,
             sizeof bad_frames / sizeof bad_frames[0]);
    add_tests(suite, "order", set_up, tear_down,
              (const TTest *const[]){
                  acks_may_be_mixed, a_frame_that_comes_in_pieces_ends_the_run_and_not_the_connection,
                  large_requests_follow_one_another, other_requests_among_them_keep_their_place,
                  a_fetch_behind_them_sees_them, one_that_is_refused_leaves_the_others_alone,
                  many_clients_produce_to_one_partition_at_once, NULL});
    add_tests(suite, "ends", set_up, tear_down,
              (const TTest *const[]){
                  an_error_that_acks_0_cannot_tell_ends_the_connection_after_the_answers_before_it,
                  a_half_closed_client_gets_its_answers,
                  a_client_that_goes_before_its_answers_has_produced_all_the_same,
                  a_duplicate_in_one_run_gets_the_offset_of_its_original, NULL});
    return run_suite(suite);
}
