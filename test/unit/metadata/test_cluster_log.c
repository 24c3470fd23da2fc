/* cluster_log: what is read back after clean and unclean ends, over several segments and behind snapshots. */
#include "metadata/batch_writer.h"
#include "metadata/cluster_log.h"
#include "test/unit/metadata/fixture.h"

#include <errno.h>

static char directory[256];

static void set_up(void)
{
    make_scratch(directory);
}

static void tear_down(void)
{
    remove_tree(directory);
}

/* ---- what a replay gives ---- */

struct seen {
    int64_t offsets[64];
    int count;
    int refuse_at; /* 0: never */
};

static bool see(void *context, struct slice batch, struct note *why)
{
    struct seen *seen = context;
    struct batch_header header;
    batch_header_read(batch.data, &header);
    ck_assert_uint_eq(batch.len, (size_t)batch_size(&header));
    ck_assert_int_lt(seen->count, 64);
    seen->offsets[seen->count++] = header.base_offset;
    if (seen->count == seen->refuse_at)
        note_set(why, "enough");
    return seen->count != seen->refuse_at;
}

static bool try_open(struct cluster_log *log, int64_t from_offset, struct seen *seen, struct note *why)
{
    *why = (struct note){""};
    return cluster_log_open(log, file_system_os(), directory, from_offset, see, seen, why);
}

static void open_log(struct cluster_log *log, int64_t from_offset, struct seen *seen)
{
    struct note why;
    *seen = (struct seen){.count = 0};
    ck_assert_msg(try_open(log, from_offset, seen, &why), "%s", why.text);
}

static int64_t append_ms = 1700000000000;

/* A batch of `count` records. */
static void append(struct cluster_log *log, int count, int32_t epoch)
{
    struct batch_writer writer;
    batch_writer_init(&writer, log->end_offset, epoch, append_ms);
    for (int i = 0; i < count; i++)
        batch_writer_add(&writer, SLICE("\x01\x14\x00\x00"));
    batch_writer_end(&writer);
    ck_assert_int_eq(cluster_log_append(log, buf_slice(&writer.bytes), writer.next_offset, epoch), 0);
    ck_assert_int_eq(cluster_log_sync(log), 0);
    batch_writer_fini(&writer);
}

#define FIRST_SEGMENT "00000000000000000000.log"

START_TEST(an_empty_directory_gets_an_empty_log)
{
    struct cluster_log log;
    struct seen seen;
    open_log(&log, 0, &seen);
    ck_assert_int_eq(log.end_offset, 0);
    ck_assert_int_eq(log.last_epoch, -1);
    ck_assert(log.directory_changed);
    append(&log, 1, 1);
    ck_assert(!log.directory_changed);
    cluster_log_close(&log);
}
END_TEST

START_TEST(what_was_appended_is_read_back_in_order)
{
    struct cluster_log log;
    struct seen seen;
    open_log(&log, 0, &seen);
    append(&log, 1, 1);
    append(&log, 5, 1);
    append(&log, 2, 4);
    cluster_log_close(&log);
    open_log(&log, 0, &seen);
    ck_assert_int_eq(seen.count, 3);
    ck_assert_int_eq(seen.offsets[1], 1);
    ck_assert_int_eq(seen.offsets[2], 6);
    ck_assert_int_eq(log.end_offset, 8);
    ck_assert_int_eq(log.last_epoch, 4);
    append(&log, 1, 4);
    cluster_log_close(&log);
    open_log(&log, 0, &seen);
    ck_assert_int_eq(seen.count, 4);
    cluster_log_close(&log);
}
END_TEST

/* A write that was cut anywhere takes the last batch away and nothing else. */
START_TEST(a_torn_tail_is_cut_off_wherever_it_was_torn)
{
    struct cluster_log log;
    struct seen seen;
    open_log(&log, 0, &seen);
    append(&log, 3, 1);
    int64_t first = log.size;
    append(&log, 2, 1);
    int64_t whole = log.size;
    cluster_log_close(&log);
    struct slice bytes = read_file(directory, FIRST_SEGMENT);
    for (int64_t len = first; len <= whole; len++) {
        write_file(directory, FIRST_SEGMENT, bytes.data, (size_t)len);
        open_log(&log, 0, &seen);
        ck_assert_int_eq(seen.count, len == whole ? 2 : 1);
        ck_assert_int_eq(log.end_offset, len == whole ? 5 : 3);
        append(&log, 1, 1);
        cluster_log_close(&log);
        open_log(&log, 0, &seen);
        ck_assert_int_eq(log.end_offset, len == whole ? 6 : 4);
        cluster_log_close(&log);
    }
    free_file(bytes);
}
END_TEST

