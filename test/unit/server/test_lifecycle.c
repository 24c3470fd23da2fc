/*
 * The process: how it starts, what it says, how it stops, and what it refuses. Runs the program that was
 * built.
 */
#include "protocol/messages/metadata.h"
#include "test/unit/server/client_fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    ARGUMENTS_MAX = 24,
    OUTPUT_MAX = 16 * 1024,
    STOPS_MS = 30 * 1000, /* it takes less than a second, but for what a busy disk takes */
    LONG_POLL_MS = 4 * STOPS_MS,
    UNREAD_BYTES = 4 * 1024 * 1024,
};

/* A run of the program. */
struct program {
    pid_t pid; /* 0: it has ended */
    uint16_t port;
    char output_path[300];
};

static char directory[256];

static void set_up(void)
{
    signal(SIGPIPE, SIG_IGN);
    make_directory(directory);
}

static void tear_down(void)
{
    remove_directory(directory);
}

/* ---- running it ---- */

static _Noreturn void become(const struct program *program, const char *const *arguments)
{
    char *argv[ARGUMENTS_MAX + 2] = {(char *)(uintptr_t) "odradek"};
    for (int i = 0; i < ARGUMENTS_MAX && arguments[i] != NULL; i++)
        argv[i + 1] = (char *)(uintptr_t)arguments[i];
    int fd = open(program->output_path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    execv(ODRADEK_BINARY, argv);
    _exit(127);
}

static void run(struct program *program, const char *const *arguments)
{
    static int runs;
    *program = (struct program){.pid = 0};
    snprintf(program->output_path, sizeof program->output_path, "%s/output-%d", directory, runs++);
    program->pid = fork();
    ck_assert_int_ge(program->pid, 0);
    if (program->pid == 0)
        become(program, arguments);
}

/* What it has said so far, on both streams. */
static const char *output_of(const struct program *program)
{
    static char output[OUTPUT_MAX];
    FILE *file = fopen(program->output_path, "re");
    size_t len = file == NULL ? 0 : fread(output, 1, sizeof output - 1, file);
    if (file != NULL)
        fclose(file);
    output[len] = '\0';
    return output;
}

static bool has_ended(struct program *program, int *status)
{
    if (waitpid(program->pid, status, WNOHANG) != program->pid)
        return false;
    program->pid = 0;
    return true;
}

/* Its exit status; a signal fails the test. */
static int wait_for_end(struct program *program, int64_t patience_ms)
{
    int status = 0;
    int64_t deadline_ms = clock_monotonic_ms() + patience_ms;
    while (!has_ended(program, &status)) {
        ck_assert_msg(clock_monotonic_ms() < deadline_ms, "still running: %s", output_of(program));
        sleep_ms(5);
    }
    ck_assert_msg(WIFEXITED(status), "ended by signal %d: %s", WTERMSIG(status), output_of(program));
    return WEXITSTATUS(status);
}

static int lines_of(const char *text)
{
    int lines = 0;
    for (; *text != '\0'; text++)
        lines += *text == '\n';
    return lines;
}

static void expect_output(const struct program *program, const char *part)
{
    ck_assert_msg(strstr(output_of(program), part) != NULL, "'%s' is not in: %s", part, output_of(program));
}

/* ---- a broker of it ---- */

/* Where it says that a listener is. */
static uint16_t port_of(const struct program *program, const char *listener)
{
    char text[64];
    snprintf(text, sizeof text, "%s://127.0.0.1:", listener);
    const char *at = strstr(output_of(program), text);
    ck_assert_msg(at != NULL, "no %s: %s", listener, output_of(program));
    int port = atoi(at + strlen(text));
    ck_assert_int_gt(port, 0);
    return (uint16_t)port;
}

/* With data in `data` below the test's directory. Returns when it serves. */
static void start_with(struct program *program, const char *data, const char *listeners, const char *more)
{
    char dirs[300], listen[300];
    snprintf(dirs, sizeof dirs, "log.dirs=%s/%s", directory, data);
    snprintf(listen, sizeof listen, "listeners=%s", listeners);
    const char *arguments[] = {"--override", dirs, "--override", listen, more == NULL ? NULL : "--override",
                               more,         NULL};
    run(program, arguments);
    int status;
    const char *hello;
    int64_t deadline_ms = clock_monotonic_ms() + PATIENCE_MS;
    while ((hello = strstr(output_of(program), "listening on ")) == NULL || strchr(hello, '\n') == NULL) {
        ck_assert_msg(!has_ended(program, &status), "it ended: %s", output_of(program));
        ck_assert_msg(clock_monotonic_ms() < deadline_ms, "it does not serve: %s", output_of(program));
        sleep_ms(5);
    }
    program->port = port_of(program, "PLAINTEXT");
}

static void start(struct program *program)
{
    start_with(program, "data", "PLAINTEXT://127.0.0.1:0", NULL);
}

static void expect_stop(struct program *program, int signal_number)
{
    ck_assert_int_eq(kill(program->pid, signal_number), 0);
    ck_assert_int_eq(wait_for_end(program, STOPS_MS), 0);
    expect_output(program, "stopped\n");
}

/* Like start, but it must fail with one line that says `why`. */
static void expect_refused(const char *const *arguments, int status, const char *why)
{
    struct program program;
    run(&program, arguments);
    ck_assert_int_eq(wait_for_end(&program, PATIENCE_MS), status);
    ck_assert_msg(lines_of(output_of(&program)) == 1, "not one line: %s", output_of(&program));
    expect_output(&program, why);
}

static void expect_served(const struct program *program, struct client *client)
{
    struct buf request = {0};
    connect_client(client, program->port);
    append_api_versions(&request, 3);
    send_all(client, &request);
    expect_api_versions(client, 3);
    buf_fini(&request);
}

/* ---- stopping ---- */

static const int stop_signals[] = {SIGTERM, SIGINT};

START_TEST(a_stop_does_not_wait_for_idle_clients)
{
    struct program program;
    struct client clients[5];
    start(&program);
    for (size_t i = 0; i < 5; i++)
        expect_served(&program, &clients[i]);
    expect_stop(&program, stop_signals[_i]);
    for (size_t i = 0; i < 5; i++) {
        expect_closed(&clients[i]);
        client_close(&clients[i]);
    }
}
END_TEST

START_TEST(a_stop_ends_a_long_poll)
{
    struct program program;
    struct client client;
    struct buf request = {0};
    start(&program);
    connect_client(&client, program.port);
    create_topic(&client, "poll", 1);
    struct fetch_wish wish = {
        .topic = "poll", .partitions = 1, .max_wait_ms = LONG_POLL_MS, .min_bytes = 1, .session_epoch = -1};
    append_fetch(&request, 5, &wish);
    send_all(&client, &request);
    sleep_ms(200); /* so that it waits, as a rule */
    expect_stop(&program, stop_signals[_i]);
    client_close(&client);
    buf_fini(&request);
}
END_TEST

/* Fills both socket buffers with requests and answers that nobody takes. */
static void send_and_never_read(struct client *client, uint16_t port)
{
    connect_client(client, port);
    struct timeval little = {.tv_usec = 300000};
    ck_assert_int_eq(setsockopt(client->fd, SOL_SOCKET, SO_SNDTIMEO, &little, sizeof little), 0);
    struct buf requests = {0};
    while (requests.len < 64 * 1024)
        append_api_versions(&requests, 1);
    size_t sent = 0;
    for (ssize_t n;
         sent < 16 * UNREAD_BYTES && (n = send(client->fd, requests.data, requests.len, MSG_NOSIGNAL)) > 0;)
        sent += (size_t)n;
    buf_fini(&requests);
}

START_TEST(a_stop_does_not_wait_for_clients_that_do_not_read)
{
    struct program program;
    struct client clients[3];
    start_with(&program, "data", "PLAINTEXT://127.0.0.1:0,A://127.0.0.1:0,B://127.0.0.1:0",
               "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,A:PLAINTEXT,B:PLAINTEXT");
    for (size_t i = 0; i < 3; i++)
        send_and_never_read(&clients[i], port_of(&program, (const char *const[]){"PLAINTEXT", "A", "B"}[i]));
    expect_stop(&program, stop_signals[_i]);
    for (size_t i = 0; i < 3; i++)
        client_close(&clients[i]);
}
END_TEST

START_TEST(a_stop_does_not_wait_for_half_a_frame)
{
    struct program program;
    struct client client;
    start(&program);
    connect_client(&client, program.port);
    send_anyway(&client, SLICE("\0\0\0\x40\0\x12"));
    sleep_ms(100);
    expect_stop(&program, stop_signals[_i]);
    expect_closed(&client);
    client_close(&client);
}
END_TEST

enum { LED_PARTITIONS = 300, ASKED_VERSION = 9 };

static void append_metadata(struct buf *out)
{
    struct metadata_request request;
    schema_set_defaults(metadata_request_schema(), &request);
    request.topics.count = -1; /* all */
    append_request(out, KEY_METADATA, ASKED_VERSION, 7, &request);
}

static void expect_all_led(struct slice frame, int32_t leader_epoch)
{
    struct arena arena;
    struct note why = {""};
    struct client_answer answer;
    arena_init(&arena, SIZE_MAX);
    ck_assert_msg(client_read_answer(find_api(KEY_METADATA), ASKED_VERSION, frame, &arena, &answer, &why),
                  "%s", why.text);
    const struct metadata_response *response = answer.body;
    ck_assert_int_eq(response->brokers.count, 1);
    ck_assert_int_eq(response->topics.count, 1);
    ck_assert_int_eq(response->topics.items[0].partitions.count, LED_PARTITIONS);
    for (int32_t i = 0; i < LED_PARTITIONS; i++) {
        const struct metadata_response_partition *partition = &response->topics.items[0].partitions.items[i];
        ck_assert_int_eq(partition->error_code, KERR_NONE);
        ck_assert_int_eq(partition->leader_id, 1);
        ck_assert_int_eq(partition->leader_epoch, leader_epoch);
    }
    arena_fini(&arena);
}

START_TEST(clients_are_told_who_leads_until_they_are_told_nothing)
{
    struct program program;
    struct client client;
    struct buf requests = {0};
    struct note why = {""};
    struct slice frame;
    start(&program);
    connect_client(&client, program.port);
    create_topic(&client, "led", LED_PARTITIONS);
    for (int i = 0; i < 1000; i++)
        append_metadata(&requests);
    send_all(&client, &requests);
    expect_all_led(receive(&client), 0);
    ck_assert_int_eq(kill(program.pid, stop_signals[_i]), 0);
    while (client_receive(&client, PATIENCE_MS, &frame, &why) == NET_OK)
        expect_all_led(frame, 0);
    ck_assert_int_eq(wait_for_end(&program, STOPS_MS), 0);
    client_close(&client);

    start(&program);
    connect_client(&client, program.port);
    buf_clear(&requests, 0);
    append_metadata(&requests);
    send_all(&client, &requests);
    expect_all_led(receive(&client), 2);
    client_close(&client);
    expect_stop(&program, stop_signals[_i]);
    buf_fini(&requests);
}
END_TEST

START_TEST(a_stop_of_a_broker_without_clients_is_clean)
{
    struct program program;
    start(&program);
    expect_stop(&program, stop_signals[_i]);
    ck_assert_int_eq(lines_of(output_of(&program)), 3); /* formatted, hello, stopped */
}
END_TEST

/* ---- limits and signals ---- */

static void read_of_process(const struct program *program, const char *file, char *text, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", program->pid, file);
    FILE *stream = fopen(path, "re");
    ck_assert_ptr_nonnull(stream);
    size_t len = fread(text, 1, size - 1, stream);
    fclose(stream);
    text[len] = '\0';
}

START_TEST(a_low_limit_of_descriptors_is_raised)
{
    struct program program;
    char limits[4096];
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = 100;
    limit.rlim_max = limit.rlim_max < 300 ? limit.rlim_max : 300;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0); /* of this test's process, and so of the program */
    start(&program);
    read_of_process(&program, "limits", limits, sizeof limits);
    unsigned long soft = 0, hard = 0;
    const char *line = strstr(limits, "Max open files");
    ck_assert(line != NULL && sscanf(line, "Max open files %lu %lu", &soft, &hard) == 2);
    ck_assert_uint_eq(hard, limit.rlim_max);
    ck_assert_uint_eq(soft, hard);
    expect_stop(&program, SIGTERM);
}
END_TEST

