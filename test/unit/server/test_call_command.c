/*
 * test_call_command: `odradek call`, run in a process of its own against a broker that does what it is told.
 */
#include "server/call_command.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "protocol/base/big_endian.h"
#include "protocol/messages/api_versions.h"
#include "protocol/messages/metadata.h"
#include "protocol/wire/writer.h"
#include "server/client.h"

enum { WORDS_MAX = 10, METADATA = 3, PRODUCE = 0 };

struct outcome {
    int status;
    char out[4000], err[2000];
};

/* What the broker does with each request, in order: 'v' answers with its versions, 'o' as a broker that has
 * only ApiVersions 0, 'm' with an empty Metadata, 'x' with bytes that are none, 'w' to another request, 'c'
 * closes, 's' is silent. */
struct fake_broker {
    int listening;
    uint16_t port;
    char address[32];
    const char *acts;
    int requests;
    int16_t last_version;
    struct client client;
};

static void answer_versions(struct writer *writer, int version, int16_t error)
{
    struct api_versions_response_api keys[] = {{PRODUCE, 0, 99}, {METADATA, 5, 9}, {18, 0, 4}, {1, 90, 99}};
    struct api_versions_response body = {
        .error_code = error,
        .api_keys = {keys, sizeof keys / sizeof keys[0]},
        .finalized_features_epoch = -1,
    };
    message_write(&api_versions_response_message, version, writer, &body);
}

static void answer_metadata(struct writer *writer, int version)
{
    struct metadata_response body;
    schema_set_defaults(metadata_response_schema(), &body);
    body.cluster_id = SLICE("here");
    write_uvarint(writer, 0); /* the header's tags */
    message_write(&metadata_response_message, version, writer, &body);
}

static void act(struct fake_broker *broker, int32_t correlation_id)
{
    struct buf out = {0};
    struct writer writer;
    writer_init(&writer, &out, NULL);
    write_i32(&writer, 0);
    write_i32(&writer, correlation_id);
    switch (*broker->acts) {
    case 'v':
        answer_versions(&writer, 4, 0);
        break;
    case 'o':
        answer_versions(&writer, 0, 35);
        break;
    case 'm':
        answer_metadata(&writer, broker->last_version);
        break;
    case 'x':
        write_raw(&writer, SLICE("\0\0\0"));
        break;
    case 'w':
        store_u32(out.data + 4, (uint32_t)correlation_id + 1);
        answer_metadata(&writer, broker->last_version);
        break;
    default:
        break;
    }
    store_u32(out.data, (uint32_t)out.len - 4);
    if (*broker->acts == 'c')
        client_close(&broker->client);
    else if (*broker->acts != 's')
        client_send(&broker->client, buf_slice(&out), 1000);
    buf_fini(&out);
}

static void serve(struct fake_broker *broker)
{
    char address[NET_ADDRESS_SIZE];
    uint16_t port;
    struct slice frame;
    broker->client = (struct client){.fd = net_accept(broker->listening, address, &port)};
    for (; *broker->acts != '\0'; broker->acts++) {
        if (broker->client.fd < 0 || client_receive(&broker->client, 5000, &frame, NULL) != NET_OK)
            break;
        broker->requests++;
        broker->last_version = load_i16(frame.data + 2);
        act(broker, load_i32(frame.data + 4));
    }
}

static void read_all(int fd, char *text, size_t size)
{
    size_t len = 0;
    ssize_t got;
    while (len + 1 < size && (got = read(fd, text + len, size - 1 - len)) > 0)
        len += (size_t)got;
    text[len] = '\0';
    close(fd);
}

/* Runs `odradek call` with these words in a child; `broker` may be NULL. "HERE" stands for its address. */
static struct outcome call(struct fake_broker *broker, const char *input, const char *const *words)
{
    struct outcome outcome = {0};
    int in[2], out[2], err[2], status, count = 0;
    char *argv[WORDS_MAX + 1];
    for (; words[count] != NULL; count++)
        argv[count] = strcmp(words[count], "HERE") == 0 ? broker->address : (char *)(uintptr_t)words[count];
    argv[count] = NULL;
    ck_assert(pipe(in) == 0 && pipe(out) == 0 && pipe(err) == 0);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        dup2(in[0], 0), dup2(out[1], 1), dup2(err[1], 2);
        close(in[1]);
        int result = call_command(count, argv);
        fflush(NULL);
        _exit(result);
    }
    close(in[0]), close(out[1]), close(err[1]);
    ck_assert_int_eq(write(in[1], input, strlen(input)), (ssize_t)strlen(input));
    close(in[1]);
    if (broker != NULL)
        serve(broker);
    read_all(out[0], outcome.out, sizeof outcome.out);
    read_all(err[0], outcome.err, sizeof outcome.err);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    if (broker != NULL) {
        client_close(&broker->client);
        close(broker->listening);
    }
    return outcome;
}

