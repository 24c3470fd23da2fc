/* cluster_tick, cluster_open: snapshots, when they are due, what is in them, and starts from them. */
#include "metadata/check_cluster.h"
#include "metadata/image_records.h"
#include "test/unit/metadata/tick_fixture.h"

#include "protocol/records/access_control_entry_record.h"
#include "protocol/records/client_quota_record.h"

struct frames {
    struct buf bytes;
};

static void take_frame(void *context, struct slice frame)
{
    struct frames *frames = context;
    if (frame.data[1] != 0 && frame.data[1] != 27) /* registrations are of a start */
        buf_append_slice(&frames->bytes, frame);
}

/* Everything that the image says, registrations apart. */
static struct buf image_bytes(void)
{
    struct frames frames = {{0}};
    image_write_records(cluster_read(fixture.cluster), take_frame, &frames);
    cluster_read_done(fixture.cluster);
    return frames.bytes;
}

static void change(const struct message *message, const void *record)
{
    struct arena arena;
    struct record_list list;
    struct note why = {""};
    arena_init(&arena, SIZE_MAX);
    record_list_init(&list, &arena, 30);
    (void)cluster_change_begin(fixture.cluster);
    record_list_add(&list, message, record);
    ck_assert_int_eq(cluster_change_commit(fixture.cluster, &list, &why), KERR_NONE);
    cluster_change_end(fixture.cluster);
    arena_fini(&arena);
}

static void add_acl(uint8_t id)
{
    struct access_control_entry_record acl;
    schema_set_defaults(access_control_entry_record_schema(), &acl);
    acl.id = make_id(id);
    acl.resource_name = SLICE("t");
    acl.principal = SLICE("User:u");
    acl.host = SLICE("*");
    change(&access_control_entry_record_message, &acl);
}

static void set_quota(const char *first, const char *second, double value, bool remove)
{
    struct client_quota_entity parts[] = {{slice_str(first), SLICE("x"), SLICE_NULL},
                                          {slice_str(second), SLICE_NULL, SLICE_NULL}};
    struct client_quota_record quota;
    schema_set_defaults(client_quota_record_schema(), &quota);
    quota.entity.items = parts;
    quota.entity.count = 2;
    quota.key = SLICE("producer_byte_rate");
    quota.value = value;
    quota.remove = remove;
    change(&client_quota_record_message, &quota);
}

START_TEST(a_snapshot_alone_makes_the_same_image)
{
    snapshot_always();
    node_open(&fixture);
    node_create(&fixture, "a.b", make_id(1), 3);
    node_create(&fixture, "c", make_id(2), 1);
    add_acl(1);
    set_quota("user", "client-id", 7, false);
    int64_t id;
    ck_assert_int_eq(cluster_next_producer_id(fixture.cluster, &id), KERR_NONE);
    tick(0);
    tick(500); /* nothing new: no second one */
    ck_assert_int_eq(count_files(".checkpoint"), 1);
    ck_assert_int_eq(count_files(".part"), 0);
    struct buf before = image_bytes();
    int64_t offset = node_offset(&fixture);
    node_close(&fixture);
    delete_log_files();
    node_open(&fixture);
    struct buf after = image_bytes();
    ck_assert(slice_equal(buf_slice(&before), buf_slice(&after)));
    ck_assert_int_gt(node_offset(&fixture), offset);
    ck_assert_int_eq(node_epoch(&fixture), 2);
    ck_assert_int_eq(cluster_next_producer_id(fixture.cluster, &id), KERR_NONE);
    ck_assert_int_eq(id, 1000);
    buf_fini(&before);
    buf_fini(&after);
    node_close(&fixture);
}
END_TEST

