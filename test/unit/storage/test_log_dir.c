/* log_dir, log_recover: the files of a log by name: leftovers, swaps, segments that are empty or missing. */
#include "test/unit/storage/recover_test.h"

START_TEST(a_log_may_begin_above_its_files_name)
{
    open_log(false);
    append_wish((struct batch_wish){.base_offset = 1, .records = 3, .leader_epoch = 1});
    append_wish((struct batch_wish){.base_offset = 4, .records = 1, .leader_epoch = 2});
    close_log(false);
    open_log(false);
    ck_assert_int_eq(opened->start_offset, 0);
    ck_assert_int_eq(opened->end_offset, 5);
    ck_assert_int_eq(epochs_of_offset(&opened->epochs, 4), 2);
    ck_assert_int_eq(epochs_of_offset(&opened->epochs, 1), 1);
    struct log_position position;
    ck_assert_int_eq(log_find_position(opened, 0, &position), 0);
    ck_assert_int_eq(position.offset, 1);
    ck_assert_int_eq(position.position, 0);
}
END_TEST

START_TEST(leftovers_of_deletions_and_compactions_go)
{
    make_three_segments();
    close_log(false);
    write_at(file_of(3, ".log.deleted"), 0, "x", 1);
    write_at(file_of(3, ".log.cleaned"), 0, "x", 1);
    write_at(file_of(5, ".index"), 0, "x", 1);
    write_at(test_path("log/leader-epoch-checkpoint.tmp"), 0, "x", 1);
    write_at(file_of(7, ".snapshot"), 0, "x", 1);
    open_log(false);
    ck_assert_int_eq(opened->end_offset, 30);
    ck_assert_int_lt(size_of(file_of(3, ".log.deleted")), 0);
    ck_assert_int_lt(size_of(file_of(3, ".log.cleaned")), 0);
    ck_assert_int_lt(size_of(file_of(5, ".index")), 0);
    ck_assert_int_lt(size_of(test_path("log/leader-epoch-checkpoint.tmp")), 0);
    ck_assert_int_lt(size_of(file_of(7, ".snapshot")), 0);
}
END_TEST

START_TEST(a_finished_swap_takes_the_place_of_what_it_was_made_from)
{
    make_three_segments();
    close_log(false);
    /* Segments 0 and 10 were compacted into one that holds a batch of the first and the last of the second.
     */
    size_t first_len;
    size_t last_len;
    uint8_t *first = make_batch(&(struct batch_wish){.base_offset = 2}, &first_len);
    uint8_t *last = make_batch(&(struct batch_wish){.base_offset = 19}, &last_len);
    write_at(file_of(0, ".log.swap"), 0, first, first_len);
    write_at(file_of(0, ".log.swap"), (int64_t)first_len, last, last_len);
    write_at(file_of(0, ".index.swap"), 0, "", 0);
    write_at(file_of(0, ".timeindex.swap"), 0, "", 0);
    if (_i == 1) /* and the next one was not done yet */
        write_at(file_of(20, ".log.cleaned"), 0, "x", 1);
    free(first);
    free(last);
    open_log(false);
    ck_assert_int_eq(opened->count, 2);
    ck_assert_int_eq(opened->end_offset, 30);
    ck_assert_int_eq(opened->segments[0]->size, (int64_t)(first_len + last_len));
    struct log_position position;
    ck_assert_int_eq(log_find_position(opened, 3, &position), 0);
    ck_assert_int_eq(position.offset, 19);
}
END_TEST

/* How far a batch goes is under its checksum: rot there must not take segments that the swap does not
 * replace. */
START_TEST(a_swap_that_has_rotten_takes_the_place_of_what_it_still_holds)
{
    make_three_segments();
    close_log(false);
    int64_t second = size_of(file_of(10, ".log"));
    size_t len;
    uint8_t *batch = make_batch(&(struct batch_wish){.base_offset = 2}, &len);
    batch[25] = 1; /* 256 offsets more, of the last offset's delta */
    write_at(file_of(0, ".log.swap"), 0, batch, len);
    free(batch);
    open_log(false);
    ck_assert_int_eq(size_of(file_of(10, ".log")), second);
    ck_assert_int_eq(opened->end_offset, 30);
}
END_TEST

START_TEST(an_unfinished_swap_is_thrown_away)
{
    make_three_segments();
    close_log(false);
    write_at(file_of(10, ".log.swap"), 0, "x", 1);
    write_at(file_of(10, ".log.cleaned"), 0, "x", 1);
    open_log(false);
    ck_assert_int_eq(opened->count, 3);
    ck_assert_int_eq(opened->end_offset, 30);
    ck_assert_int_lt(size_of(file_of(10, ".log.swap")), 0);
}
END_TEST

