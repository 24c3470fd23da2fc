/*
 * mutex: see mutex.h.
 *
 * 1. With ODRADEK_CHECK_LOCKS every thread keeps the ranks that it holds, in order; taking a rank that is not
 * above the last one stops the process. Locks may be given back in any order.
 * 2. Waiting on a condition gives the mutex back and takes it again: its rank stays on the list meanwhile,
 * for the thread can take nothing else then.
 */
#include "storage/os/mutex.h"

#include "protocol/base/ensure.h"

#include <errno.h>
#include <time.h>

#ifdef ODRADEK_CHECK_LOCKS
enum { HELD_MAX = 16 };

static _Thread_local struct {
    enum lock_rank ranks[HELD_MAX];
    int count;
} held;

static void note_taken(enum lock_rank rank)
{
    ensure(held.count < HELD_MAX);
    ensure(held.count == 0 || held.ranks[held.count - 1] < rank);
    held.ranks[held.count++] = rank;
}

static void note_given_back(enum lock_rank rank)
{
    int at = held.count - 1;
    while (at >= 0 && held.ranks[at] != rank)
        at--;
    ensure(at >= 0);
    for (held.count--; at < held.count; at++)
        held.ranks[at] = held.ranks[at + 1];
}
#else
static void note_taken(enum lock_rank rank)
{
    (void)rank;
}

static void note_given_back(enum lock_rank rank)
{
    (void)rank;
}
#endif

void mutex_init(struct mutex *mutex, enum lock_rank rank)
{
    int error = pthread_mutex_init(&mutex->mutex, NULL);
    ensure(error == 0);
    mutex->rank = rank;
}

void mutex_fini(struct mutex *mutex)
{
    int error = pthread_mutex_destroy(&mutex->mutex);
    ensure(error == 0);
}

#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wthread-safety-analysis"
#endif

void mutex_lock(struct mutex *mutex)
{
    note_taken(mutex->rank);
    int error = pthread_mutex_lock(&mutex->mutex);
    ensure(error == 0);
}

void mutex_unlock(struct mutex *mutex)
{
    int error = pthread_mutex_unlock(&mutex->mutex);
    ensure(error == 0);
    note_given_back(mutex->rank);
}

void rwlock_init(struct rwlock *rwlock, enum lock_rank rank)
{
    pthread_rwlockattr_t attributes;
    int error = pthread_rwlockattr_init(&attributes);
    ensure(error == 0);
#ifdef __GLIBC__ /* whose default lets readers starve a writer */
    pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
#endif
    error = pthread_rwlock_init(&rwlock->rwlock, &attributes);
    ensure(error == 0);
    pthread_rwlockattr_destroy(&attributes);
    rwlock->rank = rank;
}

void rwlock_fini(struct rwlock *rwlock)
{
    int error = pthread_rwlock_destroy(&rwlock->rwlock);
    ensure(error == 0);
}

void rwlock_read(struct rwlock *rwlock)
{
    note_taken(rwlock->rank);
    int error = pthread_rwlock_rdlock(&rwlock->rwlock);
    ensure(error == 0);
}

void rwlock_read_done(struct rwlock *rwlock)
{
    int error = pthread_rwlock_unlock(&rwlock->rwlock);
    ensure(error == 0);
    note_given_back(rwlock->rank);
}

void rwlock_write(struct rwlock *rwlock)
{
    note_taken(rwlock->rank);
    int error = pthread_rwlock_wrlock(&rwlock->rwlock);
    ensure(error == 0);
}

void rwlock_write_done(struct rwlock *rwlock)
{
    int error = pthread_rwlock_unlock(&rwlock->rwlock);
    ensure(error == 0);
    note_given_back(rwlock->rank);
}

void condition_init(struct condition *condition)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    int error = pthread_cond_init(&condition->cond, &attributes);
    ensure(error == 0);
    pthread_condattr_destroy(&attributes);
}

void condition_fini(struct condition *condition)
{
    int error = pthread_cond_destroy(&condition->cond);
    ensure(error == 0);
}

void condition_wait(struct condition *condition, struct mutex *mutex)
{
    int error = pthread_cond_wait(&condition->cond, &mutex->mutex);
    ensure(error == 0);
}

bool condition_wait_until(struct condition *condition, struct mutex *mutex, int64_t deadline_ms)
{
    if (deadline_ms == INT64_MAX) {
        condition_wait(condition, mutex);
        return true;
    }
    if (deadline_ms < 0)
        deadline_ms = 0;
    struct timespec until = {.tv_sec = deadline_ms / 1000, .tv_nsec = deadline_ms % 1000 * 1000000};
    int error = pthread_cond_timedwait(&condition->cond, &mutex->mutex, &until);
    ensure(error == 0 || error == ETIMEDOUT);
    return error == 0;
}

#if defined(__clang__)
#pragma clang diagnostic pop
#endif

void condition_signal(struct condition *condition)
{
    pthread_cond_signal(&condition->cond);
}

void condition_broadcast(struct condition *condition)
{
    pthread_cond_broadcast(&condition->cond);
}
