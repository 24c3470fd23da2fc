/*
 * clean_test: a compacted partition to be cleaned: keyed batches in, and what is left of them read back.
 * Static functions, as storage_test's.
 */
#ifndef TEST_UNIT_STORAGE_CLEAN_TEST_H
#define TEST_UNIT_STORAGE_CLEAN_TEST_H

#include "storage/os/clock.h"
#include "storage/partition_clean.h"
#include "storage/partition_private.h"
#include "storage/partitions.h"
#include "test/unit/storage/storage_test.h"

#include <errno.h>

static struct data_dir *dir;
static struct partitions *partitions;
static struct partition *partition;
static struct log_config config;
static struct file_system *test_fs; /* NULL: the real one */
static const struct uuid topic_id = {{7}};
static const struct uuid directory_id = {{9}};

static struct hosted_partition hosted_one(void)
{
    return (struct hosted_partition){
        .topic = SLICE("topic"), .topic_id = topic_id, .is_leader = true, .config = config};
}

static const struct cleaner_config *cleaner_config; /* NULL: its threads stay away */

/* Opens what is there. Without the cleaner's threads tests clean when they want. */
static void open_partition(void)
{
    struct note why = {""};
    enum data_dir_state state;
    int64_t broker_epoch;
    dir = data_dir_open(test_fs != NULL ? test_fs : file_system_os(), test_path("data"), &state, &why);
    ck_assert_msg(dir != NULL, "%s", why.text);
    if (state == DATA_DIR_EMPTY)
        ck_assert_int_eq(data_dir_format(dir, SLICE("cluster"), 1, directory_id, &why), KERR_NONE);
    data_dir_begin(dir, &broker_epoch);
    struct storage_config storage = storage_config_default();
    if (cleaner_config != NULL)
        storage.cleaner = *cleaner_config;
    else
        storage.cleaner.enable = false;
    partitions = partitions_new(&dir, 1, &storage);
    struct hosted_partition hosted = hosted_one();
    ck_assert_msg(partitions_load(partitions, &hosted, 1, &why) == KERR_NONE, "%s", why.text);
    partition = partitions_find_by_id(partitions, topic_id, 0);
    ck_assert_ptr_nonnull(partition);
}

static void close_partition(void)
{
    partition_unref(partition);
    ck_assert(partitions_close(partitions, 5));
    data_dir_close(dir);
}

UNUSED static void reopen(void)
{
    close_partition();
    open_partition();
}

static struct log_config compacted_config(void)
{
    struct log_config compacted = default_config();
    compacted.cleanup_delete = false;
    compacted.cleanup_compact = true;
    compacted.segment_bytes = 1000;
    compacted.index_interval_bytes = 200;
    compacted.delete_retention_ms = 1000;
    compacted.max_compaction_lag_ms = INT64_MAX;
    compacted.min_cleanable_dirty_ratio = 0;
    compacted.file_delete_delay_ms = 0;
    compacted.sync_acks_all = false;
    return compacted;
}

UNUSED static void set_up(void)
{
    make_test_directory();
    config = compacted_config();
    test_fs = NULL;
    open_partition();
}

UNUSED static void tear_down(void)
{
    remove_test_directory();
}

/* ---- batches ---- */

struct keyed {
    const char *key;   /* NULL: none */
    const char *value; /* NULL: a tombstone */
};

struct keyed_batch {
    const struct keyed *records;
    int32_t count;
    int64_t timestamp; /* of each record */
    enum codec codec;
    int64_t producer_id; /* 0: none */
    int32_t base_sequence;
    bool transactional;
    bool log_append_time;
    bool marker;
    bool aborted; /* the marker is an ABORT */
};

