/* partition_clean: what a cleaning leaves (kafka-storage 18), rule by rule, and when it is done at all. */
#include "storage/log_private.h"
#include "storage/offset_map.h"
#include "test/unit/storage/clean_test.h"

enum { NOW = 1000000 };

/* "offset key=value@timestamp" of each record, "[base-last flags]" of each batch without records. */
static struct buf left;

static void describe_record(const struct record *record)
{
    buf_printf(&left, "%lld %.*s=%.*s@%lld ", (long long)record->offset, SLICE_ARGS(record->key),
               slice_is_null(record->value) ? 4 : (int)record->value.len,
               slice_is_null(record->value) ? "NULL" : (const char *)record->value.data,
               (long long)record->timestamp);
}

static void describe_batch(struct slice batch, const struct batch_header *header, void *context)
{
    (void)context;
    if (header->record_count == 0)
        buf_printf(&left, "[%lld-%lld] ", (long long)header->base_offset,
                   (long long)batch_last_offset(header));
    if (batch_has_delete_horizon(header))
        buf_printf(&left, "H%lld:", (long long)header->base_timestamp);
    if (batch_is_control(header)) {
        if (header->record_count > 0)
            buf_printf(&left, "marker@%lld ", (long long)header->base_offset);
        return;
    }
    struct record_iterator it;
    struct record record;
    record_iterator_init(&it, batch, NULL);
    while (record_iterator_next(&it, &record, NULL) == RECORD_READ)
        describe_record(&record);
    ck_assert_int_eq(it.result, RECORD_END);
    record_iterator_fini(&it);
}

static const char *describe(void)
{
    buf_clear(&left, SIZE_MAX);
    each_batch(describe_batch, NULL);
    buf_append_char(&left, '\0');
    return (const char *)left.data;
}

START_TEST(the_last_record_of_each_key_is_left_and_the_active_segment_is_not_touched)
{
    append_record("a", "1");
    append_record("b", "2");
    append_record("a", "3");
    roll();
    append_record("b", "4");
    ck_assert(clean_at(NOW));
    ck_assert_str_eq(describe(), "1 b=2@5000 2 a=3@5000 3 b=4@5000 ");
    ck_assert_int_eq(partition->first_dirty, 3);
    ck_assert(!clean_at(NOW)); /* nothing is dirty */
    close_partition();
}
END_TEST

START_TEST(records_that_are_kept_keep_their_offsets_in_every_codec)
{
    for (int codec = CODEC_NONE; codec < CODEC_COUNT; codec++) {
        const struct keyed records[] = {{"a", "1"}, {"b", "2"}, {"c", "3"}, {"a", "4"}, {"b", "5"}};
        append_keyed(&(struct keyed_batch){.records = records,
                                           .count = 5,
                                           .timestamp = 7000,
                                           .codec = (enum codec)codec,
                                           .producer_id = 8,
                                           .base_sequence = codec * 5,
                                           .log_append_time = codec == CODEC_LZ4});
        append_record("b", "6");
        roll();
        append_record("x", "y");
        ck_assert(clean_at(NOW));
        char expected[64];
        snprintf(expected, sizeof expected, "%d c=3@7000 %d a=4@7000 %d b=6@5000 %d x=y", codec * 7 + 2,
                 codec * 7 + 3, codec * 7 + 5, codec * 7 + 6);
        ck_assert_ptr_nonnull(strstr(describe(), expected));
    }
    close_partition();
}
END_TEST

static void check_kept_fields(struct slice batch, const struct batch_header *header, void *context)
{
    (void)batch;
    int *seen = context;
    if (header->producer_id != 8)
        return;
    (*seen)++;
    ck_assert_int_eq(header->last_offset_delta, 4);
    ck_assert_int_eq(header->record_count, 2);
    ck_assert_int_eq(header->base_sequence, 10);
    ck_assert_int_eq(header->partition_leader_epoch, 0);
    ck_assert_int_eq(header->producer_epoch, 0);
    ck_assert_int_eq(header->max_timestamp, 7000);
    ck_assert_int_eq(batch_codec(header), CODEC_ZSTD);
    ck_assert(batch_is_log_append_time(header));
}

