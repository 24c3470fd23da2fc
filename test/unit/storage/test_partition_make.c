/* partition_make: new partitions before and when their directories are made. */
#include "storage/os/clock.h"
#include "storage/os/thread.h"
#include "storage/partitions.h"
#include "test/unit/storage/storage_test.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/stat.h>

enum { MANY = 40 };

/* The real file system, with faults. */
static struct file_system disk;
static atomic_int mkdir_error;
static atomic_int open_error; /* of a new .log */

static struct data_dir *dir;
static struct partitions *partitions;

static int faulty_mkdir(struct file_system *fs, const char *path)
{
    (void)fs;
    int error = atomic_load(&mkdir_error);
    return error != 0 ? -error : file_system_os()->mkdir(file_system_os(), path);
}

static int faulty_open(struct file_system *fs, const char *path, int flags, unsigned mode)
{
    (void)fs;
    int error = strstr(path, ".log") != NULL ? atomic_load(&open_error) : 0;
    return error != 0 ? -error : file_system_os()->open(file_system_os(), path, flags, mode);
}

static struct hosted_partition hosted_one(int32_t index)
{
    return (struct hosted_partition){.topic = SLICE("topic"),
                                     .topic_id = {{1}},
                                     .index = index,
                                     .is_leader = true,
                                     .config = default_config()};
}

/* `at_once`: how many are made when they are created. */
static void open_dir(int32_t at_once)
{
    struct note why = {""};
    enum data_dir_state state;
    int64_t epoch;
    dir = data_dir_open(&disk, test_path("data"), &state, &why);
    ck_assert_msg(dir != NULL, "%s", why.text);
    if (state == DATA_DIR_EMPTY)
        ck_assert_int_eq(data_dir_format(dir, SLICE("c"), 1, (struct uuid){{9}}, &why), 0);
    data_dir_begin(dir, &epoch);
    struct storage_config storage = storage_config_default();
    storage.partitions_at_once = at_once;
    partitions = partitions_new(&dir, 1, &storage);
}

static void close_dir(bool good)
{
    ck_assert_int_eq(partitions_close(partitions, 1), good);
    data_dir_close(dir);
}

/* Nothing more is written. */
static void kill_all(void)
{
    data_dir_fail(dir, "the test kills it");
    close_dir(false);
    remove(test_path("data/.suspect-CQAAAAAAAAAAAAAAAAAAAA"));
}

static void set_up(void)
{
    make_test_directory();
    disk = *file_system_os();
    disk.mkdir = faulty_mkdir;
    disk.open = faulty_open;
    open_dir(0);
}

