/*
 * The memory scenarios (M1 with no connection, M2 with 16): what the broker holds while its clients are
 * connected.
 */
#include "test/bench/measure.h"
#include "test/bench/peer.h"
#include "test/bench/process.h"
#include "test/bench/requests.h"
#include "test/bench/scenarios.h"
#include "test/bench/topics.h"

#include <stdio.h>
#include <unistd.h>

static void print_memory(const struct load *load)
{
    struct process_memory memory = process_memory(load->pid);
    printf("rss_mb=%.2f anon_mb=%.2f file_mb=%.2f threads=%ld\n", (double)memory.rss_kb / 1024,
           (double)memory.anon_kb / 1024, (double)memory.file_kb / 1024, memory.threads);
}

void memory_scenario(const struct load *load)
{
    int fds[LOAD_MAX_CONNECTIONS];
    for (int i = 0; i < load->connections; i++) {
        fds[i] = peer_connect(load->port);
        topic_try_create(fds[i], load);
    }
    print_memory(load);
    for (int i = 0; i < load->connections; i++)
        close(fds[i]);
    if (load->connections > 0 && !load->keep)
        topic_delete(load->port, load->topic);
}
