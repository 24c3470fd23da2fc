/* partition on a disk that fails: full, dying, refusing to sync, and a process without descriptors. */
#include "storage/checkpoint.h"
#include "storage/open_files.h"
#include "storage/os/clock.h"
#include "storage/os/thread.h"
#include "storage/partitions.h"
#include "storage/segment.h"
#include "test/unit/storage/storage_test.h"

#include <errno.h>
#include <stdatomic.h>

/* The real file system, with faults. */
static struct file_system disk;
static atomic_int write_error; /* the next writes to a .log fail with this, after half of the bytes */
static atomic_int sync_error;  /* the next sync fails with this; the ones after it would not */
static atomic_int syncs;
static atomic_int open_limit; /* this many opens succeed still; -1: all */

static struct data_dir *dir;
static struct partitions *partitions;
static struct partition *partition;

static ssize_t faulty_pwritev(struct file_system *fs, int file, const struct iovec *parts, int count,
                              int64_t at)
{
    (void)fs;
    int error = atomic_load(&write_error);
    if (error == 0)
        return file_system_os()->pwritev(file_system_os(), file, parts, count, at);
    struct iovec half = {parts->iov_base, parts->iov_len / 2};
    file_system_os()->pwritev(file_system_os(), file, &half, 1, at);
    return -error;
}

static int faulty_sync(struct file_system *fs, int file, bool data_only)
{
    (void)fs;
    atomic_fetch_add(&syncs, 1);
    int error = atomic_exchange(&sync_error, 0);
    return error != 0 ? -error : file_system_os()->sync(file_system_os(), file, data_only);
}

static int faulty_open(struct file_system *fs, const char *path, int flags, unsigned mode)
{
    (void)fs;
    if (atomic_load(&open_limit) == 0)
        return -EMFILE;
    if (atomic_load(&open_limit) > 0)
        atomic_fetch_sub(&open_limit, 1);
    return file_system_os()->open(file_system_os(), path, flags, mode);
}

static int counted_close(struct file_system *fs, int file)
{
    (void)fs;
    if (atomic_load(&open_limit) >= 0)
        atomic_fetch_add(&open_limit, 1);
    return file_system_os()->close(file_system_os(), file);
}

static struct hosted_partition hosted_one(int32_t index)
{
    return (struct hosted_partition){.topic = SLICE("topic"),
                                     .topic_id = {{1}},
                                     .index = index,
                                     .is_leader = true,
                                     .config = default_config()};
}

static struct partition *create(int32_t index)
{
    struct hosted_partition hosted = hosted_one(index);
    enum kerr error;
    struct note why = {""};
    struct partition *created = partitions_create(partitions, &hosted, &error, &why);
    ck_assert_msg(created != NULL, "%s", why.text);
    return created;
}

static void set_up(void)
{
    struct note why = {""};
    enum data_dir_state state;
    make_test_directory();
    disk = *file_system_os();
    disk.pwritev = faulty_pwritev;
    disk.sync = faulty_sync;
    disk.open = faulty_open;
    disk.close = counted_close;
    atomic_store(&open_limit, -1);
    dir = data_dir_open(&disk, test_path("data"), &state, &why);
    ck_assert_msg(dir != NULL, "%s", why.text);
    ck_assert_int_eq(data_dir_format(dir, SLICE("c"), 1, (struct uuid){{9}}, &why), 0);
    const struct storage_config storage = storage_config_default();
    partitions = partitions_new(&dir, 1, &storage);
    partition = create(0);
}

static void tear_down(void)
{
    remove_test_directory();
}

static void close_all(bool good)
{
    partition_unref(partition);
    ck_assert_int_eq(partitions_close(partitions, 1), good);
    data_dir_close(dir);
}

static struct append append_to(struct partition *to, int64_t producer_id, int32_t sequence, int16_t acks)
{
    struct append append = {.acks = acks};
    const struct batch_wish wish = {
        .value_len = 500, .timestamp = 1, .producer_id = producer_id, .base_sequence = sequence};
    append.batch = make_batch(&wish, &append.len);
    batch_header_read(append.batch, &append.header);
    partition_append(to, &append, clock_wall_ms());
    free(append.batch);
    return append;
}

static int64_t end_of(struct partition *of)
{
    struct partition_offsets offsets;
    partition_get_offsets(of, &offsets);
    return offsets.log_end_offset;
}

static int64_t log_size(void)
{
    struct file_status status;
    ck_assert_int_eq(
        file_path_status(file_system_os(), test_path("data/topic-0/00000000000000000000.log"), &status), 0);
    return status.size;
}

