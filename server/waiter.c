#include "server/waiter.h"

void waiter_init(struct waiter *waiter)
{
    mutex_init(&waiter->mutex, RANK_WAITER);
    condition_init(&waiter->condition);
    mutex_lock(&waiter->mutex);
    waiter->woken = waiter->stopped = false;
    mutex_unlock(&waiter->mutex);
}

void waiter_fini(struct waiter *waiter)
{
    condition_fini(&waiter->condition);
    mutex_fini(&waiter->mutex);
}

void waiter_arm(struct waiter *waiter)
{
    mutex_lock(&waiter->mutex);
    waiter->woken = false;
    mutex_unlock(&waiter->mutex);
}

enum waiter_result waiter_wait(struct waiter *waiter, int64_t deadline_ms)
{
    mutex_lock(&waiter->mutex);
    while (!waiter->woken && !waiter->stopped)
        if (!condition_wait_until(&waiter->condition, &waiter->mutex, deadline_ms))
            break;
    enum waiter_result result = waiter->stopped ? WAITER_STOPPED
                                : waiter->woken ? WAITER_WOKEN
                                                : WAITER_TIMED_OUT;
    waiter->woken = false;
    mutex_unlock(&waiter->mutex);
    return result;
}

void waiter_wake(struct waiter *waiter)
{
    mutex_lock(&waiter->mutex);
    if (!waiter->woken)
        condition_signal(&waiter->condition);
    waiter->woken = true;
    mutex_unlock(&waiter->mutex);
}

void waiter_stop(struct waiter *waiter)
{
    mutex_lock(&waiter->mutex);
    waiter->stopped = true;
    condition_signal(&waiter->condition);
    mutex_unlock(&waiter->mutex);
}
