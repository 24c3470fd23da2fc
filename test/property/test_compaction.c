/*
 * Compaction against an array: random keyed batches in every codec, tombstones, idempotent and transactional
 * producers, committed and aborted, cleanings at random times with maps of random size, restarts, clean
 * and as after a crash. A seed is printed when something is wrong; ODRADEK_SEED repeats one.
 *
 * What must hold: a record that is there is the one that was written; the last committed record of each
 * key is there, or was a tombstone whose time was over and left nothing older behind; nobody who reads
 * committed records gets an aborted one; a producer goes on after a restart where it was.
 */
#include "storage/log_private.h"
#include "storage/offset_map.h"
#include "storage/os/thread.h"
#include "test/unit/storage/clean_test.h"

#include <inttypes.h>

enum { STEPS = 500, ROUNDS = 4, RECORDS_MAX = 20000, KEYS = 25, PRODUCERS = 6, IN_BATCH_MAX = 6 };

enum fate { WRITTEN, UNDECIDED, ABORTED, MARKER };

struct model_record {
    enum fate fate;
    int key;
    bool tombstone;
    int64_t timestamp;
    int64_t producer_id;
};

static uint64_t seed;
static uint64_t state;
static struct model_record model[RECORDS_MAX];
static int64_t model_end;
static int32_t sequences[PRODUCERS]; /* the first half of the producers is transactional */
static bool in_transaction[PRODUCERS];
static int64_t now_ms;
static int64_t last_cleaning_ms;

