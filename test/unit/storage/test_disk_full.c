/* full disk: what is refused, what goes on, what a start and a stop make of it, and how it heals. */
#include "storage/os/clock.h"
#include "storage/partitions.h"
#include "storage/segment.h"
#include "test/unit/storage/storage_test.h"

#include <errno.h>
#include <stdatomic.h>

/* The real file system with so many bytes left; files that are removed give theirs back. */
static struct file_system disk;
static atomic_llong room;
static atomic_bool no_new_names; /* no block for another directory entry either */
static atomic_bool no_reserve;   /* somebody else has taken it */
static int names_unsynced;       /* of deleted segments */
enum { PLENTY = 1 << 30 };

static bool take(int64_t bytes)
{
    if (bytes > 0 && atomic_load(&room) < bytes)
        return false;
    atomic_fetch_sub(&room, bytes);
    return true;
}

static ssize_t disk_pwritev(struct file_system *fs, int file, const struct iovec *parts, int count,
                            int64_t at)
{
    (void)fs;
    struct file_status status;
    int64_t len = 0;
    for (int i = 0; i < count; i++)
        len += (int64_t)parts[i].iov_len;
    file_status(file_system_os(), file, &status);
    if (at + len > status.size && !take(at + len - status.size))
        return -ENOSPC;
    return file_system_os()->pwritev(file_system_os(), file, parts, count, at);
}

static int disk_allocate(struct file_system *fs, int file, int64_t at, int64_t len)
{
    (void)fs;
    (void)file;
    (void)at;
    return take(len) ? 0 : -ENOSPC;
}

static int64_t size_of(const char *path)
{
    struct file_status status;
    if (file_path_status(file_system_os(), path, &status) < 0)
        return 0;
    if (strstr(path, "/.reserve") != NULL)
        return atomic_load(&no_reserve) ? 0 : 256 << 10;
    return status.size;
}

static int disk_unlink(struct file_system *fs, const char *path)
{
    (void)fs;
    take(-size_of(path));
    return file_system_os()->unlink(file_system_os(), path);
}

static int disk_rename(struct file_system *fs, const char *from, const char *to)
{
    (void)fs;
    if (atomic_load(&no_new_names) && !file_exists(file_system_os(), to))
        return -ENOSPC;
    take(-size_of(to));
    names_unsynced += strstr(to, ".log.deleted") != NULL;
    ck_assert(names_unsynced < 2 || !atomic_load(&no_reserve)); /* else they may be gone in any order */
    return file_system_os()->rename(file_system_os(), from, to);
}

static int disk_sync_directory(struct file_system *fs, const char *path)
{
    (void)fs;
    names_unsynced = 0;
    return file_system_os()->sync_directory(file_system_os(), path);
}

static int disk_open(struct file_system *fs, const char *path, int flags, unsigned mode)
{
    (void)fs;
    if (atomic_load(&no_new_names) && (flags & FILE_CREATE) && !file_exists(file_system_os(), path))
        return -ENOSPC;
    if (flags & FILE_TRUNCATE)
        take(-size_of(path));
    return file_system_os()->open(file_system_os(), path, flags, mode);
}

/* ---- a broker's directory on it ---- */

static struct data_dir *dir;
static struct partitions *partitions;
static struct partition *partition;

static struct hosted_partition hosted = {
    .topic = {(const uint8_t *)"topic", 5}, .topic_id = {{1}}, .is_leader = true};

static void start(void)
{
    struct note why = {""};
    enum data_dir_state state;
    int64_t epoch;
    dir = data_dir_open(&disk, test_path("data"), &state, &why);
    ck_assert_msg(dir != NULL, "%s", why.text);
    if (state == DATA_DIR_EMPTY)
        data_dir_format(dir, SLICE("c"), 1, (struct uuid){{9}}, &why);
    data_dir_introduce(&dir, 1);
    data_dir_begin(dir, &epoch);
    const struct storage_config config = storage_config_default();
    partitions = partitions_new(&dir, 1, &config);
    hosted.config = default_config();
    hosted.config.segment_bytes = 20000;
    hosted.config.index_interval_bytes = 100;
    ck_assert_int_eq(partitions_load(partitions, &hosted, 1, &why), KERR_NONE);
    partition = partitions_find(partitions, hosted.topic, 0);
    ck_assert_ptr_nonnull(partition);
}

static bool stop(void)
{
    partition_unref(partition);
    bool clean = partitions_close(partitions, 1);
    ck_assert(!data_dir_is_offline(dir));
    data_dir_close(dir);
    return clean;
}

static void set_up(void)
{
    make_test_directory();
    disk = *file_system_os();
    disk.pwritev = disk_pwritev;
    disk.allocate = disk_allocate;
    disk.unlink = disk_unlink;
    disk.rename = disk_rename;
    disk.open = disk_open;
    disk.sync_directory = disk_sync_directory;
    names_unsynced = 0;
    atomic_store(&room, PLENTY);
    atomic_store(&no_reserve, false);
    atomic_store(&no_new_names, false);
    start();
}

