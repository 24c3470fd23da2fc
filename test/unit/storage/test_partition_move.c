/*
 * Moving a partition between log directories: nothing is lost and nothing is there twice, while it is written
 * to, when any of its steps fails, and when the process dies in the middle of it.
 */
#include "storage/os/clock.h"
#include "storage/os/thread.h"
#include "storage/partition_private.h"
#include "storage/partitions.h"
#include "storage/segment.h"
#include "test/unit/storage/storage_test.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum {
    DIRS = 2,
    VALUE_LEN = 600,
    SEGMENT_BYTES = 20000,
    PATIENCE_MS = 60000,
    PAUSE_US = 2000,
    STEPS_MAX = 200,
    KILLS = 25,
};

/* The real disk, without its syncs: nothing here loses what is in memory, and whoever else uses the disk
 * would decide how long this takes. The second directory's fails from a certain operation on. */
static struct file_system first_disk;
static struct file_system disk;
static atomic_int operations_left; /* negative: it never fails */
static atomic_bool held;           /* the mover's writes wait until they are let go: no move ends meanwhile */
static _Thread_local bool is_test; /* this thread is the test's own */

static int32_t made_at_once = 16;
static struct data_dir *dirs[DIRS];
static struct partitions *partitions;
static struct hosted_partition hosted;
static struct partition *partition;

/* ---- a disk that fails ---- */

static bool fails(void)
{
    int left = atomic_load(&operations_left);
    while (left > 0 && !atomic_compare_exchange_weak(&operations_left, &left, left - 1))
        ;
    return left == 0;
}

static ssize_t faulty_pwritev(struct file_system *fs, int file, const struct iovec *parts, int count,
                              int64_t at)
{
    (void)fs;
    while (!is_test && atomic_load(&held))
        usleep(PAUSE_US);
    return fails() ? -EIO : file_system_os()->pwritev(file_system_os(), file, parts, count, at);
}

static int faulty_sync(struct file_system *fs, int file, bool data_only)
{
    (void)fs;
    (void)file;
    (void)data_only;
    return fails() ? -EIO : 0;
}

static int faulty_sync_directory(struct file_system *fs, const char *path)
{
    (void)fs;
    (void)path;
    return fails() ? -EIO : 0;
}

static int no_sync(struct file_system *fs, int file, bool data_only)
{
    (void)fs;
    (void)file;
    (void)data_only;
    return 0;
}

static int no_sync_directory(struct file_system *fs, const char *path)
{
    (void)fs;
    (void)path;
    return 0;
}

static int faulty_open(struct file_system *fs, const char *path, int flags, unsigned mode)
{
    (void)fs;
    return fails() ? -EIO : file_system_os()->open(file_system_os(), path, flags, mode);
}

static int faulty_rename(struct file_system *fs, const char *from, const char *to)
{
    (void)fs;
    return fails() ? -EIO : file_system_os()->rename(file_system_os(), from, to);
}

static int faulty_mkdir(struct file_system *fs, const char *path)
{
    (void)fs;
    return fails() ? -EIO : file_system_os()->mkdir(file_system_os(), path);
}

/* ---- the directories ---- */

static struct uuid directory_id(int at)
{
    return (struct uuid){{(uint8_t)(0xa0 + at)}};
}

static void open_dirs(void)
{
    struct note why = {""};
    for (int i = 0; i < DIRS; i++) {
        enum data_dir_state state;
        int64_t epoch;
        dirs[i] = data_dir_open(i == 0 ? &first_disk : &disk, test_path(i == 0 ? "a" : "b"), &state, &why);
        ck_assert_msg(dirs[i] != NULL, "%s", why.text);
        if (state == DATA_DIR_EMPTY)
            ck_assert_int_eq(data_dir_format(dirs[i], SLICE("c"), 1, directory_id(i), &why), KERR_NONE);
        data_dir_begin(dirs[i], &epoch);
    }
    struct storage_config storage = storage_config_default();
    storage.partitions_at_once = made_at_once;
    partitions = partitions_new(dirs, DIRS, &storage);
}

