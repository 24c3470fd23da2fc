#include "protocol/wire/reader.h"

#include <check.h>
#include <stdlib.h>

static struct reader reader_of(struct slice bytes)
{
    struct reader reader;
    reader_init(&reader, bytes, NULL);
    return reader;
}

START_TEST(numbers_are_big_endian)
{
    struct reader reader = reader_of(SLICE("\x80"
                                           "\xff\xfe"
                                           "\xff\xfe"
                                           "\x80\x00\x00\x01"
                                           "\xff\xff\xff\xfe"
                                           "\x01\x02\x03\x04\x05\x06\x07\x08"
                                           "\x3f\xf8\x00\x00\x00\x00\x00\x00"));
    ck_assert_int_eq(read_i8(&reader), -128);
    ck_assert_int_eq(read_i16(&reader), -2);
    ck_assert_uint_eq(read_u16(&reader), 65534);
    ck_assert_int_eq(read_i32(&reader), INT32_MIN + 1);
    ck_assert_uint_eq(read_u32(&reader), UINT32_MAX - 1);
    ck_assert_int_eq(read_i64(&reader), 0x0102030405060708);
    ck_assert_double_eq(read_f64(&reader), 1.5);
    ck_assert_uint_eq(reader_left(&reader), 0);
    ck_assert(!reader.failed);
}
END_TEST

START_TEST(any_byte_but_zero_is_true)
{
    struct reader reader = reader_of(SLICE("\x00\x01\x80"));
    ck_assert(!read_bool(&reader));
    ck_assert(read_bool(&reader));
    ck_assert(read_bool(&reader));
}
END_TEST

START_TEST(varints_take_up_to_five_bytes)
{
    struct reader reader = reader_of(SLICE("\x7f\x80\x01\xff\xff\xff\xff\x0f"));
    ck_assert_uint_eq(read_uvarint(&reader), 127);
    ck_assert_uint_eq(read_uvarint(&reader), 128);
    ck_assert_uint_eq(read_uvarint(&reader), UINT32_MAX);
    ck_assert(!reader.failed);
}
END_TEST

START_TEST(a_varint_that_is_cut_or_too_long_is_refused)
{
    struct reader cut = reader_of(SLICE("\xff\xff"));
    ck_assert_uint_eq(read_uvarint(&cut), 0);
    ck_assert_str_eq(cut.error, "2 bytes left, which end within a number");
    struct reader longer = reader_of(SLICE("\x80\x80\x80\x80\x80\x01"));
    ck_assert_uint_eq(read_uvarint(&longer), 0);
    ck_assert_str_eq(longer.error, "a number of more than 32 bits");
}
END_TEST

START_TEST(raw_bytes_and_ids_are_taken_as_they_are)
{
    struct slice bytes = SLICE("abc0123456789abcdef");
    struct reader reader = reader_of(bytes);
    struct slice raw = read_raw(&reader, 3);
    ck_assert_ptr_eq(raw.data, bytes.data);
    ck_assert_uint_eq(raw.len, 3);
    struct uuid id = read_uuid(&reader);
    ck_assert_mem_eq(id.bytes, "0123456789abcdef", 16);
    ck_assert_uint_eq(read_raw(&reader, 0).len, 0);
    ck_assert(!reader.failed);
}
END_TEST

START_TEST(the_first_error_stays_and_everything_after_it_reads_zero)
{
    struct reader reader = reader_of(SLICE("\x01\x02\x03"));
    const uint8_t *at = reader.at;
    ck_assert_int_eq(read_i32(&reader), 0);
    ck_assert(reader.failed);
    ck_assert_str_eq(reader.error, "3 bytes left, 4 needed");
    ck_assert_int_eq(read_i8(&reader), 0);
    ck_assert_uint_eq(read_uvarint(&reader), 0);
    ck_assert(slice_is_null(read_raw(&reader, 1)));
    ck_assert(slice_is_null(read_raw(&reader, 0)));
    ck_assert(uuid_is_zero(read_uuid(&reader)));
    reader_fail(&reader, "another");
    ck_assert_str_eq(reader.error, "3 bytes left, 4 needed");
    ck_assert_ptr_eq(reader.at, at);
}
END_TEST

START_TEST(a_prefix_goes_before_the_error_and_a_long_one_is_cut)
{
    struct reader reader = reader_of(SLICE(""));
    read_i64(&reader);
    reader_fail_prefix(&reader, "%s[%d].", "topics", 3);
    ck_assert_str_eq(reader.error, "topics[3].0 bytes left, 8 needed");
    for (int i = 0; i < 100; i++)
        reader_fail_prefix(&reader, "abcdef.");
    ck_assert_uint_eq(strlen(reader.error), READER_ERROR_SIZE - 1);
}
END_TEST

START_TEST(null_bytes_read_as_none)
{
    struct reader reader = reader_of(SLICE_NULL);
    ck_assert_uint_eq(reader_left(&reader), 0);
    ck_assert_int_eq(read_i8(&reader), 0);
    ck_assert(reader.failed);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reader");
    TCase *tcase = tcase_create("all");
    tcase_add_test(tcase, numbers_are_big_endian);
    tcase_add_test(tcase, any_byte_but_zero_is_true);
    tcase_add_test(tcase, varints_take_up_to_five_bytes);
    tcase_add_test(tcase, a_varint_that_is_cut_or_too_long_is_refused);
    tcase_add_test(tcase, raw_bytes_and_ids_are_taken_as_they_are);
    tcase_add_test(tcase, the_first_error_stays_and_everything_after_it_reads_zero);
    tcase_add_test(tcase, a_prefix_goes_before_the_error_and_a_long_one_is_cut);
    tcase_add_test(tcase, null_bytes_read_as_none);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
