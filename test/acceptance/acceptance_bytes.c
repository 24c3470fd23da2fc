/* Holds the suite's own bytes against bytes from outside, without any program: what it sends and writes is
 * what the course's tester sends and writes, and its checks accept what Apache Kafka answered. */
#include "batch.h"
#include "check_api_versions.h"
#include "check_create_topics.h"
#include "check_describe.h"
#include "check_fetch.h"
#include "check_produce.h"
#include "crc32c.h"
#include "recorded.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Fixture -------------------------------------------------------------------------------------- */

static struct stage stage;
static struct tape tape;
static const struct stage_plan plan = {"recorded", "recorded", NULL, 6, NULL};

static void set_up(void)
{
    stage = (struct stage){.plan = &plan, .tape = &tape};
}

static void tear_down(void)
{
    stage_fini(&stage);
}

static struct frame bytes_of(const char *hex)
{
    struct frame frame = frame_new(&stage.arena);
    for (const char *at = hex; at[0] != '\0'; at += 2) {
        const char digits[] = {at[0], at[1], '\0'};
        put_i8(&frame, (int64_t)strtoul(digits, NULL, 16));
    }
    return frame;
}

static void expect_same(const struct frame *own, const char *hex)
{
    struct frame recorded = bytes_of(hex);
    ck_assert_uint_eq(own->size, recorded.size);
    for (size_t i = 0; i < own->size; i++)
        ck_assert_msg(own->bytes[i] == recorded.bytes[i], "byte %zu is %02x, expected %02x", i, own->bytes[i],
                      recorded.bytes[i]);
}

/* With the correlation id of the recording. */
static void expect_same_request(struct frame *own, const char *hex)
{
    struct frame recorded = bytes_of(hex);
    request_end(own);
    memcpy(own->bytes + 8, recorded.bytes + 8, 4);
    expect_same(own, hex);
}

/* Behind the answer's header. */
static struct reader answer_of(const char *hex, int header_version)
{
    struct frame frame = bytes_of(hex);
    struct reader reader = {
        .stage = &stage, .what = "recorded answer", .bytes = frame.bytes, .at = 8, .end = frame.size};
    if (header_version > 0)
        skip_tags(&reader);
    return reader;
}

/* Leaves the test if what follows, a check of the suite, complains. */
#define EXPECT_NO_COMPLAINT()                  \
    do {                                       \
        if (setjmp(stage.out) != 0)            \
            ck_abort_msg("%s", stage.failure); \
    } while (0)

static struct part part_of(const char *topic, int32_t partition, const char *const *values, int count)
{
    struct part part;
    part_init(&stage, &part, topic, partition, count);
    for (int i = 0; i < count; i++) {
        part.values[i] = frame_new(&stage.arena);
        put_bytes(&part.values[i], values[i], strlen(values[i]));
    }
    return part;
}

static void id_of(uint8_t id[UUID_SIZE], const char *end)
{
    struct frame bytes = bytes_of("71a59a5189684f8b937e");
    struct frame last = bytes_of(end);
    memcpy(id, bytes.bytes, 10);
    memcpy(id + 10, last.bytes, 6);
}

/* Requests ------------------------------------------------------------------------------------- */

START_TEST(checksum_is_castagnolis)
{
    ck_assert_uint_eq(crc32c((const uint8_t *)"123456789", 9), 0xe3069283);
}
END_TEST

START_TEST(api_versions_requests_are_the_recorded_ones)
{
    struct frame request = api_versions_request(&stage, 4);
    expect_same_request(&request, pv1_request);
    request = api_versions_request(&stage, 0x06a2);
    expect_same_request(&request, nc5_request);
}
END_TEST

START_TEST(describe_request_is_the_recorded_one)
{
    static const char *const names[] = {"banana", "raspberry"};
    struct frame request = describe_request(&stage, names, 2, 3);
    expect_same_request(&request, wq2_request);
}
END_TEST

START_TEST(fetch_requests_are_the_recorded_ones)
{
    uint8_t id[UUID_SIZE];
    struct frame request = fetch_request(&stage, NULL);
    expect_same_request(&request, dh6_request);
    id_of(id, "aaa9c9b1a62c");
    request = fetch_request(&stage, id);
    expect_same_request(&request, fd8_request);
}
END_TEST

static struct part yd8_part(void)
{
    static const char *const values[] = {"pineapple", "raspberry", "blueberry"};
    return part_of("apple", 0, values, 3);
}

static void ov0_parts(struct part parts[2])
{
    static const char *const first[] = {"apple", "mango"};
    static const char *const second[] = {"apple", "banana", "orange"};
    parts[0] = part_of("strawberry", 0, first, 2);
    parts[1] = part_of("grape", 0, second, 3);
}

START_TEST(produce_requests_are_the_recorded_ones)
{
    struct part part = yd8_part();
    struct frame request = produce_request(&stage, &released_style, &part, 1);
    expect_same_request(&request, yd8_request);
    struct part parts[2];
    ov0_parts(parts);
    request = produce_request(&stage, &released_style, parts, 2);
    expect_same_request(&request, ov0_request);
}
END_TEST

START_TEST(create_topics_request_is_the_courses_draft)
{
    struct new_topic topic = {.name = "topic-1", .partitions = 3, .replication_factor = 1};
    struct frame request = create_topics_request(&stage, &topic, 1, false);
    expect_same_request(&request, create_topics_request_v6);
}
END_TEST

