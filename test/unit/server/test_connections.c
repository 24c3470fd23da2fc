/* Connections: how many, from where, through which listener; and their threads. */
#include "test/unit/server/client_fixture.h"

#include "protocol/messages/describe_cluster.h"
#include "protocol/messages/metadata.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static struct broker_fixture fixture;

/* ---- helpers ---- */

static void connect_from(struct client *client, const char *host, uint16_t port)
{
    struct sockaddr_in to, from = {.sin_family = AF_INET};
    inet_pton(AF_INET, host, &from.sin_addr);
    *client = (struct client){.fd = loopback_socket(port, &to)};
    ck_assert_int_eq(bind(client->fd, (struct sockaddr *)&from, sizeof from), 0);
    ck_assert_int_eq(connect(client->fd, (struct sockaddr *)&to, sizeof to), 0);
}

/* The port that Metadata tells clients of this connection. */
static int told_port(struct client *client)
{
    struct arena arena;
    struct metadata_request request;
    arena_init(&arena, SIZE_MAX);
    schema_set_defaults(metadata_request_schema(), &request);
    const struct metadata_response *response = ask(client, &arena, KEY_METADATA, 9, &request);
    ck_assert_int_eq(response->brokers.count, 1);
    int port = response->brokers.items[0].port;
    arena_fini(&arena);
    return port;
}

static uint16_t port_of(int32_t listener)
{
    return listener_port(fixture.broker->listeners[listener]);
}

/* ---- how many ---- */

START_TEST(max_connections_makes_the_next_client_wait)
{
    struct client clients[4];
    fixture_open(&fixture, (const char *const[]){"max.connections=3", NULL});
    for (int i = 0; i < 3; i++)
        connect_and_expect_answer(&clients[i], fixture.port);
    struct buf request = {0};
    append_api_versions(&request, 9);
    connect_client(&clients[3], fixture.port);
    send_all(&clients[3], &request);
    expect_silence(&clients[3], 300);
    ck_assert_int_eq(connections_of(&fixture), 3);
    expect_answer(&clients[1]);
    client_close(&clients[0]);
    expect_api_versions(&clients[3], 9);
    for (int i = 1; i < 4; i++)
        client_close(&clients[i]);
    buf_fini(&request);
    fixture_close(&fixture);
}
END_TEST

START_TEST(max_connections_per_ip_turns_the_next_client_away)
{
    struct client clients[2], third, other;
    fixture_open(&fixture, (const char *const[]){"max.connections.per.ip=2", NULL});
    for (int i = 0; i < 2; i++)
        connect_and_expect_answer(&clients[i], fixture.port);
    connect_client(&third, fixture.port);
    expect_closed(&third);
    client_close(&third);
    connect_from(&other, "127.0.0.2", fixture.port);
    expect_answer(&other);
    expect_answer(&clients[1]);
    client_close(&clients[0]);
    expect_welcome_soon(&third, fixture.port);
    client_close(&clients[1]);
    client_close(&third);
    client_close(&other);
    expect_connections(&fixture, 0);
    fixture_close(&fixture);
}
END_TEST

START_TEST(addresses_that_are_never_welcome_cost_nothing)
{
    struct client client;
    fixture_open(&fixture, (const char *const[]){"max.connections.per.ip=0",
                                                 "max.connections.per.ip.overrides=10.1.1.1:1", NULL});
    for (int i = 1; i < 50; i++) {
        char host[16];
        snprintf(host, sizeof host, "127.0.0.%d", i);
        connect_from(&client, host, fixture.port);
        expect_closed(&client);
        client_close(&client);
    }
    mutex_lock(&fixture.broker->mutex);
    ck_assert_uint_eq(fixture.broker->connections[LISTENER_OF_BROKER].per_ip.count, 0);
    mutex_unlock(&fixture.broker->mutex);
    fixture_close(&fixture);
}
END_TEST

/* ---- from where ---- */

static bool has_ipv6(void)
{
    struct note why = {""};
    uint16_t port = 0;
    int fd = net_listen("::1", &port, 1, &why);
    if (fd >= 0)
        close(fd);
    else
        printf("no IPv6 here: %s\n", why.text);
    return fd >= 0;
}

