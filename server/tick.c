/* See tick.h. */
#include "server/tick.h"

#include "server/broker.h"
#include "server/log_dirs.h"
#include "server/waiter.h"
#include "storage/os/clock.h"
#include "storage/os/thread.h"

#include <stdlib.h>
#include <string.h>

enum { TICK_MS = 500 };

struct tick {
    struct broker *broker;
    struct waiter waiter;
    struct thread thread;
};

static void *tick_main(void *context)
{
    struct tick *tick = context;
    while (waiter_wait(&tick->waiter, clock_monotonic_ms() + TICK_MS) != WAITER_STOPPED) {
        int64_t now_ms = clock_monotonic_ms();
        partitions_tick(tick->broker->partitions, now_ms);
        cluster_tick(tick->broker->cluster, now_ms);
        log_dirs_tick(tick->broker);
    }
    return NULL;
}

struct tick *tick_start(struct broker *broker, struct note *why)
{
    struct tick *tick = calloc(1, sizeof *tick);
    if (tick == NULL) {
        note_set(why, "out of memory");
        return NULL;
    }
    tick->broker = broker;
    waiter_init(&tick->waiter);
    int error = thread_start(&tick->thread, "tick", tick_main, tick);
    if (error == 0)
        return tick;
    note_set(why, "cannot start the tick thread: %s", strerror(error));
    waiter_fini(&tick->waiter);
    free(tick);
    return NULL;
}

void tick_stop(struct tick *tick)
{
    if (tick == NULL)
        return;
    waiter_stop(&tick->waiter);
    thread_join(&tick->thread);
    waiter_fini(&tick->waiter);
    free(tick);
}
