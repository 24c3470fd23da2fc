/*
 * compaction: the power fails after every operation of a cleaning, and of the recovery after that.
 * Whatever is found then: the last committed record of each key is there, or was a tombstone whose time
 * was over and has left nothing older behind; no reader of committed records gets an aborted one; the log
 * can be cleaned again.
 */
#include "protocol/base/ensure.h"
#include "test/sim/sim_disk.h"
#include "test/sim/sim_world.h"
#include "test/unit/storage/clean_test.h"

#include <inttypes.h>

enum { RECORDS_MAX = 400, KEYS = 7, NOW = 1000000, PER_CUT = 6 };

enum fate { WRITTEN, ABORTED, MARKER };

struct written {
    enum fate fate;
    int key;
    bool tombstone;
};

static struct written written[RECORDS_MAX];
static int64_t end_offset;
static uint64_t seed;
static uint64_t state;
static size_t states;
static const char *place; /* what is being checked, for the message */
static size_t cut;

#define check(condition, ...)                                                                \
    do {                                                                                     \
        if (!(condition)) {                                                                  \
            fprintf(stderr, "ODRADEK_SIM_SEED=%" PRIu64 " %s, cut %zu: ", seed, place, cut); \
            fprintf(stderr, __VA_ARGS__);                                                    \
            fprintf(stderr, "\n");                                                           \
            ck_abort_msg("%s", #condition);                                                  \
        }                                                                                    \
    } while (0)

/* ---- the log ---- */

static void append(bool transactional, bool aborted, int32_t *sequence)
{
    char key[8];
    struct written *record = &written[end_offset];
    *record =
        (struct written){aborted ? ABORTED : WRITTEN, (int)sim_draw(&state, KEYS), sim_draw(&state, 4) == 0};
    snprintf(key, sizeof key, "%d", record->key);
    const struct keyed keyed = {key, record->tombstone ? NULL : aborted ? "aborted" : "committed"};
    append_keyed(&(struct keyed_batch){.records = &keyed,
                                       .count = 1,
                                       .timestamp = 5000,
                                       .codec = (enum codec)sim_draw(&state, CODEC_COUNT),
                                       .producer_id = transactional ? 100 : 0,
                                       .base_sequence = *sequence,
                                       .transactional = transactional});
    end_offset++;
    if (!transactional)
        return;
    (*sequence)++;
    append_keyed(
        &(struct keyed_batch){.timestamp = 5000, .producer_id = 100, .marker = true, .aborted = aborted});
    written[end_offset++] = (struct written){.fate = MARKER};
}

/* A log in small segments, on stable storage, that has been cleaned once: there are horizons that pass. */
static void write_log(void)
{
    int32_t sequence = 0;
    end_offset = 0;
    config = compacted_config();
    config.segment_bytes = 600;
    open_partition();
    for (int i = 0; i < 80; i++) {
        bool transactional = sim_draw(&state, 3) == 0;
        append(transactional, transactional && sim_draw(&state, 2) == 0, &sequence);
        if (i == 50) {
            roll();
            ck_assert(clean_at(NOW));
        }
    }
    roll();
    append(false, false, &sequence);
    close_partition();
}

/* ---- checking ---- */

static bool is_hidden(const struct partition_read *read, const struct batch_header *header)
{
    for (int32_t i = 0; i < read->aborted_count; i++) /* every transaction is one batch */
        if (read->aborted[i].first_offset == header->base_offset)
            return true;
    return false;
}

static void take_batch(struct slice batch, const struct batch_header *header, bool hidden, bool *there)
{
    struct record_iterator it;
    struct record record;
    check(batch_check_crc(batch), "checksum at %" PRId64, header->base_offset);
    record_iterator_init(&it, batch, NULL);
    while (!hidden && !batch_is_control(header) && record_iterator_next(&it, &record, NULL) == RECORD_READ) {
        const struct written *of = &written[record.offset];
        check(of->fate == WRITTEN, "%" PRId64 " was aborted, or is a marker", record.offset);
        check(slice_is_null(record.value) == of->tombstone, "value of %" PRId64, record.offset);
        there[record.offset] = true;
    }
    record_iterator_fini(&it);
}

static void read_committed(bool *there)
{
    int64_t offset = 0;
    for (;;) {
        struct partition_read read = {.fetch_offset = offset,
                                      .max_bytes = 2000,
                                      .at_least_one = true,
                                      .isolation = READ_COMMITTED,
                                      .current_leader_epoch = -1,
                                      .last_fetched_epoch = -1};
        partition_read(partition, &read);
        check(read.error == KERR_NONE, "read at %" PRId64 ": %d", offset, (int)read.error);
        if (read.records.segment == NULL)
            return;
        uint8_t bytes[8192];
        size_t len = read.records.range_len;
        ck_assert_uint_le(len, sizeof bytes);
        ck_assert_int_eq(segment_read(read.records.segment, bytes, len, read.records.position), (int64_t)len);
        segment_unref(read.records.segment);
        struct slice rest = slice_of(bytes, len);
        struct batch_header header;
        size_t size;
        while (batch_next(rest, &header, &size, NULL) == BATCH_WHOLE) {
            take_batch(slice_of(rest.data, size), &header, is_hidden(&read, &header), there);
            offset = batch_next_offset(&header);
            rest = slice_from(rest, size);
        }
        free(read.aborted);
    }
}

static void check_records(void)
{
    bool there[RECORDS_MAX] = {false};
    read_committed(there);
    check(partition->log->end_offset == end_offset, "the end is %" PRId64, partition->log->end_offset);
    for (int key = 0; key < KEYS; key++) {
        int64_t last = -1;
        bool older = false;
        for (int64_t i = 0; i < end_offset; i++)
            if (written[i].fate == WRITTEN && written[i].key == key) {
                older = older || (last >= 0 && there[last]);
                last = i;
            }
        if (last < 0 || there[last])
            continue;
        check(written[last].tombstone, "the last of key %d, %" PRId64 ", is gone", key, last);
        check(!older, "key %d was deleted at %" PRId64 " and is there again", key, last);
    }
}

/* Starts what the power cut has left, looks, cleans again, looks, and stops. */
static void start_and_check(struct sim_fs *fs)
{
    test_fs = &fs->table;
    open_partition();
    check_records();
    (void)clean_at(NOW + 5000);
    check(!partition->uncleanable, "it cannot be cleaned");
    check_records();
    close_partition();
    states++;
}

/* The power fails again at each operation of the recovery. */
static void cut_recovery(const struct sim_fs *image)
{
    struct sim_fs *fs = sim_fs_copy(image);
    struct sim_disk *disk = sim_disk_new(image, NULL);
    fs->tracing = true;
    test_fs = &fs->table;
    open_partition();
    fs->tracing = false;
    close_partition();
    place = "recovery";
    for (size_t i = 0; i < fs->trace_count; i++) {
        sim_disk_step(disk, &fs->trace[i]);
        struct sim_fs *again =
            sim_disk_crash(disk, (enum sim_crash)sim_draw(&state, SIM_CRASH_KINDS), &state);
        start_and_check(again);
        sim_fs_free(again);
    }
    place = "cleaning";
    sim_disk_free(disk);
    sim_fs_free(fs);
}

static void run(uint64_t of)
{
    seed = state = of;
    sim_world_reset(of);
    strcpy(test_directory, "");
    struct sim_fs *fs = sim_fs_new();
    test_fs = &fs->table;
    write_log();
    open_partition();
    struct sim_fs *base = sim_fs_copy(fs);
    struct sim_disk *disk = sim_disk_new(base, NULL);
    sim_fs_forget_trace(fs);
    fs->tracing = true;
    ck_assert(clean_at(NOW + 2000));
    fs->tracing = false;
    check_records();
    close_partition();
    place = "cleaning";
    for (cut = 0; cut < fs->trace_count; cut++) {
        sim_disk_step(disk, &fs->trace[cut]);
        for (int i = 0; i < PER_CUT; i++) {
            enum sim_crash how = (enum sim_crash)((cut + (size_t)i) % SIM_CRASH_KINDS);
            struct sim_fs *found = sim_disk_crash(disk, how, &state);
            struct sim_fs *image = sim_fs_copy(found);
            start_and_check(found);
            if (i == 0 && cut % 4 == 0)
                cut_recovery(image);
            sim_fs_free(image);
            sim_fs_free(found);
        }
    }
    sim_disk_free(disk);
    sim_fs_free(base);
    sim_fs_free(fs);
}

START_TEST(a_power_cut_in_the_middle_of_a_cleaning_takes_nothing_away_and_brings_nothing_back)
{
    int64_t rounds = sim_option("ROUNDS", 1);
    for (int64_t i = 0; i < rounds; i++)
        run((uint64_t)sim_option("SEED", 1 + i));
    fprintf(stderr, "compaction: %zu states started and checked\n", states);
}
END_TEST

int main(int argc, char **argv)
{
    (void)argc;
    sim_world_fix_addresses(argv);
    Suite *suite = suite_create("compaction");
    TCase *tcase = tcase_create("all");
    tcase_set_timeout(tcase, 500);
    tcase_add_test(tcase, a_power_cut_in_the_middle_of_a_cleaning_takes_nothing_away_and_brings_nothing_back);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
