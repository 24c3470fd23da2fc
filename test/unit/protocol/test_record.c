/* record: what the iterator reads out of a batch, and what it refuses. */
#include "protocol/base/buf.h"
#include "protocol/base/varint.h"
#include "protocol/batch_build.h"
#include "protocol/record.h"

#include <check.h>
#include <stdlib.h>

enum { BASE_TIME = 1000000, LARGE = 300000 };

/* A batch around these bytes, which need not be records. The caller frees it. */
static struct buf batch_of(struct slice records, int32_t count, int16_t attributes)
{
    struct buf batch = {0};
    struct batch_header header = {
        .batch_length = (int32_t)(BATCH_HEADER_SIZE - BATCH_LOG_OVERHEAD + records.len),
        .magic = BATCH_MAGIC,
        .attributes = attributes,
        .base_timestamp = BASE_TIME,
        .max_timestamp = BASE_TIME + 9,
        .base_offset = 100,
        .base_sequence = INT32_MAX,
        .record_count = count,
    };
    batch_header_write(buf_reserve(&batch, BATCH_HEADER_SIZE), &header);
    batch.len = BATCH_HEADER_SIZE;
    buf_append_slice(&batch, records);
    return batch;
}

/* Walks to the end in a heap block of the exact size; *read counts the records. */
static enum record_result walk(struct slice batch, const struct record_options *options, int *read,
                               struct note *why)
{
    uint8_t *exact = malloc(batch.len);
    memcpy(exact, batch.data, batch.len);
    struct record_iterator it;
    struct record record;
    enum record_result result;
    record_iterator_init(&it, slice_of(exact, batch.len), options);
    for (*read = 0; (result = record_iterator_next(&it, &record, why)) == RECORD_READ; (*read)++)
        ;
    ck_assert_int_eq(record_iterator_next(&it, &record, NULL), result);
    record_iterator_fini(&it);
    free(exact);
    return result;
}

static void check_walk(struct slice records, int32_t count, enum record_result expected, const char *text)
{
    struct buf batch = batch_of(records, count, 0);
    struct note why = {""};
    int read;
    ck_assert_int_eq(walk(buf_slice(&batch), NULL, &read, &why), expected);
    ck_assert_str_eq(why.text, text);
    buf_fini(&batch);
}

#define RECORDS(literal) SLICE(literal)
/* length 7, attributes 0, timestamp +1 (zig-zag 2), offset +2, key "k", value null, no headers */
#define ONE "\x0e\x00\x02\x04\x02k\x01\x00"

START_TEST(fields_are_relative_to_the_header)
{
    struct buf batch = batch_of(RECORDS(ONE), 1, 0);
    struct record_iterator it;
    struct record record;
    record_iterator_init(&it, buf_slice(&batch), NULL);
    ck_assert_int_eq(record_iterator_next(&it, &record, NULL), RECORD_READ);
    ck_assert_int_eq(record.offset, 102);
    ck_assert_int_eq(record.offset_delta, 2);
    ck_assert_int_eq(record.timestamp, BASE_TIME + 1);
    ck_assert_int_eq(record.sequence, 1); /* 2147483647 + 2 */
    ck_assert(slice_equal_str(record.key, "k") && slice_is_null(record.value));
    ck_assert_uint_eq(record.size, 8);
    ck_assert_int_eq(record.header_count, 0);
    ck_assert_int_eq(record_iterator_next(&it, &record, NULL), RECORD_END);
    record_iterator_fini(&it);
    buf_fini(&batch);
}
END_TEST

START_TEST(log_append_time_hides_the_records_own_times)
{
    struct buf batch = batch_of(RECORDS(ONE), 1, BATCH_LOG_APPEND_TIME);
    struct record_iterator it;
    struct record record;
    record_iterator_init(&it, buf_slice(&batch), NULL);
    ck_assert_int_eq(record_iterator_next(&it, &record, NULL), RECORD_READ);
    ck_assert_int_eq(record.timestamp, BASE_TIME + 9);
    record_iterator_fini(&it);
    buf_fini(&batch);
}
END_TEST

START_TEST(count_and_bytes_must_agree)
{
    check_walk(RECORDS(ONE ONE), 2, RECORD_END, "");
    check_walk(RECORDS(ONE ONE), 1, RECORD_INVALID, "bytes are left behind the last record");
    check_walk(RECORDS(ONE ONE), 3, RECORD_INVALID, "the records end early");
    check_walk(RECORDS(ONE), -1, RECORD_INVALID, "the record count is negative");
    check_walk(RECORDS(""), 0, RECORD_END, "");
    check_walk(RECORDS(""), INT32_MAX, RECORD_INVALID, "the records end early");
}
END_TEST