/* Answers -------------------------------------------------------------------------------------- */

START_TEST(describe_answers_of_apache_kafka_are_accepted)
{
    struct topic banana = {.name = "banana", .partitions = 1};
    struct topic raspberry = {.name = "raspberry", .partitions = 2};
    struct topic unknown = {.name = "UNKNOWN_TOPIC_92", .partitions = 0};
    const struct topic *const both[] = {&banana, &raspberry};
    const struct topic *const none[] = {&unknown};
    id_of(banana.id, "0000000001ac");
    id_of(raspberry.id, "0000000004cb");
    EXPECT_NO_COMPLAINT();
    struct reader reader = answer_of(wq2_answer, 1);
    check_describe_answer(&reader, both, 2);
    reader = answer_of(vt6_answer, 1);
    check_describe_answer(&reader, none, 1);
}
END_TEST

START_TEST(fetch_answers_of_apache_kafka_are_accepted)
{
    uint8_t id[UUID_SIZE], other_id[UUID_SIZE];
    struct topic topic = {.messages = {"raspberry", "pineapple"}, .message_count = 2};
    struct frame records = directory_partition_log(&topic, &stage.arena);
    struct fetched stored = {.topic_id = id, .records = &records};
    struct fetched unknown = {.topic_id = other_id, .error_code = 100};
    struct fetched nothing = {.topic_id = NULL};
    id_of(id, "aaa9c9b1a62c");
    id_of(other_id, "000000000479");
    EXPECT_NO_COMPLAINT();
    struct reader reader = answer_of(fd8_answer, 1);
    check_fetch_answer(&reader, &stored);
    reader = answer_of(hn6_answer, 1);
    check_fetch_answer(&reader, &unknown);
    reader = answer_of(dh6_answer, 1);
    check_fetch_answer(&reader, &nothing);
}
END_TEST

START_TEST(produce_answers_of_apache_kafka_are_accepted)
{
    static const char *const mango[] = {"mango"};
    struct part part = yd8_part();
    struct part refused = part_of("orange", 720, mango, 1);
    struct part parts[2];
    ov0_parts(parts);
    part_expect_unknown(&refused);
    EXPECT_NO_COMPLAINT();
    struct reader reader = answer_of(yd8_answer, 1);
    check_produce_answer(&reader, &part, 1);
    reader = answer_of(ov0_answer, 1);
    check_produce_answer(&reader, parts, 2);
    reader = answer_of(zf2_answer, 1);
    check_produce_answer(&reader, &refused, 1);
}
END_TEST

/* Files ---------------------------------------------------------------------------------------- */

static void expect_file_size(const char *path, long size)
{
    struct stat status;
    ck_assert_msg(stat(path, &status) == 0, "%s is missing", path);
    ck_assert_msg(status.st_size == size, "%s has %ld bytes, expected %ld", path, (long)status.st_size, size);
}

START_TEST(files_are_the_courses)
{
    struct directory directory = {.topic_count = 1};
    char complaint[256] = "";
    directory.topics[0] =
        (struct topic){.name = "apple", .partitions = 1, .messages = {"apple"}, .message_count = 1};
    id_of(directory.topics[0].id, "36d1d292864e");
    struct frame metadata = directory_metadata_log(&directory, &stage.arena, NULL);
    struct frame log = directory_partition_log(&directory.topics[0], &stage.arena);
    expect_same(&metadata, apple_metadata_log);
    expect_same(&log, apple_partition_log);
    ck_assert_msg(directory_write(&directory, &stage.arena, complaint, sizeof complaint), "%s", complaint);
    expect_file_size(SERVER_PROPERTIES, 329);
    expect_file_size(LOG_DIRECTORY "/.kafka_cleanshutdown", 30);
    expect_file_size(LOG_DIRECTORY "/apple-0/partition.metadata", 45);
    expect_file_size(LOG_DIRECTORY "/apple-0/" FIRST_SEGMENT, (long)log.size);
    expect_file_size(LOG_DIRECTORY "/" METADATA_DIRECTORY "/partition.metadata", 43);
    expect_file_size(LOG_DIRECTORY "/" METADATA_DIRECTORY "/" FIRST_SEGMENT, (long)metadata.size);
}
END_TEST

START_TEST(ids_are_base64)
{
    const uint8_t id[UUID_SIZE] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0xff};
    ck_assert_str_eq(base64_encode(&stage.arena, directory_id, true), "EAAAAAAAQACAAAAAAAAAAQ==");
    ck_assert_str_eq(base64_encode(&stage.arena, id, false), "AQIDBAUGBwgJCgsMDQ4P/w");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bytes");
    TCase *tcase = tcase_create("bytes");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, checksum_is_castagnolis);
    tcase_add_test(tcase, api_versions_requests_are_the_recorded_ones);
    tcase_add_test(tcase, describe_request_is_the_recorded_one);
    tcase_add_test(tcase, fetch_requests_are_the_recorded_ones);
    tcase_add_test(tcase, produce_requests_are_the_recorded_ones);
    tcase_add_test(tcase, create_topics_request_is_the_courses_draft);
    tcase_add_test(tcase, describe_answers_of_apache_kafka_are_accepted);
    tcase_add_test(tcase, fetch_answers_of_apache_kafka_are_accepted);
    tcase_add_test(tcase, produce_answers_of_apache_kafka_are_accepted);
    tcase_add_test(tcase, files_are_the_courses);
    tcase_add_test(tcase, ids_are_base64);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
