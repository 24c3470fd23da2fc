/*
 * recover_test: a log that is closed and opened again, cleanly or not, with whatever a test does to its files
 * in between. Static functions, as storage_test's.
 */
#ifndef TEST_UNIT_STORAGE_RECOVER_TEST_H
#define TEST_UNIT_STORAGE_RECOVER_TEST_H

#include "storage/log_read.h"
#include "storage/os/clock.h"
#include "test/unit/storage/storage_test.h"

#include <errno.h>

UNUSED static struct open_files files;
UNUSED static struct log_config config;
UNUSED static struct log *opened;
UNUSED static int64_t recovery_point;
UNUSED static int64_t start_offset;

UNUSED static void open_log(bool clean)
{
    struct note why = {""};
    int error;
    const struct log_options options = {
        .files = &files,
        .path = test_path("log"),
        .config = config,
        .clean = clean,
        .recovery_point = recovery_point,
        .start_offset = start_offset,
    };
    opened = log_open(&options, &error, &why);
    ck_assert_msg(opened != NULL, "%s", why.text);
}

UNUSED static void close_log(bool cleanly)
{
    if (cleanly)
        ck_assert_int_eq(log_close_cleanly(opened), 0);
    log_free(opened);
    opened = NULL;
}

UNUSED static void set_up(void)
{
    make_test_directory();
    config = default_config();
    config.index_interval_bytes = 100;
    recovery_point = start_offset = 0;
    open_files_init(&files, file_system_os());
    file_mkdir(file_system_os(), test_path("log"));
}

UNUSED static void tear_down(void)
{
    if (opened != NULL)
        log_free(opened);
    open_files_fini(&files);
    remove_test_directory();
}

UNUSED static void append_wish(struct batch_wish wish)
{
    size_t len;
    struct note why = {""};
    uint8_t *bytes = make_batch(&wish, &len);
    int result = log_append_batches(opened, bytes, len, clock_wall_ms(), &why);
    ck_assert_msg(result == 0, "%s", why.text);
    free(bytes);
}

/* Ten batches of one record each, from the end on. */
UNUSED static void append_ten(void)
{
    for (int i = 0; i < 10; i++)
        append_wish((struct batch_wish){
            .base_offset = opened->end_offset, .value_len = 50, .timestamp = 1000 + opened->end_offset});
}

UNUSED static const char *file_of(int64_t base, const char *suffix)
{
    char name[100];
    snprintf(name, sizeof name, "log/%020lld%s", (long long)base, suffix);
    return test_path(name);
}

UNUSED static int64_t size_of(const char *path)
{
    struct file_status status;
    int result = file_path_status(file_system_os(), path, &status);
    return result < 0 ? result : status.size;
}

UNUSED static void write_at(const char *path, int64_t at, const void *bytes, size_t len)
{
    int file = file_open(file_system_os(), path, FILE_CREATE);
    ck_assert_int_eq(file_write(file_system_os(), file, bytes, len, at), 0);
    file_close(file_system_os(), file);
}

/* Three segments of ten batches each: bases 0, 10, 20. */
UNUSED static void make_three_segments(void)
{
    open_log(false);
    for (int i = 0; i < 3; i++) {
        if (i > 0)
            ck_assert_int_eq(log_roll(opened, opened->end_offset, 0), 0);
        append_ten();
    }
}

UNUSED static ssize_t read_file(const char *path, char **bytes)
{
    return file_read_all(file_system_os(), path, 1 << 20, bytes);
}

/* Every offset from 0 to 29 is found, but for those from..to. */
UNUSED static void check_offsets(int64_t from, int64_t to)
{
    for (int64_t offset = 0; offset < opened->end_offset; offset++) {
        struct log_position position;
        ck_assert_int_eq(log_find_position(opened, offset, &position), 0);
        ck_assert_int_eq(position.offset, offset >= from && offset <= to ? to + 1 : offset);
    }
}

#endif