static void connect_to(struct client *client, const char *host, uint16_t port)
{
    struct note why = {""};
    ck_assert_msg(client_open(client, host, port, PATIENCE_MS, &why), "%s", why.text);
}

START_TEST(each_listener_tells_its_own_port)
{
    bool ipv6 = has_ipv6();
    const char *listeners = ipv6 ? "listeners=PLAINTEXT://127.0.0.1:0,INSIDE://127.0.0.1:0,SIX://[::1]:0"
                                 : "listeners=PLAINTEXT://127.0.0.1:0,INSIDE://127.0.0.1:0";
    fixture_open(&fixture,
                 (const char *const[]){
                     listeners,
                     "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,INSIDE:PLAINTEXT,SIX:PLAINTEXT",
                     NULL});
    ck_assert_int_eq(fixture.broker->config.listener_count, 2 + ipv6);
    for (int32_t i = 0; i < 2 + ipv6; i++) {
        struct client client;
        ck_assert_int_ne(port_of(i), 0);
        connect_to(&client, i == 2 ? "::1" : "127.0.0.1", port_of(i));
        ck_assert_int_eq(told_port(&client), port_of(i));
        client_close(&client);
    }
    ck_assert_int_ne(port_of(0), port_of(1));
    fixture_close(&fixture);
}
END_TEST

START_TEST(an_advertised_port_wins_over_the_bound_one)
{
    struct client client;
    fixture_open(&fixture,
                 (const char *const[]){"advertised.listeners=PLAINTEXT://broker.example:19092", NULL});
    connect_client(&client, fixture.port);
    ck_assert_int_eq(told_port(&client), 19092);
    client_close(&client);
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_listener_without_a_host_takes_both_families)
{
    struct client client;
    fixture_open(&fixture, (const char *const[]){"listeners=PLAINTEXT://:0",
                                                 "advertised.listeners=PLAINTEXT://127.0.0.1:0", NULL});
    connect_and_expect_answer(&client, fixture.port);
    ck_assert_int_eq(told_port(&client), fixture.port);
    client_close(&client);
    if (has_ipv6()) {
        connect_to(&client, "::1", fixture.port);
        expect_answer(&client);
        client_close(&client);
    }
    expect_connections(&fixture, 0);
    fixture_close(&fixture);
}
END_TEST

/* ---- the controller's listener ---- */

#define BOTH_LISTENERS "listeners=PLAINTEXT://127.0.0.1:0,CONTROLLER://127.0.0.1:0"

/* As a whole: none of the rest is served there. */
static void expect_no_metadata(uint16_t port)
{
    struct client client;
    struct buf request = {0};
    struct metadata_request metadata;
    schema_set_defaults(metadata_request_schema(), &metadata);
    connect_client(&client, port);
    append_request(&request, KEY_METADATA, 9, 4, &metadata);
    send_all(&client, &request);
    expect_closed(&client);
    client_close(&client);
    buf_fini(&request);
}

START_TEST(the_controllers_listener_tells_its_own_port)
{
    struct client client;
    struct arena arena;
    struct describe_cluster_request request;
    arena_init(&arena, SIZE_MAX);
    fixture_open(&fixture, (const char *const[]){BOTH_LISTENERS, NULL});
    ck_assert_int_eq(fixture.broker->config.controller_listeners[0].port, port_of(1));
    connect_client(&client, port_of(1));
    schema_set_defaults(describe_cluster_request_schema(), &request);
    request.endpoint_type = 2;
    const struct describe_cluster_response *response = ask(&client, &arena, 60, 1, &request);
    ck_assert_int_eq(response->error_code, KERR_NONE);
    ck_assert_int_eq(response->brokers.count, 1);
    ck_assert_int_eq(response->brokers.items[0].port, port_of(1));
    client_close(&client);
    expect_no_metadata(port_of(1));
    connect_client(&client, fixture.port);
    ck_assert_int_eq(told_port(&client), fixture.port);
    client_close(&client);
    arena_fini(&arena);
    fixture_close(&fixture);
}
END_TEST

