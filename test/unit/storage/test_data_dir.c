/* data_dir and partition_dir: what lies in a log directory besides partitions, and their names. */
#include "storage/data_dir.h"
#include "storage/partition_dir.h"
#include "test/unit/storage/storage_test.h"

#include <errno.h>

static const struct uuid id = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};

static void set_up(void)
{
    make_test_directory();
}

static void tear_down(void)
{
    remove_test_directory();
}

static void write_text(const char *path, const char *text)
{
    int file = file_open(file_system_os(), path, FILE_CREATE | FILE_TRUNCATE);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(file_write(file_system_os(), file, text, strlen(text), 0), 0);
    file_close(file_system_os(), file);
}

static struct data_dir *open_dir(const char *name, enum data_dir_state *state, struct note *why)
{
    *why = (struct note){""};
    return data_dir_open(file_system_os(), test_path(name), state, why);
}

START_TEST(a_missing_directory_is_made_formatted_and_read_again)
{
    enum data_dir_state state;
    struct note why;
    struct data_dir *dir = open_dir("a/b/c", &state, &why);
    ck_assert_msg(dir != NULL, "%s", why.text);
    ck_assert_int_eq(state, DATA_DIR_EMPTY);
    ck_assert_int_eq(data_dir_format(dir, SLICE("some cluster"), 7, id, &why), KERR_NONE);
    data_dir_close(dir);
    dir = open_dir("a/b/c/", &state, &why);
    ck_assert_int_eq(state, DATA_DIR_FORMATTED);
    ck_assert_str_eq(data_dir_path(dir), test_path("a/b/c"));
    ck_assert(slice_equal_str(data_dir_meta(dir)->cluster_id, "some cluster"));
    ck_assert_int_eq(data_dir_meta(dir)->node_id, 7);
    ck_assert(uuid_equal(data_dir_meta(dir)->directory_id, id));
    data_dir_close(dir);
}
END_TEST

START_TEST(a_second_broker_is_refused)
{
    enum data_dir_state state;
    struct note why;
    struct data_dir *dir = open_dir("a", &state, &why);
    ck_assert_ptr_null(open_dir("a", &state, &why));
    ck_assert_ptr_nonnull(strstr(why.text, "locked by another process"));
    data_dir_close(dir);
}
END_TEST

START_TEST(a_directory_with_content_but_no_meta_properties_is_refused)
{
    enum data_dir_state state;
    struct note why;
    ck_assert_int_eq(file_mkdir(file_system_os(), test_path("a")), 0);
    write_text(test_path("a/precious"), "x");
    ck_assert_ptr_null(open_dir("a", &state, &why));
    ck_assert_ptr_nonnull(strstr(why.text, "precious"));
}
END_TEST

START_TEST(meta_properties_are_java_properties)
{
    enum data_dir_state state;
    struct note why;
    file_mkdir(file_system_os(), test_path("a"));
    write_text(test_path("a/meta.properties"), "#\n!comment\n#Fri Oct 24 10:15:30 UTC 2025\n  cluster.id = "
                                               "a\\:b\\u0041\\=\r\ndirectory.id=EAAAAAAAQACAAAAAAAAAAQ==\n"
                                               "node.id:1\nversion 1\nunknown=thing");
    struct data_dir *dir = open_dir("a", &state, &why);
    ck_assert_msg(dir != NULL, "%s", why.text);
    ck_assert(slice_equal_str(data_dir_meta(dir)->cluster_id, "a:bA="));
    ck_assert_int_eq(data_dir_meta(dir)->node_id, 1);
    ck_assert_int_eq(data_dir_meta(dir)->directory_id.bytes[0], 0x10);
    data_dir_close(dir);

    static const char *const broken[] = {"cluster.id=x\nnode.id=1\n",
                                         "version=0\nbroker.id=1\ncluster.id=x\n",
                                         "version=1\nnode.id=1\n",
                                         "version=1\ncluster.id=x\n",
                                         "version=1\ncluster.id=x\nnode.id=-1\n",
                                         "version=1\ncluster.id=x\nnode.id=1z\n",
                                         "version=1\ncluster.id=x\nnode.id=1\ndirectory.id=short\n"};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        write_text(test_path("a/meta.properties"), broken[i]);
        ck_assert_msg(open_dir("a", &state, &why) == NULL, "%s", broken[i]);
        ck_assert_ptr_nonnull(strstr(why.text, "meta.properties"));
    }
    write_text(test_path("a/meta.properties"), "version=1\ncluster.id=x\nnode.id=1\n");
    dir = open_dir("a", &state, &why);
    ck_assert(uuid_is_zero(data_dir_meta(dir)->directory_id));
    data_dir_close(dir);
}
END_TEST

