/*
 * cluster: what outlives a start of changes that the cluster makes to itself: kraft.version, a higher
 * metadata.version, a node that was unregistered.
 */
#include "protocol/records/unregister_broker_record.h"
#include "test/unit/metadata/cluster_fixture.h"

static char directory[256];
static struct node_fixture fixture;

static void set_up(void)
{
    make_scratch(directory);
    char path[300];
    snprintf(path, sizeof path, "%s/data", directory);
    node_init(&fixture, path);
}

static void tear_down(void)
{
    remove_tree(directory);
}

static void raise_kraft_version(void)
{
    struct note why = {""};
    cluster_change_begin(fixture.cluster);
    ck_assert_int_eq(cluster_raise_kraft_version(fixture.cluster, &why), KERR_NONE);
    cluster_change_end(fixture.cluster);
}

static void expect_voter(int16_t kraft_version)
{
    struct cluster_quorum quorum;
    cluster_describe_quorum(fixture.cluster, &quorum);
    ck_assert_int_eq(quorum.kraft_version, kraft_version);
    ck_assert_int_eq(cluster_kraft_version(fixture.cluster), kraft_version);
    ck_assert(uuid_equal(quorum.directory_id, kraft_version > 0 ? fixture.directory_id : UUID_ZERO));
    ck_assert_int_eq(quorum.leader_id, 1);
    ck_assert_int_eq(quorum.leader_epoch, node_epoch(&fixture));
    ck_assert_int_eq(quorum.endpoint->port, 9093);
}

START_TEST(the_voters_that_were_put_into_the_log_are_there_after_a_start)
{
    node_open(&fixture);
    expect_voter(0);
    raise_kraft_version();
    expect_voter(1);
    ck_assert_int_eq(node_create(&fixture, "t", make_id(50), 1), KERR_NONE);
    node_close(&fixture);
    char path[700];
    snprintf(path, sizeof path, "%s/__cluster_metadata-0", fixture.path);
    struct slice state = read_file(path, "quorum-state");
    ck_assert_ptr_nonnull(strstr((const char *)state.data, "\"data_version\":1"));
    free((void *)(uintptr_t)state.data);
    node_open(&fixture);
    expect_voter(1);
    ck_assert_int_eq(node_partition(&fixture, "t", 0).leader, 1);
    node_close(&fixture);
}
END_TEST

/* One change: the level, and what the node says of itself in the records of that level. */
static void raise_level(int16_t level)
{
    struct arena arena;
    struct record_list list;
    struct note why = {""};
    arena_init(&arena, SIZE_MAX);
    const struct image *image = cluster_change_begin(fixture.cluster);
    record_list_init(&list, &arena, image_feature_level(image, SLICE(METADATA_VERSION)));
    add_feature(&list, METADATA_VERSION, level);
    cluster_add_own_records(fixture.cluster, level, &list);
    ck_assert_int_eq(cluster_change_commit(fixture.cluster, &list, &why), KERR_NONE);
    cluster_change_end(fixture.cluster);
    arena_fini(&arena);
}

START_TEST(a_higher_level_lets_the_node_tell_what_the_old_records_could_not)
{
    struct note why;
    ck_assert_msg(node_try_open(&fixture, 7, &why), "%s", why.text);
    int64_t epoch = cluster_broker_epoch(fixture.cluster);
    const struct broker_state *self = image_find_broker(cluster_read(fixture.cluster), 1);
    ck_assert_int_eq(self->log_dir_count, 0);
    cluster_read_done(fixture.cluster);
    raise_level(METADATA_VERSION_MAX);
    const struct image *image = cluster_read(fixture.cluster);
    self = image_find_broker(image, 1);
    ck_assert_int_eq(self->epoch, epoch);
    ck_assert(!self->fenced);
    ck_assert_int_eq(self->log_dir_count, 1);
    ck_assert(uuid_equal(self->log_dirs[0], fixture.directory_id));
    ck_assert_int_eq(self->cordoned_log_dir_count, 0);
    ck_assert_int_eq((int)image->kept.count, 1); /* the controller */
    cluster_read_done(fixture.cluster);
    node_close(&fixture);
    node_open(&fixture);
    image = cluster_read(fixture.cluster);
    ck_assert_int_eq(image_feature_level(image, SLICE(METADATA_VERSION)), METADATA_VERSION_MAX);
    cluster_read_done(fixture.cluster);
    node_close(&fixture);
}
END_TEST

START_TEST(a_level_that_was_there_before_says_nothing_new)
{
    node_open(&fixture);
    int64_t before = node_offset(&fixture);
    raise_level(METADATA_VERSION_MAX);
    ck_assert_int_eq(node_offset(&fixture), before + 1);
    node_close(&fixture);
}
END_TEST

static void unregister_self(void)
{
    struct arena arena;
    struct record_list list;
    struct note why = {""};
    struct unregister_broker_record record;
    arena_init(&arena, SIZE_MAX);
    cluster_change_begin(fixture.cluster);
    record_list_init(&list, &arena, METADATA_VERSION_MAX);
    schema_set_defaults(unregister_broker_record_schema(), &record);
    record.broker_id = 1;
    record.broker_epoch = cluster_broker_epoch(fixture.cluster);
    record_list_add(&list, &unregister_broker_record_message, &record);
    ck_assert_int_eq(cluster_change_commit(fixture.cluster, &list, &why), KERR_NONE);
    cluster_change_end(fixture.cluster);
    arena_fini(&arena);
}

START_TEST(a_node_that_was_unregistered_stops_and_comes_back)
{
    node_open(&fixture);
    ck_assert_int_eq(node_create(&fixture, "t", make_id(50), 1), KERR_NONE);
    unregister_self();
    ck_assert_int_eq(cluster_broker_epoch(fixture.cluster), -1);
    int64_t before = node_offset(&fixture);
    ck_assert_int_eq(node_create(&fixture, "u", make_id(51), 1), KERR_NONE);
    ck_assert_int_eq(cluster_broker_epoch(fixture.cluster), -1);
    node_close(&fixture);
    node_open(&fixture);
    ck_assert_int_gt(cluster_broker_epoch(fixture.cluster), before);
    ck_assert_int_eq(node_partition(&fixture, "t", 0).leader, 1);
    node_close(&fixture);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cluster_features");
    TCase *tests = tcase_create("starts");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, the_voters_that_were_put_into_the_log_are_there_after_a_start);
    tcase_add_test(tests, a_higher_level_lets_the_node_tell_what_the_old_records_could_not);
    tcase_add_test(tests, a_level_that_was_there_before_says_nothing_new);
    tcase_add_test(tests, a_node_that_was_unregistered_stops_and_comes_back);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
