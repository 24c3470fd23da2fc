/* broker_process: see broker_process.h. */
#include "test/conversation/broker_process.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "server/net.h"
#include "storage/os/clock.h"

enum {
    ATTEMPTS = 3, /* somebody else may take the port that was free a moment ago */
    STARTS_MS = 60000,
    STOPS_MS = 30000,
    PAUSE_MS = 10,
    LOG_SHOWN = 4000, /* bytes */
};

static void pause_ms(void)
{
    struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
    nanosleep(&pause, NULL);
}

static bool find_free_port(uint16_t *port, struct note *why)
{
    *port = 0;
    int fd = net_listen("127.0.0.1", port, 1, why);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* What the answers were recorded with: Kafka's defaults, internal topics with one replica, groups that do not
 * wait. */
static bool write_properties(const struct broker_process *broker, const char *settings, struct note *why)
{
    char path[sizeof broker->directory + 32];
    snprintf(path, sizeof path, "%s/server.properties", broker->directory);
    FILE *file = fopen(path, "we");
    if (file != NULL) {
        fprintf(file, "process.roles=broker,controller\nnode.id=1\n");
        fprintf(file, "listeners=PLAINTEXT://127.0.0.1:%u,CONTROLLER://127.0.0.1:%u\n", broker->port,
                broker->controller_port);
        fprintf(file, "advertised.listeners=PLAINTEXT://127.0.0.1:%u\n", broker->port);
        fprintf(file, "controller.listener.names=CONTROLLER\ncontroller.quorum.voters=1@127.0.0.1:%u\n",
                broker->controller_port);
        fprintf(file, "log.dirs=%s/data\n", broker->directory);
        fprintf(file, "offsets.topic.replication.factor=1\ntransaction.state.log.replication.factor=1\n");
        fprintf(file,
                "transaction.state.log.min.isr=1\nshare.coordinator.state.topic.replication.factor=1\n");
        fprintf(file, "share.coordinator.state.topic.min.isr=1\ngroup.initial.rebalance.delay.ms=0\n");
        for (const char *at = settings; at != NULL && *at != '\0'; at += strspn(at, " ")) {
            fprintf(file, "%.*s\n", (int)strcspn(at, " "), at);
            at += strcspn(at, " ");
        }
    }
    if (file != NULL && fclose(file) == 0)
        return true;
    note_set(why, "cannot write %s: %s", path, strerror(errno));
    return false;
}

/* In the child. */
static void become(const char *program, const char *directory)
{
    char properties[300], log[300];
    snprintf(properties, sizeof properties, "%s/server.properties", directory);
    snprintf(log, sizeof log, "%s/server.log", directory);
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0644);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* nobody would stop it after us */
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    execl(program, program, properties, (char *)NULL);
    dprintf(fd, "cannot run %s: %s\n", program, strerror(errno));
    _exit(127);
}

static bool has_ended(struct broker_process *broker, int *status)
{
    if (broker->pid <= 0 || waitpid(broker->pid, status, WNOHANG) != broker->pid)
        return false;
    broker->pid = 0;
    return true;
}

static void describe_end(int status, struct note *why)
{
    if (WIFSIGNALED(status))
        note_set(why, "the broker was ended by signal %d, %s", WTERMSIG(status), strsignal(WTERMSIG(status)));
    else
        note_set(why, "the broker ended with status %d", WEXITSTATUS(status));
}

static bool wait_until_it_serves(struct broker_process *broker, struct note *why)
{
    int64_t deadline_ms = clock_monotonic_ms() + STARTS_MS;
    int status;
    while (clock_monotonic_ms() < deadline_ms) {
        struct note refused = {""};
        int fd = net_connect("127.0.0.1", broker->port, PAUSE_MS * 100, &refused);
        if (fd >= 0)
            close(fd);
        if (has_ended(broker, &status)) {
            describe_end(status, why);
            return false;
        }
        if (fd >= 0)
            return true;
        pause_ms();
    }
    note_set(why, "the broker does not serve after %d s", STARTS_MS / 1000);
    return false;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status, (void)kind, (void)place;
    return remove(path);
}

static void kill_and_wait(struct broker_process *broker)
{
    if (broker->pid > 0) {
        kill(broker->pid, SIGKILL);
        waitpid(broker->pid, NULL, 0);
    }
    broker->pid = 0;
}

static bool make_directory(struct broker_process *broker, struct note *why)
{
    const char *parent = getenv("TMPDIR");
    snprintf(broker->directory, sizeof broker->directory, "%s/odradek-converse.XXXXXX",
             parent != NULL ? parent : "/tmp");
    if (mkdtemp(broker->directory) != NULL)
        return true;
    note_set(why, "cannot make %s: %s", broker->directory, strerror(errno));
    return false;
}

static bool start_once(struct broker_process *broker, const char *program, const char *settings,
                       struct note *why)
{
    *broker = (struct broker_process){0};
    if (!find_free_port(&broker->port, why) || !find_free_port(&broker->controller_port, why)
        || !make_directory(broker, why))
        return false;
    bool started = write_properties(broker, settings, why);
    if (started) {
        broker->pid = fork();
        if (broker->pid == 0)
            become(program, broker->directory);
        started = broker->pid > 0 && wait_until_it_serves(broker, why);
    }
    if (!started) {
        broker_process_show_log(broker);
        kill_and_wait(broker);
        broker_process_remove(broker);
    }
    return started;
}

bool broker_process_start(struct broker_process *broker, const char *program, const char *settings,
                          struct note *why)
{
    for (int attempt = 1; attempt < ATTEMPTS; attempt++) {
        why->text[0] = '\0';
        if (start_once(broker, program, settings, why))
            return true;
        fprintf(stderr, "%s; trying again\n", why->text);
    }
    why->text[0] = '\0';
    return start_once(broker, program, settings, why);
}

static bool end(struct broker_process *broker, struct note *why)
{
    int64_t deadline_ms = clock_monotonic_ms() + STOPS_MS;
    int status;
    if (has_ended(broker, &status)) {
        describe_end(status, why);
        note_prefix(why, "before it was stopped");
        return false;
    }
    kill(broker->pid, SIGTERM);
    while (clock_monotonic_ms() < deadline_ms) {
        if (!has_ended(broker, &status)) {
            pause_ms();
            continue;
        }
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
            return true;
        describe_end(status, why);
        note_prefix(why, "when it was stopped");
        return false;
    }
    note_set(why, "the broker does not stop after %d s", STOPS_MS / 1000);
    return false;
}

bool broker_process_stop(struct broker_process *broker, struct note *why)
{
    bool good = end(broker, why);
    kill_and_wait(broker);
    return good;
}

void broker_process_remove(struct broker_process *broker)
{
    nftw(broker->directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

void broker_process_show_log(const struct broker_process *broker)
{
    char path[sizeof broker->directory + 32], text[LOG_SHOWN];
    snprintf(path, sizeof path, "%s/server.log", broker->directory);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return;
    if (fseek(file, -LOG_SHOWN, SEEK_END) != 0)
        rewind(file);
    size_t len = fread(text, 1, sizeof text, file);
    fclose(file);
    fprintf(stderr, "---- the broker's log ----\n%.*s---- its end ----\n", (int)len, text);
}
