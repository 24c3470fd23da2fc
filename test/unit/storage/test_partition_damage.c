/* damage that a reader meets: he is told, and so is the operator, once. */
#include "storage/os/clock.h"
#include "storage/partitions.h"
#include "storage/segment.h"
#include "test/unit/storage/storage_test.h"

enum { BATCHES = 4 };

static struct data_dir *dir;
static struct partitions *partitions;
static struct partition *partition;

static void set_up(void)
{
    static const struct uuid topic_id = {{7, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}};
    static const struct uuid directory_id = {{9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9}};
    struct note why = {""};
    enum data_dir_state state;
    int64_t broker_epoch;
    enum kerr error;
    const struct storage_config storage = storage_config_default();
    const struct hosted_partition hosted = {
        .topic = SLICE("orders"), .topic_id = topic_id, .is_leader = true, .config = default_config()};
    make_test_directory();
    dir = data_dir_open(file_system_os(), test_path("data"), &state, &why);
    ck_assert_msg(dir != NULL, "%s", why.text);
    ck_assert_int_eq(data_dir_format(dir, SLICE("cluster"), 1, directory_id, &why), KERR_NONE);
    data_dir_begin(dir, &broker_epoch);
    partitions = partitions_new(&dir, 1, &storage);
    partition = partitions_create(partitions, &hosted, &error, &why);
    ck_assert_msg(partition != NULL, "%s", why.text);
    listen_to_broker();
}

static void tear_down(void)
{
    partition_unref(partition);
    ck_assert(partitions_close(partitions, 5));
    data_dir_close(dir);
    remove_test_directory();
}

static void append(struct batch_wish wish)
{
    struct append entry = {.acks = 1};
    wish.value_len = 100;
    entry.batch = make_batch(&wish, &entry.len);
    batch_header_read(entry.batch, &entry.header);
    partition_append(partition, &entry, clock_wall_ms());
    ck_assert_int_eq(entry.error, KERR_NONE);
    free(entry.batch);
}

/* While the broker runs: its start would have found it. */
static void damage(const char *suffix, int64_t at)
{
    char name[100];
    snprintf(name, sizeof name, "data/orders-0/00000000000000000000%s", suffix);
    int file = file_open(file_system_os(), test_path(name), FILE_WRITE);
    ck_assert_int_eq(file_write(file_system_os(), file, "?", 1, at), 0);
    file_close(file_system_os(), file);
}

static enum kerr read_at(int64_t offset, enum isolation isolation)
{
    struct partition_read read = {
        .fetch_offset = offset,
        .max_bytes = 10, /* less than a batch: its header is looked at */
        .at_least_one = true,
        .isolation = isolation,
        .current_leader_epoch = -1,
        .last_fetched_epoch = -1,
    };
    partition_read(partition, &read);
    if (read.records.segment != NULL)
        segment_unref(read.records.segment);
    free(read.aborted);
    return read.error;
}

/* Batches of one size; the third one's magic byte is another one. Returns where that begins. */
static int64_t damage_third_batch(void)
{
    struct partition_extent extent;
    for (int i = 0; i < BATCHES; i++)
        append((struct batch_wish){.timestamp = 1000 + i});
    partition_get_extent(partition, &extent);
    int64_t at = extent.size / BATCHES * 2;
    damage(".log", at + BATCH_MAGIC_AT);
    return at;
}

static void expect_line(int64_t position, int64_t offset)
{
    char line[200];
    snprintf(line, sizeof line,
             "/orders-0/00000000000000000000.log: damaged at byte %d: a reader of offset %d is answered "
             "CORRUPT_MESSAGE",
             (int)position, (int)offset);
    ck_assert_int_eq(lines_said_with(line), 1);
    ck_assert_int_eq(lines_said_with("CORRUPT_MESSAGE"), 1);
}

START_TEST(a_batch_that_is_none_is_said_once_with_its_place)
{
    int64_t at = damage_third_batch();
    ck_assert_int_eq(read_at(1, READ_UNCOMMITTED), KERR_NONE);
    ck_assert_int_eq(lines_said_with("CORRUPT_MESSAGE"), 0);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(read_at(2, READ_UNCOMMITTED), KERR_CORRUPT_MESSAGE);
    expect_line(at, 2);
}
END_TEST

START_TEST(a_search_by_time_that_ends_at_damage_says_it)
{
    struct offset_and_timestamp found;
    int64_t at = damage_third_batch();
    ck_assert_int_eq(partition_find_timestamp(partition, 1001, &found), KERR_NONE);
    ck_assert_int_eq(found.offset, 1);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(partition_find_timestamp(partition, 1003, &found), KERR_CORRUPT_MESSAGE);
    expect_line(at, 0);
}
END_TEST

START_TEST(an_index_of_aborted_transactions_that_is_none_is_said_once)
{
    append((struct batch_wish){.timestamp = 1, .producer_id = 5, .transactional = true});
    append((struct batch_wish){.timestamp = 2, .producer_id = 5, .marker = true, .aborted = true});
    damage(".txnindex", 1);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(read_at(0, READ_COMMITTED), KERR_CORRUPT_MESSAGE);
    ck_assert_int_eq(lines_said_with("/orders-0/00000000000000000000.txnindex: damaged at byte 0"), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("partition_damage");
    TCase *tests = tcase_create("partition_damage");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_batch_that_is_none_is_said_once_with_its_place);
    tcase_add_test(tests, a_search_by_time_that_ends_at_damage_says_it);
    tcase_add_test(tests, an_index_of_aborted_transactions_that_is_none_is_said_once);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
