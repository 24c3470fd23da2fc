/* Clients above their quotas: told, not read from, and no burden for the broker's stop. */
#include "protocol/messages/alter_client_quotas.h"
#include "test/unit/server/client_fixture.h"

#include <stdlib.h>

enum {
    KEY_ALTER_CLIENT_QUOTAS = 49,
    WELCOME = 60, /* connections a minute, and the window is one */
    SLOWEST = 4,  /* as many times more than are welcome are surely made faster than one a second */
    QUIET_MS = 300,
};

static struct broker_fixture fixture;
static struct client client;

static void set_up(void)
{
    static const char *const settings[] = {"quota.window.num=2", "quota.window.size.seconds=60", NULL};
    fixture_open(&fixture, settings);
    connect_client(&client, fixture.port);
}

static void tear_down(void)
{
    client_close(&client);
    fixture_close(&fixture); /* which must be quick */
}

static void set_quota(const char *type, const char *name, const char *key, double value)
{
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    struct alter_client_quotas_entity entity = {slice_str(type), slice_str(name)};
    struct alter_client_quotas_op op = {.key = slice_str(key), .value = value};
    struct alter_client_quotas_entry entry = {.entity = {&entity, 1}, .ops = {&op, 1}};
    struct alter_client_quotas_request request = {.entries = {&entry, 1}};
    const struct alter_client_quotas_response *response =
        ask(&client, &arena, KEY_ALTER_CLIENT_QUOTAS, 1, &request);
    ck_assert_int_eq(response->entries.items[0].error_code, KERR_NONE);
    arena_fini(&arena);
}

/* Each second that has gone by makes room for one client more. */
START_TEST(an_address_above_its_rate_of_connections_is_not_served)
{
    struct client clients[SLOWEST * WELCOME];
    int count = 0;
    set_quota("ip", "127.0.0.1", "connection_creation_rate", 1);
    bool is_welcome = true;
    while (is_welcome) {
        ck_assert_int_lt(count, SLOWEST * WELCOME);
        connect_client(&clients[count], fixture.port);
        is_welcome = is_answered(&clients[count++]);
    }
    ck_assert_int_gt(count, WELCOME);
    expect_answer(&clients[0]);
    for (int i = 0; i < count; i++)
        client_close(&clients[i]);
}
END_TEST

START_TEST(a_muted_client_is_not_read_from_and_others_are)
{
    struct client other;
    create_topic(&client, "t", 1);
    set_quota("user", "ANONYMOUS", "producer_byte_rate", 1);
    produce(&client, "t", 0, 1000); /* is answered */
    struct buf request = {0};
    append_api_versions(&request, 1);
    send_all(&client, &request);
    expect_silence(&client, QUIET_MS);
    connect_and_expect_answer(&other, fixture.port);
    client_close(&other);
    buf_fini(&request);
}
END_TEST

START_TEST(a_muted_client_that_goes_is_missed)
{
    struct client other;
    create_topic(&client, "t", 1);
    set_quota("user", "ANONYMOUS", "producer_byte_rate", 1);
    connect_client(&other, fixture.port);
    produce(&other, "t", 0, 1000);
    expect_connections(&fixture, 2);
    client_close(&other);
    expect_connections(&fixture, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("quotas");
    const TTest *const tests[] = {
        an_address_above_its_rate_of_connections_is_not_served,
        a_muted_client_is_not_read_from_and_others_are,
        a_muted_client_that_goes_is_missed,
        NULL,
    };
    add_tests(suite, "quotas", set_up, tear_down, tests);
    return run_suite(suite);
}
