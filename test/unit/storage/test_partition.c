/* partition and partitions: what the server sees of storage. */
#include "storage/os/clock.h"
#include "storage/os/thread.h"
#include "storage/partitions.h"
#include "storage/segment.h"
#include "test/unit/storage/storage_test.h"

#include <stdatomic.h>

static struct data_dir *dir;
static struct partitions *partitions;
static const struct uuid topic_id = {{7, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}};
static const struct uuid directory_id = {{9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9}};
static struct log_config config;

static struct hosted_partition hosted_one(int32_t index)
{
    return (struct hosted_partition){
        .topic = SLICE("topic"), .topic_id = topic_id, .index = index, .is_leader = true, .config = config};
}

static void open_dir(void)
{
    struct note why = {""};
    enum data_dir_state state;
    int64_t broker_epoch;
    dir = data_dir_open(file_system_os(), test_path("data"), &state, &why);
    ck_assert_msg(dir != NULL, "%s", why.text);
    if (state == DATA_DIR_EMPTY)
        ck_assert_int_eq(data_dir_format(dir, SLICE("cluster"), 1, directory_id, &why), KERR_NONE);
    data_dir_begin(dir, &broker_epoch);
    const struct storage_config storage = storage_config_default();
    partitions = partitions_new(&dir, 1, &storage);
}

static void close_dir(void)
{
    ck_assert(partitions_close(partitions, 5));
    data_dir_close(dir);
}

static void set_up(void)
{
    make_test_directory();
    config = default_config();
    open_dir();
}

static void tear_down(void)
{
    remove_test_directory();
}

static struct partition *create(void)
{
    struct hosted_partition hosted = hosted_one(0);
    enum kerr error;
    struct note why = {""};
    struct partition *partition = partitions_create(partitions, &hosted, &error, &why);
    ck_assert_msg(partition != NULL, "%s", why.text);
    return partition;
}

static struct partition *reload(void)
{
    close_dir();
    open_dir();
    struct hosted_partition hosted = hosted_one(0);
    struct note why = {""};
    ck_assert_msg(partitions_load(partitions, &hosted, 1, &why) == KERR_NONE, "%s", why.text);
    struct partition *partition = partitions_find_by_id(partitions, topic_id, 0);
    ck_assert_ptr_nonnull(partition);
    return partition;
}

static struct append append_one(struct partition *partition, struct batch_wish wish, int16_t acks)
{
    struct append append = {.acks = acks};
    append.batch = make_batch(&wish, &append.len);
    batch_header_read(append.batch, &append.header);
    partition_append(partition, &append, clock_wall_ms());
    free(append.batch);
    append.batch = NULL;
    return append;
}

static struct partition_offsets offsets_of(struct partition *partition)
{
    struct partition_offsets offsets;
    partition_get_offsets(partition, &offsets);
    return offsets;
}

static struct partition_read read_from(struct partition *partition, int64_t offset, int32_t max_bytes,
                                       enum isolation isolation)
{
    struct partition_read read = {
        .fetch_offset = offset,
        .max_bytes = max_bytes,
        .at_least_one = true,
        .isolation = isolation,
        .current_leader_epoch = -1,
        .last_fetched_epoch = -1,
    };
    partition_read(partition, &read);
    return read;
}

/* The base offset of the first batch of a read's range; gives the reference back. */
static int64_t first_offset_of(struct partition_read *read)
{
    uint8_t header[BATCH_HEADER_SIZE];
    struct batch_header first;
    ck_assert_ptr_nonnull(read->records.segment);
    ck_assert_int_eq(segment_read(read->records.segment, header, sizeof header, read->records.position),
                     sizeof header);
    batch_header_read(header, &first);
    segment_unref(read->records.segment);
    return first.base_offset;
}

