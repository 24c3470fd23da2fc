/* See process.h. Reads /proc and a process's CPU clock; any thread may. */
#include "test/bench/process.h"

#include "test/bench/die.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int64_t process_cpu_ns(pid_t pid)
{
    clockid_t clock;
    struct timespec used;
    if (pid == 0)
        return 0;
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0)
        die("process %d is gone", pid);
    return used.tv_sec * INT64_C(1000000000) + used.tv_nsec;
}

static FILE *open_proc(pid_t pid, const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        die("process %d is gone", pid);
    return file;
}

int64_t process_children_cpu_ns(pid_t pid)
{
    char text[1024] = "";
    unsigned long user = 0, system = 0;
    FILE *file = open_proc(pid, "stat");
    if (fgets(text, sizeof text, file) == NULL)
        die("cannot read /proc/%d/stat", pid);
    fclose(file);
    const char *behind_name = strrchr(text, ')'); /* field 2; cutime and cstime are fields 16 and 17 */
    if (behind_name == NULL
        || sscanf(behind_name + 1, " %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %lu %lu", &user,
                  &system)
               != 2)
        die("/proc/%d/stat is strange", pid);
    return (int64_t)(user + system) * (INT64_C(1000000000) / sysconf(_SC_CLK_TCK));
}

int64_t machine_cpu_ns(void)
{
    unsigned long long user = 0, nice = 0, system = 0, idle = 0, io = 0, irq = 0, soft_irq = 0, steal = 0;
    FILE *file = fopen("/proc/stat", "re");
    if (file == NULL
        || fscanf(file, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &user, &nice, &system, &idle, &io,
                  &irq, &soft_irq, &steal)
               != 8)
        die("/proc/stat is strange");
    fclose(file);
    return (int64_t)(user + nice + system + irq + soft_irq + steal)
           * (INT64_C(1000000000) / sysconf(_SC_CLK_TCK));
}

int64_t own_cpu_ns(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return used.tv_sec * INT64_C(1000000000) + used.tv_nsec;
}

struct process_memory process_memory(pid_t pid)
{
    struct process_memory memory = {0};
    char line[256];
    FILE *file = open_proc(pid, "status");
    while (fgets(line, sizeof line, file) != NULL) {
        sscanf(line, "VmRSS: %ld", &memory.rss_kb);
        sscanf(line, "RssAnon: %ld", &memory.anon_kb);
        sscanf(line, "RssFile: %ld", &memory.file_kb);
        sscanf(line, "Threads: %ld", &memory.threads);
    }
    fclose(file);
    return memory;
}
