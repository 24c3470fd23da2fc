/* One full log directory of two: retention in the other one does not wait for it, and creation neither. */
#include "storage/os/clock.h"
#include "storage/partitions.h"
#include "test/unit/storage/storage_test.h"

#include <errno.h>
#include <stdatomic.h>
#include <time.h>

enum { DIRS = 2, FULL = 0, GOOD = 1, PARTITIONS = 40, SYNC_MS = 20, TICK_MS = 300, APPENDS = 8 };

/* The real file system, where the first directory takes no log starts, and is slow to sync. */
static struct file_system disk;
static atomic_bool is_full;
static atomic_int syncs[DIRS];   /* of partitions' directories, while it is full */
static atomic_int deleted[DIRS]; /* segments */
static int deleted_in_good_at_first_sync;

static struct data_dir *dirs[DIRS];
static struct partitions *partitions;
static struct partition *hosted[PARTITIONS]; /* by turns in the one and the other */

static int directory_of(const char *path)
{
    return strstr(path, "/full") != NULL ? FULL : GOOD;
}

static int full_open(struct file_system *fs, const char *path, int flags, unsigned mode)
{
    (void)fs;
    if (is_full && directory_of(path) == FULL && strstr(path, "log-start-offset-checkpoint.tmp") != NULL)
        return -ENOSPC;
    return file_system_os()->open(file_system_os(), path, flags, mode);
}

static int no_sync(struct file_system *fs, int file, bool data_only)
{
    (void)fs, (void)file, (void)data_only;
    return 0;
}

static int slow_sync_directory(struct file_system *fs, const char *path)
{
    (void)fs;
    if (!is_full || strstr(path, "/topic-") == NULL)
        return 0;
    const struct timespec pause = {.tv_nsec = SYNC_MS * 1000000};
    if (syncs[FULL] + syncs[GOOD] == 0)
        deleted_in_good_at_first_sync = deleted[GOOD];
    syncs[directory_of(path)]++;
    (void)nanosleep(&pause, NULL);
    return 0;
}

static int counted_rename(struct file_system *fs, const char *from, const char *to)
{
    (void)fs;
    deleted[directory_of(to)] += strstr(to, ".log.deleted") != NULL;
    return file_rename(file_system_os(), from, to);
}

static void open_dirs(void)
{
    struct note why = {""};
    enum data_dir_state state;
    int64_t epoch;
    for (int i = 0; i < DIRS; i++) {
        dirs[i] = data_dir_open(&disk, test_path(i == FULL ? "full" : "good"), &state, &why);
        ck_assert_msg(dirs[i] != NULL, "%s", why.text);
        struct uuid id = {{(uint8_t)(9 + i)}};
        ck_assert_int_eq(data_dir_format(dirs[i], SLICE("c"), 1, id, &why), KERR_NONE);
        data_dir_begin(dirs[i], &epoch);
    }
    struct storage_config storage = storage_config_default();
    storage.initial_task_delay_ms = 0;
    storage.retention_check_interval_ms = 0;
    partitions = partitions_new(dirs, DIRS, &storage);
}

static struct log_config config_with(int64_t retention_bytes)
{
    struct log_config config = default_config();
    config.segment_bytes = 300;
    config.retention_bytes = retention_bytes;
    return config;
}

/* Eight segments. */
static void create(int index)
{
    struct hosted_partition one = {.topic = SLICE("topic"),
                                   .topic_id = {{1}},
                                   .index = index,
                                   .is_leader = true,
                                   .directory_id = {{(uint8_t)(9 + index % DIRS)}},
                                   .config = config_with(-1)};
    enum kerr error;
    struct note why = {""};
    hosted[index] = partitions_create(partitions, &one, &error, &why);
    ck_assert_msg(hosted[index] != NULL, "%s", why.text);
    for (int i = 0; i < APPENDS; i++) {
        struct append entry = {.acks = 1};
        const struct batch_wish wish = {.value_len = 200, .timestamp = 1, .producer_id = 0};
        entry.batch = make_batch(&wish, &entry.len);
        batch_header_read(entry.batch, &entry.header);
        partition_append(hosted[index], &entry, clock_wall_ms());
        free(entry.batch);
        ck_assert_int_eq(entry.error, KERR_NONE);
    }
}

