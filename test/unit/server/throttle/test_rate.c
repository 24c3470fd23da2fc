/*
 * The arithmetic of quotas: the same numbers as Apache Kafka 4.3.1's Rate and TokenBucket, whose random lives
 * stand below: what was recorded when, and what they said then.
 */
#include "server/throttle/rate.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

/* Of a limit of 100 a second, and samples of one second. */
static const struct recorded {
    int32_t samples; /* a new life begins where this changes */
    int64_t now_ms;
    double value;
    double rate;
    int64_t window_ms;
    double tokens;
} recorded[] = {
    {11, 100763, 1248, 124.80000000000000, 10000, -148.00000000000000},
    {11, 101733, 1525, 252.78030993618958, 10970, -1576.0000000000000},
    {11, 114651, 1519, 151.90000000000000, 10000, -1803.2000000000000},
    {11, 125833, 1502, 150.20000000000000, 10000, -2187.0000000000000},
    {11, 125833, 2292, 379.40000000000000, 10000, -4479.0000000000000},
    {11, 125865, 456, 423.64433811802235, 10032, -4931.8000000000000},
    {11, 125865, 2743, 697.06937799043070, 10032, -7674.8000000000000},
    {11, 129265, 2863, 944.78527607361960, 10432, -10197.800000000000},
    {11, 130178, 2243, 1169.5505074915418, 10345, -12349.500000000000},
    {11, 131178, 1030, 1269.1155147414208, 10345, -13279.500000000000},
    {11, 132565, 246, 1246.2728289228476, 10732, -13386.800000000000},
    {11, 135321, 1430, 1411.6132723112128, 10488, -14541.199999999999},
    {11, 139538, 1727, 928.55056945390830, 10273, -15846.499999999998},
    {11, 139538, 1093, 1034.9459748856225, 10273, -16939.500000000000},
    {3, 100014, 1379, 689.50000000000000, 2000, -1079.0000000000000},
    {3, 100037, 2737, 2034.6020761245672, 2023, -3813.7000000000000},
    {3, 102571, 1807, 2316.3863903011343, 2557, -5367.2999999999990},
    {3, 106728, 2443, 1221.5000000000000, 2000, -7394.5999999999990},
    {3, 106768, 2558, 2451.4705882352940, 2040, -9948.5999999999990},
    {3, 107928, 2410, 3368.6363636363635, 2200, -12242.599999999999},
    {3, 107937, 261, 3473.0647351742870, 2209, -12502.699999999999},
    {3, 108937, 1897, 4331.8243549117240, 2209, -14299.699999999999},
    {3, 118489, 601, 300.50000000000000, 2000, -13945.499999999998},
    {3, 119283, 2798, 1216.5354330708660, 2794, -16664.100000000000},
    {3, 119308, 2499, 2092.2312876906703, 2819, -19160.600000000000},
    {3, 122809, 1453, 726.50000000000000, 2000, -20263.500000000000},
    {3, 122832, 1733, 1574.8887790410280, 2023, -21994.200000000000},
    {3, 123292, 1625, 1937.5755134917438, 2483, -23573.200000000000},
    {1, 101000, 1200, 1200000.0000000000, 1, -1100.0000000000000},
    {1, 102403, 1142, 1142000.0000000000, 1, -2101.7000000000000},
    {1, 102446, 2109, 75604.651162790700, 43, -4206.4000000000000},
    {1, 102446, 398, 84860.465116279080, 43, -4604.4000000000000},
    {1, 102493, 696, 48277.777777777780, 90, -5295.7000000000000},
    {1, 103493, 2295, 2295000.0000000000, 1, -7490.7000000000000},
    {1, 110316, 2229, 2229000.0000000000, 1, -9037.4000000000000},
    {1, 110316, 476, 2705000.0000000000, 1, -9513.4000000000000},
    {1, 112186, 2140, 2140000.0000000000, 1, -11466.400000000000},
    {1, 112186, 2029, 4169000.0000000000, 1, -13495.400000000000},
    {1, 124097, 2709, 2709000.0000000000, 1, -15013.300000000000},
    {1, 124372, 2522, 19021.818181818180, 275, -17507.800000000000},
    {1, 124476, 597, 15377.308707124010, 379, -18094.399999999998},
    {1, 124507, 2670, 20726.829268292684, 410, -20761.300000000000},
};

enum { RECORDED = sizeof recorded / sizeof recorded[0], LIMIT = 100, NOW_MS = 100000 };