START_TEST(what_a_rebuilt_batch_says_of_its_producer_and_epoch_is_what_it_said)
{
    const struct keyed records[] = {{"a", "1"}, {"b", "2"}, {"c", "3"}, {"a", "4"}, {"b", "5"}};
    append_keyed(&(struct keyed_batch){.records = records,
                                       .count = 5,
                                       .timestamp = 7000,
                                       .codec = CODEC_ZSTD,
                                       .producer_id = 8,
                                       .base_sequence = 10,
                                       .log_append_time = true});
    append_record("b", "6");
    roll();
    int seen = 0;
    ck_assert(clean_at(NOW));
    each_batch(check_kept_fields, &seen);
    ck_assert_int_eq(seen, 1);
    ck_assert_str_eq(describe(), "2 c=3@7000 3 a=4@7000 5 b=6@5000 ");
    close_partition();
}
END_TEST

START_TEST(a_tombstone_gets_a_horizon_first_and_goes_when_that_has_passed)
{
    append_record("a", "1");
    append_record("a", NULL);
    append_record("b", "2");
    roll();
    ck_assert(clean_at(NOW));
    ck_assert_str_eq(describe(), "H1001000:1 a=NULL@5000 2 b=2@5000 ");
    append_record("c", "3");
    roll();
    ck_assert(clean_at(NOW + 999));
    ck_assert_str_eq(describe(), "H1001000:1 a=NULL@5000 2 b=2@5000 3 c=3@5000 ");
    append_record("d", "4");
    roll();
    ck_assert(clean_at(NOW + 1000));
    ck_assert_str_eq(describe(), "2 b=2@5000 3 c=3@5000 4 d=4@5000 ");
    close_partition();
}
END_TEST

START_TEST(records_without_a_key_go)
{
    append_record("a", "1");
    append_record(NULL, "2");
    append_record("", "3");
    roll();
    ck_assert(clean_at(NOW));
    ck_assert_str_eq(describe(), "0 a=1@5000 2 =3@5000 ");
    close_partition();
}
END_TEST

START_TEST(the_last_batch_of_the_range_stays_as_an_empty_one)
{
    append_record("a", "1");
    append_record(NULL, "2");
    roll();
    append_record("b", "3");
    ck_assert(clean_at(NOW));
    ck_assert_str_eq(describe(), "0 a=1@5000 [1-1] 2 b=3@5000 ");
    close_partition();
}
END_TEST

START_TEST(the_last_batch_of_a_live_producer_stays_as_an_empty_one)
{
    const struct keyed record = {"a", "1"};
    for (int i = 0; i < 3; i++)
        append_keyed(&(struct keyed_batch){
            .records = &record, .count = 1, .timestamp = 5000, .producer_id = 8, .base_sequence = i});
    append_record("a", "2");
    roll();
    ck_assert(clean_at(NOW));
    ck_assert_str_eq(describe(), "[2-2] 3 a=2@5000 ");
    close_partition();
}
END_TEST

static int64_t append_transaction(const char *key, const char *value, int32_t sequence, bool aborted)
{
    const struct keyed record = {key, value};
    int64_t offset = append_keyed(&(struct keyed_batch){.records = &record,
                                                        .count = 1,
                                                        .timestamp = 5000,
                                                        .producer_id = 8,
                                                        .base_sequence = sequence,
                                                        .transactional = true});
    append_keyed(
        &(struct keyed_batch){.timestamp = 5000, .producer_id = 8, .marker = true, .aborted = aborted});
    return offset;
}

START_TEST(aborted_records_go_and_hide_nothing_and_their_marker_follows_in_two_steps)
{
    append_record("a", "1");
    append_transaction("a", "aborted", 0, true);
    append_transaction("a", "2", 1, false);
    append_transaction("b", "aborted", 2, true);
    append_record("c", "3");
    roll();
    ck_assert(clean_at(NOW));
    ck_assert_str_eq(describe(), "marker@2 3 a=2@5000 marker@4 [5-5] marker@6 7 c=3@5000 ");
    ck_assert(log_active(partition->log)->has_txn_index == false);
    append_record("d", "4");
    roll();
    ck_assert(clean_at(NOW));
    ck_assert_str_eq(describe(),
                     "H1001000:marker@2 3 a=2@5000 marker@4 [5-5] marker@6 7 c=3@5000 8 d=4@5000 ");
    append_record("a", "5");
    roll();
    ck_assert(clean_at(NOW + 1000));
    ck_assert_str_eq(describe(), "marker@4 [5-5] marker@6 7 c=3@5000 8 d=4@5000 9 a=5@5000 ");
    close_partition();
}
END_TEST