static struct slice make_keyed(struct batch_builder *builder, const struct keyed_batch *wish)
{
    static const struct record_header header = {SLICE("header"), SLICE_NULL};
    const uint8_t marker[6] = {0};
    if (wish->marker)
        batch_builder_append_control(builder, wish->timestamp, wish->aborted ? CONTROL_ABORT : CONTROL_COMMIT,
                                     slice_of(marker, sizeof marker));
    for (int32_t i = 0; i < wish->count; i++)
        batch_builder_append(builder, wish->timestamp, slice_str(wish->records[i].key),
                             slice_str(wish->records[i].value), &header, i % 2);
    if (wish->producer_id != 0) {
        builder->header.producer_id = wish->producer_id;
        builder->header.producer_epoch = 0;
        builder->header.base_sequence = wish->marker ? NO_SEQUENCE : wish->base_sequence;
    }
    int attributes = builder->header.attributes;
    if (wish->transactional || wish->marker)
        attributes |= BATCH_TRANSACTIONAL;
    if (wish->log_append_time)
        attributes |= BATCH_LOG_APPEND_TIME;
    builder->header.attributes = (int16_t)attributes;
    return batch_builder_finish(builder);
}

/* The offset of the first record. */
static int64_t append_keyed(const struct keyed_batch *wish)
{
    struct batch_builder builder;
    batch_builder_init(&builder, wish->codec, codec_default_level(wish->codec));
    struct slice bytes = make_keyed(&builder, wish);
    struct append append = {.acks = 1, .batch = (uint8_t *)(uintptr_t)bytes.data, .len = bytes.len};
    append.is_coordinators = wish->marker;
    batch_header_read(append.batch, &append.header);
    partition_append(partition, &append, clock_wall_ms());
    ck_assert_int_eq(append.error, KERR_NONE);
    batch_builder_fini(&builder);
    return append.base_offset;
}

UNUSED static int64_t append_record(const char *key, const char *value)
{
    const struct keyed record = {key, value};
    return append_keyed(&(struct keyed_batch){.records = &record, .count = 1, .timestamp = 5000});
}

/* Everything so far lies in closed segments. */
UNUSED static void roll(void)
{
    partition_lock(partition);
    ck_assert_int_eq(log_roll(partition->log, partition->log->end_offset, 0), 0);
    partition_unlock(partition);
}

/* ---- cleaning ---- */

static int go_at_once(void *context, size_t bytes, bool (*go_on)(void *go_on_context), void *go_on_context)
{
    (void)context;
    (void)bytes;
    return go_on(go_on_context) ? 0 : -ECANCELED;
}

static struct cleaning_means means_of_test(void)
{
    return (struct cleaning_means){.map_bytes = 1 << 20,
                                   .map_load_factor = 0.9,
                                   .buffer_bytes = 4096,
                                   .secret = {1, 2},
                                   .pace = go_at_once};
}

UNUSED static bool clean_at(int64_t now_ms)
{
    struct cleaning_result result;
    const struct cleaning_means means = means_of_test();
    return partition_clean(partition, &means, now_ms, &result);
}

/* ---- what is left ---- */

/* Calls `each` for every batch that a reader gets, in order. */
UNUSED static void each_batch(void (*each)(struct slice batch, const struct batch_header *header,
                                           void *context),
                              void *context)
{
    partition_lock(partition);
    int64_t offset = partition->log->start_offset;
    int64_t end = partition->log->end_offset;
    partition_unlock(partition);
    while (offset < end) {
        struct partition_read read = {.fetch_offset = offset,
                                      .max_bytes = 1 << 20,
                                      .at_least_one = true,
                                      .current_leader_epoch = -1,
                                      .last_fetched_epoch = -1};
        partition_read(partition, &read);
        ck_assert_int_eq(read.error, KERR_NONE);
        if (read.records.segment == NULL)
            return; /* nothing is left behind it */
        uint8_t *bytes = malloc(read.records.range_len);
        ensure(bytes != NULL);
        ck_assert_int_eq(
            segment_read(read.records.segment, bytes, read.records.range_len, read.records.position),
            (int64_t)read.records.range_len);
        segment_unref(read.records.segment);
        struct slice rest = slice_of(bytes, read.records.range_len);
        struct batch_header header;
        size_t size;
        while (batch_next(rest, &header, &size, NULL) == BATCH_WHOLE) {
            ck_assert(batch_check_crc(slice_of(rest.data, size)));
            ck_assert_int_ge(batch_last_offset(&header), offset);
            each(slice_of(rest.data, size), &header, context);
            offset = batch_next_offset(&header);
            rest = slice_from(rest, size);
        }
        free(bytes);
    }
}

#endif
