/*
 * The same partition in two log directories at start: as Apache Kafka 4.3.1 decides it, and where that does
 * not start, without losing anything.
 */
#include "storage/os/clock.h"
#include "storage/partition_dir.h"
#include "storage/partitions.h"
#include "test/unit/storage/storage_test.h"

#include <sys/stat.h>

enum { DIRS = 2 };

static struct data_dir *dirs[DIRS];
static struct partitions *partitions;
static struct hosted_partition hosted;
static int64_t epochs[DIRS]; /* of the markers that were there */

static void open_dirs(void)
{
    struct note why = {""};
    for (int i = 0; i < DIRS; i++) {
        enum data_dir_state state;
        dirs[i] = data_dir_open(file_system_os(), test_path(i == 0 ? "a" : "b"), &state, &why);
        ck_assert_msg(dirs[i] != NULL, "%s", why.text);
        struct uuid id = {{(uint8_t)(0xa0 + i)}};
        if (state == DATA_DIR_EMPTY)
            ck_assert_int_eq(data_dir_format(dirs[i], SLICE("c"), 1, id, &why), KERR_NONE);
        data_dir_begin(dirs[i], &epochs[i]);
    }
    const struct storage_config storage = storage_config_default();
    partitions = partitions_new(dirs, DIRS, &storage);
}

static void close_dirs(bool good)
{
    ck_assert_int_eq(partitions_close(partitions, 5), good);
    for (int i = 0; i < DIRS; i++)
        data_dir_close(dirs[i]);
}

/* Makes the partition, with records or without, in the first directory. */
static void make(int records)
{
    enum kerr error;
    struct note why = {""};
    struct partition *partition = partitions_create(partitions, &hosted, &error, &why);
    ck_assert_msg(partition != NULL, "%s", why.text);
    for (int i = 0; i < records; i++) {
        struct append append = {.acks = 1};
        append.batch = make_batch(&(struct batch_wish){.value_len = 10, .timestamp = 1}, &append.len);
        batch_header_read(append.batch, &append.header);
        partition_append(partition, &append, clock_wall_ms());
        ck_assert_int_eq(append.error, KERR_NONE);
        free(append.batch);
    }
    partition_unref(partition);
}

static void set_up(void)
{
    make_test_directory();
    hosted = (struct hosted_partition){
        .topic = SLICE("t"), .topic_id = {{1}}, .is_leader = true, .config = default_config()};
    open_dirs();
}

static void tear_down(void)
{
    remove_test_directory();
}

static void copy_to_b(void)
{
    char command[1000];
    snprintf(command, sizeof command, "cp -r %s/a/t-0 %s/b/t-0", test_directory, test_directory);
    ck_assert_int_eq(system(command), 0); /* NOLINT(cert-env33-c): a test's own path */
}

/* How many directories of the partition there are: with its name, and set aside. */
struct names {
    int live;
    int stray;
};

static void count_name(void *context, const char *name)
{
    struct names *names = context;
    struct slice topic;
    int32_t index;
    enum partition_dir_kind kind = partition_dir_parse(name, &topic, &index);
    names->live += kind == PARTITION_DIR_LIVE;
    names->stray += kind == PARTITION_DIR_STRAY;
}

static struct names names_in(const char *directory)
{
    struct names names = {0};
    file_list(file_system_os(), test_path(directory), count_name, &names);
    return names;
}

static int64_t end_offset(void)
{
    struct partition_offsets offsets;
    struct partition *partition = partitions_find(partitions, hosted.topic, 0);
    ck_assert_ptr_nonnull(partition);
    partition_get_offsets(partition, &offsets);
    partition_unref(partition);
    return offsets.log_end_offset;
}

/* Which of the two is the partition; the other one is set aside. */
static void expect_taken(int at, int64_t end)
{
    struct note why = {""};
    open_dirs();
    ck_assert_msg(partitions_load(partitions, &hosted, 1, &why) == KERR_NONE, "%s", why.text);
    ck_assert_int_eq(end_offset(), end);
    ck_assert_int_eq(names_in("a").live, at == 0);
    ck_assert_int_eq(names_in("a").stray, at != 0);
    ck_assert_int_eq(names_in("b").live, at == 1);
    ck_assert_int_eq(names_in("b").stray, at != 1);
    close_dirs(true);
}

static char *recovery_points(void)
{
    char *content;
    ssize_t len =
        file_read_all(file_system_os(), test_path("a/recovery-point-offset-checkpoint"), 1000, &content);
    ck_assert_int_ge(len, 0);
    char *text = strndup(content, (size_t)len);
    free(content);
    return text;
}

