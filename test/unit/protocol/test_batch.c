/* batch: the header's fields, what may be patched in place, and walking a buffer of batches. */
#include "protocol/base/big_endian.h"
#include "protocol/base/buf.h"
#include "protocol/batch.h"
#include "protocol/batch_build.h"

#include <check.h>
#include <stdlib.h>

static struct batch_header sample_header(void)
{
    return (struct batch_header){
        .base_offset = 0x0102030405060708,
        .batch_length = 0x11121314,
        .partition_leader_epoch = 0x21222324,
        .magic = 2,
        .crc = 0xf1f2f3f4,
        .attributes = 0x0017,
        .last_offset_delta = 0x31323334,
        .base_timestamp = 0x4142434445464748,
        .max_timestamp = 0x5152535455565758,
        .producer_id = 0x6162636465666768,
        .producer_epoch = 0x7172,
        .base_sequence = 0x0a0b0c0d,
        .record_count = 0x1a1b1c1d,
    };
}

/* A batch of `count` records, appended to `out`. */
static void append_batch(struct buf *out, int64_t base_offset, int count)
{
    struct batch_builder builder;
    batch_builder_init(&builder, CODEC_NONE, 0);
    builder.header.base_offset = base_offset;
    for (int i = 0; i < count; i++)
        batch_builder_append(&builder, 1000 + i, SLICE_NULL, SLICE("value"), NULL, 0);
    buf_append_slice(out, batch_builder_finish(&builder));
    batch_builder_fini(&builder);
}

START_TEST(every_field_lies_where_kafka_has_it)
{
    static const uint8_t bytes[BATCH_HEADER_SIZE] = {
        1,    2,    3,    4,    5,    6,    7,    8,    0x11, 0x12, 0x13, 0x14, 0x21, 0x22, 0x23, 0x24,
        2,    0xf1, 0xf2, 0xf3, 0xf4, 0,    0x17, 0x31, 0x32, 0x33, 0x34, 0x41, 0x42, 0x43, 0x44, 0x45,
        0x46, 0x47, 0x48, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x61, 0x62, 0x63, 0x64, 0x65,
        0x66, 0x67, 0x68, 0x71, 0x72, 0x0a, 0x0b, 0x0c, 0x0d, 0x1a, 0x1b, 0x1c, 0x1d,
    };
    struct batch_header written = sample_header(), read;
    uint8_t out[BATCH_HEADER_SIZE];
    batch_header_write(out, &written);
    ck_assert_mem_eq(out, bytes, sizeof bytes);
    batch_header_read(bytes, &read);
    ck_assert_int_eq(read.base_offset, written.base_offset);
    ck_assert_int_eq(read.producer_epoch, written.producer_epoch);
    ck_assert_int_eq(read.record_count, written.record_count);
    batch_header_write(out, &read);
    ck_assert_mem_eq(out, bytes, sizeof bytes);
    ck_assert_int_eq(batch_size(&read), 0x11121314 + 12);
}
END_TEST

START_TEST(attribute_bits_have_their_meaning)
{
    struct batch_header header = {.attributes = 0x17};
    ck_assert_int_eq(batch_codec(&header), 7);
    ck_assert(batch_is_transactional(&header) && !batch_is_control(&header));
    ck_assert(!batch_is_log_append_time(&header) && !batch_has_delete_horizon(&header));
    header.attributes = 0x68;
    ck_assert_int_eq(batch_codec(&header), 0);
    ck_assert(!batch_is_transactional(&header) && batch_is_control(&header));
    ck_assert(batch_is_log_append_time(&header) && batch_has_delete_horizon(&header));
}
END_TEST

START_TEST(sequences_wrap_to_zero_and_offsets_do_not)
{
    struct batch_header header = {
        .base_offset = INT64_MAX - 3, .last_offset_delta = 2, .base_sequence = INT32_MAX - 1};
    ck_assert_int_eq(batch_last_offset(&header), INT64_MAX - 1);
    ck_assert_int_eq(batch_next_offset(&header), INT64_MAX);
    ck_assert_int_eq(batch_last_sequence(&header), 0);
    ck_assert_int_eq(batch_sequence_add(INT32_MAX, 1), 0);
    ck_assert_int_eq(batch_sequence_add(INT32_MAX, 0), INT32_MAX);
    ck_assert_int_eq(batch_sequence_add(5, 7), 12);
    header.base_sequence = NO_SEQUENCE;
    ck_assert_int_eq(batch_last_sequence(&header), NO_SEQUENCE);
}
END_TEST

START_TEST(only_ids_from_zero_on_are_producer_ids)
{
    ck_assert(!batch_has_producer_id(&(struct batch_header){.producer_id = -1}));
    ck_assert(!batch_has_producer_id(&(struct batch_header){.producer_id = -2}));
    ck_assert(batch_has_producer_id(&(struct batch_header){.producer_id = 0}));
}
END_TEST

START_TEST(offset_and_leader_epoch_are_outside_the_crc_and_nothing_else_is)
{
    struct buf batch = {0};
    append_batch(&batch, 0, 3);
    batch_set_base_offset(batch.data, 0x0102030405060708);
    batch_set_leader_epoch(batch.data, 9);
    ck_assert(batch_check_crc(buf_slice(&batch)));
    struct batch_header header;
    batch_header_read(batch.data, &header);
    ck_assert_int_eq(header.base_offset, 0x0102030405060708);
    ck_assert_int_eq(header.partition_leader_epoch, 9);
    for (size_t i = BATCH_CRC_AT; i < batch.len; i++) {
        batch.data[i] ^= 0x40;
        ck_assert_msg(!batch_check_crc(buf_slice(&batch)), "byte %zu", i);
        batch.data[i] ^= 0x40;
    }
    buf_fini(&batch);
}
END_TEST

