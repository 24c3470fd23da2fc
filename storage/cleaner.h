/*
 * cleaner: who compacts, and when (log.cleaner.*). Threads of low priority take the dirtiest partition,
 * clean it, and look again; they end when there is nothing left, so a broker without compacted topics has
 * none. The broker's tick looks every log.cleaner.backoff.ms whether some are needed.
 */
#ifndef STORAGE_CLEANER_H
#define STORAGE_CLEANER_H

#include "storage/storage_config.h"

#include <stdbool.h>

struct cleaner;
struct partitions;

/* `partitions` is borrowed and outlives it. */
struct cleaner *cleaner_new(struct partitions *partitions, const struct cleaner_config *config);

/* Other settings from now on, all but `enable`: threads beyond their number end after the partition that they
 * are cleaning, the pace is the new one at once, and the next tick looks for work. Any thread. */
void cleaner_set_config(struct cleaner *cleaner, const struct cleaner_config *config);

/* Calls off what is being cleaned, waits for the threads, and frees. The partitions are still there. */
void cleaner_stop(struct cleaner *cleaner);

/* Starts threads if something is to be cleaned. Called by one thread, with monotonic time. */
void cleaner_tick(struct cleaner *cleaner, int64_t now_ms);

/* Whether cleaner-offset-checkpoint is to be written: once for each time that something has changed. */
bool cleaner_take_changed(struct cleaner *cleaner);

#endif
