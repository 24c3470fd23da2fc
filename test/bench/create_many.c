/*
 * Many topics (T1, T2): one connection makes them, or deletes them, so many with a request, and waits for
 * each answer. What is counted are topics, or the partitions of all of them.
 */
#include "test/bench/calls.h"
#include "test/bench/measure.h"
#include "test/bench/scenarios.h"
#include "test/bench/topics.h"

#include <stdio.h>

typedef void many_fn(struct client *client, const struct load *load, int first, int count);

static void run(const struct load *load, many_fn *act)
{
    struct client client;
    struct measure measure = {0};
    call_open(&client, load->port);
    struct cpu_mark mark = cpu_mark(load);
    int64_t from_ns = now_ns();
    for (int first = 0; first < load->topics; first += load->topics_each)
        act(&client, load, first,
            load->topics - first < load->topics_each ? load->topics - first : load->topics_each);
    double seconds = (double)(now_ns() - from_ns) / 1e9;
    measure_cpu_since(&measure, load, &mark);
    client_close(&client);
    double topics = load->topics, partitions = topics * load->partitions;
    printf("ms=%.1f topics_s=%.1f partitions_s=%.1f cpu_us_req=%.1f others=%.2f\n", seconds * 1e3,
           topics / seconds, partitions / seconds, measure.cpu_s * 1e6 / partitions,
           measure.others_s / seconds);
}

void create_many_scenario(const struct load *load)
{
    run(load, topics_create);
}

void delete_many_scenario(const struct load *load)
{
    run(load, topics_delete);
}
