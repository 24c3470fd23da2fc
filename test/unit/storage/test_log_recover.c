/* log_recover: what is found at start after a clean stop and after a crash, and in logs that others made. */
#include "test/unit/storage/recover_test.h"

START_TEST(an_empty_directory_becomes_an_empty_log)
{
    open_log(_i == 0);
    ck_assert_int_eq(opened->end_offset, 0);
    ck_assert_int_eq(opened->count, 1);
    ck_assert_int_eq(size_of(file_of(0, ".log")), 0);
    ck_assert_int_eq(size_of(file_of(0, ".index")), 0);
    ck_assert_int_eq(size_of(file_of(0, ".timeindex")), 0);
}
END_TEST

START_TEST(a_torn_tail_is_cut_off)
{
    open_log(false);
    append_ten();
    int64_t size = log_active(opened)->size;
    close_log(false);
    int64_t cut[] = {1, 30, 61, 100};
    for (size_t i = 0; i < sizeof cut / sizeof cut[0]; i++) {
        uint8_t torn[200];
        size_t len;
        uint8_t *batch = make_batch(&(struct batch_wish){.base_offset = 10, .value_len = 100}, &len);
        memcpy(torn, batch, (size_t)cut[i]);
        free(batch);
        write_at(file_of(0, ".log"), size, torn, (size_t)cut[i]);
        open_log(false);
        ck_assert_int_eq(opened->end_offset, 10);
        ck_assert_int_eq(size_of(file_of(0, ".log")), size);
        close_log(false);
    }
}
END_TEST

START_TEST(zeros_behind_the_last_batch_are_cut_off_even_after_a_clean_stop)
{
    open_log(false);
    append_ten();
    int64_t size = log_active(opened)->size;
    close_log(true);
    uint8_t zeros[5000] = {0};
    write_at(file_of(0, ".log"), size, zeros, sizeof zeros);
    open_log(_i == 0);
    ck_assert_int_eq(opened->end_offset, 10);
    ck_assert_int_eq(log_active(opened)->size, size);
    append_ten();
    ck_assert_int_eq(opened->end_offset, 20);
}
END_TEST

/* The bytes of all three segments, as they are on disk. */
START_TEST(below_the_recovery_point_only_headers_are_read)
{
    open_log(false);
    append_ten();
    int64_t batch = log_active(opened)->size / 10;
    close_log(false);
    write_at(file_of(0, ".log"), batch * 4 + 70, "\xff\xff", 2);
    recovery_point = 6;
    open_log(false);
    ck_assert_int_eq(opened->end_offset, 10);
    check_offsets(100, 100);
    ck_assert_int_eq(log_active(opened)->size, batch * 10);
    close_log(false);
    recovery_point = 4;
    open_log(false);
    check_offsets(4, 4);
    ck_assert_int_eq(log_active(opened)->size, batch * 9);
}
END_TEST

START_TEST(segments_below_the_recovery_point_are_not_read)
{
    make_three_segments();
    ck_assert_int_eq(log_close_cleanly(opened), 0);
    close_log(false);
    write_at(file_of(0, ".log"), 70, "\xff\xff", 2);
    recovery_point = 20;
    open_log(false);
    ck_assert_int_eq(opened->end_offset, 30);
    ck_assert_int_eq(opened->recovery_point, 20);
    ck_assert_int_eq(opened->count, 3);
}
END_TEST

START_TEST(missing_and_preallocated_indexes_are_made_anew)
{
    make_three_segments();
    close_log(true);
    char *index;
    ssize_t len = file_read_all(file_system_os(), file_of(10, ".index"), 10000, &index);
    ck_assert_int_gt(len, 0);
    for (int64_t base = 0; base <= 20; base += 10) {
        remove(file_of(base, ".index"));
        if (base == 20)
            write_at(file_of(base, ".index"), 4088, "\0\0\0\0\0\0\0\0", 8);
    }
    open_log(_i == 0);
    ck_assert_int_eq(opened->end_offset, 30);
    close_log(true);
    char *again;
    ck_assert_int_eq(file_read_all(file_system_os(), file_of(10, ".index"), 10000, &again), len);
    ck_assert_int_eq(memcmp(index, again, (size_t)len), 0);
    free(index);
    free(again);
    ck_assert_int_lt(size_of(file_of(20, ".index")), 4088);
}
END_TEST

