/* recovery_progress: see the header. No locks: counters are atomic, and who finds a line due claims it. */
#include "storage/recovery_progress.h"

#include "storage/os/clock.h"
#include "storage/os/diag.h"

#include <stddef.h>

#define DIAG_AREA DIAG_STORAGE

enum { LINE_INTERVAL_MS = 5000, TERMINAL_INTERVAL_MS = 200 };

static double megabytes(int64_t bytes)
{
    return (double)bytes / 1e6;
}

void recovery_progress_init(struct recovery_progress *progress, int64_t logs_to_do)
{
    *progress = (struct recovery_progress){.logs_to_do = logs_to_do, .began_ms = clock_monotonic_ms()};
    progress->on_terminal = diag_is_terminal();
    atomic_init(&progress->due_ms,
                progress->began_ms + (progress->on_terminal ? TERMINAL_INTERVAL_MS : LINE_INTERVAL_MS));
}

static void say(struct recovery_progress *progress, int64_t now_ms)
{
    long long due = atomic_load(&progress->due_ms);
    int64_t interval_ms = progress->on_terminal ? TERMINAL_INTERVAL_MS : LINE_INTERVAL_MS;
    if (now_ms < due || !atomic_compare_exchange_strong(&progress->due_ms, &due, now_ms + interval_ms))
        return;
    double seconds = (double)(now_ms - progress->began_ms) / 1000;
    diag_passing("recovering: %lld of %lld logs, %.0f MB read in %.1f s",
                 (long long)atomic_load(&progress->logs), (long long)progress->logs_to_do,
                 megabytes(atomic_load(&progress->bytes_read)), seconds);
}

void recovery_progress_read(struct recovery_progress *progress, int64_t bytes)
{
    if (progress == NULL)
        return;
    atomic_fetch_add_explicit(&progress->bytes_read, bytes, memory_order_relaxed);
    say(progress, clock_monotonic_ms());
}

void recovery_progress_log(struct recovery_progress *progress)
{
    if (progress != NULL)
        atomic_fetch_add_explicit(&progress->logs, 1, memory_order_relaxed);
}

void recovery_progress_end(struct recovery_progress *progress)
{
    if (atomic_load(&progress->logs) == 0)
        return;
    diag_info("recovered %lld logs in %.1f s after an unclean stop: %.1f MB read, %.0f bytes of torn tails "
              "cut off, %.0f bytes of damage set aside",
              (long long)atomic_load(&progress->logs),
              (double)(clock_monotonic_ms() - progress->began_ms) / 1000,
              megabytes(atomic_load(&progress->bytes_read)), (double)atomic_load(&progress->bytes_cut),
              (double)atomic_load(&progress->bytes_kept));
}
