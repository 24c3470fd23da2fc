/*
 * See open_loop.h.
 *
 * `total` is known to be the last before the last record is sent: who has taken that one sees it.
 */
#include "test/bench/open_loop.h"

#include "test/bench/die.h"

#include <stdlib.h>
#include <sys/prctl.h>

enum { LEAD_NS = 20 * 1000 * 1000 };

static void sleep_until(int64_t time_ns)
{
    struct timespec time = {time_ns / 1000000000, time_ns % 1000000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) != 0)
        ;
}

/* ---- the threads ---- */

static int64_t due_ns(const struct open_loop *loop, uint64_t record)
{
    return loop->start_ns + (int64_t)((double)record * 1e9 / loop->path.load->rate);
}

static void *send_all(void *argument)
{
    struct open_loop *loop = argument;
    prctl(PR_SET_TIMERSLACK, 1UL); /* the default adds 50 us to every sleep */
    for (uint64_t i = 0; i < atomic_load(&loop->total); i++) {
        sleep_until(due_ns(loop, i));
        if (atomic_load(&loop->stopping))
            atomic_store(&loop->total, i + 1);
        record_path_send(&loop->path, due_ns(loop, i));
    }
    return NULL;
}

static void *take_all_acks(void *argument)
{
    struct open_loop *loop = argument;
    for (uint64_t i = 0; i < atomic_load(&loop->total); i++)
        record_path_take_ack(&loop->path);
    return NULL;
}

static void count_record(void *context, int64_t due, int64_t time)
{
    struct open_loop *loop = context;
    for (int i = 0; i < OPEN_LOOP_WINDOWS; i++) {
        struct due_window *window = &loop->windows[i];
        if (due >= atomic_load(&window->from_ns) && due < atomic_load(&window->to_ns))
            latency_add(&window->latency, time - due);
    }
}

static void *consume_all(void *argument)
{
    struct open_loop *loop = argument;
    while ((uint64_t)loop->path.offset < atomic_load(&loop->total)) {
        record_path_send_fetch(&loop->path);
        record_path_take_records(&loop->path, count_record, loop);
    }
    return NULL;
}

/* ---- the main thread ---- */

struct open_loop *open_loop_start(const struct load *load)
{
    void *(*const work[])(void *) = {consume_all, take_all_acks, send_all};
    struct open_loop *loop = calloc(1, sizeof *loop);
    if (loop == NULL)
        die("calloc:");
    record_path_init(&loop->path, load);
    for (int i = 0; i < OPEN_LOOP_WINDOWS; i++)
        atomic_store(&loop->windows[i].from_ns, INT64_MAX);
    atomic_store(&loop->total, UINT64_MAX);
    loop->start_ns = now_ns() + LEAD_NS;
    for (int i = 0; i < 3; i++)
        if (pthread_create(&loop->threads[i], NULL, work[i], loop) != 0)
            die("cannot start a thread");
    return loop;
}

void open_loop_open_window(struct due_window *window)
{
    atomic_store(&window->to_ns, INT64_MAX);
    atomic_store(&window->from_ns, now_ns());
}

void open_loop_close_window(struct due_window *window)
{
    atomic_store(&window->to_ns, now_ns());
}

void open_loop_end(struct open_loop *loop)
{
    atomic_store(&loop->stopping, true);
    for (int i = 0; i < 3; i++)
        pthread_join(loop->threads[i], NULL);
}

void open_loop_free(struct open_loop *loop)
{
    record_path_fini(&loop->path);
    free(loop);
}