START_TEST(clients_of_the_controller_are_counted_apart)
{
    struct client clients[2], turned_away;
    fixture_open(&fixture, (const char *const[]){BOTH_LISTENERS, "max.connections.per.ip=1", NULL});
    for (int i = 0; i < 2; i++)
        connect_and_expect_answer(&clients[i], port_of(i));
    for (int i = 0; i < 2; i++) {
        connect_client(&turned_away, port_of(i));
        expect_closed(&turned_away);
        client_close(&turned_away);
    }
    client_close(&clients[0]);
    expect_connections(&fixture, 0);
    expect_answer(&clients[1]);
    client_close(&clients[1]);
    expect_welcome_soon(&clients[1], port_of(1));
    client_close(&clients[1]);
    fixture_close(&fixture);
}
END_TEST

START_TEST(two_brokers_live_in_one_process)
{
    struct broker_fixture second;
    struct client client;
    fixture_open(&fixture, NULL);
    fixture_open(&second, NULL);
    connect_client(&client, fixture.port);
    create_topic(&client, "here", 1);
    ck_assert_int_eq(produce(&client, "here", 0, 10), 0);
    client_close(&client);
    connect_client(&client, second.port);
    create_topic(&client, "here", 1);
    ck_assert_int_eq(produce(&client, "here", 0, 10), 0);
    fixture_close(&fixture);
    expect_answer(&client);
    client_close(&client);
    fixture_close(&second);
}
END_TEST

/* ---- threads ---- */

static uint16_t local_port(const struct client *client)
{
    struct sockaddr_in address;
    socklen_t len = sizeof address;
    ck_assert_int_eq(getsockname(client->fd, (struct sockaddr *)&address, &len), 0);
    return ntohs(address.sin_port);
}

static void ask_as(struct client *client, struct slice client_id)
{
    struct request_header header = {
        .request_api_key = KEY_API_VERSIONS, .correlation_id = 3, .client_id = client_id};
    struct buf request = {0};
    client_append_frame(&request, &header, 1, SLICE(""));
    send_all(client, &request);
    expect_api_versions(client, 3);
    buf_fini(&request);
}

static void expect_thread_of(const struct client *client, const char *client_name)
{
    char name[32];
    snprintf(name, sizeof name, "%s:%u", client_name, local_port(client));
    expect_thread(name);
}

START_TEST(a_thread_is_named_after_its_client)
{
    struct client client;
    char acceptor[32];
    fixture_open(&fixture, NULL);
    snprintf(acceptor, sizeof acceptor, "acc:%u", fixture.port);
    expect_thread(acceptor);
    expect_thread("tick");
    connect_client(&client, fixture.port);
    ask_as(&client, SLICE_NULL);
    expect_thread_of(&client, "client");
    ask_as(&client, SLICE("shop"));
    expect_thread_of(&client, "shop");
    ask_as(&client, SLICE("a-very-long-name"));
    expect_thread_of(&client, "a-very-lo");
    ask_as(&client, SLICE("\033[2Ja\n\0b"));
    expect_thread_of(&client, "?[2Ja??b");
    ask_as(&client, SLICE(""));
    expect_thread_of(&client, "client");
    client_close(&client);
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_thousand_clients_come_and_go)
{
    static struct client clients[CLIENTS_MAX];
    fixture_open(&fixture, NULL);
    int count = affordable_clients();
    int threads = thread_count();
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < count; i++)
            connect_client(&clients[i], fixture.port);
        for (int i = 0; i < count; i++)
            expect_answer(&clients[i]);
        ck_assert_int_eq(connections_of(&fixture), count);
        expect_threads(threads + count);
        for (int i = 0; i < count; i++)
            client_close(&clients[i]);
        expect_connections(&fixture, 0);
    }
    expect_alive(&fixture);
    fixture_close(&fixture);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("connections");
    add_tests(suite, "how many", NULL, NULL,
              (const TTest *const[]){max_connections_makes_the_next_client_wait,
                                     max_connections_per_ip_turns_the_next_client_away,
                                     addresses_that_are_never_welcome_cost_nothing,
                                     a_thousand_clients_come_and_go, NULL});
    add_tests(suite, "from where", NULL, NULL,
              (const TTest *const[]){
                  each_listener_tells_its_own_port, an_advertised_port_wins_over_the_bound_one,
                  a_listener_without_a_host_takes_both_families, the_controllers_listener_tells_its_own_port,
                  clients_of_the_controller_are_counted_apart, two_brokers_live_in_one_process,
                  a_thread_is_named_after_its_client, NULL});
    return run_suite(suite);
}
