/* Whole programs that misbehave. The test binary starts itself as the program under test, with the
 * misbehaviour's name in the environment, and runs a stage against it. See broken_programs.h. */
#include "broken_programs.h"

#include "check_main.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define ACT_AS "ACCEPTANCE_ACT_AS"

/* A way to misbehave, the stage that must notice it, and what it must say: NULL if it has to pass. */
struct misbehaviour {
    const char *name;
    const char *stage;
    int limit_ms;
    const char *says;
};

static const struct misbehaviour misbehaviours[] = {
    {"does all right", "pv1", 0, NULL},
    {"does all right", "sk0", 0, NULL},
    {"does all right", "rebind", 0, NULL},
    {"does all right", "sigterm", 0, NULL},
    {"listens late", "pv1", 0, NULL},
    {"ends when its input does", "pv1", 0, NULL},
    {"exits at once", "pv1", 0, "seems to have ended before port 9092 was bound"},
    {"closes its output first", "pv1", 0, "seems to have ended before port 9092 was bound"},
    {"never listens", "vi6", 500, "nobody listens on port 9092"},
    {"never answers", "pv1", 500, "no answer within 500 ms"},
    {"hangs up", "pv1", 0, "the connection was closed instead of an answer"},
    {"pauses in its answer", "pv1", 0, "message_size is 21, but 0 byte(s) came after it"},
    {"says more later", "pv1", 0, "1 byte(s) came after the last answer"},
    {"prints 40 KB", "pv1", 0, "the program prints too much"},
    {"prints 200 KB", "pv1", 500, "no answer within 500 ms"},
    {"serves one client at a time", "sk0", 500, "no answer within 500 ms"},
    {"does not reuse its address", "rebind", 0, "seems to have ended before port 9092 was bound"},
    {"ignores SIGTERM", "pv1", 0, NULL},
    {"ignores SIGTERM", "sigterm", 0, "the program had not ended"},
    {"dies of SIGTERM badly", "pv1", 0, "on SIGTERM the program died of signal 6"},
    {"exits oddly on SIGTERM", "pv1", 0, "on SIGTERM the program exited with code 9"},
    {"dies after its answer", "pv1", 0, "the program ended by signal 9"},
    {"leaves a child behind", "pv1", 0, "the program left 1 process(es) behind"},
    {"reserves 8 GiB", "pv1", 0, "seems to have ended before port 9092 was bound"},
    {"finds its port taken", "pv1", 0, "port 9092 is taken before the program starts"},
};

enum { MISBEHAVIOURS = sizeof misbehaviours / sizeof misbehaviours[0] };

/* The program ---------------------------------------------------------------------------------- */

static const char *role;

static bool acts(const char *name)
{
    return strcmp(role, name) == 0;
}

static void pause_ms(int ms)
{
    poll(NULL, 0, ms);
}

static void print_much(int kib)
{
    char line[1024];
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\n';
    for (int i = 0; i < kib; i++)
        if (write(STDOUT_FILENO, line, sizeof line) < 0)
            return;
}

static bool read_all(int fd, uint8_t *bytes, size_t size)
{
    return size == 0 || recv(fd, bytes, size, MSG_WAITALL) == (ssize_t)size;
}

static void send_all(int fd, const uint8_t *bytes, size_t size)
{
    if (send(fd, bytes, size, MSG_NOSIGNAL) < 0)
        _exit(1);
}

/* ApiVersions v4: no error, one API, itself in 0 to 4. */
static void answer(int fd, const uint8_t correlation_id[4])
{
    uint8_t bytes[] = {0, 0, 0, 21, 0, 0, 0, 0, 0, 0, 2, 0, 18, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0};
    size_t size = 23; /* the last two bytes are none of it */
    bytes[3] = (uint8_t)(size - 4);
    memcpy(bytes + 4, correlation_id, 4);
    if (acts("pauses in its answer")) {
        bytes[3] = 21;
        send_all(fd, bytes, 4);
        pause_ms(150);
        send_all(fd, bytes + 4, size - 4);
        return;
    }
    send_all(fd, bytes, size);
    if (acts("says more later")) {
        pause_ms(50);
        send_all(fd, bytes, 1);
    }
}

static void before_answer(void)
{
    if (acts("prints 40 KB"))
        print_much(40);
    if (acts("prints 200 KB"))
        print_much(200);
    if (acts("never answers"))
        pause_ms(60000);
}

static void *serve(void *argument)
{
    int fd = (int)(intptr_t)argument;
    uint8_t request[1024];
    while (read_all(fd, request, 4)) {
        size_t size = (size_t)request[2] << 8 | request[3];
        if (size < 8 || size > sizeof request || !read_all(fd, request, size) || acts("hangs up"))
            break;
        before_answer();
        answer(fd, request + 4);
        if (acts("dies after its answer"))
            kill(getpid(), SIGKILL);
    }
    close(fd);
    return NULL;
}