START_TEST(an_appended_batch_gets_the_next_offset_and_is_read_back)
{
    struct partition *partition = create();
    for (int i = 0; i < 10; i++) {
        struct append append = append_one(
            partition, (struct batch_wish){.records = 3, .value_len = 10, .timestamp = 1000 + i}, 1);
        ck_assert_int_eq(append.error, KERR_NONE);
        ck_assert_int_eq(append.base_offset, i * 3);
        ck_assert_int_eq(append.last_offset, i * 3 + 2);
        ck_assert_int_eq(append.log_append_time_ms, -1);
        ck_assert_int_eq(append.log_start_offset, 0);
        ck_assert_int_eq(append.sync_offset, -1);
    }
    ck_assert_int_eq(offsets_of(partition).high_watermark, 30);
    for (int64_t offset = 0; offset < 30; offset++) {
        struct partition_read read = read_from(partition, offset, 1, READ_UNCOMMITTED);
        ck_assert_int_eq(read.error, KERR_NONE);
        ck_assert_int_eq(first_offset_of(&read), offset / 3 * 3);
    }
    struct partition_read read = read_from(partition, 30, 1 << 20, READ_UNCOMMITTED);
    ck_assert_int_eq(read.error, KERR_NONE);
    ck_assert_uint_eq(records_len(&read.records), 0);
    ck_assert(!records_are_null(&read.records));
    partition_unref(partition);
    close_dir();
}
END_TEST

START_TEST(offsets_outside_the_log_are_out_of_range)
{
    struct partition *partition = create();
    append_one(partition, (struct batch_wish){.timestamp = 1}, 1);
    ck_assert_int_eq(read_from(partition, 2, 100, READ_UNCOMMITTED).error, KERR_OFFSET_OUT_OF_RANGE);
    struct partition_read read = read_from(partition, -1, 100, READ_UNCOMMITTED);
    ck_assert_int_eq(read.error, KERR_OFFSET_OUT_OF_RANGE);
    ck_assert_int_eq(read.high_watermark, -1);
    ck_assert_int_eq(read.log_start_offset, -1);
    partition_unref(partition);
    close_dir();
}
END_TEST

START_TEST(the_high_watermark_waits_for_the_sync_of_an_acks_all_batch)
{
    struct partition *partition = create();
    append_one(partition, (struct batch_wish){.timestamp = 1}, 1);
    ck_assert_int_eq(offsets_of(partition).high_watermark, 1);
    struct append all = append_one(partition, (struct batch_wish){.timestamp = 1}, -1);
    ck_assert_int_eq(all.sync_offset, 2);
    append_one(partition, (struct batch_wish){.timestamp = 1}, 1);
    ck_assert_int_eq(offsets_of(partition).high_watermark, 1);
    ck_assert_int_eq(offsets_of(partition).log_end_offset, 3);
    struct partition_read read = read_from(partition, 1, 1 << 20, READ_UNCOMMITTED);
    ck_assert_uint_eq(records_len(&read.records), 0);
    read = read_from(partition, 1, 1 << 20, READ_REPLICA);
    ck_assert_int_eq(first_offset_of(&read), 1);
    ck_assert_int_eq(partition_sync(partition, all.sync_offset, INT64_MAX), KERR_NONE);
    ck_assert_int_eq(offsets_of(partition).high_watermark, 3);
    read = read_from(partition, 1, 1 << 20, READ_UNCOMMITTED);
    ck_assert_int_eq(first_offset_of(&read), 1);
    partition_unref(partition);
    close_dir();
}
END_TEST

START_TEST(without_sync_acks_all_the_high_watermark_follows_the_append_and_flush_messages_is_kept)
{
    config.sync_acks_all = false;
    config.flush_messages = 2;
    struct partition *partition = create();
    struct append first = append_one(partition, (struct batch_wish){.timestamp = 1}, -1);
    ck_assert_int_eq(first.sync_offset, -1);
    ck_assert_int_eq(offsets_of(partition).high_watermark, 1);
    struct append second = append_one(partition, (struct batch_wish){.timestamp = 1}, 1);
    ck_assert_int_eq(second.sync_offset, 2);
    ck_assert_int_eq(offsets_of(partition).high_watermark, 1); /* what waits is not shown */
    ck_assert_int_eq(partition_sync(partition, second.sync_offset, INT64_MAX), KERR_NONE);
    ck_assert_int_eq(offsets_of(partition).high_watermark, 2);
    ck_assert_int_eq(append_one(partition, (struct batch_wish){.timestamp = 1}, 1).sync_offset, -1);
    ck_assert_int_eq(offsets_of(partition).high_watermark, 3);
    partition_unref(partition);
    close_dir();
}
END_TEST

