/* Want of descriptors and of memory: clients are refused, nothing spins, and what is there goes on. */
#include "test/unit/server/client_fixture.h"

#include "storage/os/thread.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static struct broker_fixture fixture;

/* ---- descriptors ---- */

enum { SPARE_DESCRIPTORS = 40 };

/* Takes every descriptor that is left. Gives how many. */
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

/* A broker that runs, clients that are not connected yet, and no descriptor left: the rest is in
 * `taken`. Gives how many. */
static int open_without_descriptors(struct client *clients, int client_count, struct sockaddr_in *address,
                                    int *taken)
{
    fixture_open(&fixture, NULL);
    limit_descriptors();
    for (int i = 0; i < client_count; i++)
        clients[i] = (struct client){.fd = loopback_socket(fixture.port, address)};
    return take_descriptors(taken, SPARE_DESCRIPTORS + 1);
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
    int count = open_without_descriptors(clients, 6, &address, taken);
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
    expect_welcome_soon(&clients[0], fixture.port);
    client_close(&clients[0]);
    fixture_close(&fixture);
}
END_TEST

START_TEST(once_descriptors_are_back_nobody_is_refused)
{
    struct client clients[2];
    struct sockaddr_in address;
    int taken[SPARE_DESCRIPTORS + 1];
    int count = open_without_descriptors(clients, 2, &address, taken);
    ck_assert_int_eq(connect(clients[0].fd, (struct sockaddr *)&address, sizeof address), 0);
    expect_served_or_refused(&clients[0]);
    sleep_ms(500); /* the acceptor has met the lack by now, with nobody at the door */
    give_back(taken, count);
    ck_assert_int_eq(connect(clients[1].fd, (struct sockaddr *)&address, sizeof address), 0);
    expect_answer(&clients[1]);
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
    int count = open_without_descriptors(clients, 3, &address, taken);
    ck_assert_int_gt(count, 8);
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

/* ---- memory ---- */

/* What is mapped now, and not enough for one more stack. */
static void limit_address_space(rlim_t most)
{
    struct rlimit limit = {.rlim_cur = address_space() + THREAD_STACK_BYTES / 4, .rlim_max = most};
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
}

/* A first client may get the stack of a thread that has ended; and a thread that begins maps much for a
 * moment, which is anybody's when it is given back. So the limit follows until nothing is left. */
START_TEST(without_memory_for_a_thread_clients_are_refused_and_nothing_spins)
{
    enum { CLIENTS = 100, REFUSED = 6 };
    struct client clients[CLIENTS];
    struct buf request = {0};
    struct rlimit before;
    if (IS_SANITIZED)
        return; /* a sanitizer needs all the address space there is */
    fixture_open(&fixture, NULL);
    append_api_versions(&request, 3);
    ck_assert_int_eq(getrlimit(RLIMIT_AS, &before), 0);
    int64_t cpu_before_ms = cpu_ms();
    int count = 0;
    for (int refused = 0; refused < REFUSED; count++) {
        char byte;
        ck_assert_int_lt(count, CLIENTS);
        limit_address_space(before.rlim_max);
        connect_client(&clients[count], fixture.port);
        send_anyway(&clients[count], buf_slice(&request));
        refused += recv(clients[count].fd, &byte, 1, 0) <= 0;
    }
    sleep_ms(1000);
    ck_assert_int_lt(cpu_ms() - cpu_before_ms, 700);
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &before), 0);
    for (int i = 0; i < count; i++)
        client_close(&clients[i]);
    buf_fini(&request);
    expect_connections(&fixture, 0);
    expect_alive(&fixture);
    fixture_close(&fixture);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("scarcity");
    add_tests(suite, "descriptors", NULL, NULL,
              (const TTest *const[]){without_descriptors_clients_are_refused_and_nothing_spins,
                                     once_descriptors_are_back_nobody_is_refused,
                                     a_stop_succeeds_without_descriptors, NULL});
    add_tests(
        suite, "memory", NULL, NULL,
        (const TTest *const[]){without_memory_for_a_thread_clients_are_refused_and_nothing_spins, NULL});
    return run_suite(suite);
}