/* Header count -1, producer 0, epoch 0 and sequence 0 in every batch, and nothing but a .log: how the
 * course's tester writes. */
START_TEST(the_course_testers_logs_load_silently)
{
    static const uint8_t batch[] = {
        0,    0,    0,    0,    0,    0, 0, 0, 0, 0,    0,    0x3d, 0,    0,    0,    0,    2, 0x56, 0x5c,
        0x25, 0xed, 0,    0,    0,    0, 0, 0, 0, 0,    1,    0x91, 0xe0, 0x5b, 0x6d, 0x8b, 0, 0,    1,
        0x91, 0xe0, 0x5b, 0x6d, 0x8b, 0, 0, 0, 0, 0,    0,    0,    0,    0,    0,    0,    0, 0,    0,
        0,    0,    0,    1,    0x16, 0, 0, 0, 1, 0x0a, 0x61, 0x70, 0x70, 0x6c, 0x65, 1};
    ck_assert(batch_check_crc(slice_of(batch, sizeof batch)));
    for (int i = 0; i < 3; i++) {
        uint8_t copy[sizeof batch];
        memcpy(copy, batch, sizeof batch);
        copy[7] = (uint8_t)i;
        write_at(file_of(0, ".log"), i * (int64_t)sizeof batch, copy, sizeof copy);
    }
    open_log(_i == 0);
    ck_assert_int_eq(opened->end_offset, 3);
    ck_assert_int_eq(log_active(opened)->size, 3 * (int64_t)sizeof batch);
    struct log_range range;
    struct log_record_found found;
    ck_assert_int_eq(log_plan_timestamp(opened, 0, 1, &range), 1);
    ck_assert_int_eq(log_range_find_timestamp(&range, 0, 1, &found), 1);
    ck_assert_int_eq(found.offset, 0);
    ck_assert_int_eq(found.timestamp_ms, 1726045973899);
    log_range_done(&range);
}
END_TEST

START_TEST(producers_and_aborted_transactions_come_back_after_a_crash)
{
    open_log(false);
    append_wish((struct batch_wish){.base_offset = 0, .producer_id = 8, .base_sequence = 4});
    append_wish((struct batch_wish){.base_offset = 1, .producer_id = 9, .transactional = true});
    ck_assert_int_eq(log_roll(opened, 2, 0), 0);
    append_wish((struct batch_wish){
        .base_offset = 2, .producer_id = 9, .marker = true, .aborted = true, .coordinator_epoch = 1});
    append_wish((struct batch_wish){.base_offset = 3, .producer_id = 10, .transactional = true});
    close_log(false);
    for (int round = 0; round < 2; round++) {
        remove(file_of(2, ".txnindex"));
        if (round == 0)
            remove(file_of(2, ".snapshot"));
        open_log(false);
        ck_assert_int_eq(producers_find(&opened->producers, 8)->batches[0].last_sequence, 4);
        ck_assert_int_eq(producers_find(&opened->producers, 9)->transaction_start, -1);
        ck_assert_int_eq(producers_first_unstable(&opened->producers, 4), 3);
        struct aborted_entry *aborted;
        ck_assert_int_eq(txn_index_read(file_system_os(), file_of(2, ".txnindex"), &aborted), 1);
        ck_assert_int_eq(aborted[0].producer_id, 9);
        ck_assert_int_eq(aborted[0].first_offset, 1);
        ck_assert_int_eq(aborted[0].last_offset, 2);
        ck_assert_int_eq(aborted[0].last_stable_offset, 3);
        free(aborted);
        close_log(false);
        recovery_point = 2;
    }
}
END_TEST

static void roll(void)
{
    ck_assert_int_eq(log_roll(opened, opened->end_offset, 0), 0);
}

static void append_transactional(int32_t sequence)
{
    append_wish((struct batch_wish){.base_offset = opened->end_offset,
                                    .producer_id = 9,
                                    .base_sequence = sequence,
                                    .transactional = true});
}