START_TEST(a_chain_is_one_append_and_a_bad_entry_leaves_the_others_alone)
{
    struct partition *partition = create();
    struct append chain[5] = {0};
    for (int i = 0; i < 5; i++) {
        struct batch_wish wish = {.records = 2, .timestamp = 5, .producer_id = 77, .base_sequence = i * 2};
        if (i == 2)
            wish.base_sequence = 100; /* a gap */
        if (i > 2)
            wish.base_sequence = (i - 1) * 2;
        chain[i].batch = make_batch(&wish, &chain[i].len);
        batch_header_read(chain[i].batch, &chain[i].header);
        chain[i].acks = 1;
        chain[i].next = i < 4 ? &chain[i + 1] : NULL;
    }
    ck_assert_int_eq(partition_append(partition, chain, 5), 8);
    const int64_t expected[5] = {0, 2, -1, 4, 6};
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(chain[i].error, i == 2 ? KERR_OUT_OF_ORDER_SEQUENCE_NUMBER : KERR_NONE);
        ck_assert_int_eq(chain[i].base_offset, expected[i]);
        free(chain[i].batch);
    }
    partition_unref(partition);
    close_dir();
}
END_TEST

START_TEST(a_repeated_batch_is_answered_with_the_originals_offset)
{
    struct partition *partition = create();
    for (int i = 0; i < 6; i++)
        append_one(
            partition,
            (struct batch_wish){.records = 2, .timestamp = 50 + i, .producer_id = 7, .base_sequence = i * 2},
            1);
    struct append again = append_one(
        partition, (struct batch_wish){.records = 2, .timestamp = 52, .producer_id = 7, .base_sequence = 4},
        1);
    ck_assert_int_eq(again.error, KERR_NONE);
    ck_assert(again.duplicate);
    ck_assert_int_eq(again.base_offset, 4);
    ck_assert_int_eq(again.last_offset, 5);
    ck_assert_int_eq(again.log_append_time_ms, 53);
    /* The sixth batch pushed the first one out of what is remembered. */
    again = append_one(
        partition, (struct batch_wish){.records = 2, .timestamp = 50, .producer_id = 7, .base_sequence = 0},
        1);
    ck_assert_int_eq(again.error, KERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
    ck_assert_int_eq(offsets_of(partition).log_end_offset, 12);
    partition_unref(partition);
    close_dir();
}
END_TEST

START_TEST(duplicates_are_known_after_a_restart_whatever_their_timestamps)
{
    struct partition *partition = create();
    append_one(partition, (struct batch_wish){.records = 2, .timestamp = 1000, .producer_id = 7}, 1);
    partition_unref(partition);
    partition = reload();
    struct append again =
        append_one(partition, (struct batch_wish){.records = 2, .timestamp = 1000, .producer_id = 7}, 1);
    ck_assert(again.duplicate);
    ck_assert_int_eq(again.base_offset, 0);
    partition_unref(partition);
    close_dir();
}
END_TEST

START_TEST(a_closed_and_reopened_partition_holds_what_it_held)
{
    config.segment_bytes = 4096;
    config.index_interval_bytes = 200;
    struct partition *partition = create();
    for (int i = 0; i < 100; i++)
        append_one(partition, (struct batch_wish){.records = 2, .value_len = 50, .timestamp = 1000 + i * 10},
                   1);
    for (int round = 0; round < 2; round++) {
        for (int64_t offset = 0; offset < 200; offset += 7) {
            struct partition_read read = read_from(partition, offset, 10000, READ_UNCOMMITTED);
            ck_assert_int_eq(first_offset_of(&read), offset / 2 * 2);
        }
        struct offset_and_timestamp found;
        ck_assert_int_eq(partition_find_timestamp(partition, 1505, &found), KERR_NONE);
        ck_assert(found.found);
        ck_assert_int_eq(found.offset, 102);
        ck_assert_int_eq(found.timestamp_ms, 1510);
        ck_assert_int_eq(partition_find_timestamp(partition, 1501, &found), KERR_NONE);
        ck_assert_int_eq(found.offset, 101);
        ck_assert_int_eq(partition_find_max_timestamp(partition, &found), KERR_NONE);
        ck_assert_int_eq(found.offset, 199);
        ck_assert_int_eq(found.timestamp_ms, 1991);
        ck_assert_int_eq(partition_find_timestamp(partition, 1992, &found), KERR_NONE);
        ck_assert(!found.found);
        if (round == 0) {
            partition_unref(partition);
            partition = reload();
        }
    }
    ck_assert_int_eq(offsets_of(partition).log_end_offset, 200);
    ck_assert_int_eq(offsets_of(partition).high_watermark, 200);
    partition_unref(partition);
    close_dir();
}
END_TEST

START_TEST(a_read_is_cut_by_max_bytes_but_never_inside_its_first_batch)
{
    struct partition *partition = create();
    for (int i = 0; i < 4; i++)
        append_one(partition, (struct batch_wish){.value_len = 1000, .timestamp = 1}, 1);
    struct partition_read read = read_from(partition, 1, 10, READ_UNCOMMITTED);
    size_t whole = records_len(&read.records);
    ck_assert_uint_gt(whole, 1000);
    ck_assert_int_eq(first_offset_of(&read), 1);
    read = read_from(partition, 1, (int32_t)whole + 5, READ_UNCOMMITTED);
    ck_assert_uint_eq(records_len(&read.records), whole + 5);
    segment_unref(read.records.segment);
    read = read_from(partition, 1, 1 << 20, READ_UNCOMMITTED);
    ck_assert_uint_eq(records_len(&read.records), whole * 3);
    segment_unref(read.records.segment);
    read = (struct partition_read){
        .fetch_offset = 1, .max_bytes = 10, .current_leader_epoch = -1, .last_fetched_epoch = -1};
    partition_read(partition, &read);
    ck_assert_int_eq(read.error, KERR_NONE);
    ck_assert_uint_eq(records_len(&read.records), 0);
    ck_assert_int_eq(read.high_watermark, 4);
    partition_unref(partition);
    close_dir();
}
END_TEST

START_TEST(an_open_transaction_holds_the_last_stable_offset_and_an_aborted_one_is_listed)
{
    struct partition *partition = create();
    append_one(partition, (struct batch_wish){.timestamp = 1}, 1);
    append_one(partition, (struct batch_wish){.timestamp = 1, .producer_id = 5, .transactional = true}, 1);
    append_one(partition, (struct batch_wish){.timestamp = 1}, 1);
    ck_assert_int_eq(offsets_of(partition).last_stable_offset, 1);
    struct partition_read read = read_from(partition, 0, 1 << 20, READ_COMMITTED);
    size_t len = records_len(&read.records);
    ck_assert_int_eq(first_offset_of(&read), 0);
    read = read_from(partition, 0, 1 << 20, READ_UNCOMMITTED);
    ck_assert_uint_gt(records_len(&read.records), len);
    segment_unref(read.records.segment);
    read = read_from(partition, 1, 1 << 20, READ_COMMITTED);
    ck_assert_uint_eq(records_len(&read.records), 0);

    struct append marker = append_one(
        partition, (struct batch_wish){.timestamp = 1, .producer_id = 5, .marker = true, .aborted = true},
        -1);
    ck_assert_int_eq(marker.error, KERR_NONE);
    ck_assert_int_eq(marker.base_offset, 3);
    ck_assert_int_eq(offsets_of(partition).last_stable_offset, 1);
    ck_assert_int_eq(partition_sync(partition, 4, INT64_MAX), KERR_NONE);
    ck_assert_int_eq(offsets_of(partition).last_stable_offset, 4);
    for (int round = 0; round < 2; round++) {
        read = read_from(partition, 0, 1 << 20, READ_COMMITTED);
        ck_assert_int_eq(read.aborted_count, 1);
        ck_assert_int_eq(read.aborted[0].producer_id, 5);
        ck_assert_int_eq(read.aborted[0].first_offset, 1);
        free(read.aborted);
        segment_unref(read.records.segment);
        if (round == 0) {
            partition_unref(partition);
            partition = reload();
        }
    }
    partition_unref(partition);
    close_dir();
}
END_TEST

static void count_wake(struct partition_watch *watch);

struct counting_watch {
    struct partition_watch watch;
    int wakes;
};

static void count_wake(struct partition_watch *watch)
{
    ((struct counting_watch *)(void *)watch)->wakes++;
}

START_TEST(a_watch_is_refused_if_something_is_there_and_woken_when_it_comes)
{
    struct partition *partition = create();
    struct counting_watch counting = {.watch.wake = count_wake};
    append_one(partition, (struct batch_wish){.timestamp = 1}, 1);
    ck_assert(!partition_watch(partition, &counting.watch, READ_UNCOMMITTED, 0, 0));
    ck_assert(!partition_watch(partition, &counting.watch, READ_UNCOMMITTED, 1, 3));
    ck_assert(partition_watch(partition, &counting.watch, READ_UNCOMMITTED, 1, 0));
    append_one(partition, (struct batch_wish){.timestamp = 1}, -1);
    ck_assert_int_eq(counting.wakes, 0);
    ck_assert_int_eq(partition_sync(partition, 2, INT64_MAX), KERR_NONE);
    ck_assert_int_eq(counting.wakes, 1);
    partition_become_leader(partition, 4);
    ck_assert_int_eq(counting.wakes, 2);
    partition_unwatch(&counting.watch);
    append_one(partition, (struct batch_wish){.timestamp = 1}, 1);
    ck_assert_int_eq(counting.wakes, 2);
    partition_unref(partition);
    close_dir();
}
END_TEST

START_TEST(leader_epochs_are_checked_and_remembered)
{
    struct partition *partition = create();
    append_one(partition, (struct batch_wish){.timestamp = 1}, 1);
    partition_become_leader(partition, 5);
    append_one(partition, (struct batch_wish){.timestamp = 1}, 1);
    ck_assert_int_eq(partition_check_leader(partition, 4, true), KERR_FENCED_LEADER_EPOCH);
    ck_assert_int_eq(partition_check_leader(partition, 6, true), KERR_UNKNOWN_LEADER_EPOCH);
    ck_assert_int_eq(partition_check_leader(partition, 5, true), KERR_NONE);
    partition_unref(partition);
    partition = reload();
    int32_t epoch;
    int64_t end;
    partition_end_of_epoch(partition, 3, &epoch, &end);
    ck_assert_int_eq(epoch, 0);
    ck_assert_int_eq(end, 1);
    ck_assert_int_eq(partition_epoch_of_offset(partition, 1), 5);
    ck_assert_int_eq(partition_epoch_of_offset(partition, 0), 0);
    struct partition_read read = {
        .fetch_offset = 2, .max_bytes = 1, .current_leader_epoch = -1, .last_fetched_epoch = 0};
    partition_read(partition, &read);
    ck_assert_int_eq(read.error, KERR_NONE);
    ck_assert(read.diverging);
    ck_assert_int_eq(read.diverging_epoch, 0);
    ck_assert_int_eq(read.diverging_end_offset, 1);
    partition_resign(partition, 6);
    ck_assert_int_eq(partition_check_leader(partition, -1, true), KERR_NOT_LEADER_OR_FOLLOWER);
    ck_assert_int_eq(append_one(partition, (struct batch_wish){.timestamp = 1}, 1).error,
                     KERR_NOT_LEADER_OR_FOLLOWER);
    partition_unref(partition);
    close_dir();
}
END_TEST

START_TEST(a_deleted_partition_is_gone_but_a_reader_finishes)
{
    struct partition *partition = create();
    append_one(partition, (struct batch_wish){.timestamp = 1}, 1);
    struct partition_read read = read_from(partition, 0, 1 << 20, READ_UNCOMMITTED);
    partitions_delete(partitions, topic_id, 0);
    ck_assert_ptr_null(partitions_find(partitions, SLICE("topic"), 0));
    ck_assert_uint_eq(partitions_count(partitions), 0);
    ck_assert_int_eq(first_offset_of(&read), 0);
    ck_assert_int_eq(read_from(partition, 0, 1, READ_UNCOMMITTED).error, KERR_NOT_LEADER_OR_FOLLOWER);
    ck_assert_int_eq(append_one(partition, (struct batch_wish){.timestamp = 1}, 1).error,
                     KERR_NOT_LEADER_OR_FOLLOWER);
    partition_unref(partition);
    ck_assert(!file_exists(file_system_os(), test_path("data/topic-0")));
    const char *doomed = test_path("data/topic-0.0701020304050607"
                                   "08090a0b0c0d0e0f-delete");
    ck_assert(file_exists(file_system_os(), doomed));
    partitions_tick(partitions, clock_monotonic_ms() + 100000);
    ck_assert(!file_exists(file_system_os(), doomed));
    close_dir();
}
END_TEST

START_TEST(a_directory_that_is_not_assigned_or_has_another_topic_id_is_set_aside)
{
    struct partition *partition = create();
    append_one(partition, (struct batch_wish){.timestamp = 1}, 1);
    partition_unref(partition);
    close_dir();
    open_dir();
    struct hosted_partition hosted = hosted_one(0);
    struct note why = {""};
    hosted.topic_id.bytes[0] = 8;
    ck_assert_int_eq(partitions_load(partitions, &hosted, 1, &why), KERR_NONE);
    partition = partitions_find(partitions, SLICE("topic"), 0);
    ck_assert_int_eq(offsets_of(partition).log_end_offset, 0);
    ck_assert(file_exists(file_system_os(), test_path("data/topic-0.0701020304050607"
                                                      "08090a0b0c0d0e0f-stray/00000000000000000000.log")));
    partition_unref(partition);
    close_dir();
}
END_TEST

START_TEST(a_new_partition_has_the_files_that_kafka_makes)
{
    struct partition *partition = create();
    char *text;
    ck_assert_int_eq(
        file_read_all(file_system_os(), test_path("data/topic-0/partition.metadata"), 1000, &text), 43);
    ck_assert_str_eq(text, "version: 0\ntopic_id: BwECAwQFBgcICQoLDA0ODw");
    free(text);
    ck_assert_int_eq(
        file_read_all(file_system_os(), test_path("data/topic-0/leader-epoch-checkpoint"), 1000, &text), 8);
    ck_assert_str_eq(text, "0\n1\n0 0\n");
    free(text);
    static const char *const empty[] = {".log", ".index", ".timeindex"};
    for (int i = 0; i < 3; i++) {
        char name[100];
        snprintf(name, sizeof name, "data/topic-0/00000000000000000000%s", empty[i]);
        struct file_status status;
        ck_assert_int_eq(file_path_status(file_system_os(), test_path(name), &status), 0);
        ck_assert_int_eq(status.size, 0);
    }
    partition_unref(partition);
    close_dir();
    ck_assert_int_eq(file_read_all(file_system_os(), test_path("data/.kafka_cleanshutdown"), 1000, &text),
                     29);
    ck_assert_str_eq(text, "{\"version\":0,\"brokerEpoch\":5}");
    free(text);
    ck_assert_int_gt(
        file_read_all(file_system_os(), test_path("data/recovery-point-offset-checkpoint"), 1000, &text), 0);
    ck_assert_str_eq(text, "0\n1\ntopic 0 0\n");
    free(text);
}
END_TEST

/* ---- several threads ---- */

enum { WRITERS = 4, BATCHES = 200, READERS = 2, PATIENCE_MS = 60 * 1000 };

struct shared {
    struct partition *partition;
    atomic_int writers_left;
};

static void *write_batches(void *context)
{
    struct shared *shared = context;
    for (int i = 0; i < BATCHES; i++) {
        struct append append =
            append_one(shared->partition, (struct batch_wish){.records = 2, .value_len = 100, .timestamp = i},
                       i % 4 == 0 ? -1 : 1);
        ensure(append.error == KERR_NONE);
        if (append.sync_offset >= 0) {
            ensure(partition_sync(shared->partition, append.sync_offset, INT64_MAX) == KERR_NONE);
            ensure(offsets_of(shared->partition).high_watermark >= append.sync_offset);
        }
    }
    atomic_fetch_sub(&shared->writers_left, 1);
    return NULL;
}

struct blocking_watch {
    struct partition_watch watch;
    struct mutex mutex;
    struct condition woken;
    bool is_woken;
};

static void wake_blocked(struct partition_watch *watch)
{
    struct blocking_watch *blocking = (struct blocking_watch *)(void *)watch;
    mutex_lock(&blocking->mutex);
    blocking->is_woken = true;
    condition_signal(&blocking->woken);
    mutex_unlock(&blocking->mutex);
}

/* Waits for more than `end`; a wake-up that is lost shows as a time-out. */
static void wait_beyond(struct partition *partition, int64_t end)
{
    struct blocking_watch blocking = {.watch.wake = wake_blocked};
    mutex_init(&blocking.mutex, RANK_WAITER);
    condition_init(&blocking.woken);
    if (partition_watch(partition, &blocking.watch, READ_UNCOMMITTED, end, 0)) {
        mutex_lock(&blocking.mutex);
        while (!blocking.is_woken)
            ensure(
                condition_wait_until(&blocking.woken, &blocking.mutex, clock_monotonic_ms() + PATIENCE_MS));
        mutex_unlock(&blocking.mutex);
        partition_unwatch(&blocking.watch);
    }
    condition_fini(&blocking.woken);
    mutex_fini(&blocking.mutex);
}

static void *read_batches(void *context)
{
    struct shared *shared = context;
    int64_t offset = 0;
    uint8_t *bytes = malloc(1 << 16);
    while (offset < WRITERS * BATCHES * 2) {
        struct partition_read read = read_from(shared->partition, offset, 1 << 16, READ_UNCOMMITTED);
        ensure(read.error == KERR_NONE);
        size_t len = records_len(&read.records);
        if (len == 0) {
            wait_beyond(shared->partition, offset);
            continue;
        }
        ensure(segment_read(read.records.segment, bytes, len, read.records.position) == (ssize_t)len);
        segment_unref(read.records.segment);
        struct slice left = slice_of(bytes, len);
        struct batch_header header;
        size_t size;
        while (batch_next(left, &header, &size, NULL) == BATCH_WHOLE) {
            ensure(batch_check_crc(slice_of(left.data, size)));
            ensure(header.base_offset == offset);
            offset = batch_next_offset(&header);
            left = slice_from(left, size);
        }
        ensure(offset <= read.high_watermark);
    }
    free(bytes);
    return NULL;
}

START_TEST(threads_append_sync_watch_and_read_at_once)
{
    config.segment_bytes = 20000;
    config.index_interval_bytes = 500;
    struct shared shared = {.partition = create()};
    atomic_init(&shared.writers_left, WRITERS);
    struct thread threads[WRITERS + READERS] = {0};
    for (int i = 0; i < WRITERS + READERS; i++)
        ck_assert_int_eq(
            thread_start(&threads[i], "test", i < WRITERS ? write_batches : read_batches, &shared), 0);
    while (atomic_load(&shared.writers_left) > 0) {
        partitions_tick(partitions, clock_monotonic_ms() + 100000);
        usleep(1000);
    }
    for (int i = 0; i < WRITERS + READERS; i++)
        thread_join(&threads[i]);
    partition_unref(shared.partition);
    shared.partition = reload();
    ck_assert_int_eq(offsets_of(shared.partition).log_end_offset, WRITERS * BATCHES * 2);
    partition_unref(shared.partition);
    close_dir();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("partition");
    TCase *tests = tcase_create("partition");
    tcase_set_timeout(tests, 250);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, an_appended_batch_gets_the_next_offset_and_is_read_back);
    tcase_add_test(tests, offsets_outside_the_log_are_out_of_range);
    tcase_add_test(tests, the_high_watermark_waits_for_the_sync_of_an_acks_all_batch);
    tcase_add_test(tests,
                   without_sync_acks_all_the_high_watermark_follows_the_append_and_flush_messages_is_kept);
    tcase_add_test(tests, a_chain_is_one_append_and_a_bad_entry_leaves_the_others_alone);
    tcase_add_test(tests, a_repeated_batch_is_answered_with_the_originals_offset);
    tcase_add_test(tests, duplicates_are_known_after_a_restart_whatever_their_timestamps);
    tcase_add_test(tests, a_closed_and_reopened_partition_holds_what_it_held);
    tcase_add_test(tests, a_read_is_cut_by_max_bytes_but_never_inside_its_first_batch);
    tcase_add_test(tests, an_open_transaction_holds_the_last_stable_offset_and_an_aborted_one_is_listed);
    tcase_add_test(tests, a_watch_is_refused_if_something_is_there_and_woken_when_it_comes);
    tcase_add_test(tests, leader_epochs_are_checked_and_remembered);
    tcase_add_test(tests, a_deleted_partition_is_gone_but_a_reader_finishes);
    tcase_add_test(tests, a_directory_that_is_not_assigned_or_has_another_topic_id_is_set_aside);
    tcase_add_test(tests, a_new_partition_has_the_files_that_kafka_makes);
    tcase_add_test(tests, threads_append_sync_watch_and_read_at_once);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
