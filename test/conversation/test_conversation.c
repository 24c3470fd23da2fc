/*
 * test_conversation: each way in which an answer can be odd, or missing, shows in the result; with a broker
 * that does what it is told.
 */
#include "test/conversation/conversation.h"

#include <pthread.h>
#include <unistd.h>

#include "protocol/messages/api_versions.h"
#include "server/client.h"
#include "test/conversation/answer.h"
#include "test/conversation/testing.h"

/* ---- answers ---- */

static struct pending api_versions_pending(void)
{
    return (struct pending){find_api(18), 3, 7};
}

static void append_answer(struct buf *frame, int32_t correlation_id)
{
    struct writer writer;
    struct api_versions_response_api key = {18, 0, 4};
    struct api_versions_response body = {.api_keys = {&key, 1}, .finalized_features_epoch = -1};
    writer_init(&writer, frame, NULL);
    write_i32(&writer, correlation_id);
    message_write(&api_versions_response_message, 3, &writer, &body);
}

static const char *read_back(const struct pending *pending, struct slice frame)
{
    struct json_value *result = tree_object(testing_arena()),
                      *answer = answer_read(pending, frame, testing_arena(), result);
    if (answer != NULL)
        tree_put(result, SLICE("answer"), answer);
    return testing_text(result);
}

static const char plain_answer[] =
    "{\"answer\":{\"errorCode\":0,\"apiKeys\":[{\"apiKey\":18,\"minVersion\":0,\"maxVersion\":4}],"
    "\"throttleTimeMs\":0}}";

START_TEST(a_right_answer_shows_nothing_else)
{
    struct buf frame = {0};
    struct pending pending = api_versions_pending();
    append_answer(&frame, 7);
    ck_assert_str_eq(read_back(&pending, buf_slice(&frame)), plain_answer);
    buf_fini(&frame);
}
END_TEST

START_TEST(a_wrong_correlation_id_shows)
{
    struct buf frame = {0};
    struct pending pending = api_versions_pending();
    append_answer(&frame, 9);
    ck_assert_ptr_nonnull(strstr(read_back(&pending, buf_slice(&frame)), "{\"correlation\":2,"));
    buf_fini(&frame);
}
END_TEST

START_TEST(bytes_behind_an_answer_show)
{
    struct buf frame = {0};
    struct pending pending = api_versions_pending();
    append_answer(&frame, 7);
    buf_append(&frame, "\xab\xcd", 2);
    ck_assert_ptr_nonnull(strstr(read_back(&pending, buf_slice(&frame)), "\"left over\":\"abcd\""));
    buf_fini(&frame);
}
END_TEST

START_TEST(an_answer_that_is_not_encoded_as_kafka_does_shows)
{
    struct pending pending = api_versions_pending();
    /* The array's length (2: one element) takes two bytes; the tag section holds a tag that nobody knows. */
    static const uint8_t padded[] = {0, 0, 0, 7, 0, 0, 0x82, 0, 0, 18, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0};
    static const uint8_t tagged[] = {0, 0, 0, 7, 0, 0, 2, 0, 18, 0, 0, 0, 4, 0, 0, 0, 0, 0, 1, 99, 1, 0};
    const char *text = read_back(&pending, slice_of(padded, sizeof padded));
    ck_assert_ptr_nonnull(strstr(text, "\"encoding\":\"not as Kafka encodes this\""));
    ck_assert_ptr_nonnull(strstr(text, "\"apiKey\":18"));
    ck_assert_ptr_nonnull(strstr(read_back(&pending, slice_of(tagged, sizeof tagged)), "\"encoding\""));
}
END_TEST

START_TEST(an_answer_that_cannot_be_read_shows_as_bytes)
{
    struct pending pending = api_versions_pending(), none = {.version = 0}, later = {find_api(18), 99, 7};
    static const uint8_t cut[] = {0, 0, 0, 7, 0};
    const char *text = read_back(&pending, slice_of(cut, sizeof cut));
    ck_assert_ptr_nonnull(strstr(text, "\"undecodable\":"));
    ck_assert_ptr_nonnull(strstr(text, "\"hex\":\"0000000700\""));
    ck_assert_str_eq(read_back(&none, slice_of(cut, sizeof cut)), "{\"hex\":\"0000000700\"}");
    ck_assert_str_eq(read_back(NULL, slice_of(cut, sizeof cut)), "{\"hex\":\"0000000700\"}");
    ck_assert_ptr_nonnull(strstr(read_back(&later, slice_of(cut, sizeof cut)), "no answer of version 99"));
}
END_TEST

START_TEST(until_wants_each_of_its_fields)
{
    const struct json_value *answer = testing_json("{\"errorCode\":42,\"t\":[{\"n\":\"a\"}]}");
    ck_assert(answer_matches(answer, testing_json("{\"/errorCode\":42}")));
    ck_assert(answer_matches(answer, testing_json("{\"/errorCode\":[0,42],\"/t/0/n\":\"a\"}")));
    ck_assert(!answer_matches(answer, testing_json("{\"/errorCode\":[0,41]}")));
    ck_assert(!answer_matches(answer, testing_json("{\"/errorCode\":42,\"/t/0/n\":\"b\"}")));
    ck_assert(!answer_matches(answer, testing_json("{\"/t/1/n\":\"a\"}")));
    ck_assert(!answer_matches(NULL, testing_json("{\"/errorCode\":0}")));
}
END_TEST

