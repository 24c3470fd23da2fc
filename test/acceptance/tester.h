/* The program under test as a process, started and ended as the course's tester does it: one argument,
 * cwd "/", its own process group, pipes on all three streams, 6 GiB of address space, SIGTERM to the
 * group at the end and SIGKILL two seconds later. Nothing that it started outlives tester_stop. */
#ifndef ACCEPTANCE_TESTER_H
#define ACCEPTANCE_TESTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What the program writes to one of its streams: relayed up to 30,000 bytes, then left in the pipe. */
struct relay {
    int fd;
    size_t seen;
    bool ended;      /* end of file, or so much that the tester stopped listening */
    char tail[1024]; /* the last of it, for messages */
    size_t tail_size;
};

struct tester {
    bool started;
    pid_t pid;
    int input;
    struct relay output;
    struct relay errors;
    int64_t deadline_ms; /* on the clock of clock_ms: the stage is over then */
    int64_t stopped_after_ms;
    bool was_killed; /* SIGTERM did not do */
};

/* argument may be NULL: none. False with complaint filled in if the program cannot be started. */
bool tester_start(struct tester *tester, const char *program, const char *argument, int limit_ms,
                  char *complaint, size_t complaint_size);

/* Waits until fd (or -1: nothing) is ready for events or until_ms has come; listens to the program
 * meanwhile. Returns poll's revents for fd. */
short tester_wait(struct tester *tester, int fd, short events, int64_t until_ms);

/* The course's tester takes the end of either stream for the end of the program. */
bool tester_has_exited(const struct tester *tester);

/* Ends the program and what it left behind. What is wrong about how it ended goes into complaint,
 * which stays empty if nothing is. */
void tester_stop(struct tester *tester, char *complaint, size_t complaint_size);

#endif
