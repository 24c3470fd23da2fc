/* format_command: `odradek format`: what it formats, what it refuses, and that a refusal changes nothing. */
#include "server/format_command.h"

#include "metadata/format.h"
#include "metadata/snapshot.h"
#include "storage/data_dir.h"
#include "storage/os/file.h"
#include "test/unit/metadata/fixture.h"

#include <sys/stat.h>

enum { WORDS_MAX = 12 };

static char directory[256], first[300], second[300], properties[300];

static void set_up(void)
{
    char text[1000];
    make_scratch(directory);
    snprintf(first, sizeof first, "%s/a", directory);
    snprintf(second, sizeof second, "%s/b", directory);
    snprintf(properties, sizeof properties, "%s/server.properties", directory);
    int len =
        snprintf(text, sizeof text,
                 "process.roles=broker,controller\nnode.id=3\ncontroller.quorum.voters=3@localhost:9093\n"
                 "controller.listener.names=CONTROLLER\nlisteners=PLAINTEXT://:9092,CONTROLLER://:9093\n"
                 "log.dirs=%s,%s\n",
                 first, second);
    write_file(directory, "server.properties", text, (size_t)len);
    ck_assert_ptr_nonnull(freopen("/dev/null", "w", stdout)); /* of this test's own process */
}

static void tear_down(void)
{
    remove_tree(directory);
}

static int status_of(const char *const *words)
{
    char *argv[WORDS_MAX];
    int argc = 0;
    for (; words[argc] != NULL; argc++)
        argv[argc] = (char *)(uintptr_t)words[argc];
    return format_command(argc, argv);
}

#define RUN(...) status_of((const char *const[]){__VA_ARGS__, NULL})

static void check_dir(const char *path, const char *cluster_id, int16_t level, const char *feature,
                      int16_t feature_level)
{
    enum data_dir_state state;
    struct note why = {""};
    struct arena arena;
    struct record_list records;
    struct image image;
    struct data_dir *dir = data_dir_open(file_system_os(), path, &state, &why);
    ck_assert_msg(dir != NULL, "%s", why.text);
    ck_assert_int_eq(state, DATA_DIR_FORMATTED);
    ck_assert_int_eq(data_dir_meta(dir)->node_id, 3);
    if (cluster_id != NULL)
        ck_assert(slice_equal_str(data_dir_meta(dir)->cluster_id, cluster_id));
    arena_init(&arena, SIZE_MAX);
    record_list_init(&records, &arena, level);
    image_init(&image, 1);
    ck_assert_int_eq(bootstrap_read(file_system_os(), path, &records, &why), 0);
    for (int32_t i = 0; i < records.count; i++)
        ck_assert(image_apply(&image, records.records[i], i, 0, &why));
    ck_assert_int_eq(image_feature_level(&image, SLICE(METADATA_VERSION)), level);
    ck_assert_int_eq(image_feature_level(&image, slice_str(feature)), feature_level);
    image_fini(&image);
    arena_fini(&arena);
    data_dir_close(dir);
}

START_TEST(every_directory_is_formatted_at_the_release_that_is_asked_for)
{
    ck_assert_int_eq(RUN("-r", "4.0", "--cluster-id", "some id", properties), 0);
    check_dir(first, "some id", 25, "group.version", 1);
    check_dir(second, "some id", 25, "streams.version", 0);
}
END_TEST

START_TEST(without_words_it_is_the_newest_with_an_id_of_its_own)
{
    ck_assert_int_eq(RUN("--config", properties), 0);
    check_dir(first, NULL, METADATA_VERSION_MAX, "transaction.version", 2);
}
END_TEST

START_TEST(features_are_set_apart_from_the_release)
{
    ck_assert_int_eq(RUN("--feature", "transaction.version=1", "-f", "metadata.version=26", properties), 0);
    check_dir(first, NULL, 26, "transaction.version", 1);
}
END_TEST

START_TEST(overrides_win_over_the_file)
{
    char text[700], third[300];
    snprintf(third, sizeof third, "%s/c", directory);
    snprintf(text, sizeof text, "log.dirs=%s", third);
    ck_assert_int_eq(RUN("--override", text, properties), 0);
    check_dir(third, NULL, METADATA_VERSION_MAX, "share.version", 1);
    ck_assert_int_ne(access(first, F_OK), 0);
}
END_TEST

