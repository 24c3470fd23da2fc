/*
 * test_masks: masks hide what no two runs share, and nothing else; sorting and keeping do what the step says,
 * and nothing else.
 */
#include "test/conversation/masks.h"

#include "test/conversation/arrange.h"
#include "test/conversation/testing.h"

/* ---- masks ---- */

static const char *masked(const char *answer, const char *hidden, bool shows_throttle)
{
    struct masks masks;
    struct mask_options options = {.hidden = hidden != NULL ? testing_json(hidden) : NULL,
                                   .shows_throttle = shows_throttle};
    masks_init(&masks, testing_arena(), "127.0.0.1", 9092, testing_t0);
    masks_add_time(&masks, testing_t0);
    masks_add_time(&masks, testing_t0 + 5);
    masks_add_time(&masks, testing_t0 - 5);
    return testing_text(masks_apply(&masks, testing_json(answer), &options, testing_arena()));
}

static void expect_masked(const char *answer, const char *wanted)
{
    ck_assert_str_eq(masked(answer, NULL, false), wanted);
}

START_TEST(ids_are_numbered_as_they_appear)
{
    expect_masked("[{\"topicId\":\"hjnq698tRNarhu7U8xgIbg\"},{\"topicId\":\"ABCDEFGHIJKLMNOPQRSTUV\"},"
                  "{\"topicId\":\"hjnq698tRNarhu7U8xgIbg\"}]",
                  "[{\"topicId\":\"<uuid:1>\"},{\"topicId\":\"<uuid:2>\"},{\"topicId\":\"<uuid:1>\"}]");
    expect_masked("{\"offlineDirectories\":[\"hjnq698tRNarhu7U8xgIbg\"],\"replicaDirectoryId\":"
                  "\"ABCDEFGHIJKLMNOPQRSTUV\"}",
                  "{\"offlineDirectories\":[\"<uuid:1>\"],\"replicaDirectoryId\":\"<uuid:2>\"}");
}
END_TEST

START_TEST(an_id_in_the_place_of_another_is_seen)
{
    const char *kafka = masked(
        "[{\"topicId\":\"hjnq698tRNarhu7U8xgIbg\"},{\"topicId\":\"hjnq698tRNarhu7U8xgIbg\"}]", NULL, false);
    const char *here = masked(
        "[{\"topicId\":\"ABCDEFGHIJKLMNOPQRSTUV\"},{\"topicId\":\"hjnq698tRNarhu7U8xgIbg\"}]", NULL, false);
    testing_expect_differences(kafka, here, "/1/topicId: Kafka \"<uuid:1>\", here \"<uuid:2>\"");
}
END_TEST

START_TEST(reserved_ids_and_what_is_no_id_stay)
{
    expect_masked("{\"topicId\":\"AAAAAAAAAAAAAAAAAAAAAA\"}", "{\"topicId\":\"AAAAAAAAAAAAAAAAAAAAAA\"}");
    expect_masked("{\"topicId\":\"AAAAAAAAAAAAAAAAAAAAAQ\"}", "{\"topicId\":\"AAAAAAAAAAAAAAAAAAAAAQ\"}");
    expect_masked("{\"name\":\"hjnq698tRNarhu7U8xgIbg\"}", "{\"name\":\"hjnq698tRNarhu7U8xgIbg\"}");
    expect_masked("{\"topicId\":\"hjnq698tRNarhu7U8xgIb\"}", "{\"topicId\":\"hjnq698tRNarhu7U8xgIb\"}");
}
END_TEST

START_TEST(an_id_that_is_known_is_masked_in_texts)
{
    expect_masked(
        "{\"topicId\":\"hjnq698tRNarhu7U8xgIbg\",\"errorMessage\":\"no hjnq698tRNarhu7U8xgIbg here\"}",
        "{\"topicId\":\"<uuid:1>\",\"errorMessage\":\"no <uuid:1> here\"}");
}
END_TEST