/* ---- with a broker that does what it is told ---- */

struct fake_broker {
    int listening;
    uint16_t port;
    pthread_t thread;
    int connections; /* that were made */
    /* One for each request: 'a' answers, 'c' closes, 's' says nothing; the last one goes on. */
    const char *acts;
};

/* The next request of the connection that is open, or of the next one. */
static bool receive_request(struct fake_broker *broker, struct client *client)
{
    char address[NET_ADDRESS_SIZE];
    uint16_t port;
    struct slice frame;
    while (client->fd < 0 || client_receive(client, 5000, &frame, NULL) != NET_OK) {
        client_close(client);
        client->fd = net_accept(broker->listening, address, &port);
        if (client->fd < 0)
            return false;
        broker->connections++;
    }
    return true;
}

static void *serve(void *context)
{
    struct fake_broker *broker = context;
    struct client client = {.fd = -1};
    const char *act = broker->acts;
    for (int32_t correlation_id = 100; receive_request(broker, &client); correlation_id++) {
        struct buf out = {0};
        buf_append(&out, "\0\0\0", 4);
        append_answer(&out, correlation_id);
        out.data[3] = (uint8_t)(out.len - 4);
        if (*act == 'a')
            client_send(&client, buf_slice(&out), 5000);
        if (*act == 'c')
            client_close(&client);
        buf_fini(&out);
        act += act[1] != '\0';
    }
    client_close(&client);
    return NULL;
}

static void collect(void *context, const struct json_value *result)
{
    tree_print(context, result);
    buf_append_char(context, '\n');
}

static bool may_be_silent(void *context)
{
    return context != NULL;
}

/* *connections may be NULL. */
static const char *hold_counting(const char *script, const char *acts, int *connections)
{
    struct fake_broker broker = {.acts = acts};
    struct note why = {""};
    struct step *steps;
    struct buf results = {0};
    ck_assert_msg(script_read(slice_str(script), testing_arena(), &steps, &why), "%s", why.text);
    broker.listening = net_listen("127.0.0.1", &broker.port, 10, &why);
    ck_assert_int_ge(broker.listening, 0);
    ck_assert_int_eq(pthread_create(&broker.thread, NULL, serve, &broker), 0);
    struct conversation_peer peer = {"127.0.0.1", broker.port, 0};
    conversation_hold(steps, &peer, collect, may_be_silent, &results);
    net_shutdown(broker.listening);
    pthread_join(broker.thread, NULL);
    close(broker.listening);
    if (connections != NULL)
        *connections = broker.connections;
    buf_append_char(&results, '\0');
    const char *text = (const char *)arena_dup(testing_arena(), buf_slice(&results)).data;
    buf_fini(&results);
    return text;
}

static const char *hold(const char *script, const char *acts)
{
    return hold_counting(script, acts, NULL);
}

#define SEEN "\"answer\":{\"errorCode\":0,\"apiKeys\":[{\"apiKey\":18,\"minVersion\":0,\"maxVersion\":4}]}}\n"

START_TEST(answers_silence_and_closed_connections_are_told_apart)
{
    ck_assert_str_eq(hold("{\"note\":\"n\"}\n"
                          "{\"api\":\"ApiVersions\",\"version\":3}\n"
                          "{\"api\":\"ApiVersions\",\"version\":3,\"wait_ms\":100,\"acks0\":true}\n"
                          "{\"api\":\"ApiVersions\",\"version\":3,\"note\":\"m\"}\n"
                          "{\"api\":\"ApiVersions\",\"version\":3}\n",
                          "asca"),
                     "{\"line\":1,\"step\":\"n\"}\n"
                     "{\"line\":2,\"step\":\"ApiVersions v3\"," SEEN
                     "{\"line\":3,\"step\":\"ApiVersions v3\",\"silence\":true}\n"
                     "{\"line\":4,\"step\":\"ApiVersions v3: m\",\"closed\":true}\n"
                     "{\"line\":5,\"step\":\"ApiVersions v3\"," SEEN);
}
END_TEST

START_TEST(a_connection_goes_on_where_silence_is_right)
{
    int connections;
    const char *text =
        hold_counting("{\"api\":\"ApiVersions\",\"version\":3,\"wait_ms\":100,\"acks0\":true}\n"
                      "{\"api\":\"ApiVersions\",\"version\":3,\"no_answer\":true}\n"
                      "{\"api\":\"ApiVersions\",\"version\":3}\n",
                      "ssa", &connections);
    ck_assert_str_eq(text, "{\"line\":1,\"step\":\"ApiVersions v3\",\"silence\":true}\n"
                           "{\"line\":2,\"step\":\"ApiVersions v3\",\"sent\":true}\n"
                           "{\"line\":3,\"step\":\"ApiVersions v3\"," SEEN);
    ck_assert_int_eq(connections, 1);
}
END_TEST

