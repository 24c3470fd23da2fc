/* partition_retention: retention by the ticking thread and DeleteRecords, as readers, writers and a restart
 * see them. */
#include "storage/checkpoint.h"
#include "storage/os/clock.h"
#include "storage/os/thread.h"
#include "storage/partitions.h"
#include "storage/segment.h"
#include "test/unit/storage/storage_test.h"

#include <stdatomic.h>

/* The real file system, but nothing waits for the disk: hundreds of segments are closed and synced here. */
static struct file_system disk;
static struct data_dir *dir;
static struct partitions *partitions;
static struct partition *partition;
static struct log_config config;
static struct storage_config storage;

static int sync_nothing(struct file_system *fs, int file, bool data_only)
{
    (void)fs, (void)file, (void)data_only;
    return 0;
}

/* What retention does to the disk: S: the log starts' file gets its name, s: so does that on the disk, D: a
 * segment loses its. */
static char steps[64];

static void note_step(char step)
{
    size_t len = strlen(steps);
    if (len + 1 < sizeof steps)
        steps[len] = step;
}

static int rename_and_note(struct file_system *fs, const char *from, const char *to)
{
    (void)fs;
    if (strstr(to, "/log-start-offset-checkpoint") != NULL)
        note_step('S');
    else if (strstr(to, ".log.deleted") != NULL)
        note_step('D');
    return file_rename(file_system_os(), from, to);
}

static int sync_directory_and_note(struct file_system *fs, const char *path)
{
    (void)fs;
    if (strcmp(path, test_path("data")) == 0)
        note_step('s');
    return file_sync_directory(file_system_os(), path);
}

static void open_dir(const char *name)
{
    struct note why = {""};
    enum data_dir_state state;
    int64_t broker_epoch;
    dir = data_dir_open(&disk, test_path(name), &state, &why);
    ck_assert_msg(dir != NULL, "%s", why.text);
    if (state == DATA_DIR_EMPTY)
        ck_assert_int_eq(data_dir_format(dir, SLICE("cluster"), 1, (struct uuid){{9}}, &why), KERR_NONE);
    data_dir_begin(dir, &broker_epoch);
    partitions = partitions_new(&dir, 1, &storage);
}

static void close_dir(void)
{
    partition_unref(partition);
    ck_assert(partitions_close(partitions, 5));
    data_dir_close(dir);
}

static struct hosted_partition hosted_one(uint8_t id)
{
    return (struct hosted_partition){
        .topic = SLICE("topic"), .topic_id = {{id}}, .is_leader = true, .config = config};
}

static void create(void)
{
    struct hosted_partition hosted = hosted_one(1);
    enum kerr error;
    struct note why = {""};
    partition = partitions_create(partitions, &hosted, &error, &why);
    ck_assert_msg(partition != NULL, "%s", why.text);
}

static void load(void)
{
    struct hosted_partition hosted = hosted_one(1);
    struct note why = {""};
    ck_assert_msg(partitions_load(partitions, &hosted, 1, &why) == KERR_NONE, "%s", why.text);
    partition = partitions_find_by_id(partitions, hosted.topic_id, 0);
    ck_assert_ptr_nonnull(partition);
}

/* A copy of the files as they are now. */
static void copy(void)
{
    char command[1200];
    snprintf(command, sizeof command, "cp -r %s %s", test_path("data"), test_path("killed"));
    ck_assert_int_eq(system(command), 0);
}

static void load_copy(void)
{
    close_dir();
    open_dir("killed");
    load();
}

/* As a kill leaves it. */
static void copy_and_load(void)
{
    copy();
    load_copy();
}

static void set_up(void)
{
    make_test_directory();
    disk = *file_system_os();
    disk.sync = sync_nothing;
    disk.rename = rename_and_note;
    disk.sync_directory = sync_directory_and_note;
    storage = storage_config_default();
    storage.initial_task_delay_ms = 0;
    config = default_config();
    config.segment_bytes = 250; /* one batch of one record each */
    config.file_delete_delay_ms = 0;
    open_dir("data");
    create();
}