START_TEST(nothing_at_or_above_the_last_stable_offset_is_cleaned)
{
    const struct keyed record = {"a", "1"};
    append_record("a", "0");
    append_record("a", "1");
    roll();
    append_record("a", "2");
    append_keyed(&(struct keyed_batch){
        .records = &record, .count = 1, .timestamp = 5000, .producer_id = 8, .transactional = true});
    roll();
    append_record("a", "3");
    roll();
    ck_assert(clean_at(NOW));
    ck_assert_int_eq(partition->first_dirty, 2);
    ck_assert(!clean_at(NOW));
    append_keyed(&(struct keyed_batch){.timestamp = 5000, .producer_id = 8, .marker = true});
    ck_assert(clean_at(NOW));
    ck_assert_int_eq(partition->first_dirty, 5);
    close_partition();
}
END_TEST

START_TEST(records_younger_than_min_compaction_lag_ms_wait)
{
    config.min_compaction_lag_ms = 1000;
    partition_set_config(partition, &config);
    append_record("a", "1");
    append_record("a", "2");
    roll();
    ck_assert(!clean_at(5999));
    ck_assert(clean_at(6000));
    ck_assert_str_eq(describe(), "1 a=2@5000 ");
    close_partition();
}
END_TEST

START_TEST(a_log_that_is_not_dirty_enough_is_cleaned_when_its_records_have_waited_too_long)
{
    config.min_cleanable_dirty_ratio = 0.9;
    partition_set_config(partition, &config);
    append_record("a", "1");
    roll();
    ck_assert(clean_at(NOW)); /* all of it is dirty */
    append_record("a", "2");
    roll();
    struct cleanable cleanable;
    ck_assert(!partition_needs_cleaning(partition, NOW, &cleanable));
    config.max_compaction_lag_ms = 1000;
    partition_set_config(partition, &config);
    ck_assert(!partition_needs_cleaning(partition, 6000, &cleanable));
    ck_assert(partition_needs_cleaning(partition, 6001, &cleanable));
    ck_assert(cleanable.is_due);
    close_partition();
}
END_TEST

START_TEST(a_log_that_is_not_compacted_is_left_alone)
{
    config.cleanup_compact = false;
    partition_set_config(partition, &config);
    append_record("a", "1");
    append_record("a", "2");
    roll();
    ck_assert(!clean_at(NOW));
    close_partition();
}
END_TEST

START_TEST(a_map_that_is_too_small_for_the_dirty_section_cleans_in_several_passes)
{
    struct cleaning_means means = means_of_test();
    struct cleaning_result result;
    means.map_bytes = 10 * OFFSET_MAP_ENTRY_BYTES;
    char key[8];
    for (int i = 0; i < 60; i++) {
        snprintf(key, sizeof key, "%d", i % 30);
        append_record(key, "v");
    }
    roll();
    append_record("x", "y");
    int passes = 0;
    while (partition_clean(partition, &means, NOW, &result))
        passes++;
    ck_assert_int_eq(passes, 7); /* nine keys each */
    ck_assert_int_eq(partition->first_dirty, 60);
    int64_t records = 0;
    for (const char *at = describe(); (at = strstr(at, "=v")) != NULL; at++)
        records++;
    ck_assert_int_eq(records, 30);
    close_partition();
}
END_TEST

START_TEST(a_batch_with_more_keys_than_the_map_holds_is_said_and_left)
{
    struct cleaning_means means = means_of_test();
    struct cleaning_result result;
    means.map_bytes = 3 * OFFSET_MAP_ENTRY_BYTES;
    const struct keyed records[] = {{"a", "1"}, {"b", "2"}, {"c", "3"}, {"a", "4"}};
    append_keyed(&(struct keyed_batch){.records = records, .count = 4, .timestamp = 5000});
    roll();
    ck_assert(!partition_clean(partition, &means, NOW, &result));
    ck_assert(partition->uncleanable);
    ck_assert_str_eq(describe(), "0 a=1@5000 1 b=2@5000 2 c=3@5000 3 a=4@5000 ");
    close_partition();
}
END_TEST