static int unlink_no_swaps(struct file_system *fs, const char *path)
{
    return strstr(path, ".swap") != NULL ? -EIO : file_system_os()->unlink(fs, path);
}

/* Else the next start would take the swap for a finished one. */
START_TEST(what_says_that_a_swap_is_unfinished_outlives_it)
{
    struct file_system failing = *file_system_os();
    make_three_segments();
    close_log(false);
    write_at(file_of(10, ".log.swap"), 0, "", 0);
    write_at(file_of(10, ".index.cleaned"), 0, "x", 1);
    failing.unlink = unlink_no_swaps;
    files.fs = &failing;
    struct note why = {""};
    int error;
    const struct log_options options = {.files = &files, .path = test_path("log"), .config = config};
    ck_assert_ptr_null(log_open(&options, &error, &why));
    ck_assert_int_eq(error, -EIO);
    ck_assert_int_eq(size_of(file_of(10, ".index.cleaned")), 1);
    files.fs = file_system_os();
    open_log(false);
    ck_assert_int_eq(opened->count, 3);
    ck_assert_int_eq(opened->end_offset, 30);
    ck_assert_int_gt(size_of(file_of(10, ".log")), 0);
    ck_assert_int_lt(size_of(file_of(10, ".log.swap")), 0);
    ck_assert_int_lt(size_of(file_of(10, ".index.cleaned")), 0);
}
END_TEST

START_TEST(a_log_that_ends_before_its_start_begins_anew_there)
{
    open_log(false);
    append_ten();
    close_log(true);
    start_offset = 50;
    open_log(_i == 0);
    ck_assert_int_eq(opened->start_offset, 50);
    ck_assert_int_eq(opened->end_offset, 50);
    ck_assert_int_eq(opened->count, 1);
    ck_assert_int_lt(size_of(file_of(0, ".log")), 0);
    ck_assert_int_eq(size_of(file_of(50, ".log")), 0);
}
END_TEST

/* As a power cut leaves segments whose bytes nobody has waited for. */
static void empty(int64_t base)
{
    ck_assert_int_eq(truncate(file_of(base, ".log"), 0), 0);
}

START_TEST(empty_segments_behind_a_hole_go)
{
    make_three_segments();
    close_log(false);
    empty(20);
    empty(10);
    if (_i == 1)
        empty(0);
    int64_t end = _i == 1 ? 0 : 10;
    open_log(false);
    ck_assert_int_eq(opened->end_offset, end);
    ck_assert_int_eq(log_active(opened)->base_offset, end);
    ck_assert_int_lt(size_of(file_of(20, ".log")), 0);
    ck_assert_int_lt(size_of(file_of(20, ".snapshot")), 0);
    append_ten();
    close_log(true);
    open_log(true);
    ck_assert_int_eq(opened->end_offset, end + 10);
}
END_TEST

START_TEST(an_empty_segment_where_the_last_one_ends_or_the_log_begins_stays)
{
    make_three_segments();
    close_log(false);
    empty(20);
    if (_i == 1) {
        empty(10);
        empty(0);
        start_offset = 20;
    }
    open_log(false);
    ck_assert_int_eq(opened->count, 3);
    ck_assert_int_eq(opened->start_offset, _i == 1 ? 20 : 0);
    ck_assert_int_eq(opened->end_offset, 20);
}
END_TEST

/* Compaction empties segments too; and what was on stable storage does not go missing in a power cut. */
START_TEST(empty_segments_stay_where_a_hole_may_be_none)
{
    make_three_segments();
    close_log(false);
    empty(20);
    empty(10);
    empty(0);
    if (_i == 0)
        config.cleanup_compact = true;
    else
        recovery_point = 5;
    open_log(false);
    ck_assert_int_eq(opened->count, 3);
    ck_assert_int_eq(opened->end_offset, 20);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("log_dir");
    TCase *tests = tcase_create("log_dir");
    tcase_set_timeout(tests, 250);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_log_may_begin_above_its_files_name);
    tcase_add_test(tests, leftovers_of_deletions_and_compactions_go);
    tcase_add_loop_test(tests, a_finished_swap_takes_the_place_of_what_it_was_made_from, 0, 2);
    tcase_add_test(tests, a_swap_that_has_rotten_takes_the_place_of_what_it_still_holds);
    tcase_add_test(tests, an_unfinished_swap_is_thrown_away);
    tcase_add_test(tests, what_says_that_a_swap_is_unfinished_outlives_it);
    tcase_add_loop_test(tests, a_log_that_ends_before_its_start_begins_anew_there, 0, 2);
    tcase_add_loop_test(tests, empty_segments_behind_a_hole_go, 0, 2);
    tcase_add_loop_test(tests, an_empty_segment_where_the_last_one_ends_or_the_log_begins_stays, 0, 2);
    tcase_add_loop_test(tests, empty_segments_stay_where_a_hole_may_be_none, 0, 2);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