static void tear_down(void)
{
    remove_test_directory();
}

static struct append append_one(struct batch_wish wish, int16_t acks)
{
    struct append append = {.acks = acks};
    wish.value_len = 100;
    append.batch = make_batch(&wish, &append.len);
    batch_header_read(append.batch, &append.header);
    partition_append(partition, &append, clock_wall_ms());
    ensure(append.error == KERR_NONE); /* not ck_assert: Check knows one thread only */
    free(append.batch);
    return append;
}

static void append_many(int count)
{
    for (int i = 0; i < count; i++)
        append_one((struct batch_wish){.timestamp = clock_wall_ms() - 100000}, 1);
}

static struct partition_offsets offsets(void)
{
    struct partition_offsets found;
    partition_get_offsets(partition, &found);
    return found;
}

static struct partition_read read_from(int64_t offset, enum isolation isolation)
{
    struct partition_read read = {.fetch_offset = offset,
                                  .max_bytes = 1000000,
                                  .isolation = isolation,
                                  .current_leader_epoch = -1,
                                  .last_fetched_epoch = -1};
    partition_read(partition, &read);
    if (read.records.segment != NULL)
        segment_unref(read.records.segment);
    free(read.aborted);
    return read;
}

static void run_retention(void)
{
    static int64_t later_ms;
    later_ms += storage.retention_check_interval_ms;
    partitions_tick(partitions, clock_monotonic_ms() + later_ms);
}

static void set_config(void)
{
    partition_set_config(partition, &config);
}

static int64_t delete_up_to(int64_t offset)
{
    int64_t start;
    ck_assert_int_eq(partition_delete_records(partition, offset, &start), KERR_NONE);
    return start;
}

static bool has_file(const char *name)
{
    char path[200];
    snprintf(path, sizeof path, "data/%s", name);
    return file_exists(file_system_os(), test_path(path));
}

START_TEST(the_ticking_thread_enforces_what_the_config_says_now)
{
    append_many(20);
    run_retention();
    ck_assert_int_eq(offsets().log_start_offset, 0);
    config.retention_ms = 50000;
    set_config();
    run_retention();
    ck_assert_int_eq(offsets().log_start_offset, 20);
    ck_assert_int_eq(offsets().log_end_offset, 20);
    ck_assert_int_eq(offsets().high_watermark, 20);
    ck_assert(has_file("topic-0/00000000000000000020.log"));
    run_retention(); /* what is renamed is unlinked once the delay is over */
    ck_assert(!has_file("topic-0/00000000000000000019.log.deleted"));
    close_dir();
}
END_TEST

START_TEST(log_starts_are_on_disk_before_a_segment_goes_with_one_file_for_all_partitions)
{
    struct partition *first = partition;
    struct hosted_partition other = {
        .topic = SLICE("other"), .topic_id = {{2}}, .is_leader = true, .config = config};
    enum kerr error;
    struct note why = {""};
    append_many(3);
    partition = partitions_create(partitions, &other, &error, &why);
    ck_assert_ptr_nonnull(partition);
    append_many(3);
    config.retention_ms = 50000;
    set_config();
    partition_set_config(first, &config);
    memset(steps, 0, sizeof steps);
    run_retention();
    steps[8] = '\0'; /* other checkpoints are due behind it */
    ck_assert_str_eq(steps, "SsDDDDDD");
    partition_unref(first);
    close_dir();
}
END_TEST