static int listen_on_port(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int one = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(BROKER_PORT)};
    if (!acts("does not reuse its address"))
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 16) != 0)
        _exit(5);
    return fd;
}

static void abort_on(int signal_number)
{
    (void)signal_number;
    abort();
}

static void exit_on(int signal_number)
{
    (void)signal_number;
    _exit(9);
}

static void *end_with_input(void *argument)
{
    char byte;
    if (read(STDIN_FILENO, &byte, 1) <= 0)
        _exit(6);
    return argument;
}

static void leave_a_child(void)
{
    if (fork() != 0)
        return;
    setsid();
    for (int stream = 0; stream < 3; stream++)
        close(stream);
    pause_ms(60000);
    _exit(0);
}

static void misbehave_at_start(void)
{
    pthread_t thread;
    if (acts("exits at once"))
        _exit(3);
    if (acts("closes its output first")) {
        close(STDOUT_FILENO);
        pause_ms(300);
    }
    if (acts("never listens"))
        pause_ms(60000);
    if (acts("listens late"))
        pause_ms(300);
    if (acts("ends when its input does"))
        pthread_create(&thread, NULL, end_with_input, NULL);
    if (acts("ignores SIGTERM"))
        signal(SIGTERM, SIG_IGN);
    if (acts("dies of SIGTERM badly"))
        signal(SIGTERM, abort_on);
    if (acts("exits oddly on SIGTERM"))
        signal(SIGTERM, exit_on);
    if (acts("leaves a child behind"))
        leave_a_child();
    if (acts("reserves 8 GiB")
        && mmap(NULL, (size_t)8 << 30, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
        _exit(4);
}

void act_as_broken_program(void)
{
    role = getenv(ACT_AS);
    if (role == NULL)
        return;
    prctl(PR_SET_DUMPABLE, 0); /* to die quickly */
    misbehave_at_start();
    int listener = listen_on_port();
    for (;;) {
        pthread_t thread;
        void *client = (void *)(intptr_t)accept(listener, NULL, NULL);
        if (acts("serves one client at a time"))
            serve(client);
        else
            pthread_create(&thread, NULL, serve, client);
    }
}

/* The tests ------------------------------------------------------------------------------------ */

static const struct stage_plan *find_plan(const char *name)
{
    static const struct stage_suite *const suites[] = STAGE_SUITES;
    for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++)
        for (int plan = 0; plan < suites[i]->count; plan++)
            if (strcmp(suites[i]->plans[plan].name, name) == 0)
                return &suites[i]->plans[plan];
    return NULL;
}

static bool is_memory_limited(void)
{
    const char *wish = getenv("ACCEPTANCE_MEMORY_LIMIT");
    return wish == NULL || strcmp(wish, "none") != 0;
}

/* Makes this very binary the program under test. */
static void become_program(const char *name)
{
    char self[4096] = "";
    if (readlink("/proc/self/exe", self, sizeof self - 1) < 0)
        ck_abort_msg("the test does not find itself");
    setenv("ODRADEK_PROGRAM", self, 1);
    unsetenv("ACCEPTANCE_PROGRAM_IS");
    setenv(ACT_AS, name, 1);
}

START_TEST(misbehaviour_is_noticed)
{
    const struct misbehaviour *wrong = &misbehaviours[_i];
    struct stage stage = {.limit_ms = wrong->limit_ms};
    struct tape tape = {.replaying = false};
    role = wrong->name;
    if (acts("reserves 8 GiB") && !is_memory_limited()) {
        printf("skipped: %s: there is no limit\n", wrong->name);
        return;
    }
    int taken = acts("finds its port taken") ? listen_on_port() : -1;
    become_program(wrong->name);
    bool passed = stage_run(&stage, find_plan(wrong->stage), &tape, 0);
    close(taken);
    if (wrong->says == NULL)
        ck_assert_msg(passed, "a program that %s: %s", wrong->name, stage.failure);
    else
        ck_assert_msg(strstr(stage.failure, wrong->says) != NULL,
                      "a program that %s: expected '%s', the stage says: %s", wrong->name, wrong->says,
                      stage.failure);
    ck_assert_msg(waitpid(-1, NULL, WNOHANG) == -1, "a program that %s lives on", wrong->name);
    stage_fini(&stage);
    tape_fini(&tape);
}
END_TEST

Suite *broken_programs_suite(void)
{
    Suite *suite = suite_create("broken_programs");
    TCase *tcase = tcase_create("broken_programs");
    tcase_add_loop_test(tcase, misbehaviour_is_noticed, 0, MISBEHAVIOURS);
    suite_add_tcase(suite, tcase);
    return suite;
}
