/*
 * test_damaged_start: a whole broker starts on each row of test/golden/damages.table, and what becomes of the
 * topics is what the table says. A log is the same as before if every offset, every time and every isolation
 * gives the same records.
 */
#include "protocol/record.h"
#include "server/broker.h"
#include "test/golden/damages.h"

enum { LOGS_MAX = 64 };

/* What readers get of one partition. */
struct seen {
    char name[256];
    bool served;
    int64_t start, end;
    uint32_t records; /* checksums: of all answers */
    bool failed;
};

struct view {
    struct seen logs[LOGS_MAX];
    int count;
};

static struct view undamaged[GOLDEN_COUNT]; /* as golden_names */

/* ---- reading a partition ---- */

static void mix(struct seen *seen, const void *bytes, size_t len)
{
    seen->records = crc32c_update(seen->records, bytes, len);
}

static void mix_number(struct seen *seen, int64_t number)
{
    mix(seen, &number, sizeof number);
}

static void see_batch(struct seen *seen, struct slice batch, int64_t from)
{
    struct record_iterator it;
    struct record record;
    enum record_result result;
    if (!batch_check_crc(batch))
        seen->failed = true;
    record_iterator_init(&it, batch, NULL);
    while ((result = record_iterator_next(&it, &record, NULL)) == RECORD_READ) {
        if (record.offset < from)
            continue;
        mix_number(seen, record.offset);
        mix_number(seen, record.timestamp);
        mix(seen, record.key.data, record.key.len);
        mix(seen, record.value.data, record.value.len);
        mix(seen, record.headers.data, record.headers.len);
    }
    seen->failed = seen->failed || result != RECORD_END;
    record_iterator_fini(&it);
}

/* The records of one answer; the offset behind them. */
static int64_t see_records(struct seen *seen, const struct records *records, int64_t from)
{
    if (records->segment == NULL)
        return -1;
    uint8_t *bytes = malloc(records->range_len);
    ensure(bytes != NULL);
    ck_assert_int_eq(segment_read(records->segment, bytes, records->range_len, records->position),
                     (int64_t)records->range_len);
    segment_unref(records->segment);
    struct slice rest = slice_of(bytes, records->range_len);
    struct batch_header header;
    size_t size;
    int64_t next = -1;
    while (batch_next(rest, &header, &size, NULL) == BATCH_WHOLE) {
        see_batch(seen, slice_of(rest.data, size), from);
        next = batch_next_offset(&header);
        rest = slice_from(rest, size);
    }
    seen->failed = seen->failed || rest.len > 0;
    free(bytes);
    return next;
}

/* One fetch; the offset behind what it gave, -1 if that is nothing. */
static int64_t see_fetch(struct seen *seen, struct partition *partition, int64_t offset,
                         enum isolation isolation)
{
    struct partition_read read = {.fetch_offset = offset,
                                  .max_bytes = 1,
                                  .at_least_one = true,
                                  .isolation = isolation,
                                  .current_leader_epoch = -1,
                                  .last_fetched_epoch = -1};
    partition_read(partition, &read);
    seen->failed = seen->failed || read.error != KERR_NONE;
    for (int32_t i = 0; i < read.aborted_count; i++) {
        mix_number(seen, read.aborted[i].producer_id);
        mix_number(seen, read.aborted[i].first_offset);
    }
    free(read.aborted);
    return see_records(seen, &read.records, offset);
}

static void see_time(struct seen *seen, struct partition *partition, int64_t timestamp_ms)
{
    struct offset_and_timestamp found = {0};
    seen->failed = seen->failed || partition_find_timestamp(partition, timestamp_ms, &found) != KERR_NONE;
    mix_number(seen, found.found ? found.offset : -1);
}

/* From the start on; from every offset; as of every time. */
static void see_partition(struct seen *seen, struct partition *partition)
{
    enum { FIRST_S = 1749999990, STEP_MS = 1500, STEPS = 50 };
    struct partition_offsets offsets;
    partition_get_offsets(partition, &offsets);
    seen->served = true;
    seen->start = offsets.log_start_offset;
    seen->end = offsets.log_end_offset;
    for (int64_t at = seen->start; at >= 0 && at < seen->end;)
        at = see_fetch(seen, partition, at, READ_UNCOMMITTED);
    for (int64_t at = seen->start; at < seen->end; at++) {
        see_fetch(seen, partition, at, READ_UNCOMMITTED);
        see_fetch(seen, partition, at, READ_COMMITTED);
    }
    for (int i = 0; i < STEPS; i++)
        see_time(seen, partition, FIRST_S * INT64_C(1000) + (int64_t)i * STEP_MS);
}

/* ---- a broker ---- */

