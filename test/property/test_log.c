/*
 * The log against an array: random appends, rolls, reads, look-ups by time, truncations, deletions of the
 * beginning and reopenings, clean and as after a crash (with torn tails and missing or damaged index files),
 * from a seed that is printed when something is wrong. ODRADEK_SEED repeats one.
 */
#include "storage/log_read.h"
#include "storage/os/clock.h"
#include "test/unit/storage/storage_test.h"

#include <inttypes.h>

enum { STEPS = 600, BATCHES_MAX = 4000, ROUNDS = 6 };

/* What was appended. */
struct model_batch {
    int64_t base_offset;
    int64_t last_offset;
    int64_t timestamp; /* of its first record; each next one is 1 ms later */
    uint32_t crc;
    int32_t leader_epoch;
};

struct model {
    struct model_batch batches[BATCHES_MAX];
    int count;
    int64_t start_offset;
    int64_t end_offset;
};

static uint64_t seed;
static uint64_t state;
static struct open_files files;
static struct log_config config;
static struct log *opened;
static struct model model;
static int64_t clock_ms;

static uint32_t draw(uint32_t below)
{
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(state >> 33) % below;
}

#define check(condition, ...)                                    \
    do {                                                         \
        if (!(condition)) {                                      \
            fprintf(stderr, "ODRADEK_SEED=%" PRIu64 ": ", seed); \
            fprintf(stderr, __VA_ARGS__);                        \
            fprintf(stderr, "\n");                               \
            ck_abort_msg("%s", #condition);                      \
        }                                                        \
    } while (0)

static void open_log(bool clean, bool create)
{
    struct note why = {""};
    int error = 0;
    const struct log_options options = {
        .files = &files,
        .path = test_path("log"),
        .config = config,
        .clean = clean,
        .create = create,
        .start_offset = model.start_offset,
    };
    opened = log_open(&options, &error, &why);
    check(opened != NULL, "open: %s", why.text);
    check(opened->end_offset == model.end_offset, "the end is %" PRId64 ", not %" PRId64, opened->end_offset,
          model.end_offset);
    check(opened->start_offset == model.start_offset, "the start is %" PRId64 ", not %" PRId64,
          opened->start_offset, model.start_offset);
}

static void append(void)
{
    if (model.count == BATCHES_MAX)
        return;
    size_t len;
    int64_t gap = draw(10) == 0 ? draw(5) : 0;
    const struct batch_wish wish = {
        .base_offset = model.end_offset + gap,
        .records = 1 + (int32_t)draw(4),
        .value_len = draw(200),
        .timestamp = clock_ms - (int64_t)draw(50),
        .leader_epoch = model.count == 0 ? 0 : model.batches[model.count - 1].leader_epoch + (draw(40) == 0),
    };
    clock_ms += draw(30);
    uint8_t *bytes = make_batch(&wish, &len);
    struct batch_header header;
    batch_header_read(bytes, &header);
    struct note why = {""};
    int result = log_append_batches(opened, bytes, len, clock_ms, &why);
    check(result == 0, "append: %s", why.text);
    free(bytes);
    model.batches[model.count++] = (struct model_batch){header.base_offset, batch_last_offset(&header),
                                                        wish.timestamp, header.crc, wish.leader_epoch};
    model.end_offset = batch_next_offset(&header);
}

/* The first batch that ends at or above the offset; NULL if there is none. */
static const struct model_batch *find_in_model(int64_t offset)
{
    for (int i = 0; i < model.count; i++)
        if (model.batches[i].last_offset >= offset)
            return &model.batches[i];
    return NULL;
}

static void read_one(int64_t offset)
{
    struct log_position limit;
    struct log_position position;
    log_end_position(opened, &limit);
    const struct model_batch *wanted = find_in_model(offset);
    int result = log_find_position(opened, offset, &position);
    check(result == 0, "find %" PRId64 ": %d", offset, result);
    if (wanted == NULL) {
        check(position.offset == model.end_offset, "nothing is at %" PRId64, offset);
        return;
    }
    check(position.offset == wanted->base_offset, "%" PRId64 " is in the batch at %" PRId64 ", not %" PRId64,
          offset, wanted->base_offset, position.offset);
    struct segment *segment = NULL;
    for (int32_t i = 0; i < opened->count; i++)
        if (opened->segments[i]->base_offset == position.segment)
            segment = opened->segments[i];
    uint8_t bytes[BATCH_HEADER_SIZE];
    struct batch_header header;
    check(segment != NULL && segment_pin(segment) == 0, "no segment");
    check(segment_read(segment, bytes, sizeof bytes, position.position) == sizeof bytes, "short");
    segment_unref(segment);
    batch_header_read(bytes, &header);
    check(header.crc == wanted->crc, "other bytes at %" PRId64, offset);
    int64_t known = wanted->base_offset > model.start_offset ? wanted->base_offset : model.start_offset;
    int32_t epoch = epochs_of_offset(&opened->epochs, known);
    check(epoch == wanted->leader_epoch, "%" PRId64 " is of epoch %d, not %d", known, epoch,
          wanted->leader_epoch);
}

/* Both the plan with its hints and pages, and what is behind it, as partition_read does it. */
static void read_planned(int64_t offset)
{
    struct log_position limit;
    struct log_range range;
    log_end_position(opened, &limit);
    const struct model_batch *wanted = find_in_model(offset);
    while (wanted != NULL) {
        int result = log_plan(opened, offset, &limit, &range);
        check(result == 1, "plan %" PRId64 ": %d", offset, result);
        int64_t position;
        struct batch_header header;
        result = log_range_resolve(&range, true, &position, &header);
        check(result >= 0, "resolve %" PRId64 ": %d", offset, result);
        log_keep_page(opened, &range);
        offset = range.next_segment;
        log_range_done(&range);
        if (result == 1) {
            check(header.base_offset == wanted->base_offset, "batch at %" PRId64, header.base_offset);
            return;
        }
        check(offset >= 0, "no batch");
    }
}

static void find_time(int64_t timestamp)
{
    int64_t wanted = -1;
    for (int i = 0; i < model.count && wanted < 0; i++)
        for (int64_t offset = model.batches[i].base_offset;
             offset <= model.batches[i].last_offset && wanted < 0; offset++)
            if (offset >= model.start_offset
                && model.batches[i].timestamp + offset - model.batches[i].base_offset >= timestamp)
                wanted = offset;
    struct log_range range;
    struct log_record_found found = {.offset = -1};
    int result = log_plan_timestamp(opened, 0, timestamp, &range);
    if (result == 1) {
        result = log_range_find_timestamp(&range, model.start_offset, timestamp, &found);
        log_range_done(&range);
    }
    check(result >= 0, "time %" PRId64 ": %d", timestamp, result);
    /* As in Kafka, the first segment whose largest timestamp fits decides; where the log start has moved into
     * it, it may hold nothing any more that fits. */
    check(found.offset == wanted || (found.offset == -1 && model.start_offset > 0),
          "%" PRId64 " is at %" PRId64 ", not %" PRId64, timestamp, wanted, found.offset);
}

static void truncate_log(void)
{
    if (model.count == 0)
        return;
    int keep = model.count - 1 - (int)draw((uint32_t)(model.count < 20 ? model.count : 20));
    int64_t offset = keep < 0 ? 0 : model.batches[keep].last_offset + 1;
    if (offset < model.start_offset)
        return;
    check(log_truncate(opened, offset) == 0, "truncate");
    model.count = keep + 1;
    model.end_offset = offset;
}

/* Whole segments below the start go. */
static void retain(void)
{
    int deleted;
    do {
        deleted = log_delete_below(opened, opened->start_offset, 1 + (int32_t)draw(3), clock_ms);
        check(deleted >= 0, "delete");
    } while (deleted > 0);
    struct segment *taken[2];
    for (int32_t count; (count = log_take_deleted(opened, INT64_MAX, taken, 2)) > 0;)
        while (count > 0)
            log_unlink_deleted(taken[--count]);
}

static void drop_beginning(void)
{
    int64_t span = model.end_offset - model.start_offset;
    int64_t offset = model.start_offset + (span < 2 ? 0 : (int64_t)draw((uint32_t)(span / 2)));
    check(log_advance_start(opened, offset) == 0, "advance");
    if (draw(2) == 0)
        retain();
    model.start_offset = offset;
    int gone = 0;
    while (gone < model.count && model.batches[gone].last_offset < opened->segments[0]->base_offset)
        gone++;
    memmove(model.batches, model.batches + gone, sizeof model.batches[0] * (size_t)(model.count - gone));
    model.count -= gone;
}

static void damage(void *context, const char *name)
{
    (void)context;
    char path[600];
    snprintf(path, sizeof path, "%s/%s", test_path("log"), name);
    if (strstr(name, ".index") != NULL && draw(3) == 0)
        remove(path);
    else if (strstr(name, "index") != NULL && draw(3) == 0) { /* preallocated, as a killed Kafka leaves it */
        int file = file_open(file_system_os(), path, FILE_WRITE);
        ck_assert_int_eq(file_truncate(file_system_os(), file, 4096), 0);
        file_close(file_system_os(), file);
    } else if (strstr(name, ".snapshot") != NULL && draw(4) == 0) {
        int file = file_open(file_system_os(), path, FILE_WRITE);
        ck_assert_int_eq(file_write(file_system_os(), file, "x", 1, 3), 0);
        file_close(file_system_os(), file);
    } else if (strcmp(name, "leader-epoch-checkpoint") == 0 && draw(3) == 0) {
        remove(path);
    }
}

/* Puts garbage, or half a batch, behind the last batch. */
static void tear_tail(void)
{
    uint8_t garbage[300];
    char path[FILE_PATH_MAX];
    size_t len = 1 + draw(sizeof garbage - 1);
    for (size_t i = 0; i < len; i++)
        garbage[i] = (uint8_t)draw(256);
    if (draw(2) == 0)
        memset(garbage, 0, sizeof garbage);
    segment_path(log_active(opened), ".log", path);
    int file = file_open(file_system_os(), path, FILE_WRITE);
    ck_assert_int_eq(file_write(file_system_os(), file, garbage, len, log_active(opened)->size), 0);
    file_close(file_system_os(), file);
}

static void reopen(void)
{
    uint32_t how = draw(3);
    if (how == 0) {
        check(log_close_cleanly(opened) == 0, "close");
    } else if (how == 1) {
        tear_tail();
    }
    log_free(opened);
    if (how != 0)
        file_list(file_system_os(), test_path("log"), damage, NULL);
    open_log(how == 0, false);
}

static void step(void)
{
    uint32_t what = draw(100);
    int64_t span = model.end_offset - model.start_offset;
    if (what < 60)
        append();
    else if (what < 80)
        read_one(model.start_offset + (int64_t)draw((uint32_t)span + 1));
    else if (what < 88)
        read_planned(model.start_offset + (int64_t)draw((uint32_t)span + 1));
    else if (what < 94)
        find_time(clock_ms - (int64_t)draw(2000));
    else if (what < 95)
        truncate_log();
    else if (what < 96)
        drop_beginning();
    else if (what < 98)
        reopen();
    else if (model.end_offset > log_active(opened)->base_offset)
        check(log_roll(opened, model.end_offset, clock_ms) == 0, "roll");
}

static void set_up(void)
{
    make_test_directory();
}

static void tear_down(void)
{
    remove_test_directory();
}

START_TEST(a_log_is_an_array_of_batches)
{
    const char *given = getenv("ODRADEK_SEED");
    seed = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)clock_monotonic_us() + (uint64_t)_i;
    state = seed;
    model = (struct model){0};
    clock_ms = 1000000;
    config = default_config();
    config.index_interval_bytes = (int64_t)draw(1000);
    config.segment_bytes = 2000 + (int64_t)draw(30000);
    config.segment_ms = 200 + (int64_t)draw(20000);
    config.segment_index_bytes = 24 + (int64_t)draw(4096);
    open_files_init(&files, file_system_os());
    file_mkdir(file_system_os(), test_path("log"));
    open_log(false, true);
    for (int i = 0; i < STEPS; i++)
        step();
    for (int64_t offset = model.start_offset; offset <= model.end_offset; offset++)
        read_one(offset);
    log_free(opened);
    open_files_fini(&files);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("log");
    TCase *tests = tcase_create("property");
    tcase_set_timeout(tests, 250);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, a_log_is_an_array_of_batches, 0, ROUNDS);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
