/* The program under test as a process. See tester.h.
 *
 * 1. One thread does it all: whoever waits for anything also empties the program's pipes.
 * 2. The test process is made a subreaper, so that a grandchild which leaves the process group falls
 *    to it, is noticed and is ended; and the program gets SIGKILL if the test process dies first. */
#include "tester.h"

#include "clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RELAYED_BYTES = 30000, STOP_MS = 2000, EXITED_BY_SIGTERM = 128 + SIGTERM };

static const rlim_t address_space = 6442450944; /* 6 GiB */
static const long resident_kib = 2 * 1024 * 1024;

static void limit_memory(void)
{
    const char *wish = getenv("ACCEPTANCE_MEMORY_LIMIT");
    if (wish != NULL && strcmp(wish, "none") == 0)
        return; /* the address sanitizer reserves more */
    struct rlimit limit = {.rlim_cur = address_space, .rlim_max = address_space};
    setrlimit(RLIMIT_AS, &limit);
}

/* In the child. */
static void become_program(const char *program, const char *argument, pid_t parent, const int ends[3])
{
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(126);
    for (int stream = 0; stream < 3; stream++)
        dup2(ends[stream], stream);
    if (chdir("/") != 0)
        _exit(126);
    limit_memory();
    execl(program, program, argument, (char *)NULL);
    dprintf(STDERR_FILENO, "%s cannot be run: %s\n", program, strerror(errno));
    _exit(127);
}

static bool open_pipes(int pipes[3][2])
{
    for (int i = 0; i < 3; i++)
        if (pipe2(pipes[i], O_CLOEXEC) != 0)
            return false;
    fcntl(pipes[1][0], F_SETFL, O_NONBLOCK);
    fcntl(pipes[2][0], F_SETFL, O_NONBLOCK);
    return true;
}

bool tester_start(struct tester *tester, const char *program, const char *argument, int limit_ms,
                  char *complaint, size_t complaint_size)
{
    int pipes[3][2];
    if (access(program, X_OK) != 0 || !open_pipes(pipes)) {
        snprintf(complaint, complaint_size, "%s cannot be run: %s", program, strerror(errno));
        return false;
    }
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    pid_t parent = getpid();
    *tester = (struct tester){.started = true, .input = pipes[0][1]};
    tester->output.fd = pipes[1][0];
    tester->errors.fd = pipes[2][0];
    tester->deadline_ms = clock_ms() + limit_ms;
    tester->pid = fork();
    if (tester->pid == 0)
        become_program(program, argument, parent, (const int[]){pipes[0][0], pipes[1][1], pipes[2][1]});
    setpgid(tester->pid, tester->pid); /* in both: neither may come too late */
    close(pipes[0][0]);
    close(pipes[1][1]);
    close(pipes[2][1]);
    return true;
}

/* Keeps the last bytes of what was written. */
static void relay_keep(struct relay *relay, const char *bytes, size_t size)
{
    if (size > sizeof relay->tail) {
        bytes += size - sizeof relay->tail;
        size = sizeof relay->tail;
    }
    size_t kept = relay->tail_size;
    if (kept + size > sizeof relay->tail) {
        size_t drop = kept + size - sizeof relay->tail;
        memmove(relay->tail, relay->tail + drop, kept - drop);
        kept -= drop;
    }
    memcpy(relay->tail + kept, bytes, size);
    relay->tail_size = kept + size;
}

static void relay_read(struct relay *relay)
{
    char bytes[4096];
    ssize_t count = read(relay->fd, bytes, sizeof bytes);
    if (count > 0) {
        relay->seen += (size_t)count;
        relay_keep(relay, bytes, (size_t)count);
        relay->ended = relay->seen >= RELAYED_BYTES;
    } else if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
        relay->ended = true;
    }
}

short tester_wait(struct tester *tester, int fd, short events, int64_t until_ms)
{
    for (;;) {
        struct pollfd polls[3] = {
            {.fd = fd, .events = events},
            {.fd = tester->output.ended ? -1 : tester->output.fd, .events = POLLIN},
            {.fd = tester->errors.ended ? -1 : tester->errors.fd, .events = POLLIN},
        };
        int64_t left = until_ms - clock_ms();
        int ready = poll(polls, 3, left > 0 ? (int)left : 0);
        if (ready > 0 && polls[1].revents != 0)
            relay_read(&tester->output);
        if (ready > 0 && polls[2].revents != 0)
            relay_read(&tester->errors);
        if ((ready > 0 && polls[0].revents != 0) || left <= 0)
            return polls[0].revents;
        if (fd < 0 && tester_has_exited(tester))
            return 0;
    }
}

bool tester_has_exited(const struct tester *tester)
{
    return tester->output.ended || tester->errors.ended;
}

