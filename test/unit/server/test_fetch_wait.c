/*
 * Long polls: a fetch that waits for records is woken by them at once, ends at its deadline, costs nothing
 * meanwhile, and ends with its client.
 */
#include "test/unit/server/client_fixture.h"

#include "protocol/messages/delete_records.h"
#include "protocol/messages/delete_topics.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    LONG_MS = 4 * PATIENCE_MS, /* an answer that waits for this comes too late for the test */
    A_WHILE_MS = 300,
};

static struct broker_fixture fixture;
static struct client consumer, producer;
static struct buf out;

static void set_up(void)
{
    fixture_open(&fixture, NULL);
    connect_client(&consumer, fixture.port);
    connect_client(&producer, fixture.port);
    create_topic(&producer, "wait", 4);
    out = (struct buf){0};
}

static void tear_down(void)
{
    client_close(&consumer);
    client_close(&producer);
    buf_fini(&out);
    fixture_close(&fixture);
}

static void send_fetch(struct client *client, int32_t correlation_id, const struct fetch_wish *wish)
{
    out.len = 0;
    append_fetch(&out, correlation_id, wish);
    send_all(client, &out);
}

/* ---- wakes ---- */

/* The fetch and what it waits for are sent at once, so that the append falls before, into and behind the look
 * at the log. */
START_TEST(no_wake_is_lost)
{
    enum { ROUNDS = 400 };
    struct fetch_wish wish = {.topic = "wait",
                              .partitions = 1,
                              .max_wait_ms = LONG_MS,
                              .min_bytes = 1,
                              .session_epoch = -1,
                              .isolation_level = (int8_t)_i};
    int64_t slowest_ms = 0;
    for (int round = 0; round < ROUNDS; round++) {
        int64_t start_ms = clock_monotonic_ms();
        send_fetch(&consumer, round, &wish);
        for (volatile int spin = 0; spin < round * 50; spin++)
            ;
        ck_assert_int_eq(produce(&producer, "wait", 0, 10), round);
        struct fetched fetched = read_fetched(&consumer, round);
        ck_assert_int_eq(fetched.first_error_code, KERR_NONE);
        ck_assert_uint_gt(fetched.bytes, 0);
        wish.offsets[0]++;
        int64_t took_ms = clock_monotonic_ms() - start_ms;
        slowest_ms = took_ms > slowest_ms ? took_ms : slowest_ms;
    }
    printf("%d rounds, the slowest took %lld ms\n", ROUNDS, (long long)slowest_ms);
}
END_TEST

START_TEST(every_partition_of_a_fetch_can_wake_it)
{
    struct fetch_wish wish = {
        .topic = "wait", .partitions = 4, .max_wait_ms = LONG_MS, .min_bytes = 1, .session_epoch = -1};
    for (int32_t round = 0; round < 40; round++) {
        int32_t partition = round % 4;
        send_fetch(&consumer, round, &wish);
        if (round < 4)
            expect_silence(&consumer, A_WHILE_MS);
        wish.offsets[partition] = produce(&producer, "wait", partition, 10) + 1;
        ck_assert_uint_gt(read_fetched(&consumer, round).bytes, 0);
    }
}
END_TEST

START_TEST(one_append_wakes_everybody)
{
    enum { CONSUMERS = 30 };
    struct client consumers[CONSUMERS];
    struct fetch_wish wish = {
        .topic = "wait", .partitions = 2, .max_wait_ms = LONG_MS, .min_bytes = 1, .session_epoch = -1};
    for (int i = 0; i < CONSUMERS; i++) {
        connect_client(&consumers[i], fixture.port);
        send_fetch(&consumers[i], i, &wish);
    }
    expect_silence(&consumers[0], A_WHILE_MS);
    produce(&producer, "wait", 1, 10);
    for (int i = 0; i < CONSUMERS; i++) {
        ck_assert_uint_gt(read_fetched(&consumers[i], i).bytes, 0);
        client_close(&consumers[i]);
    }
}
END_TEST

START_TEST(min_bytes_are_waited_for)
{
    struct fetch_wish wish = {
        .topic = "wait", .partitions = 2, .max_wait_ms = LONG_MS, .min_bytes = 2000, .session_epoch = -1};
    send_fetch(&consumer, 1, &wish);
    produce(&producer, "wait", 0, 700);
    produce(&producer, "wait", 1, 700);
    expect_silence(&consumer, A_WHILE_MS);
    produce(&producer, "wait", 0, 700);
    ck_assert_uint_ge(read_fetched(&consumer, 1).bytes, 2000);
}
END_TEST