START_TEST(a_damaged_batch_ends_the_cleaning_with_everything_as_it_was)
{
    append_record("a", "1");
    append_record("a", "2");
    append_record("a", "3");
    roll();
    char path[512];
    snprintf(path, sizeof path, "%s/data/topic-0/%020d.log", test_directory, 0);
    int file = file_open(file_system_os(), path, FILE_WRITE);
    ck_assert_int_eq(file_write(file_system_os(), file, "X", 1, log_active(partition->log)->size + 80), 0);
    file_close(file_system_os(), file);
    struct file_status before;
    struct file_status after;
    ck_assert_int_eq(file_path_status(file_system_os(), path, &before), 0);
    ck_assert(!clean_at(NOW));
    ck_assert(partition->uncleanable);
    ck_assert(!clean_at(NOW));
    ck_assert_int_eq(file_path_status(file_system_os(), path, &after), 0);
    ck_assert_int_eq(before.size, after.size);
    snprintf(path, sizeof path, "%s/data/topic-0/%020d.log.cleaned", test_directory, 0);
    ck_assert(!file_exists(file_system_os(), path));
    close_partition();
}
END_TEST

START_TEST(small_segments_are_joined_and_the_new_one_is_as_old_as_the_last_of_them)
{
    char path[512];
    struct file_status status;
    for (int i = 0; i < 40; i++) { /* about twelve in a segment */
        append_record("a", "a value of some length, so that it takes its place");
        append_record(i % 2 == 0 ? "b" : "c", "another");
    }
    roll();
    int32_t before = partition->log->count;
    ck_assert_int_gt(before, 5);
    const struct segment *last = partition->log->segments[before - 2];
    snprintf(path, sizeof path, "%s/data/topic-0/%020lld.log", test_directory, (long long)last->base_offset);
    ck_assert_int_eq(file_set_modified(file_system_os(), path, 1234567890), 0);
    ck_assert(clean_at(NOW));
    append_record("d", "1");
    roll();
    ck_assert(clean_at(NOW));
    ck_assert_int_eq(partition->log->count, 2);
    reopen();
    ck_assert_int_eq(partition->log->count, 2);
    snprintf(path, sizeof path, "%s/data/topic-0/%020d.log", test_directory, 0);
    ck_assert_int_eq(file_path_status(file_system_os(), path, &status), 0);
    ck_assert_int_gt(status.modified_ms, 1234567890); /* of the second cleaning's last */
    close_partition();
}
END_TEST

START_TEST(how_far_the_log_is_clean_survives_a_restart_and_a_nonsensical_checkpoint_does_not)
{
    append_record("a", "1");
    append_record("a", "2");
    roll();
    append_record("b", "3");
    ck_assert(clean_at(NOW));
    reopen();
    ck_assert_int_eq(partition->first_dirty, 2);
    close_partition();
    char path[512];
    snprintf(path, sizeof path, "%s/data/cleaner-offset-checkpoint", test_directory);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs("0\n1\ntopic 0 99\n", file);
    fclose(file);
    open_partition();
    ck_assert_int_eq(partition->first_dirty, -1);
    close_partition();
}
END_TEST

START_TEST(a_reader_that_holds_an_old_segment_reads_it_to_its_end)
{
    for (int i = 0; i < 20; i++)
        append_record("a", "value");
    roll();
    struct partition_read read = {.fetch_offset = 3,
                                  .max_bytes = 1 << 20,
                                  .at_least_one = true,
                                  .current_leader_epoch = -1,
                                  .last_fetched_epoch = -1};
    partition_read(partition, &read);
    ck_assert_int_eq(read.error, KERR_NONE);
    ck_assert(clean_at(NOW));
    partition_tick(partition, clock_monotonic_ms() + 1000, clock_wall_ms(), false); /* unlinks */
    uint8_t bytes[BATCH_HEADER_SIZE];
    struct batch_header header;
    ck_assert_int_eq(segment_read(read.records.segment, bytes, sizeof bytes, read.records.position),
                     sizeof bytes);
    batch_header_read(bytes, &header);
    ck_assert_int_eq(header.base_offset, 3);
    segment_unref(read.records.segment);
    ck_assert_str_eq(describe(), "19 a=value@5000 ");
    close_partition();
}
END_TEST

