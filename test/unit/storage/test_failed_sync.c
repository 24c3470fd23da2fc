/* failed sync, on a disk with a page cache: what is shown after a restart is what the disk holds. */
#include "storage/os/clock.h"
#include "storage/partitions.h"
#include "test/unit/storage/storage_test.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

/*
 * The real file system is the page cache; `disk` holds what a power cut would leave of the .log files. A sync
 * that fails leaves its pages clean, as Linux does: the next one does not write them.
 */
enum { FILES_MAX = 256, DISK_BYTES = 1 << 20 };

struct cached {
    char path[512];
    uint8_t *dirty; /* one flag a byte */
    uint8_t *disk;
};

static struct file_system cache;
static struct cached cached[FILES_MAX];
static int cached_count;
static int by_fd[4096];                                         /* index into cached, plus one */
static pthread_mutex_t cache_mutex = PTHREAD_MUTEX_INITIALIZER; /* logs are opened by several threads */
static atomic_int sync_error;
static atomic_int written_bytes;

static struct cached *find(const char *path)
{
    for (int i = 0; i < cached_count; i++)
        if (strcmp(cached[i].path, path) == 0)
            return &cached[i];
    ensure(cached_count < FILES_MAX);
    struct cached *added = &cached[cached_count++];
    snprintf(added->path, sizeof added->path, "%s", path);
    added->dirty = calloc(1, DISK_BYTES);
    added->disk = calloc(1, DISK_BYTES);
    return added;
}

static int cache_open(struct file_system *fs, const char *path, int flags, unsigned mode)
{
    (void)fs;
    int file = file_system_os()->open(file_system_os(), path, flags, mode);
    size_t len = strlen(path);
    pthread_mutex_lock(&cache_mutex);
    if (file >= 0)
        by_fd[file] = len > 4 && strcmp(path + len - 4, ".log") == 0 ? (int)(find(path) - cached) + 1 : 0;
    pthread_mutex_unlock(&cache_mutex);
    return file;
}

/* NULL: no .log. */
static struct cached *cached_of(int file)
{
    pthread_mutex_lock(&cache_mutex);
    struct cached *of = by_fd[file] > 0 ? &cached[by_fd[file] - 1] : NULL;
    pthread_mutex_unlock(&cache_mutex);
    return of;
}

static ssize_t cache_pwritev(struct file_system *fs, int file, const struct iovec *parts, int count,
                             int64_t at)
{
    (void)fs;
    ssize_t put = file_system_os()->pwritev(file_system_os(), file, parts, count, at);
    struct cached *of = cached_of(file);
    if (put > 0 && of != NULL) {
        ensure(at + put <= DISK_BYTES);
        memset(of->dirty + at, 1, (size_t)put);
        atomic_fetch_add(&written_bytes, (int)put);
    }
    return put;
}

static int cache_sync(struct file_system *fs, int file, bool data_only)
{
    (void)fs;
    (void)data_only;
    int error = atomic_exchange(&sync_error, 0);
    struct cached *of = cached_of(file);
    for (int64_t i = 0; of != NULL && i < DISK_BYTES; i++) {
        if (of->dirty[i] && error == 0)
            file_read(file_system_os(), file, of->disk + i, 1, i);
        of->dirty[i] = 0;
    }
    return -error;
}

/* ---- a broker's two directories ---- */

static struct data_dir *dirs[2];
static struct partitions *partitions;
static struct partition *found[2];

static struct hosted_partition hosted[2] = {
    {.topic = {(const uint8_t *)"bad", 3}, .topic_id = {{1}}, .is_leader = true},
    {.topic = {(const uint8_t *)"good", 4}, .topic_id = {{2}}, .is_leader = true},
};

static void open_dirs(void)
{
    for (int i = 0; i < 2; i++) {
        struct note why = {""};
        enum data_dir_state state;
        const struct uuid id = {{(uint8_t)(i + 1)}};
        dirs[i] = data_dir_open(&cache, test_path(i == 0 ? "bad" : "good"), &state, &why);
        ck_assert_msg(dirs[i] != NULL, "%s", why.text);
        if (state == DATA_DIR_EMPTY)
            data_dir_format(dirs[i], SLICE("c"), 1, id, &why);
        hosted[i].directory_id = id;
        hosted[i].config = default_config();
    }
    data_dir_introduce(dirs, 2);
}

