/*
 * batch_validate: what the recorded verdicts in test/golden do not reach: recompression, caps, many errors,
 * shapes.
 */
#include "protocol/base/arena.h"
#include "protocol/base/big_endian.h"
#include "protocol/base/buf.h"
#include "protocol/batch_build.h"
#include "protocol/batch_validate.h"
#include "protocol/record.h"

#include <check.h>
#include <stdlib.h>

enum { NOW = 1700000000, HOUR_MS = 3600000 };

static struct arena arena;
static struct batch_builder builder;
static struct buf bytes;
static struct batch_rules rules;
static struct batch_verdict verdict;

static void setup(void)
{
    arena_init(&arena, 64 << 20);
    bytes = (struct buf){0};
    batch_builder_init(&builder, CODEC_NONE, 0);
    rules = (struct batch_rules){
        .now_ms = NOW,
        .before_max_ms = INT64_MAX,
        .after_max_ms = HOUR_MS,
        .max_message_bytes = 1048588,
        .compression = COMPRESSION_PRODUCER,
        .gzip_level = GZIP_LEVEL_DEFAULT,
        .lz4_level = LZ4_LEVEL_DEFAULT,
        .zstd_level = ZSTD_LEVEL_DEFAULT,
        .topic = SLICE("t"),
        .partition = 3,
        .api_version = 12,
    };
}

static void teardown(void)
{
    arena_fini(&arena);
    batch_builder_fini(&builder);
    buf_fini(&bytes);
}

static void use_codec(int codec)
{
    builder.codec = (enum codec)codec;
    builder.level = codec_default_level((enum codec)codec);
}

static void add(int64_t timestamp, const char *key, const char *value)
{
    batch_builder_append(&builder, timestamp, slice_str(key), slice_str(value), NULL, 0);
}

static void finish(void)
{
    buf_clear(&bytes, SIZE_MAX);
    buf_append_slice(&bytes, batch_builder_finish(&builder));
}

static enum kerr validate(void)
{
    batch_validate(bytes.data, bytes.len, &rules, &arena, &verdict);
    return verdict.error;
}

static void add_three_and_finish(void)
{
    add(NOW - 5, "a", "1");
    add(NOW + 7, "b", "2");
    add(NOW + 7, "c", "3");
    finish();
}

/* The verdict's batch has these values, numbered from 0. */
static void check_records(const char *values)
{
    struct slice batch = slice_of(verdict.batch, verdict.len);
    struct batch_header header;
    size_t size;
    ck_assert_int_eq(batch_next(batch, &header, &size, NULL), BATCH_WHOLE);
    ck_assert_uint_eq(size, verdict.len);
    ck_assert(batch_check_crc(batch));
    uint8_t said[BATCH_HEADER_SIZE];
    batch_header_write(said, &verdict.header);
    ck_assert_mem_eq(said, batch.data, sizeof said);
    struct record_iterator it;
    struct record record;
    record_iterator_init(&it, batch, NULL);
    for (int i = 0; values[i] != '\0'; i++) {
        ck_assert_int_eq(record_iterator_next(&it, &record, NULL), RECORD_READ);
        ck_assert_int_eq(record.offset_delta, i);
        ck_assert(slice_equal(record.value, slice_of(values + i, 1)));
    }
    ck_assert_int_eq(record_iterator_next(&it, &record, NULL), RECORD_END);
    record_iterator_fini(&it);
}

START_TEST(a_good_batch_stays_where_it_is_byte_for_byte)
{
    add_three_and_finish();
    struct buf before = {0};
    buf_append_slice(&before, buf_slice(&bytes));
    ck_assert_int_eq(validate(), KERR_NONE);
    ck_assert_ptr_eq(verdict.batch, bytes.data);
    ck_assert(slice_equal(buf_slice(&before), slice_of(verdict.batch, verdict.len)));
    ck_assert_int_eq(verdict.max_timestamp, NOW + 7);
    ck_assert_int_eq(verdict.max_timestamp_delta, 1);
    check_records("123");
    buf_fini(&before);
}
END_TEST

