/* log_retention: which segments go, in which order, and what stays behind (kafka-storage 17). */
#include "storage/log_read.h"
#include "storage/log_retention.h"
#include "storage/os/clock.h"
#include "test/unit/storage/storage_test.h"

#include <errno.h>

enum { NOW_MS = 1000000, DELAY_MS = 60000, ANY = 1000 };

static struct open_files files;
static struct log *opened;

static void open_log(void)
{
    struct note why = {""};
    int error;
    struct log_config config = default_config();
    config.segment_bytes = 250; /* one batch each */
    config.file_delete_delay_ms = DELAY_MS;
    const struct log_options options = {
        .files = &files, .path = test_path("log"), .config = config, .clean = true};
    opened = log_open(&options, &error, &why);
    ck_assert_msg(opened != NULL, "%s", why.text);
}

static void set_up(void)
{
    make_test_directory();
    open_files_init(&files, file_system_os());
    file_mkdir(file_system_os(), test_path("log"));
    open_log();
}

static void tear_down(void)
{
    log_free(opened);
    open_files_fini(&files);
    remove_test_directory();
}

static void append_batch(int64_t timestamp, size_t value_len)
{
    struct note why = {""};
    size_t len;
    const struct batch_wish wish = {
        .base_offset = opened->end_offset, .value_len = value_len, .timestamp = timestamp, .producer_id = 7};
    uint8_t *bytes = make_batch(&wish, &len);
    int result = log_append_batches(opened, bytes, len, clock_wall_ms(), &why);
    ck_assert_msg(result == 0, "%s", why.text);
    free(bytes);
}

/* A segment of one record. Its size is always the same. */
static void append_at(int64_t timestamp)
{
    append_batch(timestamp, 100);
}

static void append_old(int count)
{
    for (int i = 0; i < count; i++)
        append_at(NOW_MS - 500 + i);
}

/* The start moves, is taken for stored, and what lies below it goes: how many segments it has passed. */
static int retain_below(int64_t high_watermark, int32_t max)
{
    const struct log_retention pass = {.high_watermark = high_watermark, .wall_ms = NOW_MS};
    int passed = log_retain(opened, &pass, max);
    ck_assert_int_eq(log_delete_below(opened, opened->start_offset, ANY, 5000), passed);
    return passed;
}

static int retain(void)
{
    return retain_below(opened->end_offset, ANY);
}

static bool has_file(int64_t base, const char *suffix)
{
    char name[100];
    snprintf(name, sizeof name, "log/%020lld%s", (long long)base, suffix);
    return file_exists(file_system_os(), test_path(name));
}

static int32_t unlink_due(int64_t now_ms)
{
    struct segment *taken[ANY];
    int32_t count = log_take_deleted(opened, now_ms, taken, ANY);
    for (int32_t i = 0; i < count; i++)
        log_unlink_deleted(taken[i]);
    return count;
}

START_TEST(nothing_goes_without_a_limit)
{
    append_old(5);
    ck_assert_int_eq(retain(), 0);
    ck_assert_int_eq(opened->count, 5);
}
END_TEST

START_TEST(segments_older_than_retention_ms_go_and_the_start_follows)
{
    append_old(5); /* the oldest is 500 ms old, the next 499, ... */
    opened->config.retention_ms = 498;
    ck_assert_int_eq(retain(), 2);
    ck_assert_int_eq(opened->start_offset, 2);
    ck_assert_int_eq(opened->segments[0]->base_offset, 2);
    ck_assert_int_eq(opened->end_offset, 5);
    ck_assert_int_eq(retain(), 0);
}
END_TEST

/* Kafka's arithmetic: a segment goes while the log without it is still at least retention.bytes. */
START_TEST(segments_beyond_retention_bytes_go)
{
    append_old(5);
    int64_t one = opened->segments[0]->size;
    opened->config.retention_bytes = 3 * one + 1;
    ck_assert_int_eq(retain(), 1);
    opened->config.retention_bytes = 3 * one;
    ck_assert_int_eq(retain(), 1);
    ck_assert_int_eq(opened->start_offset, 2);
    ck_assert_int_eq(retain(), 0);
}
END_TEST

