/* partitions_parallel: small pieces of work on partitions, shared by a few threads. See
 * partitions_private.h. */
#include "storage/os/thread.h"
#include "storage/partitions_private.h"

enum { WORKERS_MAX = 8, WORK_PER_THREAD = 16 };

struct shared_work {
    atomic_size_t next;
    size_t count;
    void (*work)(void *context, size_t i);
    void *context;
};

static void *take_work(void *context)
{
    struct shared_work *shared = context;
    size_t i;
    while ((i = atomic_fetch_add(&shared->next, 1)) < shared->count)
        shared->work(shared->context, i);
    return NULL;
}

size_t partitions_threads_for(size_t count)
{
    return 1 + count / WORK_PER_THREAD;
}

void partitions_in_parallel(size_t count, size_t thread_count, void (*work)(void *context, size_t i),
                            void *context)
{
    struct shared_work shared = {.count = count, .work = work, .context = context};
    struct thread threads[WORKERS_MAX] = {0};
    size_t most = thread_count < count ? thread_count : count;
    size_t extra = most <= 1 ? 0 : most - 1 < WORKERS_MAX ? most - 1 : WORKERS_MAX;
    atomic_init(&shared.next, 0);
    for (size_t i = 0; i < extra; i++)
        (void)thread_start(&threads[i], "storage", take_work, &shared);
    take_work(&shared);
    for (size_t i = 0; i < extra; i++)
        thread_join(&threads[i]);
}