static enum kerr append(void)
{
    struct append entry = {.acks = 1};
    const struct batch_wish wish = {.value_len = 400, .timestamp = 1, .producer_id = 0};
    entry.batch = make_batch(&wish, &entry.len);
    batch_header_read(entry.batch, &entry.header);
    partition_append(partition, &entry, clock_wall_ms());
    free(entry.batch);
    return entry.error;
}

static int64_t fill(void)
{
    struct partition_offsets offsets;
    for (int i = 0; i < 200; i++)
        ck_assert_int_eq(append(), KERR_NONE);
    ck_assert(partitions_store_log_starts(partitions)); /* and with it the reserve */
    atomic_store(&room, 0);
    while (append() == KERR_NONE)
        ;
    ck_assert_int_eq(append(), KERR_KAFKA_STORAGE_ERROR);
    partition_get_offsets(partition, &offsets);
    return offsets.log_end_offset;
}

static void check_readable(int64_t from, int64_t to)
{
    for (int64_t offset = from; offset < to; offset++) {
        struct partition_read read = {.fetch_offset = offset,
                                      .max_bytes = 1,
                                      .at_least_one = true,
                                      .current_leader_epoch = -1,
                                      .last_fetched_epoch = -1};
        partition_read(partition, &read);
        ck_assert_int_eq(read.error, KERR_NONE);
        ck_assert_ptr_nonnull(read.records.segment);
        segment_unref(read.records.segment);
    }
}

START_TEST(a_full_disk_refuses_records_and_serves_the_others)
{
    int64_t end = fill();
    check_readable(0, end);
    ck_assert(!data_dir_is_offline(dir));
    atomic_store(&room, PLENTY);
    ck_assert_int_eq(append(), KERR_NONE);
    check_readable(0, end + 1);
    ck_assert(stop());
    remove_test_directory();
}
END_TEST

START_TEST(records_are_deleted_durably_on_a_full_disk)
{
    int64_t end = fill();
    int64_t start_offset;
    if (_i == 1) { /* the interval's checkpoints were refused before: the reserve is still there for this */
        for (int64_t ms = 0; ms < 20; ms++)
            partitions_tick(partitions, clock_monotonic_ms() + ms * 1000000);
        ck_assert(!data_dir_is_offline(dir));
    }
    ck_assert_int_eq(partition_delete_records(partition, end - 10, &start_offset), KERR_NONE);
    ck_assert(partitions_store_log_starts(partitions));
    check_readable(end - 10, end);
    char *starts;
    ck_assert_int_gt(
        file_read_all(file_system_os(), test_path("data/log-start-offset-checkpoint"), 1000, &starts), 0);
    char line[64];
    snprintf(line, sizeof line, "topic 0 %lld\n", (long long)end - 10);
    ck_assert_ptr_nonnull(strstr(starts, line));
    free(starts);
    (void)stop();
    remove_test_directory();
}
END_TEST

/* With the reserve the log start is stored first, as ever; without it the oldest segment goes for good, and
 * then the next one. */
START_TEST(retention_makes_room_on_a_full_disk)
{
    struct partition_offsets offsets;
    int64_t end = fill();
    atomic_store(&no_reserve, _i == 1);
    hosted.config.retention_bytes = 30000;
    hosted.config.file_delete_delay_ms = 0;
    partition_set_config(partition, &hosted.config);
    for (int64_t ms = 1; ms < 4; ms++)
        partitions_tick(partitions, clock_monotonic_ms() + ms * 1000000);
    ck_assert(!data_dir_is_offline(dir));
    partition_get_offsets(partition, &offsets);
    ck_assert_int_gt(offsets.log_start_offset, 80);
    check_readable(offsets.log_start_offset, end);
    ck_assert_int_gt(atomic_load(&room), 100 * 400);
    ck_assert_int_eq(append(), KERR_NONE);
    ck_assert(stop());
    remove_test_directory();
}
END_TEST

START_TEST(a_partition_is_deleted_on_a_full_disk)
{
    fill();
    atomic_store(&no_new_names, _i == 1);
    partition_unref(partition);
    partitions_delete(partitions, hosted.topic_id, 0);
    ck_assert_ptr_null(partitions_find(partitions, hosted.topic, 0));
    ck_assert(!data_dir_is_offline(dir));
    ck_assert(!file_exists(file_system_os(), test_path("data/topic-0")));
    if (_i == 1)
        ck_assert_int_gt(atomic_load(&room), 200 * 400);
    (void)partitions_close(partitions, 1);
    data_dir_close(dir);
    remove_test_directory();
}
END_TEST

static bool says_topic(const char *name)
{
    char *content;
    ssize_t len = file_read_all(file_system_os(), name, 1000, &content);
    bool says = len > 0 && strstr(content, "topic ") != NULL;
    if (len >= 0)
        free(content);
    return says;
}

/* Else a full log directory would stop all creation, in the others too. Without the reserve what a start can
 * do without makes room for what it cannot. */