START_TEST(a_full_disk_refuses_the_batch_and_takes_it_once_there_is_room)
{
    ck_assert_int_eq(append_to(partition, 7, 0, 1).error, KERR_NONE);
    int64_t size = log_size();
    atomic_store(&write_error, ENOSPC);
    struct append refused = append_to(partition, 7, 1, 1);
    ck_assert_int_eq(refused.error, KERR_KAFKA_STORAGE_ERROR);
    ck_assert_int_eq(refused.base_offset, -1);
    ck_assert_int_eq(log_size(), size);
    ck_assert_int_eq(end_of(partition), 1);
    ck_assert(!data_dir_is_offline(dir));
    atomic_store(&write_error, 0);
    struct append again = append_to(partition, 7, 1, 1);
    ck_assert_int_eq(again.error, KERR_NONE);
    ck_assert(!again.duplicate);
    ck_assert_int_eq(again.base_offset, 1);
    close_all(true);
}
END_TEST

START_TEST(a_failed_write_takes_the_directory_offline)
{
    ck_assert_int_eq(append_to(partition, 0, 0, 1).error, KERR_NONE);
    atomic_store(&write_error, EIO);
    ck_assert_int_eq(append_to(partition, 0, 0, 1).error, KERR_KAFKA_STORAGE_ERROR);
    atomic_store(&write_error, 0);
    ck_assert(data_dir_is_offline(dir));
    ck_assert_int_eq(append_to(partition, 0, 0, 1).error, KERR_KAFKA_STORAGE_ERROR);
    ck_assert_int_eq(partition_check_leader(partition, -1, true), KERR_KAFKA_STORAGE_ERROR);
    close_all(false);
    ck_assert(!file_exists(file_system_os(), test_path("data/.kafka_cleanshutdown")));
}
END_TEST