/* A tick that began long ago has no time left: it does one step, and the next one goes on. */
START_TEST(a_pass_that_takes_long_goes_on_in_the_next_tick)
{
    config.retention_ms = 50000;
    set_config();
    append_many(20);
    int64_t now_ms = clock_monotonic_ms();
    usleep(400000);
    for (int step = 1; step <= 20; step++) { /* the start moves by eight segments, and one of them goes */
        char gone[60], next[60];
        snprintf(gone, sizeof gone, "topic-0/%020d.log", step - 1);
        snprintf(next, sizeof next, "topic-0/%020d.log", step);
        partitions_tick(partitions, now_ms);
        ck_assert_int_eq(offsets().log_start_offset, step < 3 ? step * 8 : 20);
        ck_assert(!has_file(gone));
        ck_assert(has_file(next));
    }
    partitions_tick(partitions, now_ms);
    append_many(1);
    partitions_tick(partitions, now_ms); /* the pass has ended: the next one is due in five minutes */
    ck_assert_int_eq(offsets().log_start_offset, 20);
    close_dir();
}
END_TEST

START_TEST(reading_and_writing_go_on_where_the_log_was_emptied)
{
    config.retention_ms = 50000;
    set_config();
    append_many(5);
    ck_assert_int_eq(read_from(2, READ_UNCOMMITTED).error, KERR_NONE);
    run_retention();
    ck_assert_int_eq(read_from(2, READ_UNCOMMITTED).error, KERR_OFFSET_OUT_OF_RANGE);
    struct partition_read read = read_from(5, READ_COMMITTED);
    ck_assert_int_eq(read.error, KERR_NONE);
    ck_assert_int_eq(read.high_watermark, 5);
    ck_assert_int_eq(read.last_stable_offset, 5);
    ck_assert_int_eq(read.log_start_offset, 5);
    append_one((struct batch_wish){.timestamp = clock_wall_ms()}, -1);
    ck_assert_uint_eq(read_from(5, READ_UNCOMMITTED).records.range_len, 0);
    ck_assert_int_eq(partition_sync(partition, 6, INT64_MAX), KERR_NONE);
    ck_assert_uint_gt(read_from(5, READ_UNCOMMITTED).records.range_len, 0);
    run_retention(); /* that one is young */
    ck_assert_int_eq(offsets().log_start_offset, 5);
    close_dir();
}
END_TEST

START_TEST(an_acks_all_batch_that_is_not_on_disk_yet_is_not_deleted)
{
    config.retention_ms = 0;
    set_config();
    append_many(2);
    append_one((struct batch_wish){.timestamp = 1}, -1);
    run_retention();
    ck_assert_int_eq(offsets().log_start_offset, 2);
    ck_assert_int_eq(partition_sync(partition, 3, INT64_MAX), KERR_NONE);
    run_retention();
    ck_assert_int_eq(offsets().log_start_offset, 3);
    close_dir();
}
END_TEST

START_TEST(deleting_records_moves_the_start_and_retention_takes_the_segments)
{
    append_many(6);
    ck_assert_int_eq(delete_up_to(3), 3);
    ck_assert_int_eq(delete_up_to(1), 3);
    ck_assert_int_eq(read_from(2, READ_UNCOMMITTED).error, KERR_OFFSET_OUT_OF_RANGE);
    ck_assert_int_eq(read_from(3, READ_UNCOMMITTED).error, KERR_NONE);
    ck_assert(has_file("topic-0/00000000000000000000.log"));
    run_retention();
    ck_assert(!has_file("topic-0/00000000000000000002.log"));
    ck_assert(has_file("topic-0/00000000000000000003.log"));
    ck_assert_int_eq(delete_up_to(DELETE_ALL_RECORDS), 6);
    close_dir();
}
END_TEST