START_TEST(every_codec_is_changed_into_every_other)
{
    for (int from = 0; from < CODEC_COUNT; from++) {
        for (int to = 0; to < CODEC_COUNT; to++) {
            batch_builder_reset(&builder);
            use_codec(from);
            builder.header.producer_id = 77;
            builder.header.producer_epoch = 3;
            builder.header.base_sequence = 9;
            builder.header.attributes = BATCH_TRANSACTIONAL | BATCH_DELETE_HORIZON;
            add_three_and_finish();
            rules.compression = to;
            ck_assert_int_eq(validate(), KERR_NONE);
            ck_assert(from == to ? verdict.batch == bytes.data : verdict.batch != bytes.data);
            check_records("123");
            ck_assert_int_eq(batch_codec(&verdict.header), to);
            ck_assert_int_eq(verdict.header.producer_id, 77);
            ck_assert_int_eq(verdict.header.producer_epoch, 3);
            ck_assert_int_eq(verdict.header.base_sequence, 9);
            ck_assert_int_eq(verdict.header.last_offset_delta, 2);
            ck_assert_int_eq(verdict.header.max_timestamp, NOW + 7);
            ck_assert(batch_is_transactional(&verdict.header));
            ck_assert(batch_has_delete_horizon(&verdict.header)
                      == (from == to)); /* Kafka's builder starts afresh */
        }
    }
}
END_TEST

START_TEST(recompressing_for_log_append_time_sets_type_and_time)
{
    add_three_and_finish();
    rules.compression = CODEC_ZSTD;
    rules.log_append_time = true;
    ck_assert_int_eq(validate(), KERR_NONE);
    check_records("123");
    ck_assert(batch_is_log_append_time(&verdict.header));
    ck_assert_int_eq(verdict.header.max_timestamp, NOW);
    ck_assert_int_eq(verdict.header.base_timestamp, NOW - 5);
    ck_assert_int_eq(verdict.max_timestamp, NOW);
    ck_assert_int_eq(verdict.max_timestamp_delta, 0);
}
END_TEST

START_TEST(recompressing_numbers_the_records_anew_but_the_same_codec_fails_as_in_kafka)
{
    use_codec(CODEC_GZIP);
    add(NOW, "a", "1");
    batch_builder_append_raw(&builder, 5, NOW, SLICE("b"), SLICE("2"), SLICE(""), 0);
    builder.header.last_offset_delta = 1;
    finish();
    ck_assert_int_eq(validate(), KERR_UNKNOWN_SERVER_ERROR);
    ck_assert(verdict.has_log_start_offset && slice_is_null(verdict.error_message));
    rules.compression = CODEC_LZ4;
    ck_assert_int_eq(validate(), KERR_NONE);
    check_records("12");
}
END_TEST

START_TEST(a_negative_time_cannot_be_rebuilt)
{
    add(-1000, "a", "1");
    builder.header.max_timestamp = -1000;
    finish();
    rules.compression = CODEC_GZIP;
    ck_assert_int_eq(validate(), KERR_UNKNOWN_SERVER_ERROR);
    rules.compression = COMPRESSION_PRODUCER;
    ck_assert_int_eq(validate(), KERR_NONE);
    ck_assert_int_eq(verdict.max_timestamp, NO_TIMESTAMP);
    ck_assert_int_eq(verdict.max_timestamp_delta, -1);
}
END_TEST

START_TEST(what_grows_beyond_the_limit_when_recompressed_is_too_large)
{
    use_codec(CODEC_ZSTD);
    char value[1001] = {0};
    memset(value, 'x', sizeof value - 1);
    add(NOW, "a", value);
    finish();
    rules.max_message_bytes = 500;
    ck_assert_int_eq(validate(), KERR_NONE);
    rules.compression = CODEC_NONE;
    ck_assert_int_eq(validate(), KERR_MESSAGE_TOO_LARGE);
    ck_assert(!verdict.has_log_start_offset);
}
END_TEST