/* Pace functions that do something to the partition in the middle of a cleaning. */
static int delete_oldest(void *context, size_t bytes, bool (*go_on)(void *go_on_context), void *go_on_context)
{
    int *calls = context;
    if (++*calls == 4) {
        partition_lock(partition);
        ck_assert_int_eq(log_advance_start(partition->log, partition->log->segments[1]->base_offset), 0);
        ck_assert_int_eq(log_delete_below(partition->log, partition->log->start_offset, 1, 0), 1);
        partition_unlock(partition);
    }
    return go_at_once(NULL, bytes, go_on, go_on_context);
}

START_TEST(retention_in_the_middle_of_a_cleaning_ends_it_and_the_next_one_works)
{
    for (int i = 0; i < 40; i++)
        append_record("a", "a value of some length, so that it takes its place");
    roll();
    int calls = 0;
    struct cleaning_result result;
    struct cleaning_means means = means_of_test();
    means.pace = delete_oldest;
    means.context = &calls;
    ck_assert(!partition_clean(partition, &means, NOW, &result));
    ck_assert(!partition->uncleanable);
    ck_assert_int_gt(partition->log->start_offset, 0);
    ck_assert(clean_at(NOW));
    ck_assert_ptr_nonnull(strstr(describe(), "39 a="));
    reopen();
    ck_assert_ptr_nonnull(strstr(describe(), "39 a="));
    close_partition();
}
END_TEST

static int stop_compacting(void *context, size_t bytes, bool (*go_on)(void *go_on_context),
                           void *go_on_context)
{
    int *calls = context;
    if (++*calls == 2) {
        config.cleanup_compact = false;
        partition_set_config(partition, &config);
    }
    return go_at_once(NULL, bytes, go_on, go_on_context);
}

START_TEST(a_topic_that_is_no_longer_compacted_keeps_its_records)
{
    for (int i = 0; i < 5; i++)
        append_record("a", "1");
    roll();
    int calls = 0;
    struct cleaning_result result;
    struct cleaning_means means = means_of_test();
    means.pace = stop_compacting;
    means.context = &calls;
    ck_assert(!partition_clean(partition, &means, NOW, &result));
    ck_assert_str_eq(describe(), "0 a=1@5000 1 a=1@5000 2 a=1@5000 3 a=1@5000 4 a=1@5000 ");
    close_partition();
}
END_TEST

/* Also of what is not cleaned: a producer's batch went because it has a later one in the active segment. */
START_TEST(all_of_the_log_is_on_stable_storage_before_anything_goes)
{
    append_record("a", "1");
    append_record("a", "2");
    roll();
    append_record("b", "3");
    ck_assert_int_lt(partition->synced_offset, 3);
    int calls = 0;
    struct cleaning_result result;
    struct cleaning_means means = means_of_test();
    means.pace = stop_compacting;
    means.context = &calls;
    ck_assert(!partition_clean(partition, &means, NOW, &result));
    ck_assert_int_eq(partition->synced_offset, 3);
    close_partition();
}
END_TEST

/* ---- what is written reaches the disk in pieces ---- */

/* How much of a cleaned segment's log was written and not yet synced, now and at most. */
static struct file_system counting;
static int counted_file;
static size_t unsynced, most_unsynced, written;

static int counting_open(struct file_system *fs, const char *path, int flags, unsigned mode)
{
    (void)fs;
    int file = file_system_os()->open(file_system_os(), path, flags, mode);
    if (file >= 0 && (flags & FILE_WRITE) && strstr(path, ".log.cleaned") != NULL)
        counted_file = file;
    return file;
}