START_TEST(the_clean_shutdown_marker_is_taken_away_once_and_put_back)
{
    enum data_dir_state state;
    struct note why;
    int64_t epoch;
    struct data_dir *dir = open_dir("a", &state, &why);
    data_dir_format(dir, SLICE("x"), 1, id, &why);
    ck_assert(!data_dir_begin(dir, &epoch));
    ck_assert(!data_dir_was_clean(dir));
    ck_assert_int_eq(data_dir_mark_clean(dir, 42), KERR_NONE);
    data_dir_close(dir);
    dir = open_dir("a", &state, &why);
    ck_assert(data_dir_begin(dir, &epoch));
    ck_assert(data_dir_was_clean(dir));
    ck_assert_int_eq(epoch, 42);
    ck_assert(!file_exists(file_system_os(), test_path("a/.kafka_cleanshutdown")));
    data_dir_close(dir);
    write_text(test_path("a/.kafka_cleanshutdown"), "");
    dir = open_dir("a", &state, &why);
    ck_assert(data_dir_begin(dir, &epoch));
    ck_assert_int_eq(epoch, -1);
    data_dir_close(dir);
}
END_TEST

static int open_without_descriptors(struct file_system *fs, const char *path, int flags, unsigned mode)
{
    (void)fs;
    return strstr(path, "cleanshutdown") != NULL
               ? -EMFILE
               : file_system_os()->open(file_system_os(), path, flags, mode);
}

/* The start recovers everything, and takes appends that nobody syncs: the next one must not find it. */
START_TEST(a_clean_shutdown_marker_that_cannot_be_read_is_taken_away_all_the_same)
{
    enum data_dir_state state;
    struct note why;
    int64_t epoch;
    struct data_dir *dir = open_dir("a", &state, &why);
    data_dir_format(dir, SLICE("x"), 1, id, &why);
    ck_assert_int_eq(data_dir_mark_clean(dir, 42), KERR_NONE);
    data_dir_close(dir);
    struct file_system fs = *file_system_os();
    fs.open = open_without_descriptors;
    dir = data_dir_open(&fs, test_path("a"), &state, &why);
    ck_assert_msg(dir != NULL, "%s", why.text);
    ck_assert(!data_dir_begin(dir, &epoch));
    ck_assert(!data_dir_was_clean(dir) && !data_dir_is_offline(dir));
    ck_assert_int_eq(epoch, -1);
    ck_assert(!file_exists(file_system_os(), test_path("a/.kafka_cleanshutdown")));
    data_dir_close(dir);
}
END_TEST

START_TEST(a_failed_directory_stays_offline_and_is_not_marked_clean)
{
    enum data_dir_state state;
    struct note why;
    struct data_dir *dir = open_dir("a", &state, &why);
    ck_assert(!data_dir_is_offline(dir));
    data_dir_fail(dir, "a test says so");
    ck_assert(data_dir_is_offline(dir));
    ck_assert_int_eq(data_dir_mark_clean(dir, 1), KERR_KAFKA_STORAGE_ERROR);
    ck_assert(!file_exists(file_system_os(), test_path("a/.kafka_cleanshutdown")));
    data_dir_close(dir);
}
END_TEST

