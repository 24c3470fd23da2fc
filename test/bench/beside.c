/*
 * What becomes of the latency of records while a broker compacts another topic (K2): measured before, then
 * until the cleaner is done. The limit passes records and has no cleaner: a thread of this program does the
 * least that one must do (copying.h).
 */
#include "test/bench/cleaning.h"
#include "test/bench/copying.h"
#include "test/bench/measure.h"
#include "test/bench/open_loop.h"
#include "test/bench/scenarios.h"
#include "test/bench/topics.h"

#include <stdio.h>
#include <unistd.h>

enum { CLEANER_BACKOFF_US = 100 * 1000 /* run: log.cleaner.backoff.ms */ };

static void wait_seconds(double seconds)
{
    usleep((useconds_t)(seconds * 1e6));
}

static void print_beside(const struct open_loop *loop, double cleaning_s, double others)
{
    const struct latency *quiet = &loop->windows[0].latency, *beside = &loop->windows[1].latency;
    double quiet_p99 = (double)latency_at(quiet, 0.99), beside_p99 = (double)latency_at(beside, 0.99);
    printf("quiet_p50_us=%.1f quiet_p99_us=%.1f", (double)latency_at(quiet, 0.5) / 1e3, quiet_p99 / 1e3);
    latency_print(beside);
    printf(" p99_growth=%.2f ms=%.0f others=%.2f\n", beside_p99 / quiet_p99, cleaning_s * 1e3, others);
}

static void run_quiet(struct open_loop *loop, const struct load *load)
{
    wait_seconds(load->warmup_s);
    open_loop_open_window(&loop->windows[0]);
    wait_seconds(load->seconds);
    open_loop_close_window(&loop->windows[0]);
}

/* From the cleaner's look for work on. Returns how many seconds it took. */
static double run_beside_cleaner(struct open_loop *loop, const struct cleaning *cleaning)
{
    cleaning_begin(cleaning);
    usleep(CLEANER_BACKOFF_US);
    int64_t from_ns = now_ns();
    open_loop_open_window(&loop->windows[1]);
    cleaning_wait(cleaning);
    open_loop_close_window(&loop->windows[1]);
    return (double)(now_ns() - from_ns) / 1e9;
}

void beside_scenario(const struct load *load, const char *data)
{
    struct measure measure = {0};
    struct cleaning cleaning;
    struct load records = *load;
    char topic[300];
    snprintf(topic, sizeof topic, "%s-beside", load->topic);
    records.topic = topic;
    cleaning_init(&cleaning, load, data);
    struct open_loop *loop = open_loop_start(&records);
    run_quiet(loop, load);
    struct cpu_mark mark = cpu_mark(load);
    double cleaning_s = run_beside_cleaner(loop, &cleaning);
    measure_cpu_since(&measure, load, &mark);
    open_loop_end(loop);
    print_beside(loop, cleaning_s, measure.others_s / cleaning_s);
    open_loop_free(loop);
    topic_delete(load->port, load->topic);
}

void beside_copying_scenario(const struct load *load, const char *folder)
{
    struct measure measure = {0};
    struct copying copying;
    copying_init(&copying, folder, (int64_t)load->max_bytes);
    struct open_loop *loop = open_loop_start(load);
    run_quiet(loop, load);
    struct cpu_mark mark = cpu_mark(load);
    copying_begin(&copying);
    open_loop_open_window(&loop->windows[1]);
    wait_seconds(load->seconds);
    open_loop_close_window(&loop->windows[1]);
    copying_end(&copying);
    measure_cpu_since(&measure, load, &mark);
    open_loop_end(loop);
    print_beside(loop, load->seconds, measure.others_s / load->seconds);
    open_loop_free(loop);
    copying_fini(&copying);
}
