/*
 * Whole data directories of Apache Kafka, opened by storage/ and compared with what Kafka itself finds in
 * them: offsets, every batch header, what a consumer sees, producers, indexes; and that opening and closing a
 * clean one changes no file.
 */
#include "protocol/base/big_endian.h"
#include "protocol/record.h"
#include "storage/segment.h"
#include "test/golden/golden_directories.h"

enum { LINE_SIZE = 4096, READ_BYTES = 1 << 20 };

static char *expected;

static void set_up(void)
{
    make_test_directory();
}

static void tear_down(void)
{
    remove_test_directory();
}

static void open_golden(struct golden *golden, int i)
{
    expected = golden_expected(golden_names[i]);
    golden_open(golden, golden_names[i], golden_unpack(golden_names[i], "data"));
}

static void close_golden(struct golden *golden)
{
    golden_close(golden);
    free(expected);
}

static bool is_internal(const char *name)
{
    return strncmp(name, "__", 2) == 0;
}

/* ---- offsets ---- */

static void check_offsets(const struct golden *golden, const char *line)
{
    char name[256];
    long long earliest, latest, committed, max_offset, max_timestamp;
    ck_assert_int_eq(sscanf(line, "%255s %lld %lld %lld %lld@%lld", name, &earliest, &latest, &committed,
                            &max_offset, &max_timestamp),
                     6);
    if (is_internal(name))
        return; /* coordinators wrote more when they started */
    struct partition *partition = golden_partition(golden, name);
    struct partition_offsets offsets;
    partition_get_offsets(partition, &offsets);
    ck_assert_msg(offsets.log_start_offset == earliest, "%s starts at %lld", name,
                  (long long)offsets.log_start_offset);
    ck_assert_msg(offsets.log_end_offset == latest && offsets.high_watermark == latest, "%s ends at %lld",
                  name, (long long)offsets.log_end_offset);
    ck_assert_msg(offsets.last_stable_offset == committed, "%s is stable to %lld", name,
                  (long long)offsets.last_stable_offset);
    struct offset_and_timestamp found;
    ck_assert_int_eq(partition_find_max_timestamp(partition, &found), KERR_NONE);
    ck_assert_msg(found.offset == max_offset && found.timestamp_ms == max_timestamp,
                  "%s: %lld@%lld is the latest", name, (long long)found.offset,
                  (long long)found.timestamp_ms);
    partition_unref(partition);
}

START_TEST(offsets_are_those_that_kafka_reports)
{
    struct golden golden;
    char line[LINE_SIZE];
    open_golden(&golden, _i);
    const char *at = golden_section(expected, "== offsets: ");
    int partitions = 0;
    for (; golden_line(&at, line, sizeof line) && line[0] != '\0'; partitions++)
        check_offsets(&golden, line);
    ck_assert_int_gt(partitions, 20);
    close_golden(&golden);
}
END_TEST

/* ---- batches ---- */

/* Checks one line of dump-log against the header on disk. */
static void check_header(const struct segment *segment, const char *line)
{
    uint8_t bytes[BATCH_HEADER_SIZE];
    struct batch_header header;
    int64_t position = golden_number(line, " position: ");
    ck_assert_int_eq(segment_read(segment, bytes, sizeof bytes, position), sizeof bytes);
    batch_header_read(bytes, &header);
    ck_assert_int_eq(header.base_offset, golden_number(line, "baseOffset: "));
    ck_assert_int_eq(batch_last_offset(&header), golden_number(line, "lastOffset: "));
    ck_assert_int_eq(header.record_count, golden_number(line, " count: "));
    ck_assert_int_eq(header.base_sequence, golden_number(line, " baseSequence: "));
    ck_assert_int_eq(header.producer_id, golden_number(line, " producerId: "));
    ck_assert_int_eq(header.producer_epoch, golden_number(line, " producerEpoch: "));
    ck_assert_int_eq(header.partition_leader_epoch, golden_number(line, " partitionLeaderEpoch: "));
    ck_assert_int_eq(batch_is_transactional(&header), strstr(line, "isTransactional: true") != NULL);
    ck_assert_int_eq(batch_is_control(&header), strstr(line, "isControl: true") != NULL);
    ck_assert_int_eq(
        header.max_timestamp,
        golden_number(line, batch_is_log_append_time(&header) ? " LogAppendTime: " : " CreateTime: "));
    ck_assert_int_eq(batch_size(&header), golden_number(line, " size: "));
    ck_assert_int_eq(header.crc, golden_number(line, " crc: "));
}

