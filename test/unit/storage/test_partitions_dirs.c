/* partitions over several log directories: where new ones go, and what is left when a directory fails. */
#include "storage/os/clock.h"
#include "storage/partitions.h"
#include "test/unit/storage/storage_test.h"

#include <errno.h>
#include <sys/stat.h>

enum { DIRS = 2, PARTITIONS_MAX = 8 };

/* The second directory's disk: the real one, with faults. */
static struct file_system disk;
static int list_error;
static int open_error; /* of .log files */
static int mkdir_error;
static bool is_full;

static struct data_dir *dirs[DIRS];
static struct partitions *partitions;
static struct hosted_partition hosted[PARTITIONS_MAX];

static int faulty_list(struct file_system *fs, const char *path,
                       void (*each)(void *context, const char *name), void *context)
{
    (void)fs;
    return list_error != 0 ? -list_error : file_system_os()->list(file_system_os(), path, each, context);
}

static int faulty_open(struct file_system *fs, const char *path, int flags, unsigned mode)
{
    (void)fs;
    if (open_error != 0 && strstr(path, ".log") != NULL)
        return -open_error;
    return file_system_os()->open(file_system_os(), path, flags, mode);
}

static int faulty_mkdir(struct file_system *fs, const char *path)
{
    (void)fs;
    return mkdir_error != 0 ? -mkdir_error : file_system_os()->mkdir(file_system_os(), path);
}

static int faulty_space(struct file_system *fs, const char *path, struct file_space *space)
{
    (void)fs;
    int result = file_space(file_system_os(), path, space);
    if (is_full)
        space->usable_bytes = 4096;
    return result;
}

static struct uuid directory_id(int at)
{
    return (struct uuid){{(uint8_t)(0xa0 + at)}};
}

static void open_dirs(void)
{
    struct note why = {""};
    for (int i = 0; i < DIRS; i++) {
        enum data_dir_state state;
        int64_t epoch;
        dirs[i] =
            data_dir_open(i == 0 ? file_system_os() : &disk, test_path(i == 0 ? "a" : "b"), &state, &why);
        ck_assert_msg(dirs[i] != NULL, "%s", why.text);
        if (state == DATA_DIR_EMPTY)
            ck_assert_int_eq(data_dir_format(dirs[i], SLICE("c"), 1, directory_id(i), &why), KERR_NONE);
        if (state != DATA_DIR_FAILED)
            data_dir_begin(dirs[i], &epoch);
    }
    const struct storage_config storage = storage_config_default();
    partitions = partitions_new(dirs, DIRS, &storage);
}

static void close_dirs(bool good)
{
    ck_assert_int_eq(partitions_close(partitions, 1), good);
    for (int i = 0; i < DIRS; i++)
        data_dir_close(dirs[i]);
}

static void set_up(void)
{
    make_test_directory();
    disk = *file_system_os();
    disk.list = faulty_list;
    disk.open = faulty_open;
    disk.mkdir = faulty_mkdir;
    disk.space = faulty_space;
    is_full = false;
    for (int i = 0; i < PARTITIONS_MAX; i++)
        hosted[i] = (struct hosted_partition){.topic = SLICE("t"),
                                              .topic_id = {{1}},
                                              .index = i,
                                              .is_leader = true,
                                              .config = default_config()};
    open_dirs();
}

static void tear_down(void)
{
    remove_test_directory();
}

/* Which directory the new partition is in. */
static int create(int32_t index)
{
    enum kerr error;
    struct note why = {""};
    struct partition *partition = partitions_create(partitions, &hosted[index], &error, &why);
    ck_assert_msg(partition != NULL, "%s", why.text);
    int at = partition_dir(partition) == dirs[0] ? 0 : 1;
    partition_unref(partition);
    return at;
}

/* As the cluster knows it: each where it was made. */
static void create_four(void)
{
    for (int i = 0; i < 4; i++)
        hosted[i].directory_id = directory_id(create(i));
    ck_assert(uuid_equal(hosted[0].directory_id, directory_id(0)));
    ck_assert(uuid_equal(hosted[1].directory_id, directory_id(1)));
}