static ssize_t counting_pwritev(struct file_system *fs, int file, const struct iovec *parts, int count,
                                int64_t at)
{
    (void)fs;
    ssize_t put = file_system_os()->pwritev(file_system_os(), file, parts, count, at);
    if (put > 0 && file == counted_file) {
        written += (size_t)put;
        unsynced += (size_t)put;
        most_unsynced = unsynced > most_unsynced ? unsynced : most_unsynced;
    }
    return put;
}

static int counting_sync(struct file_system *fs, int file, bool data_only)
{
    (void)fs;
    if (file == counted_file)
        unsynced = 0;
    return file_system_os()->sync(file_system_os(), file, data_only);
}

static void count_what_is_unsynced(void)
{
    counting = *file_system_os();
    counting.open = counting_open;
    counting.pwritev = counting_pwritev;
    counting.sync = counting_sync;
    counted_file = -1;
    unsynced = most_unsynced = written = 0;
    test_fs = &counting;
}

/* Also of batches that are larger than the buffer, which are not collected. */
START_TEST(a_cleaned_segment_goes_to_the_disk_in_pieces_of_a_mebibyte)
{
    enum { RECORDS = 1500, SMALL = 2000, LARGE = 8000, PIECE = 1024 * 1024 };
    static char value[LARGE + 1];
    close_partition();
    count_what_is_unsynced();
    config.segment_bytes = 16 * PIECE;
    open_partition();
    for (int i = 0; i < RECORDS; i++) {
        char key[16];
        snprintf(key, sizeof key, "%d", i);
        memset(value, 'v', LARGE);
        value[i % 10 == 0 ? LARGE : SMALL] = '\0';
        append_record(key, value);
    }
    roll();
    ck_assert(clean_at(NOW));
    ck_assert_uint_gt(written, 3 * PIECE);
    ck_assert_uint_lt(most_unsynced, PIECE + 2 * LARGE);
    close_partition();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("partition_clean");
    TCase *tcase = tcase_create("all");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, the_last_record_of_each_key_is_left_and_the_active_segment_is_not_touched);
    tcase_add_test(tcase, records_that_are_kept_keep_their_offsets_in_every_codec);
    tcase_add_test(tcase, what_a_rebuilt_batch_says_of_its_producer_and_epoch_is_what_it_said);
    tcase_add_test(tcase, a_tombstone_gets_a_horizon_first_and_goes_when_that_has_passed);
    tcase_add_test(tcase, records_without_a_key_go);
    tcase_add_test(tcase, the_last_batch_of_the_range_stays_as_an_empty_one);
    tcase_add_test(tcase, the_last_batch_of_a_live_producer_stays_as_an_empty_one);
    tcase_add_test(tcase, aborted_records_go_and_hide_nothing_and_their_marker_follows_in_two_steps);
    tcase_add_test(tcase, nothing_at_or_above_the_last_stable_offset_is_cleaned);
    tcase_add_test(tcase, records_younger_than_min_compaction_lag_ms_wait);
    tcase_add_test(tcase, a_log_that_is_not_dirty_enough_is_cleaned_when_its_records_have_waited_too_long);
    tcase_add_test(tcase, a_log_that_is_not_compacted_is_left_alone);
    tcase_add_test(tcase, a_map_that_is_too_small_for_the_dirty_section_cleans_in_several_passes);
    tcase_add_test(tcase, a_batch_with_more_keys_than_the_map_holds_is_said_and_left);
    tcase_add_test(tcase, a_damaged_batch_ends_the_cleaning_with_everything_as_it_was);
    tcase_add_test(tcase, small_segments_are_joined_and_the_new_one_is_as_old_as_the_last_of_them);
    tcase_add_test(tcase, how_far_the_log_is_clean_survives_a_restart_and_a_nonsensical_checkpoint_does_not);
    tcase_add_test(tcase, a_reader_that_holds_an_old_segment_reads_it_to_its_end);
    tcase_add_test(tcase, retention_in_the_middle_of_a_cleaning_ends_it_and_the_next_one_works);
    tcase_add_test(tcase, a_topic_that_is_no_longer_compacted_keeps_its_records);
    tcase_add_test(tcase, all_of_the_log_is_on_stable_storage_before_anything_goes);
    tcase_add_test(tcase, a_cleaned_segment_goes_to_the_disk_in_pieces_of_a_mebibyte);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
