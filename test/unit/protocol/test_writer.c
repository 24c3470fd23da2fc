#include "protocol/wire/reader.h"
#include "protocol/wire/writer.h"

#include <check.h>
#include <stdlib.h>

static struct buf out;
static struct arena arena;
static struct writer writer;

static void open_writer(void)
{
    arena_init(&arena, 1 << 20);
    writer_init(&writer, &out, &arena);
}

static void close_writer(void)
{
    buf_fini(&out);
    arena_fini(&arena);
}

static void expect_bytes(struct slice expected)
{
    ck_assert_uint_eq(out.len, expected.len);
    ck_assert_mem_eq(out.data, expected.data, expected.len);
}

START_TEST(numbers_are_big_endian)
{
    write_bool(&writer, true);
    write_i8(&writer, -2);
    write_i16(&writer, -2);
    write_u16(&writer, 0xfedc);
    write_i32(&writer, INT32_MIN);
    write_u32(&writer, 0xfedcba98);
    write_i64(&writer, 0x0102030405060708);
    write_f64(&writer, 1.5);
    expect_bytes(SLICE("\x01\xfe\xff\xfe\xfe\xdc\x80\x00\x00\x00\xfe\xdc\xba\x98"
                       "\x01\x02\x03\x04\x05\x06\x07\x08\x3f\xf8\x00\x00\x00\x00\x00\x00"));
}
END_TEST

START_TEST(varints_take_as_few_bytes_as_they_need)
{
    write_uvarint(&writer, 0);
    write_uvarint(&writer, 127);
    write_uvarint(&writer, 128);
    write_uvarint(&writer, UINT32_MAX);
    expect_bytes(SLICE("\x00\x7f\x80\x01\xff\xff\xff\xff\x0f"));
}
END_TEST

START_TEST(what_is_written_reads_back)
{
    static const uint32_t values[] = {0,       1,       127,       128,       16383,     16384,
                                      2097151, 2097152, 268435455, 268435456, UINT32_MAX};
    struct uuid id = {"0123456789abcde"};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        write_uvarint(&writer, values[i]);
    write_uuid(&writer, id);
    write_raw(&writer, SLICE("xyz"));
    struct reader reader;
    reader_init(&reader, buf_slice(&out), NULL);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        ck_assert_uint_eq(read_uvarint(&reader), values[i]);
    ck_assert(uuid_equal(read_uuid(&reader), id));
    ck_assert(slice_equal_str(read_raw(&reader, 3), "xyz"));
    ck_assert_uint_eq(reader_left(&reader), 0);
}
END_TEST

START_TEST(records_in_memory_are_copied_and_ranges_are_remembered_where_they_belong)
{
    static char file; /* only its address counts */
    struct records in_memory = {.bytes = SLICE("batch")};
    struct records first = {.segment = (struct segment *)(void *)&file, .position = 100, .range_len = 5000};
    struct records second = {.segment = (struct segment *)(void *)&file, .position = 9000, .range_len = 70};
    write_i8(&writer, 1);
    write_records(&writer, &in_memory);
    write_records(&writer, &first);
    write_i8(&writer, 2);
    write_records(&writer, &second);
    expect_bytes(SLICE("\x01"
                       "batch"
                       "\x02"));
    ck_assert_uint_eq(writer.range_bytes, 5070);
    ck_assert_uint_eq(writer_len(&writer), 7 + 5070);
    ck_assert_uint_eq(writer.first_range->after, 6);
    ck_assert_int_eq(writer.first_range->records.position, 100);
    ck_assert_ptr_eq(writer.first_range->next, writer.last_range);
    ck_assert_uint_eq(writer.last_range->after, 7);
    ck_assert_uint_eq(writer.last_range->records.range_len, 70);
    ck_assert_ptr_null(writer.last_range->next);
}
END_TEST

START_TEST(null_records_write_nothing)
{
    struct records none = {0};
    write_records(&writer, &none);
    ck_assert_uint_eq(writer_len(&writer), 0);
    ck_assert_ptr_null(writer.first_range);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("writer");
    TCase *tcase = tcase_create("all");
    tcase_add_checked_fixture(tcase, open_writer, close_writer);
    tcase_add_test(tcase, numbers_are_big_endian);
    tcase_add_test(tcase, varints_take_as_few_bytes_as_they_need);
    tcase_add_test(tcase, what_is_written_reads_back);
    tcase_add_test(tcase, records_in_memory_are_copied_and_ranges_are_remembered_where_they_belong);
    tcase_add_test(tcase, null_records_write_nothing);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