START_TEST(a_log_of_retention_bytes_0_is_emptied_and_rolled)
{
    append_old(3);
    opened->config.retention_bytes = 0;
    ck_assert_int_eq(retain(), 3);
    ck_assert_int_eq(opened->count, 1);
    ck_assert_int_eq(opened->segments[0]->base_offset, 3);
    ck_assert_int_eq(opened->start_offset, 3);
    ck_assert_int_eq(opened->end_offset, 3);
    ck_assert(has_file(3, ".snapshot"));
    ck_assert_int_eq(retain(), 0); /* the empty active segment stays */
    ck_assert_int_eq(opened->segments[0]->base_offset, 3);
    append_old(1);
    ck_assert_int_eq(opened->end_offset, 4);
}
END_TEST

START_TEST(a_timestamp_in_the_future_keeps_its_segment_and_all_later_ones)
{
    append_at(NOW_MS - 500);
    append_at(NOW_MS + 1000);
    append_at(NOW_MS - 500);
    append_at(NOW_MS - 500);
    opened->config.retention_ms = 100;
    ck_assert_int_eq(retain(), 1);
    ck_assert_int_eq(opened->start_offset, 1);
}
END_TEST

START_TEST(a_segment_without_timestamps_is_as_old_as_its_file)
{
    char path[FILE_PATH_MAX];
    for (int i = 0; i < 3; i++)
        append_at(-1);
    segment_path(opened->segments[0], ".log", path);
    ck_assert_int_eq(file_set_modified(file_system_os(), path, NOW_MS - 101000), 0);
    segment_path(opened->segments[1], ".log", path);
    ck_assert_int_eq(file_set_modified(file_system_os(), path, NOW_MS - 99000), 0);
    opened->config.retention_ms = 100000;
    ck_assert_int_eq(retain(), 1);
    ck_assert_int_eq(opened->start_offset, 1);
}
END_TEST

START_TEST(what_is_not_below_the_high_watermark_stays)
{
    append_old(5);
    opened->config.retention_ms = 0;
    ck_assert_int_eq(retain_below(0, ANY), 0);
    ck_assert_int_eq(retain_below(2, ANY), 2);
    ck_assert_int_eq(retain_below(4, ANY), 2);
    ck_assert_int_eq(opened->count, 1);
    ck_assert_int_eq(retain_below(5, ANY), 1);
}
END_TEST

START_TEST(the_start_moves_first_and_only_what_is_below_the_given_offset_goes)
{
    append_old(5);
    opened->config.retention_ms = 497;
    const struct log_retention pass = {.high_watermark = 5, .wall_ms = NOW_MS};
    ck_assert_int_eq(log_retain(opened, &pass, ANY), 3);
    ck_assert_int_eq(opened->start_offset, 3);
    ck_assert_int_eq(opened->count, 5);
    ck_assert_int_eq(log_retain(opened, &pass, ANY), 0);
    ck_assert_int_eq(log_delete_below(opened, 0, ANY, 5000), 0);
    ck_assert_int_eq(log_delete_below(opened, 2, 1, 5000), 1);
    ck_assert_int_eq(log_delete_below(opened, 2, ANY, 5000), 1);
    ck_assert_int_eq(log_delete_below(opened, 2, ANY, 5000), 0);
    ck_assert(has_file(2, ".log"));
    ck_assert_int_eq(log_delete_below(opened, 3, ANY, 5000), 1);
    ck_assert_int_eq(opened->segments[0]->base_offset, 3);
}
END_TEST

START_TEST(segments_below_the_log_start_go_whatever_the_policy_but_never_the_active_one)
{
    append_old(4);
    opened->config.cleanup_delete = false;
    opened->config.cleanup_compact = true;
    opened->config.retention_ms = 0;
    opened->config.retention_bytes = 0;
    ck_assert_int_eq(retain(), 0);
    ck_assert_int_eq(log_advance_start(opened, 2), 0);
    ck_assert_int_eq(log_delete_below(opened, 2, ANY, 5000), 2);
    ck_assert_int_eq(opened->start_offset, 2);
    ck_assert_int_eq(log_advance_start(opened, 4), 0);
    ck_assert_int_eq(log_delete_below(opened, 4, ANY, 5000), 1);
    ck_assert_int_eq(opened->count, 1);
    ck_assert_int_eq(opened->start_offset, 4); /* inside the active segment, at its end */
    ck_assert_int_eq(opened->segments[0]->base_offset, 3);
}
END_TEST