START_TEST(a_wrong_length_is_refused_whatever_it_is)
{
    static const char structure[] = "a record's structure is wrong", length[] = "a record's length is wrong";
    check_walk(RECORDS("\x0c\x00\x02\x04\x02k\x01\x00"), 1, RECORD_INVALID, structure);     /* one less */
    check_walk(RECORDS("\x10\x00\x02\x04\x02k\x01\x00\x00"), 1, RECORD_INVALID, structure); /* one more */
    check_walk(RECORDS("\x10\x00\x02\x04\x02k\x01\x00"), 1, RECORD_INVALID, length);
    check_walk(RECORDS("\x01\x00\x02\x04\x02k\x01\x00"), 1, RECORD_INVALID, length);    /* -1 */
    check_walk(RECORDS("\x00\x00\x02\x04\x02k\x01\x00"), 1, RECORD_INVALID, structure); /* 0 */
    check_walk(RECORDS("\xfe\xff\xff\xff\x0f\x00\x00"), 1, RECORD_INVALID, length);     /* 2147483647 */
    check_walk(RECORDS("\xff\xff\xff\xff\x0f\x00\x00"), 1, RECORD_INVALID, length);     /* -2147483648 */
    check_walk(RECORDS("\xff\xff\xff\xff\xff\x00\x00"), 1, RECORD_UNREADABLE, "a record's length has no end");
    check_walk(RECORDS("\xff\xff\xff\xff"), 1, RECORD_INVALID, "the records end early");
    check_walk(RECORDS("\x0e\x00\x02\x04\xfe\xff\xff\xff\x0f\x00"), 1, RECORD_INVALID, structure);
    check_walk(RECORDS("\x10\x00\x02\x04\xfe\xff\xff\xff\x0f"), 1, RECORD_INVALID,
               structure); /* key of 2 GiB */
}
END_TEST

START_TEST(numbers_are_read_as_kafka_reads_them)
{
    /* offset delta 8080808040: Kafka drops the bit beyond 32 and reads 0; key length -2 is null */
    struct buf batch = batch_of(RECORDS("\x16\x00\x00\x80\x80\x80\x80\x40\x03\x02v\x00"), 1, 0);
    struct record_iterator it;
    struct record record;
    record_iterator_init(&it, buf_slice(&batch), NULL);
    ck_assert_int_eq(record_iterator_next(&it, &record, NULL), RECORD_READ);
    ck_assert_int_eq(record.offset_delta, 0);
    ck_assert(slice_is_null(record.key) && slice_equal_str(record.value, "v"));
    record_iterator_fini(&it);
    buf_fini(&batch);
    /*
     * a timestamp of 10 bytes loses what is beyond 64 bits; one of 11 is none, and neither is one that the
     * record cuts
     */
    check_walk(RECORDS("\x14\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"), 1, RECORD_INVALID,
               "a record's structure is wrong");
    check_walk(RECORDS("\x1e\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x04\x01\x01\x00"), 1, RECORD_END,
               "");
    check_walk(RECORDS("\x20\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x04\x01\x01\x00"), 1,
               RECORD_INVALID, "a record's structure is wrong");
}
END_TEST

START_TEST(headers_are_checked_first_and_then_walked)
{
    /* two headers: "a" = "1", "" = null */
    struct buf batch = batch_of(RECORDS("\x1a\x00\x00\x00\x01\x01\x04\x02\x61\x02\x31\x00\x01\x00"), 1, 0);
    int read;
    ck_assert_int_eq(walk(buf_slice(&batch), NULL, &read, NULL), RECORD_INVALID); /* a byte too many */
    buf_fini(&batch);
    batch = batch_of(RECORDS("\x18\x00\x00\x00\x01\x01\x04\x02\x61\x02\x31\x00\x01"), 1, 0);
    struct record_iterator it;
    struct record record;
    struct record_header header;
    record_iterator_init(&it, buf_slice(&batch), NULL);
    ck_assert_int_eq(record_iterator_next(&it, &record, NULL), RECORD_READ);
    ck_assert_int_eq(record.header_count, 2);
    struct slice headers = record.headers;
    ck_assert(record_headers_next(&headers, &header));
    ck_assert(slice_equal_str(header.key, "a") && slice_equal_str(header.value, "1"));
    ck_assert(record_headers_next(&headers, &header));
    ck_assert(slice_equal_str(header.key, "") && slice_is_null(header.value));
    ck_assert(!record_headers_next(&headers, &header));
    record_iterator_fini(&it);
    buf_fini(&batch);
    static const char structure[] = "a record's structure is wrong";
    check_walk(RECORDS("\x12\x00\x00\x00\x01\x01\x02\x01\x02\x31"), 1, RECORD_INVALID,
               structure); /* null key */
    check_walk(RECORDS("\x12\x00\x00\x00\x01\x01\x04\x00\x02\x31"), 1, RECORD_INVALID,
               structure); /* one missing */
    check_walk(RECORDS("\x14\x00\x00\x00\x01\x01\xfe\xff\xff\xff\x0f"), 1, RECORD_INVALID,
               structure); /* 2^31-1 */
}
END_TEST

