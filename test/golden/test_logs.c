/*
 * Batches that Apache Kafka wrote, appended again through storage/: our .log, .index, .timeindex, .txnindex
 * and .snapshot files must be Kafka's, byte for byte, with segments beginning where Kafka began them.
 *
 * Left out are topics that Kafka compacted, and whose segments therefore are not what was appended.
 */
#include "storage/os/clock.h"
#include "test/golden/golden_directories.h"

#include <inttypes.h>

/* Topics whose files depend on nothing but their batches and settings. */
static const char *const topics[] = {"append-time",
                                     "codec-of-topic",
                                     "codecs",
                                     "empty",
                                     "grown",
                                     "name.with_all-Chars.0",
                                     "plain",
                                     "sized",
                                     "trimmed",
                                     "txn",
                                     "txn-out",
                                     "__consumer_offsets",
                                     "__transaction_state"};

static void set_up(void)
{
    make_test_directory();
}

static void tear_down(void)
{
    remove_test_directory();
}

static bool is_compared(struct slice topic)
{
    for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++)
        if (slice_equal_str(topic, topics[i]))
            return true;
    return false;
}

static int compare_bases(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

struct bases {
    int64_t base[64];
    size_t count;
};

static void add_base(void *context, const char *name)
{
    struct bases *bases = context;
    if (strlen(name) == 24 && strcmp(name + 20, ".log") == 0)
        bases->base[bases->count++] = atoll(name);
}

static ssize_t read_segment(const char *directory, int64_t base, const char *suffix, char **bytes)
{
    char path[FILE_PATH_MAX];
    file_path(path, "%s/%020" PRId64 "%s", directory, base, suffix);
    return file_read_all(file_system_os(), path, 1 << 24, bytes);
}

/* Appends every batch of Kafka's segment files. */
static int append_all(struct partition *partition, const char *theirs, const struct bases *bases)
{
    int appended = 0;
    for (size_t i = 0; i < bases->count; i++) {
        char *bytes;
        ssize_t len = read_segment(theirs, bases->base[i], ".log", &bytes);
        ck_assert_int_ge(len, 0);
        struct slice left = slice_of(bytes, (size_t)len);
        struct append append = {.acks = 1, .is_coordinators = strstr(theirs, "/__") != NULL};
        size_t size;
        while (batch_next(left, &append.header, &size, NULL) == BATCH_WHOLE) {
            int64_t base_offset = append.header.base_offset;
            append.batch = (uint8_t *)(uintptr_t)left.data;
            append.len = size;
            partition_append(partition, &append, clock_wall_ms());
            ck_assert_msg(append.error == KERR_NONE, "%s: offset %" PRId64 ": %s", theirs, base_offset,
                          kerr_name(append.error));
            ck_assert_int_eq(append.base_offset, base_offset);
            left = slice_from(left, size);
            appended++;
        }
        free(bytes);
    }
    return appended;
}

static void compare_segment(const char *mine, const char *theirs, int64_t base)
{
    static const char *const suffixes[] = {".log", ".index", ".timeindex", ".txnindex", ".snapshot"};
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        char *my_bytes = NULL;
        char *their_bytes = NULL;
        ssize_t their_len = read_segment(theirs, base, suffixes[i], &their_bytes);
        ssize_t my_len = read_segment(mine, base, suffixes[i], &my_bytes);
        if (i == 3 && my_len < 0 && their_len == 0)
            my_len = 0; /* Kafka makes the transaction index before it has an entry */
        if (i == 4 && their_len < 0)
            my_len = their_len; /* it keeps the snapshots of the newest segments */
        ck_assert_msg(my_len == their_len, "%s/%020" PRId64 "%s has %zd bytes, Kafka's has %zd", mine, base,
                      suffixes[i], my_len, their_len);
        if (my_len > 0 && !(i == 4 && my_len > 56))
            ck_assert_msg(memcmp(my_bytes, their_bytes, (size_t)my_len) == 0, "%s/%020" PRId64 "%s", mine,
                          base, suffixes[i]);
        free(my_bytes);
        free(their_bytes);
    }
}

static int append_again(struct golden *golden, const struct hosted_partition *hosted, const char *their_root)
{
    char theirs[1024];
    char mine[1024];
    snprintf(theirs, sizeof theirs, "%s/%.*s-%d", their_root, SLICE_ARGS(hosted->topic), (int)hosted->index);
    snprintf(mine, sizeof mine, "%s/%.*s-%d", golden->path, SLICE_ARGS(hosted->topic), (int)hosted->index);
    struct bases bases = {.count = 0};
    file_list(file_system_os(), theirs, add_base, &bases);
    qsort(bases.base, bases.count, sizeof bases.base[0], compare_bases);
    if (bases.count == 0 || bases.base[0] != 0)
        return 0; /* its beginning was deleted */
    struct note why = {""};
    enum kerr error;
    struct partition *partition = partitions_create(golden->partitions, hosted, &error, &why);
    ck_assert_msg(partition != NULL, "%s", why.text);
    int appended = append_all(partition, theirs, &bases);
    ck_assert(partition_close(partition, true));
    partition_unref(partition);

    struct bases my_bases = {.count = 0};
    file_list(file_system_os(), mine, add_base, &my_bases);
    ck_assert_msg(my_bases.count == bases.count, "%s has %zu segments, Kafka's has %zu", mine, my_bases.count,
                  bases.count);
    for (size_t i = 0; i < bases.count; i++)
        compare_segment(mine, theirs, bases.base[i]);
    return appended;
}

START_TEST(the_same_appends_make_kafkas_files)
{
    const char *name = golden_names[_i * 2];
    ck_assert(golden_is_clean(name));
    const char *theirs = golden_unpack(name, "theirs");
    struct golden source = {.name = name, .path = theirs};
    file_list(file_system_os(), theirs, golden_add, &source);

    struct golden golden = {.name = name, .path = test_path("mine")};
    struct note why = {""};
    enum data_dir_state state;
    golden.dir = data_dir_open(file_system_os(), golden.path, &state, &why);
    ck_assert_msg(golden.dir != NULL, "%s", why.text);
    const struct storage_config storage = storage_config_default();
    golden.partitions = partitions_new(&golden.dir, 1, &storage);
    int appended = 0;
    int partitions = 0;
    for (size_t i = 0; i < source.count; i++)
        if (is_compared(source.hosted[i].topic)) {
            appended += append_again(&golden, &source.hosted[i], theirs);
            partitions++;
        }
    ck_assert_int_gt(partitions, 15);
    ck_assert_int_gt(appended, 100);
    golden_close(&golden);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("logs");
    TCase *tests = tcase_create("logs");
    tcase_set_timeout(tests, 250);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, the_same_appends_make_kafkas_files, 0, GOLDEN_COUNT / 2);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
