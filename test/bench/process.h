/* process: what another process has used so far. pid 0 is nobody, and has used nothing. */
#ifndef TEST_BENCH_PROCESS_H
#define TEST_BENCH_PROCESS_H

#include <stdint.h>
#include <sys/types.h>

/*
 * User and system time of all its threads, those that have ended too: utime + stime of /proc/PID/stat,
 * but in nanoseconds and not in ticks of 10 ms.
 */
int64_t process_cpu_ns(pid_t pid);

/* Its children that have ended and were waited for (cutime + cstime; 10 ms ticks). */
int64_t process_children_cpu_ns(pid_t pid);

/* All processes and the kernel together, on all processors (10 ms ticks). */
int64_t machine_cpu_ns(void);

/* This process. */
int64_t own_cpu_ns(void);

struct process_memory {
    long rss_kb;  /* resident: */
    long anon_kb; /* of its own, */
    long file_kb; /* program, libraries, mapped files */
    long threads;
};

struct process_memory process_memory(pid_t pid);

#endif