/* The voters stand in the log then, and not in the settings. */
START_TEST(a_standalone_quorum_has_its_voters_in_a_first_snapshot)
{
    char path[700];
    snprintf(path, sizeof path, "%s/__cluster_metadata-0/00000000000000000000-0000000000.checkpoint", first);
    ck_assert_int_eq(RUN("--standalone", properties), 1);
    ck_assert_int_ne(access(path, F_OK), 0);
    ck_assert_int_eq(RUN("-s", "--override", "controller.quorum.voters=", "--override",
                         "controller.quorum.bootstrap.servers=localhost:9093", properties),
                     0);
    ck_assert_int_eq(access(path, F_OK), 0);
    check_dir(first, NULL, METADATA_VERSION_MAX, "group.version", 1);
    snprintf(path, sizeof path, "%s/__cluster_metadata-0", second);
    ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

START_TEST(what_is_formatted_stays_as_it_is)
{
    ck_assert_int_eq(RUN("-t", "x", properties), 0);
    struct slice before = read_file(first, "meta.properties");
    ck_assert_int_eq(RUN("-t", "x", properties), 1);
    ck_assert_int_eq(RUN("-t", "x", "-g", properties), 0);
    remove_tree(second);
    ck_assert_int_eq(RUN("-t", "x", properties), 1);
    ck_assert_int_eq(RUN("-t", "y", "-g", properties), 1);
    ck_assert_int_eq(RUN("-g", properties), 0); /* joins the other's cluster */
    check_dir(second, "x", METADATA_VERSION_MAX, "group.version", 1);
    struct slice after = read_file(first, "meta.properties");
    ck_assert(slice_equal(before, after));
    free_file(before);
    free_file(after);
}
END_TEST

START_TEST(another_node_s_directory_is_refused)
{
    ck_assert_int_eq(RUN(properties), 0);
    remove_tree(second);
    ck_assert_int_eq(RUN("-g", "--override", "node.id=4", "--override",
                         "controller.quorum.voters=4@localhost:9093", properties),
                     1);
    char path[700];
    snprintf(path, sizeof path, "%s/meta.properties", second);
    ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

START_TEST(a_directory_that_holds_something_else_is_refused)
{
    ck_assert_int_eq(mkdir(second, 0755), 0);
    write_file(second, "somebody's", "x", 1);
    ck_assert_int_eq(RUN(properties), 1);
    char path[700];
    snprintf(path, sizeof path, "%s/meta.properties", first);
    ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

START_TEST(words_that_make_no_sense_are_told_and_change_nothing)
{
    ck_assert_int_eq(RUN("-r", "5.0", properties), 2);
    ck_assert_int_eq(RUN("-r", properties), 2);
    ck_assert_int_eq(RUN("-r"), 2);
    ck_assert_int_eq(RUN("-f", "group.version", properties), 2);
    ck_assert_int_eq(RUN("-f", "group.version=x", properties), 2);
    ck_assert_int_eq(RUN("-f", "group.version=9", properties), 2);
    ck_assert_int_eq(RUN("-f", "metadata.version=31", properties), 2);
    ck_assert_int_eq(RUN("-f", "metadata.version=70000", properties), 2);
    ck_assert_int_eq(RUN("-r", "4.0", "-f", "metadata.version=25", properties), 2);
    ck_assert_int_eq(RUN("--bogus", "1", properties), 2);
    ck_assert_int_eq(RUN("--override", "x", properties), 2);
    ck_assert_int_eq(RUN(properties, properties), 2);
    ck_assert_int_eq(RUN("/no/such/server.properties"), 1);
    ck_assert_int_ne(access(first, F_OK), 0);
    ck_assert_int_eq(RUN("--help"), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("format_command");
    TCase *tcase = tcase_create("format_command");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, every_directory_is_formatted_at_the_release_that_is_asked_for);
    tcase_add_test(tcase, without_words_it_is_the_newest_with_an_id_of_its_own);
    tcase_add_test(tcase, features_are_set_apart_from_the_release);
    tcase_add_test(tcase, overrides_win_over_the_file);
    tcase_add_test(tcase, a_standalone_quorum_has_its_voters_in_a_first_snapshot);
    tcase_add_test(tcase, what_is_formatted_stays_as_it_is);
    tcase_add_test(tcase, another_node_s_directory_is_refused);
    tcase_add_test(tcase, a_directory_that_holds_something_else_is_refused);
    tcase_add_test(tcase, words_that_make_no_sense_are_told_and_change_nothing);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