START_TEST(sigpipe_is_ignored)
{
    struct program program;
    struct client client;
    start(&program);
    ck_assert_int_eq(kill(program.pid, SIGPIPE), 0);
    expect_served(&program, &client);
    client_close(&client);
    expect_stop(&program, SIGTERM);
}
END_TEST

/* ---- starting again ---- */

START_TEST(topics_and_records_outlive_a_restart)
{
    struct program program;
    struct client client;
    start(&program);
    connect_client(&client, program.port);
    create_topic(&client, "kept", 2);
    for (int64_t i = 0; i < 10; i++)
        ck_assert_int_eq(produce(&client, "kept", 1, 100), i);
    client_close(&client);
    expect_stop(&program, SIGTERM);
    start(&program);
    ck_assert_ptr_null(strstr(output_of(&program), "formatted"));
    connect_client(&client, program.port);
    struct fetch_wish wish = {.topic = "kept", .partitions = 2, .session_epoch = -1};
    struct fetched fetched = fetch(&client, &wish);
    ck_assert_int_eq(fetched.first_error_code, KERR_NONE);
    ck_assert_uint_gt(fetched.bytes, 1000);
    ck_assert_int_eq(produce(&client, "kept", 1, 100), 10);
    client_close(&client);
    expect_stop(&program, SIGTERM);
}
END_TEST