/* The largest the program has been, in KiB; 0 if it cannot be told. */
static long peak_resident_kib(pid_t pid)
{
    char line[256];
    snprintf(line, sizeof line, "/proc/%d/status", (int)pid);
    FILE *file = fopen(line, "re");
    long peak = 0;
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, "VmHWM:", 6) == 0)
            peak = strtol(line + 6, NULL, 10);
    if (file != NULL)
        fclose(file);
    return peak;
}

/* Throws away what still comes, so that a program which prints while it ends does not block. */
static void relay_discard(struct relay *relay)
{
    char bytes[4096];
    ssize_t count;
    while ((count = read(relay->fd, bytes, sizeof bytes)) > 0)
        relay_keep(relay, bytes, (size_t)count);
    relay->ended = relay->ended || count == 0;
}

/* True once the program is gone and both its streams have ended. */
static bool is_over(struct tester *tester, bool *reaped, int *status)
{
    relay_discard(&tester->output);
    relay_discard(&tester->errors);
    if (!*reaped)
        *reaped = waitpid(tester->pid, status, WNOHANG) == tester->pid;
    return *reaped && tester->output.ended && tester->errors.ended;
}

static void signal_all(const struct tester *tester, bool reaped, int signal_number)
{
    if (!reaped)
        kill(tester->pid, signal_number);
    kill(-tester->pid, signal_number);
}

/* SIGTERM, up to two seconds, SIGKILL. Returns the exit status. */
static int end_program(struct tester *tester)
{
    bool reaped = false;
    int status = 0;
    int64_t begun_ms = clock_ms();
    signal_all(tester, reaped, SIGTERM);
    close(tester->input);
    while (!is_over(tester, &reaped, &status) && clock_ms() - begun_ms < STOP_MS)
        poll(NULL, 0, 2);
    tester->stopped_after_ms = clock_ms() - begun_ms;
    tester->was_killed = !reaped || !tester->output.ended || !tester->errors.ended;
    signal_all(tester, reaped, SIGKILL);
    if (!reaped)
        waitpid(tester->pid, &status, 0);
    close(tester->output.fd);
    close(tester->errors.fd);
    return status;
}

/* Buries the dead; true while children live. */
static bool have_children(void)
{
    pid_t pid;
    do
        pid = waitpid(-1, NULL, WNOHANG);
    while (pid > 0);
    return pid == 0;
}

static int kill_children(void)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    FILE *file = fopen(path, "re");
    int killed = 0;
    int pid;
    while (file != NULL && fscanf(file, "%d", &pid) == 1)
        killed += kill(pid, SIGKILL) == 0;
    if (file != NULL)
        fclose(file);
    return killed;
}

/* Ends what the program started and let out of its group; gives it 100 ms to end by itself. */
static int end_strays(void)
{
    int strays = 0;
    for (int round = 0; have_children() && round < 1000; round++) {
        if (round >= 50 && strays == 0)
            strays = kill_children();
        poll(NULL, 0, 2);
    }
    return strays;
}

static void judge(const struct tester *tester, int status, bool ended_before, int strays, char *complaint,
                  size_t size)
{
    if (ended_before && WIFEXITED(status))
        snprintf(complaint, size, "the program ended by itself with code %d", WEXITSTATUS(status));
    else if (ended_before)
        snprintf(complaint, size, "the program ended by signal %d", WTERMSIG(status));
    else if (!tester->was_killed && WIFSIGNALED(status) && WTERMSIG(status) != SIGTERM)
        snprintf(complaint, size, "on SIGTERM the program died of signal %d", WTERMSIG(status));
    else if (WIFEXITED(status) && WEXITSTATUS(status) != 0 && WEXITSTATUS(status) != EXITED_BY_SIGTERM)
        snprintf(complaint, size, "on SIGTERM the program exited with code %d", WEXITSTATUS(status));
    else if (strays > 0)
        snprintf(complaint, size, "the program left %d process(es) behind", strays);
    else if (tester->output.seen >= RELAYED_BYTES || tester->errors.seen >= RELAYED_BYTES)
        snprintf(complaint, size, "the program prints too much: %d bytes are listened to", RELAYED_BYTES);
}

void tester_stop(struct tester *tester, char *complaint, size_t complaint_size)
{
    if (!tester->started)
        return;
    tester->started = false;
    siginfo_t info = {.si_pid = 0};
    waitid(P_PID, (id_t)tester->pid, &info, WEXITED | WNOHANG | WNOWAIT);
    bool ended_before = info.si_pid == tester->pid;
    long peak = peak_resident_kib(tester->pid);
    int status = end_program(tester);
    int strays = end_strays();
    judge(tester, status, ended_before, strays, complaint, complaint_size);
    if (peak > resident_kib && complaint[0] == '\0')
        snprintf(complaint, complaint_size, "the program took %ld KiB of memory, the limit is %ld", peak,
                 resident_kib);
}
