/*
 * The start scenarios (S1, S2, S3): from the fork to the first acknowledged record. The port is tried every
 * 0.2 ms, then a topic is made and one record sent to it, again and again until the broker takes it. Ends
 * the broker with SIGTERM, or with SIGKILL if the load says so. On a directory that is there already it is
 * a restart.
 */
#include "test/bench/die.h"
#include "test/bench/latency.h"
#include "test/bench/peer.h"
#include "test/bench/process.h"
#include "test/bench/requests.h"
#include "test/bench/scenarios.h"
#include "test/bench/topics.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { POLL_US = 200, PATIENCE_S = 60 };

/* A broker that has closed a connection or refuses for now is asked again. */
static bool send_one(int fd, const struct load *load, const struct buf *request, struct frames *answers)
{
    struct slice frame;
    int error = 0;
    if (!topic_try_create(fd, load))
        return false;
    peer_send(fd, request->data, request->len);
    while (!frames_take(answers, &frame))
        if (!frames_fill(answers))
            return false;
    return produce_succeeded(frame, &error);
}

static int wait_for_port(uint16_t port, pid_t pid, int64_t until_ns)
{
    int fd;
    while ((fd = peer_try_connect(port)) < 0) {
        if (waitpid(pid, NULL, WNOHANG) != 0)
            die("the broker has ended");
        if (now_ns() > until_ns)
            die("port %u does not open", port);
        usleep(POLL_US);
    }
    return fd;
}

static void wait_for_record(const struct load *load, const struct buf *request, pid_t pid, int64_t *port_ns)
{
    int64_t until_ns = now_ns() + PATIENCE_S * INT64_C(1000000000);
    for (bool done = false; !done;) {
        struct frames answers;
        int fd = wait_for_port(load->port, pid, until_ns);
        if (*port_ns == 0)
            *port_ns = now_ns();
        frames_init(&answers, fd);
        done = send_one(fd, load, request, &answers);
        frames_fini(&answers);
        close(fd);
        if (!done)
            usleep(POLL_US);
    }
}

static pid_t start(char **command)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid < 0)
        die("fork:");
    if (pid > 0)
        return pid;
    int null = open("/dev/null", O_RDWR);
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    execvp(command[0], command);
    die("%s:", command[0]);
}

void start_scenario(const struct load *load, char **command)
{
    struct batch_shape shape;
    struct buf request = {0};
    struct rusage used;
    batch_shape_init(&shape, load);
    append_produce(&request, load, buf_slice(&shape.bytes), 0);
    int64_t from_ns = now_ns(), port_ns = 0;
    pid_t pid = start(command);
    wait_for_record(load, &request, pid, &port_ns);
    int64_t to_ns = now_ns();
    int64_t cpu_ns = process_cpu_ns(pid) + process_children_cpu_ns(pid);
    printf("ms=%.2f port_ms=%.2f cpu_ms=%.2f\n", (double)(to_ns - from_ns) / 1e6,
           (double)(port_ns - from_ns) / 1e6, (double)cpu_ns / 1e6);
    kill(pid, load->kill ? SIGKILL : SIGTERM);
    wait4(pid, NULL, 0, &used);
    buf_fini(&request);
    buf_fini(&shape.bytes);
}