static enum kerr load(void)
{
    struct note why = {""};
    return partitions_load(partitions, hosted, 4, &why);
}

static bool exists(const char *name)
{
    return file_exists(file_system_os(), test_path(name));
}

START_TEST(new_partitions_go_where_the_fewest_are)
{
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(create(i), i % 2);
    hosted[4].directory_id = directory_id(1);
    hosted[5].directory_id = directory_id(1);
    ck_assert_int_eq(create(4), 1);
    ck_assert_int_eq(create(5), 1);
    ck_assert_int_eq(create(6), 0);
    ck_assert_int_eq(create(7), 0);
    close_dirs(true);
}
END_TEST

/* KIP-1066, as Apache Kafka 4.3.1 chooses. */
START_TEST(a_cordoned_directory_gets_only_what_names_it)
{
    data_dir_set_cordoned(dirs[0], true);
    ck_assert_int_eq(create(0), 1);
    ck_assert_int_eq(create(1), 1);
    hosted[2].directory_id = directory_id(0);
    ck_assert_int_eq(create(2), 0);
    data_dir_set_cordoned(dirs[1], true);
    for (int i = 3; i < 6; i++)
        ck_assert_int_eq(create(i), 0); /* all are: the first */
    data_dir_set_cordoned(dirs[1], false);
    ck_assert_int_eq(create(6), 1);
    data_dir_set_cordoned(dirs[0], false);
    ck_assert_int_eq(create(7), 1);
    close_dirs(true);
}
END_TEST

START_TEST(a_full_directory_gets_only_what_names_it_while_another_one_has_room)
{
    is_full = true;
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(create(i), 0);
    hosted[3].directory_id = directory_id(1);
    ck_assert_int_eq(create(3), 1);
    is_full = false;
    ck_assert_int_eq(create(4), 1); /* room that comes back is used at once */
    is_full = true;
    data_dir_set_cordoned(dirs[0], true);
    ck_assert_int_eq(create(5), 1); /* somebody wants nothing in the other one */
    close_dirs(true);
}
END_TEST

START_TEST(many_are_made_at_once_each_once_and_evenly)
{
    enum { MANY = 100, TIMES = 2 };
    static struct hosted_partition many[MANY * TIMES];
    for (int i = 0; i < MANY * TIMES; i++) {
        many[i] = hosted[0];
        many[i].index = i / TIMES;
    }
    ck_assert_int_eq(partitions_create_all(partitions, many, MANY * TIMES), KERR_NONE);
    ck_assert_uint_eq(partitions_count(partitions), MANY);
    size_t count;
    int in_first = 0;
    struct partition **all = partitions_all(partitions, &count);
    for (size_t i = 0; i < count; i++)
        in_first += partition_dir(all[i]) == dirs[0];
    partitions_unref_all(all, count);
    ck_assert_int_eq(in_first, MANY / 2);
    close_dirs(true);
}
END_TEST

START_TEST(one_that_cannot_be_made_leaves_the_others)
{
    struct hosted_partition three[3] = {hosted[0], hosted[1], hosted[2]};
    three[1].directory_id = (struct uuid){{0x77}};
    ck_assert_int_eq(partitions_create_all(partitions, three, 3), KERR_KAFKA_STORAGE_ERROR);
    ck_assert_uint_eq(partitions_count(partitions), 2);
    close_dirs(true);
}
END_TEST

START_TEST(a_directory_that_refuses_a_new_partition_goes_offline_and_the_next_gets_it)
{
    ck_assert_int_eq(create(0), 0);
    mkdir_error = EIO;
    ck_assert_int_eq(create(1), 0);
    ck_assert(data_dir_is_offline(dirs[1]));
    close_dirs(false);
}
END_TEST

START_TEST(one_that_is_named_and_not_there_is_not_replaced)
{
    enum kerr error;
    struct note why = {""};
    hosted[0].directory_id = (struct uuid){{0x77}};
    ck_assert_ptr_null(partitions_create(partitions, &hosted[0], &error, &why));
    ck_assert_int_eq(error, KERR_KAFKA_STORAGE_ERROR);
    data_dir_fail(dirs[1], "the test wants it");
    hosted[1].directory_id = directory_id(1);
    ck_assert_ptr_null(partitions_create(partitions, &hosted[1], &error, &why));
    close_dirs(false);
}
END_TEST

