/* log_damage: damage in a log is told from a torn tail, set aside, and what is whole is served. */
#include "test/unit/storage/recover_test.h"

START_TEST(a_damaged_batch_before_whole_ones_is_set_aside_and_the_rest_is_served)
{
    make_three_segments();
    int64_t size = opened->segments[1]->size;
    close_log(false);
    char *before;
    char *kept;
    write_at(file_of(10, ".log"), size / 2 + 70, "\xff\xff", 2);
    ck_assert_int_eq(read_file(file_of(10, ".log"), &before), size);
    open_log(false);
    ck_assert_int_eq(opened->end_offset, 30);
    ck_assert_int_eq(opened->count, 3);
    check_offsets(15, 15);
    char suffix[100];
    snprintf(suffix, sizeof suffix, ".log.%lld.damaged", (long long)size / 2);
    ck_assert_int_eq(read_file(file_of(10, suffix), &kept), size / 10);
    ck_assert_int_eq(memcmp(kept, before + size / 2, (size_t)size / 10), 0);
    ck_assert_int_eq(size_of(file_of(10, ".log")), size - size / 10);
    append_ten();
    close_log(false);
    open_log(false); /* and nothing more is to be done */
    ck_assert_int_eq(opened->end_offset, 40);
    check_offsets(15, 15);
    close_log(true);
    open_log(true);
    check_offsets(15, 15);
    free(before);
    free(kept);
}
END_TEST

/* Whatever is written over, wherever: what follows a damaged range is there afterwards, and the bytes of the
 * range are kept. */
START_TEST(damage_of_any_size_costs_no_batch_that_it_does_not_touch)
{
    make_three_segments();
    int64_t size = opened->segments[1]->size;
    int64_t batch = size / 10;
    close_log(false);
    char *good;
    ck_assert_int_eq(read_file(file_of(10, ".log"), &good), size);
    for (int64_t at = 0; at < size - batch; at += 37) {
        int64_t len = 1 + at * 7 % (3 * batch);
        char junk[4096];
        memset(junk, at % 2 == 0 ? 0 : 0x02, sizeof junk);
        if (len > size - at)
            len = size - at;
        int64_t first = -1;
        int64_t last = -1;
        for (int64_t i = 0; i < len; i++) /* the leader epoch is no part of what is checked */
            if (good[at + i] != junk[0] && ((at + i) % batch < 12 || (at + i) % batch >= 16)) {
                first = first < 0 ? (at + i) / batch : first;
                last = (at + i) / batch;
            }
        if (first < 0)
            continue;
        remove(file_of(10, ".log"));
        write_at(file_of(10, ".log"), 0, good, (size_t)size);
        write_at(file_of(10, ".log"), at, junk, (size_t)len);
        open_log(false);
        ck_assert_int_eq(opened->end_offset, 30);
        ck_assert_int_eq(opened->segments[1]->size, size - (last - first + 1) * batch);
        check_offsets(10 + first, 10 + last);
        char suffix[100];
        snprintf(suffix, sizeof suffix, ".log.%lld.damaged", (long long)(first * batch));
        ck_assert_int_eq(size_of(file_of(10, suffix)), (last - first + 1) * batch);
        close_log(false);
        remove(file_of(10, suffix));
    }
    free(good);
}
END_TEST

/* A batch that ends where the sector has room for the next one's base offset, and for nothing else of it. */
static void append_up_to_byte_504(void)
{
    for (size_t value_len = 300; opened->end_offset == 0; value_len++) {
        struct batch_wish wish = {.value_len = value_len};
        size_t len;
        free(make_batch(&wish, &len));
        ck_assert_uint_le(len, 504);
        if (len == 504)
            append_wish(wish);
    }
}

/* 0: the torn one is the last, 1: another follows that says otherwise, 2: it is whole, and that says so. */
START_TEST(a_batch_whose_base_offset_never_reached_the_disk_is_kept_and_not_served)
{
    open_log(false);
    append_up_to_byte_504();
    append_wish((struct batch_wish){.base_offset = 1, .value_len = 100});
    if (_i > 0)
        append_wish((struct batch_wish){.base_offset = 2, .value_len = 100});
    int64_t size = opened->segments[0]->size;
    int64_t batch = (size - 504) / (_i > 0 ? 2 : 1);
    close_log(false);
    const char zeros[512] = {0};
    write_at(file_of(0, ".log"), 0, zeros, _i == 2 ? 504 : 512);
    open_log(false);
    ck_assert_int_eq(opened->end_offset, _i == 0 ? 0 : 3);
    ck_assert_int_eq(size_of(file_of(0, ".log.0.damaged")), _i == 2 ? 504 : 504 + batch);
    ck_assert_int_eq(opened->segments[0]->size, _i * batch);
    struct log_position position;
    if (_i > 0) {
        ck_assert_int_eq(log_find_position(opened, 0, &position), 0);
        ck_assert_int_eq(position.offset, _i == 1 ? 2 : 1);
    }
    close_log(false);
    open_log(false); /* and nothing more is to be done */
    ck_assert_int_eq(opened->end_offset, _i == 0 ? 0 : 3);
}
END_TEST

