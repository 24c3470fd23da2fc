/*
 * The end-to-end scenarios (L1): one record at a time from a producer to a consumer that waits in a long
 * poll, in an open loop (open_loop.h) or in a closed one.
 *
 * Closed loop: one thread; the fetch is sent first, but nothing makes the broker see it first: a broker that
 * looks at the end of the log and registers the waiter under two locks will stall here.
 */
#include "test/bench/die.h"
#include "test/bench/measure.h"
#include "test/bench/open_loop.h"
#include "test/bench/scenarios.h"

#include <stdlib.h>
#include <unistd.h>

static void print(struct measure *result, const struct load *load, size_t batch_len)
{
    result->seconds = load->seconds;
    result->requests = result->latency.count;
    result->bytes = result->requests * batch_len;
    measure_print(result);
}

/* ---- open loop ---- */

static void run_open_loop(struct measure *result, const struct load *load)
{
    struct open_loop *loop = open_loop_start(load);
    struct due_window *window = &loop->windows[0];
    usleep((useconds_t)(load->warmup_s * 1e6));
    open_loop_open_window(window);
    struct cpu_mark mark = cpu_mark(load);
    usleep((useconds_t)(load->seconds * 1e6));
    measure_cpu_since(result, load, &mark);
    open_loop_close_window(window);
    open_loop_end(loop);
    result->latency = window->latency;
    print(result, load, loop->path.batch_len);
    open_loop_free(loop);
}

/* ---- closed loop ---- */

static void count_record(void *context, int64_t due_ns, int64_t time_ns)
{
    struct latency *latency = context;
    if (latency != NULL)
        latency_add(latency, time_ns - due_ns);
}

/* Its latency is counted, unless that is NULL. */
static void pass_one(struct record_path *path, struct latency *latency)
{
    int64_t before = path->offset;
    record_path_send_fetch(path);
    record_path_send(path, now_ns());
    for (record_path_take_records(path, count_record, latency); path->offset == before;
         record_path_take_records(path, count_record, latency))
        record_path_send_fetch(path); /* the wait was over before the record came */
    record_path_take_ack(path);
}

static void run_closed_loop(struct measure *result, const struct load *load)
{
    struct record_path path;
    record_path_init(&path, load);
    int64_t count_ns = now_ns() + (int64_t)(load->warmup_s * 1e9);
    int64_t end_ns = count_ns + (int64_t)(load->seconds * 1e9);
    while (now_ns() < count_ns)
        pass_one(&path, NULL);
    struct cpu_mark mark = cpu_mark(load);
    while (now_ns() < end_ns)
        pass_one(&path, &result->latency);
    measure_cpu_since(result, load, &mark);
    print(result, load, path.batch_len);
    record_path_fini(&path);
}

void end_to_end_scenario(const struct load *load)
{
    struct measure *result = calloc(1, sizeof *result);
    if (result == NULL)
        die("calloc:");
    if (load->rate > 0)
        run_open_loop(result, load);
    else
        run_closed_loop(result, load);
    free(result);
}