static struct fake_broker start(const char *acts)
{
    struct fake_broker broker = {.acts = acts};
    struct note why = {""};
    broker.listening = net_listen("127.0.0.1", &broker.port, 5, &why);
    ck_assert_int_ge(broker.listening, 0);
    snprintf(broker.address, sizeof broker.address, "127.0.0.1:%u", broker.port);
    return broker;
}

#define CALL(broker, ...) call((broker), "", (const char *const[]){__VA_ARGS__, NULL})

static void expect_failure(const struct outcome *outcome, int status, const char *reason)
{
    ck_assert_int_eq(outcome->status, status);
    ck_assert_str_eq(outcome->out, "");
    ck_assert_msg(strstr(outcome->err, reason) != NULL, "%s", outcome->err);
    ck_assert_msg(strchr(outcome->err, '\n') == outcome->err + strlen(outcome->err) - 1, "one line: %s",
                  outcome->err);
}

START_TEST(the_highest_version_of_both_is_sent_and_the_answer_printed)
{
    struct fake_broker broker = start("vm");
    struct outcome outcome = CALL(&broker, "HERE", "metadata", "{\"topics\":[]}");
    ck_assert_str_eq(outcome.err, "");
    ck_assert_int_eq(outcome.status, 0);
    ck_assert_int_eq(broker.last_version, 9);
    ck_assert_ptr_nonnull(strstr(outcome.out, "\"clusterId\":\"here\""));
    ck_assert_int_eq(outcome.out[strlen(outcome.out) - 1], '\n');
}
END_TEST

START_TEST(a_version_that_is_asked_for_is_sent_without_more_ado)
{
    struct fake_broker broker = start("m");
    struct outcome outcome = CALL(&broker, "--version=10", "HERE", "Metadata");
    ck_assert_int_eq(outcome.status, 0);
    ck_assert_int_eq(broker.requests, 1);
    ck_assert_int_eq(broker.last_version, 10);
}
END_TEST

START_TEST(an_old_broker_that_has_only_the_first_api_versions_is_understood)
{
    struct fake_broker broker = start("om");
    struct outcome outcome = CALL(&broker, "HERE", "Metadata");
    ck_assert_str_eq(outcome.err, "");
    ck_assert_int_eq(outcome.status, 0);
    ck_assert_int_eq(broker.last_version, 9);
}
END_TEST

START_TEST(an_error_in_the_answer_is_printed_like_the_rest)
{
    struct fake_broker broker = start("vo");
    struct outcome outcome = CALL(&broker, "HERE", "ApiVersions");
    ck_assert_int_eq(outcome.status, 0);
    ck_assert_ptr_nonnull(strstr(outcome.out, "\"errorCode\":35"));
}
END_TEST

START_TEST(the_request_may_come_from_stdin)
{
    struct fake_broker broker = start("vm"), other = start("v");
    struct outcome outcome =
        call(&broker, "{\"topics\":[]}", (const char *const[]){"HERE", "Metadata", "-", NULL});
    ck_assert_int_eq(outcome.status, 0);
    outcome = call(&other, "{\"nope\":[]}", (const char *const[]){"HERE", "Metadata", "-", NULL});
    expect_failure(&outcome, 2, "no version has a field 'nope'");
}
END_TEST

START_TEST(a_produce_without_acks_waits_for_nothing)
{
    struct fake_broker broker = start("vs");
    struct outcome outcome = CALL(&broker, "--timeout-ms", "3000", "HERE", "Produce", "{\"acks\":0}");
    ck_assert_str_eq(outcome.err, "");
    ck_assert_int_eq(outcome.status, 0);
    ck_assert_str_eq(outcome.out, "");
    ck_assert_int_eq(broker.requests, 2);
}
END_TEST

