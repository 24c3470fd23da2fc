/*
 * The simulated disk itself: what it keeps and what it loses is what the promises are measured with.
 */
#include "test/sim/sim_disk.h"
#include "test/sim/sim_world.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct sim_fs *fs;
static struct sim_fs *base;
static uint64_t seed = 1;

static void setup(void)
{
    fs = sim_fs_new();
    base = sim_fs_new();
    fs->tracing = true;
}

static void teardown(void)
{
    sim_fs_free(fs);
    sim_fs_free(base);
}

static int make(const char *path, const char *text)
{
    int file = file_open(&fs->table, path, FILE_CREATE);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(file_write(&fs->table, file, text, strlen(text), 0), 0);
    return file;
}

/* What the file holds after a cut, in malloc'ed memory; NULL: it is not there. */
static char *after_cut(const char *path, enum sim_crash how, ssize_t *len)
{
    struct sim_fs *image = sim_disk_crash_at_end(base, fs, how, &seed);
    char *text;
    *len = file_read_all(&image->table, path, 1 << 20, &text);
    sim_fs_free(image);
    return text;
}

static void expect(const char *path, enum sim_crash how, const char *text)
{
    ssize_t len;
    char *found = after_cut(path, how, &len);
    if (text == NULL)
        ck_assert_int_eq(len, -ENOENT);
    else
        ck_assert_str_eq(found, text);
    free(found);
}

START_TEST(a_synced_file_without_a_name_is_lost)
{
    int file = make("/a", "text");
    file_sync(&fs->table, file);
    file_close(&fs->table, file);
    expect("/a", SIM_CRASH_NOTHING, NULL);
    expect("/a", SIM_CRASH_NAMES, "text");
    file_sync_directory(&fs->table, "/");
    expect("/a", SIM_CRASH_NOTHING, "text");
}
END_TEST

START_TEST(a_name_may_be_there_before_the_bytes)
{
    int file = make("/a", "text");
    file_close(&fs->table, file);
    file_sync_directory(&fs->table, "/");
    expect("/a", SIM_CRASH_NOTHING, "");
    ssize_t len;
    char *zeros = after_cut("/a", SIM_CRASH_SIZES, &len);
    ck_assert_int_eq(len, 4);
    ck_assert_mem_eq(zeros, "\0\0\0\0", 4);
    free(zeros);
    expect("/a", SIM_CRASH_ALL, "text");
}
END_TEST

START_TEST(a_rename_replaces_whole_or_not_at_all)
{
    int file = make("/a", "old");
    file_sync(&fs->table, file);
    file_close(&fs->table, file);
    file_sync_directory(&fs->table, "/");
    file = make("/a.tmp", "new");
    file_sync(&fs->table, file);
    file_close(&fs->table, file);
    ck_assert_int_eq(file_rename(&fs->table, "/a.tmp", "/a"), 0);
    int found_old = 0;
    int found_new = 0;
    for (int i = 0; i < 100; i++) {
        ssize_t len;
        char *text = after_cut("/a", SIM_CRASH_JOURNAL, &len);
        ck_assert(text != NULL);
        found_old += strcmp(text, "old") == 0;
        found_new += strcmp(text, "new") == 0;
        free(text);
    }
    ck_assert_int_eq(found_old + found_new, 100);
    ck_assert_int_gt(found_old, 0);
    ck_assert_int_gt(found_new, 0);
}
END_TEST

START_TEST(an_append_is_torn_at_sectors)
{
    char text[4 * SIM_SECTOR + 1];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    int file = make("/a", "");
    file_sync_directory(&fs->table, "/");
    ck_assert_int_eq(file_write(&fs->table, file, text, 4 * SIM_SECTOR, 0), 0);
    file_close(&fs->table, file);
    bool torn = false;
    for (int i = 0; i < 200; i++) {
        ssize_t len;
        char *found = after_cut("/a", SIM_CRASH_JOURNAL, &len);
        ck_assert_int_eq(len % SIM_SECTOR, 0);
        for (ssize_t at = 0; at < len; at += SIM_SECTOR) {
            bool whole = memcmp(found + at, text, SIM_SECTOR) == 0;
            torn |= !whole;
            ck_assert(whole || memchr(found + at, 'x', SIM_SECTOR) != found + at || found[at + 1] != 'x');
        }
        torn |= len > 0 && len < 4 * SIM_SECTOR;
        free(found);
    }
    ck_assert(torn);
}
END_TEST

START_TEST(what_a_failed_sync_dropped_no_later_one_brings_back)
{
    int file = make("/a", "text");
    file_sync_directory(&fs->table, "/");
    fs->fault = (struct sim_fault){.at = fs->calls + 1, .error = -EIO};
    ck_assert_int_eq(file_sync(&fs->table, file), -EIO);
    ck_assert_int_eq(file_sync(&fs->table, file), 0);
    file_close(&fs->table, file);
    ssize_t len;
    char *found = after_cut("/a", SIM_CRASH_NOTHING, &len);
    ck_assert_int_eq(len, 4);
    ck_assert_mem_eq(found, "\0\0\0\0", 4);
    free(found);
}
END_TEST

START_TEST(a_copy_is_a_file_system_of_its_own)
{
    int file = make("/a", "text");
    struct sim_fs *copy = sim_fs_copy(fs);
    ck_assert_int_eq(file_write(&fs->table, file, "next", 4, 0), 0);
    file_close(&fs->table, file);
    char *text;
    ck_assert_int_eq(file_read_all(&copy->table, "/a", 100, &text), 4);
    ck_assert_str_eq(text, "text");
    free(text);
    sim_fs_free(copy);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sim_fs");
    TCase *disk = tcase_create("disk");
    tcase_add_checked_fixture(disk, setup, teardown);
    tcase_add_test(disk, a_synced_file_without_a_name_is_lost);
    tcase_add_test(disk, a_name_may_be_there_before_the_bytes);
    tcase_add_test(disk, a_rename_replaces_whole_or_not_at_all);
    tcase_add_test(disk, an_append_is_torn_at_sectors);
    tcase_add_test(disk, what_a_failed_sync_dropped_no_later_one_brings_back);
    tcase_add_test(disk, a_copy_is_a_file_system_of_its_own);
    suite_add_tcase(suite, disk);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