static void load(void)
{
    struct note why = {""};
    open_dirs();
    ck_assert_msg(partitions_load(partitions, &hosted, 1, &why) == KERR_NONE, "%s", why.text);
    partition = partitions_find(partitions, hosted.topic, 0);
    ck_assert_ptr_nonnull(partition);
}

static void create(void)
{
    enum kerr error;
    struct note why = {""};
    open_dirs();
    hosted.directory_id = directory_id(0);
    partition = partitions_create(partitions, &hosted, &error, &why);
    ck_assert_msg(partition != NULL, "%s", why.text);
}

static bool close_all(void)
{
    partition_unref(partition);
    bool good = partitions_close(partitions, 1);
    for (int i = 0; i < DIRS; i++)
        data_dir_close(dirs[i]);
    return good;
}

static void set_up(void)
{
    make_test_directory();
    first_disk = *file_system_os();
    first_disk.sync = no_sync;
    first_disk.sync_directory = no_sync_directory;
    disk = *file_system_os();
    disk.pwritev = faulty_pwritev;
    disk.sync = faulty_sync;
    disk.sync_directory = faulty_sync_directory;
    disk.open = faulty_open;
    disk.rename = faulty_rename;
    disk.mkdir = faulty_mkdir;
    atomic_store(&operations_left, -1);
    atomic_store(&held, false);
    is_test = true;
    hosted = (struct hosted_partition){
        .topic = SLICE("t"), .topic_id = {{1}}, .is_leader = true, .config = default_config()};
    hosted.config.segment_bytes = SEGMENT_BYTES;
}

static void tear_down(void)
{
    remove_test_directory();
}

/* ---- records ---- */

/* The next record of producer 7, whose sequences are its offsets; *sync_offset for partition_sync. */
static enum kerr append_unsynced(int64_t sequence, int64_t *sync_offset)
{
    struct append append = {.acks = -1};
    const struct batch_wish wish = {.value_len = VALUE_LEN,
                                    .timestamp = 1000 + sequence,
                                    .producer_id = 7,
                                    .base_sequence = (int32_t)sequence};
    append.batch = make_batch(&wish, &append.len);
    batch_header_read(append.batch, &append.header);
    partition_append(partition, &append, clock_wall_ms());
    free(append.batch);
    if (append.error == KERR_NONE)
        ck_assert_int_eq(append.base_offset, sequence);
    *sync_offset = append.sync_offset;
    return append.error;
}

/* On stable storage once this is NONE. */
static enum kerr append_one(int64_t sequence)
{
    int64_t sync_offset;
    enum kerr error = append_unsynced(sequence, &sync_offset);
    return error == KERR_NONE ? partition_sync(partition, sync_offset, INT64_MAX) : error;
}

static void append_many(int64_t from, int64_t to)
{
    int64_t sync_offset = 0;
    for (int64_t i = from; i < to; i++)
        ck_assert_int_eq(append_unsynced(i, &sync_offset), KERR_NONE);
    ck_assert_int_eq(partition_sync(partition, sync_offset, INT64_MAX), KERR_NONE);
}

/* Reads everything; every offset is there once. Returns the end. */
static int64_t read_all(void)
{
    int64_t offset = 0;
    for (;;) {
        struct partition_read read = {.fetch_offset = offset,
                                      .max_bytes = 1 << 20,
                                      .at_least_one = true,
                                      .current_leader_epoch = -1,
                                      .last_fetched_epoch = -1};
        partition_read(partition, &read);
        ck_assert_int_eq(read.error, KERR_NONE);
        if (read.records.segment == NULL)
            return offset;
        uint8_t *bytes = malloc(read.records.range_len);
        ensure(bytes != NULL);
        ssize_t got =
            segment_read(read.records.segment, bytes, read.records.range_len, read.records.position);
        ck_assert_int_eq(got, (ssize_t)read.records.range_len);
        struct batch_header header;
        struct note why = {""};
        size_t size;
        for (size_t at = 0; at < (size_t)got; at += size) {
            ck_assert_int_eq(batch_next(slice_of(bytes + at, (size_t)got - at), &header, &size, &why),
                             BATCH_WHOLE);
            ck_assert(batch_check_crc(slice_of(bytes + at, size)));
            ck_assert_int_eq(header.base_offset, offset);
            offset = batch_next_offset(&header);
        }
        free(bytes);
        segment_unref(read.records.segment);
    }
}