START_TEST(after_a_crash_it_serves_the_same_port_and_records_at_once)
{
    struct program program;
    struct client client;
    char listener[64];
    start(&program);
    connect_client(&client, program.port);
    create_topic(&client, "crash", 1);
    for (int64_t i = 0; i < 10; i++)
        ck_assert_int_eq(produce(&client, "crash", 0, 100), i);
    snprintf(listener, sizeof listener, "PLAINTEXT://127.0.0.1:%u", program.port);
    ck_assert_int_eq(kill(program.pid, SIGKILL), 0);
    ck_assert_int_eq(waitpid(program.pid, NULL, 0), program.pid);
    start_with(&program, "data", listener, NULL); /* while the old connection is still half there */
    client_close(&client);
    connect_client(&client, program.port);
    ck_assert_int_eq(produce(&client, "crash", 0, 100), 10);
    client_close(&client);
    expect_stop(&program, SIGTERM);
}
END_TEST

START_TEST(a_second_start_on_one_directory_is_refused)
{
    struct program program;
    char dirs[300];
    start(&program);
    snprintf(dirs, sizeof dirs, "log.dirs=%s/data", directory);
    const char *arguments[] = {"--override", dirs, "--override", "listeners=PLAINTEXT://127.0.0.1:0", NULL};
    expect_refused(arguments, 1, "/data");
    expect_stop(&program, SIGTERM);
}
END_TEST