START_TEST(records_that_are_there_are_not_waited_for)
{
    struct fetch_wish wish = {
        .topic = "wait", .partitions = 4, .max_wait_ms = LONG_MS, .min_bytes = 1, .session_epoch = -1};
    produce(&producer, "wait", 2, 10);
    ck_assert_uint_gt(fetch(&consumer, &wish).bytes, 0);
    wish.offsets[2] = 1;
    wish.min_bytes = 0;
    ck_assert_uint_eq(fetch(&consumer, &wish).bytes, 0);
}
END_TEST

START_TEST(a_fetch_behind_a_fetch_waits_its_turn)
{
    struct fetch_wish wish = {
        .topic = "wait", .partitions = 1, .max_wait_ms = LONG_MS, .min_bytes = 1, .session_epoch = -1};
    append_fetch(&out, 1, &wish);
    append_api_versions(&out, 2);
    send_all(&consumer, &out);
    expect_silence(&consumer, A_WHILE_MS);
    produce(&producer, "wait", 0, 10);
    ck_assert_uint_gt(read_fetched(&consumer, 1).bytes, 0);
    expect_api_versions(&consumer, 2);
}
END_TEST

/* ---- ends ---- */

START_TEST(the_deadline_is_kept)
{
    struct fetch_wish wish = {
        .topic = "wait", .partitions = 4, .max_wait_ms = 700, .min_bytes = 1, .session_epoch = -1};
    int64_t start_ms = clock_monotonic_ms();
    struct fetched fetched = fetch(&consumer, &wish);
    ck_assert_int_ge(clock_monotonic_ms() - start_ms, 690);
    ck_assert_int_eq(fetched.partition_count, 4);
    ck_assert_int_eq(fetched.first_error_code, KERR_NONE);
    ck_assert_uint_eq(fetched.bytes, 0);
}
END_TEST

START_TEST(a_deadline_beyond_the_look_for_the_peer_is_kept_too)
{
    struct fetch_wish wish = {
        .topic = "wait", .partitions = 1, .max_wait_ms = 2300, .min_bytes = 1, .session_epoch = -1};
    int64_t start_ms = clock_monotonic_ms();
    ck_assert_uint_eq(fetch(&consumer, &wish).bytes, 0);
    ck_assert_int_ge(clock_monotonic_ms() - start_ms, 2290);
}
END_TEST

/* Where the machine is too busy to produce before the deadline, the next fetch begins behind it. */
START_TEST(what_came_below_min_bytes_is_given_at_the_deadline)
{
    struct fetch_wish wish = {
        .topic = "wait", .partitions = 1, .max_wait_ms = 500, .min_bytes = 100000, .session_epoch = -1};
    struct fetched fetched;
    bool came_in_time;
    do {
        wish.max_wait_ms *= 2;
        int64_t start_ms = clock_monotonic_ms();
        send_fetch(&consumer, 1, &wish);
        wish.offsets[0] = produce(&producer, "wait", 0, 10) + 1;
        came_in_time = clock_monotonic_ms() - start_ms < wish.max_wait_ms;
        fetched = read_fetched(&consumer, 1);
    } while (!came_in_time);
    ck_assert_uint_gt(fetched.bytes, 0);
}
END_TEST

START_TEST(partitions_that_nobody_knows_are_not_waited_for)
{
    struct fetch_wish wish = {
        .topic = "unknown", .partitions = 2, .max_wait_ms = LONG_MS, .min_bytes = 1, .session_epoch = -1};
    struct fetched fetched = fetch(&consumer, &wish);
    ck_assert_int_eq(fetched.partition_count, 2);
    ck_assert_int_eq(fetched.first_error_code, KERR_UNKNOWN_TOPIC_OR_PARTITION);
}
END_TEST

START_TEST(an_error_is_not_waited_for)
{
    struct fetch_wish wish = {
        .topic = "wait", .partitions = 2, .max_wait_ms = LONG_MS, .min_bytes = 1, .session_epoch = -1};
    wish.offsets[0] = 5;
    struct fetched fetched = fetch(&consumer, &wish);
    ck_assert_int_eq(fetched.first_error_code, KERR_OFFSET_OUT_OF_RANGE);
}
END_TEST