START_TEST(what_was_deleted_is_forgotten_on_a_full_disk)
{
    int64_t start_offset;
    int64_t end = fill();
    ck_assert_int_eq(partition_delete_records(partition, end - 10, &start_offset), KERR_NONE);
    ck_assert(partitions_store_log_starts(partitions)); /* with the reserve */
    atomic_store(&room, PLENTY);
    for (int64_t ms = 0; ms < 20; ms++)
        partitions_tick(partitions, clock_monotonic_ms() + ms * 1000000);
    ck_assert(says_topic(test_path("data/log-start-offset-checkpoint")));
    ck_assert(says_topic(test_path("data/recovery-point-offset-checkpoint")));
    atomic_store(&room, 0);
    atomic_store(&no_reserve, _i == 1);
    partition_unref(partition);
    partitions_delete(partitions, hosted.topic_id, 0);
    ck_assert(partitions_forget_deleted(partitions));
    ck_assert(!data_dir_is_offline(dir));
    ck_assert(!says_topic(test_path("data/log-start-offset-checkpoint")));
    ck_assert(!says_topic(test_path("data/recovery-point-offset-checkpoint")));
    ck_assert_int_eq(file_exists(file_system_os(), test_path("data/recovery-point-offset-checkpoint")),
                     _i == 0);
    (void)partitions_close(partitions, 1);
    data_dir_close(dir);
    remove_test_directory();
}
END_TEST

/* A disk may fill before the first checkpoint file is due. */
START_TEST(space_is_set_aside_from_the_start)
{
    int64_t start_offset;
    ck_assert_int_eq(append(), KERR_NONE);
    ck_assert_int_eq(append(), KERR_NONE);
    atomic_store(&room, 0);
    ck_assert_int_eq(partition_delete_records(partition, 1, &start_offset), KERR_NONE);
    ck_assert(partitions_store_log_starts(partitions));
    ck_assert(says_topic(test_path("data/log-start-offset-checkpoint")));
    (void)stop();
    remove_test_directory();
}
END_TEST

START_TEST(a_start_on_a_full_disk_loses_nothing_and_goes_on_when_there_is_room)
{
    int64_t end = fill();
    if (_i > 0)
        atomic_store(&no_new_names, true);
    bool clean = stop();
    ck_assert(!clean || file_exists(file_system_os(), test_path("data/.kafka_cleanshutdown")));
    for (int restarts = 0; restarts < 3; restarts++) {
        if (_i == 2) { /* indexes must be made anew, and there is no room for them */
            char command[700];
            snprintf(command, sizeof command, "rm -f '%s'/*index", test_path("data/topic-0"));
            ck_assert_int_eq(system(command), 0);
            atomic_store(&no_new_names, false);
        }
        atomic_store(&room, 0);
        start();
        check_readable(0, end);
        ck_assert_int_eq(append(), KERR_KAFKA_STORAGE_ERROR);
        (void)stop();
    }
    atomic_store(&room, 0);
    start();
    atomic_store(&room, PLENTY);
    atomic_store(&no_new_names, false);
    ck_assert_int_eq(append(), KERR_NONE);
    check_readable(0, end + 1);
    ck_assert(stop());
    start();
    check_readable(0, end + 1);
    ck_assert(stop());
    remove_test_directory();
}
END_TEST

/* A topic for which the cluster log had room and its directory had none. */
START_TEST(a_partition_that_cannot_be_made_stops_no_start)
{
    static struct hosted_partition both[2];
    struct note why = {""};
    int64_t epoch;
    (void)stop();
    enum data_dir_state state;
    dir = data_dir_open(&disk, test_path("data"), &state, &why);
    data_dir_introduce(&dir, 1);
    data_dir_begin(dir, &epoch);
    const struct storage_config config = storage_config_default();
    partitions = partitions_new(&dir, 1, &config);
    both[0] = both[1] = hosted;
    both[1].index = 1;
    atomic_store(&no_new_names, true);
    ck_assert_int_eq(partitions_load(partitions, both, 2, &why), KERR_NONE);
    ck_assert(!data_dir_is_offline(dir));
    ck_assert(!file_exists(file_system_os(), test_path("data/topic-1")));
    partition = partitions_find(partitions, hosted.topic, 0);
    ck_assert_int_eq(append(), KERR_NONE);
    atomic_store(&no_new_names, false);
    ck_assert(stop());
    remove_test_directory();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("disk_full");
    TCase *tests = tcase_create("disk_full");
    tcase_set_timeout(tests, 250);
    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, a_full_disk_refuses_records_and_serves_the_others);
    tcase_add_loop_test(tests, records_are_deleted_durably_on_a_full_disk, 0, 2);
    tcase_add_loop_test(tests, retention_makes_room_on_a_full_disk, 0, 2);
    tcase_add_loop_test(tests, a_partition_is_deleted_on_a_full_disk, 0, 2);
    tcase_add_loop_test(tests, what_was_deleted_is_forgotten_on_a_full_disk, 0, 2);
    tcase_add_test(tests, space_is_set_aside_from_the_start);
    tcase_add_loop_test(tests, a_start_on_a_full_disk_loses_nothing_and_goes_on_when_there_is_room, 0, 3);
    tcase_add_test(tests, a_partition_that_cannot_be_made_stops_no_start);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