START_TEST(a_failed_write_in_a_chain_keeps_what_was_refused_apart_from_what_was_lost)
{
    struct append chain[3] = {0};
    for (int i = 0; i < 3; i++) {
        const struct batch_wish wish = {
            .timestamp = 1, .producer_id = 3, .base_sequence = i == 1 ? 50 : i / 2};
        chain[i].batch = make_batch(&wish, &chain[i].len);
        batch_header_read(chain[i].batch, &chain[i].header);
        chain[i].acks = 1;
        chain[i].next = i < 2 ? &chain[i + 1] : NULL;
    }
    atomic_store(&write_error, ENOSPC);
    ck_assert_int_eq(partition_append(partition, chain, 1), 0);
    ck_assert_int_eq(chain[0].error, KERR_KAFKA_STORAGE_ERROR);
    ck_assert_int_eq(chain[1].error, KERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
    ck_assert_int_eq(chain[2].error, KERR_KAFKA_STORAGE_ERROR);
    for (int i = 0; i < 3; i++)
        free(chain[i].batch);
    atomic_store(&write_error, 0);
    close_all(true);
}
END_TEST

START_TEST(a_failed_sync_is_told_to_everyone_and_never_tried_again)
{
    struct append first = append_to(partition, 0, 0, -1);
    ck_assert_int_eq(partition_sync(partition, first.sync_offset, INT64_MAX), KERR_NONE);
    struct append second = append_to(partition, 0, 0, -1);
    int before = atomic_load(&syncs);
    atomic_store(&sync_error, EIO);
    ck_assert_int_eq(partition_sync(partition, second.sync_offset, INT64_MAX), KERR_KAFKA_STORAGE_ERROR);
    ck_assert_int_eq(partition_sync(partition, second.sync_offset, INT64_MAX), KERR_KAFKA_STORAGE_ERROR);
    ck_assert_int_eq(atomic_load(&syncs), before + 1);
    ck_assert(data_dir_is_offline(dir));
    struct partition_offsets offsets;
    partition_get_offsets(partition, &offsets);
    ck_assert_int_eq(offsets.high_watermark, 1);
    /* What was on stable storage before stays so. */
    ck_assert_int_eq(partition_sync(partition, first.sync_offset, INT64_MAX), KERR_NONE);
    close_all(false);
}
END_TEST

START_TEST(after_a_crash_everything_found_is_synced_before_it_is_shown)
{
    char command[1200];
    append_to(partition, 0, 0, 1);
    snprintf(command, sizeof command, "cp -r '%s' '%s'", test_path("data"), test_path("copy"));
    ck_assert_int_eq(system(command), 0);
    struct note why = {""};
    enum data_dir_state state;
    const struct uuid id = {{9}};
    data_dir_format(dir, SLICE("x"), 1, id, &why);
    snprintf(command, sizeof command, "cp '%s/meta.properties' '%s'", test_path("data"), test_path("copy"));
    ck_assert_int_eq(system(command), 0);
    close_all(true);

    dir = data_dir_open(&disk, test_path("copy"), &state, &why);
    ck_assert_msg(dir != NULL, "%s", why.text);
    const struct storage_config storage = storage_config_default();
    partitions = partitions_new(&dir, 1, &storage);
    struct hosted_partition hosted = hosted_one(0);
    int before = atomic_load(&syncs);
    ck_assert_int_eq(partitions_load(partitions, &hosted, 1, &why), KERR_NONE);
    ck_assert_int_eq(atomic_load(&syncs), before + 3);
    partition = partitions_find(partitions, SLICE("topic"), 0);
    struct partition_offsets offsets;
    partition_get_offsets(partition, &offsets);
    ck_assert_int_eq(offsets.high_watermark, 1);
    ck_assert_int_eq(partition_sync(partition, 1, 0), KERR_NONE);
    ck_assert_int_eq(atomic_load(&syncs), before + 3);
    close_all(true);
}
END_TEST

/* ---- group commit ---- */

static atomic_int held_syncs; /* that have begun */
static atomic_bool is_held;   /* they last until it is let go */

static int held_sync(struct file_system *fs, int file, bool data_only)
{
    (void)fs;
    (void)file;
    (void)data_only;
    atomic_fetch_add(&held_syncs, 1);
    while (atomic_load(&is_held))
        usleep(100);
    return 0;
}

static void hold_syncs(void)
{
    atomic_store(&is_held, true);
    disk.sync = held_sync;
}

static void *append_and_sync(void *context)
{
    (void)context;
    struct append append = append_to(partition, 0, 0, -1);
    ensure(partition_sync(partition, append.sync_offset, INT64_MAX) == KERR_NONE);
    struct partition_offsets offsets;
    partition_get_offsets(partition, &offsets);
    ensure(offsets.high_watermark > append.last_offset);
    return NULL;
}

/* The first one's sync lasts until all have appended; the next one is everybody's. */
START_TEST(one_sync_serves_all_who_wait)
{
    enum { THREADS = 16 };
    struct thread threads[THREADS];
    append_and_sync(NULL); /* the directory itself is synced once */
    hold_syncs();
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(thread_start(&threads[i], "sync", append_and_sync, NULL), 0);
    while (end_of(partition) < THREADS + 1 || atomic_load(&held_syncs) == 0)
        usleep(100);
    atomic_store(&is_held, false);
    for (int i = 0; i < THREADS; i++)
        thread_join(&threads[i]);
    ck_assert_int_le(atomic_load(&held_syncs), 2);
    disk.sync = faulty_sync;
    close_all(true);
}
END_TEST

START_TEST(who_waits_for_anothers_sync_gives_up_at_the_deadline)
{
    struct thread thread;
    append_and_sync(NULL);
    hold_syncs();
    struct append append = append_to(partition, 0, 0, -1);
    ck_assert_int_eq(thread_start(&thread, "sync", append_and_sync, NULL), 0);
    while (atomic_load(&held_syncs) == 0)
        usleep(100);
    ck_assert_int_eq(partition_sync(partition, append.sync_offset, clock_monotonic_ms() + 2),
                     KERR_REQUEST_TIMED_OUT);
    atomic_store(&is_held, false);
    thread_join(&thread);
    ck_assert_int_eq(partition_sync(partition, append.sync_offset, 0), KERR_NONE);
    disk.sync = faulty_sync;
    close_all(true);
}
END_TEST

START_TEST(idle_files_make_room_when_descriptors_run_out)
{
    enum { PARTITIONS = 20 };
    struct partition *others[PARTITIONS];
    for (int i = 0; i < PARTITIONS; i++)
        others[i] = create(i + 1);
    atomic_store(&open_limit, 5);
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < PARTITIONS; i++)
            ck_assert_int_eq(append_to(others[i], 0, 0, 1).error, KERR_NONE);
    ck_assert_uint_le(open_files_count(data_dir_files(dir)), 5);
    atomic_store(&open_limit, -1);
    open_files_tick(data_dir_files(dir));
    open_files_tick(data_dir_files(dir));
    ck_assert_uint_eq(open_files_count(data_dir_files(dir)), 0);
    struct partition_read read = {
        .max_bytes = 100, .at_least_one = true, .current_leader_epoch = -1, .last_fetched_epoch = -1};
    partition_read(others[3], &read);
    ck_assert_int_eq(read.error, KERR_NONE);
    open_files_tick(data_dir_files(dir));
    open_files_tick(data_dir_files(dir));
    ck_assert_uint_eq(open_files_count(data_dir_files(dir)), 1); /* a reader holds it */
    segment_unref(read.records.segment);
    for (int i = 0; i < PARTITIONS; i++)
        partition_unref(others[i]);
    close_all(true);
}
END_TEST

/* The start does not get at a file; afterwards it does. */
static const char *unreadable; /* its name */

