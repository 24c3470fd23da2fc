/* format: release names as kafka-storage 4.3.1 knows them, and directories made from nothing. */
#include "metadata/format.h"
#include "metadata/snapshot.h"
#include "storage/os/file.h"
#include "test/unit/metadata/fixture.h"

static char directory[256];

static void set_up(void)
{
    make_scratch(directory);
}

static void tear_down(void)
{
    remove_tree(directory);
}

static struct data_dir *open_dir(const char *name, enum data_dir_state expected)
{
    char path[700];
    enum data_dir_state state;
    struct note why = {""};
    snprintf(path, sizeof path, "%s/%s", directory, name);
    struct data_dir *dir = data_dir_open(file_system_os(), path, &state, &why);
    ck_assert_msg(dir != NULL, "%s", why.text);
    ck_assert_int_eq(state, expected);
    return dir;
}

static void close_dirs(struct data_dir **dirs, int count)
{
    for (int i = 0; i < count; i++)
        data_dir_close(dirs[i]);
}

/* As `kafka-storage version-mapping` of 4.3.1 lists and resolves them. */
START_TEST(every_release_name_of_kafka_has_its_level)
{
    static const char *const names[] = {
        "3.3-IV3", "3.4-IV0", "3.5-IV0", "3.5-IV1", "3.5-IV2", "3.6-IV0", "3.6-IV1", "3.6-IV2",
        "3.7-IV0", "3.7-IV1", "3.7-IV2", "3.7-IV3", "3.7-IV4", "3.8-IV0", "3.9-IV0", "4.0-IV0",
        "4.0-IV1", "4.0-IV2", "4.0-IV3", "4.1-IV0", "4.1-IV1", "4.2-IV0", "4.2-IV1", "4.3-IV0",
    };
    for (int16_t i = 0; i < 24; i++)
        ck_assert_int_eq(format_release_level(slice_str(names[i])), 7 + i);
    ck_assert_int_eq(format_release_level(SLICE("4.3")), 30);
    ck_assert_int_eq(format_release_level(SLICE("4.3.1")), 30);
    ck_assert_int_eq(format_release_level(SLICE("4.0")), 25);
    ck_assert_int_eq(format_release_level(SLICE("3.9")), 21);
    ck_assert_int_eq(format_release_level(SLICE("3.3")), 7);
}
END_TEST

START_TEST(every_level_has_its_name_in_full)
{
    char name[RELEASE_NAME_SIZE];
    for (int16_t level = METADATA_VERSION_MIN; level <= METADATA_VERSION_MAX; level++) {
        format_release_name(level, name);
        ck_assert_msg(format_release_level(slice_str(name)) == level, "%s", name);
    }
    format_release_name(30, name);
    ck_assert_str_eq(name, "4.3-IV0");
    format_release_name(25, name);
    ck_assert_str_eq(name, "4.0-IV3");
}
END_TEST

/* As kafka-storage 4.3.1 takes and refuses them. */
START_TEST(features_are_set_as_far_as_they_go)
{
    struct format_features features;
    struct note why = {""};
    format_features_init(&features, 21);
    ck_assert(format_features_set(&features, SLICE("group.version"), 1, &why));
    ck_assert(format_features_set(&features, SLICE("transaction.version"), 2, &why));
    ck_assert(!format_features_set(&features, SLICE("eligible.leader.replicas.version"), 1, &why));
    ck_assert_msg(strstr(why.text, "below metadata.version 23") != NULL, "%s", why.text);
    static const struct {
        const char *name;
        int16_t level;
    } wrong[] = {{"group.version", 2},
                 {"group.version", -1},
                 {"transaction.version", 3},
                 {"nope.version", 1},
                 {"", 1},
                 {"metadata.version", 20},
                 {"group.version.", 1},
                 {"kraft.version", 1}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        why.text[0] = 0;
        ck_assert_msg(!format_features_set(&features, slice_str(wrong[i].name), wrong[i].level, &why), "%s",
                      wrong[i].name);
        ck_assert_int_ne(why.text[0], 0);
    }
}
END_TEST