START_TEST(a_connection_that_stays_silent_is_given_up)
{
    ck_assert_str_eq(hold("{\"api\":\"ApiVersions\",\"version\":3,\"wait_ms\":100}\n"
                          "{\"api\":\"ApiVersions\",\"version\":3}\n",
                          "sa"),
                     "{\"line\":1,\"step\":\"ApiVersions v3\",\"silence\":true}\n"
                     "{\"line\":2,\"step\":\"ApiVersions v3\"," SEEN);
}
END_TEST

START_TEST(answers_are_awaited_in_order)
{
    ck_assert_str_eq(
        hold("{\"api\":\"ApiVersions\",\"version\":3,\"on\":\"p\",\"async\":true}\n"
             "{\"sleep_ms\":1}\n"
             "{\"api\":\"ApiVersions\",\"version\":3,\"on\":\"p\",\"async\":true}\n"
             "{\"await\":\"p\",\"save\":{\"k\":\"/apiKeys/0/apiKey\"}}\n"
             "{\"await\":\"p\"}\n"
             "{\"await\":\"p\",\"wait_ms\":50}\n"
             "{\"close\":\"p\"}\n"
             "{\"raw\":\"00000000\",\"on\":\"p\",\"note\":\"bytes\"}\n",
             "aa"),
        "{\"line\":1,\"step\":\"ApiVersions v3\",\"sent\":true}\n"
        "{\"line\":3,\"step\":\"ApiVersions v3\",\"sent\":true}\n"
        "{\"line\":4,\"step\":\"await\"," SEEN "{\"line\":5,\"step\":\"await\"," SEEN
        "{\"line\":6,\"step\":\"await\",\"silence\":true}\n"
        "{\"line\":8,\"step\":\"raw: bytes\",\"hex\":\"00000066000002001200000004000000000000\"}\n");
}
END_TEST

START_TEST(a_wrong_answer_in_the_middle_shows)
{
    /* The second request's correlation id is not the next one. */
    ck_assert_ptr_nonnull(strstr(hold("{\"api\":\"ApiVersions\",\"version\":3,\"correlation\":98}\n", "a"),
                                 "\"correlation\":2,"));
}
END_TEST

START_TEST(until_asks_again_and_says_if_it_never_came)
{
    const char *never =
        hold("{\"api\":\"ApiVersions\",\"version\":3,\"until\":{\"/errorCode\":1},\"for_ms\":150}\n", "a");
    ck_assert_ptr_nonnull(strstr(never, "\"until\":\"never\""));
    ck_assert_str_eq(hold("{\"api\":\"ApiVersions\",\"version\":3,\"until\":{\"/errorCode\":[0]}}\n", "ca"),
                     "{\"line\":1,\"step\":\"ApiVersions v3\"," SEEN);
}
END_TEST

START_TEST(time_is_measured)
{
    const char *text = hold("{\"api\":\"ApiVersions\",\"version\":3,\"elapsed\":[0,5000]}\n"
                            "{\"api\":\"ApiVersions\",\"version\":3,\"elapsed\":[6000,7000]}\n",
                            "a");
    ck_assert_ptr_nonnull(strstr(text, "\"elapsed\":\"0..5000 ms\""));
    ck_assert_ptr_null(strstr(text, "6000..7000"));
}
END_TEST

START_TEST(a_step_that_cannot_be_done_fails_and_the_next_is_done)
{
    ck_assert_str_eq(hold("{\"api\":\"ApiVersions\",\"version\":3,\"on\":\"${nope}\"}\n"
                          "{\"api\":\"Vote\"}\n"
                          "{\"note\":\"n\"}\n",
                          "a"),
                     "{\"line\":1,\"step\":\"ApiVersions v3\",\"failed\":\"nothing is saved as 'nope'\"}\n"
                     "{\"line\":2,\"step\":\"Vote v0\",\"failed\":\"no tables for Vote yet\"}\n"
                     "{\"line\":3,\"step\":\"n\"}\n");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_right_answer_shows_nothing_else,
        a_wrong_correlation_id_shows,
        bytes_behind_an_answer_show,
        an_answer_that_is_not_encoded_as_kafka_does_shows,
        an_answer_that_cannot_be_read_shows_as_bytes,
        until_wants_each_of_its_fields,
        answers_silence_and_closed_connections_are_told_apart,
        a_connection_goes_on_where_silence_is_right,
        a_connection_that_stays_silent_is_given_up,
        answers_are_awaited_in_order,
        a_wrong_answer_in_the_middle_shows,
        until_asks_again_and_says_if_it_never_came,
        time_is_measured,
        a_step_that_cannot_be_done_fails_and_the_next_is_done,
        NULL,
    };
    return testing_run("conversation", tests);
}
