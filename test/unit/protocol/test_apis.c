/*
 * The list of APIs against what a running Apache Kafka 4.3.1 advertised (kept here as numbers, not read from
 * our own tables), header versions, and the frame of metadata records.
 */
#include "protocol/apis.h"
#include "protocol/base/buf.h"
#include "protocol/header.h"
#include "protocol/records/metadata_record.h"
#include "protocol/records/topic_record.h"

#include <check.h>
#include <stdlib.h>

struct advertised {
    int key, min, max;
    const char *name;
};

START_TEST(versions_are_those_that_apache_kafka_advertises)
{
    static const struct advertised expected[] = {
        {1, 4, 18, "Fetch"},
        {2, 1, 11, "ListOffsets"},
        {3, 0, 13, "Metadata"},
        {10, 0, 6, "FindCoordinator"},
        {18, 0, 4, "ApiVersions"},
        {19, 2, 7, "CreateTopics"},
        {20, 1, 6, "DeleteTopics"},
        {22, 0, 5, "InitProducerId"},
        {23, 2, 4, "OffsetForLeaderEpoch"},
        {32, 1, 4, "DescribeConfigs"},
        {33, 0, 2, "AlterConfigs"},
        {37, 0, 3, "CreatePartitions"},
        {44, 0, 1, "IncrementalAlterConfigs"},
        {60, 0, 2, "DescribeCluster"},
        {75, 0, 0, "DescribeTopicPartitions"},
    };
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        const struct api *api = find_api(expected[i].key);
        ck_assert_ptr_nonnull(api);
        ck_assert_str_eq(api->name, expected[i].name);
        ck_assert_int_eq(api->min_version, expected[i].min);
        ck_assert_int_eq(api->max_version, expected[i].max);
        ck_assert_ptr_nonnull(api->request);
    }
}
END_TEST

START_TEST(names_are_found_whatever_their_case_and_unknown_ones_are_not)
{
    ck_assert_ptr_eq(find_api_by_name(SLICE("fETCH")), find_api(1));
    ck_assert_ptr_null(find_api_by_name(SLICE("Fetc")));
    ck_assert_ptr_null(find_api_by_name(SLICE_NULL));
    ck_assert_ptr_null(find_api(-1));
    ck_assert_ptr_null(find_api(93));
    ck_assert_ptr_null(find_api(4)->request); /* LeaderAndIsr: known, and gone since 4.0 */
}
END_TEST

START_TEST(headers_are_flexible_with_their_message_but_for_api_versions_answers)
{
    const struct api *fetch = find_api(1);
    const struct api *api_versions = find_api(18);
    ck_assert_int_eq(request_header_version(fetch, 11), 1);
    ck_assert_int_eq(request_header_version(fetch, 12), 2);
    ck_assert_int_eq(response_header_version(fetch, 11), 0);
    ck_assert_int_eq(response_header_version(fetch, 12), 1);
    ck_assert_int_eq(request_header_version(api_versions, 2), 1);
    ck_assert_int_eq(request_header_version(api_versions, 3), 2);
    ck_assert_int_eq(response_header_version(api_versions, 4), 0);
}
END_TEST

START_TEST(a_metadata_record_has_its_frame_before_it)
{
    static const uint8_t frame[] = {1, 2, 0, 4, 'f', 'o', 'o'};
    struct buf out = {0};
    struct writer writer;
    writer_init(&writer, &out, NULL);
    metadata_record_write(&writer, &topic_record_message, 0, &(struct topic_record){.name = SLICE("foo")});
    ck_assert_uint_eq(out.len, sizeof frame + 16 + 1); /* the topic's id, and no tags */
    ck_assert_mem_eq(out.data, frame, sizeof frame);

    struct reader reader;
    uint32_t type, version;
    reader_init(&reader, buf_slice(&out), NULL);
    ck_assert(metadata_record_read_frame(&reader, &type, &version));
    ck_assert_uint_eq(type, 2);
    ck_assert_uint_eq(version, 0);
    ck_assert_ptr_eq(find_metadata_record(type), &topic_record_message);
    buf_fini(&out);
}
END_TEST

START_TEST(a_frame_of_another_version_and_a_type_that_no_release_has_are_refused)
{
    static const uint8_t later[] = {2, 2, 0};
    struct reader reader;
    uint32_t type, version;
    reader_init(&reader, slice_of(later, sizeof later), NULL);
    ck_assert(!metadata_record_read_frame(&reader, &type, &version));
    ck_assert_ptr_null(find_metadata_record(6));
    ck_assert_ptr_null(find_metadata_record(UINT32_MAX));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("apis");
    TCase *tcase = tcase_create("all");
    tcase_add_test(tcase, versions_are_those_that_apache_kafka_advertises);
    tcase_add_test(tcase, names_are_found_whatever_their_case_and_unknown_ones_are_not);
    tcase_add_test(tcase, headers_are_flexible_with_their_message_but_for_api_versions_answers);
    tcase_add_test(tcase, a_metadata_record_has_its_frame_before_it);
    tcase_add_test(tcase, a_frame_of_another_version_and_a_type_that_no_release_has_are_refused);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
