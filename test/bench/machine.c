/*
 * What the machine itself costs: figures to put beside every latency (a wake) and every synced write
 * (fdatasync).
 */
#include "test/bench/die.h"
#include "test/bench/latency.h"
#include "test/bench/scenarios.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { WAKES = 5000, SYNCS = 300, BLOCK = 4096 };

struct pipes {
    int there[2], back[2];
};

static void *echo(void *argument)
{
    struct pipes *pipes = argument;
    char byte;
    while (read(pipes->there[0], &byte, 1) == 1)
        if (write(pipes->back[1], &byte, 1) != 1)
            break;
    return NULL;
}

/* Half a round trip through two pipes, threads placed as the scheduler likes. */
static void print_wake(void)
{
    struct pipes pipes;
    struct latency *latency = calloc(1, sizeof *latency);
    pthread_t thread;
    char byte = 0;
    if (latency == NULL || pipe(pipes.there) != 0 || pipe(pipes.back) != 0
        || pthread_create(&thread, NULL, echo, &pipes) != 0)
        die("pipe:");
    for (int i = 0; i < WAKES; i++) {
        int64_t from_ns = now_ns();
        if (write(pipes.there[1], &byte, 1) != 1 || read(pipes.back[0], &byte, 1) != 1)
            die("pipe:");
        latency_add(latency, (now_ns() - from_ns) / 2);
    }
    close(pipes.there[1]);
    pthread_join(thread, NULL);
    printf("wake_p50_us=%.1f wake_p99_us=%.1f ", (double)latency_at(latency, 0.5) / 1e3,
           (double)latency_at(latency, 0.99) / 1e3);
    close(pipes.there[0]);
    close(pipes.back[0]);
    close(pipes.back[1]);
    free(latency);
}

static void print_sync(const char *folder)
{
    char path[4096];
    static const char block[BLOCK];
    struct latency *latency = calloc(1, sizeof *latency);
    snprintf(path, sizeof path, "%s/fdatasync", folder);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (latency == NULL || fd < 0)
        die("%s:", path);
    for (int i = 0; i < SYNCS; i++) {
        if (write(fd, block, BLOCK) != BLOCK)
            die("write:");
        int64_t from_ns = now_ns();
        if (fdatasync(fd) != 0)
            die("fdatasync:");
        latency_add(latency, now_ns() - from_ns);
    }
    printf("fdatasync_p50_us=%.0f fdatasync_p99_us=%.0f\n", (double)latency_at(latency, 0.5) / 1e3,
           (double)latency_at(latency, 0.99) / 1e3);
    close(fd);
    unlink(path);
    free(latency);
}

void touch_scenario(size_t megabytes)
{
    size_t len = megabytes << 20;
    uint8_t *memory = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        die("mmap:");
    for (size_t at = 0; at < len; at += BLOCK)
        memory[at] = 1;
    munmap(memory, len);
}

void machine_scenario(const char *folder)
{
    print_wake();
    print_sync(folder);
}