static void load(void)
{
    struct note why = {""};
    int64_t epoch;
    const struct storage_config config = storage_config_default();
    for (int i = 0; i < 2; i++)
        data_dir_begin(dirs[i], &epoch);
    partitions = partitions_new(dirs, 2, &config);
    ck_assert_int_eq(partitions_load(partitions, hosted, 2, &why), KERR_NONE);
    for (int i = 0; i < 2; i++)
        found[i] = partitions_find(partitions, hosted[i].topic, 0);
}

static void close_all(void)
{
    for (int i = 0; i < 2; i++)
        partition_unref(found[i]);
    partitions_close(partitions, 1);
    for (int i = 0; i < 2; i++)
        data_dir_close(dirs[i]);
}

static void set_up(void)
{
    make_test_directory();
    cache = *file_system_os();
    cache.open = cache_open;
    cache.pwritev = cache_pwritev;
    cache.sync = cache_sync;
    open_dirs();
    load();
}

static void tear_down(void)
{
    for (int i = 0; i < cached_count; i++) {
        free(cached[i].dirty);
        free(cached[i].disk);
    }
    cached_count = 0;
    remove_test_directory();
}

static enum kerr append(int which)
{
    struct append entry = {.acks = -1};
    const struct batch_wish wish = {.value_len = 500, .timestamp = 1};
    entry.batch = make_batch(&wish, &entry.len);
    batch_header_read(entry.batch, &entry.header);
    partition_append(found[which], &entry, clock_wall_ms());
    free(entry.batch);
    return entry.error != KERR_NONE ? entry.error
                                    : partition_sync(found[which], entry.sync_offset, INT64_MAX);
}

static int64_t end_of(int which)
{
    struct partition_offsets offsets;
    partition_get_offsets(found[which], &offsets);
    return offsets.high_watermark;
}

/* Whether a power cut now would leave the log's file as it is seen. */
static bool is_on_disk(const char *path)
{
    char *bytes;
    ssize_t len = file_read_all(file_system_os(), path, DISK_BYTES, &bytes);
    ck_assert_int_gt(len, 0);
    bool same = memcmp(bytes, find(path)->disk, (size_t)len) == 0;
    free(bytes);
    return same;
}

static const char *const bad_log = "bad/bad-0/00000000000000000000.log";

START_TEST(after_a_failed_sync_nothing_is_believed_that_only_memory_holds)
{
    ck_assert_int_eq(append(0), KERR_NONE);
    ck_assert(is_on_disk(test_path(bad_log)));
    atomic_store(&sync_error, EIO);
    ck_assert_int_eq(append(0), KERR_KAFKA_STORAGE_ERROR);
    ck_assert_int_eq(append(0), KERR_KAFKA_STORAGE_ERROR);
    ck_assert_int_eq(append(1), KERR_NONE); /* the other directory goes on */
    ck_assert(!is_on_disk(test_path(bad_log)));
    close_all();

    open_dirs();
    ck_assert(data_dir_is_suspect(dirs[0]));
    ck_assert(!data_dir_is_suspect(dirs[1]));
    load();
    ck_assert_int_eq(end_of(0), 2);
    ck_assert(is_on_disk(test_path(bad_log)));
    ck_assert(!data_dir_is_suspect(dirs[0]));
    close_all();
    open_dirs(); /* and the marks are gone */
    ck_assert(!data_dir_is_suspect(dirs[0]));
    load();
    close_all();
}
END_TEST

