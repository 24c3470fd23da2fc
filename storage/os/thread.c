/* thread: named pthreads with small stacks; signals are the main thread's business. */
#include "storage/os/thread.h"

#include "protocol/base/ensure.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { NAME_MAX_BYTES = 16 };

struct start {
    void *(*run)(void *context);
    void *context;
    char name[NAME_MAX_BYTES];
};

static void copy_name(char to[NAME_MAX_BYTES], const char *name)
{
    size_t len = strlen(name) < NAME_MAX_BYTES ? strlen(name) : NAME_MAX_BYTES - 1;
    memcpy(to, name, len);
    to[len] = '\0';
}

void thread_give_way(void)
{
    const struct timespec pause = {.tv_nsec = 100000};
    (void)nanosleep(&pause, NULL);
}

void thread_set_name(const char *name)
{
    char cut[NAME_MAX_BYTES];
    copy_name(cut, name);
    prctl(PR_SET_NAME, cut, 0, 0, 0);
}

/* What sched_setattr(2) takes; not every libc declares it. */
struct scheduling {
    uint32_t size;
    uint32_t policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t slice_ns;
    uint64_t deadline_ns, period_ns;
};

/*
 * A thread that has just been woken may have to wait until the one that runs has had its slice - unless that
 * is longer than its own (Linux 6.12): then it runs at once. So the longest slice that there is makes this
 * thread give way whenever another wakes, and takes nothing from its share (docs/decisions/0011).
 */
void thread_lower_priority(void)
{
    enum { NICER = 10, NICEST = 19, KEEP_POLICY = 0x8 };
    int nice = getpriority(PRIO_PROCESS, 0) + NICER; /* of this thread alone, in Linux */
    const struct scheduling low = {
        .size = sizeof low,
        .flags = KEEP_POLICY,
        .nice = nice < NICEST ? nice : NICEST,
        .slice_ns = 100 * 1000 * 1000,
    };
    if (syscall(SYS_sched_setattr, 0, &low, 0) < 0)
        (void)setpriority(PRIO_PROCESS, 0, low.nice);
}

static void *run_named(void *context)
{
    struct start start = *(struct start *)context;
    free(context);
    thread_set_name(start.name);
    return start.run(start.context);
}

static int create(pthread_t *id, const char *name, void *(*run)(void *context), void *context)
{
    struct start *start = calloc(1, sizeof *start);
    if (start == NULL)
        return ENOMEM;
    start->run = run;
    start->context = context;
    copy_name(start->name, name);

    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, THREAD_STACK_BYTES);

    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(id, &attributes, run_named, start);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    if (error != 0)
        free(start);
    return error;
}

int thread_start(struct thread *thread, const char *name, void *(*run)(void *context), void *context)
{
    int error = create(&thread->id, name, run, context);
    thread->started = error == 0;
    return error;
}

void thread_join(struct thread *thread)
{
    if (!thread->started)
        return;
    int error = pthread_join(thread->id, NULL);
    ensure(error == 0);
    thread->started = false;
}
