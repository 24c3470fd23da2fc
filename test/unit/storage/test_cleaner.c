/* cleaner: its threads, by settings that change while they run. */
#include "test/unit/storage/clean_test.h"

enum { PATIENCE_MS = 60000, PAUSE_US = 2000, HOUR_MS = 3600000, A_WHILE_US = 30000 };

static struct cleaner_config settings;

/* Records of one key, in closed segments. */
static void set_up_dirty(void)
{
    make_test_directory();
    config = compacted_config();
    test_fs = NULL;
    settings = storage_config_default().cleaner;
    settings.enable = true;
    settings.backoff_ms = 0;
    cleaner_config = &settings;
}

static void open_dirty(void)
{
    open_partition();
    append_record("a", "1");
    append_record("a", "2");
    roll();
    append_record("a", "3");
}

static bool is_clean(void)
{
    partition_lock(partition);
    bool clean = partition->first_dirty == 2;
    partition_unlock(partition);
    return clean;
}

static void tick(void)
{
    partitions_tick(partitions, clock_monotonic_ms());
}

static void expect_cleaned(void)
{
    int64_t deadline_ms = clock_monotonic_ms() + PATIENCE_MS;
    while (!is_clean() && clock_monotonic_ms() < deadline_ms) {
        tick();
        usleep(PAUSE_US);
    }
    ck_assert(is_clean());
}

START_TEST(what_is_dirty_is_cleaned)
{
    open_dirty();
    ck_assert(!is_clean());
    expect_cleaned();
    close_partition();
}
END_TEST

START_TEST(a_change_is_not_kept_waiting_by_the_backoff_before)
{
    settings.backoff_ms = HOUR_MS;
    open_dirty();
    tick();
    ck_assert(!is_clean());
    partitions_set_cleaner(partitions, &settings); /* whatever it is that changes */
    expect_cleaned();
    close_partition();
}
END_TEST

START_TEST(without_threads_nothing_is_cleaned_until_there_are_some)
{
    settings.threads = 0;
    open_dirty();
    tick();
    usleep(A_WHILE_US);
    ck_assert(!is_clean());
    settings.threads = 3;
    partitions_set_cleaner(partitions, &settings);
    expect_cleaned();
    settings.threads = 1;
    partitions_set_cleaner(partitions, &settings);
    close_partition();
}
END_TEST

START_TEST(a_cleaning_that_waits_for_its_turn_goes_on_at_the_new_pace)
{
    settings.io_max_bytes_per_second = 0;
    open_dirty();
    tick();
    usleep(A_WHILE_US); /* at no bytes a second it never ends, however long this is */
    ck_assert(!is_clean());
    settings.io_max_bytes_per_second = 1e9;
    partitions_set_cleaner(partitions, &settings);
    expect_cleaned();
    close_partition();
}
END_TEST

START_TEST(a_stop_does_not_wait_for_a_turn_that_never_comes)
{
    settings.io_max_bytes_per_second = 0;
    open_dirty();
    tick();
    close_partition();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cleaner");
    TCase *tests = tcase_create("settings");
    tcase_add_checked_fixture(tests, set_up_dirty, tear_down);
    tcase_set_timeout(tests, 250);
    tcase_add_test(tests, what_is_dirty_is_cleaned);
    tcase_add_test(tests, a_change_is_not_kept_waiting_by_the_backoff_before);
    tcase_add_test(tests, without_threads_nothing_is_cleaned_until_there_are_some);
    tcase_add_test(tests, a_cleaning_that_waits_for_its_turn_goes_on_at_the_new_pace);
    tcase_add_test(tests, a_stop_does_not_wait_for_a_turn_that_never_comes);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
