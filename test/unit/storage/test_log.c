/* log: when a new segment begins (kafka-storage 16), and what its indexes get (7, 8), with the settings as
 * they are now. */
#include "storage/log.h"
#include "storage/os/clock.h"
#include "test/unit/storage/storage_test.h"

static struct open_files files;
static struct log *opened;

static void set_up(void)
{
    struct note why = {""};
    int error;
    make_test_directory();
    open_files_init(&files, file_system_os());
    file_mkdir(file_system_os(), test_path("log"));
    const struct log_options options = {
        .files = &files, .path = test_path("log"), .config = default_config(), .clean = true};
    opened = log_open(&options, &error, &why);
    ck_assert_msg(opened != NULL, "%s", why.text);
}

static void tear_down(void)
{
    log_free(opened);
    open_files_fini(&files);
    remove_test_directory();
}

static int64_t append_at_ms(struct batch_wish wish, int64_t now_ms)
{
    struct note why = {""};
    size_t len;
    if (wish.base_offset == 0)
        wish.base_offset = opened->end_offset;
    uint8_t *bytes = make_batch(&wish, &len);
    int result = log_append_batches(opened, bytes, len, now_ms, &why);
    ck_assert_msg(result == 0, "%s", why.text);
    free(bytes);
    return (int64_t)len;
}

/* One record; the number of segments afterwards. */
static int32_t append(int64_t timestamp)
{
    append_at_ms((struct batch_wish){.timestamp = timestamp, .value_len = 100}, clock_wall_ms());
    return opened->count;
}

START_TEST(a_segment_takes_what_fits_in_segment_bytes)
{
    int64_t one = append_at_ms((struct batch_wish){.timestamp = 1, .value_len = 100}, 1);
    opened->config.segment_bytes = 3 * one;
    ck_assert_int_eq(append(1), 1);
    ck_assert_int_eq(append(1), 1);
    ck_assert_int_eq(append(1), 2);
    ck_assert_int_eq(opened->segments[1]->base_offset, 3);
    opened->config.segment_bytes = one; /* a change counts for the active segment too */
    ck_assert_int_eq(append(1), 3);
    ck_assert_int_eq(append(1), 4);
    opened->config.segment_bytes = 1 << 30;
    ck_assert_int_eq(append(1), 4);
}
END_TEST

START_TEST(a_segment_is_as_old_as_its_first_batch_says)
{
    append(1000);
    append(900);
    opened->config.segment_ms = 500;
    ck_assert_int_eq(append(1500), 1);
    ck_assert_int_eq(append(0), 1);
    ck_assert_int_eq(append(1501), 2);
    ck_assert_int_eq(append(1501 + 500), 2);
    ck_assert_int_eq(append(1501 + 501), 3);
}
END_TEST

START_TEST(without_a_timestamp_a_segment_is_as_old_as_the_clock_says)
{
    const struct batch_wish wish = {.timestamp = -1, .value_len = 10};
    int64_t created_ms = log_active(opened)->created_ms;
    opened->config.segment_ms = 500;
    append_at_ms(wish, created_ms);
    append_at_ms(wish, created_ms + 500);
    ck_assert_int_eq(opened->count, 1);
    append_at_ms(wish, created_ms + 501);
    ck_assert_int_eq(opened->count, 2);
}
END_TEST

START_TEST(the_jitter_is_drawn_when_a_segment_is_made_and_stays_within_segment_ms)
{
    opened->config.segment_jitter_ms = INT64_MAX;
    opened->config.segment_ms = 1000;
    bool differs = false;
    int64_t before_ms = -1;
    for (int32_t i = 1; i <= 50; i++) {
        append(1000);
        ck_assert_int_eq(log_roll(opened, opened->end_offset, 0), 0);
        int64_t jitter_ms = log_active(opened)->jitter_ms;
        ck_assert_int_ge(jitter_ms, 0);
        ck_assert_int_lt(jitter_ms, 1000);
        differs |= before_ms >= 0 && jitter_ms != before_ms;
        before_ms = jitter_ms;
        append(1000);
        ck_assert_int_eq(append(1000 + 1000 - jitter_ms), 2 * i);
        ck_assert_int_eq(append(1000 + 1000 - jitter_ms + 1), 2 * i + 1);
    }
    ck_assert(differs);
}
END_TEST

START_TEST(a_full_index_begins_a_new_segment_with_the_size_it_was_made_with)
{
    opened->config.index_interval_bytes = 0;
    opened->config.segment_index_bytes = 100; /* the segment that is there keeps its size */
    for (int i = 0; i < 20; i++)
        ck_assert_int_eq(append(1000 + i), 1);
    ck_assert_int_eq(log_roll(opened, opened->end_offset, 0), 0);
    /* 12 offset entries, 8 time entries of which one is kept free: the first batch gets none */
    for (int i = 0; i < 8; i++)
        ck_assert_int_eq(append(2000 + i), 2);
    ck_assert_int_eq(log_active(opened)->times.count, 7);
    ck_assert_int_eq(append(3000), 3);
    for (int i = 0; i < 12; i++) /* one timestamp only: the offset index is what fills up */
        ck_assert_int_eq(append(3000), 3);
    ck_assert_int_eq(log_active(opened)->offsets.count, 12);
    ck_assert_int_eq(append(3000), 4);
}
END_TEST

START_TEST(index_entries_are_index_interval_bytes_apart)
{
    int64_t one = append_at_ms((struct batch_wish){.timestamp = 1, .value_len = 100}, 1);
    opened->config.index_interval_bytes = 3 * one - 1;
    for (int i = 0; i < 8; i++)
        append(1 + i);
    ck_assert_int_eq(log_active(opened)->offsets.count, 2); /* batches 3 and 6 */
    ck_assert_int_eq(log_active(opened)->offsets.last.key, 6);
    ck_assert_int_eq(log_active(opened)->offsets.last.value, 6 * one);
    opened->config.index_interval_bytes = 0;
    append(100);
    append(101);
    ck_assert_int_eq(log_active(opened)->offsets.count, 4);
}
END_TEST

START_TEST(offsets_that_four_bytes_cannot_count_from_the_base_begin_a_new_segment)
{
    append(1);
    append_at_ms((struct batch_wish){.base_offset = INT32_MAX, .timestamp = 1}, 1);
    ck_assert_int_eq(opened->count, 1);
    append_at_ms((struct batch_wish){.base_offset = (int64_t)INT32_MAX + 1, .timestamp = 1}, 1);
    ck_assert_int_eq(opened->count, 2);
    ck_assert_int_eq(log_active(opened)->base_offset, (int64_t)INT32_MAX + 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("log");
    TCase *tests = tcase_create("log");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_segment_takes_what_fits_in_segment_bytes);
    tcase_add_test(tests, a_segment_is_as_old_as_its_first_batch_says);
    tcase_add_test(tests, without_a_timestamp_a_segment_is_as_old_as_the_clock_says);
    tcase_add_test(tests, the_jitter_is_drawn_when_a_segment_is_made_and_stays_within_segment_ms);
    tcase_add_test(tests, a_full_index_begins_a_new_segment_with_the_size_it_was_made_with);
    tcase_add_test(tests, index_entries_are_index_interval_bytes_apart);
    tcase_add_test(tests, offsets_that_four_bytes_cannot_count_from_the_base_begin_a_new_segment);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