START_TEST(a_right_max_timestamp_leaves_the_bytes_alone)
{
    struct buf batch = {0};
    append_batch(&batch, 0, 3);
    store_u32(batch.data + BATCH_CRC_AT, 7); /* would be mended by a write */
    struct batch_header header;
    batch_header_read(batch.data, &header);
    ck_assert(!batch_set_max_timestamp(batch.data, batch.len, &header, false, 1002));
    ck_assert_uint_eq(load_u32(batch.data + BATCH_CRC_AT), 7);
    buf_fini(&batch);
}
END_TEST

START_TEST(a_new_max_timestamp_brings_type_and_crc_with_it)
{
    struct buf batch = {0};
    append_batch(&batch, 0, 3);
    batch.data[BATCH_ATTRIBUTES_AT] = 0xff;
    batch.data[BATCH_ATTRIBUTES_AT + 1] = 0x80 | BATCH_TRANSACTIONAL;
    struct batch_header header, stored;
    batch_header_read(batch.data, &header);
    ck_assert(batch_set_max_timestamp(batch.data, batch.len, &header, true, 77));
    ck_assert(batch_check_crc(buf_slice(&batch)));
    batch_header_read(batch.data, &stored);
    ck_assert_int_eq(stored.max_timestamp, 77);
    ck_assert_int_eq(stored.attributes, BATCH_TRANSACTIONAL | BATCH_LOG_APPEND_TIME);
    ck_assert_int_eq(header.attributes, stored.attributes);
    ck_assert_uint_eq(header.crc, stored.crc);
    ck_assert(batch_set_max_timestamp(batch.data, batch.len, &header, false, 77));
    ck_assert(!batch_is_log_append_time(&header) && batch_check_crc(buf_slice(&batch)));
    buf_fini(&batch);
}
END_TEST

START_TEST(a_buffer_of_batches_is_walked_to_its_cut_end)
{
    struct buf log = {0};
    append_batch(&log, 10, 2);
    append_batch(&log, 12, 1);
    size_t whole = log.len;
    append_batch(&log, 13, 1);
    for (size_t len = whole; len < log.len; len++) {
        struct slice left = slice_of(log.data, len);
        struct batch_header header;
        size_t size;
        int64_t next = 10;
        while (batch_next(left, &header, &size, NULL) == BATCH_WHOLE) {
            ck_assert_int_eq(header.base_offset, next);
            next = batch_next_offset(&header);
            left = slice_from(left, size);
        }
        ck_assert_int_eq(next, 13);
        ck_assert_int_eq(batch_next(left, &header, &size, NULL), BATCH_INCOMPLETE);
        ck_assert_uint_eq(size, left.len < BATCH_HEADER_SIZE ? BATCH_HEADER_SIZE : log.len - whole);
    }
    buf_fini(&log);
}
END_TEST

START_TEST(an_impossible_length_or_another_magic_is_corrupt_as_soon_as_it_is_seen)
{
    struct buf log = {0};
    append_batch(&log, 0, 1);
    struct batch_header header;
    size_t size;
    struct note why = {""};
    store_i32(log.data + BATCH_LENGTH_AT, BATCH_HEADER_SIZE - BATCH_LOG_OVERHEAD - 1);
    ck_assert_int_eq(batch_next(slice_of(log.data, BATCH_LOG_OVERHEAD), &header, &size, &why), BATCH_CORRUPT);
    ck_assert_str_eq(why.text, "batch length 48 is less than a header's");
    ck_assert_int_eq(batch_next(slice_of(log.data, BATCH_LOG_OVERHEAD - 1), &header, &size, NULL),
                     BATCH_INCOMPLETE);
    store_i32(log.data + BATCH_LENGTH_AT, INT32_MAX);
    ck_assert_int_eq(batch_next(buf_slice(&log), &header, &size, NULL), BATCH_INCOMPLETE);
    ck_assert_uint_eq(size, (size_t)INT32_MAX + BATCH_LOG_OVERHEAD);
    log.data[BATCH_MAGIC_AT] = 1;
    ck_assert_int_eq(batch_next(slice_of(log.data, BATCH_MAGIC_AT + 1), &header, &size, NULL), BATCH_CORRUPT);
    buf_fini(&log);
}
END_TEST

START_TEST(no_bytes_are_an_incomplete_batch)
{
    struct batch_header header;
    size_t size;
    ck_assert_int_eq(batch_next(SLICE(""), &header, &size, NULL), BATCH_INCOMPLETE);
    ck_assert_uint_eq(size, BATCH_HEADER_SIZE);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("batch");
    TCase *tcase = tcase_create("batch");
    tcase_add_test(tcase, every_field_lies_where_kafka_has_it);
    tcase_add_test(tcase, attribute_bits_have_their_meaning);
    tcase_add_test(tcase, sequences_wrap_to_zero_and_offsets_do_not);
    tcase_add_test(tcase, only_ids_from_zero_on_are_producer_ids);
    tcase_add_test(tcase, offset_and_leader_epoch_are_outside_the_crc_and_nothing_else_is);
    tcase_add_test(tcase, a_right_max_timestamp_leaves_the_bytes_alone);
    tcase_add_test(tcase, a_new_max_timestamp_brings_type_and_crc_with_it);
    tcase_add_test(tcase, a_buffer_of_batches_is_walked_to_its_cut_end);
    tcase_add_test(tcase, an_impossible_length_or_another_magic_is_corrupt_as_soon_as_it_is_seen);
    tcase_add_test(tcase, no_bytes_are_an_incomplete_batch);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
