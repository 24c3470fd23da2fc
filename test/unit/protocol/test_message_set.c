/* message_set: what is refused. What is read: test/golden/test_batches.c. */
#include "protocol/base/buf.h"
#include "protocol/message_set.h"

#include <check.h>
#include <stdlib.h>

/* magic1/gzip of test/golden/batches.txt: two records, compressed. */
static const uint8_t packed_set[] = {
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x0b, 0x00, 0x00, 0x00, 0x52, 0x22, 0x40, 0xc6,
    0x6a, 0x01, 0x01, 0x00, 0x00, 0x01, 0x8b, 0xcf, 0xe5, 0x68, 0x01, 0xff, 0xff, 0xff, 0xff,
    0x00, 0x00, 0x00, 0x3c, 0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xff, 0x63,
    0x60, 0x80, 0x03, 0x89, 0x02, 0xd6, 0xea, 0x34, 0x46, 0x20, 0x83, 0xb1, 0xfb, 0xfc, 0xd3,
    0x0c, 0x90, 0x08, 0x63, 0x22, 0x88, 0x30, 0x84, 0xca, 0x83, 0xa4, 0xc4, 0xe3, 0x45, 0x8e,
    0x14, 0xc1, 0xd5, 0x30, 0xfe, 0x07, 0x02, 0x10, 0x0d, 0x00, 0x00, 0xfc, 0x00,
};

/* magic1/none: the first record. */
static const uint8_t plain_set[] = {
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x0a, 0x00, 0x00, 0x00, 0x18,
    0x70, 0x05, 0x7b, 0x66, 0x01, 0x00, 0x00, 0x00, 0x01, 0x8b, 0xcf, 0xe5,
    0x68, 0x00, 0x00, 0x00, 0x00, 0x01, 0x61, 0x00, 0x00, 0x00, 0x01, 0x31,
};

START_TEST(an_entry_cut_anywhere_is_refused)
{
    struct message_set_entry entry;
    size_t size;
    ck_assert(message_set_next(slice_of(plain_set, sizeof plain_set), &entry, &size, NULL));
    ck_assert_uint_eq(size, sizeof plain_set);
    ck_assert_int_eq(entry.offset, 10);
    ck_assert(slice_equal_str(entry.key, "a") && slice_equal_str(entry.value, "1"));
    for (size_t len = 0; len < sizeof plain_set; len++) {
        struct note why = {""};
        uint8_t *exact = malloc(len + 1);
        memcpy(exact, plain_set, len);
        ck_assert_msg(!message_set_next(slice_of(exact, len), &entry, &size, &why), "cut to %zu", len);
        ck_assert_str_ne(why.text, "");
        free(exact);
    }
}
END_TEST

START_TEST(a_flipped_byte_behind_the_crc_is_noticed)
{
    struct message_set_entry entry;
    size_t size;
    for (size_t at = 12; at < sizeof packed_set; at++) {
        uint8_t copy[sizeof packed_set];
        memcpy(copy, packed_set, sizeof copy);
        copy[at] ^= 0x10;
        ck_assert_msg(!message_set_next(slice_of(copy, sizeof copy), &entry, &size, NULL), "byte %zu", at);
    }
}
END_TEST

static bool never(void *context, const struct record *record)
{
    (void)context, (void)record;
    ck_abort_msg("there is no record to be had");
    return false;
}

START_TEST(an_entry_that_does_not_inflate_or_inflates_too_far_is_refused)
{
    struct message_set_entry entry = {.magic = 1, .codec = CODEC_GZIP, .value = SLICE("not gzip")};
    struct note why = {""};
    ck_assert(!message_set_records(&entry, 1000, never, NULL, &why));
    ck_assert_str_ne(why.text, "");
    entry.value = SLICE_NULL;
    ck_assert(!message_set_records(&entry, 1000, never, NULL, NULL));
    struct buf packed = {0};
    compress_into(CODEC_GZIP, GZIP_LEVEL_DEFAULT, slice_of(plain_set, sizeof plain_set), &packed);
    entry.value = buf_slice(&packed);
    ck_assert(!message_set_records(&entry, sizeof plain_set - 1, never, NULL, NULL));
    buf_fini(&packed);
}
END_TEST

static bool count(void *context, const struct record *record)
{
    int *left = context;
    ck_assert_int_eq(record->sequence, NO_SEQUENCE);
    return --*left > 0;
}

START_TEST(whoever_takes_the_records_may_stop)
{
    struct buf set = {0}, packed = {0};
    for (int i = 0; i < 5; i++)
        buf_append(&set, plain_set, sizeof plain_set);
    compress_into(CODEC_SNAPPY, 0, buf_slice(&set), &packed);
    struct message_set_entry entry = {.magic = 0, .codec = CODEC_SNAPPY, .value = buf_slice(&packed)};
    int left = 3;
    ck_assert(message_set_records(&entry, 1000, count, &left, NULL));
    ck_assert_int_eq(left, 0);
    buf_fini(&set);
    buf_fini(&packed);
}
END_TEST

START_TEST(compressed_inside_compressed_is_refused)
{
    struct buf packed = {0};
    compress_into(CODEC_SNAPPY, 0, slice_of(packed_set, sizeof packed_set), &packed);
    struct message_set_entry entry = {.magic = 1, .codec = CODEC_SNAPPY, .value = buf_slice(&packed)};
    ck_assert(!message_set_records(&entry, 1000, never, NULL, NULL));
    buf_fini(&packed);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("message_set");
    TCase *tcase = tcase_create("message_set");
    tcase_add_test(tcase, an_entry_cut_anywhere_is_refused);
    tcase_add_test(tcase, a_flipped_byte_behind_the_crc_is_noticed);
    tcase_add_test(tcase, an_entry_that_does_not_inflate_or_inflates_too_far_is_refused);
    tcase_add_test(tcase, whoever_takes_the_records_may_stop);
    tcase_add_test(tcase, compressed_inside_compressed_is_refused);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