START_TEST(a_check_sees_that_a_log_ends_where_its_snapshot_does)
{
    char path[FILE_PATH_MAX];
    snapshot_always();
    node_open(&fixture);
    node_create(&fixture, "t", make_id(1), 1);
    tick(0);
    ck_assert_int_eq(count_files(".checkpoint"), 1);
    file_path(path, "%s/__cluster_metadata-0", data_dir_path(fixture.dir));
    struct cluster_check check;
    check_cluster(&check, data_dir_fs(fixture.dir), path, -1);
    ck_assert_int_eq(check.end_offset, node_offset(&fixture) + 1);
    ck_assert_int_eq(check.findings.warnings, 0);
    ck_assert_int_eq(check.findings.errors, 0);
    cluster_check_fini(&check);
    node_close(&fixture);
}
END_TEST

/* kraft.version 1: who may vote stands in the log, and so in what stands for it. */
START_TEST(a_snapshot_has_the_quorum_s_voters)
{
    char path[700];
    struct note why = {""};
    struct format_features features;
    enum data_dir_state state;
    snapshot_always();
    fixture.dir = data_dir_open(fixture.fs, fixture.path, &state, &why);
    struct format_voter voter = {
        .dir = fixture.dir, .endpoints = &fixture.controller_endpoint, .endpoint_count = 1};
    format_features_init(&features, 30);
    ck_assert_int_eq(format_dirs_with(&fixture.dir, 1, SLICE_NULL, 1, &features, &voter, &why), KERR_NONE);
    data_dir_close(fixture.dir);
    node_open(&fixture);
    tick(0);
    ck_assert_int_eq(count_files(".checkpoint"), 2);
    node_close(&fixture);
    delete_log_files();
    snprintf(path, sizeof path, "%s/00000000000000000000-0000000000.checkpoint", log_folder);
    ck_assert_int_eq(unlink(path), 0);
    node_open(&fixture);
    node_close(&fixture);
    struct slice quorum = read_file(log_folder, "quorum-state");
    ck_assert_ptr_nonnull(strstr((const char *)quorum.data, "\"data_version\":1"));
    free_file(quorum);
    fixture.node.node_id = 2; /* not the voter */
    node_refuse(&fixture, "[1]");
}
END_TEST

START_TEST(what_was_removed_is_in_no_snapshot)
{
    node_open(&fixture);
    struct buf before = image_bytes();
    add_acl(1);
    set_quota("user", "client-id", 7, false);
    set_quota("user", "ip", 8, false);
    struct buf between = image_bytes();
    set_quota("client-id", "user", 9, false); /* x is another client here: not the same entity */
    ck_assert_uint_eq(cluster_read(fixture.cluster)->quotas.by_identity.count, 3);
    cluster_read_done(fixture.cluster);
    set_quota("client-id", "user", 0, true);
    struct buf again = image_bytes();
    ck_assert(slice_equal(buf_slice(&between), buf_slice(&again)));
    set_quota("user", "client-id", 0, true);
    set_quota("user", "ip", 0, true);
    struct remove_access_control_entry_record gone = {.id = make_id(1)};
    change(&remove_access_control_entry_record_message, &gone);
    change(&remove_access_control_entry_record_message, &gone); /* once more: nothing */
    struct buf after = image_bytes();
    ck_assert(slice_equal(buf_slice(&before), buf_slice(&after)));
    buf_fini(&before);
    buf_fini(&between);
    buf_fini(&again);
    buf_fini(&after);
    node_close(&fixture);
}
END_TEST

START_TEST(a_snapshot_is_due_by_bytes_or_by_time)
{
    config.max_record_bytes_between_snapshots = 3000;
    config.max_snapshot_interval_ms = 10000;
    node_open(&fixture);
    tick(0);
    ck_assert_int_eq(count_files(".checkpoint"), 0);
    node_create(&fixture, "large", make_id(1), 40);
    tick(1);
    ck_assert_int_eq(count_files(".checkpoint"), 1);
    node_create(&fixture, "small", make_id(2), 1);
    tick(9999);
    ck_assert_int_eq(count_files(".checkpoint"), 1);
    tick(1);
    ck_assert_int_eq(count_files(".checkpoint"), 2);
    tick(20000); /* nothing new */
    ck_assert_int_eq(count_files(".checkpoint"), 2);
    node_close(&fixture);
}
END_TEST