/* ---- what stands in the directories ---- */

struct names {
    int live;
    int future;
};

static void count_name(void *context, const char *name)
{
    struct names *names = context;
    size_t len = strlen(name);
    if (strcmp(name, "t-0") == 0)
        names->live++;
    else if (strncmp(name, "t-0.", 4) == 0 && len > 7 && strcmp(name + len - 7, "-future") == 0)
        names->future++;
}

static struct names names_of(void)
{
    struct names names = {0};
    file_list(file_system_os(), test_path("a"), count_name, &names);
    file_list(file_system_os(), test_path("b"), count_name, &names);
    return names;
}

static void move_to(int at)
{
    ck_assert_int_eq(partitions_set_dir(partitions, hosted.topic, 0, dirs[at]), KERR_NONE);
}

/* Until the mover is through with it, in one way or the other: it holds the partition to the very end, when
 * names and syncs are done too. */
static bool wait_until_moved(int at)
{
    enum { OURS = 2 /* the registry's and the test's */ };
    int64_t deadline_ms = clock_monotonic_ms() + PATIENCE_MS;
    int64_t tick_ms = clock_monotonic_ms();
    while (atomic_load(&partition->refs) > OURS) {
        ck_assert_int_lt(clock_monotonic_ms(), deadline_ms);
        partitions_tick(partitions, tick_ms += 1000); /* a second for each: what was moved away is freed */
        usleep(PAUSE_US);
    }
    return partition_dir(partition) == dirs[at];
}

START_TEST(a_partition_moves_with_everything_that_it_has)
{
    create();
    append_many(0, 200);
    int64_t start;
    ck_assert_int_eq(partition_delete_records(partition, 3, &start), KERR_NONE);
    struct partition_offsets before;
    partition_get_offsets(partition, &before);
    move_to(1);
    ck_assert(wait_until_moved(1));
    struct partition_offsets after;
    partition_get_offsets(partition, &after);
    ck_assert_int_eq(after.log_start_offset, 3);
    ck_assert_int_eq(after.high_watermark, 200);
    ck_assert_int_eq(after.log_end_offset, 200);
    ck_assert_int_eq(after.last_stable_offset, before.last_stable_offset);
    ck_assert_int_eq(append_one(150),
                     KERR_OUT_OF_ORDER_SEQUENCE_NUMBER); /* the producer's state came along */
    append_many(200, 210);
    ck_assert(partitions_take_places_changed(partitions) && !partitions_take_places_changed(partitions));
    ck_assert(close_all());
    ck_assert_int_eq(names_of().live, 1);

    load();
    ck_assert_ptr_eq(partition_dir(partition), dirs[1]);
    partition_get_offsets(partition, &after);
    ck_assert_int_eq(after.log_start_offset, 3);
    ck_assert_int_eq(after.log_end_offset, 210);
    append_many(210, 212);
    ck_assert(close_all());
}
END_TEST

struct writer {
    atomic_bool stop;
    int64_t acknowledged;
};

static void *write_on(void *context)
{
    struct writer *writer = context;
    while (!atomic_load(&writer->stop) && append_one(writer->acknowledged) == KERR_NONE) {
        writer->acknowledged++;
        usleep(PAUSE_US / 10); /* on a disk in memory it would write faster than anybody reads it all again */
    }
    return NULL;
}

