/*
 * Connections: how many, from where, for how long, through which listener; their threads; and what is left of
 * the broker when descriptors and threads run out.
 */
#include "test/unit/server/client_fixture.h"

#include "protocol/base/big_endian.h"
#include "protocol/messages/describe_cluster.h"
#include "protocol/messages/metadata.h"

#include <arpa/inet.h>
#include <errno.h>
#include <malloc.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static struct broker_fixture fixture;

/* ---- helpers ---- */

/* A request and its answer, on a connection that is there already. */
static void expect_served(struct client *client)
{
    struct buf request = {0};
    append_api_versions(&request, 3);
    send_all(client, &request);
    expect_api_versions(client, 3);
    buf_fini(&request);
}

static void connect_and_expect_served(struct client *client, uint16_t port)
{
    connect_client(client, port);
    expect_served(client);
}

/* Whether a new client is served rather than turned away. */
static bool is_welcome(uint16_t port, struct client *client)
{
    struct note why = {""};
    struct slice frame;
    struct buf request = {0};
    append_api_versions(&request, 3);
    connect_client(client, port);
    bool served = client_send(client, buf_slice(&request), PATIENCE_MS) == NET_OK
                  && client_receive(client, PATIENCE_MS, &frame, &why) == NET_OK;
    buf_fini(&request);
    if (!served)
        client_close(client);
    return served;
}

static void expect_welcome_soon(uint16_t port, struct client *client)
{
    int64_t deadline_ms = clock_monotonic_ms() + PATIENCE_MS;
    while (!is_welcome(port, client)) {
        ck_assert_int_lt(clock_monotonic_ms(), deadline_ms);
        sleep_ms(20);
    }
}