static struct segment *find_segment(struct partition *partition, int64_t base)
{
    struct log *log = partition->log;
    for (int32_t i = 0; i < log->count; i++)
        if (log->segments[i]->base_offset == base)
            return log->segments[i];
    return NULL;
}

/* Reads the partition from end to end and counts the batches that come. */
static int count_batches(struct partition *partition)
{
    int count = 0;
    int64_t offset = partition->log->start_offset;
    uint8_t *bytes = malloc(READ_BYTES);
    while (offset < partition->log->end_offset) {
        struct partition_read read = {.fetch_offset = offset,
                                      .max_bytes = READ_BYTES,
                                      .at_least_one = true,
                                      .isolation = READ_REPLICA,
                                      .current_leader_epoch = -1,
                                      .last_fetched_epoch = -1};
        partition_read(partition, &read);
        ck_assert_int_eq(read.error, KERR_NONE);
        size_t len = records_len(&read.records);
        if (len == 0)
            break; /* compaction has emptied the end */
        ck_assert_int_eq(segment_read(read.records.segment, bytes, len, read.records.position), (int64_t)len);
        segment_unref(read.records.segment);
        struct slice left = slice_of(bytes, len);
        struct batch_header header;
        size_t size;
        while (batch_next(left, &header, &size, NULL) == BATCH_WHOLE) {
            ck_assert(batch_check_crc(slice_of(left.data, size)));
            offset = batch_next_offset(&header);
            left = slice_from(left, size);
            count++;
        }
    }
    free(bytes);
    return count;
}

/* The log that dump-log prints now. */
struct dumped {
    struct partition *partition;
    struct segment *segment; /* referenced; NULL: none of ours */
};

static void end_dumped(struct dumped *dumped)
{
    if (dumped->segment != NULL) {
        segment_unref(dumped->segment);
        partition_unref(dumped->partition);
    }
    *dumped = (struct dumped){0};
}

static void begin_dumped(const struct golden *golden, const char *name, int64_t base, struct dumped *dumped)
{
    struct slice topic;
    int32_t index;
    if (partition_dir_parse(name, &topic, &index) != PARTITION_DIR_LIVE)
        return;
    dumped->partition = golden_partition(golden, name);
    dumped->segment = find_segment(dumped->partition, base);
    ck_assert_msg(dumped->segment != NULL, "%s: %lld", name, (long long)base);
    ck_assert_int_eq(segment_pin(dumped->segment), 0);
}

static int check_section(const struct golden *golden, const char *header)
{
    char line[LINE_SIZE];
    struct dumped dumped = {0};
    int checked = 0;
    const char *at = golden_section(expected, header);
    while (golden_line(&at, line, sizeof line)) {
        char name[256];
        long long base;
        if (sscanf(line, "Dumping ./%255[^/]/%lld.log", name, &base) == 2) {
            end_dumped(&dumped);
            begin_dumped(golden, name, base, &dumped);
        } else if (strncmp(line, "baseOffset: ", 12) == 0 && dumped.segment != NULL) {
            check_header(dumped.segment, line);
            checked++;
        }
    }
    end_dumped(&dumped);
    return checked;
}

START_TEST(every_batch_is_found_where_kafka_finds_it)
{
    static const char *const sections[] = {"==== consumer offsets", "==== transaction state",
                                           "==== share group state", "==== logs"};
    struct golden golden;
    open_golden(&golden, _i);
    int checked = 0;
    for (size_t s = 0; s < sizeof sections / sizeof sections[0]; s++)
        if (strstr(expected, sections[s]) != NULL) /* 3.9.2 has no share groups */
            checked += check_section(&golden, sections[s]);
    ck_assert_int_gt(checked, 200);
    int below_start = 0;
    int read = 0;
    for (size_t i = 0; i < golden.count; i++) {
        struct partition *partition =
            partitions_find(golden.partitions, golden.hosted[i].topic, golden.hosted[i].index);
        below_start += partition->log->start_offset > 0;
        read += count_batches(partition);
        partition_unref(partition);
    }
    ck_assert_int_le(read, checked);
    ck_assert_int_ge(read, checked - 10 * below_start);
    close_golden(&golden);
}
END_TEST