static void append_marker(bool aborted)
{
    append_wish((struct batch_wish){.base_offset = opened->end_offset,
                                    .producer_id = 9,
                                    .marker = true,
                                    .aborted = aborted,
                                    .coordinator_epoch = 1});
}

/* Segments below the log start go in any order when the power fails: here the one with the first
 * transaction's marker has gone, and the one with its records has come back. */
START_TEST(what_lies_below_the_log_start_decides_nothing)
{
    open_log(false);
    append_transactional(0);
    roll();
    append_marker(false);
    roll();
    append_transactional(1);
    append_marker(true);
    close_log(false);
    static const char *const suffixes[] = {".log", ".index", ".timeindex", ".snapshot"};
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++)
        ck_assert_int_eq(file_unlink(file_system_os(), file_of(1, suffixes[i])), 0);
    if (_i == 1)
        ck_assert_int_eq(file_unlink(file_system_os(), file_of(2, ".snapshot")), 0);
    start_offset = 2;
    open_log(false);
    struct aborted_entry *aborted;
    ck_assert_int_eq(txn_index_read(file_system_os(), file_of(2, ".txnindex"), &aborted), 1);
    ck_assert_int_eq(aborted[0].first_offset, 2);
    ck_assert_int_eq(aborted[0].last_offset, 3);
    free(aborted);
    ck_assert_uint_eq(producers_count(&opened->producers), 1);
}
END_TEST

START_TEST(a_producer_whose_records_are_below_the_log_start_is_known_by_the_snapshot_of_its_segment)
{
    open_log(false);
    append_transactional(0);
    append_marker(false);
    roll();
    append_ten();
    close_log(false);
    start_offset = 5;
    open_log(false);
    ck_assert_uint_eq(producers_count(&opened->producers), 1);
}
END_TEST

START_TEST(a_flipped_index_entry_never_changes_what_is_found)
{
    make_three_segments();
    close_log(true);
    char *index;
    ssize_t len = file_read_all(file_system_os(), file_of(10, ".index"), 10000, &index);
    ck_assert_int_ge(len, 16);
    for (ssize_t i = 0; i < len; i++)
        for (int bit = 0; bit < 8; bit += 7) {
            index[i] ^= (char)(1 << bit);
            write_at(file_of(10, ".index"), 0, index, (size_t)len);
            index[i] ^= (char)(1 << bit);
            open_log(true);
            for (int64_t offset = 10; offset < 20; offset++) {
                struct log_position position;
                int found = log_find_position(opened, offset, &position);
                ck_assert_msg(found == 0 && position.offset == offset,
                              "byte %zd bit %d: %lld is at %lld (%d)", i, bit, (long long)offset,
                              (long long)position.offset, found);
            }
            close_log(false);
        }
    free(index);
}
END_TEST

START_TEST(a_transaction_index_that_cannot_be_is_made_anew)
{
    static const struct {
        int64_t at;
        const char *bytes;
        size_t len;
    } damage[] = {{0, "\0\1", 2}, {18, "\0\0\0\0\0\0\0\1", 8}, {34, "half", 4}};
    open_log(false);
    append_wish((struct batch_wish){.base_offset = 0, .producer_id = 9, .transactional = true});
    ck_assert_int_eq(log_roll(opened, 1, 0), 0);
    append_wish((struct batch_wish){.base_offset = 1});
    ck_assert_int_eq(log_roll(opened, 2, 0), 0);
    append_wish((struct batch_wish){
        .base_offset = 2, .producer_id = 9, .marker = true, .aborted = true, .coordinator_epoch = 1});
    append_wish((struct batch_wish){.base_offset = 3});
    ck_assert_int_eq(log_roll(opened, 4, 0), 0);
    append_wish((struct batch_wish){.base_offset = 4});
    close_log(true);
    write_at(file_of(2, ".txnindex"), damage[_i / 2].at, damage[_i / 2].bytes, damage[_i / 2].len);
    recovery_point = 5;
    open_log(_i % 2 == 0);
    struct aborted_entry *aborted;
    ck_assert_int_eq(txn_index_read(file_system_os(), file_of(2, ".txnindex"), &aborted), 1);
    ck_assert_int_eq(size_of(file_of(2, ".txnindex")), 34);
    ck_assert_int_eq(aborted[0].producer_id, 9);
    ck_assert_int_eq(aborted[0].first_offset, 0);
    ck_assert_int_eq(aborted[0].last_offset, 2);
    free(aborted);
    ck_assert_int_eq(opened->end_offset, 5);
    ck_assert_int_eq(opened->count, 4);
}
END_TEST