START_TEST(a_tail_of_zeros_is_cut_off)
{
    static const uint8_t zeros[5000];
    struct cluster_log log;
    struct seen seen;
    open_log(&log, 0, &seen);
    append(&log, 3, 1);
    int64_t size = log.size;
    ck_assert_int_eq(file_write(log.fs, log.file, zeros, sizeof zeros, size) < 0, 0);
    cluster_log_close(&log);
    open_log(&log, 0, &seen);
    ck_assert_int_eq(log.size, size);
    cluster_log_close(&log);
    struct slice bytes = read_file(directory, FIRST_SEGMENT);
    ck_assert_int_eq((int64_t)bytes.len, size);
    free_file(bytes);
    ck_assert(log.lost_end);
    char path[400];
    snprintf(path, sizeof path, "%s/00000000000000000000.log.%lld.damaged", directory, (long long)size);
    ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

START_TEST(a_wrong_checksum_ends_the_log)
{
    struct cluster_log log;
    struct seen seen;
    open_log(&log, 0, &seen);
    append(&log, 3, 1);
    int64_t size = log.size;
    append(&log, 3, 1);
    cluster_log_close(&log);
    struct slice bytes = read_file(directory, FIRST_SEGMENT);
    ((uint8_t *)(uintptr_t)bytes.data)[size + 70] ^= 1;
    write_file(directory, FIRST_SEGMENT, bytes.data, bytes.len);
    free_file(bytes);
    open_log(&log, 0, &seen);
    ck_assert_int_eq(seen.count, 1);
    ck_assert_int_eq(log.size, size);
    cluster_log_close(&log);
}
END_TEST

static void flip(int64_t at)
{
    struct slice bytes = read_file(directory, FIRST_SEGMENT);
    ((uint8_t *)(uintptr_t)bytes.data)[at] ^= 1;
    write_file(directory, FIRST_SEGMENT, bytes.data, bytes.len);
    free_file(bytes);
}

static void check_kept(const char *name, struct slice bytes)
{
    struct slice kept = read_file(directory, name);
    ck_assert_msg(slice_equal(kept, bytes), "%s has %zu bytes, not %zu", name, kept.len, bytes.len);
    free_file(kept);
}

/* It may be a change that was acknowledged. Whatever rots in it, of a length that makes it look cut off to
 * the last byte. */
START_TEST(a_bad_end_is_kept_beside_the_segment)
{
    static const int rots[] = {0, 8, 11, 16, 17, 21, 60, 70};
    struct cluster_log log;
    struct seen seen;
    open_log(&log, 0, &seen);
    ck_assert(!log.lost_end);
    append(&log, 3, 1);
    int64_t first = log.size;
    append(&log, 3, 1);
    cluster_log_close(&log);
    struct slice whole = read_file(directory, FIRST_SEGMENT);
    char name[80];
    snprintf(name, sizeof name, "00000000000000000000.log.%lld.damaged", (long long)first);
    for (size_t i = 0; i < sizeof rots / sizeof rots[0]; i++) {
        write_file(directory, FIRST_SEGMENT, whole.data, whole.len);
        flip(first + rots[i]);
        struct slice rotten = read_file(directory, FIRST_SEGMENT);
        open_log(&log, 0, &seen);
        if (rots[i] > 0) { /* else it is one of a later offset */
            ck_assert_int_eq(log.size, first);
            ck_assert(log.lost_end);
            check_kept(name, slice_from(rotten, (size_t)first));
            char path[400];
            snprintf(path, sizeof path, "%s/%s", directory, name);
            ck_assert_int_eq(unlink(path), 0);
        }
        free_file(rotten);
        cluster_log_close(&log);
    }
    free_file(whole);
}
END_TEST

/* A start that was killed while it kept them goes on; and what was kept before is not written over. */
START_TEST(what_is_kept_is_never_written_over)
{
    struct cluster_log log;
    struct seen seen;
    for (int i = 0; i < 3; i++) {
        open_log(&log, 0, &seen);
        if (i > 0) {
            ck_assert_int_eq(log.size, 0);
            ck_assert(log.lost_end);
        }
        append(&log, 3 + i, 1);
        cluster_log_close(&log);
        flip(70);
    }
    struct slice rotten = read_file(directory, FIRST_SEGMENT);
    write_file(directory, "00000000000000000000.log.0.2.damaged", rotten.data, rotten.len / 2);
    open_log(&log, 0, &seen);
    cluster_log_close(&log);
    check_kept("00000000000000000000.log.0.2.damaged", rotten);
    struct slice kept[2] = {read_file(directory, "00000000000000000000.log.0.damaged"),
                            read_file(directory, "00000000000000000000.log.0.1.damaged")};
    ck_assert_uint_lt(kept[0].len, kept[1].len);
    ck_assert_uint_lt(kept[1].len, rotten.len);

    write_file(directory, FIRST_SEGMENT, kept[0].data, kept[0].len); /* the cut is what got lost */
    open_log(&log, 0, &seen);
    ck_assert_int_eq(log.size, 0);
    cluster_log_close(&log);
    char path[400];
    snprintf(path, sizeof path, "%s/00000000000000000000.log.0.3.damaged", directory);
    ck_assert_int_ne(access(path, F_OK), 0);
    free_file(kept[0]);
    free_file(kept[1]);
    free_file(rotten);
}
END_TEST

/* Cutting here would take records away that were synced, and their topics with them. */
START_TEST(a_wrong_checksum_before_later_appends_is_refused)
{
    struct cluster_log log;
    struct seen seen = {.count = 0};
    struct note why;
    open_log(&log, 0, &seen);
    append(&log, 3, 1);
    int64_t first = log.size;
    append(&log, 3, 1);
    append_ms += 1;
    append(&log, 3, 1);
    cluster_log_close(&log);
    struct slice bytes = read_file(directory, FIRST_SEGMENT);
    ((uint8_t *)(uintptr_t)bytes.data)[first + 70] ^= 1;
    write_file(directory, FIRST_SEGMENT, bytes.data, bytes.len);
    ck_assert(!try_open(&log, 0, &seen, &why));
    char expected[80];
    snprintf(expected, sizeof expected, "the batch at byte %lld has a wrong checksum", (long long)first);
    ck_assert_msg(strstr(why.text, expected) != NULL, "%s", why.text);

    ((uint8_t *)(uintptr_t)bytes.data)[first + 70] ^=
        1; /* of one append the parts may be torn in any order */
    ((uint8_t *)(uintptr_t)bytes.data)[70] ^= 1;
    write_file(directory, FIRST_SEGMENT, bytes.data, (size_t)(2 * first));
    open_log(&log, 0, &seen);
    ck_assert_int_eq(log.size, 0);
    cluster_log_close(&log);
    free_file(bytes);
}
END_TEST

/* Half of its header is under no checksum: its offset, its length, its epoch, its magic. */
START_TEST(a_header_that_rots_before_later_appends_takes_nothing_along)
{
    struct cluster_log log;
    struct seen seen = {.count = 0};
    struct note why;
    open_log(&log, 0, &seen);
    int64_t second = 0;
    for (int i = 0; i < 5; i++) {
        append(&log, 3, 1);
        append_ms += 1;
        second = i == 0 ? log.size : second;
    }
    int64_t end = log.end_offset;
    cluster_log_close(&log);
    struct slice bytes = read_file(directory, FIRST_SEGMENT);
    for (int i = 0; i < BATCH_HEADER_SIZE * 8; i++) {
        uint8_t *byte = (uint8_t *)(uintptr_t)bytes.data + second + i / 8;
        *byte ^= (uint8_t)(1 << i % 8);
        write_file(directory, FIRST_SEGMENT, bytes.data, bytes.len);
        seen.count = 0;
        bool opened = try_open(&log, 0, &seen, &why);
        ck_assert_msg(!opened || log.end_offset >= end, "bit %d: the log ends at %lld", i,
                      (long long)log.end_offset);
        if (opened)
            cluster_log_close(&log);
        else
            ck_assert_msg(strstr(why.text, "the disk has lost data") != NULL, "bit %d: %s", i, why.text);
        *byte ^= (uint8_t)(1 << i % 8);
    }
    free_file(bytes);
}
END_TEST

START_TEST(a_batch_with_an_older_offset_or_epoch_ends_the_log)
{
    struct cluster_log log;
    struct seen seen;
    open_log(&log, 0, &seen);
    append(&log, 3, 5);
    int64_t size = log.size;
    cluster_log_close(&log);
    struct slice bytes = read_file(directory, FIRST_SEGMENT);
    uint8_t *twice = malloc(bytes.len * 2);
    memcpy(twice, bytes.data, bytes.len);
    memcpy(twice + bytes.len, bytes.data, bytes.len); /* offset 0 again */
    write_file(directory, FIRST_SEGMENT, twice, bytes.len * 2);
    open_log(&log, 0, &seen);
    ck_assert_int_eq(log.size, size);
    cluster_log_close(&log);
    batch_set_base_offset(twice + bytes.len, 3);
    batch_set_leader_epoch(twice + bytes.len, 4);
    write_file(directory, FIRST_SEGMENT, twice, bytes.len * 2);
    open_log(&log, 0, &seen);
    ck_assert_int_eq(log.size, size);
    cluster_log_close(&log);
    batch_set_leader_epoch(twice + bytes.len, 5);
    write_file(directory, FIRST_SEGMENT, twice, bytes.len * 2);
    open_log(&log, 0, &seen);
    ck_assert_int_eq(log.end_offset, 6);
    cluster_log_close(&log);
    free(twice);
    free_file(bytes);
}
END_TEST

/* Ten batches of one record in segments of two. */
static void fill_segments(void)
{
    struct cluster_log log;
    struct seen seen;
    open_log(&log, 0, &seen);
    append(&log, 1, 1);
    log.segment_bytes = 2 * log.size;
    for (int i = 1; i < 10; i++)
        append(&log, 1, 1);
    cluster_log_close(&log);
}

START_TEST(a_full_segment_is_followed_by_another)
{
    struct cluster_log log;
    struct seen seen;
    fill_segments();
    ck_assert_int_eq(access(directory, F_OK), 0);
    struct slice last = read_file(directory, "00000000000000000008.log");
    ck_assert_uint_gt(last.len, 0);
    free_file(last);
    open_log(&log, 0, &seen);
    ck_assert_int_eq(seen.count, 10);
    ck_assert_int_eq(log.end_offset, 10);
    cluster_log_close(&log);
}
END_TEST

START_TEST(only_what_follows_the_snapshot_is_replayed)
{
    struct cluster_log log;
    struct seen seen;
    fill_segments();
    open_log(&log, 5, &seen);
    ck_assert_int_eq(seen.count, 5);
    ck_assert_int_eq(seen.offsets[0], 5);
    cluster_log_close(&log);
    open_log(&log, 10, &seen);
    ck_assert_int_eq(seen.count, 0);
    ck_assert_int_eq(log.end_offset, 10);
    cluster_log_close(&log);
}
END_TEST

/* Segments below the snapshot may be gone: retention deletes them. */
START_TEST(a_log_may_begin_where_the_snapshot_ends_but_not_later)
{
    struct cluster_log log;
    struct seen seen;
    struct note why;
    char path[400];
    fill_segments();
    for (int base = 0; base < 4; base += 2) {
        snprintf(path, sizeof path, "%s/%020d.log", directory, base);
        ck_assert_int_eq(unlink(path), 0);
    }
    open_log(&log, 4, &seen);
    ck_assert_int_eq(seen.count, 6);
    cluster_log_close(&log);
    ck_assert(!try_open(&log, 3, &seen, &why));
    ck_assert_msg(strstr(why.text, "records from 3 to 3 are missing") != NULL, "%s", why.text);
}
END_TEST

START_TEST(damage_before_the_last_segment_is_refused)
{
    struct cluster_log log;
    struct seen seen = {.count = 0};
    struct note why;
    fill_segments();
    struct slice bytes = read_file(directory, "00000000000000000004.log");
    write_file(directory, "00000000000000000004.log", bytes.data, bytes.len - 1);
    free_file(bytes);
    ck_assert(!try_open(&log, 0, &seen, &why));
    ck_assert_msg(strstr(why.text, "this is not the last segment") != NULL, "%s", why.text);
    open_log(&log, 6, &seen); /* a snapshot that covers it makes it unimportant */
    cluster_log_close(&log);
}
END_TEST

START_TEST(a_snapshot_ahead_of_the_log_starts_it_anew)
{
    struct cluster_log log;
    struct seen seen;
    char path[400];
    fill_segments();
    open_log(&log, 100, &seen);
    ck_assert_int_eq(seen.count, 0);
    ck_assert_int_eq(log.end_offset, 100);
    append(&log, 1, 7);
    cluster_log_close(&log);
    snprintf(path, sizeof path, "%s/" FIRST_SEGMENT, directory);
    ck_assert_int_ne(access(path, F_OK), 0);
    open_log(&log, 100, &seen);
    ck_assert_int_eq(seen.count, 1);
    ck_assert_int_eq(seen.offsets[0], 100);
    cluster_log_close(&log);
}
END_TEST

START_TEST(a_refused_batch_stops_the_start_with_its_reason)
{
    struct cluster_log log;
    struct seen seen = {.refuse_at = 3};
    struct note why;
    fill_segments();
    ck_assert(!try_open(&log, 0, &seen, &why));
    ck_assert_int_eq(seen.count, 3);
    ck_assert_msg(strstr(why.text, "0002.log: enough") != NULL, "%s", why.text);
}
END_TEST

/* Nobody may have looked yet. */
START_TEST(what_is_kept_outlives_its_segment)
{
    static const char kept[] = "00000000000000000002.log.17.damaged";
    struct cluster_log log;
    struct seen seen;
    char path[400];
    fill_segments();
    write_file(directory, kept, "x", 1);
    open_log(&log, 0, &seen);
    ck_assert_int_eq(seen.count, 10);
    ck_assert_int_eq(cluster_log_delete_below(&log, 6), 0);
    cluster_log_close(&log);
    snprintf(path, sizeof path, "%s/00000000000000000002.log", directory);
    ck_assert_int_ne(access(path, F_OK), 0);
    check_kept(kept, SLICE("x"));
}
END_TEST

START_TEST(batches_larger_than_a_read_are_whole)
{
    struct cluster_log log;
    struct seen seen;
    open_log(&log, 0, &seen);
    append(&log, 1, 1);
    append(&log, 300000, 1);
    append(&log, 1, 1);
    cluster_log_close(&log);
    open_log(&log, 0, &seen);
    ck_assert_int_eq(seen.count, 3);
    ck_assert_int_eq(log.end_offset, 300002);
    cluster_log_close(&log);
}
END_TEST

START_TEST(other_files_are_no_segments)
{
    struct cluster_log log;
    struct seen seen;
    write_file(directory, "00000000000000000000.log.deleted", "x", 1);
    write_file(directory, "0000000000000000000x.log", "x", 1);
    write_file(directory, "99999999999999999999.log", "x", 1);
    write_file(directory, "00000000000000000000.index", "x", 1);
    open_log(&log, 0, &seen);
    append(&log, 1, 1);
    cluster_log_close(&log);
    open_log(&log, 0, &seen);
    ck_assert_int_eq(log.end_offset, 1);
    cluster_log_close(&log);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cluster_log");
    TCase *tcase = tcase_create("cluster_log");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 250);
    tcase_add_test(tcase, an_empty_directory_gets_an_empty_log);
    tcase_add_test(tcase, what_was_appended_is_read_back_in_order);
    tcase_add_test(tcase, a_torn_tail_is_cut_off_wherever_it_was_torn);
    tcase_add_test(tcase, a_tail_of_zeros_is_cut_off);
    tcase_add_test(tcase, a_wrong_checksum_ends_the_log);
    tcase_add_test(tcase, a_bad_end_is_kept_beside_the_segment);
    tcase_add_test(tcase, what_is_kept_is_never_written_over);
    tcase_add_test(tcase, a_wrong_checksum_before_later_appends_is_refused);
    tcase_add_test(tcase, a_header_that_rots_before_later_appends_takes_nothing_along);
    tcase_add_test(tcase, a_batch_with_an_older_offset_or_epoch_ends_the_log);
    tcase_add_test(tcase, a_full_segment_is_followed_by_another);
    tcase_add_test(tcase, only_what_follows_the_snapshot_is_replayed);
    tcase_add_test(tcase, a_log_may_begin_where_the_snapshot_ends_but_not_later);
    tcase_add_test(tcase, damage_before_the_last_segment_is_refused);
    tcase_add_test(tcase, a_snapshot_ahead_of_the_log_starts_it_anew);
    tcase_add_test(tcase, a_refused_batch_stops_the_start_with_its_reason);
    tcase_add_test(tcase, what_is_kept_outlives_its_segment);
    tcase_add_test(tcase, batches_larger_than_a_read_are_whole);
    tcase_add_test(tcase, other_files_are_no_segments);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