/* ---- records as a consumer sees them ---- */

struct seen {
    long long offset;
    long long timestamp;
};

enum { SEEN_MAX = 1000, ABORTED_MAX = 16 };

/* A consumer's filter: producers whose transaction was aborted, from its first offset to its marker. */
struct filter {
    struct aborted_transaction aborted[ABORTED_MAX];
    bool done[ABORTED_MAX];
    int32_t count;
};

static bool is_aborted(struct filter *filter, const struct batch_header *header)
{
    for (int32_t i = 0; i < filter->count; i++)
        if (!filter->done[i] && filter->aborted[i].producer_id == header->producer_id
            && filter->aborted[i].first_offset <= header->base_offset) {
            filter->done[i] = batch_is_control(header);
            return true;
        }
    return false;
}

static size_t consume(struct partition *partition, enum isolation isolation, struct seen *seen)
{
    size_t count = 0;
    int64_t offset = partition->log->start_offset;
    int64_t start = offset;
    uint8_t *bytes = malloc(READ_BYTES);
    for (;;) {
        struct partition_read read = {.fetch_offset = offset,
                                      .max_bytes = READ_BYTES,
                                      .at_least_one = true,
                                      .isolation = isolation,
                                      .current_leader_epoch = -1,
                                      .last_fetched_epoch = -1};
        partition_read(partition, &read);
        ck_assert_int_eq(read.error, KERR_NONE);
        size_t len = records_len(&read.records);
        if (len == 0)
            break;
        struct filter filter = {.count = read.aborted_count};
        ck_assert_int_le(read.aborted_count, ABORTED_MAX);
        for (int32_t i = 0; i < read.aborted_count; i++)
            filter.aborted[i] = read.aborted[i];
        free(read.aborted);
        ck_assert_int_eq(segment_read(read.records.segment, bytes, len, read.records.position), (int64_t)len);
        segment_unref(read.records.segment);
        struct slice left = slice_of(bytes, len);
        struct batch_header header;
        size_t size;
        while (batch_next(left, &header, &size, NULL) == BATCH_WHOLE) {
            bool hidden = batch_is_transactional(&header) && is_aborted(&filter, &header);
            struct record_iterator it;
            struct record record;
            record_iterator_init(&it, slice_of(left.data, size), NULL);
            while (!hidden && !batch_is_control(&header)
                   && record_iterator_next(&it, &record, NULL) == RECORD_READ)
                if (record.offset >= start) {
                    ck_assert_uint_lt(count, SEEN_MAX);
                    seen[count++] = (struct seen){record.offset, record.timestamp};
                }
            record_iterator_fini(&it);
            offset = batch_next_offset(&header);
            left = slice_from(left, size);
        }
    }
    free(bytes);
    return count;
}

static void check_consumed(const struct golden *golden, enum isolation isolation, const char *header)
{
    char line[LINE_SIZE];
    char current[256] = "";
    struct seen seen[SEEN_MAX];
    size_t count = 0;
    size_t next = 0;
    int records = 0;
    const char *at = golden_section(expected, header);
    while (golden_line(&at, line, sizeof line)) {
        char name[256];
        char type[32];
        long long offset, timestamp;
        if (sscanf(line, "%255s %lld %31s %lld", name, &offset, type, &timestamp) != 4)
            break;
        if (strcmp(name, current) != 0) {
            ck_assert_msg(next == count, "%s: %zu records too many", current, count - next);
            struct partition *partition = golden_partition(golden, name);
            strcpy(current, name);
            count = consume(partition, isolation, seen);
            next = 0;
            partition_unref(partition);
        }
        ck_assert_msg(next < count, "%s: too few", line);
        ck_assert_msg(seen[next].offset == offset && seen[next].timestamp == timestamp, "%s: got %lld %lld",
                      line, seen[next].offset, seen[next].timestamp);
        next++;
        records++;
    }
    ck_assert_uint_eq(next, count);
    ck_assert_int_gt(records, 150);
}