START_TEST(records_are_not_deleted_beyond_the_high_watermark_nor_where_they_are_compacted)
{
    int64_t start;
    append_many(2);
    append_one((struct batch_wish){.timestamp = 1}, -1);
    ck_assert_int_eq(partition_delete_records(partition, 3, &start), KERR_OFFSET_OUT_OF_RANGE);
    ck_assert_int_eq(partition_delete_records(partition, -2, &start), KERR_OFFSET_OUT_OF_RANGE);
    ck_assert_int_eq(start, -1);
    ck_assert_int_eq(delete_up_to(DELETE_ALL_RECORDS), 2);
    config.cleanup_compact = true;
    set_config();
    ck_assert_int_eq(partition_delete_records(partition, 2, &start), KERR_NONE);
    config.cleanup_delete = false;
    set_config();
    ck_assert_int_eq(partition_delete_records(partition, 99, &start), KERR_POLICY_VIOLATION);
    partition_resign(partition, 1);
    ck_assert_int_eq(partition_delete_records(partition, 99, &start), KERR_NOT_LEADER_OR_FOLLOWER);
    close_dir();
}
END_TEST

START_TEST(a_stored_start_survives_a_kill_and_one_that_was_not_stored_does_not)
{
    append_many(6);
    ck_assert_int_eq(delete_up_to(3), 3);
    ck_assert(partitions_store_log_starts(partitions));
    ck_assert_int_eq(delete_up_to(4), 4);
    copy_and_load();
    ck_assert_int_eq(offsets().log_start_offset, 3);
    ck_assert_int_eq(offsets().log_end_offset, 6);
    close_dir();
}
END_TEST

START_TEST(a_start_inside_a_segment_survives_a_clean_stop)
{
    append_many(6);
    ck_assert_int_eq(delete_up_to(5), 5);
    run_retention();
    append_one((struct batch_wish){.timestamp = 1, .records = 1}, 1);
    ck_assert_int_eq(delete_up_to(DELETE_ALL_RECORDS), 7);
    close_dir();
    open_dir("data");
    load();
    ck_assert_int_eq(offsets().log_start_offset, 7);
    ck_assert_int_eq(offsets().log_end_offset, 7);
    close_dir();
}
END_TEST

START_TEST(a_new_topic_of_a_deleted_ones_name_does_not_inherit_its_start)
{
    append_many(6);
    ck_assert_int_eq(delete_up_to(5), 5);
    ck_assert(partitions_store_log_starts(partitions));
    partition_unref(partition);
    partitions_delete(partitions, (struct uuid){{1}}, 0);
    create();
    append_many(2);
    copy_and_load();
    ck_assert_int_eq(offsets().log_start_offset, 0);
    ck_assert_int_eq(offsets().log_end_offset, 2);
    close_dir();
}
END_TEST

static const char *const by_name[] = {"recovery-point-offset-checkpoint", "log-start-offset-checkpoint",
                                      "cleaner-offset-checkpoint"};

static void write_entries(void)
{
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(
            checkpoint_replace(&disk, test_path("data"), by_name[i], SLICE("0\n1\ntopic 0 5\n"), false), 0);
}

static void expect_no_entries(void)
{
    for (int i = 0; i < 3; i++) {
        char path[100];
        char *content;
        snprintf(path, sizeof path, "data/%s", by_name[i]);
        ck_assert_int_gt(file_read_all(&disk, test_path(path), 1000, &content), 0);
        ck_assert_str_eq(content, "0\n0\n");
        free(content);
    }
}

/* Of a recovery point its records would not be looked at, of a first dirty offset not be compacted. */
START_TEST(entries_of_a_deleted_topic_are_gone_before_there_is_a_new_one_of_its_name)
{
    write_entries();
    partition_unref(partition);
    partitions_delete(partitions, (struct uuid){{1}}, 0);
    create();
    expect_no_entries();
    close_dir();
}
END_TEST

START_TEST(entries_that_a_start_finds_no_directory_for_are_gone_before_it_makes_one)
{
    partition_unref(partition);
    partitions_delete(partitions, (struct uuid){{1}}, 0);
    ck_assert(partitions_close(partitions, 5));
    data_dir_close(dir);
    write_entries();
    open_dir("data");
    load();
    expect_no_entries();
    close_dir();
}
END_TEST