static void delete_topic(const char *name)
{
    struct arena arena;
    struct delete_topics_request request;
    struct slice names[] = {slice_str(name)};
    arena_init(&arena, SIZE_MAX);
    schema_set_defaults(delete_topics_request_schema(), &request);
    request.timeout_ms = PATIENCE_MS;
    request.topic_names.items = names;
    request.topic_names.count = 1;
    const struct delete_topics_response *response = ask(&producer, &arena, KEY_DELETE_TOPICS, 5, &request);
    ck_assert_int_eq(response->responses.count, 1);
    ck_assert_int_eq(response->responses.items[0].error_code, KERR_NONE);
    arena_fini(&arena);
}

START_TEST(a_topic_that_is_deleted_ends_the_wait)
{
    struct fetch_wish wish = {
        .topic = "wait", .partitions = 2, .max_wait_ms = LONG_MS, .min_bytes = 1, .session_epoch = -1};
    send_fetch(&consumer, 1, &wish);
    expect_silence(&consumer, A_WHILE_MS);
    delete_topic("wait");
    ck_assert_int_ne(read_fetched(&consumer, 1).first_error_code, KERR_NONE);
}
END_TEST

/* Everything in partition 0 of "wait". */
static void delete_records(void)
{
    struct arena arena;
    struct delete_records_request request;
    struct delete_records_partition all = {.partition_index = 0, .offset = -1};
    struct delete_records_topic topic = {.name = SLICE("wait"), .partitions = {.items = &all, .count = 1}};
    arena_init(&arena, SIZE_MAX);
    schema_set_defaults(delete_records_request_schema(), &request);
    request.topics.items = &topic;
    request.topics.count = 1;
    const struct delete_records_response *response = ask(&producer, &arena, KEY_DELETE_RECORDS, 2, &request);
    ck_assert_int_eq(response->topics.items[0].partitions.items[0].error_code, KERR_NONE);
    arena_fini(&arena);
}

START_TEST(records_that_are_deleted_end_the_wait_for_more_of_them)
{
    struct fetch_wish wish = {
        .topic = "wait", .partitions = 1, .max_wait_ms = LONG_MS, .min_bytes = 2000, .session_epoch = -1};
    produce(&producer, "wait", 0, 700);
    send_fetch(&consumer, 1, &wish);
    expect_silence(&consumer, A_WHILE_MS);
    delete_records();
    ck_assert_int_eq(read_fetched(&consumer, 1).first_error_code, KERR_OFFSET_OUT_OF_RANGE);
}
END_TEST

START_TEST(a_client_that_goes_away_frees_its_thread)
{
    struct client gone[5];
    struct fetch_wish wish = {
        .topic = "wait", .partitions = 1, .max_wait_ms = LONG_MS, .min_bytes = 1, .session_epoch = -1};
    for (int i = 0; i < 5; i++) {
        connect_client(&gone[i], fixture.port);
        send_fetch(&gone[i], 1, &wish);
    }
    expect_silence(&gone[0], A_WHILE_MS);
    for (int i = 0; i < 5; i++)
        client_close(&gone[i]);
    expect_connections(&fixture, 2);
}
END_TEST

START_TEST(waiting_costs_no_time_of_the_processor)
{
    enum { CONSUMERS = 20 };
    struct client consumers[CONSUMERS];
    struct fetch_wish wish = {
        .topic = "wait", .partitions = 4, .max_wait_ms = LONG_MS, .min_bytes = 1 << 20, .session_epoch = -1};
    produce(&producer, "wait", 0, 10); /* not enough */
    for (int i = 0; i < CONSUMERS; i++) {
        connect_client(&consumers[i], fixture.port);
        wish.isolation_level = (int8_t)(i % 2);
        send_fetch(&consumers[i], 1, &wish);
    }
    expect_silence(&consumers[0], A_WHILE_MS);
    int64_t before_ms = cpu_ms();
    sleep_ms(3000);
    ck_assert_int_lt(cpu_ms() - before_ms, 1000); /* one thread that spins takes 3000 */
    for (int i = 0; i < CONSUMERS; i++)
        client_close(&consumers[i]);
}
END_TEST

/* ---- sessions ---- */