static int open_all_but_one(struct file_system *fs, const char *path, int flags, unsigned mode)
{
    if (strcmp(strrchr(path, '/') + 1, unreadable) == 0)
        return -EMFILE;
    return faulty_open(fs, path, flags, mode);
}

static enum kerr load(void)
{
    struct note why = {""};
    enum data_dir_state state;
    int64_t broker_epoch;
    dir = data_dir_open(&disk, test_path("data"), &state, &why);
    ck_assert_msg(dir != NULL, "%s", why.text);
    data_dir_begin(dir, &broker_epoch);
    const struct storage_config storage = storage_config_default();
    const struct hosted_partition hosted = hosted_one(0);
    partitions = partitions_new(&dir, 1, &storage);
    enum kerr error = partitions_load(partitions, &hosted, 1, &why);
    partition = partitions_find(partitions, hosted.topic, 0);
    return error;
}

START_TEST(a_start_that_cannot_read_whose_records_these_are_takes_no_others_instead)
{
    static const char *const files[] = {"partition.metadata", "log-start-offset-checkpoint",
                                        "00000000000000000001.snapshot"};
    close_all(true);
    ck_assert_int_eq(load(), KERR_NONE);
    append_to(partition, 7, 0, 1);
    close_all(true);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        unreadable = files[i];
        disk.open = open_all_but_one;
        ck_assert_int_eq(load(), KERR_KAFKA_STORAGE_ERROR);
        ck_assert_ptr_null(partition);
        partitions_close(partitions, 1);
        data_dir_close(dir);
        disk.open = faulty_open;
        ck_assert_int_eq(load(), KERR_NONE);
        struct partition_offsets offsets;
        partition_get_offsets(partition, &offsets);
        ck_assert_int_eq(offsets.log_end_offset, 1);
        close_all(true);
    }
}
END_TEST

/* As Apache Kafka: what it does not say any more is which records were deleted. */
START_TEST(a_start_does_not_guess_what_a_damaged_file_of_log_starts_said)
{
    static const char name[] = "log-start-offset-checkpoint";
    static const char *const damaged[] = {"0\n1\ntopic 0 1x\n", "0\n2\ntopic 0 1\n", "1\n1\ntopic 0 1\n"};
    close_all(true);
    for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++) {
        ck_assert_int_eq(checkpoint_replace(&disk, test_path("data"), name, slice_str(damaged[i]), false), 0);
        ck_assert_int_eq(load(), KERR_KAFKA_STORAGE_ERROR);
        partitions_close(partitions, 1);
        data_dir_close(dir);
    }
    ck_assert_int_eq(checkpoint_replace(&disk, test_path("data"), name, SLICE("0\n1\ntopic 0 0\n"), false),
                     0);
    ck_assert_int_eq(load(), KERR_NONE);
    close_all(true);
}
END_TEST

START_TEST(a_torn_topic_id_is_as_good_as_none)
{
    close_all(true);
    ck_assert_int_eq(load(), KERR_NONE);
    append_to(partition, 7, 0, 1);
    close_all(true);
    int file = file_open(&disk, test_path("data/topic-0/partition.metadata"), FILE_WRITE);
    ck_assert_int_eq(file_truncate(&disk, file, 20), 0);
    file_close(&disk, file);
    ck_assert_int_eq(load(), KERR_NONE);
    struct partition_offsets offsets;
    partition_get_offsets(partition, &offsets);
    ck_assert_int_eq(offsets.log_end_offset, 1);
    close_all(true);
    char *text;
    ck_assert_int_eq(file_read_all(&disk, test_path("data/topic-0/partition.metadata"), 1000, &text), 43);
    free(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("partition_failures");
    TCase *tests = tcase_create("failures");
    tcase_set_timeout(tests, 250);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_full_disk_refuses_the_batch_and_takes_it_once_there_is_room);
    tcase_add_test(tests, a_failed_write_takes_the_directory_offline);
    tcase_add_test(tests, a_failed_write_in_a_chain_keeps_what_was_refused_apart_from_what_was_lost);
    tcase_add_test(tests, a_failed_sync_is_told_to_everyone_and_never_tried_again);
    tcase_add_test(tests, after_a_crash_everything_found_is_synced_before_it_is_shown);
    tcase_add_test(tests, one_sync_serves_all_who_wait);
    tcase_add_test(tests, who_waits_for_anothers_sync_gives_up_at_the_deadline);
    tcase_add_test(tests, idle_files_make_room_when_descriptors_run_out);
    tcase_add_test(tests, a_start_that_cannot_read_whose_records_these_are_takes_no_others_instead);
    tcase_add_test(tests, a_start_does_not_guess_what_a_damaged_file_of_log_starts_said);
    tcase_add_test(tests, a_torn_topic_id_is_as_good_as_none);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