START_TEST(a_pass_in_small_steps_ends_where_one_in_a_large_step_does)
{
    append_old(9);
    opened->config.retention_ms = 495;
    opened->config.retention_bytes = 3 * opened->segments[0]->size;
    int steps = 0;
    for (int deleted; (deleted = retain_below(9, 2)) > 0; steps++)
        ck_assert_int_le(deleted, 2);
    ck_assert_int_eq(steps, 3);
    ck_assert_int_eq(opened->start_offset, 6);
}
END_TEST

START_TEST(files_are_renamed_first_and_unlinked_after_the_delay_with_their_snapshots)
{
    append_old(4);
    ck_assert(has_file(1, ".snapshot"));
    opened->config.retention_ms = 498;
    ck_assert_int_eq(retain(), 2);
    static const char *const suffixes[] = {".log", ".index", ".timeindex", ".snapshot"};
    for (int i = 0; i < 4; i++) {
        char deleted[40];
        snprintf(deleted, sizeof deleted, "%s.deleted", suffixes[i]);
        ck_assert(!has_file(1, suffixes[i]));
        ck_assert(has_file(1, deleted));
        ck_assert(has_file(2, suffixes[i]));
    }
    ck_assert_int_eq(unlink_due(5000 + DELAY_MS - 1), 0);
    ck_assert(has_file(1, ".log.deleted"));
    ck_assert_int_eq(unlink_due(5000 + DELAY_MS), 2);
    ck_assert(!has_file(0, ".log.deleted"));
    ck_assert(!has_file(1, ".log.deleted"));
    ck_assert(!has_file(1, ".snapshot.deleted"));
}
END_TEST

START_TEST(leader_epochs_below_the_start_become_one)
{
    append_old(2);
    epochs_assign(&opened->epochs, 3, 2);
    append_old(2);
    opened->config.retention_bytes = 2 * opened->segments[0]->size;
    ck_assert_int_eq(retain(), 2);
    ck_assert_int_eq(opened->epochs.count, 1);
    ck_assert_int_eq(opened->epochs.entries[0].epoch, 3);
    opened->config.retention_bytes = 0;
    ck_assert_int_eq(retain(), 2);
    ck_assert_int_eq(opened->epochs.entries[0].epoch, 3);
    ck_assert_int_eq(opened->epochs.entries[0].start_offset, 4);
}
END_TEST

START_TEST(producers_of_an_emptied_log_are_known_after_a_restart)
{
    append_old(3);
    opened->config.retention_bytes = 0;
    ck_assert_int_eq(retain(), 3);
    ck_assert_int_eq(log_close_cleanly(opened), 0);
    log_free(opened);
    open_log();
    ck_assert_int_eq(opened->start_offset, 3);
    ck_assert_int_eq(opened->end_offset, 3);
    ck_assert_int_eq(opened->count, 1);
    ck_assert_ptr_nonnull(producers_find(&opened->producers, 7));
    ck_assert(!has_file(0, ".log.deleted"));
}
END_TEST

START_TEST(a_restarted_log_knows_the_age_of_its_closed_segments)
{
    append_old(4);
    ck_assert_int_eq(log_close_cleanly(opened), 0);
    log_free(opened);
    open_log();
    opened->config.retention_ms = 498;
    ck_assert_int_eq(retain(), 2);
    ck_assert_int_eq(opened->start_offset, 2);
}
END_TEST

/* The key of the segment's last time index entry becomes another one. */
static void damage_times(int64_t base, const uint8_t key[8])
{
    char name[100];
    struct file_status status;
    snprintf(name, sizeof name, "log/%020lld.timeindex", (long long)base);
    int file = file_open(file_system_os(), test_path(name), FILE_WRITE);
    ck_assert_int_eq(file_status(file_system_os(), file, &status), 0);
    ck_assert_int_eq(file_write(file_system_os(), file, key, 8, status.size - 12), 0);
    file_close(file_system_os(), file);
}