static void *read_on(void *context)
{
    struct writer *writer = context;
    while (!atomic_load(&writer->stop)) {
        struct partition_read read = {.max_bytes = 1 << 20,
                                      .at_least_one = true,
                                      .isolation = READ_COMMITTED,
                                      .current_leader_epoch = -1,
                                      .last_fetched_epoch = -1};
        partition_read(partition, &read);
        ck_assert(read.error == KERR_NONE || read.error == KERR_KAFKA_STORAGE_ERROR);
        if (read.records.segment != NULL)
            segment_unref(read.records.segment);
        free(read.aborted);
        struct offset_and_timestamp found;
        (void)partition_find_timestamp(partition, 1010, &found);
    }
    return NULL;
}

START_TEST(one_that_has_no_directory_yet_gets_it_and_moves)
{
    made_at_once = 0;
    create();
    ck_assert_int_eq(names_of().live, 0);
    move_to(1);
    ck_assert(wait_until_moved(1));
    ck_assert(file_exists(file_system_os(), test_path("b/t-0")));
    append_many(0, 3);
    ck_assert(close_all());
    load();
    ck_assert_ptr_eq(partition_dir(partition), dirs[1]);
    ck_assert(close_all());
}
END_TEST

START_TEST(a_partition_that_is_written_to_and_read_moves_back_and_forth)
{
    struct writer writer = {.acknowledged = 0};
    struct thread writing;
    struct thread reading;
    create();
    append_many(0, 20);
    writer.acknowledged = 20;
    ck_assert_int_eq(thread_start(&writing, "write", write_on, &writer), 0);
    ck_assert_int_eq(thread_start(&reading, "read", read_on, &writer), 0);
    for (int i = 1; i <= 6; i++) {
        move_to(i % 2);
        ck_assert(wait_until_moved(i % 2));
    }
    atomic_store(&writer.stop, true);
    thread_join(&writing);
    thread_join(&reading);
    ck_assert(!data_dir_is_offline(dirs[0]) && !data_dir_is_offline(dirs[1]));
    ck_assert_int_ge(writer.acknowledged, 20);
    ck_assert_int_eq(read_all(), writer.acknowledged);
    ck_assert(close_all());
    load();
    ck_assert_ptr_eq(partition_dir(partition), dirs[0]);
    ck_assert_int_eq(read_all(), writer.acknowledged);
    ck_assert(close_all());
}
END_TEST

START_TEST(what_lies_where_the_copy_gets_its_name_is_set_aside)
{
    create();
    append_many(0, 20);
    ck_assert_int_eq(mkdir(test_path("b/t-0"), 0777), 0);
    ck_assert_int_eq(mkdir(test_path("b/t-0/somebodys"), 0777), 0);
    move_to(1);
    ck_assert(wait_until_moved(1));
    ck_assert_int_eq(read_all(), 20);
    ck_assert(!data_dir_is_offline(dirs[1]));
    ck_assert(
        file_exists(file_system_os(), test_path("b/t-0.00000000000000000000000000000000-stray/somebodys")));
    ck_assert(close_all());
}
END_TEST

START_TEST(moving_to_where_it_is_calls_a_move_off)
{
    create();
    append_many(0, 100);
    atomic_store(&held, true);
    move_to(1);
    struct partition_extent extent;
    partition_get_extent(partition, &extent);
    ck_assert_ptr_eq(extent.dir, dirs[0]);
    ck_assert_ptr_eq(extent.future_dir, dirs[1]);
    ck_assert_int_eq(extent.future_offset_lag, 100);
    move_to(0);
    partition_get_extent(partition, &extent);
    ck_assert_ptr_eq(extent.dir, dirs[0]);
    ck_assert_ptr_null(extent.future_dir);
    atomic_store(&held, false);
    ck_assert(wait_until_moved(0));
    ck_assert_int_eq(read_all(), 100);
    ck_assert(close_all());
}
END_TEST

static void *let_go_soon(void *context)
{
    usleep(PAUSE_US);
    atomic_store(&held, false);
    return context;
}