START_TEST(a_disk_that_takes_no_mark_is_remembered_by_the_others)
{
    ck_assert_int_eq(append(0), KERR_NONE);
    atomic_store(&sync_error, EIO);
    ck_assert_int_eq(append(0), KERR_KAFKA_STORAGE_ERROR);
    close_all();
    char command[700];
    snprintf(command, sizeof command, "rm '%s'/.suspect-*", test_path("bad"));
    ck_assert_int_eq(system(command), 0);
    open_dirs();
    ck_assert(data_dir_is_suspect(dirs[0]));
    load();
    ck_assert(is_on_disk(test_path(bad_log)));
    close_all();
}
END_TEST

START_TEST(a_directory_that_fails_again_while_it_is_written_again_stays_marked)
{
    ck_assert_int_eq(append(0), KERR_NONE);
    atomic_store(&sync_error, EIO);
    ck_assert_int_eq(append(0), KERR_KAFKA_STORAGE_ERROR);
    close_all();
    open_dirs();
    struct note why = {""};
    int64_t epoch;
    const struct storage_config config = storage_config_default();
    for (int i = 0; i < 2; i++)
        data_dir_begin(dirs[i], &epoch);
    partitions = partitions_new(dirs, 2, &config);
    atomic_store(&sync_error, EIO);
    partitions_load(partitions, hosted, 1, &why);
    ck_assert(data_dir_is_offline(dirs[0]));
    partitions_close(partitions, 1);
    for (int i = 0; i < 2; i++)
        data_dir_close(dirs[i]);
    open_dirs();
    ck_assert(data_dir_is_suspect(dirs[0]));
    load();
    ck_assert_int_eq(end_of(0), 2);
    ck_assert(is_on_disk(test_path(bad_log)));
    close_all();
}
END_TEST

/* Apache Kafka, or an earlier release, opened it in between and closed it cleanly: its marker and its
 * recovery points say that all is well, and they are wrong. */
START_TEST(a_clean_stop_in_between_is_not_believed)
{
    ck_assert_int_eq(append(0), KERR_NONE);
    atomic_store(&sync_error, EIO);
    ck_assert_int_eq(append(0), KERR_KAFKA_STORAGE_ERROR);
    close_all();
    char *points;
    file_read_all(file_system_os(), test_path("bad/recovery-point-offset-checkpoint"), 1000, &points);
    free(points);
    int file = file_open(file_system_os(), test_path("bad/recovery-point-offset-checkpoint"), FILE_CREATE);
    file_write(file_system_os(), file, "0\n1\nbad 0 2\n", 12, 0);
    file_close(file_system_os(), file);
    file_close(file_system_os(),
               file_open(file_system_os(), test_path("bad/.kafka_cleanshutdown"), FILE_CREATE));
    open_dirs();
    load();
    ck_assert_int_eq(end_of(0), 2);
    ck_assert(is_on_disk(test_path(bad_log)));
    close_all();
}
END_TEST

START_TEST(a_process_that_was_only_killed_writes_nothing_again)
{
    ck_assert_int_eq(append(0), KERR_NONE);
    char command[1500];
    snprintf(command, sizeof command, "cp -r '%s' '%s' && cp -r '%s' '%s'", test_path("bad"),
             test_path("kept-bad"), test_path("good"), test_path("kept-good"));
    ck_assert_int_eq(system(command), 0); /* as a kill leaves it */
    close_all();
    snprintf(command, sizeof command, "cd '%s' && rm -r bad good && mv kept-bad bad && mv kept-good good",
             test_directory);
    ck_assert_int_eq(system(command), 0);
    open_dirs();
    int before = atomic_load(&written_bytes);
    load();
    ck_assert_int_eq(end_of(0), 1);
    ck_assert_int_eq(atomic_load(&written_bytes), before);
    close_all();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("failed_sync");
    TCase *tests = tcase_create("failed_sync");
    tcase_set_timeout(tests, 250);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, after_a_failed_sync_nothing_is_believed_that_only_memory_holds);
    tcase_add_test(tests, a_disk_that_takes_no_mark_is_remembered_by_the_others);
    tcase_add_test(tests, a_directory_that_fails_again_while_it_is_written_again_stays_marked);
    tcase_add_test(tests, a_clean_stop_in_between_is_not_believed);
    tcase_add_test(tests, a_process_that_was_only_killed_writes_nothing_again);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