START_TEST(a_second_start_on_one_port_is_refused)
{
    struct program program, second;
    struct client client;
    char listen[64], dirs[300];
    start(&program);
    snprintf(dirs, sizeof dirs, "log.dirs=%s/other", directory);
    snprintf(listen, sizeof listen, "listeners=PLAINTEXT://127.0.0.1:%u", program.port);
    const char *arguments[] = {"--override", dirs, "--override", listen, NULL};
    run(&second, arguments); /* formats its directory, then finds the port taken */
    ck_assert_int_eq(wait_for_end(&second, PATIENCE_MS), 1);
    expect_output(&second, "Address already in use");
    expect_refused(arguments, 1, "Address already in use");
    expect_served(&program, &client); /* the first one is none the worse */
    client_close(&client);
    expect_stop(&program, SIGTERM);
}
END_TEST

START_TEST(a_directory_of_another_node_is_refused)
{
    struct program program;
    char dirs[300];
    start(&program);
    expect_stop(&program, SIGTERM);
    snprintf(dirs, sizeof dirs, "log.dirs=%s/data", directory);
    const char *arguments[] = {
        "--override", dirs,        "--override", "listeners=PLAINTEXT://127.0.0.1:0",
        "--override", "node.id=2", "--override", "controller.quorum.voters=2@127.0.0.1:9093",
        NULL};
    expect_refused(arguments, 1, "belongs to node 1, but node.id is 2");
}
END_TEST

START_TEST(directories_of_two_clusters_are_refused)
{
    struct program program;
    char dirs[600];
    start_with(&program, "a", "PLAINTEXT://127.0.0.1:0", NULL);
    expect_stop(&program, SIGTERM);
    start_with(&program, "b", "PLAINTEXT://127.0.0.1:0", NULL);
    expect_stop(&program, SIGTERM);
    snprintf(dirs, sizeof dirs, "log.dirs=%s/a,%s/b", directory, directory);
    const char *arguments[] = {"--override", dirs, "--override", "listeners=PLAINTEXT://127.0.0.1:0", NULL};
    expect_refused(arguments, 1, "belongs to cluster");
}
END_TEST