START_TEST(the_random_part_of_a_name_is_masked)
{
    expect_masked("[\"c-01234567-89ab-cdef-0123-456789abcdef\",\"d-01234567-89ab-cdef-0123-456789abcdee\","
                  "\"c-01234567-89ab-cdef-0123-456789abcdef\"]",
                  "[\"c-<id:1>\",\"d-<id:2>\",\"c-<id:1>\"]");
    expect_masked("\"c-01234567-89ab-cdef-0123-456789abcdeg\"", "\"c-01234567-89ab-cdef-0123-456789abcdeg\"");
}
END_TEST

START_TEST(producers_and_sessions_are_numbered)
{
    expect_masked(
        "[{\"producerId\":4000},{\"currentProducerId\":4001},{\"producerId\":4000},{\"producerId\":-1}]",
        "[{\"producerId\":\"<producer:1>\"},{\"currentProducerId\":\"<producer:2>\"},"
        "{\"producerId\":\"<producer:1>\"},{\"producerId\":-1}]");
    expect_masked("[{\"sessionId\":77},{\"sessionId\":0},{\"sessionId\":78}]",
                  "[{\"sessionId\":\"<session:1>\"},{\"sessionId\":0},{\"sessionId\":\"<session:2>\"}]");
}
END_TEST

START_TEST(a_producer_id_beside_an_error_is_only_a_default)
{
    expect_masked("{\"errorCode\":42,\"producerId\":0}", "{\"errorCode\":42,\"producerId\":0}");
    expect_masked("{\"errorCode\":0,\"producerId\":0}", "{\"errorCode\":0,\"producerId\":\"<producer:1>\"}");
}
END_TEST

START_TEST(the_brokers_address_is_masked_and_another_is_not)
{
    expect_masked("{\"host\":\"127.0.0.1\",\"port\":9092,\"m\":\"at 127.0.0.1:9092\"}",
                  "{\"host\":\"<host>\",\"port\":\"<port>\",\"m\":\"at <host>:<port>\"}");
    expect_masked("{\"host\":\"127.0.0.2\",\"port\":9093,\"m\":\"at 127.0.0.1:9093\"}",
                  "{\"host\":\"127.0.0.2\",\"port\":9093,\"m\":\"at 127.0.0.1:9093\"}");
}
END_TEST

START_TEST(the_cluster_and_the_epoch_of_its_features_are_masked)
{
    expect_masked("[{\"clusterId\":\"4L6g3nShT-eMCtK--X86sw\",\"finalizedFeaturesEpoch\":30},\"of "
                  "4L6g3nShT-eMCtK--X86sw\","
                  "{\"finalizedFeaturesEpoch\":-1}]",
                  "[{\"clusterId\":\"<cluster>\",\"finalizedFeaturesEpoch\":\"<epoch>\"},\"of <cluster>\","
                  "{\"finalizedFeaturesEpoch\":-1}]");
    expect_masked("[{\"clusterId\":\"\"},\"text\"]", "[{\"clusterId\":\"<cluster>\"},\"text\"]");
}
END_TEST

START_TEST(times_of_the_script_are_told_from_times_of_the_broker)
{
    expect_masked("[1700000000000,1700000000005,1699999999995,1700000000006,1600000000000]",
                  "[\"<t0>\",\"<t0+5>\",\"<t0-5>\",\"<time>\",1600000000000]");
    expect_masked("[\"at 1700000000005.\",\"at "
                  "1700000000006\",\"x1700000000005\",\"1700000000005x\",\"17000000000055\"]",
                  "[\"at <t0+5>.\",\"at <time>\",\"x1700000000005\",\"1700000000005x\",\"17000000000055\"]");
}
END_TEST

START_TEST(the_earliest_time_that_kafka_takes_is_masked)
{
    expect_masked("[\"-9223370336854775808 is old\",\"-922337033685477580\",\"9223370336854775808\"]",
                  "[\"<long ago> is old\",\"-922337033685477580\",\"9223370336854775808\"]");
}
END_TEST

START_TEST(fields_are_hidden_only_if_the_step_says_so)
{
    const char *answer = "{\"throttleTimeMs\":3,\"size\":72,\"a\":[{\"size\":73}]}";
    ck_assert_str_eq(masked(answer, NULL, false), "{\"size\":72,\"a\":[{\"size\":73}]}");
    ck_assert_str_eq(masked(answer, NULL, true), answer);
    ck_assert_str_eq(masked(answer, "[\"size\"]", false),
                     "{\"size\":\"<masked>\",\"a\":[{\"size\":\"<masked>\"}]}");
    ck_assert_str_eq(masked(answer, "[\"a\"]", false), "{\"size\":72,\"a\":\"<masked>\"}");
}
END_TEST