START_TEST(a_negative_header_count_is_taken_from_disk_only)
{
    static const struct record_options tolerant = {.tolerant = true};
    struct buf batch = batch_of(RECORDS("\x0e\x00\x00\x00\x01\x02v\x01"), 1, 0);
    int read;
    ck_assert_int_eq(walk(buf_slice(&batch), NULL, &read, NULL), RECORD_INVALID);
    ck_assert_int_eq(walk(buf_slice(&batch), &tolerant, &read, NULL), RECORD_END);
    ck_assert_int_eq(read, 1);
    buf_fini(&batch);
}
END_TEST

/* Records of very different sizes: some larger than the window. */
static struct slice build_mixed(struct batch_builder *builder, int codec)
{
    batch_builder_init(builder, (enum codec)codec, codec_default_level((enum codec)codec));
    static uint8_t value[LARGE];
    static const size_t sizes[] = {0, 10, LARGE, 1, 65536, 70000, 5, 100000, 3};
    for (size_t i = 0; i < LARGE; i++)
        value[i] = (uint8_t)(i * 2654435761u >> 24);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        batch_builder_append(builder, BASE_TIME, SLICE("key"), slice_of(value + LARGE - sizes[i], sizes[i]),
                             NULL, 0);
    return batch_builder_finish(builder);
}

START_TEST(every_codec_gives_the_same_records)
{
    struct inflater shared;
    inflater_init(&shared);
    const struct record_options options = {.inflater = &shared};
    for (int codec = 1; codec < CODEC_COUNT; codec++) {
        struct batch_builder plain, packed;
        struct record_iterator a, b;
        struct record x, y;
        record_iterator_init(&a, build_mixed(&plain, CODEC_NONE), NULL);
        record_iterator_init(&b, build_mixed(&packed, codec), codec % 2 == 0 ? &options : NULL);
        while (record_iterator_next(&a, &x, NULL) == RECORD_READ) {
            ck_assert_int_eq(record_iterator_next(&b, &y, NULL), RECORD_READ);
            ck_assert(slice_equal(x.key, y.key) && slice_equal(x.value, y.value) && x.offset == y.offset);
        }
        ck_assert_int_eq(a.result, RECORD_END);
        ck_assert_int_eq(record_iterator_next(&b, &y, NULL), RECORD_END);
        record_iterator_fini(&a);
        record_iterator_fini(&b);
        batch_builder_fini(&plain);
        batch_builder_fini(&packed);
    }
    inflater_fini(&shared);
}
END_TEST

static struct buf packed_batch(int codec, struct slice records, int32_t count)
{
    struct buf packed = {0};
    compress_into((enum codec)codec, codec_default_level((enum codec)codec), records, &packed);
    struct buf batch = batch_of(buf_slice(&packed), count, (int16_t)codec);
    buf_fini(&packed);
    return batch;
}

START_TEST(compressed_records_are_checked_like_plain_ones)
{
    static const struct {
        struct slice records;
        int32_t count;
        enum record_result expected;
    } cases[] = {
        {SLICE_NULL, 1, RECORD_INVALID},
        {{(const uint8_t *)ONE ONE, 16}, 2, RECORD_END},
        {{(const uint8_t *)ONE ONE, 16}, 1, RECORD_INVALID},
        {{(const uint8_t *)ONE ONE, 16}, 3, RECORD_INVALID},
        {{(const uint8_t *)ONE, 7}, 1, RECORD_INVALID},
        {{(const uint8_t *)"\xff\xff\xff\xff\xff\x00", 6}, 1, RECORD_UNREADABLE},
        {{(const uint8_t *)"\xff\xff", 2}, 1, RECORD_INVALID},
    };
    for (int codec = 1; codec < CODEC_COUNT; codec++) {
        for (size_t i = codec == CODEC_SNAPPY ? 1 : 0; i < sizeof cases / sizeof cases[0]; i++) {
            struct buf batch = packed_batch(
                codec, cases[i].records.data == NULL ? SLICE("") : cases[i].records, cases[i].count);
            int read;
            ck_assert_msg(walk(buf_slice(&batch), NULL, &read, NULL) == cases[i].expected, "%s %zu",
                          codec_name(codec), i);
            buf_fini(&batch);
        }
    }
}
END_TEST