START_TEST(a_directory_that_is_formatted_is_named)
{
    struct program program;
    char line[300];
    start(&program);
    snprintf(line, sizeof line, "formatted %s/data (cluster ", directory);
    expect_output(&program, line);
    expect_output(&program, "node 1 of cluster ");
    expect_stop(&program, SIGTERM);
}
END_TEST

START_TEST(a_directory_that_cannot_be_made_is_named)
{
    char file[300], dirs[320];
    snprintf(file, sizeof file, "%s/file", directory);
    fclose(fopen(file, "we"));
    snprintf(dirs, sizeof dirs, "log.dirs=%s/data", file);
    const char *arguments[] = {"--override", dirs, "--override", "listeners=PLAINTEXT://127.0.0.1:0", NULL};
    expect_refused(arguments, 1, "/file/data");
}
END_TEST

/* ---- words ---- */

START_TEST(help_and_version_go_to_stdout)
{
    struct program program;
    run(&program, (const char *const[]){"--help", NULL});
    ck_assert_int_eq(wait_for_end(&program, PATIENCE_MS), 0);
    expect_output(&program, "usage: odradek [server.properties]");
    run(&program, (const char *const[]){"--version", NULL});
    ck_assert_int_eq(wait_for_end(&program, PATIENCE_MS), 0);
    ck_assert_int_eq(lines_of(output_of(&program)), 1);
    expect_output(&program, "odradek " ODRADEK_VERSION "\n");
}
END_TEST

static const struct {
    const char *arguments[4];
    const char *why;
} bad_words[] = {
    {{"--nonsense"}, "--nonsense"},
    {{"-h"}, "-h"},
    {{"--override"}, "--override"},
    {{"--override", "novalue"}, "novalue"},
    {{"--override", "=value"}, "=value"},
    {{"a.properties", "b.properties"}, "b.properties"},
    {{"--dev", "--version=3"}, "--version=3"},
    {{"--dev", "--dev", "-"}, "unknown option: -"},
};

START_TEST(a_bad_argument_gets_one_line_and_exit_2)
{
    expect_refused(bad_words[_i].arguments, 2, bad_words[_i].why);
}
END_TEST

START_TEST(a_bad_setting_gets_one_line_and_exit_1)
{
    expect_refused((const char *const[]){"/nonexistent/server.properties", NULL}, 1,
                   "/nonexistent/server.properties");
    expect_refused((const char *const[]){"--override", "num.partitions=abc", NULL}, 1, "num.partitions=abc");
    expect_refused((const char *const[]){"--override", "listeners=PLAINTEXT://127.0.0.1:99999", NULL}, 1,
                   "listeners");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lifecycle");
    add_loop(suite, set_up, tear_down, a_stop_does_not_wait_for_idle_clients, 2); /* SIGTERM, SIGINT */
    add_loop(suite, set_up, tear_down, a_stop_ends_a_long_poll, 2);
    add_loop(suite, set_up, tear_down, a_stop_does_not_wait_for_clients_that_do_not_read, 2);
    add_loop(suite, set_up, tear_down, a_stop_does_not_wait_for_half_a_frame, 2);
    add_loop(suite, set_up, tear_down, clients_are_told_who_leads_until_they_are_told_nothing, 2);
    add_loop(suite, set_up, tear_down, a_stop_of_a_broker_without_clients_is_clean, 2);
    add_tests(suite, "limits", set_up, tear_down,
              (const TTest *const[]){a_low_limit_of_descriptors_is_raised, sigpipe_is_ignored, NULL});
    add_tests(suite, "starting", set_up, tear_down,
              (const TTest *const[]){
                  topics_and_records_outlive_a_restart,
                  after_a_crash_it_serves_the_same_port_and_records_at_once,
                  a_second_start_on_one_directory_is_refused, a_second_start_on_one_port_is_refused,
                  a_directory_of_another_node_is_refused, directories_of_two_clusters_are_refused,
                  a_directory_that_is_formatted_is_named, a_directory_that_cannot_be_made_is_named, NULL});
    add_tests(
        suite, "words", set_up, tear_down,
        (const TTest *const[]){help_and_version_go_to_stdout, a_bad_setting_gets_one_line_and_exit_1, NULL});
    add_loop(suite, set_up, tear_down, a_bad_argument_gets_one_line_and_exit_2,
             sizeof bad_words / sizeof bad_words[0]);
    return run_suite(suite);
}