static int name_syncs;

static int count_name_sync(struct file_system *fs, const char *path)
{
    (void)fs;
    name_syncs += strcmp(path, test_path("data")) == 0;
    return 0;
}

START_TEST(after_a_deletion_names_are_synced_once_before_they_are_given_again)
{
    partition_unref(partition);
    partitions_delete(partitions, (struct uuid){{1}}, 0);
    disk.sync_directory = count_name_sync;
    ck_assert(partitions_forget_deleted(partitions));
    ck_assert_int_ge(name_syncs, 1);
    name_syncs = 0;
    ck_assert(partitions_forget_deleted(partitions));
    create();
    ck_assert_int_eq(name_syncs, 0);
    close_dir();
}
END_TEST

/* A power cut has taken the bytes of segments that nobody waited for, and left their names. */
START_TEST(readers_pass_over_a_hole_and_meet_the_end_where_nothing_follows)
{
    int last_empty = _i == 0 ? 2 : 1;
    append_many(3);
    copy();
    for (int i = 0; i <= last_empty; i++) {
        char path[100];
        snprintf(path, sizeof path, "killed/topic-0/%020d.log", i);
        ck_assert_int_eq(truncate(test_path(path), 0), 0);
    }
    load_copy();
    struct partition_read read = read_from(0, READ_UNCOMMITTED);
    ck_assert_int_eq(read.error, KERR_NONE);
    ck_assert_int_eq(read.high_watermark, _i == 0 ? 0 : 3);
    ck_assert_int_eq(read.records.range_len > 0, _i != 0);
    if (_i == 0)
        ck_assert_int_eq(append_one((struct batch_wish){.timestamp = 1}, -1).base_offset, 0);
    close_dir();
}
END_TEST

START_TEST(an_open_transaction_whose_beginning_is_deleted_holds_readers_at_the_start)
{
    const struct batch_wish open = {.timestamp = 1, .producer_id = 5, .transactional = true};
    append_many(1);
    append_one(open, 1);
    append_many(3);
    ck_assert_int_eq(offsets().last_stable_offset, 1);
    ck_assert_int_eq(delete_up_to(3), 3);
    ck_assert_int_eq(offsets().last_stable_offset, 3);
    struct partition_read read = read_from(3, READ_COMMITTED);
    ck_assert_int_eq(read.error, KERR_NONE);
    ck_assert_int_eq(read.last_stable_offset, 3);
    ck_assert_uint_eq(read.records.range_len, 0);
    run_retention();
    ck_assert_int_eq(read_from(3, READ_COMMITTED).error, KERR_NONE);
    close_dir();
}
END_TEST

struct counting_watch {
    struct partition_watch watch;
    int wakes;
};

static void count_wake(struct partition_watch *watch)
{
    ((struct counting_watch *)(void *)watch)->wakes++;
}

START_TEST(who_waits_below_the_new_start_is_woken_and_who_comes_later_is_refused)
{
    struct counting_watch below = {.watch = {.wake = count_wake, .fetch_offset = 1}};
    struct counting_watch above = {.watch = {.wake = count_wake, .fetch_offset = 4}};
    append_many(4);
    ck_assert(partition_watch(partition, &below.watch, READ_UNCOMMITTED, 4, 0));
    ck_assert(partition_watch(partition, &above.watch, READ_UNCOMMITTED, 4, 0));
    delete_up_to(2);
    ck_assert_int_eq(below.wakes, 1);
    ck_assert_int_eq(above.wakes, 0);
    partition_unwatch(&below.watch);
    ck_assert(!partition_watch(partition, &below.watch, READ_UNCOMMITTED, 4, 0));
    below.watch.fetch_offset = 2;
    ck_assert(partition_watch(partition, &below.watch, READ_UNCOMMITTED, 4, 0));
    config.retention_bytes = 0;
    set_config();
    run_retention();
    ck_assert_int_ge(below.wakes, 2);
    ck_assert_int_eq(above.wakes, 0);
    partition_unwatch(&below.watch);
    partition_unwatch(&above.watch);
    close_dir();
}
END_TEST