START_TEST(what_inflates_beyond_the_cap_is_too_large)
{
    for (int codec = 1; codec < CODEC_COUNT; codec++) {
        batch_builder_reset(&builder);
        use_codec(codec);
        for (int i = 0; i < 1000; i++)
            add(NOW, "key", "the same value again and again");
        finish();
        rules.inflate_cap = 20000;
        ck_assert_int_eq(validate(), KERR_MESSAGE_TOO_LARGE);
        rules.inflate_cap = 0;
        ck_assert_int_eq(validate(), KERR_NONE);
    }
}
END_TEST

START_TEST(the_first_three_errors_are_in_the_message_and_all_in_the_list)
{
    rules.compacted = true;
    for (int i = 0; i < 10; i++)
        add(NOW, i % 2 == 0 ? NULL : "k", "v");
    finish();
    ck_assert_int_eq(validate(), KERR_INVALID_RECORD);
    ck_assert(verdict.has_log_start_offset);
    ck_assert_int_eq(verdict.record_error_count, 5);
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(verdict.record_errors[i].batch_index, 2 * i);
    ck_assert(slice_equal_str(verdict.error_message,
                              "One or more records have been rejected due to 5 record errors in total, and "
                              "only showing the first three errors at "
                              "most: [RecordError(batchIndex=0, message='Compacted topic cannot accept "
                              "message without key in topic partition "
                              "t-3'), RecordError(batchIndex=2, message='Compacted topic cannot accept "
                              "message without key in topic partition "
                              "t-3'), RecordError(batchIndex=4, message='Compacted topic cannot accept "
                              "message without key in topic partition "
                              "t-3')]"));
}
END_TEST

START_TEST(one_wrong_time_among_missing_keys_decides_the_error)
{
    rules.compacted = true;
    add(NOW, NULL, "v");
    add(NOW + HOUR_MS + 1, "k", "v");
    add(NOW + HOUR_MS + 1, NULL, "v");
    finish();
    ck_assert_int_eq(validate(), KERR_INVALID_TIMESTAMP);
    ck_assert_int_eq(verdict.record_error_count, 3);
    ck_assert(slice_equal_str(verdict.error_message,
                              "One or more records have been rejected due to invalid timestamp"));
    ck_assert(slice_equal_str(verdict.record_errors[2].message,
                              "Compacted topic cannot accept message without key in topic partition t-3"));
}
END_TEST

START_TEST(the_list_of_errors_has_an_end)
{
    rules.compacted = true;
    for (int i = 0; i < BATCH_RECORD_ERRORS_MAX + 10; i++)
        add(NOW, NULL, "");
    finish();
    ck_assert_int_eq(validate(), KERR_INVALID_RECORD);
    ck_assert_int_eq(verdict.record_error_count, BATCH_RECORD_ERRORS_MAX);
    ck_assert(slice_starts_with(
        verdict.error_message,
        SLICE("One or more records have been rejected due to 16394 record errors in total")));
}
END_TEST

START_TEST(times_at_the_edges_are_inside_and_beyond_them_outside)
{
    rules.before_max_ms = 1000;
    rules.after_max_ms = 2000;
    static const struct {
        int64_t timestamp;
        bool good;
    } times[] = {{NOW - 1000, true}, {NOW - 1001, false}, {NOW + 2000, true}, {NOW + 2001, false},
                 {-1, true},         {0, false},          {INT64_MAX, false}, {-2, false}};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        batch_builder_reset(&builder);
        add(times[i].timestamp, "k", "v");
        finish();
        ck_assert_msg((validate() == KERR_NONE) == times[i].good, "time %zu", i);
    }
}
END_TEST

START_TEST(a_compressed_batch_marked_log_append_time_is_described_as_kafka_does)
{
    use_codec(CODEC_LZ4);
    add(5, NULL, "vv");
    builder.header.attributes = BATCH_LOG_APPEND_TIME;
    builder.header.max_timestamp = 77;
    finish();
    rules.log_append_time = true;
    ck_assert_int_eq(validate(), KERR_INVALID_TIMESTAMP);
    ck_assert(slice_equal_str(
        verdict.record_errors[0].message,
        "Invalid timestamp type in message PartialDefaultRecord(offset=0, timestamp=77, key=-1 bytes, "
        "value=2 bytes). Producer should not set timestamp type to LogAppendTime."));
    rules.compression = CODEC_NONE;
    ck_assert_int_eq(validate(), KERR_INVALID_TIMESTAMP);
    ck_assert(slice_equal_str(
        verdict.record_errors[0].message,
        "Invalid timestamp type in message DefaultRecord(offset=0, timestamp=77, key=0 bytes, "
        "value=2 bytes). Producer should not set timestamp type to LogAppendTime."));
}
END_TEST