/* ---- sort and keep ---- */

static void expect_sorted(const char *answer, const char *sort, const char *wanted)
{
    struct json_value *value = testing_json(answer);
    arrange_sort(value, sort != NULL ? testing_json(sort) : NULL);
    ck_assert_str_eq(testing_text(value), wanted);
}

START_TEST(order_counts_unless_the_step_sorts)
{
    expect_sorted("{\"t\":[{\"n\":\"b\"},{\"n\":\"a\"}]}", NULL, "{\"t\":[{\"n\":\"b\"},{\"n\":\"a\"}]}");
    expect_sorted("{\"t\":[{\"n\":\"b\"},{\"n\":\"a\"}]}", "\"n\"", "{\"t\":[{\"n\":\"a\"},{\"n\":\"b\"}]}");
    expect_sorted("{\"t\":[{\"n\":10},{\"n\":9}]}", "\"n\"", "{\"t\":[{\"n\":9},{\"n\":10}]}");
    expect_sorted("{\"t\":[{\"n\":10},{\"n\":9}]}", "\"other\"", "{\"t\":[{\"n\":10},{\"n\":9}]}");
}
END_TEST

START_TEST(sorting_can_be_by_several_keys_and_for_one_array)
{
    expect_sorted("{\"t\":[{\"a\":1,\"b\":2},{\"a\":2,\"b\":1},{\"a\":1,\"b\":1}]}", "[\"b\",\"a\"]",
                  "{\"t\":[{\"a\":1,\"b\":1},{\"a\":1,\"b\":2},{\"a\":2,\"b\":1}]}");
    expect_sorted("{\"configs\":[{\"n\":2},{\"n\":1}],\"t\":[{\"n\":2},{\"n\":1}]}", "\"configs:n\"",
                  "{\"configs\":[{\"n\":1},{\"n\":2}],\"t\":[{\"n\":2},{\"n\":1}]}");
    expect_sorted("{\"isr\":[3,1],\"r\":[3,1]}", "\"isr:\"", "{\"isr\":[1,3],\"r\":[3,1]}");
    expect_sorted("{\"isr\":[3,1],\"t\":[{\"n\":2},{\"n\":1}]}", "\"\"",
                  "{\"isr\":[1,3],\"t\":[{\"n\":2},{\"n\":1}]}");
}
END_TEST

START_TEST(keep_takes_out_what_others_made)
{
    struct note why = {""};
    struct json_value *value = testing_json(
        "{\"topics\":[{\"name\":\"07-a\",\"p\":[{\"name\":\"x\"}]},{\"name\":\"08-a\"},{\"index\":1}]}");
    ck_assert(arrange_keep(value, SLICE("^07-|y"), &why));
    ck_assert_str_eq(testing_text(value), "{\"topics\":[{\"name\":\"07-a\",\"p\":[]},{\"index\":1}]}");
    ck_assert(!arrange_keep(value, SLICE("("), &why));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        ids_are_numbered_as_they_appear,
        an_id_in_the_place_of_another_is_seen,
        reserved_ids_and_what_is_no_id_stay,
        an_id_that_is_known_is_masked_in_texts,
        the_random_part_of_a_name_is_masked,
        producers_and_sessions_are_numbered,
        a_producer_id_beside_an_error_is_only_a_default,
        the_brokers_address_is_masked_and_another_is_not,
        the_cluster_and_the_epoch_of_its_features_are_masked,
        times_of_the_script_are_told_from_times_of_the_broker,
        the_earliest_time_that_kafka_takes_is_masked,
        fields_are_hidden_only_if_the_step_says_so,
        order_counts_unless_the_step_sorts,
        sorting_can_be_by_several_keys_and_for_one_array,
        keep_takes_out_what_others_made,
        NULL,
    };
    return testing_run("masks", tests);
}
