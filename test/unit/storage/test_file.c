/* file: the seam to the operating system, with a file system that gives and takes bytes a few at a time. */
#include "test/unit/storage/storage_test.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/wait.h>

static struct file_system stingy;
static int calls;

static ssize_t pread_little(struct file_system *fs, int file, void *bytes, size_t len, int64_t at)
{
    (void)fs;
    if (calls++ % 3 == 0)
        return -EINTR;
    return file_system_os()->pread(file_system_os(), file, bytes, len > 3 ? 3 : len, at);
}

static ssize_t pwritev_little(struct file_system *fs, int file, const struct iovec *parts, int count,
                              int64_t at)
{
    (void)fs;
    (void)count;
    if (calls++ % 3 == 0)
        return -EINTR;
    struct iovec first = {parts->iov_base, parts->iov_len > 2 ? 2 : parts->iov_len};
    return file_system_os()->pwritev(file_system_os(), file, &first, 1, at);
}

static ssize_t pwritev_nothing(struct file_system *fs, int file, const struct iovec *parts, int count,
                               int64_t at)
{
    (void)fs;
    (void)file;
    (void)parts;
    (void)count;
    (void)at;
    return 0;
}

static void set_up(void)
{
    make_test_directory();
    stingy = *file_system_os();
    stingy.pread = pread_little;
    stingy.pwritev = pwritev_little;
    calls = 0;
}

static void tear_down(void)
{
    remove_test_directory();
}

START_TEST(short_and_interrupted_reads_and_writes_are_carried_on)
{
    int file = file_open(&stingy, test_path("a"), FILE_CREATE);
    ck_assert_int_ge(file, 0);
    struct iovec parts[3] = {
        {(void *)(uintptr_t) "hello", 5}, {(void *)(uintptr_t) "", 0}, {(void *)(uintptr_t) " world", 6}};
    ck_assert_int_eq(file_writev(&stingy, file, parts, 3, 2), 0);
    char bytes[20];
    ck_assert_int_eq(file_read(&stingy, file, bytes, sizeof bytes, 2), 11);
    ck_assert_int_eq(memcmp(bytes, "hello world", 11), 0);
    ck_assert_int_eq(file_read(&stingy, file, bytes, 5, 8), 5);
    ck_assert_int_eq(memcmp(bytes, "world", 5), 0);
    file_close(&stingy, file);
}
END_TEST

START_TEST(a_write_that_takes_nothing_is_an_error_not_a_loop)
{
    stingy.pwritev = pwritev_nothing;
    int file = file_open(&stingy, test_path("a"), FILE_CREATE);
    ck_assert_int_eq(file_write(&stingy, file, "x", 1, 0), -EIO);
    file_close(&stingy, file);
}
END_TEST

START_TEST(small_files_are_read_whole_and_large_ones_refused)
{
    struct file_system *fs = file_system_os();
    int file = file_open(fs, test_path("a"), FILE_CREATE);
    ck_assert_int_eq(file_write(fs, file, "12345", 5, 0), 0);
    file_close(fs, file);
    char *bytes;
    ck_assert_int_eq(file_read_all(fs, test_path("a"), 5, &bytes), 5);
    ck_assert_str_eq(bytes, "12345");
    free(bytes);
    ck_assert_int_eq(file_read_all(fs, test_path("a"), 4, &bytes), -EFBIG);
    ck_assert_ptr_null(bytes);
    ck_assert_int_eq(file_read_all(fs, test_path("b"), 4, &bytes), -ENOENT);
}
END_TEST

START_TEST(a_second_lock_on_a_file_is_refused)
{
    struct file_system *fs = file_system_os();
    int first = file_open(fs, test_path("lock"), FILE_CREATE);
    int second = file_open(fs, test_path("lock"), FILE_CREATE);
    ck_assert_int_eq(file_lock(fs, first), 0);
    ck_assert_int_eq(file_lock(fs, second), -EWOULDBLOCK);
    file_close(fs, first);
    ck_assert_int_eq(file_lock(fs, second), 0);
    file_close(fs, second);
}
END_TEST

static void count_name(void *context, const char *name)
{
    ck_assert(strcmp(name, ".") != 0 && strcmp(name, "..") != 0);
    ++*(int *)context;
}

START_TEST(a_directory_is_listed_and_removed_with_its_files)
{
    struct file_system *fs = file_system_os();
    ck_assert_int_eq(file_mkdir(fs, test_path("d")), 0);
    file_close(fs, file_open(fs, test_path("d/x"), FILE_CREATE));
    file_close(fs, file_open(fs, test_path("d/y"), FILE_CREATE));
    int count = 0;
    ck_assert_int_eq(file_list(fs, test_path("d"), count_name, &count), 0);
    ck_assert_int_eq(count, 2);
    ck_assert_int_eq(file_sync_directory(fs, test_path("d")), 0);
    ck_assert_int_eq(file_remove_tree(fs, test_path("d")), 0);
    ck_assert(!file_exists(fs, test_path("d")));
    ck_assert_int_eq(file_remove_tree(fs, test_path("d")), -ENOENT);
}
END_TEST

START_TEST(times_and_sizes_are_as_they_were_set)
{
    struct file_system *fs = file_system_os();
    struct file_status status;
    int file = file_open(fs, test_path("a"), FILE_CREATE);
    ck_assert_int_eq(file_truncate(fs, file, 1000), 0);
    file_close(fs, file);
    ck_assert_int_eq(file_set_modified(fs, test_path("a"), 1700000000123), 0);
    ck_assert_int_eq(file_path_status(fs, test_path("a"), &status), 0);
    ck_assert_int_eq(status.size, 1000);
    ck_assert_int_eq(status.modified_ms, 1700000000123);
    ck_assert(!status.is_directory);
}
END_TEST

/* As somebody may leave it in a log directory. */
START_TEST(a_pipe_in_the_place_of_a_file_is_not_waited_for)
{
    char bytes[8];
    ck_assert_int_eq(mkfifo(test_path("pipe"), 0600), 0);
    int file = file_open(file_system_os(), test_path("pipe"), FILE_READ);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(file_read(file_system_os(), file, bytes, sizeof bytes, 0), -ESPIPE);
    file_close(file_system_os(), file);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("file");
    TCase *tests = tcase_create("file");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, short_and_interrupted_reads_and_writes_are_carried_on);
    tcase_add_test(tests, a_write_that_takes_nothing_is_an_error_not_a_loop);
    tcase_add_test(tests, small_files_are_read_whole_and_large_ones_refused);
    tcase_add_test(tests, a_second_lock_on_a_file_is_refused);
    tcase_add_test(tests, a_directory_is_listed_and_removed_with_its_files);
    tcase_add_test(tests, times_and_sizes_are_as_they_were_set);
    tcase_add_test(tests, a_pipe_in_the_place_of_a_file_is_not_waited_for);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