START_TEST(a_refused_batch_is_not_written_to)
{
    builder.header.max_timestamp = 99; /* to be corrected, if it were good */
    add(NOW, "k", "v");
    batch_builder_append(&builder, NOW, SLICE_NULL, SLICE("v"), NULL, 0);
    finish();
    struct buf before = {0};
    buf_append_slice(&before, buf_slice(&bytes));
    rules.compacted = true;
    ck_assert_int_eq(validate(), KERR_INVALID_RECORD);
    ck_assert(slice_equal(buf_slice(&before), buf_slice(&bytes)));
    buf_fini(&before);
}
END_TEST

START_TEST(trailing_bytes_are_cut_off_and_do_not_count)
{
    add_three_and_finish();
    size_t len = bytes.len;
    rules.max_message_bytes = (int32_t)len;
    buf_append_slice(&bytes, slice_of(bytes.data, len - 1)); /* a second batch, cut */
    ck_assert_int_eq(validate(), KERR_NONE);
    ck_assert_uint_eq(verdict.len, len);
    check_records("123");
    rules.max_message_bytes--;
    ck_assert_int_eq(validate(), KERR_MESSAGE_TOO_LARGE);
}
END_TEST

START_TEST(a_second_size_that_overflows_fails_the_whole_request)
{
    add_three_and_finish();
    size_t len = bytes.len;
    buf_append_slice(&bytes, slice_of(bytes.data, BATCH_HEADER_SIZE));
    store_i32(bytes.data + len + BATCH_LENGTH_AT, INT32_MAX);
    ck_assert_int_eq(validate(), KERR_UNKNOWN_SERVER_ERROR);
    ck_assert(verdict.whole_request && !verdict.has_log_start_offset);
    store_i32(bytes.data + len + BATCH_LENGTH_AT, INT32_MAX - BATCH_LOG_OVERHEAD);
    ck_assert_int_eq(validate(), KERR_NONE);
    store_i32(bytes.data + len + BATCH_LENGTH_AT, 13);
    ck_assert_int_eq(validate(), KERR_CORRUPT_MESSAGE);
    ck_assert(!verdict.whole_request && slice_is_null(verdict.error_message));
}
END_TEST

START_TEST(the_scan_tells_what_fails_a_whole_request)
{
    builder.header.attributes = BATCH_TRANSACTIONAL;
    add_three_and_finish();
    struct batch_scan scan;
    struct note why = {""};
    ck_assert_int_eq(batch_scan(buf_slice(&bytes), &scan, &why), KERR_NONE);
    ck_assert(scan.has_batch && scan.transactional);
    ck_assert_int_eq(batch_scan(slice_of(bytes.data, bytes.len - 1), &scan, &why), KERR_NONE);
    ck_assert(!scan.has_batch && !scan.transactional);
    store_i32(bytes.data + BATCH_LENGTH_AT, 13);
    ck_assert_int_eq(batch_scan(slice_of(bytes.data, 12), &scan, &why), KERR_CORRUPT_MESSAGE);
    ck_assert_str_eq(why.text, "Record size 13 is less than the minimum record overhead (14)");
    ck_assert_int_eq(validate(), KERR_CORRUPT_MESSAGE);
    ck_assert(verdict.whole_request && slice_equal_str(verdict.error_message, why.text));
    ck_assert_int_eq(batch_scan(slice_of(bytes.data, 11), &scan, NULL), KERR_NONE);
}
END_TEST