#define check(condition, ...)                                    \
    do {                                                         \
        if (!(condition)) {                                      \
            fprintf(stderr, "ODRADEK_SEED=%" PRIu64 ": ", seed); \
            fprintf(stderr, __VA_ARGS__);                        \
            fprintf(stderr, "\n");                               \
            ck_abort_msg("%s", #condition);                      \
        }                                                        \
    } while (0)

static uint32_t draw(uint32_t below)
{
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(state >> 33) % below;
}

/* ---- writing ---- */

static const char *key_text(int key)
{
    static char texts[IN_BATCH_MAX][16];
    static int next;
    char *text = texts[next++ % IN_BATCH_MAX];
    snprintf(text, sizeof texts[0], "key %d", key);
    return text;
}

static const char *value_text(int64_t offset)
{
    static char texts[IN_BATCH_MAX][64];
    static int next;
    char *text = texts[next++ % IN_BATCH_MAX];
    snprintf(text, sizeof texts[0], "value %" PRId64 "%.*s", offset, (int)(offset % 40),
             "........................................");
    return text;
}

static void append_records(void)
{
    struct keyed records[IN_BATCH_MAX];
    int32_t count = 1 + (int32_t)draw(IN_BATCH_MAX);
    int producer = (int)draw(PRODUCERS + 2); /* the last two are nobody */
    bool transactional = producer < PRODUCERS / 2;
    struct keyed_batch wish = {
        .records = records,
        .count = count,
        .timestamp = now_ms - (int64_t)draw(1000),
        .codec = (enum codec)draw(CODEC_COUNT),
        .log_append_time = draw(4) == 0,
        .transactional = transactional,
    };
    if (producer < PRODUCERS) {
        wish.producer_id = 100 + producer;
        wish.base_sequence = sequences[producer];
        sequences[producer] += count;
    }
    if (transactional)
        in_transaction[producer] = true;
    for (int32_t i = 0; i < count; i++) {
        struct model_record *record = &model[model_end + i];
        *record = (struct model_record){.fate = transactional ? UNDECIDED : WRITTEN,
                                        .key = (int)draw(KEYS),
                                        .tombstone = draw(4) == 0,
                                        .timestamp = wish.timestamp,
                                        .producer_id = wish.producer_id};
        records[i].key = key_text(record->key);
        records[i].value = record->tombstone ? NULL : value_text(model_end + i);
    }
    int64_t offset = append_keyed(&wish);
    check(offset == model_end, "appended at %" PRId64 ", not at %" PRId64, offset, model_end);
    model_end += count;
}

static void end_transaction(int producer, bool aborted)
{
    int64_t offset = append_keyed(&(struct keyed_batch){
        .timestamp = now_ms, .producer_id = 100 + producer, .marker = true, .aborted = aborted});
    check(offset == model_end, "a marker at %" PRId64 ", not at %" PRId64, offset, model_end);
    for (int64_t i = 0; i < model_end; i++)
        if (model[i].fate == UNDECIDED && model[i].producer_id == 100 + producer)
            model[i].fate = aborted ? ABORTED : WRITTEN;
    model[model_end++] = (struct model_record){.fate = MARKER};
    in_transaction[producer] = false;
}

/* ---- reading back ---- */

struct view {
    bool there[RECORDS_MAX];
    bool committed;
    struct aborted_transaction *aborted;
    int32_t aborted_count;
    bool is_aborted[PRODUCERS]; /* as the reader knows it */
};

static void check_record(const struct record *record, struct view *view)
{
    check(record->offset >= 0 && record->offset < model_end, "offset %" PRId64, record->offset);
    const struct model_record *written = &model[record->offset];
    struct slice value = written->tombstone ? SLICE_NULL : slice_str(value_text(record->offset));
    check(written->fate != MARKER, "%" PRId64 " is a marker", record->offset);
    check(slice_equal(record->key, slice_str(key_text(written->key))), "key of %" PRId64, record->offset);
    check(slice_equal(record->value, value), "value of %" PRId64, record->offset);
    check(record->timestamp == written->timestamp, "timestamp of %" PRId64 ": %" PRId64 ", not %" PRId64,
          record->offset, record->timestamp, written->timestamp);
    check(!view->committed || written->fate == WRITTEN, "%" PRId64 " was aborted", record->offset);
    view->there[record->offset] = true;
}

/* As a consumer does: transactions of the list begin at their first offset, and end at their marker. */
static bool is_hidden(struct view *view, const struct batch_header *header)
{
    if (!view->committed || !batch_is_transactional(header))
        return false;
    for (int32_t i = 0; i < view->aborted_count; i++)
        if (view->aborted[i].first_offset <= batch_last_offset(header)) {
            view->is_aborted[view->aborted[i].producer_id - 100] = true;
            view->aborted[i].first_offset = INT64_MAX;
        }
    return view->is_aborted[header->producer_id - 100];
}

static void take_batch(struct view *view, struct slice batch, const struct batch_header *header)
{
    bool hidden = is_hidden(view, header);
    check(batch_check_crc(batch), "checksum at %" PRId64, header->base_offset);
    if (batch_is_control(header)) {
        view->is_aborted[header->producer_id - 100] = false;
        return;
    }
    struct record_iterator it;
    struct record record;
    record_iterator_init(&it, batch, NULL);
    while (!hidden && record_iterator_next(&it, &record, NULL) == RECORD_READ)
        check_record(&record, view);
    record_iterator_fini(&it);
}

/* Everything in pieces of a random size, as a consumer of this isolation sees it. */
static void read_all(struct view *view, enum isolation isolation)
{
    memset(view, 0, sizeof *view);
    view->committed = isolation == READ_COMMITTED;
    int64_t offset = 0;
    for (;;) {
        struct partition_read read = {.fetch_offset = offset,
                                      .max_bytes = 100 + (int32_t)draw(5000),
                                      .at_least_one = true,
                                      .isolation = isolation,
                                      .current_leader_epoch = -1,
                                      .last_fetched_epoch = -1};
        partition_read(partition, &read);
        check(read.error == KERR_NONE, "read at %" PRId64 ": %d", offset, (int)read.error);
        if (read.records.segment == NULL)
            break;
        size_t len = read.records.range_len;
        uint8_t *bytes = malloc(len);
        ensure(bytes != NULL);
        ssize_t got = segment_read(read.records.segment, bytes, len, read.records.position);
        check(got == (ssize_t)len, "%zd of %zu bytes", got, len);
        segment_unref(read.records.segment);
        view->aborted = read.aborted;
        view->aborted_count = read.aborted_count;
        memset(view->is_aborted, 0, sizeof view->is_aborted); /* each answer stands for itself */
        struct slice rest = slice_of(bytes, len);
        struct batch_header header;
        size_t size;
        while (batch_next(rest, &header, &size, NULL) == BATCH_WHOLE) {
            if (batch_last_offset(&header) >= offset)
                take_batch(view, slice_of(rest.data, size), &header);
            offset = batch_next_offset(&header);
            rest = slice_from(rest, size);
        }
        free(read.aborted);
        free(bytes);
    }
}

static int64_t first_undecided(void)
{
    for (int64_t i = 0; i < model_end; i++)
        if (model[i].fate == UNDECIDED)
            return i;
    return model_end;
}

static void check_key(const struct view *view, int key, int64_t end, int64_t first_dirty)
{
    int64_t last = -1;
    bool older = false;
    for (int64_t i = 0; i < end; i++)
        if (model[i].fate == WRITTEN && model[i].key == key) {
            older = older || (last >= 0 && view->there[last]);
            last = i;
            check(i < first_dirty || view->there[i], "%" PRId64 " is gone, dirty from %" PRId64, i,
                  first_dirty);
        }
    if (last < 0 || view->there[last])
        return;
    check(model[last].tombstone, "the last of key %d, %" PRId64 ", is gone", key, last);
    check(!older, "key %d was deleted at %" PRId64 " and is there again", key, last);
}

static void check_all(void)
{
    static struct view committed;
    static struct view uncommitted;
    read_all(&committed, READ_COMMITTED);
    read_all(&uncommitted, READ_UNCOMMITTED);
    int64_t end = first_undecided();
    int64_t first_dirty = partition->first_dirty < 0 ? 0 : partition->first_dirty;
    check(partition->log->end_offset == model_end, "the end is %" PRId64, partition->log->end_offset);
    for (int key = 0; key < KEYS; key++)
        check_key(&committed, key, end, first_dirty);
    for (int64_t i = 0; i < model_end; i++) {
        bool expected = i >= end || model[i].fate != WRITTEN ? uncommitted.there[i] : committed.there[i];
        check(uncommitted.there[i] == expected, "%" PRId64 " is there for one reader only", i);
        check(i < end || model[i].fate == MARKER || model[i].fate == ABORTED || uncommitted.there[i],
              "%" PRId64 " is gone above the last stable offset", i);
    }
}

/* ---- steps ---- */

static void clean(void)
{
    struct cleaning_means means = means_of_test();
    struct cleaning_result result;
    means.map_bytes = (int64_t)(IN_BATCH_MAX + 4 + (int)draw(60)) * OFFSET_MAP_ENTRY_BYTES;
    means.buffer_bytes = 100 + draw(9000);
    if (partition_clean(partition, &means, now_ms, &result))
        last_cleaning_ms = now_ms;
    check(!partition->uncleanable, "it cannot be cleaned any more");
}

/* As after a crash: everything is recovered from the batches. */
static void crash(void)
{
    static const char *const names[] = {".kafka_cleanshutdown", "recovery-point-offset-checkpoint",
                                        "topic-0/leader-epoch-checkpoint"};
    close_partition();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/data/%s", test_directory, names[i]);
        (void)file_unlink(file_system_os(), path);
    }
    open_partition();
}

