/* data_file: what the names of files say, and the names that files get. */
#include "storage/data_file.h"

#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    struct data_file_name parsed;
} cases[] = {
    {"00000000000000000000.log", {DATA_FILE_LOG, DATA_FILE_PLAIN, 0, -1, 0, 0}},
    {"00000000000000000012.index", {DATA_FILE_INDEX, DATA_FILE_PLAIN, 12, -1, 0, 0}},
    {"00000000000000000012.timeindex.swap", {DATA_FILE_TIME_INDEX, DATA_FILE_SWAP, 12, -1, 0, 0}},
    {"00000000000000000012.txnindex.cleaned", {DATA_FILE_TXN_INDEX, DATA_FILE_CLEANED, 12, -1, 0, 0}},
    {"09223372036854775807.snapshot.deleted",
     {DATA_FILE_PRODUCER_SNAPSHOT, DATA_FILE_DELETED, INT64_MAX, -1, 0, 0}},
    {"00000000000000000005.snapshot.tmp", {DATA_FILE_PRODUCER_SNAPSHOT, DATA_FILE_TMP, 5, -1, 0, 0}},
    {"00000000000000000007-0000000003.checkpoint", {DATA_FILE_CLUSTER_SNAPSHOT, DATA_FILE_PLAIN, 7, 3, 0, 0}},
    {"00000000000000000007-2147483647.checkpoint.part",
     {DATA_FILE_CLUSTER_SNAPSHOT, DATA_FILE_PART, 7, INT32_MAX, 0, 0}},
    {"00000000000000000009.log.0.damaged", {DATA_FILE_LOG, DATA_FILE_DAMAGED, 9, -1, 0, 0}},
    {"00000000000000000009.log.1700.damaged", {DATA_FILE_LOG, DATA_FILE_DAMAGED, 9, -1, 1700, 0}},
    {"09223372036854775807.log.9223372036854775807.2147483647.damaged",
     {DATA_FILE_LOG, DATA_FILE_DAMAGED, INT64_MAX, -1, INT64_MAX, INT32_MAX}},
};

START_TEST(a_name_is_read_as_it_is_written)
{
    struct data_file_name parsed;
    char text[DATA_FILE_NAME_MAX];
    data_file_parse(cases[_i].name, &parsed);
    ck_assert_int_eq(parsed.kind, cases[_i].parsed.kind);
    ck_assert_int_eq(parsed.suffix, cases[_i].parsed.suffix);
    ck_assert_int_eq(parsed.base, cases[_i].parsed.base);
    ck_assert_int_eq(parsed.epoch, cases[_i].parsed.epoch);
    ck_assert_int_eq(parsed.position, cases[_i].parsed.position);
    ck_assert_int_eq(parsed.number, cases[_i].parsed.number);
    data_file_format(parsed, text);
    ck_assert_str_eq(text, cases[_i].name);
}
END_TEST

static const char *const strangers[] = {
    "",
    "log",
    ".log",
    "00000000000000000000",
    "0000000000000000000.log",
    "000000000000000000000.log",
    "0000000000000000000x.log",
    "00000000000000000000.logs",
    "00000000000000000000.log.bak",
    "-0000000000000000001.log",
    "09223372036854775808.log",
    "99999999999999999999.index",
    "00000000000000000007-000000003.checkpoint",
    "00000000000000000007-2147483648.checkpoint",
    "00000000000000000007-0000000003-x.checkpoint",
    "00000000000000000007_0000000003.checkpoint",
    "00000000000000000000.log.17",
    "00000000000000000000.log.damaged",
    "00000000000000000000.log..damaged",
    "00000000000000000000.log.-1.damaged",
    "00000000000000000000.log.017.damaged",
    "00000000000000000000.log.17x.damaged",
    "00000000000000000000.log.17.0.damaged",
    "00000000000000000000.log.17.1.2.damaged",
    "00000000000000000000.log.17.2147483648.damaged",
    "00000000000000000000.log.9223372036854775808.damaged",
    "00000000000000000000.index.17.damaged",
    "00000000000000000000.log17.damaged",
    "something.log.17.damaged",
};

START_TEST(what_is_called_otherwise_is_none)
{
    struct data_file_name parsed;
    data_file_parse(strangers[_i], &parsed);
    ck_assert_int_eq(parsed.kind, DATA_FILE_UNKNOWN);
    ck_assert_int_eq(parsed.base, -1);
    ck_assert_int_eq(parsed.epoch, -1);
}
END_TEST

/* A file on its way out is removed, whatever it was. */
START_TEST(a_suffix_is_seen_behind_any_name)
{
    struct data_file_name parsed;
    data_file_parse("anything.deleted", &parsed);
    ck_assert_int_eq(parsed.suffix, DATA_FILE_DELETED);
    data_file_parse(".deleted", &parsed); /* that is its name */
    ck_assert_int_eq(parsed.suffix, DATA_FILE_PLAIN);
    data_file_parse("recovery-point-offset-checkpoint.tmp", &parsed);
    ck_assert_int_eq(parsed.kind, DATA_FILE_OFFSET_CHECKPOINT);
    ck_assert_int_eq(parsed.suffix, DATA_FILE_TMP);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("data_file");
    TCase *tests = tcase_create("data_file");
    tcase_add_loop_test(tests, a_name_is_read_as_it_is_written, 0, sizeof cases / sizeof cases[0]);
    tcase_add_loop_test(tests, what_is_called_otherwise_is_none, 0, sizeof strangers / sizeof strangers[0]);
    tcase_add_test(tests, a_suffix_is_seen_behind_any_name);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