START_TEST(a_batch_shorter_than_its_header_is_corrupt)
{
    add_three_and_finish();
    for (int32_t length = 14; length < BATCH_HEADER_SIZE - BATCH_LOG_OVERHEAD; length++) {
        uint8_t exact[BATCH_HEADER_SIZE];
        memcpy(exact, bytes.data, sizeof exact);
        store_i32(exact + BATCH_LENGTH_AT, length);
        struct batch_scan scan;
        uint8_t *heap = malloc((size_t)length + BATCH_LOG_OVERHEAD);
        memcpy(heap, exact, (size_t)length + BATCH_LOG_OVERHEAD);
        ck_assert_int_eq(batch_scan(slice_of(heap, (size_t)length + BATCH_LOG_OVERHEAD), &scan, NULL),
                         KERR_NONE);
        batch_validate(heap, (size_t)length + BATCH_LOG_OVERHEAD, &rules, &arena, &verdict);
        ck_assert_int_eq(verdict.error, KERR_CORRUPT_MESSAGE);
        free(heap);
    }
}
END_TEST

START_TEST(zstd_is_for_version_7_and_up)
{
    use_codec(CODEC_ZSTD);
    add_three_and_finish();
    rules.api_version = 6;
    ck_assert_int_eq(validate(), KERR_UNSUPPORTED_COMPRESSION_TYPE);
    ck_assert(!verdict.whole_request && !verdict.has_log_start_offset);
    bytes.data[BATCH_ATTRIBUTES_AT + 1] = 5; /* Kafka trips over its own look-up here */
    ck_assert_int_eq(validate(), KERR_UNKNOWN_SERVER_ERROR);
    ck_assert(verdict.whole_request);
    rules.api_version = 7;
    store_u32(bytes.data + BATCH_CRC_AT, batch_compute_crc(buf_slice(&bytes)));
    ck_assert_int_eq(validate(), KERR_UNKNOWN_SERVER_ERROR);
    ck_assert(!verdict.whole_request && verdict.has_log_start_offset);
}
END_TEST

START_TEST(an_inflater_can_be_kept_from_batch_to_batch)
{
    struct inflater inflater;
    inflater_init(&inflater);
    rules.inflater = &inflater;
    for (int round = 0; round < 8; round++) {
        batch_builder_reset(&builder);
        use_codec(1 + round % 4);
        add_three_and_finish();
        ck_assert_int_eq(validate(), KERR_NONE);
        check_records("123");
    }
    inflater_fini(&inflater);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("batch_validate");
    TCase *tcase = tcase_create("batch_validate");
    tcase_set_timeout(tcase, 250);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_good_batch_stays_where_it_is_byte_for_byte);
    tcase_add_test(tcase, every_codec_is_changed_into_every_other);
    tcase_add_test(tcase, recompressing_for_log_append_time_sets_type_and_time);
    tcase_add_test(tcase, recompressing_numbers_the_records_anew_but_the_same_codec_fails_as_in_kafka);
    tcase_add_test(tcase, a_negative_time_cannot_be_rebuilt);
    tcase_add_test(tcase, what_grows_beyond_the_limit_when_recompressed_is_too_large);
    tcase_add_test(tcase, what_inflates_beyond_the_cap_is_too_large);
    tcase_add_test(tcase, the_first_three_errors_are_in_the_message_and_all_in_the_list);
    tcase_add_test(tcase, one_wrong_time_among_missing_keys_decides_the_error);
    tcase_add_test(tcase, the_list_of_errors_has_an_end);
    tcase_add_test(tcase, times_at_the_edges_are_inside_and_beyond_them_outside);
    tcase_add_test(tcase, a_compressed_batch_marked_log_append_time_is_described_as_kafka_does);
    tcase_add_test(tcase, a_refused_batch_is_not_written_to);
    tcase_add_test(tcase, trailing_bytes_are_cut_off_and_do_not_count);
    tcase_add_test(tcase, a_second_size_that_overflows_fails_the_whole_request);
    tcase_add_test(tcase, the_scan_tells_what_fails_a_whole_request);
    tcase_add_test(tcase, a_batch_shorter_than_its_header_is_corrupt);
    tcase_add_test(tcase, zstd_is_for_version_7_and_up);
    tcase_add_test(tcase, an_inflater_can_be_kept_from_batch_to_batch);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
