/*
 * thread: named pthreads with small stacks.
 */
#ifndef STORAGE_OS_THREAD_H
#define STORAGE_OS_THREAD_H

#include <pthread.h>
#include <stdbool.h>

enum { THREAD_STACK_BYTES = 256 * 1024 }; /* address space; what is touched (8-16 KB) is what counts */

struct thread {
    pthread_t id;
    bool started;
};

/* Starts run(context) with all signals blocked. 0, or an errno (EAGAIN: no more threads). */
int thread_start(struct thread *thread, const char *name, void *(*run)(void *context), void *context);

void thread_join(struct thread *thread);

/* Lets others go first: a pause of a tenth of a millisecond between two holds of one lock, because whoever
 * waits for it would lose it again to a thread that runs already. */
void thread_give_way(void);

/* From now on the calling thread gives way when another one wakes, and gets a tenth of the time where others
 * have always something to do. For good. */
void thread_lower_priority(void);

/* Names the calling thread, as gdb and top show it; cut to 15 characters. */
void thread_set_name(const char *name);

#endif