START_TEST(a_bad_end_of_a_segment_is_damage_if_batches_follow_and_torn_if_not)
{
    make_three_segments();
    int64_t size = opened->segments[1]->size;
    close_log(false);
    write_at(file_of(10, ".log"), size - 10, "\xff\xff", 2);
    if (_i == 1) { /* nothing whole in the last one */
        char zeros[2000] = {0};
        write_at(file_of(20, ".log"), 0, zeros, sizeof zeros);
    }
    if (_i == 2)
        file_truncate(file_system_os(), file_open(file_system_os(), file_of(20, ".log"), FILE_WRITE), 0);
    open_log(false);
    ck_assert_int_eq(opened->end_offset, _i == 0 ? 30 : 19);
    ck_assert_int_eq(opened->count, _i == 0 ? 3 : 2);
    char suffix[100];
    snprintf(suffix, sizeof suffix, ".log.%lld.damaged", (long long)(size - size / 10));
    ck_assert_int_eq(file_exists(file_system_os(), file_of(10, suffix)), _i == 0);
    ck_assert_int_eq(size_of(file_of(10, ".log")), size - size / 10);
    if (_i == 0)
        check_offsets(19, 19);
    append_ten();
}
END_TEST

START_TEST(damage_and_a_torn_tail_in_one_segment_are_told_apart)
{
    open_log(false);
    append_ten();
    int64_t batch = log_active(opened)->size / 10;
    close_log(false);
    write_at(file_of(0, ".log"), batch * 3 + 70, "\xff\xff", 2);
    write_at(file_of(0, ".log"), batch * 10, "torn", 4);
    open_log(false);
    ck_assert_int_eq(opened->end_offset, 10);
    ck_assert_int_eq(log_active(opened)->size, batch * 9);
    ck_assert_int_eq(size_of(file_of(0, ".log")), batch * 9);
    check_offsets(3, 3);
    append_ten();
    check_offsets(3, 3);
}
END_TEST

START_TEST(what_was_on_stable_storage_is_no_torn_tail)
{
    open_log(false);
    append_ten();
    int64_t batch = log_active(opened)->size / 10;
    close_log(false);
    write_at(file_of(0, ".log"), batch * 8 + 16, "\0", 1); /* no batch of format 2 */
    write_at(file_of(0, ".log"), batch * 9 + 16, "\0", 1);
    recovery_point = 10;
    open_log(false);
    ck_assert_int_eq(opened->end_offset, 8);
    char suffix[100];
    snprintf(suffix, sizeof suffix, ".log.%lld.damaged", (long long)(batch * 8));
    ck_assert_int_eq(size_of(file_of(0, suffix)), batch * 2);
}
END_TEST

/* 0: what is there is a beginning of it, 1: it was kept another time. */
START_TEST(setting_damage_aside_can_be_interrupted)
{
    make_three_segments();
    int64_t size = opened->segments[1]->size;
    close_log(false);
    write_at(file_of(10, ".log"), size / 2 + 70, "\xff\xff", 2);
    char suffix[100];
    char next[100];
    char *bytes;
    snprintf(suffix, sizeof suffix, ".log.%lld.damaged", (long long)size / 2);
    snprintf(next, sizeof next, ".log.%lld.1.damaged", (long long)size / 2);
    ck_assert_int_eq(read_file(file_of(10, ".log"), &bytes), size);
    write_at(file_of(10, suffix), 0, _i == 0 ? bytes + size / 2 : "half", 4);
    write_at(file_of(10, ".log.cleaned"), 0, "half", 4);
    free(bytes);
    open_log(false);
    check_offsets(15, 15);
    ck_assert_int_eq(size_of(file_of(10, suffix)), _i == 0 ? size / 10 : 4);
    ck_assert_int_eq(file_exists(file_system_os(), file_of(10, next)), _i == 1);
    if (_i == 1)
        ck_assert_int_eq(size_of(file_of(10, next)), size / 10);
    ck_assert(!file_exists(file_system_os(), file_of(10, ".log.cleaned")));
}
END_TEST