START_TEST(what_does_not_decompress_is_unreadable)
{
    for (int codec = 1; codec < 8; codec++) {
        struct buf batch = batch_of(RECORDS("this is not compressed at all"), 1, (int16_t)codec);
        int read;
        ck_assert_int_eq(walk(buf_slice(&batch), NULL, &read, NULL), RECORD_UNREADABLE);
        buf_fini(&batch);
    }
}
END_TEST

START_TEST(a_record_that_promises_more_than_the_cap_is_refused_at_once)
{
    enum { CONTENT = 200000 };
    const struct record_options options = {.inflate_cap = CONTENT + 1};
    struct buf records = {0};
    memset(buf_reserve(&records, CONTENT), 'x', CONTENT);
    records.len = CONTENT;
    varlong_write(records.data, CONTENT + 1);
    for (int codec = 1; codec < CODEC_COUNT; codec++) {
        struct buf batch = packed_batch(codec, buf_slice(&records), 1);
        struct note why = {""};
        struct record_iterator it;
        struct record record;
        record_iterator_init(&it, buf_slice(&batch), &options);
        ck_assert_int_eq(record_iterator_next(&it, &record, &why), RECORD_TOO_LARGE);
        ck_assert_str_eq(why.text, "a record of 200004 bytes in a batch that may inflate to 200001");
        ck_assert_uint_eq(it.window_size, 65536); /* nothing more than the first window was inflated */
        record_iterator_fini(&it);
        buf_fini(&batch);
    }
    buf_fini(&records);
}
END_TEST

START_TEST(many_small_records_stop_at_the_cap_too)
{
    for (int codec = 1; codec < CODEC_COUNT; codec++) {
        struct batch_builder builder;
        struct slice batch = build_mixed(&builder, codec);
        struct record_options options = {.inflate_cap = batch_builder_size(&builder) - BATCH_HEADER_SIZE};
        int read;
        ck_assert_int_eq(walk(batch, &options, &read, NULL), RECORD_END);
        options.inflate_cap--;
        ck_assert_int_eq(walk(batch, &options, &read, NULL), RECORD_TOO_LARGE);
        batch_builder_fini(&builder);
    }
}
END_TEST

START_TEST(records_cut_anywhere_are_refused)
{
    for (int codec = 0; codec < CODEC_COUNT; codec++) {
        struct batch_builder builder;
        batch_builder_init(&builder, (enum codec)codec, codec_default_level((enum codec)codec));
        static const struct record_header header = {{(const uint8_t *)"h", 1}, {(const uint8_t *)"v", 1}};
        for (int i = 0; i < 5; i++)
            batch_builder_append(&builder, BASE_TIME + i, SLICE("some key"), SLICE("a value of some bytes"),
                                 &header, 1);
        struct slice batch = batch_builder_finish(&builder);
        int read;
        ck_assert_int_eq(walk(batch, NULL, &read, NULL), RECORD_END);
        ck_assert_int_eq(read, 5);
        for (size_t len = BATCH_HEADER_SIZE; len < batch.len; len++)
            ck_assert_msg(walk(slice_of(batch.data, len), NULL, &read, NULL) != RECORD_END, "%s cut to %zu",
                          codec_name(codec), len);
        batch_builder_fini(&builder);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("record");
    TCase *tcase = tcase_create("record");
    tcase_set_timeout(tcase, 250);
    tcase_add_test(tcase, fields_are_relative_to_the_header);
    tcase_add_test(tcase, log_append_time_hides_the_records_own_times);
    tcase_add_test(tcase, count_and_bytes_must_agree);
    tcase_add_test(tcase, a_wrong_length_is_refused_whatever_it_is);
    tcase_add_test(tcase, numbers_are_read_as_kafka_reads_them);
    tcase_add_test(tcase, headers_are_checked_first_and_then_walked);
    tcase_add_test(tcase, a_negative_header_count_is_taken_from_disk_only);
    tcase_add_test(tcase, every_codec_gives_the_same_records);
    tcase_add_test(tcase, compressed_records_are_checked_like_plain_ones);
    tcase_add_test(tcase, what_does_not_decompress_is_unreadable);
    tcase_add_test(tcase, a_record_that_promises_more_than_the_cap_is_refused_at_once);
    tcase_add_test(tcase, many_small_records_stop_at_the_cap_too);
    tcase_add_test(tcase, records_cut_anywhere_are_refused);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