static void tear_down(void)
{
    remove_test_directory();
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

static enum kerr append_to(struct partition *partition)
{
    struct append append = {.acks = -1};
    const struct batch_wish wish = {.value_len = 100, .timestamp = 1};
    append.batch = make_batch(&wish, &append.len);
    batch_header_read(append.batch, &append.header);
    partition_append(partition, &append, clock_wall_ms());
    free(append.batch);
    if (append.error != KERR_NONE)
        return append.error;
    return partition_sync(partition, append.sync_offset, INT64_MAX);
}

static int64_t end_of(struct partition *partition)
{
    struct partition_offsets offsets;
    partition_get_offsets(partition, &offsets);
    return offsets.log_end_offset;
}

static bool exists(const char *name)
{
    return file_exists(file_system_os(), test_path(name));
}

static void expect_file(const char *name, const char *content)
{
    char *text;
    ssize_t len = file_read_all(file_system_os(), test_path(name), 1000, &text);
    ck_assert_msg(len >= 0, "%s: %s", name, strerror((int)-len));
    ck_assert_str_eq(text, content);
    free(text);
}

static void expect_new_directory(void)
{
    expect_file("data/topic-0/partition.metadata", "version: 0\ntopic_id: AQAAAAAAAAAAAAAAAAAAAA");
    expect_file("data/topic-0/leader-epoch-checkpoint", "0\n1\n0 0\n");
    expect_file("data/topic-0/00000000000000000000.log", "");
    expect_file("data/topic-0/00000000000000000000.index", "");
    expect_file("data/topic-0/00000000000000000000.timeindex", "");
}

/* How many of the directory's entries begin with the topic's name. */
static void count_topic(void *context, const char *name)
{
    *(int *)context += strncmp(name, "topic", 5) == 0;
}

static int directories(void)
{
    int count = 0;
    file_list(file_system_os(), test_path("data"), count_topic, &count);
    return count;
}

START_TEST(before_it_is_made_it_is_an_empty_log_that_touches_no_disk)
{
    struct partition *partition = create(0);
    struct partition_read read = {
        .max_bytes = 100, .at_least_one = true, .current_leader_epoch = -1, .last_fetched_epoch = -1};
    struct offset_and_timestamp found;
    struct partition_extent extent;
    struct log_config config = default_config();
    int64_t start;
    int32_t epoch;
    int64_t end;
    partition_read(partition, &read);
    ck_assert_int_eq(read.error, KERR_NONE);
    ck_assert_int_eq(read.high_watermark, 0);
    ck_assert_ptr_null(read.records.segment);
    ck_assert_int_eq(partition_find_timestamp(partition, 0, &found), KERR_NONE);
    ck_assert(!found.found);
    ck_assert_int_eq(partition_find_max_timestamp(partition, &found), KERR_NONE);
    ck_assert(!found.found);
    partition_end_of_epoch(partition, 0, &epoch, &end);
    ck_assert(epoch == 0 && end == 0);
    ck_assert_int_eq(partition_delete_records(partition, DELETE_ALL_RECORDS, &start), KERR_NONE);
    partition_get_extent(partition, &extent);
    ck_assert(extent.dir == dir && extent.size == 0);
    config.retention_ms = 0;
    partition_set_config(partition, &config);
    partition_become_leader(partition, 1);
    ck_assert(partitions_store_log_starts(partitions));
    ck_assert_int_eq(directories(), 0);
    partition_unref(partition);
    close_dir(true);
}
END_TEST

START_TEST(the_first_append_makes_it)
{
    struct partition *partition = create(0);
    ck_assert_int_eq(append_to(partition), KERR_NONE);
    ck_assert_int_eq(end_of(partition), 1);
    expect_file("data/topic-0/partition.metadata", "version: 0\ntopic_id: AQAAAAAAAAAAAAAAAAAAAA");
    expect_file("data/topic-0/leader-epoch-checkpoint", "0\n1\n0 0\n");
    partitions_tick(partitions, clock_monotonic_ms()); /* finds it made */
    ck_assert_int_eq(append_to(partition), KERR_NONE);
    ck_assert_int_eq(end_of(partition), 2);
    partition_unref(partition);
    close_dir(true);
}
END_TEST

START_TEST(the_ticking_thread_makes_it)
{
    partition_unref(create(0));
    partitions_tick(partitions, clock_monotonic_ms());
    expect_new_directory();
    close_dir(true);
}
END_TEST

START_TEST(a_clean_stop_makes_it_and_vouches_for_it)
{
    struct hosted_partition hosted = hosted_one(0);
    struct note why = {""};
    partition_unref(create(0));
    close_dir(true);
    expect_new_directory();
    expect_file("data/recovery-point-offset-checkpoint", "0\n1\ntopic 0 0\n");
    open_dir(0);
    ck_assert(data_dir_was_clean(dir));
    ck_assert_int_eq(partitions_load(partitions, &hosted, 1, &why), KERR_NONE);
    ck_assert_uint_eq(partitions_count(partitions), 1);
    close_dir(true);
}
END_TEST

START_TEST(a_start_creates_what_a_kill_has_left_out)
{
    struct hosted_partition hosted[MANY];
    struct note why = {""};
    for (int32_t i = 0; i < MANY; i++) {
        hosted[i] = hosted_one(i);
        partition_unref(create(i));
    }
    partitions_tick(partitions, clock_monotonic_ms() + 60000); /* writes the checkpoints too */
    partition_unref(create(MANY));
    kill_all();
    open_dir(0);
    ck_assert_int_eq(partitions_load(partitions, hosted, MANY, &why), KERR_NONE);
    ck_assert_uint_eq(partitions_count(partitions), MANY);
    struct partition *partition = partitions_find(partitions, SLICE("topic"), 3);
    ck_assert_int_eq(append_to(partition), KERR_NONE);
    partition_unref(partition);
    close_dir(true);
    ck_assert_int_eq(directories(), MANY);
}
END_TEST

START_TEST(one_that_is_deleted_before_never_comes)
{
    struct partition *held = create(0);
    partitions_delete(partitions, partition_topic_id(held), 0);
    ck_assert_int_eq(append_to(held), KERR_NOT_LEADER_OR_FOLLOWER);
    partitions_tick(partitions, clock_monotonic_ms());
    ck_assert_int_eq(directories(), 0);
    struct partition *next = create(0); /* its name is free */
    ck_assert_int_eq(append_to(next), KERR_NONE);
    ck_assert_int_eq(directories(), 1);
    partition_unref(held);
    partition_unref(next);
    close_dir(true);
}
END_TEST

START_TEST(for_want_of_space_it_waits_and_nothing_of_it_is_left)
{
    struct partition *partition = create(0);
    atomic_int *errors[] = {&mkdir_error, &open_error};
    for (int i = 0; i < 2; i++) {
        atomic_store(errors[i], i == 0 ? ENOSPC : EMFILE);
        ck_assert_int_eq(append_to(partition), KERR_KAFKA_STORAGE_ERROR);
        partitions_tick(partitions, clock_monotonic_ms());
        ck_assert(!data_dir_is_offline(dir));
        ck_assert_int_eq(directories(), 0);
        atomic_store(errors[i], 0);
    }
    partitions_tick(partitions, clock_monotonic_ms());
    expect_new_directory();
    ck_assert_int_eq(append_to(partition), KERR_NONE);
    partition_unref(partition);
    close_dir(true);
}
END_TEST

START_TEST(a_stop_that_cannot_make_it_is_not_clean)
{
    partition_unref(create(0));
    atomic_store(&mkdir_error, ENOSPC);
    close_dir(false);
    ck_assert(!exists("data/.kafka_cleanshutdown"));
    atomic_store(&mkdir_error, 0);
    open_dir(0);
    ck_assert(!data_dir_is_suspect(dir));
    close_dir(true);
}
END_TEST

START_TEST(a_disk_that_says_no_takes_the_directory_offline)
{
    struct partition *first = create(0);
    struct partition *second = create(1);
    atomic_store(_i == 0 ? &mkdir_error : &open_error, EIO);
    if (_i < 2)
        ck_assert_int_eq(append_to(first), KERR_KAFKA_STORAGE_ERROR);
    else
        partitions_tick(partitions, clock_monotonic_ms());
    ck_assert(data_dir_is_offline(dir));
    atomic_store(&mkdir_error, 0);
    atomic_store(&open_error, 0);
    ck_assert_int_eq(append_to(second), KERR_KAFKA_STORAGE_ERROR);
    ck_assert_int_eq(directories(), 0);
    partition_unref(first);
    partition_unref(second);
    close_dir(false);
}
END_TEST

START_TEST(a_few_are_made_at_once_and_many_are_not)
{
    struct hosted_partition hosted[MANY];
    for (int32_t i = 0; i < MANY; i++)
        hosted[i] = hosted_one(i);
    close_dir(true);
    open_dir(8);
    ck_assert_int_eq(partitions_create_all(partitions, hosted, 9), KERR_NONE);
    ck_assert_int_eq(directories(), 0);
    ck_assert_int_eq(partitions_create_all(partitions, hosted + 9, 6), KERR_NONE);
    ck_assert_int_eq(directories(), 6);
    ck_assert_int_eq(partitions_create_all(partitions, hosted + 15, 3), KERR_NONE);
    ck_assert_int_eq(directories(), 6);
    ck_assert_int_eq(partitions_create_all(partitions, hosted + 18, 2), KERR_NONE);
    ck_assert_int_eq(directories(), 8);
    partitions_tick(partitions, clock_monotonic_ms() + 60000);
    ck_assert_int_eq(directories(), 20);
    ck_assert_int_eq(partitions_create_all(partitions, hosted + 20, 8), KERR_NONE);
    ck_assert_int_eq(directories(), 28);
    close_dir(true);
}
END_TEST

/* ---- several threads ---- */

enum { WRITERS = 3 };

static void *append_to_each(void *context)
{
    atomic_int *refused = context;
    for (int32_t i = 0; i < MANY; i++) {
        struct partition *partition = partitions_find(partitions, SLICE("topic"), i);
        if (partition == NULL)
            continue;
        enum kerr error = append_to(partition);
        if (error != KERR_NONE && error != KERR_NOT_LEADER_OR_FOLLOWER)
            atomic_fetch_add(refused, 1);
        partition_unref(partition);
    }
    return NULL;
}

static void *delete_odd_ones(void *context)
{
    for (int32_t i = 1; i < MANY; i += 2)
        partitions_delete(partitions, (struct uuid){{1}}, i);
    return context;
}

/* ---- somebody else's ---- */

static void put_file(const char *name, const char *content)
{
    FILE *file = fopen(test_path(name), "we");
    ck_assert_ptr_nonnull(file);
    fputs(content, file);
    fclose(file);
}

static const char stray_name[] = "data/topic-0.00000000000000000000000000000000-stray";

static void expect_served(struct partition *partition)
{
    ck_assert_int_eq(append_to(partition), KERR_NONE);
    ck_assert_int_eq(end_of(partition), 1);
    ck_assert(!data_dir_is_offline(dir));
    expect_file("data/topic-0/partition.metadata", "version: 0\ntopic_id: AQAAAAAAAAAAAAAAAAAAAA");
    partition_unref(partition);
    close_dir(true);
}

START_TEST(a_strangers_directory_in_its_place_is_set_aside)
{
    struct partition *partition = create(0);
    ck_assert_int_eq(mkdir(test_path("data/topic-0"), 0777), 0);
    put_file("data/topic-0/00000000000000000000.log", "somebody's");
    expect_served(partition);
    char path[200];
    snprintf(path, sizeof path, "%s/00000000000000000000.log", stray_name);
    expect_file(path, "somebody's");
}
END_TEST

START_TEST(a_strangers_file_in_its_place_is_set_aside_beside_the_last_one)
{
    struct partition *partition = create(0);
    put_file(stray_name, "an older one");
    put_file("data/topic-0", "somebody's");
    expect_served(partition);
    expect_file(stray_name, "an older one");
    expect_file("data/topic-0.00000000000000000000000000000001-stray", "somebody's");
}
END_TEST

START_TEST(what_was_there_before_it_was_created_is_set_aside_too)
{
    put_file("data/topic-0", "somebody's");
    expect_served(create(0));
    expect_file(stray_name, "somebody's");
}
END_TEST

START_TEST(another_topics_directory_of_that_name_is_set_aside)
{
    ck_assert_int_eq(mkdir(test_path("data/topic-0"), 0777), 0);
    put_file("data/topic-0/partition.metadata", "version: 0\ntopic_id: BQAAAAAAAAAAAAAAAAAAAA");
    expect_served(create(0));
    expect_file("data/topic-0.05000000000000000000000000000000-stray/partition.metadata",
                "version: 0\ntopic_id: BQAAAAAAAAAAAAAAAAAAAA");
}
END_TEST

START_TEST(a_file_that_a_start_finds_is_set_aside)
{
    struct note why = {""};
    close_dir(true);
    put_file("data/topic-0", "somebody's");
    open_dir(1);
    struct hosted_partition hosted = hosted_one(0);
    ck_assert_int_eq(partitions_load(partitions, &hosted, 1, &why), KERR_NONE);
    expect_served(partitions_find(partitions, SLICE("topic"), 0));
    expect_file(stray_name, "somebody's");
}
END_TEST

START_TEST(who_appends_and_deletes_at_once_makes_it_once)
{
    struct thread threads[WRITERS + 1] = {0};
    atomic_int refused = 0;
    for (int32_t i = 0; i < MANY; i++)
        partition_unref(create(i));
    for (int i = 0; i < WRITERS; i++)
        ck_assert_int_eq(thread_start(&threads[i], "writer", append_to_each, &refused), 0);
    ck_assert_int_eq(thread_start(&threads[WRITERS], "deleter", delete_odd_ones, NULL), 0);
    partitions_tick(partitions, clock_monotonic_ms());
    for (int i = 0; i <= WRITERS; i++)
        thread_join(&threads[i]);
    ck_assert_int_eq(refused, 0);
    for (int32_t i = 0; i < MANY; i += 2) {
        struct partition *partition = partitions_find(partitions, SLICE("topic"), i);
        ck_assert_int_eq(end_of(partition), WRITERS);
        partition_unref(partition);
    }
    ck_assert_uint_eq(partitions_count(partitions), MANY / 2);
    close_dir(true);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("partition_make");
    TCase *tests = tcase_create("partition_make");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, before_it_is_made_it_is_an_empty_log_that_touches_no_disk);
    tcase_add_test(tests, the_first_append_makes_it);
    tcase_add_test(tests, the_ticking_thread_makes_it);
    tcase_add_test(tests, a_clean_stop_makes_it_and_vouches_for_it);
    tcase_add_test(tests, a_start_creates_what_a_kill_has_left_out);
    tcase_add_test(tests, one_that_is_deleted_before_never_comes);
    tcase_add_test(tests, for_want_of_space_it_waits_and_nothing_of_it_is_left);
    tcase_add_test(tests, a_stop_that_cannot_make_it_is_not_clean);
    tcase_add_loop_test(tests, a_disk_that_says_no_takes_the_directory_offline, 0, 3);
    tcase_add_test(tests, a_few_are_made_at_once_and_many_are_not);
    tcase_add_test(tests, a_strangers_directory_in_its_place_is_set_aside);
    tcase_add_test(tests, a_strangers_file_in_its_place_is_set_aside_beside_the_last_one);
    tcase_add_test(tests, what_was_there_before_it_was_created_is_set_aside_too);
    tcase_add_test(tests, another_topics_directory_of_that_name_is_set_aside);
    tcase_add_test(tests, a_file_that_a_start_finds_is_set_aside);
    tcase_add_test(tests, who_appends_and_deletes_at_once_makes_it_once);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
