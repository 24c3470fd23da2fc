/* Which clients are asked for which metrics, and who may ask and push when (KIP-714). */
#include "server/telemetry/telemetry.h"

#include "metadata/image_parts.h"
#include "protocol/compress.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

enum { NOW_MS = 1000, DEFAULT_INTERVAL_MS = 300 * 1000, MAX_BYTES = 1000, MANY = 17 * 1024 };

static struct image image;
static struct config_view view;
static struct telemetry *telemetry;
static struct arena arena;
static struct metrics_client client;

static void set_up(void)
{
    image_init(&image, 1);
    arena_init(&arena, SIZE_MAX);
    view = (struct config_view){.image = &image, .node_id = 1};
    telemetry = telemetry_new(7);
    telemetry_follow(telemetry, &view);
    client = (struct metrics_client){.instance_id = {{[15] = 36}},
                                     .client_id = SLICE("app-1"),
                                     .address = SLICE("127.0.0.1"),
                                     .port = 5001};
}

static void tear_down(void)
{
    telemetry_free(telemetry);
    arena_fini(&arena);
    image_fini(&image);
}

/* NULL leaves a config alone. */
static void subscribe(const char *name, const char *metrics, const char *interval_ms, const char *match)
{
    const char *const keys[] = {"metrics", "interval.ms", "match"};
    const char *const values[] = {metrics, interval_ms, match};
    for (int i = 0; i < 3; i++)
        if (values[i] != NULL)
            image_set_config(&image, RESOURCE_CLIENT_METRICS, slice_str(name), slice_str(keys[i]),
                             slice_str(values[i]));
    telemetry_follow(telemetry, &view);
}

static struct wanted_metrics wanted_by(void)
{
    struct subscriptions *subscriptions = subscriptions_new(&view);
    struct wanted_metrics wanted;
    subscriptions_for(subscriptions, &client, &arena, &wanted);
    for (int32_t i = 0; i < wanted.count; i++)
        wanted.metrics[i] = arena_dup(&arena, wanted.metrics[i]);
    subscriptions_free(subscriptions);
    return wanted;
}

