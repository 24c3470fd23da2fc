/*
 * The end of the cluster log rots, and the power fails at each step of the start that sets it aside: whatever
 * is found, the start after it has the log without that end, and a file beside it with all its bytes.
 */
#include "test/sim/sim_disk.h"
#include "test/sim/sim_world.h"
#include "test/sim/workload.h"

#include "protocol/base/ensure.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define CLUSTER_LOG NODE_PATH "/__cluster_metadata-0/00000000000000000000.log"

enum { STEPS = 20, PER_CUT = 3 };

/* Where the last batch of the log begins. */
static size_t last_batch(struct slice log)
{
    struct batch_header header;
    size_t at = 0, last = 0, size;
    while (batch_next(slice_from(log, at), &header, &size, NULL) == BATCH_WHOLE) {
        last = at;
        at += size;
    }
    ensure(at == log.len);
    return last;
}

/* A directory whose broker was killed, and then a byte of the cluster log's last batch has changed: *end is
 * where that begins. */
static struct sim_fs *make_rotten(uint64_t seed, int32_t byte, size_t *end)
{
    struct workload workload;
    struct sim_fs *fs = sim_fs_new();
    sim_world_reset(seed);
    workload_begin(&workload, fs, seed, false);
    for (int i = 0; i < STEPS || !workload.running; i++)
        workload_step(&workload);
    workload_kill(&workload);
    workload_fini(&workload);
    struct sim_fs *rotten = sim_fs_copy(fs);
    sim_fs_free(fs);
    struct sim_inode *log = sim_fs_inode(rotten, sim_fs_find(rotten, CLUSTER_LOG));
    *end = last_batch(slice_of(log->bytes->data, log->bytes->size));
    uint8_t changed = (uint8_t)~log->bytes->data[*end + (size_t)byte];
    sim_bytes_write(&log->bytes, (int64_t)*end + byte, &changed, 1);
    return rotten;
}

struct wanted {
    struct sim_fs *fs;
    struct slice bytes;
    bool is_kept;
};

static void look_at(void *context, const char *path, int32_t inode)
{
    struct wanted *wanted = context;
    size_t len = strlen(path);
    const struct sim_bytes *bytes = sim_fs_inode(wanted->fs, inode)->bytes;
    if (len > 8 && strcmp(path + len - 8, ".damaged") == 0 && bytes != NULL)
        wanted->is_kept |= slice_equal(slice_of(bytes->data, bytes->size), wanted->bytes);
}

static bool is_kept(struct sim_fs *fs, struct slice bytes)
{
    struct wanted wanted = {fs, bytes, false};
    sim_fs_walk(fs, NODE_PATH "/__cluster_metadata-0", look_at, &wanted);
    return wanted.is_kept;
}

static void start(struct sim_fs *fs)
{
    struct node node;
    struct note why = {""};
    bool started = node_start(&node, fs, &why);
    ck_assert_msg(started, "%s", why.text);
    node_kill(&node);
}

/* Bytes of the last batch: its length, its magic, its checksum, its count of records, a record. */
static const int32_t bytes_of_batch[] = {9, 16, 18, 60, 70};

START_TEST(a_rotten_end_is_kept_wherever_the_power_fails)
{
    size_t end;
    struct sim_fs *rotten = make_rotten(7, bytes_of_batch[_i], &end);
    const struct sim_bytes *log = sim_fs_inode(rotten, sim_fs_find(rotten, CLUSTER_LOG))->bytes;
    struct slice tail = slice_of(log->data + end, log->size - end);
    struct sim_fs *live = sim_fs_copy(rotten);
    live->tracing = true;
    start(live);
    ck_assert(is_kept(live, tail));
    struct sim_disk *disk = sim_disk_new(rotten, NULL);
    uint64_t random = 1;
    for (size_t at = 0; at <= live->trace_count; at++) {
        if (at > 0)
            sim_disk_step(disk, &live->trace[at - 1]);
        for (int i = 0; i < SIM_CRASH_KINDS * PER_CUT; i++) {
            struct sim_fs *found = sim_disk_crash(disk, (enum sim_crash)(i % SIM_CRASH_KINDS), &random);
            start(found);
            ck_assert_msg(is_kept(found, tail), "cut after %zu of %zu operations, crash %d", at,
                          live->trace_count, i);
            sim_fs_free(found);
        }
    }
    sim_disk_free(disk);
    sim_fs_free(live);
    sim_fs_free(rotten);
}
END_TEST

int main(int argc, char **argv)
{
    (void)argc;
    sim_world_fix_addresses(argv);
    Suite *suite = suite_create("set_aside");
    TCase *tests = tcase_create("set_aside");
    tcase_set_timeout(tests, 600);
    tcase_add_loop_test(tests, a_rotten_end_is_kept_wherever_the_power_fails, 0,
                        sizeof bytes_of_batch / sizeof bytes_of_batch[0]);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
