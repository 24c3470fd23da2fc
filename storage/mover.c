/*
 * mover: see the header.
 *
 * 1. A move is in `waiting` or some thread has it; nobody else touches it but through partition_move.
 * 2. A thread ends when nothing waits; the next move starts it again. Slots are joined before they are used
 *    anew, and at the end.
 * 3. A move that fails for want of space or descriptors tries again; one whose destination fails is over.
 *
 * Called by partitions.
 */
#include "storage/mover.h"

#include "protocol/base/ensure.h"
#include "storage/os/clock.h"
#include "storage/os/diag.h"
#include "storage/os/thread.h"
#include "storage/partition_move.h"
#include "storage/partitions_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DIAG_AREA DIAG_STORAGE

enum { RETRY_MS = 5000, AGAIN_MS = 10 };
enum step { STEP_MORE, STEP_LATER, STEP_DONE };

struct slot {
    struct mover *mover;
    struct thread thread;
    bool busy; /* guarded by the mover's mutex; false: its thread has ended, or is about to */
};

struct mover {
    struct partitions *partitions;
    struct mutex mutex; /* RANK_MOVER: guards all that follows */
    struct condition changed;
    struct list_node waiting;
    bool stopping;
    struct slot *slots;
    int32_t slot_count;
};

/* Waits a while; false: the broker stops. */
static bool pause_for(struct mover *mover, int64_t ms)
{
    int64_t until_ms = clock_monotonic_ms() + ms;
    mutex_lock(&mover->mutex);
    while (!mover->stopping && clock_monotonic_ms() < until_ms)
        (void)condition_wait_until(&mover->changed, &mover->mutex, until_ms);
    bool go_on = !mover->stopping;
    mutex_unlock(&mover->mutex);
    return go_on;
}

/* What is to become of a move after `result`: true: it goes on. */
static bool survives(struct mover *mover, struct partition_move *move, int result)
{
    const struct partition *partition = move->partition;
    if (result >= 0)
        return pause_for(mover, result == STEP_LATER ? AGAIN_MS : 0);
    if (result == -ECANCELED)
        return false;
    if (file_is_refused(result)) {
        diag_warn("%s-%d waits on its way to %s: %s", partition->topic, (int)partition->index,
                  data_dir_path(move->to), strerror(-result));
        return pause_for(mover, RETRY_MS);
    }
    if (!move->source_failed)
        data_dir_fail(move->to, "%s-%d cannot be moved to it: %s", partition->topic, (int)partition->index,
                      strerror(-result));
    else if (result != -EBADMSG)
        data_dir_fail(partition_dir(partition), "%s-%d: a read failed: %s", partition->topic,
                      (int)partition->index, strerror(-result));
    return false;
}

/* What came of it, or -errno. */
static int take_step(struct mover *mover, struct partition_move *move)
{
    int copied = move->has_taken_over ? 0 : partition_move_copy(move);
    if (copied > 0)
        thread_give_way();
    if (copied != 0)
        return copied < 0 ? copied : STEP_MORE;
    int result = partition_move_finish(move, mover->partitions);
    return result < 0 ? result : result == 1 ? STEP_DONE : STEP_LATER;
}

static void run(struct mover *mover, struct partition_move *move)
{
    int result = 0;
    do
        result = take_step(mover, move);
    while (result != STEP_DONE && survives(mover, move, result));
    if (result == STEP_DONE)
        diag_info("moved %s-%d to %s", move->partition->topic, (int)move->partition->index,
                  data_dir_path(move->to));
    else
        partition_move_abandon(move, mover->partitions, result < 0);
    partition_move_free(move);
}

static void *mover_main(void *context)
{
    struct slot *slot = context;
    struct mover *mover = slot->mover;
    mutex_lock(&mover->mutex);
    while (!mover->stopping && !list_is_empty(&mover->waiting)) {
        struct partition_move *move = list_entry(mover->waiting.next, struct partition_move, node);
        list_remove(&move->node);
        mutex_unlock(&mover->mutex);
        run(mover, move);
        mutex_lock(&mover->mutex);
    }
    slot->busy = false;
    mutex_unlock(&mover->mutex);
    return NULL;
}

struct mover *mover_new(struct partitions *partitions, int32_t threads)
{
    struct mover *mover = calloc(1, sizeof *mover);
    ensure(mover != NULL && threads > 0);
    mover->partitions = partitions;
    mutex_init(&mover->mutex, RANK_MOVER);
    condition_init(&mover->changed);
    list_init(&mover->waiting);
    mover->slots = calloc((size_t)threads, sizeof *mover->slots);
    ensure(mover->slots != NULL);
    mover->slot_count = threads;
    for (int32_t i = 0; i < threads; i++)
        mover->slots[i].mover = mover;
    return mover;
}

static void start_thread_locked(struct mover *mover) NEEDS(mover->mutex)
{
    for (int32_t i = 0; i < mover->slot_count; i++) {
        struct slot *slot = &mover->slots[i];
        if (slot->busy)
            continue;
        thread_join(&slot->thread);
        int error = thread_start(&slot->thread, "mover", mover_main, slot);
        slot->busy = error == 0;
        if (error != 0)
            diag_warn("no thread to move partitions: %s", strerror(error));
        return;
    }
}

void mover_add(struct mover *mover, struct partition_move *move)
{
    mutex_lock(&mover->mutex);
    list_append(&mover->waiting, &move->node);
    if (!mover->stopping)
        start_thread_locked(mover);
    mutex_unlock(&mover->mutex);
}

void mover_stop(struct mover *mover)
{
    mutex_lock(&mover->mutex);
    mover->stopping = true;
    condition_broadcast(&mover->changed);
    mutex_unlock(&mover->mutex);
    for (int32_t i = 0; i < mover->slot_count; i++)
        thread_join(&mover->slots[i].thread);
    list_for_each(node, &mover->waiting) {
        struct partition_move *move = list_entry(node, struct partition_move, node);
        partition_move_abandon(move, mover->partitions, false);
        partition_move_free(move);
    }
    condition_fini(&mover->changed);
    mutex_fini(&mover->mutex);
    free(mover->slots);
    free(mover);
}