START_TEST(a_session_waits_and_tells_only_what_is_new)
{
    struct fetch_wish wish = {.topic = "wait", .partitions = 4};
    struct fetched fetched = fetch(&consumer, &wish);
    ck_assert_int_eq(fetched.error_code, KERR_NONE);
    ck_assert_int_ne(fetched.session_id, 0);
    ck_assert_int_eq(fetched.partition_count, 4);
    for (int32_t round = 0; round < 30; round++) {
        struct fetch_wish more = {.topic = "wait",
                                  .partitions = 1,
                                  .first_partition = 3,
                                  .offsets = {round},
                                  .max_wait_ms = LONG_MS,
                                  .min_bytes = 1,
                                  .session_id = fetched.session_id,
                                  .session_epoch = round + 1};
        send_fetch(&consumer, round, &more);
        if (round < 2)
            expect_silence(&consumer, A_WHILE_MS);
        ck_assert_int_eq(produce(&producer, "wait", 3, 10), round);
        struct fetched news = read_fetched(&consumer, round);
        ck_assert_int_eq(news.error_code, KERR_NONE);
        ck_assert_int_eq(news.session_id, fetched.session_id);
        ck_assert_int_eq(news.partition_count, 1);
        ck_assert_int_eq(news.first_partition, 3);
        ck_assert_uint_gt(news.bytes, 0);
    }
}
END_TEST

START_TEST(a_session_may_end_while_another_connection_waits_in_it)
{
    struct fetch_wish wish = {.topic = "wait", .partitions = 4};
    struct fetched fetched = fetch(&consumer, &wish);
    struct fetch_wish more = {
        .max_wait_ms = LONG_MS, .min_bytes = 1, .session_id = fetched.session_id, .session_epoch = 1};
    send_fetch(&consumer, 1, &more);
    expect_silence(&consumer, A_WHILE_MS);
    struct fetch_wish last = {.topic = "wait", .session_id = fetched.session_id, .session_epoch = -1};
    ck_assert_int_eq(fetch(&producer, &last).error_code, KERR_NONE);
    produce(&producer, "wait", 2, 10);
    ck_assert_uint_gt(read_fetched(&consumer, 1).bytes, 0);
    more.session_epoch = 2;
    ck_assert_int_eq(fetch(&consumer, &more).error_code, KERR_FETCH_SESSION_ID_NOT_FOUND);
}
END_TEST

START_TEST(sessions_hold_a_bounded_number_of_partitions)
{
    struct broker_fixture small;
    struct client client;
    fixture_open(&small, (const char *const[]){"max.incremental.fetch.session.cache.slots=2",
                                               NULL}); /* 2000 partitions */
    connect_client(&client, small.port);
    struct fetch_wish wish = {.topic = "unknown", .partitions = 2001};
    struct fetched fetched = fetch(&client, &wish);
    ck_assert_int_eq(fetched.session_id, 0);
    ck_assert_int_eq(fetched.partition_count, 2001); /* answered all the same */
    wish.partitions = 1999;
    fetched = fetch(&client, &wish);
    ck_assert_int_ne(fetched.session_id, 0);
    struct fetch_wish more = {
        .topic = "unknown", .partitions = 1, .first_partition = 5000, .session_id = fetched.session_id};
    for (more.session_epoch = 1; more.session_epoch <= 3;
         more.session_epoch++) { /* one twice, then another */
        more.first_partition += more.session_epoch == 3;
        ck_assert_int_eq(fetch(&client, &more).error_code,
                         more.session_epoch < 3 ? KERR_NONE : KERR_FETCH_SESSION_ID_NOT_FOUND);
    }
    ck_assert_int_ne(fetch(&client, &wish).session_id, 0); /* there is room again */
    client_close(&client);
    fixture_close(&small);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fetch_wait");
    add_loop(suite, set_up, tear_down, no_wake_is_lost, 2); /* by isolation level */
    add_tests(suite, "wakes", set_up, tear_down,
              (const TTest *const[]){every_partition_of_a_fetch_can_wake_it, one_append_wakes_everybody,
                                     min_bytes_are_waited_for, records_that_are_there_are_not_waited_for,
                                     a_fetch_behind_a_fetch_waits_its_turn, NULL});
    add_tests(suite, "ends", set_up, tear_down,
              (const TTest *const[]){
                  the_deadline_is_kept, a_deadline_beyond_the_look_for_the_peer_is_kept_too,
                  what_came_below_min_bytes_is_given_at_the_deadline,
                  partitions_that_nobody_knows_are_not_waited_for, an_error_is_not_waited_for,
                  a_topic_that_is_deleted_ends_the_wait,
                  records_that_are_deleted_end_the_wait_for_more_of_them,
                  a_client_that_goes_away_frees_its_thread, waiting_costs_no_time_of_the_processor, NULL});
    add_tests(suite, "sessions", set_up, tear_down,
              (const TTest *const[]){a_session_waits_and_tells_only_what_is_new,
                                     a_session_may_end_while_another_connection_waits_in_it,
                                     sessions_hold_a_bounded_number_of_partitions, NULL});
    return run_suite(suite);
}