START_TEST(a_consumer_sees_what_kafkas_consumer_saw)
{
    struct golden golden;
    open_golden(&golden, _i);
    check_consumed(&golden, READ_UNCOMMITTED, "== records, read_uncommitted");
    check_consumed(&golden, READ_COMMITTED, "== records, read_committed");
    close_golden(&golden);
}
END_TEST

/* ---- producers ---- */

START_TEST(producers_are_those_that_kafka_knows)
{
    struct golden golden;
    char line[LINE_SIZE];
    open_golden(&golden, _i);
    const char *at = golden_section(expected, "== producers (");
    int checked = 0;
    for (; golden_line(&at, line, sizeof line) && line[0] != '\0'; checked++) {
        char name[256], coordinator[32], start[32];
        long long id, epoch, sequence, timestamp;
        ck_assert_int_eq(sscanf(line, "%255s %lld %lld %lld %lld %31s %31s", name, &id, &epoch, &sequence,
                                &timestamp, coordinator, start),
                         7);
        struct partition *partition = golden_partition(&golden, name);
        const struct producer *producer = producers_find(&partition->log->producers, id);
        ck_assert_msg(producer != NULL, "%s is missing", line);
        int32_t last =
            producer->batch_count == 0 ? -1 : producer->batches[producer->batch_count - 1].last_sequence;
        ck_assert_msg(producer->epoch == epoch && last == sequence && producer->last_timestamp == timestamp,
                      "%s: epoch %d, sequence %d, timestamp %lld", line, producer->epoch, (int)last,
                      (long long)producer->last_timestamp);
        ck_assert_int_eq(producer->coordinator_epoch, strcmp(coordinator, "-") == 0 ? -1 : atoi(coordinator));
        ck_assert_int_eq(producer->transaction_start, strcmp(start, "-") == 0 ? -1 : atoll(start));
        partition_unref(partition);
    }
    ck_assert_int_gt(checked, 2);
    close_golden(&golden);
}
END_TEST

START_TEST(producers_with_old_timestamps_are_kept_although_kafka_forgets_them)
{
    struct golden golden;
    open_golden(&golden, _i);
    struct partition *partition = golden_partition(&golden, "plain-0");
    const struct producer *producer = producers_find(&partition->log->producers, 0);
    ck_assert_ptr_nonnull(producer);
    ck_assert_int_lt(producer->last_timestamp, 1760000000000);
    ck_assert_int_gt(producer->seen_ms, 1760000000000);
    partition_unref(partition);
    close_golden(&golden);
}
END_TEST

/* ---- files ---- */

struct comparison {
    const char *mine;
    const char *theirs;
    int compared;
};

static ssize_t read_file(const char *directory, const char *name, char **bytes)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return file_read_all(file_system_os(), path, 1 << 24, bytes);
}

static void compare_file(void *context, const char *name)
{
    struct comparison *comparison = context;
    char *mine;
    char *theirs;
    ssize_t my_len = read_file(comparison->mine, name, &mine);
    ssize_t their_len = read_file(comparison->theirs, name, &theirs);
    ck_assert_msg(my_len == their_len && memcmp(mine, theirs, (size_t)my_len) == 0,
                  "%s/%s has %zd bytes, Kafka's has %zd, or they differ", comparison->mine, name, my_len,
                  their_len);
    free(mine);
    free(theirs);
    comparison->compared++;
}

static void compare_partition(const struct golden *golden, const struct hosted_partition *hosted,
                              const char *theirs)
{
    char mine[1024];
    char original[1024];
    snprintf(mine, sizeof mine, "%s/%.*s-%d", golden->path, SLICE_ARGS(hosted->topic), (int)hosted->index);
    snprintf(original, sizeof original, "%s/%.*s-%d", theirs, SLICE_ARGS(hosted->topic), (int)hosted->index);
    struct comparison comparison = {mine, original, 0};
    file_list(file_system_os(), original, compare_file, &comparison);
    int there = comparison.compared;
    comparison.compared = 0;
    file_list(file_system_os(), mine, compare_file, &comparison);
    ck_assert_int_eq(comparison.compared, there);
    ck_assert_int_ge(there, 5);
}