START_TEST(names_of_partition_directories_are_told_apart)
{
    struct slice topic;
    int32_t index;
    ck_assert_int_eq(partition_dir_parse("a-b-12", &topic, &index), PARTITION_DIR_LIVE);
    ck_assert(slice_equal_str(topic, "a-b"));
    ck_assert_int_eq(index, 12);
    ck_assert_int_eq(partition_dir_parse("a-0.0102-delete", &topic, &index), PARTITION_DIR_DELETE);
    ck_assert_int_eq(partition_dir_parse("a-0.0102-stray", &topic, &index), PARTITION_DIR_STRAY);
    ck_assert_int_eq(partition_dir_parse("a-0.0102-future", &topic, &index), PARTITION_DIR_OTHER);
    static const char *const others[] = {
        "-1", "a-", "a", "a-x", "a-1x", "a-99999999999", "a-2147483648", "meta.properties"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        ck_assert_msg(partition_dir_parse(others[i], &topic, &index) == PARTITION_DIR_OTHER, "%s", others[i]);

    char name[PARTITION_DIR_NAME_MAX + 1];
    char longest[250];
    memset(longest, 'x', 249);
    longest[249] = '\0';
    partition_dir_name(name, SLICE("topic"), 3);
    ck_assert_str_eq(name, "topic-3");
    partition_dir_name_with(name, SLICE("topic"), 3, id, "-delete");
    ck_assert_str_eq(name, "topic-3.0102030405060708"
                           "090a0b0c0d0e0f10-delete");
    partition_dir_name_with(name, slice_str(longest), 3, id, "-delete");
    ck_assert_uint_eq(strlen(name), 255);
}
END_TEST

START_TEST(partition_metadata_takes_both_alphabets_and_padding)
{
    struct uuid found;
    struct note why = {""};
    struct file_system *fs = file_system_os();
    ck_assert_int_eq(partition_dir_read_id(fs, test_directory, &found, &why), 0);
    ck_assert_int_eq(partition_dir_write_id(fs, test_directory, id), 0);
    ck_assert_int_eq(partition_dir_read_id(fs, test_directory, &found, &why), 1);
    ck_assert(uuid_equal(found, id));
    const char *path = test_path("partition.metadata");
    write_text(path, "version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAA+");
    ck_assert_int_eq(partition_dir_read_id(fs, test_directory, &found, &why), -EBADMSG);
    write_text(path, "version: 0\ntopic_id: -_8AAAAAAAAAAAAAAAAAAA");
    ck_assert_int_eq(partition_dir_read_id(fs, test_directory, &found, &why), 1);
    ck_assert_int_eq(found.bytes[0], 0xfb);
    write_text(path, "version: 0\ntopic_id: +/8AAAAAAAAAAAAAAAAAAA==\n");
    ck_assert_int_eq(partition_dir_read_id(fs, test_directory, &found, &why), 1);
    ck_assert_int_eq(found.bytes[0], 0xfb);
    write_text(path, "");
    ck_assert_int_eq(partition_dir_read_id(fs, test_directory, &found, &why), 0);
    write_text(path, "version: 1\ntopic_id: -_8AAAAAAAAAAAAAAAAAAA");
    ck_assert_int_eq(partition_dir_read_id(fs, test_directory, &found, &why), -EBADMSG);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("data_dir");
    TCase *tests = tcase_create("data_dir");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_missing_directory_is_made_formatted_and_read_again);
    tcase_add_test(tests, a_second_broker_is_refused);
    tcase_add_test(tests, a_directory_with_content_but_no_meta_properties_is_refused);
    tcase_add_test(tests, meta_properties_are_java_properties);
    tcase_add_test(tests, the_clean_shutdown_marker_is_taken_away_once_and_put_back);
    tcase_add_test(tests, a_clean_shutdown_marker_that_cannot_be_read_is_taken_away_all_the_same);
    tcase_add_test(tests, a_failed_directory_stays_offline_and_is_not_marked_clean);
    tcase_add_test(tests, names_of_partition_directories_are_told_apart);
    tcase_add_test(tests, partition_metadata_takes_both_alphabets_and_padding);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
