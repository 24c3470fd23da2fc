/* log: what a clean stop must have on stable storage, since the next start looks at nothing. */
#include "storage/log.h"
#include "storage/os/clock.h"
#include "test/unit/storage/storage_test.h"

/* The real file system, which writes down the names of files that are synced. */
enum { SYNCED_MAX = 256, NAME_MAX_BYTES = 64 };

static struct file_system disk;
static char names[1024][NAME_MAX_BYTES]; /* by descriptor */
static char synced[SYNCED_MAX][NAME_MAX_BYTES];
static int synced_count;

static struct open_files files;
static struct log *opened;

static int noted_open(struct file_system *fs, const char *path, int flags, unsigned mode)
{
    (void)fs;
    int file = file_system_os()->open(file_system_os(), path, flags, mode);
    if (file >= 0)
        snprintf(names[file], NAME_MAX_BYTES, "%s", strrchr(path, '/') + 1);
    return file;
}

static int noted_sync(struct file_system *fs, int file, bool data_only)
{
    (void)fs;
    ensure(synced_count < SYNCED_MAX);
    memcpy(synced[synced_count++], names[file], NAME_MAX_BYTES);
    return file_system_os()->sync(file_system_os(), file, data_only);
}

static bool is_synced(const char *name)
{
    for (int i = 0; i < synced_count; i++)
        if (strcmp(synced[i], name) == 0)
            return true;
    return false;
}

static void open_log(bool create)
{
    struct note why = {""};
    int error;
    open_files_init(&files, &disk);
    const struct log_options options = {.files = &files,
                                        .path = test_path("log"),
                                        .config = default_config(),
                                        .clean = !create,
                                        .create = create};
    opened = log_open(&options, &error, &why);
    ck_assert_msg(opened != NULL, "%s", why.text);
}

static void close_log(void)
{
    ck_assert_int_eq(log_close_cleanly(opened), 0);
    log_free(opened);
    open_files_fini(&files);
}

static void set_up(void)
{
    make_test_directory();
    disk = *file_system_os();
    disk.open = noted_open;
    disk.sync = noted_sync;
    file_mkdir(&disk, test_path("log"));
    open_log(true);
}

static void tear_down(void)
{
    remove_test_directory();
}

static void append(struct batch_wish wish)
{
    struct note why = {""};
    size_t len;
    wish.base_offset = opened->end_offset;
    wish.timestamp = clock_wall_ms();
    uint8_t *bytes = make_batch(&wish, &len);
    ck_assert_int_eq(log_append_batches(opened, bytes, len, clock_wall_ms(), &why), 0);
    free(bytes);
}

START_TEST(the_epoch_of_a_log_that_was_first_stopped_without_records_is_synced_with_them)
{
    epochs_assign(&opened->epochs, 0, 0); /* as becoming the leader does */
    ck_assert_int_eq(log_store_epochs(opened), 0);
    close_log();
    open_log(false);
    append((struct batch_wish){0});
    synced_count = 0;
    close_log();
    ck_assert(is_synced("leader-epoch-checkpoint"));
}
END_TEST

/* Segments [0, 1) and [1, 2) and [2, 3). */
static void append_three_segments(void)
{
    opened->config.segment_bytes = 1;
    for (int i = 0; i < 3; i++)
        append((struct batch_wish){.value_len = 100});
    ck_assert_int_eq(opened->count, 3);
    opened->config.segment_bytes = 1 << 30;
}

START_TEST(a_closed_segment_that_is_cut_and_written_to_again_is_synced)
{
    append_three_segments();
    for (struct segment *segment; (segment = log_flush_begin(opened)) != NULL;) {
        ck_assert_int_eq(log_flush_run(segment), 0);
        log_flush_end(opened, segment, true);
    }
    ck_assert_int_eq(log_truncate(opened, 1), 0);
    append((struct batch_wish){0});
    synced_count = 0;
    close_log();
    ck_assert(is_synced("00000000000000000001.log"));
    ck_assert(is_synced("00000000000000000001.index"));
    ck_assert(!is_synced("00000000000000000000.log"));
}
END_TEST

START_TEST(the_snapshot_behind_a_closed_segment_is_synced_with_it)
{
    append_three_segments();
    struct segment *segment = log_flush_begin(opened);
    ck_assert_int_eq(log_flush_run(segment), 0);
    log_flush_end(opened, segment, true);
    ck_assert(is_synced("00000000000000000001.snapshot"));
    ck_assert(!is_synced("00000000000000000002.snapshot"));
    close_log();
    ck_assert(is_synced("00000000000000000002.snapshot"));
}
END_TEST

START_TEST(a_flush_does_not_vouch_for_a_segment_that_is_cut_meanwhile)
{
    append_three_segments();
    struct segment *segment = log_flush_begin(opened);
    ck_assert_int_eq(segment->base_offset, 0);
    log_flush_end(opened, segment, true);
    segment = log_flush_begin(opened);
    ck_assert_int_eq(segment->base_offset, 1);
    ck_assert_int_eq(log_flush_run(segment), 0);
    ck_assert_int_eq(log_truncate(opened, 1), 0);
    append((struct batch_wish){0});
    opened->config.segment_bytes = 1;
    append((struct batch_wish){0}); /* closes it again */
    log_flush_end(opened, segment, true);
    ck_assert(!segment->durable);
    ck_assert_int_eq(opened->recovery_point, 1);
    close_log();
}
END_TEST

START_TEST(a_snapshot_that_a_clean_start_could_not_use_is_written_again_by_the_stop)
{
    append((struct batch_wish){.producer_id = 7, .transactional = true});
    close_log();
    int file = file_open(&disk, test_path("log/00000000000000000001.snapshot"), FILE_WRITE | FILE_TRUNCATE);
    file_close(&disk, file);
    open_log(false); /* the batches say it again */
    ck_assert_int_eq(producers_first_unstable(&opened->producers, 1), 0);
    close_log();
    open_log(false);
    ck_assert_int_eq(producers_first_unstable(&opened->producers, 1), 0);
    close_log();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("log_clean_stop");
    TCase *tests = tcase_create("clean stop");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, the_epoch_of_a_log_that_was_first_stopped_without_records_is_synced_with_them);
    tcase_add_test(tests, a_closed_segment_that_is_cut_and_written_to_again_is_synced);
    tcase_add_test(tests, the_snapshot_behind_a_closed_segment_is_synced_with_it);
    tcase_add_test(tests, a_flush_does_not_vouch_for_a_segment_that_is_cut_meanwhile);
    tcase_add_test(tests, a_snapshot_that_a_clean_start_could_not_use_is_written_again_by_the_stop);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