START_TEST(damaged_epochs_are_read_from_the_batches)
{
    open_log(false);
    append_wish((struct batch_wish){.base_offset = 0, .records = 3, .leader_epoch = 1});
    ck_assert_int_eq(log_roll(opened, 3, 0), 0);
    append_wish((struct batch_wish){.base_offset = 3, .leader_epoch = 4});
    close_log(true);
    write_at(test_path("log/leader-epoch-checkpoint"), 2, "x", 1);
    recovery_point = 4;
    open_log(_i == 0);
    ck_assert_int_eq(epochs_of_offset(&opened->epochs, 2), 1);
    ck_assert_int_eq(epochs_of_offset(&opened->epochs, 3), 4);
}
END_TEST

START_TEST(a_damaged_snapshot_costs_no_producer)
{
    open_log(false);
    append_wish((struct batch_wish){.base_offset = 0, .producer_id = 8, .base_sequence = 4});
    append_wish((struct batch_wish){.base_offset = 1});
    close_log(true);
    write_at(file_of(2, ".snapshot"), 20, "\xff\xff", 2);
    open_log(_i == 0);
    const struct producer *producer = producers_find(&opened->producers, 8);
    ck_assert_ptr_nonnull(producer);
    ck_assert_int_eq(producer->batches[0].last_sequence, 4);
}
END_TEST

START_TEST(the_snapshot_that_recovery_began_from_stays_until_a_clean_start)
{
    open_log(false);
    append_wish((struct batch_wish){.base_offset = 0, .producer_id = 8, .base_sequence = 4});
    close_log(true);
    open_log(true);
    append_wish((struct batch_wish){.base_offset = 1});
    ck_assert_int_eq(log_roll(opened, 2, 0), 0);
    append_wish((struct batch_wish){.base_offset = 2});
    close_log(false);
    write_at(file_of(2, ".snapshot"), 20, "\xff\xff", 2);
    recovery_point = 2;
    open_log(false);
    ck_assert_int_gt(size_of(file_of(1, ".snapshot")), 0); /* the one at 2 is not synced yet */
    close_log(true);
    open_log(true);
    ck_assert_int_eq(size_of(file_of(1, ".snapshot")), -ENOENT);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("log_recover");
    TCase *tests = tcase_create("log_recover");
    tcase_set_timeout(tests, 250);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, an_empty_directory_becomes_an_empty_log, 0, 2);
    tcase_add_test(tests, a_torn_tail_is_cut_off);
    tcase_add_loop_test(tests, zeros_behind_the_last_batch_are_cut_off_even_after_a_clean_stop, 0, 2);
    tcase_add_test(tests, below_the_recovery_point_only_headers_are_read);
    tcase_add_test(tests, segments_below_the_recovery_point_are_not_read);
    tcase_add_loop_test(tests, missing_and_preallocated_indexes_are_made_anew, 0, 2);
    tcase_add_loop_test(tests, the_course_testers_logs_load_silently, 0, 2);
    tcase_add_test(tests, producers_and_aborted_transactions_come_back_after_a_crash);
    tcase_add_loop_test(tests, what_lies_below_the_log_start_decides_nothing, 0, 2);
    tcase_add_test(tests,
                   a_producer_whose_records_are_below_the_log_start_is_known_by_the_snapshot_of_its_segment);
    tcase_add_test(tests, a_flipped_index_entry_never_changes_what_is_found);
    tcase_add_loop_test(tests, a_transaction_index_that_cannot_be_is_made_anew, 0, 6);
    tcase_add_loop_test(tests, damaged_epochs_are_read_from_the_batches, 0, 2);
    tcase_add_loop_test(tests, a_damaged_snapshot_costs_no_producer, 0, 2);
    tcase_add_test(tests, the_snapshot_that_recovery_began_from_stays_until_a_clean_start);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