START_TEST(a_move_that_a_stop_interrupts_goes_on_at_the_next_start)
{
    create();
    struct thread letting_go;
    append_many(0, 300);
    atomic_store(&held, true);
    move_to(1);
    ck_assert_int_eq(names_of().future, 1);
    ck_assert_int_eq(thread_start(&letting_go, "let go", let_go_soon, NULL), 0);
    ck_assert(close_all()); /* in the middle of it; or, if this thread was kept waiting, behind it */
    thread_join(&letting_go);
    load();
    ck_assert(wait_until_moved(1));
    ck_assert_int_eq(read_all(), 300);
    ck_assert(close_all());
    ck_assert_int_eq(names_of().live, 1);
}
END_TEST

START_TEST(what_is_not_here_is_made_where_it_was_wanted)
{
    open_dirs();
    ck_assert_int_eq(partitions_set_dir(partitions, hosted.topic, 0, dirs[1]), KERR_REPLICA_NOT_AVAILABLE);
    enum kerr error;
    struct note why = {""};
    hosted.directory_id = directory_id(0);
    partition = partitions_create(partitions, &hosted, &error, &why);
    ck_assert_ptr_nonnull(partition);
    ck_assert_ptr_eq(partition_dir(partition), dirs[1]);
    ck_assert(close_all());
}
END_TEST

START_TEST(nothing_moves_while_a_directory_is_offline)
{
    create();
    data_dir_fail(dirs[1], "the test wants it");
    ck_assert_int_eq(partitions_set_dir(partitions, hosted.topic, 0, dirs[1]), KERR_KAFKA_STORAGE_ERROR);
    ck_assert_int_eq(partitions_set_dir(partitions, hosted.topic, 0, dirs[0]), KERR_NONE);
    ck_assert(!close_all());
}
END_TEST

/* The copy is ahead: it had taken over, and had not got its name yet. */
START_TEST(a_copy_with_more_records_is_the_partition)
{
    create();
    append_many(0, 50);
    ck_assert(close_all());
    ck_assert_int_eq(rename(test_path("a/t-0"), test_path("kept")), 0);
    create(); /* the same records again, and more */
    append_many(0, 70);
    ck_assert(close_all());
    ck_assert_int_eq(rename(test_path("a/t-0"), test_path("b/t-0.0123456789abcdef0123456789abcdef-future")),
                     0);
    ck_assert_int_eq(rename(test_path("kept"), test_path("a/t-0")), 0);
    load();
    ck_assert_ptr_eq(partition_dir(partition), dirs[1]);
    ck_assert_int_eq(read_all(), 70);
    ck_assert_int_eq(names_of().live, 1);
    ck_assert_int_eq(names_of().future, 0);
    ck_assert(close_all());
}
END_TEST

START_TEST(a_copy_alone_is_the_partition_unless_that_may_be_in_a_directory_that_is_away)
{
    create();
    append_many(0, 50);
    ck_assert(close_all());
    ck_assert_int_eq(rename(test_path("a/t-0"), test_path("b/t-0.0123456789abcdef0123456789abcdef-future")),
                     0);
    hosted.directory_id = (struct uuid){{0x77}};
    struct note why = {""};
    open_dirs();
    ck_assert_int_eq(partitions_load(partitions, &hosted, 1, &why), KERR_NONE);
    ck_assert_ptr_null(partitions_find(partitions, hosted.topic, 0));
    ck_assert_int_eq(names_of().future, 1);
    ck_assert(partitions_close(partitions, 1));
    for (int i = 0; i < DIRS; i++)
        data_dir_close(dirs[i]);
    hosted.directory_id = directory_id(0);
    load();
    ck_assert_ptr_eq(partition_dir(partition), dirs[1]);
    ck_assert_int_eq(read_all(), 50);
    ck_assert(close_all());
}
END_TEST

