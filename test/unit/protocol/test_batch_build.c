/*
 * batch_build: what the builder counts by itself and what it leaves to the caller. Bytes:
 * test/golden/test_batches.c.
 */
#include "protocol/batch_build.h"

#include <check.h>
#include <stdlib.h>

static struct batch_builder builder;

static void setup(void)
{
    batch_builder_init(&builder, CODEC_NONE, 0);
}

static void teardown(void)
{
    batch_builder_fini(&builder);
}

static struct batch_header finish(void)
{
    struct slice batch = batch_builder_finish(&builder);
    struct batch_header header;
    size_t size;
    ck_assert_int_eq(batch_next(batch, &header, &size, NULL), BATCH_WHOLE);
    ck_assert_uint_eq(size, batch.len);
    ck_assert(batch_check_crc(batch));
    return header;
}

static void add(int64_t timestamp)
{
    batch_builder_append(&builder, timestamp, SLICE("k"), SLICE("v"), NULL, 0);
}

START_TEST(counts_offsets_and_times_follow_the_records)
{
    add(50);
    add(70);
    add(60);
    struct batch_header header = finish();
    ck_assert_int_eq(header.record_count, 3);
    ck_assert_int_eq(header.last_offset_delta, 2);
    ck_assert_int_eq(header.base_timestamp, 50);
    ck_assert_int_eq(header.max_timestamp, 70);
    ck_assert_int_eq(header.producer_id, NO_PRODUCER_ID);
    ck_assert_int_eq(header.producer_epoch, NO_PRODUCER_EPOCH);
    ck_assert_int_eq(header.base_sequence, NO_SEQUENCE);
    ck_assert_int_eq(header.partition_leader_epoch, -1);
    ck_assert_int_eq(header.attributes, 0);
}
END_TEST

START_TEST(what_the_caller_sets_stays)
{
    builder.header.base_offset = 9;
    builder.header.attributes = BATCH_TRANSACTIONAL;
    add(50);
    builder.header.max_timestamp = 1;
    builder.header.last_offset_delta = 7;
    struct batch_header header = finish();
    ck_assert_int_eq(header.base_offset, 9);
    ck_assert_int_eq(header.max_timestamp, 1);
    ck_assert_int_eq(batch_last_offset(&header), 16);
    ck_assert(batch_is_transactional(&header));
}
END_TEST

START_TEST(it_can_be_finished_again_after_more_records_and_reset)
{
    builder.codec = CODEC_LZ4;
    builder.level = LZ4_LEVEL_DEFAULT;
    add(1);
    struct batch_header header = finish();
    ck_assert_int_eq(header.record_count, 1);
    add(2);
    header = finish();
    ck_assert_int_eq(header.record_count, 2);
    ck_assert_int_eq(batch_codec(&header), CODEC_LZ4);
    batch_builder_reset(&builder);
    add(100);
    header = finish();
    ck_assert_int_eq(header.record_count, 1);
    ck_assert_int_eq(header.base_timestamp, 100);
}
END_TEST

START_TEST(a_batch_without_records_is_a_bare_header_without_a_codec)
{
    builder.codec = CODEC_GZIP;
    builder.level = GZIP_LEVEL_DEFAULT;
    struct batch_header header = finish();
    ck_assert_int_eq(batch_size(&header), BATCH_HEADER_SIZE);
    ck_assert_int_eq(batch_codec(&header), CODEC_NONE);
}
END_TEST

START_TEST(a_level_that_the_codec_does_not_have_gives_nothing)
{
    builder.codec = CODEC_GZIP;
    builder.level = 10;
    add(1);
    ck_assert(slice_is_null(batch_builder_finish(&builder)));
}
END_TEST

START_TEST(headers_and_nulls_come_back)
{
    static const struct record_header headers[] = {
        {{(const uint8_t *)"a", 1}, {NULL, 0}},
        {{(const uint8_t *)"", 0}, {(const uint8_t *)"", 0}},
    };
    batch_builder_append(&builder, -5, SLICE_NULL, SLICE(""), headers, 2);
    struct record_iterator it;
    struct record record;
    struct record_header header;
    record_iterator_init(&it, batch_builder_finish(&builder), NULL);
    ck_assert_int_eq(record_iterator_next(&it, &record, NULL), RECORD_READ);
    ck_assert(slice_is_null(record.key) && slice_equal_str(record.value, ""));
    ck_assert_int_eq(record.timestamp, -5);
    struct slice rest = record.headers;
    for (int i = 0; i < 2; i++) {
        ck_assert(record_headers_next(&rest, &header));
        ck_assert(slice_equal(header.key, headers[i].key) && slice_equal(header.value, headers[i].value));
    }
    ck_assert(!record_headers_next(&rest, &header));
    record_iterator_fini(&it);
}
END_TEST

START_TEST(control_records_say_their_type)
{
    batch_builder_append_control(&builder, 5, CONTROL_COMMIT, SLICE("value"));
    struct record_iterator it;
    struct record record;
    record_iterator_init(&it, batch_builder_finish(&builder), NULL);
    ck_assert(batch_is_control(&it.header));
    ck_assert_int_eq(record_iterator_next(&it, &record, NULL), RECORD_READ);
    ck_assert_int_eq(control_record_type(&record), CONTROL_COMMIT);
    record.key.len = 3;
    ck_assert_int_eq(control_record_type(&record), -1);
    record_iterator_fini(&it);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("batch_build");
    TCase *tcase = tcase_create("batch_build");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, counts_offsets_and_times_follow_the_records);
    tcase_add_test(tcase, what_the_caller_sets_stays);
    tcase_add_test(tcase, it_can_be_finished_again_after_more_records_and_reset);
    tcase_add_test(tcase, a_batch_without_records_is_a_bare_header_without_a_codec);
    tcase_add_test(tcase, a_level_that_the_codec_does_not_have_gives_nothing);
    tcase_add_test(tcase, headers_and_nulls_come_back);
    tcase_add_test(tcase, control_records_say_their_type);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