static void step(void)
{
    uint32_t what = draw(100);
    int producer = (int)draw(PRODUCERS / 2);
    now_ms += draw(40);
    if (what < 55)
        append_records();
    else if (what < 70 && in_transaction[producer])
        end_transaction(producer, draw(2) == 0);
    else if (what < 75 && log_active(partition->log)->size > 0)
        roll();
    else if (what < 90)
        clean();
    else if (what < 97)
        check_all();
    else if (what < 99)
        reopen();
    else
        crash();
}

static void run_round(uint64_t of)
{
    seed = state = of;
    model_end = 0;
    memset(sequences, 0, sizeof sequences);
    memset(in_transaction, 0, sizeof in_transaction);
    now_ms = clock_wall_ms();
    make_test_directory();
    config = compacted_config();
    config.segment_bytes = 1000 + draw(4000);
    config.index_interval_bytes = draw(500);
    config.delete_retention_ms = 100;
    open_partition();
    for (int i = 0; i < STEPS; i++)
        step();
    check_all();
    clean();
    check_all();
    close_partition();
    remove_test_directory();
}

START_TEST(what_compaction_leaves_is_what_the_model_says)
{
    const char *given = getenv("ODRADEK_SEED");
    if (given != NULL) {
        run_round(strtoull(given, NULL, 10));
        return;
    }
    for (int i = 0; i < ROUNDS; i++)
        run_round((uint64_t)clock_monotonic_us() + (uint64_t)i * 7919);
}
END_TEST

