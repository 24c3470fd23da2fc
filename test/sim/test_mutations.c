/*
 * Damaged files: every byte of every file of two small log directories - one that was stopped cleanly, one
 * whose broker was killed - is changed once, and files are cut, stretched, filled and shuffled at random. The
 * start after it may be refused with a reason where nothing can say what the file said; it never crashes,
 * hangs or asks for much memory, and no reader is shown a record that nobody wrote.
 *
 * ODRADEK_SIM_HAVOC: how many random changes; _STRIDE: every n-th byte only; _SEED; _STARTS: how many starts
 * it must be in all.
 */
#include "test/sim/damage.h"
#include "test/sim/sim_world.h"

#include "protocol/base/ensure.h"

#include <check.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

enum { BYTES_MAX = 4096, HANG_SECONDS = 60, MEMORY_MAX = 1 << 30 };

#ifdef __SANITIZE_ADDRESS__
enum { STRIDE = 29, HAVOC = 1500, STARTS_MIN = 4000 };
#else
enum { STRIDE = 1, HAVOC = 26000, STARTS_MIN = 100000 };
#endif

static int64_t *all_starts; /* of all tests: each is a process */
static int64_t all;
static int64_t failures;
static struct note first_failure;
static char now_at[512]; /* what is being tried, for the one who looks at a crash */

static void tell(int number)
{
    static const char text[] = "died of this: ";
    (void)!write(STDERR_FILENO, text, sizeof text - 1);
    (void)!write(STDERR_FILENO, now_at, strlen(now_at));
    (void)!write(STDERR_FILENO, "\n", 1);
    signal(number, SIG_DFL);
    raise(number);
}

static void setup(void)
{
    signal(SIGABRT, tell);
    signal(SIGSEGV, tell);
    signal(SIGALRM, tell);
    alarm(HANG_SECONDS);
#ifndef __SANITIZE_ADDRESS__
    setrlimit(RLIMIT_AS, &(struct rlimit){MEMORY_MAX, MEMORY_MAX});
#endif
}

/* One change of one file, tried. */
static void try_one(struct damaged *damaged, struct sim_fs *fs, const struct damaged_file *file,
                    int64_t flipped)
{
    struct note why = {""};
    if (all++ % 1000 == 0)
        alarm(HANG_SECONDS);
    bool good = damage_check(damaged, fs, file, flipped, &why);
    sim_fs_free(fs);
    if (good)
        return;
    note_set(&first_failure, "%.400s: %.500s", now_at, why.text);
    failures++;
    if (sim_option("ALL", 0) != 0)
        fprintf(stderr, "%s: %s\n", now_at, why.text);
}

/* How many starts it were, and what came of them. */
static void tell_all(const struct damaged *damaged, const char *what)
{
    *all_starts += all;
    printf("%s: %" PRId64 " starts with %s; %" PRId64 " refused, %" PRId64 " set something aside, %" PRId64
           " cut a log's end, %" PRId64 " left a batch to its readers, %" PRId64 " lost the last topic\n",
           damaged->name, all, what, damaged->refused, damaged->set_aside, damaged->cut, damaged->read,
           damaged->lost);
}

/* Every n-th of the first bytes, and each at the end of the cluster log, which may be cut. */
static bool is_tried(const struct damaged *damaged, const struct damaged_file *file, size_t at, int64_t nth)
{
    return (at < BYTES_MAX && nth % sim_option("STRIDE", STRIDE) == 0)
           || (file->kind == DAMAGED_CLUSTER && at >= damaged->last_change);
}

static void flip_every_byte(struct damaged *damaged)
{
    int64_t nth = 0;
    for (size_t f = 0; f < damaged->file_count; f++) {
        const struct damaged_file *file = &damaged->files[f];
        for (size_t at = 0; at < file->size; at++) {
            if (!is_tried(damaged, file, at, nth++))
                continue;
            struct sim_fs *fs = sim_fs_copy(damaged->fs);
            struct sim_inode *inode = sim_fs_inode(fs, file->inode);
            uint8_t changed = (uint8_t)(inode->bytes->data[at] ^ (1 + sim_draw(&damaged->random, 255)));
            sim_bytes_write(&inode->bytes, (int64_t)at, &changed, 1);
            snprintf(now_at, sizeof now_at, "%s: byte %zu of %s is %02x", damaged->name, at, file->path,
                     changed);
            try_one(damaged, fs, file, (int64_t)at);
        }
    }
}

static void havoc(struct damaged *damaged)
{
    int64_t count = sim_option("HAVOC", HAVOC);
    for (int64_t i = 0; i < count; i++) {
        const struct damaged_file *file =
            &damaged->files[sim_draw(&damaged->random, (uint32_t)damaged->file_count)];
        uint64_t before = damaged->random;
        struct sim_fs *fs = sim_fs_copy(damaged->fs);
        damage_at_random(sim_fs_inode(fs, file->inode), &damaged->random);
        snprintf(now_at, sizeof now_at, "%s: %s changed by random state %" PRIu64, damaged->name, file->path,
                 before);
        try_one(damaged, fs, file, -1);
    }
}

START_TEST(a_changed_byte_invents_nothing)
{
    struct damaged damaged;
    damaged_init(&damaged, _i == 0, (uint64_t)sim_option("SEED", 3));
    flip_every_byte(&damaged);
    tell_all(&damaged, "a changed byte");
    ck_assert_msg(failures == 0, "%" PRId64 " failures: %s", failures, first_failure.text);
    ck_assert_msg(damaged.refused > 0 && damaged.set_aside > 0 && damaged.read > 0,
                  "nothing was refused, or kept, or left to readers");
    if (!damaged.clean) /* what a clean stop says at last is no topic */
        ck_assert_msg(damaged.cut > 0 && damaged.lost > 0, "no end was cut, or no topic lost");
    damaged_fini(&damaged);
}
END_TEST

START_TEST(havoc_invents_nothing)
{
    struct damaged damaged;
    damaged_init(&damaged, _i == 0, (uint64_t)sim_option("SEED", 3));
    havoc(&damaged);
    tell_all(&damaged, "files changed at random");
    damaged_fini(&damaged);
    ck_assert_msg(failures == 0, "%" PRId64 " failures: %s", failures, first_failure.text);
}
END_TEST

START_TEST(it_was_tried_often_enough)
{
    printf("%" PRId64 " starts on damaged directories\n", *all_starts);
    ck_assert_int_ge(*all_starts, sim_option("STARTS", STARTS_MIN));
}
END_TEST

int main(int argc, char **argv)
{
    (void)argc;
    sim_world_fix_addresses(argv);
    setvbuf(stdout, NULL, _IOLBF, 0);
    all_starts = mmap(NULL, sizeof *all_starts, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ensure(all_starts != MAP_FAILED);
    Suite *suite = suite_create("mutations");
    TCase *mutations = tcase_create("mutations");
    tcase_set_timeout(mutations, 3600);
    tcase_add_checked_fixture(mutations, setup, NULL);
    tcase_add_loop_test(mutations, a_changed_byte_invents_nothing, 0, 2);
    tcase_add_loop_test(mutations, havoc_invents_nothing, 0, 2);
    tcase_add_test(mutations, it_was_tried_often_enough);
    suite_add_tcase(suite, mutations);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