/* The metrics with a space behind each. */
static void expect_metrics(const char *expected)
{
    struct wanted_metrics wanted = wanted_by();
    char text[256] = "";
    for (int32_t i = 0; i < wanted.count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%.*s ", SLICE_ARGS(wanted.metrics[i]));
    ck_assert_str_eq(text, expected);
}

static enum kerr ask_at(int64_t now_ms)
{
    struct wanted_metrics wanted;
    return telemetry_subscribe(telemetry, &client, now_ms, &arena, &wanted);
}

static struct metrics_push good_push(void)
{
    return (struct metrics_push){
        .subscription_id = wanted_by().id, .metrics = SLICE("m"), .max_bytes = MAX_BYTES};
}

static enum kerr push_at(int64_t now_ms)
{
    struct metrics_push push = good_push();
    return telemetry_push(telemetry, &client, &push, now_ms);
}

/* ---- subscriptions ---- */

START_TEST(without_a_subscription_a_client_is_asked_for_nothing_and_has_kafkas_id)
{
    struct wanted_metrics wanted = wanted_by();
    ck_assert_int_eq(wanted.count, 0);
    ck_assert_int_eq(wanted.interval_ms, DEFAULT_INTERVAL_MS);
    ck_assert_int_eq(wanted.id, -725132294); /* what Apache Kafka 4.3.1 says of this instance */
}
END_TEST

START_TEST(metrics_stand_in_the_order_of_a_java_set_and_make_kafkas_id)
{
    subscribe("named", "a.b,c.d,e.f,g.h,i.j,k.l", NULL, NULL);
    client.instance_id.bytes[15] = 41;
    expect_metrics("g.h a.b i.j c.d k.l e.f ");
    ck_assert_int_eq(wanted_by().id, 782434034);
}
END_TEST

START_TEST(of_several_subscriptions_the_metrics_join_and_the_shortest_interval_counts)
{
    subscribe("one", "a.b,c.d", "200000", NULL);
    subscribe("other", "c.d,e.f", "100000", NULL);
    subscribe("slow", "g.h", "3600000", "client_id=nobody");
    expect_metrics("a.b c.d e.f ");
    ck_assert_int_eq(wanted_by().interval_ms, 100000);
    subscribe("all", "x.y,*", NULL, NULL);
    expect_metrics("* ");
}
END_TEST

/* What may be matched, and whether it is the client's. */
static const struct {
    const char *match;
    bool is_for_it;
} matches[] = {
    {"client_id=app-.*", true},
    {"client_id=app", false}, /* the whole of it */
    {"client_id=(?!b)\\w++-\\d", true},
    {"client_id=app-1,client_id=b", false},
    {"client_software_name=unknown", true},
    {"client_software_version=unknown", true},
    {"client_source_address=127\\.0\\.0\\.[0-9]+,client_source_port=5001", true},
    {"client_source_port=500", false},
    {"client_instance_id=A+JA", true},
    {"client_id=[", false},                       /* none in PCRE2 */
    {"client_id=(((((a|p|-|1)*)*)*)*)*x", false}, /* no end of ways */
    {"colour=red", false},
    {"client_id", false},
};

START_TEST(a_subscription_is_for_the_clients_that_its_patterns_match)
{
    subscribe("some", "a.b", NULL, matches[_i].match);
    expect_metrics(matches[_i].is_for_it ? "a.b " : "");
}
END_TEST

START_TEST(a_client_without_an_id_matches_no_id)
{
    subscribe("some", "a.b", NULL, "client_id=.*");
    client.client_id = SLICE_NULL;
    expect_metrics("");
}
END_TEST

START_TEST(a_client_that_has_said_what_it_is_is_known_by_that)
{
    subscribe("some", "a.b", NULL, "client_software_name=lib.*,client_software_version=2\\..*");
    client.software_name = SLICE("librdkafka");
    client.software_version = SLICE("2.10");
    expect_metrics("a.b ");
}
END_TEST

/* ---- asking ---- */

START_TEST(who_asks_again_within_the_interval_is_too_early)
{
    ck_assert_int_eq(ask_at(NOW_MS), KERR_NONE);
    ck_assert_int_eq(ask_at(NOW_MS + DEFAULT_INTERVAL_MS - 1), KERR_THROTTLING_QUOTA_EXCEEDED);
    ck_assert_int_eq(ask_at(NOW_MS + DEFAULT_INTERVAL_MS), KERR_NONE);
}
END_TEST

START_TEST(who_was_told_that_the_subscription_is_none_may_ask_at_once)
{
    struct metrics_push push = good_push();
    push.subscription_id++;
    ck_assert_int_eq(ask_at(NOW_MS), KERR_NONE);
    ck_assert_int_eq(telemetry_push(telemetry, &client, &push, NOW_MS + 1), KERR_UNKNOWN_SUBSCRIPTION_ID);
    ck_assert_int_eq(ask_at(NOW_MS + 2), KERR_NONE);
    ck_assert_int_eq(ask_at(NOW_MS + 3), KERR_THROTTLING_QUOTA_EXCEEDED);
}
END_TEST

START_TEST(a_change_of_any_subscription_lets_all_ask_and_push)
{
    ck_assert_int_eq(ask_at(NOW_MS), KERR_NONE);
    subscribe("others", "a.b", NULL, "client_id=nobody");
    ck_assert_int_eq(ask_at(NOW_MS + 1), KERR_NONE);
    ck_assert_int_eq(push_at(NOW_MS + 2), KERR_NONE);
}
END_TEST

START_TEST(a_client_that_is_gone_or_silent_is_forgotten)
{
    ck_assert_int_eq(ask_at(NOW_MS), KERR_NONE);
    telemetry_forget(telemetry, client.instance_id);
    ck_assert_uint_eq(telemetry_instance_count(telemetry), 0);
    ck_assert_int_eq(ask_at(NOW_MS + 1), KERR_NONE);
    struct metrics_push push = good_push();
    push.terminating = true;
    ck_assert_int_eq(telemetry_push(telemetry, &client, &push, NOW_MS + 2), KERR_NONE);
    ck_assert_int_eq(push_at(NOW_MS + 2 + 3 * DEFAULT_INTERVAL_MS), KERR_NONE);
}
END_TEST

START_TEST(the_number_of_clients_that_are_known_is_bounded)
{
    for (int i = 0; i < MANY; i++) {
        client.instance_id = (struct uuid){{[0] = (uint8_t)(i >> 8), [1] = (uint8_t)i}};
        ck_assert_int_eq(ask_at(NOW_MS), KERR_NONE);
    }
    ck_assert_uint_eq(telemetry_instance_count(telemetry), 16384);
}
END_TEST

/* ---- pushing ---- */

START_TEST(after_asking_one_push_is_welcome_at_once_and_the_next_an_interval_later)
{
    ck_assert_int_eq(ask_at(NOW_MS), KERR_NONE);
    ck_assert_int_eq(push_at(NOW_MS + 1), KERR_NONE);
    ck_assert_int_eq(push_at(NOW_MS + 2), KERR_THROTTLING_QUOTA_EXCEEDED);
    ck_assert_int_eq(push_at(NOW_MS + 1 + DEFAULT_INTERVAL_MS), KERR_NONE);
}
END_TEST

START_TEST(the_last_push_may_be_early_and_is_the_last)
{
    struct metrics_push last = good_push();
    last.terminating = true;
    ck_assert_int_eq(ask_at(NOW_MS), KERR_NONE);
    ck_assert_int_eq(push_at(NOW_MS + 1), KERR_NONE);
    ck_assert_int_eq(telemetry_push(telemetry, &client, &last, NOW_MS + 2), KERR_NONE);
    ck_assert_int_eq(telemetry_push(telemetry, &client, &last, NOW_MS + 3), KERR_INVALID_REQUEST);
}
END_TEST

START_TEST(a_codec_that_is_none_and_too_many_bytes_are_refused)
{
    struct metrics_push push = good_push();
    static const uint8_t bytes[MAX_BYTES + 1];
    push.compression_type = CODEC_COUNT;
    ck_assert_int_eq(telemetry_push(telemetry, &client, &push, NOW_MS), KERR_UNSUPPORTED_COMPRESSION_TYPE);
    push.compression_type = CODEC_NONE;
    push.metrics = slice_of(bytes, sizeof bytes);
    ck_assert_int_eq(ask_at(NOW_MS), KERR_NONE);
    push.terminating = true; /* so that it is not too early */
    ck_assert_int_eq(telemetry_push(telemetry, &client, &push, NOW_MS), KERR_TELEMETRY_TOO_LARGE);
}
END_TEST

/* One push, of a client of its own, of `len` zeros. */
static enum kerr push_zeros(enum codec codec, size_t len, size_t cut)
{
    struct buf zeros = {0}, out = {0};
    memset(buf_reserve(&zeros, len), 0, len);
    compress_into(codec, codec_default_level(codec), slice_of(zeros.data, len), &out);
    struct metrics_push push = good_push();
    push.compression_type = (int8_t)codec;
    push.metrics = slice_of(out.data, out.len - cut);
    enum kerr error = telemetry_push(telemetry, &client, &push, NOW_MS);
    buf_fini(&zeros);
    buf_fini(&out);
    telemetry_forget(telemetry, client.instance_id);
    return error;
}

START_TEST(what_inflates_beyond_the_bound_or_does_not_inflate_is_an_invalid_record)
{
    enum codec codec = (enum codec)_i;
    ck_assert_int_eq(push_zeros(codec, MAX_BYTES, 0), KERR_NONE);
    ck_assert_int_eq(push_zeros(codec, MAX_BYTES + 1, 0), KERR_INVALID_RECORD);
    ck_assert_int_eq(push_zeros(codec, MAX_BYTES / 2, 1), KERR_INVALID_RECORD);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("telemetry");
    TCase *tests = tcase_create("telemetry");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, without_a_subscription_a_client_is_asked_for_nothing_and_has_kafkas_id);
    tcase_add_test(tests, metrics_stand_in_the_order_of_a_java_set_and_make_kafkas_id);
    tcase_add_test(tests, of_several_subscriptions_the_metrics_join_and_the_shortest_interval_counts);
    tcase_add_loop_test(tests, a_subscription_is_for_the_clients_that_its_patterns_match, 0,
                        sizeof matches / sizeof matches[0]);
    tcase_add_test(tests, a_client_without_an_id_matches_no_id);
    tcase_add_test(tests, a_client_that_has_said_what_it_is_is_known_by_that);
    tcase_add_test(tests, who_asks_again_within_the_interval_is_too_early);
    tcase_add_test(tests, who_was_told_that_the_subscription_is_none_may_ask_at_once);
    tcase_add_test(tests, a_change_of_any_subscription_lets_all_ask_and_push);
    tcase_add_test(tests, a_client_that_is_gone_or_silent_is_forgotten);
    tcase_add_test(tests, the_number_of_clients_that_are_known_is_bounded);
    tcase_add_test(tests, after_asking_one_push_is_welcome_at_once_and_the_next_an_interval_later);
    tcase_add_test(tests, the_last_push_may_be_early_and_is_the_last);
    tcase_add_test(tests, a_codec_that_is_none_and_too_many_bytes_are_refused);
    tcase_add_loop_test(tests, what_inflates_beyond_the_bound_or_does_not_inflate_is_an_invalid_record,
                        CODEC_GZIP, CODEC_COUNT);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    SRunner *runner = srunner_create(suite());
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