static void tick(void)
{
    int before = syncs[FULL];
    partitions_tick(partitions, clock_monotonic_ms());
    ck_assert_int_le(syncs[FULL] - before, TICK_MS / SYNC_MS + 1);
}

/* Each in its turn until nothing is left to delete; the full one's never for longer than a tick may last. */
START_TEST(a_full_directory_delays_no_retention_of_another)
{
    enum { EACH = APPENDS - 1, ALL = EACH * PARTITIONS / DIRS };
    for (int i = 0; i < PARTITIONS; i++)
        create(i);
    tick(); /* flushes what is closed */
    const struct log_config config = config_with(1);
    for (int i = 0; i < PARTITIONS; i++)
        partition_set_config(hosted[i], &config);
    is_full = true;
    while (deleted[GOOD] < ALL || syncs[FULL] == 0)
        tick();
    ck_assert_int_ge(deleted_in_good_at_first_sync, PARTITIONS / DIRS); /* the good ones' turn is first */
    ck_assert_int_eq(syncs[GOOD], 0);
    ck_assert_int_gt(deleted[FULL], 0);
    is_full = false;
    while (deleted[FULL] < ALL)
        tick();
    for (int i = 0; i < PARTITIONS; i++)
        partition_unref(hosted[i]);
}
END_TEST

static void move_to_good(int index)
{
    ck_assert_int_eq(partitions_set_dir(partitions, SLICE("topic"), index, dirs[GOOD]), KERR_NONE);
    for (int64_t ms = clock_monotonic_ms(); partition_dir(hosted[index]) != dirs[GOOD]; ms += 1000)
        partitions_tick(partitions, ms);
}

static void delete_one(int index)
{
    partition_unref(hosted[index]);
    partitions_delete(partitions, (struct uuid){{1}}, index);
}

static bool full_one_names_the_first(void)
{
    char *starts;
    ck_assert_int_ge(
        file_read_all(file_system_os(), test_path("full/log-start-offset-checkpoint"), 1000, &starts), 0);
    bool names = strstr(starts, "topic 0 3\n") != NULL;
    free(starts);
    return names;
}

/* Its old directory's file names it until there is room; that may be believed of nobody else. */
START_TEST(who_has_moved_out_of_a_full_directory_stops_no_creation_until_he_is_deleted)
{
    int64_t start_offset;
    create(0);
    create(1);
    ck_assert_int_eq(partition_delete_records(hosted[0], 3, &start_offset), KERR_NONE);
    ck_assert(partitions_store_log_starts(partitions));
    is_full = true;
    move_to_good(0);
    ck_assert(full_one_names_the_first());
    delete_one(1);
    ck_assert(partitions_forget_deleted(partitions));
    delete_one(0);
    ck_assert(!partitions_forget_deleted(partitions));
    ck_assert(full_one_names_the_first());
    is_full = false;
    ck_assert(partitions_forget_deleted(partitions));
    ck_assert(!full_one_names_the_first());
}
END_TEST

static void set_up(void)
{
    make_test_directory();
    disk = *file_system_os();
    disk.open = full_open;
    disk.sync = no_sync;
    disk.sync_directory = slow_sync_directory;
    disk.rename = counted_rename;
    open_dirs();
}

static void tear_down(void)
{
    ck_assert(partitions_close(partitions, 1));
    for (int i = 0; i < DIRS; i++)
        data_dir_close(dirs[i]);
    remove_test_directory();
}

int main(void)
{
    Suite *suite = suite_create("full_directory");
    TCase *tests = tcase_create("full_directory");
    tcase_set_timeout(tests, 250);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_full_directory_delays_no_retention_of_another);
    tcase_add_test(tests, who_has_moved_out_of_a_full_directory_stops_no_creation_until_he_is_deleted);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