START_TEST(with_records_in_both_the_start_is_refused_and_everything_stays)
{
    struct note why = {""};
    make(3);
    close_dirs(true);
    copy_to_b();
    open_dirs();
    ck_assert_int_eq(epochs[0], 5);
    ck_assert_int_eq(partitions_load(partitions, &hosted, 1, &why), KERR_KAFKA_STORAGE_ERROR);
    ck_assert_ptr_nonnull(strstr(why.text, "t-0 is both in "));
    ck_assert_ptr_nonnull(strstr(why.text, test_path("a")));
    ck_assert_ptr_nonnull(strstr(why.text, test_path("b")));
    ck_assert_uint_eq(partitions_count(partitions), 0);
    ck_assert_int_eq(names_in("a").live + names_in("b").live, 2);
    char *before = recovery_points();
    ck_assert_msg(strstr(before, "t 0 ") != NULL, "%s", before);
    close_dirs(false); /* no marker, and no checkpoint that speaks of nothing */
    char *after = recovery_points();
    ck_assert_str_eq(before, after);
    free(before);
    free(after);
    ck_assert(!file_exists(file_system_os(), test_path("a/.kafka_cleanshutdown")));

    ck_assert_int_eq(rename(test_path("b/t-0"), test_path("b/aside")), 0);
    open_dirs();
    ck_assert_int_eq(partitions_load(partitions, &hosted, 1, &why), KERR_NONE);
    ck_assert_int_eq(end_offset(), 3);
    close_dirs(true);
}
END_TEST

START_TEST(one_without_a_topic_id_is_set_aside)
{
    make(3);
    close_dirs(true);
    copy_to_b();
    ck_assert_int_eq(unlink(test_path("b/t-0/partition.metadata")), 0);
    expect_taken(0, 3);
}
END_TEST

START_TEST(the_first_that_is_found_has_no_precedence)
{
    make(3);
    close_dirs(true);
    copy_to_b();
    ck_assert_int_eq(unlink(test_path("a/t-0/partition.metadata")), 0);
    expect_taken(1, 3);
}
END_TEST

START_TEST(one_of_another_topic_is_set_aside)
{
    make(3);
    close_dirs(true);
    copy_to_b();
    ck_assert_int_eq(partition_dir_write_id(file_system_os(), test_path("b/t-0"), (struct uuid){{9}}), 0);
    expect_taken(0, 3);
}
END_TEST

/* As a disk leaves it that has refused a new partition half way, so that it was made elsewhere. */
START_TEST(one_to_which_nothing_was_ever_written_is_set_aside)
{
    make(0);
    close_dirs(true);
    copy_to_b();
    ck_assert_int_eq(unlink(test_path("b/t-0/00000000000000000000.log")), 0);
    expect_taken(1, 0); /* both: any will do */
}
END_TEST

START_TEST(the_one_with_records_is_the_partition)
{
    make(0);
    close_dirs(true);
    copy_to_b();
    ck_assert_int_eq(rename(test_path("b/t-0"), test_path("kept")), 0);
    open_dirs();
    struct note why = {""};
    ck_assert_int_eq(partitions_load(partitions, &hosted, 1, &why), KERR_NONE);
    make(4);
    close_dirs(true);
    ck_assert_int_eq(rename(test_path("kept"), test_path("b/t-0")), 0);
    expect_taken(0, 4);
    ck_assert_int_eq(rename(test_path("a/t-0"), test_path("b/t-0")), 0);
    ck_assert_int_eq(mkdir(test_path("a/t-0"), 0777), 0);
    ck_assert_int_eq(partition_dir_write_id(file_system_os(), test_path("a/t-0"), hosted.topic_id), 0);
    struct names before = names_in("b");
    open_dirs();
    ck_assert_int_eq(partitions_load(partitions, &hosted, 1, &why), KERR_NONE);
    ck_assert_int_eq(end_offset(), 4);
    ck_assert_int_eq(names_in("b").live, before.live);
    ck_assert_int_eq(names_in("a").live, 0);
    close_dirs(true);
}
END_TEST

/* Whatever else: an empty segment that begins later has a history. */
START_TEST(a_log_whose_records_are_gone_was_written)
{
    struct note why = {""};
    make(0);
    close_dirs(true);
    copy_to_b();
    ck_assert_int_eq(
        rename(test_path("a/t-0/00000000000000000000.log"), test_path("a/t-0/00000000000000000007.log")), 0);
    ck_assert_int_eq(
        rename(test_path("b/t-0/00000000000000000000.log"), test_path("b/t-0/00000000000000000009.log")), 0);
    open_dirs();
    ck_assert_int_eq(partitions_load(partitions, &hosted, 1, &why), KERR_KAFKA_STORAGE_ERROR);
    close_dirs(false);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("partitions_twice");
    TCase *tests = tcase_create("partitions_twice");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, with_records_in_both_the_start_is_refused_and_everything_stays);
    tcase_add_test(tests, one_without_a_topic_id_is_set_aside);
    tcase_add_test(tests, the_first_that_is_found_has_no_precedence);
    tcase_add_test(tests, one_of_another_topic_is_set_aside);
    tcase_add_test(tests, one_to_which_nothing_was_ever_written_is_set_aside);
    tcase_add_test(tests, the_one_with_records_is_the_partition);
    tcase_add_test(tests, a_log_whose_records_are_gone_was_written);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
