/* log_recover: what is found at start, after a clean stop, a crash, an interrupted compaction, and in logs
 * that others made. */
#include "storage/log_read.h"
#include "storage/os/clock.h"
#include "test/unit/storage/storage_test.h"

#include <errno.h>

static struct open_files files;
static struct log_config config;
static struct log *opened;
static int64_t recovery_point;
static int64_t start_offset;

static void open_log(bool clean)
{
    struct note why = {""};
    int error;
    const struct log_options options = {
        .files = &files,
        .path = test_path("log"),
        .config = config,
        .clean = clean,
        .recovery_point = recovery_point,
        .start_offset = start_offset,
    };
    opened = log_open(&options, &error, &why);
    ck_assert_msg(opened != NULL, "%s", why.text);
}

static void close_log(bool cleanly)
{
    if (cleanly)
        ck_assert_int_eq(log_close_cleanly(opened), 0);
    log_free(opened);
    opened = NULL;
}

static void set_up(void)
{
    make_test_directory();
    config = default_config();
    config.index_interval_bytes = 100;
    recovery_point = start_offset = 0;
    open_files_init(&files, file_system_os());
    file_mkdir(file_system_os(), test_path("log"));
}

static void tear_down(void)
{
    if (opened != NULL)
        log_free(opened);
    open_files_fini(&files);
    remove_test_directory();
}

static void append_wish(struct batch_wish wish)
{
    size_t len;
    struct note why = {""};
    uint8_t *bytes = make_batch(&wish, &len);
    int result = log_append_batches(opened, bytes, len, clock_wall_ms(), &why);
    ck_assert_msg(result == 0, "%s", why.text);
    free(bytes);
}

/* Ten batches of one record each, from the end on. */
static void append_ten(void)
{
    for (int i = 0; i < 10; i++)
        append_wish((struct batch_wish){
            .base_offset = opened->end_offset, .value_len = 50, .timestamp = 1000 + opened->end_offset});
}

static const char *file_of(int64_t base, const char *suffix)
{
    char name[100];
    snprintf(name, sizeof name, "log/%020lld%s", (long long)base, suffix);
    return test_path(name);
}

static int64_t size_of(const char *path)
{
    struct file_status status;
    int result = file_path_status(file_system_os(), path, &status);
    return result < 0 ? result : status.size;
}

static void write_at(const char *path, int64_t at, const void *bytes, size_t len)
{
    int file = file_open(file_system_os(), path, FILE_CREATE);
    ck_assert_int_eq(file_write(file_system_os(), file, bytes, len, at), 0);
    file_close(file_system_os(), file);
}

/* Three segments of ten batches each: bases 0, 10, 20. */
static void make_three_segments(void)
{
    open_log(false);
    for (int i = 0; i < 3; i++) {
        if (i > 0)
            ck_assert_int_eq(log_roll(opened, opened->end_offset, 0), 0);
        append_ten();
    }
}

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
static ssize_t read_file(const char *path, char **bytes)
{
    return file_read_all(file_system_os(), path, 1 << 20, bytes);
}

/* Every offset from 0 to 29 is found, but for those from..to. */
static void check_offsets(int64_t from, int64_t to)
{
    for (int64_t offset = 0; offset < opened->end_offset; offset++) {
        struct log_position position;
        ck_assert_int_eq(log_find_position(opened, offset, &position), 0);
        ck_assert_int_eq(position.offset, offset >= from && offset <= to ? to + 1 : offset);
    }
}

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

START_TEST(setting_damage_aside_can_be_interrupted)
{
    make_three_segments();
    int64_t size = opened->segments[1]->size;
    close_log(false);
    write_at(file_of(10, ".log"), size / 2 + 70, "\xff\xff", 2);
    char suffix[100];
    snprintf(suffix, sizeof suffix, ".log.%lld.damaged", (long long)size / 2);
    write_at(file_of(10, suffix), 0, "half", 4);
    write_at(file_of(10, ".log.cleaned"), 0, "half", 4);
    open_log(false);
    check_offsets(15, 15);
    ck_assert_int_eq(size_of(file_of(10, suffix)), size / 10);
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
    int64_t began = clock_monotonic_ms();
    open_log(false);
    ck_assert_int_lt(clock_monotonic_ms() - began, 20000);
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
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, an_empty_directory_becomes_an_empty_log, 0, 2);
    tcase_add_test(tests, a_torn_tail_is_cut_off);
    tcase_add_loop_test(tests, zeros_behind_the_last_batch_are_cut_off_even_after_a_clean_stop, 0, 2);
    tcase_add_test(tests, a_damaged_batch_before_whole_ones_is_set_aside_and_the_rest_is_served);
    tcase_add_test(tests, damage_of_any_size_costs_no_batch_that_it_does_not_touch);
    tcase_add_loop_test(tests, a_batch_whose_base_offset_never_reached_the_disk_is_kept_and_not_served, 0, 3);
    tcase_add_loop_test(tests, a_bad_end_of_a_segment_is_damage_if_batches_follow_and_torn_if_not, 0, 3);
    tcase_add_test(tests, damage_and_a_torn_tail_in_one_segment_are_told_apart);
    tcase_add_test(tests, what_was_on_stable_storage_is_no_torn_tail);
    tcase_add_test(tests, setting_damage_aside_can_be_interrupted);
    tcase_add_test(tests, damage_in_the_active_segment_is_kept_after_a_clean_stop_too);
    tcase_add_test(tests, a_hostile_segment_is_given_up_in_bounded_time_and_kept_whole);
    tcase_add_test(tests, offsets_that_overflow_are_damage);
    tcase_add_test(tests, below_the_recovery_point_only_headers_are_read);
    tcase_add_test(tests, segments_below_the_recovery_point_are_not_read);
    tcase_add_loop_test(tests, missing_and_preallocated_indexes_are_made_anew, 0, 2);
    tcase_add_loop_test(tests, the_course_testers_logs_load_silently, 0, 2);
    tcase_add_test(tests, a_log_may_begin_above_its_files_name);
    tcase_add_test(tests, leftovers_of_deletions_and_compactions_go);
    tcase_add_loop_test(tests, a_finished_swap_takes_the_place_of_what_it_was_made_from, 0, 2);
    tcase_add_test(tests, an_unfinished_swap_is_thrown_away);
    tcase_add_loop_test(tests, a_log_that_ends_before_its_start_begins_anew_there, 0, 2);
    tcase_add_loop_test(tests, empty_segments_behind_a_hole_go, 0, 2);
    tcase_add_loop_test(tests, an_empty_segment_where_the_last_one_ends_or_the_log_begins_stays, 0, 2);
    tcase_add_loop_test(tests, empty_segments_stay_where_a_hole_may_be_none, 0, 2);
    tcase_add_test(tests, producers_and_aborted_transactions_come_back_after_a_crash);
    tcase_add_test(tests, a_flipped_index_entry_never_changes_what_is_found);
    tcase_add_loop_test(tests, a_transaction_index_that_cannot_be_is_made_anew, 0, 6);
    tcase_add_loop_test(tests, damaged_epochs_are_read_from_the_batches, 0, 2);
    tcase_add_loop_test(tests, a_damaged_snapshot_costs_no_producer, 0, 2);
    tcase_add_test(tests, the_snapshot_that_recovery_began_from_stays_until_a_clean_start);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
