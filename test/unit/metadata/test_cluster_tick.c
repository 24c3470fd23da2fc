/* cluster_tick: the no-ops of a quiet leader, on disks of all kinds. */
#include "test/unit/metadata/tick_fixture.h"

START_TEST(a_quiet_leader_moves_its_log_and_waits_for_no_disk)
{
    config.max_idle_interval_ms = 500;
    use_faulty_disk(NULL);
    node_open(&fixture);
    int64_t offset = node_offset(&fixture);
    tick(0);
    tick(499);
    ck_assert_int_eq(node_offset(&fixture), offset);
    syncs = 0;
    tick(1);
    ck_assert_int_eq(node_offset(&fixture), offset + 1);
    tick(500);
    ck_assert_int_eq(node_offset(&fixture), offset + 2);
    ck_assert_int_eq(syncs, 0);
    node_create(&fixture, "t", make_id(1), 1);
    ck_assert_int_eq(syncs, 1);
    offset = node_offset(&fixture);
    tick(500); /* something was written since the last tick */
    ck_assert_int_eq(node_offset(&fixture), offset);
    tick(500);
    ck_assert_int_eq(node_offset(&fixture), offset + 1);
    node_close(&fixture);
    node_open(&fixture);
    ck_assert_int_eq(node_partition(&fixture, "t", 0).leader, 1);
    node_close(&fixture);
}
END_TEST

START_TEST(an_interval_of_zero_leaves_it_quiet)
{
    node_open(&fixture);
    int64_t offset = node_offset(&fixture);
    for (int i = 0; i < 5; i++)
        tick(100000);
    ck_assert_int_eq(node_offset(&fixture), offset);
    node_close(&fixture);
}
END_TEST

START_TEST(a_full_disk_keeps_no_ops_away_and_nothing_else_happens)
{
    config.max_idle_interval_ms = 500;
    use_faulty_disk(NULL);
    node_open(&fixture);
    int64_t offset = node_offset(&fixture);
    tick(0);
    write_error = -ENOSPC;
    tick(500);
    ck_assert_int_eq(node_offset(&fixture), offset);
    ck_assert(!data_dir_is_offline(fixture.dir));
    write_error = 0;
    tick(500);
    ck_assert_int_eq(node_offset(&fixture), offset + 1);
    write_error = -EIO;
    tick(500);
    ck_assert(data_dir_is_offline(fixture.dir));
    tick(500);
    node_close(&fixture);
}
END_TEST

/* A log with one topic, then so many no-ops, then perhaps another topic and a no-op; where the first
 * no-op begins. */
static size_t write_no_ops(int count, bool change_behind)
{
    config.max_idle_interval_ms = 500;
    node_open(&fixture);
    node_create(&fixture, "before", make_id(1), 1);
    usleep(2000); /* appends are told apart by their times */
    tick(0);
    struct slice bytes = read_file(fixture.path, LOG_NAME);
    size_t at = bytes.len;
    free_file(bytes);
    for (int i = 0; i < count; i++)
        tick(500);
    if (change_behind) {
        usleep(2000);
        node_create(&fixture, "behind", make_id(2), 1);
        usleep(2000);
        tick(500);
        tick(500);
    }
    return at;
}

/* As a crash leaves it: without what a stop writes. */
static void damage_and_open(size_t at, const char *refusal)
{
    struct slice bytes = read_file(fixture.path, LOG_NAME);
    node_close(&fixture);
    ((uint8_t *)(uintptr_t)bytes.data)[at] ^= 1;
    write_file(fixture.path, LOG_NAME, bytes.data, bytes.len);
    free_file(bytes);
    if (refusal != NULL) {
        node_refuse(&fixture, refusal);
        return;
    }
    node_open(&fixture);
    ck_assert_int_eq(node_partition(&fixture, "before", 0).leader, 1);
    ck_assert_int_eq(node_partition(&fixture, "behind", 0).leader, -9);
    node_close(&fixture);
}

START_TEST(torn_no_ops_are_cut_off_also_with_whole_ones_behind)
{
    size_t at = write_no_ops(5, false);
    damage_and_open(at + 70, NULL);
}
END_TEST

START_TEST(a_rotten_no_op_before_a_synced_change_is_refused)
{
    size_t at = write_no_ops(3, true);
    damage_and_open(at + 70, "the disk has lost data");
}
END_TEST

START_TEST(a_rotten_change_before_no_ops_is_refused)
{
    size_t at = write_no_ops(2, false);
    damage_and_open(at - 20, "the disk has lost data");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cluster_tick");
    TCase *tcase = tcase_create("cluster_tick");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 250);
    tcase_add_test(tcase, a_quiet_leader_moves_its_log_and_waits_for_no_disk);
    tcase_add_test(tcase, an_interval_of_zero_leaves_it_quiet);
    tcase_add_test(tcase, a_full_disk_keeps_no_ops_away_and_nothing_else_happens);
    tcase_add_test(tcase, torn_no_ops_are_cut_off_also_with_whole_ones_behind);
    tcase_add_test(tcase, a_rotten_no_op_before_a_synced_change_is_refused);
    tcase_add_test(tcase, a_rotten_change_before_no_ops_is_refused);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