START_TEST(opening_and_closing_a_clean_directory_changes_no_partition_file)
{
    const char *name = golden_names[_i * 2];
    struct golden golden;
    ck_assert(golden_is_clean(name));
    golden_open(&golden, name, golden_unpack(name, "data"));
    const char *theirs = golden_unpack(name, "theirs");
    golden_close(&golden);
    for (size_t i = 0; i < golden.count; i++)
        compare_partition(&golden, &golden.hosted[i], theirs);
}
END_TEST

/* The entries of a killed broker's index, up to the zeros of its preallocation. */
static ssize_t without_zeros(const char *bytes, ssize_t len, ssize_t entry)
{
    while (len >= entry) {
        bool zero = true;
        for (ssize_t i = len - entry; i < len; i++)
            zero = zero && bytes[i] == 0;
        if (!zero)
            break;
        len -= entry;
    }
    return len - len % entry;
}

struct index_check {
    const char *mine;
    const char *theirs;
    int checked;
};

static void check_index(void *context, const char *name)
{
    struct index_check *check = context;
    ssize_t entry = strstr(name, ".timeindex") != NULL ? 12 : strstr(name, ".index") != NULL ? 8 : 0;
    if (entry == 0)
        return;
    char *mine;
    char *theirs;
    ssize_t my_len = read_file(check->mine, name, &mine);
    ssize_t their_len = read_file(check->theirs, name, &theirs);
    ck_assert_int_ge(their_len, 0);
    their_len = without_zeros(theirs, their_len, entry);
    ck_assert_msg(my_len == their_len || (entry == 12 && my_len == their_len + entry),
                  "%s/%s has %zd bytes, Kafka's has %zd", check->mine, name, my_len, their_len);
    ck_assert_int_eq(memcmp(mine, theirs, (size_t)their_len), 0);
    free(mine);
    free(theirs);
    check->checked++;
}

START_TEST(indexes_after_recovery_are_kafkas_without_the_zeros)
{
    const char *name = golden_names[_i * 2 + 1];
    struct golden golden;
    ck_assert(!golden_is_clean(name));
    golden_open(&golden, name, golden_unpack(name, "data"));
    const char *theirs = golden_unpack(name, "theirs");
    golden_close(&golden);
    int checked = 0;
    for (size_t i = 0; i < golden.count; i++) {
        char mine[1024];
        char original[1024];
        const struct hosted_partition *hosted = &golden.hosted[i];
        snprintf(mine, sizeof mine, "%s/%.*s-%d", golden.path, SLICE_ARGS(hosted->topic), (int)hosted->index);
        snprintf(original, sizeof original, "%s/%.*s-%d", theirs, SLICE_ARGS(hosted->topic),
                 (int)hosted->index);
        struct index_check check = {mine, original, 0};
        file_list(file_system_os(), mine, check_index, &check);
        checked += check.checked;
    }
    ck_assert_int_gt(checked, 80);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("directories");
    TCase *tests = tcase_create("directories");
    tcase_set_timeout(tests, 250);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, offsets_are_those_that_kafka_reports, 0, GOLDEN_COUNT);
    tcase_add_loop_test(tests, every_batch_is_found_where_kafka_finds_it, 0, GOLDEN_COUNT);
    tcase_add_loop_test(tests, a_consumer_sees_what_kafkas_consumer_saw, 0, GOLDEN_COUNT);
    tcase_add_loop_test(tests, producers_are_those_that_kafka_knows, 0, GOLDEN_COUNT);
    tcase_add_loop_test(tests, producers_with_old_timestamps_are_kept_although_kafka_forgets_them, 0,
                        GOLDEN_COUNT);
    tcase_add_loop_test(tests, opening_and_closing_a_clean_directory_changes_no_partition_file, 0,
                        GOLDEN_COUNT / 2);
    tcase_add_loop_test(tests, indexes_after_recovery_are_kafkas_without_the_zeros, 0, GOLDEN_COUNT / 2);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