START_TEST(a_time_index_that_is_not_true_deletes_nothing)
{
    static const uint8_t early[8] = {0, 0, 0, 0, 0, 0, 0, 1};
    static const uint8_t impossible[8] = {0x80};
    char path[FILE_PATH_MAX];
    append_old(4);
    ck_assert_int_eq(log_close_cleanly(opened), 0);
    segment_path(opened->segments[1], ".log", path);
    log_free(opened);
    damage_times(0, early);
    damage_times(1, impossible);
    ck_assert_int_eq(file_set_modified(file_system_os(), path, 0), 0);
    open_log();
    opened->config.retention_ms = 500;
    ck_assert_int_eq(retain(), 0);
    opened->config.retention_ms = 498;
    ck_assert_int_eq(retain(), 2);
}
END_TEST

/* ---- a time index that was cut: its last entry is true, and not the largest ---- */

/* Some batches in one segment, each with an entry but for the first; then a fresh segment. */
static void append_together(int count, size_t value_len, int64_t first_timestamp)
{
    opened->config.segment_bytes = 1 << 30;
    opened->config.index_interval_bytes = 1;
    for (int i = 0; i < count; i++)
        append_batch(first_timestamp + i, value_len);
    opened->config.segment_bytes = 1;
    append_at(NOW_MS);
    ck_assert_int_eq(opened->count, 2);
}

/* A clean stop, so many entries less in the first segment's time index, and a start. */
static void cut_times(int entries)
{
    struct file_status status;
    const char *path = test_path("log/00000000000000000000.timeindex");
    ck_assert_int_eq(log_close_cleanly(opened), 0);
    log_free(opened);
    int file = file_open(file_system_os(), path, FILE_WRITE);
    ck_assert_int_eq(file_status(file_system_os(), file, &status), 0);
    ck_assert_int_eq(file_truncate(file_system_os(), file, status.size - entries * 12), 0);
    file_close(file_system_os(), file);
    open_log();
}

START_TEST(a_time_index_that_was_cut_makes_no_segment_older)
{
    append_together(4, 100, NOW_MS - 500);
    cut_times(2); /* of 3: the last one says 499 ms, the last batch 497 */
    opened->config.retention_ms = 497;
    ck_assert_int_eq(retain(), 0);
    ck_assert_int_eq(opened->segments[0]->max_timestamp, NOW_MS - 497);
    opened->config.retention_ms = 496;
    ck_assert_int_eq(retain(), 1);
}
END_TEST

START_TEST(a_search_by_time_finds_what_a_time_index_that_was_cut_does_not_tell_of)
{
    struct log_range range;
    struct log_record_found found;
    int64_t timestamp;
    append_together(4, 100, NOW_MS - 500);
    cut_times(2);
    ck_assert_int_eq(log_plan_timestamp(opened, 0, NOW_MS - 497, &range), 1);
    ck_assert_int_eq(log_range_find_timestamp(&range, 0, NOW_MS - 497, &found), 1);
    log_range_done(&range);
    ck_assert_int_eq(found.offset, 3);
    ck_assert_int_eq(log_plan_max_timestamp(opened, &timestamp, &range), 1);
    log_range_done(&range);
    ck_assert_int_eq(timestamp, NOW_MS);
}
END_TEST

static struct file_system counting_fs;
static int reads;

static ssize_t count_read(struct file_system *fs, int file, void *bytes, size_t len, int64_t at)
{
    (void)fs;
    reads++;
    return file_system_os()->pread(file_system_os(), file, bytes, len, at);
}