/* ---- at the same time ---- */

static atomic_bool done;

static void *clean_again_and_again(void *context)
{
    (void)context;
    while (!atomic_load(&done))
        (void)clean_at(clock_wall_ms());
    return NULL;
}

/* Values say their offset; a reader of committed records must never see one of an aborted transaction. */
static void *read_again_and_again(void *context)
{
    (void)context;
    int64_t offset = 0;
    while (!atomic_load(&done)) {
        struct partition_read read = {.fetch_offset = offset,
                                      .max_bytes = 3000,
                                      .at_least_one = true,
                                      .isolation = READ_COMMITTED,
                                      .current_leader_epoch = -1,
                                      .last_fetched_epoch = -1};
        partition_read(partition, &read);
        ck_assert_int_eq(read.error, KERR_NONE);
        if (read.records.segment == NULL) {
            offset = 0;
            continue;
        }
        uint8_t bytes[8192];
        size_t len = read.records.range_len;
        ck_assert_uint_le(len, sizeof bytes);
        ck_assert_int_eq(segment_read(read.records.segment, bytes, len, read.records.position), (int64_t)len);
        segment_unref(read.records.segment);
        struct slice rest = slice_of(bytes, len);
        struct batch_header header;
        size_t size;
        while (batch_next(rest, &header, &size, NULL) == BATCH_WHOLE) {
            ck_assert(batch_check_crc(slice_of(rest.data, size)));
            bool hidden = false; /* one producer: its transactions do not overlap */
            for (int32_t i = 0; i < read.aborted_count; i++)
                hidden |= read.aborted[i].first_offset == header.base_offset;
            struct record_iterator it;
            struct record record;
            record_iterator_init(&it, slice_of(rest.data, size), NULL);
            while (!batch_is_control(&header) && record_iterator_next(&it, &record, NULL) == RECORD_READ)
                ck_assert(hidden || slice_equal_str(record.value, "committed"));
            record_iterator_fini(&it);
            offset = batch_next_offset(&header);
            rest = slice_from(rest, size);
        }
        free(read.aborted);
    }
    return NULL;
}

START_TEST(readers_and_a_writer_go_on_while_segments_are_replaced)
{
    make_test_directory();
    config = compacted_config();
    open_partition();
    atomic_store(&done, false);
    struct thread cleaner = {0};
    struct thread readers[2] = {{0}};
    ck_assert_int_eq(thread_start(&cleaner, "cleans", clean_again_and_again, NULL), 0);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(thread_start(&readers[i], "reads", read_again_and_again, NULL), 0);
    for (int i = 0; i < 1500; i++) {
        bool aborted = i % 3 == 0;
        char key[16];
        snprintf(key, sizeof key, "%d", i % 17);
        const struct keyed record = {key, aborted ? "aborted" : "committed"};
        append_keyed(&(struct keyed_batch){.records = &record,
                                           .count = 1,
                                           .timestamp = clock_wall_ms(),
                                           .producer_id = 100,
                                           .base_sequence = i,
                                           .transactional = true});
        append_keyed(&(struct keyed_batch){
            .timestamp = clock_wall_ms(), .producer_id = 100, .marker = true, .aborted = aborted});
    }
    atomic_store(&done, true);
    thread_join(&cleaner);
    for (int i = 0; i < 2; i++)
        thread_join(&readers[i]);
    ck_assert(!partition->uncleanable);
    close_partition();
    remove_test_directory();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("compaction");
    TCase *tcase = tcase_create("all");
    tcase_set_timeout(tcase, 200);
    tcase_add_test(tcase, what_compaction_leaves_is_what_the_model_says);
    tcase_add_test(tcase, readers_and_a_writer_go_on_while_segments_are_replaced);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