static int socket_to(uint16_t port, struct sockaddr_in *address)
{
    *address = (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    return fd;
}

static void connect_from(struct client *client, const char *host, uint16_t port)
{
    struct sockaddr_in to, from = {.sin_family = AF_INET};
    inet_pton(AF_INET, host, &from.sin_addr);
    *client = (struct client){.fd = socket_to(port, &to)};
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
        connect_and_expect_served(&clients[i], fixture.port);
    struct buf request = {0};
    append_api_versions(&request, 9);
    connect_client(&clients[3], fixture.port);
    send_all(&clients[3], &request);
    expect_silence(&clients[3], 300);
    ck_assert_int_eq(connections_of(&fixture), 3);
    expect_served(&clients[1]);
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
        connect_and_expect_served(&clients[i], fixture.port);
    connect_client(&third, fixture.port);
    expect_closed(&third);
    client_close(&third);
    connect_from(&other, "127.0.0.2", fixture.port);
    expect_served(&other);
    expect_served(&clients[1]);
    client_close(&clients[0]);
    expect_welcome_soon(fixture.port, &third);
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

/* ---- for how long ---- */

START_TEST(an_idle_client_is_cut_off)
{
    struct client served, silent;
    fixture_open(&fixture, (const char *const[]){"connections.max.idle.ms=1500", NULL});
    int64_t start_ms = clock_monotonic_ms();
    connect_and_expect_served(&served, fixture.port);
    connect_client(&silent, fixture.port);
    expect_closed(&served);
    ck_assert_int_ge(clock_monotonic_ms() - start_ms, 1400);
    expect_closed(&silent);
    client_close(&served);
    client_close(&silent);
    expect_connections(&fixture, 0);
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_client_that_speaks_now_and_then_stays)
{
    struct client client;
    fixture_open(&fixture, (const char *const[]){"connections.max.idle.ms=4000", NULL});
    connect_client(&client, fixture.port);
    int64_t spoke_ms = clock_monotonic_ms();
    for (int i = 0; i < 4; i++) {
        sleep_ms(1200); /* beyond the second after which its buffers are given back */
        if (clock_monotonic_ms() - spoke_ms > 3000)
            break; /* the machine is too busy to say anything */
        expect_served(&client);
        spoke_ms = clock_monotonic_ms();
    }
    client_close(&client);
    fixture_close(&fixture);
}
END_TEST

/* Sends requests until nothing more goes in, and reads no answer. */
static void stuff(struct client *client)
{
    struct buf requests = {0};
    struct timeval little = {.tv_usec = 300000};
    while (requests.len < 64 * 1024)
        append_api_versions(&requests, 1);
    connect_client(client, fixture.port);
    ck_assert_int_eq(setsockopt(client->fd, SOL_SOCKET, SO_SNDTIMEO, &little, sizeof little), 0);
    while (send(client->fd, requests.data, requests.len, MSG_NOSIGNAL) > 0)
        ;
    buf_fini(&requests);
}

START_TEST(a_client_that_never_reads_holds_nobody_up_and_is_cut_off)
{
    struct client client;
    fixture_open(&fixture, (const char *const[]){"connections.max.idle.ms=2000", NULL});
    stuff(&client);
    for (int i = 0; i < 10; i++)
        expect_alive(&fixture);
    struct pollfd end = {.fd = client.fd};
    ck_assert_int_eq(poll(&end, 1, PATIENCE_MS), 1);
    ck_assert(end.revents & (POLLHUP | POLLERR));
    expect_connections(&fixture, 0);
    client_close(&client);
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_peer_that_vanishes_frees_its_thread)
{
    fixture_open(&fixture, NULL);
    struct linger reset = {.l_onoff = 1};
    for (int i = 0; i < 20; i++) {
        struct client client;
        connect_and_expect_served(&client, fixture.port);
        if (i % 2 == 0)
            setsockopt(client.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        client_close(&client);
    }
    expect_connections(&fixture, 0);
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
    connect_and_expect_served(&client, fixture.port);
    ck_assert_int_eq(told_port(&client), fixture.port);
    client_close(&client);
    if (has_ipv6()) {
        connect_to(&client, "::1", fixture.port);
        expect_served(&client);
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
        connect_and_expect_served(&clients[i], port_of(i));
    for (int i = 0; i < 2; i++) {
        connect_client(&turned_away, port_of(i));
        expect_closed(&turned_away);
        client_close(&turned_away);
    }
    client_close(&clients[0]);
    expect_connections(&fixture, 0);
    expect_served(&clients[1]);
    client_close(&clients[1]);
    expect_welcome_soon(port_of(1), &clients[1]);
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
    expect_served(&client);
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

enum { MANY = 1000 };

/* How many clients this process may have on both sides of the connection. */
static int affordable(int wanted)
{
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    return limit.rlim_cur > 2 * (rlim_t)wanted + 100 ? wanted : (int)(limit.rlim_cur - 100) / 2;
}

START_TEST(a_thousand_clients_come_and_go)
{
    static struct client clients[MANY];
    fixture_open(&fixture, NULL);
    int count = affordable(MANY);
    int threads = thread_count();
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < count; i++)
            connect_client(&clients[i], fixture.port);
        for (int i = 0; i < count; i++)
            expect_served(&clients[i]);
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

/* What malloc has handed out in this process; 0 where it does not tell. What it keeps of what was given back
 * is not counted. */
static size_t allocated_bytes(void)
{
#if defined(__GLIBC__)
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
#else
    return 0;
#endif
}

/* Each client says `request_bytes` at once, and falls silent. Waits until that costs less than `each` by the
 * measure. */
static void expect_cost(size_t (*measure)(void), size_t request_bytes, size_t each)
{
    static struct client clients[MANY];
    struct buf request = {0};
    fixture_open(&fixture, NULL);
    int count = affordable(MANY);
    append_api_versions(&request, 3);
    while (request.len < request_bytes)
        buf_append_char(&request, 0);
    store_u32(request.data, (uint32_t)request.len - 4);
    expect_alive(&fixture);
    size_t most = measure() + (size_t)count * each;
    for (int i = 0; i < count; i++) {
        connect_client(&clients[i], fixture.port);
        send_all(&clients[i], &request);
        expect_api_versions(&clients[i], 3);
        buf_fini(&clients[i].received);
    }
    int64_t deadline_ms = clock_monotonic_ms() + PATIENCE_MS;
    while (measure() > most && clock_monotonic_ms() < deadline_ms)
        sleep_ms(100);
    ck_assert_uint_le(measure(), most);
    for (int i = 0; i < count; i++)
        client_close(&clients[i]);
    buf_fini(&request);
    fixture_close(&fixture);
}

START_TEST(an_idle_client_costs_little_memory)
{
    if (!IS_SANITIZED)
        expect_cost(resident_bytes, 0, 40 * 1024);
}
END_TEST

START_TEST(a_client_that_falls_silent_gives_its_buffers_back)
{
    if (!IS_SANITIZED)
        expect_cost(allocated_bytes, 100 * 1000, 16 * 1024);
}
END_TEST

/* ---- want of descriptors and threads ---- */

enum { SPARE_DESCRIPTORS = 40 };

/* Takes every descriptor that is left; the last one taken is returned, and `taken` gets how many. */
static int take_descriptors(int *taken, int capacity)
{
    int count = 0;
    while (count < capacity && (taken[count] = dup(STDIN_FILENO)) >= 0)
        count++;
    ck_assert_int_lt(count, capacity);
    ck_assert_int_eq(errno, EMFILE);
    return count;
}

static void limit_descriptors(void)
{
    int next = dup(STDIN_FILENO);
    close(next);
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = (rlim_t)next + SPARE_DESCRIPTORS;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* As a rule the first client is served all the same: accept(2) puts a descriptor by before it waits. */
static void expect_served_or_refused(struct client *client)
{
    struct note why = {""};
    struct slice frame;
    struct buf request = {0};
    append_api_versions(&request, 3);
    send_anyway(client, buf_slice(&request));
    ck_assert_int_ne(client_receive(client, PATIENCE_MS, &frame, &why), NET_TIMED_OUT);
    buf_fini(&request);
}

static void give_back(const int *taken, int count)
{
    for (int i = 0; i < count; i++)
        close(taken[i]);
}

START_TEST(without_descriptors_clients_are_refused_and_nothing_spins)
{
    struct client clients[6];
    struct sockaddr_in address;
    int taken[SPARE_DESCRIPTORS + 1];
    fixture_open(&fixture, NULL);
    expect_alive(&fixture);
    expect_connections(&fixture, 0);
    limit_descriptors();
    for (int i = 0; i < 6; i++)
        clients[i] = (struct client){.fd = socket_to(fixture.port, &address)};
    int count = take_descriptors(taken, SPARE_DESCRIPTORS + 1);
    int64_t cpu_before_ms = cpu_ms();
    for (int i = 0; i < 6; i++)
        ck_assert_int_eq(connect(clients[i].fd, (struct sockaddr *)&address, sizeof address), 0);
    expect_served_or_refused(&clients[0]);
    for (int i = 1; i < 6; i++)
        expect_closed(&clients[i]);
    sleep_ms(2000);
    ck_assert_int_lt(cpu_ms() - cpu_before_ms, 1000);
    give_back(taken, count);
    for (int i = 0; i < 6; i++)
        client_close(&clients[i]);
    expect_welcome_soon(fixture.port, &clients[0]);
    client_close(&clients[0]);
    fixture_close(&fixture);
}
END_TEST

START_TEST(once_descriptors_are_back_nobody_is_refused)
{
    struct client clients[2];
    struct sockaddr_in address;
    int taken[SPARE_DESCRIPTORS + 1];
    fixture_open(&fixture, NULL);
    limit_descriptors();
    for (int i = 0; i < 2; i++)
        clients[i] = (struct client){.fd = socket_to(fixture.port, &address)};
    int count = take_descriptors(taken, SPARE_DESCRIPTORS + 1);
    ck_assert_int_eq(connect(clients[0].fd, (struct sockaddr *)&address, sizeof address), 0);
    expect_served_or_refused(&clients[0]);
    sleep_ms(500); /* the acceptor has met the lack by now, with nobody at the door */
    give_back(taken, count);
    ck_assert_int_eq(connect(clients[1].fd, (struct sockaddr *)&address, sizeof address), 0);
    expect_served(&clients[1]);
    client_close(&clients[0]);
    client_close(&clients[1]);
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_stop_succeeds_without_descriptors)
{
    struct client clients[3];
    struct sockaddr_in address;
    int taken[SPARE_DESCRIPTORS + 1];
    fixture_open(&fixture, NULL);
    limit_descriptors();
    for (int i = 0; i < 3; i++)
        clients[i] = (struct client){.fd = socket_to(fixture.port, &address)};
    int count = take_descriptors(taken, SPARE_DESCRIPTORS + 1);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(connect(clients[i].fd, (struct sockaddr *)&address, sizeof address), 0);
    expect_served_or_refused(&clients[0]);
    give_back(taken, 8); /* what closing writes */
    fixture_close(&fixture);
    give_back(taken + 8, count - 8);
    for (int i = 0; i < 3; i++)
        client_close(&clients[i]);
}
END_TEST

/* Threads that have begun map much for a moment, which may be long where others want the processors. */
static size_t least_address_space(void)
{
    size_t least = address_space();
    for (int i = 0; i < 30; i++) {
        sleep_ms(10);
        size_t now = address_space();
        least = now < least ? now : least;
    }
    return least;
}

START_TEST(without_memory_for_a_thread_clients_are_refused_and_nothing_spins)
{
    enum { CLIENTS = 12 };
    struct client clients[CLIENTS];
    struct buf request = {0};
    if (IS_SANITIZED)
        return; /* a sanitizer needs all the address space there is */
    fixture_open(&fixture, NULL);
    append_api_versions(&request, 3);
    expect_alive(&fixture);
    expect_connections(&fixture, 0);
    struct rlimit before;
    ck_assert_int_eq(getrlimit(RLIMIT_AS, &before), 0);
    struct rlimit limit = {.rlim_cur = least_address_space() + 64 * 1024, .rlim_max = before.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
    int64_t cpu_before_ms = cpu_ms();
    int refused = 0;
    for (int i = 0; i < CLIENTS; i++) {
        char byte;
        connect_client(&clients[i], fixture.port);
        send_anyway(&clients[i], buf_slice(&request));
        refused += recv(clients[i].fd, &byte, 1, 0) <= 0;
    }
    ck_assert_int_ge(refused, CLIENTS / 2); /* a few may get the stacks of threads that have ended */
    sleep_ms(1000);
    ck_assert_int_lt(cpu_ms() - cpu_before_ms, 700);
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &before), 0);
    for (int i = 0; i < CLIENTS; i++)
        client_close(&clients[i]);
    buf_fini(&request);
    expect_connections(&fixture, 0);
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
                                     a_thousand_clients_come_and_go, an_idle_client_costs_little_memory,
                                     a_client_that_falls_silent_gives_its_buffers_back, NULL});
    add_tests(suite, "how long", NULL, NULL,
              (const TTest *const[]){an_idle_client_is_cut_off, a_client_that_speaks_now_and_then_stays,
                                     a_client_that_never_reads_holds_nobody_up_and_is_cut_off,
                                     a_peer_that_vanishes_frees_its_thread, NULL});
    add_tests(suite, "from where", NULL, NULL,
              (const TTest *const[]){
                  each_listener_tells_its_own_port, an_advertised_port_wins_over_the_bound_one,
                  a_listener_without_a_host_takes_both_families, the_controllers_listener_tells_its_own_port,
                  clients_of_the_controller_are_counted_apart, two_brokers_live_in_one_process,
                  a_thread_is_named_after_its_client, NULL});
    add_tests(suite, "want", NULL, NULL,
              (const TTest *const[]){
                  without_descriptors_clients_are_refused_and_nothing_spins,
                  once_descriptors_are_back_nobody_is_refused, a_stop_succeeds_without_descriptors,
                  without_memory_for_a_thread_clients_are_refused_and_nothing_spins, NULL});
    return run_suite(suite);
}
