/* mutex, thread and clock: ranks are kept, conditions wait on the monotonic clock. */
#include "storage/os/clock.h"
#include "storage/os/mutex.h"
#include "storage/os/thread.h"
#include "test/unit/storage/storage_test.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

START_TEST(locks_in_rank_order_are_fine)
{
    struct mutex low;
    struct mutex high;
    struct rwlock middle;
    mutex_init(&low, RANK_BROKER);
    rwlock_init(&middle, RANK_PARTITIONS);
    mutex_init(&high, RANK_FILES);
    for (int i = 0; i < 3; i++) {
        mutex_lock(&low);
        rwlock_read(&middle);
        mutex_lock(&high);
        rwlock_read_done(&middle);
        mutex_unlock(&low);
        mutex_unlock(&high);
    }
    rwlock_write(&middle);
    rwlock_write_done(&middle);
    mutex_fini(&high);
    rwlock_fini(&middle);
    mutex_fini(&low);
}
END_TEST

#ifdef ODRADEK_CHECK_LOCKS
START_TEST(a_lock_out_of_order_stops_the_process)
{
    struct mutex low;
    struct mutex high;
    mutex_init(&low, RANK_PARTITION);
    mutex_init(&high, RANK_SYNC);
    mutex_lock(&high);
    mutex_lock(&low);
}
END_TEST

START_TEST(two_locks_of_one_rank_stop_the_process)
{
    struct mutex one;
    struct mutex other;
    mutex_init(&one, RANK_PARTITION);
    mutex_init(&other, RANK_PARTITION);
    mutex_lock(&one);
    mutex_lock(&other);
}
END_TEST
#endif

struct meeting {
    struct mutex mutex;
    struct condition come;
    bool is_there;
};

static void *arrive(void *context)
{
    struct meeting *meeting = context;
    mutex_lock(&meeting->mutex);
    meeting->is_there = true;
    condition_broadcast(&meeting->come);
    mutex_unlock(&meeting->mutex);
    return NULL;
}

START_TEST(a_condition_wakes_its_waiter_or_gives_up_at_the_deadline)
{
    struct meeting meeting = {.is_there = false};
    mutex_init(&meeting.mutex, RANK_WAITER);
    condition_init(&meeting.come);
    mutex_lock(&meeting.mutex);
    int64_t before = clock_monotonic_ms();
    ck_assert(!condition_wait_until(&meeting.come, &meeting.mutex, before + 20));
    ck_assert_int_ge(clock_monotonic_ms(), before + 19);
    struct thread thread;
    ck_assert_int_eq(thread_start(&thread, "a name that is much too long", arrive, &meeting), 0);
    while (!meeting.is_there)
        ck_assert(condition_wait_until(&meeting.come, &meeting.mutex, INT64_MAX));
    mutex_unlock(&meeting.mutex);
    thread_join(&thread);
    thread_join(&thread);
    condition_fini(&meeting.come);
    mutex_fini(&meeting.mutex);
}
END_TEST

/* What sched_getattr(2) gives. */
struct scheduling {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t slice_ns, deadline_ns, period_ns;
};

static struct scheduling scheduling_now(void)
{
    struct scheduling now = {0};
    ck_assert_int_eq(syscall(SYS_sched_getattr, 0, &now, sizeof now, 0), 0);
    return now;
}

static void *lower_and_look(void *context)
{
    struct scheduling *seen = context;
    thread_lower_priority();
    *seen = scheduling_now();
    return NULL;
}

START_TEST(a_thread_of_low_priority_is_nicer_than_others_and_has_a_longer_slice)
{
    struct scheduling low, before = scheduling_now();
    struct thread thread;
    ck_assert_int_eq(thread_start(&thread, "low", lower_and_look, &low), 0);
    thread_join(&thread);
    struct scheduling after = scheduling_now();
    ck_assert_int_eq(low.nice, before.nice < 9 ? before.nice + 10 : 19);
    ck_assert_uint_eq(low.policy, before.policy);
    if (before.slice_ns != 0) /* Linux 6.12 */
        ck_assert_uint_gt(low.slice_ns, before.slice_ns);
    ck_assert_int_eq(after.nice, before.nice); /* nobody else's */
    ck_assert_uint_eq(after.slice_ns, before.slice_ns);
}
END_TEST

START_TEST(clocks_tell_the_time)
{
    ck_assert_int_gt(clock_wall_ms(), 1700000000000);
    int64_t us = clock_monotonic_us();
    int64_t ms = clock_monotonic_ms();
    ck_assert_int_ge(ms, us / 1000);
    ck_assert_int_lt(ms, us / 1000 + 1000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mutex");
    TCase *tests = tcase_create("mutex");
    tcase_add_test(tests, locks_in_rank_order_are_fine);
#ifdef ODRADEK_CHECK_LOCKS
    tcase_add_test_raise_signal(tests, a_lock_out_of_order_stops_the_process, SIGABRT);
    tcase_add_test_raise_signal(tests, two_locks_of_one_rank_stop_the_process, SIGABRT);
#endif
    tcase_add_test(tests, a_condition_wakes_its_waiter_or_gives_up_at_the_deadline);
    tcase_add_test(tests, a_thread_of_low_priority_is_nicer_than_others_and_has_a_longer_slice);
    tcase_add_test(tests, clocks_tell_the_time);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