/* What a start replays counts: a log that was long before is not replayed twice. A quarter of what is allowed
 * is long enough for that. */
START_TEST(a_start_counts_the_bytes_that_it_replayed)
{
    node_open(&fixture);
    node_create(&fixture, "large", make_id(1), 100);
    node_close(&fixture);
    config.max_record_bytes_between_snapshots = 50000;
    node_open(&fixture);
    tick(0);
    ck_assert_int_eq(count_files(".checkpoint"), 1);
    node_close(&fixture);
    node_open(&fixture);
    tick(0);
    ck_assert_int_eq(count_files(".checkpoint"), 1);
    ck_assert_int_eq(node_create(&fixture, "more", make_id(2), 200), KERR_NONE);
    tick(1); /* more than a quarter, but not at a start */
    ck_assert_int_eq(count_files(".checkpoint"), 1);
    node_close(&fixture);
    node_open(&fixture);
    tick(0);
    ck_assert_int_eq(count_files(".checkpoint"), 2);
    node_close(&fixture);
}
END_TEST

START_TEST(no_ops_are_synced_before_a_snapshot_stands_for_them)
{
    config.max_idle_interval_ms = 500;
    config.max_snapshot_interval_ms = 1000;
    use_faulty_disk("0.log");
    node_open(&fixture);
    tick(0);
    tick(500);
    syncs = 0;
    tick(500);
    ck_assert_int_eq(count_files(".checkpoint"), 1);
    ck_assert_int_eq(syncs, 2); /* the log, the snapshot */
    sync_error = -EIO;
    tick(1000);
    ck_assert_int_eq(count_files(".checkpoint"), 1);
    ck_assert(data_dir_is_offline(fixture.dir));
    node_close(&fixture);
}
END_TEST

START_TEST(a_snapshot_for_which_there_is_no_space_is_tried_again)
{
    snapshot_always();
    use_faulty_disk(".part");
    node_open(&fixture);
    write_error = -ENOSPC;
    tick(0);
    ck_assert_int_eq(count_files(".checkpoint"), 0);
    ck_assert_int_eq(count_files(".part"), 0);
    ck_assert(!data_dir_is_offline(fixture.dir));
    ck_assert_int_eq(node_create(&fixture, "t", make_id(1), 1), KERR_NONE);
    write_error = 0;
    tick(59999);
    ck_assert_int_eq(count_files(".checkpoint"), 0);
    tick(1);
    ck_assert_int_eq(count_files(".checkpoint"), 1);
    node_close(&fixture);
}
END_TEST

START_TEST(a_disk_that_fails_under_a_snapshot_is_offline)
{
    snapshot_always();
    use_faulty_disk(".part");
    node_open(&fixture);
    sync_error = -EIO;
    tick(0);
    ck_assert_int_eq(count_files(".checkpoint"), 0);
    ck_assert_int_eq(count_files(".part"), 0);
    ck_assert(data_dir_is_offline(fixture.dir));
    node_close(&fixture);
    fixture.fs = file_system_os();
    node_open(&fixture);
    node_close(&fixture);
}
END_TEST

/* ---- starting from them ---- */

START_TEST(a_damaged_newest_snapshot_is_replaced_by_an_older_one_and_the_log)
{
    open_for_history();
    write_history(3);
    node_close(&fixture);
    damage_snapshot(0);
    snapshot_always();
    config.max_record_bytes_between_snapshots = INT64_MAX;
    node_open(&fixture);
    check_history(3);
    ck_assert_int_eq(count_files(".checkpoint"), 2); /* Apache Kafka would stumble over it */
    node_close(&fixture);
}
END_TEST

START_TEST(without_any_whole_snapshot_the_whole_log_will_do)
{
    open_for_history();
    write_history(2);
    node_close(&fixture);
    damage_snapshot(0);
    damage_snapshot(1);
    node_open(&fixture);
    check_history(2);
    ck_assert_int_eq(count_files(".checkpoint"), 0);
    node_close(&fixture);
}
END_TEST