enum { BATCHES = 200 };

static atomic_bool writing;

static void *write_batches(void *context)
{
    (void)context;
    for (int i = 0; i < BATCHES; i++)
        append_one((struct batch_wish){.timestamp = clock_wall_ms()}, 1);
    atomic_store(&writing, false);
    return NULL;
}

/* A reader meets records at its offset or is told that they are gone, never anything else. */
static void *read_batches(void *context)
{
    int64_t offset = 0;
    (void)context;
    while (atomic_load(&writing)) {
        struct partition_read read = read_from(offset, READ_COMMITTED);
        if (read.error == KERR_OFFSET_OUT_OF_RANGE) {
            int64_t start = offsets().log_start_offset;
            ensure(start > offset);
            offset = start;
        } else {
            ensure(read.error == KERR_NONE);
            ensure(read.records.range_len > 0 || offset >= read.high_watermark);
            offset += read.records.range_len > 0;
            if (read.records.range_len == 0)
                thread_give_way(); /* the writer wants the lock */
        }
    }
    return NULL;
}

START_TEST(retention_deletes_while_others_write_and_read)
{
    struct thread threads[3] = {0};
    config.retention_bytes = 2000;
    set_config();
    atomic_store(&writing, true);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(thread_start(&threads[i], "test", i == 0 ? write_batches : read_batches, NULL), 0);
    while (atomic_load(&writing)) {
        run_retention();
        thread_give_way();
    }
    for (int i = 0; i < 3; i++)
        thread_join(&threads[i]);
    run_retention();
    ck_assert_int_eq(offsets().log_end_offset, BATCHES);
    ck_assert_int_gt(offsets().log_start_offset, BATCHES - 20);
    close_dir();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("partition_retention");
    TCase *tests = tcase_create("partition_retention");
    tcase_set_timeout(tests, 250); /* a busy machine makes files slowly */
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, the_ticking_thread_enforces_what_the_config_says_now);
    tcase_add_test(tests, log_starts_are_on_disk_before_a_segment_goes_with_one_file_for_all_partitions);
    tcase_add_test(tests, a_pass_that_takes_long_goes_on_in_the_next_tick);
    tcase_add_test(tests, reading_and_writing_go_on_where_the_log_was_emptied);
    tcase_add_test(tests, an_acks_all_batch_that_is_not_on_disk_yet_is_not_deleted);
    tcase_add_test(tests, deleting_records_moves_the_start_and_retention_takes_the_segments);
    tcase_add_test(tests, records_are_not_deleted_beyond_the_high_watermark_nor_where_they_are_compacted);
    tcase_add_test(tests, a_stored_start_survives_a_kill_and_one_that_was_not_stored_does_not);
    tcase_add_test(tests, a_start_inside_a_segment_survives_a_clean_stop);
    tcase_add_test(tests, a_new_topic_of_a_deleted_ones_name_does_not_inherit_its_start);
    tcase_add_test(tests, entries_of_a_deleted_topic_are_gone_before_there_is_a_new_one_of_its_name);
    tcase_add_test(tests, entries_that_a_start_finds_no_directory_for_are_gone_before_it_makes_one);
    tcase_add_test(tests, after_a_deletion_names_are_synced_once_before_they_are_given_again);
    tcase_add_loop_test(tests, readers_pass_over_a_hole_and_meet_the_end_where_nothing_follows, 0, 2);
    tcase_add_test(tests, an_open_transaction_whose_beginning_is_deleted_holds_readers_at_the_start);
    tcase_add_test(tests, who_waits_below_the_new_start_is_woken_and_who_comes_later_is_refused);
    tcase_add_test(tests, retention_deletes_while_others_write_and_read);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
