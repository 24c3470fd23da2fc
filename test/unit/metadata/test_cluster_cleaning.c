/* cluster_tick: what snapshots stand for is deleted; and what is left wherever the process dies meanwhile. */
#include "test/unit/metadata/mortal_fixture.h"
#include "test/unit/metadata/tick_fixture.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

START_TEST(what_is_too_much_goes_from_the_oldest_on)
{
    open_for_history();
    write_history(6);
    ck_assert_int_eq(count_files(".checkpoint"), 6);
    ck_assert_int_eq(count_files(".log"), 7);                         /* the start's too */
    write_file(log_folder, "00000000000000000000.timeindex", "x", 1); /* as Apache Kafka leaves them */
    write_file(log_folder, "00000000000000000000.snapshot", "x", 1);
    config.max_retention_bytes = 6500;
    tick(60000);
    int left = count_files(".checkpoint");
    ck_assert_int_lt(left, 6);
    ck_assert_int_ge(left, 2);
    ck_assert_int_le(count_files(".log"), left + 2);
    ck_assert_int_eq(count_files(".timeindex"), 0);
    ck_assert_int_eq(count_files(".snapshot"), 0);
    ck_assert_int_eq(count_files(".deleted"), 0);
    struct slice epochs = read_file(log_folder, "leader-epoch-checkpoint");
    ck_assert_ptr_nonnull(strstr((const char *)epochs.data, "0\n1\n1 "));
    ck_assert_ptr_null(strstr((const char *)epochs.data, "0\n1\n1 0\n"));
    free_file(epochs);
    config.max_retention_bytes = 0;
    tick(60000);
    ck_assert_int_eq(count_files(".checkpoint"), 1); /* the newest stays */
    node_close(&fixture);
    node_open(&fixture);
    check_history(6);
    node_close(&fixture);
}
END_TEST

START_TEST(what_is_too_old_goes_too)
{
    open_for_history();
    write_history(4);
    tick(60000);
    ck_assert_int_eq(count_files(".checkpoint"), 4);
    usleep(3000);
    config.max_retention_ms = 1;
    tick(59999);
    ck_assert_int_eq(count_files(".checkpoint"), 4);
    tick(1);
    ck_assert_int_eq(count_files(".checkpoint"), 1);
    ck_assert_int_le(count_files(".log"), 2);
    node_close(&fixture);
    node_open(&fixture);
    check_history(4);
    node_close(&fixture);
}
END_TEST

START_TEST(an_old_segment_is_followed_by_a_new_one)
{
    node_open(&fixture);
    tick(0);
    ck_assert_int_eq(count_files(".log"), 1);
    config.segment_ms = 1;
    node_close(&fixture);
    usleep(5000);
    node_open(&fixture);
    ck_assert_int_eq(count_files(".log"), 2);
    usleep(5000);
    node_create(&fixture, "t", make_id(1), 1);
    ck_assert_int_eq(count_files(".log"), 3);
    node_close(&fixture);
    config.segment_ms = 100000;
    node_open(&fixture);
    ck_assert_int_eq(node_partition(&fixture, "t", 0).leader, 1);
    node_close(&fixture);
}
END_TEST

/* ---- a process that dies ---- */

/* A life of snapshots and deletions that ends after so many steps. Returns how many topics were
 * acknowledged. */
static int live_and_die(int allowed)
{
    int acknowledged = 0;
    mortal_begin(&fixture, INT32_MAX);
    node_open(&fixture);
    mortal_begin(&fixture, allowed);
    for (uint8_t i = 1; i <= 4; i++) {
        char name[8];
        snprintf(name, sizeof name, "t%d", i);
        if (node_create(&fixture, name, make_id(i), 2) == KERR_NONE)
            acknowledged = i;
        tick(60000);
    }
    node_close(&fixture);
    fixture.fs = file_system_os();
    return acknowledged;
}

START_TEST(wherever_snapshotting_or_cleaning_ends_nothing_is_lost)
{
    int allowed = 0, acknowledged;
    snapshot_always();
    config.segment_bytes = 100;
    config.max_retention_bytes = 2500;
    do {
        remove_tree(fixture.path);
        acknowledged = live_and_die(allowed);
        node_open(&fixture);
        check_history(acknowledged);
        ck_assert_int_eq(count_files(".part"), 0);
        ck_assert_int_eq(count_files(".deleted"), 0);
        tick(60000); /* and it goes on where it was left */
        tick(60000);
        ck_assert_int_ge(count_files(".checkpoint"), 1);
        node_close(&fixture);
        node_open(&fixture);
        check_history(acknowledged);
        node_close(&fixture);
        allowed++;
    } while (mortal_has_died());
    ck_assert_int_eq(acknowledged, 4);
    ck_assert_int_gt(allowed, 50);
}
END_TEST

/* ---- beside requests ---- */

static void *create_and_read(void *context)
{
    for (uint8_t i = 1; i <= 40; i++) {
        char name[16];
        snprintf(name, sizeof name, "t%d", i);
        if (node_create(&fixture, name, make_id(i), 2) != KERR_NONE
            || node_partition(&fixture, name, 1).leader != 1)
            return context;
    }
    return NULL;
}

START_TEST(changes_and_reads_go_on_meanwhile)
{
    pthread_t thread;
    void *failed;
    config.max_retention_bytes = 5000;
    config.max_idle_interval_ms = 1;
    open_for_history();
    ck_assert_int_eq(pthread_create(&thread, NULL, create_and_read, &fixture), 0);
    while (node_partition(&fixture, "t40", 1).leader != 1)
        tick(60000);
    pthread_join(thread, &failed);
    ck_assert_ptr_null(failed);
    tick(60000);
    ck_assert_int_lt(count_files(".log"), 40);
    node_close(&fixture);
    node_open(&fixture);
    check_history(40);
    node_close(&fixture);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cluster_cleaning");
    TCase *tcase = tcase_create("cluster_cleaning");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 250);
    tcase_add_test(tcase, what_is_too_much_goes_from_the_oldest_on);
    tcase_add_test(tcase, what_is_too_old_goes_too);
    tcase_add_test(tcase, an_old_segment_is_followed_by_a_new_one);
    tcase_add_test(tcase, wherever_snapshotting_or_cleaning_ends_nothing_is_lost);
    tcase_add_test(tcase, changes_and_reads_go_on_meanwhile);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