static struct broker *start(const char *directory, struct note *why)
{
    char directories[1100];
    const char *second = second_directory();
    snprintf(directories, sizeof directories, "%s%s%s", directory, second != NULL ? "," : "",
             second != NULL ? second : "");
    const struct override overrides[] = {
        {SLICE("log.dirs"), slice_str(directories)},
        {SLICE("listeners"), SLICE("PLAINTEXT://127.0.0.1:0")},
        {SLICE("node.id"), SLICE("1")},
        {SLICE("log.cleaner.enable"), SLICE("false")},
        {SLICE("log.retention.ms"), SLICE("-1")},
    };
    struct config config;
    ck_assert_msg(config_load(&config, NULL, overrides, sizeof overrides / sizeof overrides[0], false, why),
                  "%s", why->text);
    return broker_open(&config, why);
}

/* The partitions that the undamaged directory has; those of internal topics change by themselves. */
static void take_name(void *context, const char *name)
{
    struct view *view = context;
    struct slice topic;
    int32_t index;
    if (name[0] == '_' || partition_dir_parse(name, &topic, &index) != PARTITION_DIR_LIVE)
        return;
    ensure(view->count < LOGS_MAX);
    view->logs[view->count++] = (struct seen){0};
    snprintf(view->logs[view->count - 1].name, sizeof view->logs[0].name, "%s", name);
}

static void see_all(struct view *view, const struct broker *broker)
{
    struct slice topic;
    int32_t index;
    for (int i = 0; i < view->count; i++) {
        ck_assert_int_eq(partition_dir_parse(view->logs[i].name, &topic, &index), PARTITION_DIR_LIVE);
        struct partition *partition = partitions_find(broker->partitions, topic, index);
        if (partition == NULL)
            continue;
        see_partition(&view->logs[i], partition);
        partition_unref(partition);
    }
}

/* loses | misreads | starts: the worst that became of a log, and its name. */
static const char *compare(const struct view *before, const struct view *after, const char **name)
{
    const char *worst = "starts";
    for (int i = 0; i < before->count; i++) {
        const struct seen *a = &before->logs[i], *b = &after->logs[i];
        if (!b->served || a->start != b->start || a->end != b->end) {
            *name = a->name;
            return "loses";
        }
        if (a->records == b->records && a->failed == b->failed)
            continue;
        *name = a->name;
        worst = "misreads";
    }
    return worst;
}

static void look_at_undamaged(void)
{
    char path[512];
    struct note why = {""};
    unpack_all();
    for (int i = 0; i < GOLDEN_COUNT; i++) {
        make_test_directory();
        copy_golden(golden_names[i], path);
        file_list(file_system_os(), path, take_name, &undamaged[i]);
        struct broker *broker = start(path, &why);
        ck_assert_msg(broker != NULL, "%s: %s", golden_names[i], why.text);
        see_all(&undamaged[i], broker);
        ck_assert(broker_close(broker));
        remove_test_directory();
    }
}

static const struct view *undamaged_of(const char *directory)
{
    int i = 0;
    while (strcmp(golden_names[i], directory) != 0)
        ensure(++i < GOLDEN_COUNT);
    return &undamaged[i];
}

/* ---- the rows ---- */

static void count_stray(void *context, const char *name)
{
    size_t len = strlen(name);
    *(int *)context += len > 6 && strcmp(name + len - 6, "-stray") == 0;
}

static int strays_in(const char *path)
{
    int count = 0;
    file_list(file_system_os(), path, count_stray, &count);
    return count;
}

/* Starts on the directory; what became of the logs, and in `more` of which, or why it does not start. */
static const char *judge(const char *path, const struct view *before, struct note *more)
{
    static struct view after;
    const char *name = "";
    const int strays = strays_in(path);
    struct broker *broker = start(path, more);
    if (broker == NULL)
        return "refuses";
    after.count = before->count;
    for (int i = 0; i < after.count; i++)
        memcpy(after.logs[i].name, before->logs[i].name, sizeof after.logs[i].name);
    see_all(&after, broker);
    const char *said = compare(before, &after, &name);
    note_set(more, "%s", name);
    ck_assert(broker_close(broker));
    return strcmp(said, "starts") == 0 && strays_in(path) > strays ? "strays" : said;
}

START_TEST(a_start_does_what_the_table_says)
{
    const struct row *row = &rows[_i];
    char path[512];
    struct note more = {""};
    make_test_directory();
    copy_golden(row->directory, path);
    damage(path, row->shell);
    const char *said = judge(path, undamaged_of(row->directory), &more);
    ck_assert_msg(row_says(row->odradek, said), "row %d (%s): '%s' is told, and it %s %s", _i + 1, row->shell,
                  row->odradek, said, more.text);
    remove_test_directory();
}
END_TEST

int main(void)
{
    read_rows();
    Suite *suite = suite_create("damaged_start");
    TCase *tcase = tcase_create("damaged_start");
    tcase_set_timeout(tcase, 250);
    tcase_add_unchecked_fixture(tcase, look_at_undamaged, remove_originals);
    tcase_add_loop_test(tcase, a_start_does_what_the_table_says, 0, row_count);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