START_TEST(what_the_broker_does_wrong_is_one_line)
{
    static const struct {
        const char *acts, *why;
    } wrong[] = {
        {"c", "closed the connection instead of answering ApiVersions v4"},
        {"vc", "closed the connection instead of answering Metadata v9"},
        {"vs", "no answer to Metadata v9 within 300 ms"},
        {"vx", "the answer cannot be read: "},
        {"vw", "the answer is to another request"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct fake_broker broker = start(wrong[i].acts);
        struct outcome outcome = CALL(&broker, "--timeout-ms", "300", "HERE", "Metadata");
        expect_failure(&outcome, 1, wrong[i].why);
    }
}
END_TEST

START_TEST(a_broker_that_nobody_runs_is_one_line)
{
    struct fake_broker broker = start("");
    close(broker.listening);
    struct outcome outcome = call(NULL, "", (const char *const[]){broker.address, "Metadata", NULL});
    expect_failure(&outcome, 1, "cannot connect to ");
}
END_TEST

START_TEST(versions_that_nobody_shares_are_named)
{
    struct fake_broker broker = start("v"), other = start("v");
    struct outcome outcome = CALL(&broker, "HERE", "Fetch");
    expect_failure(&outcome, 1, "the broker has Fetch 90 to 99, we have 4 to 18");
    outcome = CALL(&other, "HERE", "CreateTopics");
    expect_failure(&outcome, 1, "the broker does not list CreateTopics");
}
END_TEST

START_TEST(words_that_make_no_sense_end_with_2)
{
    static const char *const wrong[][6] = {
        {NULL},
        {"127.0.0.1:1", NULL},
        {"127.0.0.1", "Metadata", NULL},
        {"127.0.0.1:0", "Metadata", NULL},
        {":9092", "Metadata", NULL},
        {"127.0.0.1:65536", "Metadata", NULL},
        {"127.0.0.1:1", "Metadata", "{}", "more", NULL},
        {"--nope", "127.0.0.1:1", "Metadata", NULL},
        {"--version", "x", "127.0.0.1:1", "Metadata", NULL},
        {"--version", "99", "127.0.0.1:1", "Metadata", NULL},
        {"127.0.0.1:1", "Metadata", "--timeout-ms", NULL},
        {"127.0.0.1:1", "Vote", NULL},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct outcome outcome = call(NULL, "", wrong[i]);
        expect_failure(&outcome, 2, "odradek call");
    }
}
END_TEST

START_TEST(an_unknown_api_is_told_the_known_ones)
{
    struct outcome outcome = call(NULL, "", (const char *const[]){"127.0.0.1:1", "Nope", NULL});
    expect_failure(&outcome, 2, "Kafka has no API named Nope; known are Produce Fetch ");
}
END_TEST

START_TEST(help_goes_to_stdout)
{
    struct outcome outcome = call(NULL, "", (const char *const[]){"--help", NULL});
    ck_assert_int_eq(outcome.status, 0);
    ck_assert_ptr_nonnull(strstr(outcome.out, "usage: odradek call"));
    ck_assert_str_eq(outcome.err, "");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("call_command");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 250);
    tcase_add_test(tests, the_highest_version_of_both_is_sent_and_the_answer_printed);
    tcase_add_test(tests, a_version_that_is_asked_for_is_sent_without_more_ado);
    tcase_add_test(tests, an_old_broker_that_has_only_the_first_api_versions_is_understood);
    tcase_add_test(tests, an_error_in_the_answer_is_printed_like_the_rest);
    tcase_add_test(tests, the_request_may_come_from_stdin);
    tcase_add_test(tests, a_produce_without_acks_waits_for_nothing);
    tcase_add_test(tests, what_the_broker_does_wrong_is_one_line);
    tcase_add_test(tests, a_broker_that_nobody_runs_is_one_line);
    tcase_add_test(tests, versions_that_nobody_shares_are_named);
    tcase_add_test(tests, words_that_make_no_sense_end_with_2);
    tcase_add_test(tests, an_unknown_api_is_told_the_known_ones);
    tcase_add_test(tests, help_goes_to_stdout);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