/* Whichever step of the move it is that fails, the records are served or come back with the next start. */
START_TEST(a_disk_that_fails_at_any_step_loses_nothing)
{
    bool failed = true;
    for (int step = 0; step < STEPS_MAX && failed; step++) {
        create();
        append_many(0, 40);
        atomic_store(&operations_left, step);
        (void)partitions_set_dir(partitions, hosted.topic, 0, dirs[1]);
        bool moved = wait_until_moved(1);
        failed = data_dir_is_offline(dirs[1]);
        if (!failed)
            atomic_store(&operations_left, -1);
        if (!moved || !failed)
            ck_assert_int_eq(append_one(40), KERR_NONE);
        (void)close_all();
        atomic_store(&operations_left, -1);
        load();
        ck_assert_int_ge(read_all(), moved && failed ? 40 : 41);
        (void)wait_until_moved(1); /* what goes on: between its two renames nothing has the name */
        ck_assert_msg(names_of().live == 1, "step %d", step);
        ck_assert_int_ge(read_all(), moved && failed ? 40 : 41);
        ck_assert(close_all());
        remove_test_directory();
        make_test_directory();
    }
    ck_assert(!failed);
}
END_TEST

/* ---- killed ---- */

static _Noreturn void live_until_killed(int told)
{
    load();
    int64_t next = read_all();
    for (int to = partition_dir(partition) == dirs[0] ? 1 : 0;; to = 1 - to) {
        move_to(to);
        struct partition_extent extent;
        do {
            ck_assert_int_eq(append_one(next), KERR_NONE);
            next++;
            ensure(write(told, &next, sizeof next) == sizeof next);
            partition_get_extent(partition, &extent);
            partitions_tick(partitions, clock_monotonic_ms());
            usleep(PAUSE_US / 10); /* as write_on */
        } while (extent.future_dir != NULL);
    }
}

static int64_t live_and_die(int round)
{
    int pipes[2];
    int64_t acknowledged = 0;
    ck_assert_int_eq(pipe(pipes), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        close(pipes[0]);
        live_until_killed(pipes[1]);
    }
    close(pipes[1]);
    for (int i = 0; i < 5 + round * 7 % 60; i++)
        ck_assert_int_eq(read(pipes[0], &acknowledged, sizeof acknowledged), sizeof acknowledged);
    kill(child, SIGKILL);
    while (read(pipes[0], &acknowledged, sizeof acknowledged) == sizeof acknowledged)
        ;
    close(pipes[0]);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    return acknowledged;
}

START_TEST(a_process_that_is_killed_at_any_time_loses_nothing)
{
    create();
    append_many(0, 1);
    ck_assert(close_all());
    for (int round = 0; round < KILLS; round++) {
        int64_t acknowledged = live_and_die(round);
        load();
        ck_assert_int_ge(read_all(), acknowledged);
        (void)wait_until_moved(0);
        ck_assert_int_eq(names_of().live, 1);
        ck_assert_int_ge(read_all(), acknowledged);
        ck_assert(close_all());
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("partition_move");
    TCase *tests = tcase_create("partition_move");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 250);
    tcase_add_test(tests, a_partition_moves_with_everything_that_it_has);
    tcase_add_test(tests, one_that_has_no_directory_yet_gets_it_and_moves);
    tcase_add_test(tests, a_partition_that_is_written_to_and_read_moves_back_and_forth);
    tcase_add_test(tests, what_lies_where_the_copy_gets_its_name_is_set_aside);
    tcase_add_test(tests, moving_to_where_it_is_calls_a_move_off);
    tcase_add_test(tests, a_move_that_a_stop_interrupts_goes_on_at_the_next_start);
    tcase_add_test(tests, what_is_not_here_is_made_where_it_was_wanted);
    tcase_add_test(tests, nothing_moves_while_a_directory_is_offline);
    tcase_add_test(tests, a_copy_with_more_records_is_the_partition);
    tcase_add_test(tests, a_copy_alone_is_the_partition_unless_that_may_be_in_a_directory_that_is_away);
    tcase_add_test(tests, a_disk_that_fails_at_any_step_loses_nothing);
    suite_add_tcase(suite, tests);
    TCase *killed = tcase_create("killed");
    tcase_add_checked_fixture(killed, set_up, tear_down);
    tcase_set_timeout(killed, 250);
    tcase_add_test(killed, a_process_that_is_killed_at_any_time_loses_nothing);
    suite_add_tcase(suite, killed);
    return run_suite(suite);
}
