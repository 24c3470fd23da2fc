/*
 * Connections that nobody uses: how long they last, what ends them, and what they cost.
 */
#include "test/unit/server/client_fixture.h"

#include "protocol/base/big_endian.h"

#include <malloc.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

static struct broker_fixture fixture;

/* ---- for how long ---- */

START_TEST(an_idle_client_is_cut_off)
{
    struct client served, silent;
    fixture_open(&fixture, (const char *const[]){"connections.max.idle.ms=1500", NULL});
    int64_t start_ms = clock_monotonic_ms();
    connect_and_expect_answer(&served, fixture.port);
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

/* However busy the machine is: who is cut off has been silent for so long. */
START_TEST(a_client_that_speaks_now_and_then_stays)
{
    enum { IDLE_MS = 4000, BETWEEN_MS = 1200 /* beyond the second after which its buffers are given back */ };
    struct client client;
    fixture_open(&fixture, (const char *const[]){"connections.max.idle.ms=4000", NULL});
    int64_t spoke_ms = clock_monotonic_ms();
    bool stays = true;
    connect_client(&client, fixture.port);
    for (int i = 0; i < 4 && stays; i++) {
        sleep_ms(BETWEEN_MS);
        int64_t speaks_ms = clock_monotonic_ms();
        stays = is_answered(&client);
        if (!stays)
            ck_assert_int_ge(clock_monotonic_ms() - spoke_ms, IDLE_MS);
        spoke_ms = speaks_ms;
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
        connect_and_expect_answer(&client, fixture.port);
        if (i % 2 == 0)
            setsockopt(client.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        client_close(&client);
    }
    expect_connections(&fixture, 0);
    fixture_close(&fixture);
}
END_TEST

/* ---- at which cost ---- */

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
    static struct client clients[CLIENTS_MAX];
    struct buf request = {0};
    fixture_open(&fixture, NULL);
    int count = affordable_clients();
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

int main(void)
{
    Suite *suite = suite_create("idle_connections");
    add_tests(suite, "how long", NULL, NULL,
              (const TTest *const[]){an_idle_client_is_cut_off, a_client_that_speaks_now_and_then_stays,
                                     a_client_that_never_reads_holds_nobody_up_and_is_cut_off,
                                     a_peer_that_vanishes_frees_its_thread, NULL});
    add_tests(suite, "cost", NULL, NULL,
              (const TTest *const[]){an_idle_client_costs_little_memory,
                                     a_client_that_falls_silent_gives_its_buffers_back, NULL});
    return run_suite(suite);
}