START_TEST(damage_in_the_active_segment_is_kept_after_a_clean_stop_too)
{
    config.index_interval_bytes = 4096;
    open_log(false);
    append_ten();
    int64_t batch = log_active(opened)->size / 10;
    close_log(true);
    write_at(file_of(0, ".log"), batch * 8 + 16, "\0", 1); /* behind the last index entry */
    open_log(true);
    ck_assert_int_eq(opened->end_offset, 10);
    check_offsets(8, 8);
    char suffix[100];
    snprintf(suffix, sizeof suffix, ".log.%lld.damaged", (long long)(batch * 8));
    ck_assert_int_eq(size_of(file_of(0, suffix)), batch);
}
END_TEST

START_TEST(a_bad_end_after_a_clean_stop_is_kept_too)
{
    open_log(false);
    append_ten();
    int64_t batch = log_active(opened)->size / 10;
    close_log(true);
    write_at(file_of(0, ".log"), batch * 9 + 16, "\0", 1);
    open_log(true);
    ck_assert_int_eq(opened->end_offset, 9);
    char suffix[100];
    snprintf(suffix, sizeof suffix, ".log.%lld.damaged", (long long)(batch * 9));
    ck_assert_int_eq(size_of(file_of(0, suffix)), batch);
    ck_assert_int_eq(size_of(file_of(0, ".log")), batch * 9);
}
END_TEST

/* A header that claims all that follows at every byte, so that each must be checked: 16 bytes apart is as
 * close as they can be. */
START_TEST(a_hostile_segment_is_given_up_in_bounded_time_and_kept_whole)
{
    enum { SIZE = 8 << 20 };
    open_log(false);
    append_ten();
    int64_t size = log_active(opened)->size;
    close_log(false);
    uint8_t *hostile = malloc(SIZE);
    ensure(hostile != NULL);
    for (size_t i = 0; i < SIZE; i++)
        hostile[i] = i % 16 == 0 ? 2 : i % 16 == 7 ? 100 : i % 16 == 9 ? 0x20 : 0;
    write_at(file_of(0, ".log"), size, hostile, SIZE);
    size_t len;
    uint8_t *last = make_batch(&(struct batch_wish){.base_offset = 10}, &len);
    write_at(file_of(0, ".log"), size + SIZE, last, len);
    free(last);
    free(hostile);
    int64_t began_us = clock_thread_cpu_us();
    open_log(false);
    ck_assert_int_lt(clock_thread_cpu_us() - began_us, 20 * 1000 * 1000);
    ck_assert_int_ge(opened->end_offset, 10);
}
END_TEST

START_TEST(offsets_that_overflow_are_damage)
{
    open_log(false);
    append_ten();
    int64_t size = log_active(opened)->size;
    close_log(false);
    write_at(file_of(0, ".log"), size / 2, "\x7f\xff\xff\xff\xff\xff\xff\xff", 8);
    open_log(false);
    ck_assert_int_eq(opened->end_offset, 10);
    check_offsets(5, 5);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("log_damage");
    TCase *tests = tcase_create("log_damage");
    tcase_set_timeout(tests, 250);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_damaged_batch_before_whole_ones_is_set_aside_and_the_rest_is_served);
    tcase_add_test(tests, damage_of_any_size_costs_no_batch_that_it_does_not_touch);
    tcase_add_loop_test(tests, a_batch_whose_base_offset_never_reached_the_disk_is_kept_and_not_served, 0, 3);
    tcase_add_loop_test(tests, a_bad_end_of_a_segment_is_damage_if_batches_follow_and_torn_if_not, 0, 3);
    tcase_add_test(tests, damage_and_a_torn_tail_in_one_segment_are_told_apart);
    tcase_add_test(tests, what_was_on_stable_storage_is_no_torn_tail);
    tcase_add_loop_test(tests, setting_damage_aside_can_be_interrupted, 0, 2);
    tcase_add_test(tests, damage_in_the_active_segment_is_kept_after_a_clean_stop_too);
    tcase_add_test(tests, a_bad_end_after_a_clean_stop_is_kept_too);
    tcase_add_test(tests, a_hostile_segment_is_given_up_in_bounded_time_and_kept_whole);
    tcase_add_test(tests, offsets_that_overflow_are_damage);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