static const struct quota_window eleven_seconds = {11, 1000};

static void expect_near(double got, double expected)
{
    ck_assert_msg(fabs(got - expected) <= 1e-9 * fmax(1, fabs(expected)), "%.17g, not %.17g", got, expected);
}

START_TEST(rates_and_windows_are_apache_kafkas)
{
    struct rate rate = {0};
    for (int i = 0; i < RECORDED; i++) {
        const struct recorded *at = &recorded[i];
        struct quota_window window = {at->samples, 1000};
        int64_t window_ms;
        if (i > 0 && at->samples != at[-1].samples)
            rate_fini(&rate);
        rate_record(&rate, &window, at->value, at->now_ms);
        expect_near(rate_measure(&rate, &window, at->now_ms, &window_ms), at->rate);
        ck_assert_int_eq(window_ms, at->window_ms);
    }
    rate_fini(&rate);
}
END_TEST

START_TEST(tokens_are_apache_kafkas)
{
    struct token_bucket bucket = {0};
    for (int i = 0; i < RECORDED; i++) {
        const struct recorded *at = &recorded[i];
        struct quota_window window = {at->samples, 1000};
        if (i > 0 && at->samples != at[-1].samples)
            bucket = (struct token_bucket){0};
        token_bucket_take(&bucket, &window, LIMIT, at->value, at->now_ms);
        expect_near(token_bucket_level(&bucket, &window, LIMIT, at->now_ms), at->tokens);
    }
}
END_TEST

START_TEST(up_to_the_limit_nobody_waits)
{
    struct rate rate = {0};
    rate_record(&rate, &eleven_seconds, 10 * LIMIT, NOW_MS);
    ck_assert_int_eq(rate_throttle_ms(&rate, &eleven_seconds, LIMIT, NOW_MS), 0);
    rate_fini(&rate);
}
END_TEST

START_TEST(after_the_wait_the_rate_is_the_limit)
{
    struct rate rate = {0};
    rate_record(&rate, &eleven_seconds, 20 * LIMIT, NOW_MS);
    ck_assert_int_eq(rate_throttle_ms(&rate, &eleven_seconds, LIMIT, NOW_MS), 10000);
    rate_fini(&rate);
}
END_TEST

START_TEST(what_was_taken_back_counts_no_more)
{
    struct rate rate = {0};
    rate_record(&rate, &eleven_seconds, 20 * LIMIT, NOW_MS);
    rate_record(&rate, &eleven_seconds, -20 * LIMIT, NOW_MS);
    ck_assert_int_eq(rate_throttle_ms(&rate, &eleven_seconds, LIMIT, NOW_MS), 0);
    rate_fini(&rate);
}
END_TEST

START_TEST(a_limit_of_next_to_nothing_gives_a_wait_that_is_a_number)
{
    struct rate rate = {0};
    struct token_bucket bucket = {0};
    rate_record(&rate, &eleven_seconds, 1e18, NOW_MS);
    ck_assert_int_eq(rate_throttle_ms(&rate, &eleven_seconds, 1e-300, NOW_MS), INT32_MAX);
    token_bucket_take(&bucket, &eleven_seconds, 1e-300, 10, NOW_MS);
    ck_assert_int_eq(token_bucket_throttle_ms(&bucket, &eleven_seconds, 1e-300, NOW_MS), INT32_MAX);
    rate_fini(&rate);
}
END_TEST

START_TEST(a_bucket_below_zero_is_waited_for)
{
    struct token_bucket bucket = {0};
    token_bucket_take(&bucket, &eleven_seconds, LIMIT, 12 * LIMIT, NOW_MS);
    ck_assert_int_eq(token_bucket_throttle_ms(&bucket, &eleven_seconds, LIMIT, NOW_MS), 1000);
    ck_assert_int_eq(token_bucket_throttle_ms(&bucket, &eleven_seconds, LIMIT, NOW_MS + 1000), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rate");
    TCase *tests = tcase_create("rate");
    tcase_add_test(tests, rates_and_windows_are_apache_kafkas);
    tcase_add_test(tests, tokens_are_apache_kafkas);
    tcase_add_test(tests, up_to_the_limit_nobody_waits);
    tcase_add_test(tests, after_the_wait_the_rate_is_the_limit);
    tcase_add_test(tests, what_was_taken_back_counts_no_more);
    tcase_add_test(tests, a_limit_of_next_to_nothing_gives_a_wait_that_is_a_number);
    tcase_add_test(tests, a_bucket_below_zero_is_waited_for);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