/* Batches larger than what one read brings, so that each header is a read. */
START_TEST(what_lies_behind_the_last_entry_is_read_in_pieces_and_once)
{
    enum { BATCHES = 600 };
    char path[FILE_PATH_MAX];
    const struct log_retention pass = {.high_watermark = BATCHES + 1, .wall_ms = NOW_MS};
    append_together(BATCHES, 5000, NOW_MS - 5000);
    cut_times(BATCHES - 1); /* all */
    segment_path(opened->segments[0], ".log", path);
    ck_assert_int_eq(file_set_modified(file_system_os(), path, 0), 0);
    counting_fs = *file_system_os();
    counting_fs.pread = count_read;
    files.fs = &counting_fs;
    opened->config.retention_ms = 5000 - BATCHES + 1; /* the age of the last one */
    for (int piece = 1; piece <= 2; piece++) {
        ck_assert_int_eq(log_retain(opened, &pass, ANY), -EAGAIN);
        ck_assert_int_le(reads, piece * 300);
    }
    ck_assert_int_eq(log_retain(opened, &pass, ANY), 0);
    ck_assert_int_ge(reads, BATCHES);
    reads = 0;
    opened->config.retention_ms--;
    ck_assert_int_eq(log_retain(opened, &pass, ANY), 1);
    ck_assert_int_eq(reads, 0);
    files.fs = file_system_os();
}
END_TEST

START_TEST(a_segment_that_this_process_wrote_is_not_read_for_its_age)
{
    append_together(4, 100, NOW_MS - 500);
    counting_fs = *file_system_os();
    counting_fs.pread = count_read;
    files.fs = &counting_fs;
    opened->config.retention_ms = 490;
    ck_assert_int_eq(retain(), 1);
    ck_assert_int_eq(reads, 0);
    files.fs = file_system_os();
}
END_TEST

START_TEST(a_segment_whose_timestamps_cannot_be_read_is_not_deleted_for_its_age)
{
    append_together(4, 100, NOW_MS - 500);
    int64_t last_at = opened->segments[0]->size / 4 * 3;
    int file = file_open(file_system_os(), test_path("log/00000000000000000000.log"), FILE_WRITE);
    ck_assert_int_eq(file_write(file_system_os(), file, "?", 1, last_at + BATCH_MAGIC_AT), 0);
    file_close(file_system_os(), file);
    cut_times(2);
    listen_to_broker();
    opened->config.retention_ms = 400;
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(retain(), 0);
    ck_assert_int_eq(lines_said_with("00000000000000000000.log: there is no batch at byte"), 1);
    opened->config.retention_bytes = 0;
    ck_assert_int_eq(retain(), 2); /* for its size it is */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("log_retention");
    TCase *tests = tcase_create("log_retention");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, nothing_goes_without_a_limit);
    tcase_add_test(tests, segments_older_than_retention_ms_go_and_the_start_follows);
    tcase_add_test(tests, segments_beyond_retention_bytes_go);
    tcase_add_test(tests, a_log_of_retention_bytes_0_is_emptied_and_rolled);
    tcase_add_test(tests, a_timestamp_in_the_future_keeps_its_segment_and_all_later_ones);
    tcase_add_test(tests, a_segment_without_timestamps_is_as_old_as_its_file);
    tcase_add_test(tests, what_is_not_below_the_high_watermark_stays);
    tcase_add_test(tests, the_start_moves_first_and_only_what_is_below_the_given_offset_goes);
    tcase_add_test(tests, segments_below_the_log_start_go_whatever_the_policy_but_never_the_active_one);
    tcase_add_test(tests, a_pass_in_small_steps_ends_where_one_in_a_large_step_does);
    tcase_add_test(tests, files_are_renamed_first_and_unlinked_after_the_delay_with_their_snapshots);
    tcase_add_test(tests, leader_epochs_below_the_start_become_one);
    tcase_add_test(tests, producers_of_an_emptied_log_are_known_after_a_restart);
    tcase_add_test(tests, a_restarted_log_knows_the_age_of_its_closed_segments);
    tcase_add_test(tests, a_time_index_that_is_not_true_deletes_nothing);
    tcase_add_test(tests, a_time_index_that_was_cut_makes_no_segment_older);
    tcase_add_test(tests, a_search_by_time_finds_what_a_time_index_that_was_cut_does_not_tell_of);
    tcase_add_test(tests, what_lies_behind_the_last_entry_is_read_in_pieces_and_once);
    tcase_add_test(tests, a_segment_that_this_process_wrote_is_not_read_for_its_age);
    tcase_add_test(tests, a_segment_whose_timestamps_cannot_be_read_is_not_deleted_for_its_age);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