/* Half of the partitions are here, the others are neither here nor made anew. */
static void expect_half(void)
{
    ck_assert_int_eq(load(), KERR_NONE);
    ck_assert(data_dir_is_offline(dirs[1]));
    ck_assert(!exists("a/t-1") && !exists("a/t-3"));
    for (int32_t i = 0; i < 4; i++) {
        struct partition *partition = partitions_find(partitions, SLICE("t"), i);
        ck_assert_int_eq(partition != NULL, i % 2 == 0);
        if (partition == NULL)
            continue;
        ck_assert_int_eq(partition_check_leader(partition, -1, true), KERR_NONE);
        partition_unref(partition);
    }
    close_dirs(false);
}

START_TEST(a_directory_that_cannot_be_listed_leaves_the_others_alone)
{
    create_four();
    close_dirs(true);
    open_dirs();
    list_error = EIO;
    expect_half();
}
END_TEST

START_TEST(a_log_that_cannot_be_read_takes_its_directory_along)
{
    create_four();
    close_dirs(true);
    ck_assert_int_eq(unlink(test_path("b/.kafka_cleanshutdown")), 0);
    open_dirs();
    open_error = EIO;
    expect_half();
}
END_TEST

START_TEST(a_directory_that_cannot_be_opened_is_offline_from_the_start)
{
    create_four();
    close_dirs(true);
    ck_assert_int_eq(rename(test_path("b"), test_path("aside")), 0);
    FILE *file = fopen(test_path("b"), "we");
    ck_assert_ptr_nonnull(file);
    fclose(file);
    open_dirs();
    expect_half();
    ck_assert(exists("aside/.kafka_cleanshutdown") && exists("a/.kafka_cleanshutdown"));
}
END_TEST

START_TEST(partitions_that_were_assigned_to_nothing_are_not_made_while_a_directory_is_away)
{
    create_four();
    close_dirs(true);
    for (int i = 0; i < 4; i++)
        hosted[i].directory_id = UUID_ONE; /* the broker was killed before it could say more */
    open_dirs();
    list_error = EIO;
    expect_half();
}
END_TEST

START_TEST(without_any_directory_there_is_nothing_to_load)
{
    data_dir_fail(dirs[0], "the test wants it");
    list_error = EIO;
    ck_assert_int_eq(load(), KERR_KAFKA_STORAGE_ERROR);
    close_dirs(false);
}
END_TEST

START_TEST(what_is_missing_in_a_directory_that_is_in_order_is_made)
{
    create_four();
    close_dirs(true);
    ck_assert_int_eq(rename(test_path("b/t-1"), test_path("aside")), 0);
    open_dirs();
    ck_assert_int_eq(load(), KERR_NONE);
    ck_assert(exists("b/t-1"));
    close_dirs(true);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("partitions_dirs");
    TCase *tests = tcase_create("partitions_dirs");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, new_partitions_go_where_the_fewest_are);
    tcase_add_test(tests, a_cordoned_directory_gets_only_what_names_it);
    tcase_add_test(tests, a_full_directory_gets_only_what_names_it_while_another_one_has_room);
    tcase_add_test(tests, many_are_made_at_once_each_once_and_evenly);
    tcase_add_test(tests, one_that_cannot_be_made_leaves_the_others);
    tcase_add_test(tests, a_directory_that_refuses_a_new_partition_goes_offline_and_the_next_gets_it);
    tcase_add_test(tests, one_that_is_named_and_not_there_is_not_replaced);
    tcase_add_test(tests, a_directory_that_cannot_be_listed_leaves_the_others_alone);
    tcase_add_test(tests, a_log_that_cannot_be_read_takes_its_directory_along);
    tcase_add_test(tests, a_directory_that_cannot_be_opened_is_offline_from_the_start);
    tcase_add_test(tests, partitions_that_were_assigned_to_nothing_are_not_made_while_a_directory_is_away);
    tcase_add_test(tests, without_any_directory_there_is_nothing_to_load);
    tcase_add_test(tests, what_is_missing_in_a_directory_that_is_in_order_is_made);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