START_TEST(a_damaged_snapshot_that_nothing_replaces_is_refused_and_kept)
{
    open_for_history();
    write_history(4);
    config.max_retention_bytes = 0;
    tick(60000);
    ck_assert_int_eq(count_files(".checkpoint"), 1);
    node_close(&fixture);
    damage_snapshot(0);
    node_refuse(&fixture, "are missing");
    node_refuse(&fixture, "a checksum is wrong");
    ck_assert_int_eq(count_files(".checkpoint"), 1);
}
END_TEST

START_TEST(a_log_that_ends_before_a_damaged_snapshot_is_refused)
{
    open_for_history();
    write_history(3);
    node_close(&fixture);
    damage_snapshot(0);
    delete_log_files(); /* the second newest would do, but for what came behind it */
    node_refuse(&fixture, "the log ends at");
    ck_assert_int_eq(count_files(".checkpoint"), 3);
}
END_TEST

START_TEST(what_was_left_half_done_is_swept)
{
    open_for_history();
    write_history(1);
    node_close(&fixture);
    write_file(log_folder, "00000000000000000099-0000000001-1234.checkpoint.part", "x", 1);
    write_file(log_folder, "00000000000000000003-0000000001.checkpoint.deleted", "x", 1);
    write_file(log_folder, "00000000000000000000.index.deleted", "x", 1);
    node_open(&fixture);
    ck_assert_int_eq(count_files(".part"), 0);
    ck_assert_int_eq(count_files(".deleted"), 0);
    check_history(1);
    node_close(&fixture);
}
END_TEST

/* Kept by a voter that was away and then got the snapshot of a later leader: its own log is another one. */
START_TEST(a_log_of_older_epochs_than_the_snapshot_s_goes)
{
    char name[SNAPSHOT_NAME_SIZE];
    open_for_history();
    write_history(1);
    node_create(&fixture, "of another history", make_id(9), 1);
    node_close(&fixture);
    snapshot_name(0, name);
    struct slice bytes = read_file(log_folder, name);
    memcpy(name + 28, "007", 3);
    write_file(log_folder, name, bytes.data, bytes.len);
    free_file(bytes);
    node_open(&fixture);
    check_history(1);
    ck_assert_int_eq(node_partition(&fixture, "of another history", 0).leader, -9);
    ck_assert_int_eq(node_epoch(&fixture), 8);
    node_close(&fixture);
    node_open(&fixture);
    check_history(1);
    node_close(&fixture);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cluster_snapshots");
    TCase *tcase = tcase_create("cluster_snapshots");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 250);
    tcase_add_test(tcase, a_snapshot_alone_makes_the_same_image);
    tcase_add_test(tcase, a_check_sees_that_a_log_ends_where_its_snapshot_does);
    tcase_add_test(tcase, a_snapshot_has_the_quorum_s_voters);
    tcase_add_test(tcase, what_was_removed_is_in_no_snapshot);
    tcase_add_test(tcase, a_snapshot_is_due_by_bytes_or_by_time);
    tcase_add_test(tcase, a_start_counts_the_bytes_that_it_replayed);
    tcase_add_test(tcase, no_ops_are_synced_before_a_snapshot_stands_for_them);
    tcase_add_test(tcase, a_snapshot_for_which_there_is_no_space_is_tried_again);
    tcase_add_test(tcase, a_disk_that_fails_under_a_snapshot_is_offline);
    tcase_add_test(tcase, a_damaged_newest_snapshot_is_replaced_by_an_older_one_and_the_log);
    tcase_add_test(tcase, without_any_whole_snapshot_the_whole_log_will_do);
    tcase_add_test(tcase, a_damaged_snapshot_that_nothing_replaces_is_refused_and_kept);
    tcase_add_test(tcase, a_log_that_ends_before_a_damaged_snapshot_is_refused);
    tcase_add_test(tcase, what_was_left_half_done_is_swept);
    tcase_add_test(tcase, a_log_of_older_epochs_than_the_snapshot_s_goes);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