START_TEST(other_names_have_none)
{
    static const char *const names[] = {
        "",       "4",    "4.",   "4.4", "4.4-IV0", "3.3-IV2",  "3.2", "4.3-IV1", "4.3-IV", "4.3-iv0",
        "4.3IV0", " 4.3", "4.3 ", "5.0", "-4.3",    "4.3-IV0x", "4,3", "430.1",   "4.300",  "x"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        ck_assert_msg(format_release_level(slice_str(names[i])) == -1, "%s", names[i]);
    ck_assert_int_eq(format_release_level(SLICE_NULL), -1);
}
END_TEST

/* As `kafka-storage version-mapping --release-version` of 4.3.1 says, level by level. */
START_TEST(each_level_brings_the_features_that_kafka_gives_it)
{
    static const struct {
        const char *name;
        int16_t since, level;
    } features[] = {
        {"eligible.leader.replicas.version", 26, 1},
        {"group.version", 22, 1},
        {"share.version", 28, 1},
        {"streams.version", 29, 1},
        {"transaction.version", 24, 2},
    };
    for (int16_t level = METADATA_VERSION_MIN; level <= METADATA_VERSION_MAX; level++) {
        struct arena arena;
        struct record_list list;
        struct image image;
        size_t count = 1;
        arena_init(&arena, SIZE_MAX);
        image_init(&image, 1);
        record_list_init(&list, &arena, level);
        format_add_features(&list);
        for (int32_t i = 0; i < list.count; i++)
            ck_assert(image_apply(&image, list.records[i], i, 0, NULL));
        ck_assert_int_eq(image_feature_level(&image, SLICE(METADATA_VERSION)), level);
        for (size_t i = 0; i < 5; i++) {
            bool on = level >= features[i].since;
            ck_assert_int_eq(image_feature_level(&image, slice_str(features[i].name)),
                             on ? features[i].level : 0);
            count += on;
        }
        ck_assert_uint_eq(image.features.count, count);
        image_fini(&image);
        arena_fini(&arena);
    }
}
END_TEST

START_TEST(all_directories_of_a_node_get_one_cluster_and_ids_of_their_own)
{
    struct note why = {""};
    struct data_dir *dirs[] = {open_dir("a", DATA_DIR_EMPTY), open_dir("deep/er/b", DATA_DIR_EMPTY)};
    ck_assert_int_eq(format_dirs(dirs, 2, SLICE_NULL, 7, 30, &why), KERR_NONE);
    struct slice cluster_id = data_dir_meta(dirs[0])->cluster_id;
    struct uuid id;
    ck_assert(uuid_parse(cluster_id, &id));
    ck_assert_uint_eq(cluster_id.len, UUID_TEXT_LEN);
    ck_assert(slice_equal(cluster_id, data_dir_meta(dirs[1])->cluster_id));
    ck_assert(!uuid_equal(data_dir_meta(dirs[0])->directory_id, data_dir_meta(dirs[1])->directory_id));
    char first[64];
    memcpy(first, cluster_id.data, cluster_id.len);
    close_dirs(dirs, 2);
    dirs[0] = open_dir("a", DATA_DIR_FORMATTED);
    dirs[1] = open_dir("deep/er/b", DATA_DIR_FORMATTED);
    ck_assert_int_eq(data_dir_meta(dirs[0])->node_id, 7);
    ck_assert(slice_equal(data_dir_meta(dirs[1])->cluster_id, slice_of(first, UUID_TEXT_LEN)));
    ck_assert(!uuid_is_zero(data_dir_meta(dirs[1])->directory_id));
    close_dirs(dirs, 2);
}
END_TEST

START_TEST(a_given_cluster_id_is_taken)
{
    struct note why = {""};
    struct data_dir *dir = open_dir("a", DATA_DIR_EMPTY);
    ck_assert_int_eq(format_dirs(&dir, 1, SLICE("any text"), 1, 30, &why), KERR_NONE);
    ck_assert(slice_equal_str(data_dir_meta(dir)->cluster_id, "any text"));
    data_dir_close(dir);
}
END_TEST

START_TEST(a_new_directory_joins_the_others_and_they_stay_as_they_were)
{
    struct note why = {""};
    struct data_dir *dirs[] = {open_dir("a", DATA_DIR_EMPTY), NULL};
    ck_assert_int_eq(format_dirs(dirs, 1, SLICE_NULL, 1, 30, &why), KERR_NONE);
    struct uuid before = data_dir_meta(dirs[0])->directory_id;
    dirs[1] = open_dir("b", DATA_DIR_EMPTY);
    ck_assert_int_eq(format_dirs(dirs, 2, SLICE_NULL, 1, 30, &why), KERR_NONE);
    ck_assert(uuid_equal(data_dir_meta(dirs[0])->directory_id, before));
    ck_assert(slice_equal(data_dir_meta(dirs[0])->cluster_id, data_dir_meta(dirs[1])->cluster_id));
    close_dirs(dirs, 2);
}
END_TEST

START_TEST(the_bootstrap_file_holds_the_level_s_features)
{
    struct note why = {""};
    struct arena arena;
    struct record_list read, made;
    struct data_dir *dir = open_dir("a", DATA_DIR_EMPTY);
    arena_init(&arena, SIZE_MAX);
    ck_assert_int_eq(format_dirs(&dir, 1, SLICE_NULL, 1, 25, &why), KERR_NONE);
    record_list_init(&read, &arena, 25);
    record_list_init(&made, &arena, 25);
    ck_assert_int_eq(bootstrap_read(file_system_os(), data_dir_path(dir), &read, &why), 0);
    format_add_features(&made);
    ck_assert_int_eq(read.count, made.count);
    for (int32_t i = 0; i < made.count; i++)
        ck_assert(slice_equal(read.records[i], made.records[i]));
    arena_fini(&arena);
    data_dir_close(dir);
}
END_TEST

START_TEST(a_directory_that_cannot_be_written_says_so)
{
    struct note why = {""};
    char path[700];
    struct data_dir *dir = open_dir("a", DATA_DIR_EMPTY);
    snprintf(path, sizeof path, "%s/a", directory);
    remove_tree(path);
    ck_assert_int_eq(format_dirs(&dir, 1, SLICE_NULL, 1, 30, &why), KERR_KAFKA_STORAGE_ERROR);
    ck_assert_msg(strstr(why.text, "a/bootstrap.checkpoint: No such file") != NULL, "%s", why.text);
    data_dir_close(dir);
}
END_TEST

START_TEST(random_ids_are_such_as_kafka_draws)
{
    for (int i = 0; i < 2000; i++) {
        char text[UUID_TEXT_LEN + 1];
        struct uuid id = format_random_uuid();
        uuid_format(id, text);
        ck_assert_int_ne(text[0], '-');
        ck_assert_int_eq(id.bytes[6] >> 4, 4);
    }
}
END_TEST

START_TEST(snapshot_names_are_read_and_written)
{
    struct snapshot_id id;
    char name[SNAPSHOT_NAME_SIZE];
    ck_assert(snapshot_parse_name("00000000000000000124-0000000003.checkpoint", &id));
    ck_assert_int_eq(id.end_offset, 124);
    ck_assert_int_eq(id.epoch, 3);
    snapshot_format_name(id, name);
    ck_assert_str_eq(name, "00000000000000000124-0000000003.checkpoint");
    static const char *const others[] = {
        "bootstrap.checkpoint",
        "",
        "00000000000000000124-0000000003.checkpoint.part",
        "00000000000000000124-0000000003.checkpoint.deleted",
        "00000000000000000124-0000000003.checkpoinT",
        "0000000000000000012x-0000000003.checkpoint",
        "00000000000000000124_0000000003.checkpoint",
        "00000000000000000124-9999999999.checkpoint",
        "99999999999999999999-0000000003.checkpoint",
        "leader-epoch-checkpoint",
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        ck_assert_msg(!snapshot_parse_name(others[i], &id), "%s", others[i]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("format");
    TCase *tcase = tcase_create("format");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, every_release_name_of_kafka_has_its_level);
    tcase_add_test(tcase, every_level_has_its_name_in_full);
    tcase_add_test(tcase, features_are_set_as_far_as_they_go);
    tcase_add_test(tcase, other_names_have_none);
    tcase_add_test(tcase, each_level_brings_the_features_that_kafka_gives_it);
    tcase_add_test(tcase, all_directories_of_a_node_get_one_cluster_and_ids_of_their_own);
    tcase_add_test(tcase, a_given_cluster_id_is_taken);
    tcase_add_test(tcase, a_new_directory_joins_the_others_and_they_stay_as_they_were);
    tcase_add_test(tcase, the_bootstrap_file_holds_the_level_s_features);
    tcase_add_test(tcase, a_directory_that_cannot_be_written_says_so);
    tcase_add_test(tcase, random_ids_are_such_as_kafka_draws);
    tcase_add_test(tcase, snapshot_names_are_read_and_written);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
