/*
 * Settings that change while the broker runs: they count at once, and at the next start more than
 * server.properties. What is refused is in the conversations 17 to 19.
 */
#include "test/unit/server/client_fixture.h"

#include "protocol/messages/incremental_alter_configs.h"

#include <stdio.h>

enum { KEY_INCREMENTAL_ALTER_CONFIGS = 44 };

static char directory[256];
static struct broker *broker;
static struct client client;
static struct arena arena;

static void open_broker(void)
{
    struct note why = {""};
    struct config config;
    const struct override overrides[] = {
        {SLICE("log.dirs"), slice_str(directory)},
        {SLICE("listeners"), SLICE("PLAINTEXT://127.0.0.1:0,CONTROLLER://127.0.0.1:0")},
        {SLICE("controller.listener.names"), SLICE("CONTROLLER")},
        {SLICE("max.connections.per.ip"), SLICE("50")},
        {SLICE("log.cleaner.threads"), SLICE("2")},
    };
    ck_assert_msg(config_load(&config, NULL, overrides, sizeof overrides / sizeof overrides[0], false, &why),
                  "%s", why.text);
    broker = broker_open(&config, &why);
    ck_assert_msg(broker != NULL, "%s", why.text);
    connect_client(&client, listener_port(broker->listeners[0]));
}

static void close_broker(void)
{
    client_close(&client);
    ck_assert(broker_close(broker));
}

static void set_up(void)
{
    make_directory(directory);
    arena_init(&arena, SIZE_MAX);
    open_broker();
}

static void tear_down(void)
{
    arena_fini(&arena);
    remove_directory(directory);
}

/* NULL: back to what it was. `resource` "": of all brokers. */
static void alter_through(struct client *asker, const char *resource, const char *name, const char *value)
{
    struct incremental_alter_configs_config config = {
        .name = slice_str(name), .config_operation = value == NULL, .value = slice_str(value)};
    struct incremental_alter_configs_resource wanted = {
        .resource_type = 4, .resource_name = slice_str(resource), .configs = {&config, 1}};
    struct incremental_alter_configs_request request = {.resources = {&wanted, 1}};
    const struct incremental_alter_configs_response *answer =
        ask(asker, &arena, KEY_INCREMENTAL_ALTER_CONFIGS, 1, &request);
    ck_assert_int_eq(answer->responses.items[0].error_code, KERR_NONE);
}

static void alter(const char *resource, const char *name, const char *value)
{
    alter_through(&client, resource, name, value);
}

static void expect_limits(int32_t connections, int32_t per_ip)
{
    mutex_lock(&broker->mutex);
    ck_assert_int_eq(broker->max_connections, connections);
    ck_assert_int_eq(broker->max_connections_per_ip, per_ip);
    mutex_unlock(&broker->mutex);
}

START_TEST(the_limits_of_connections_change_at_once_and_stay)
{
    expect_limits(INT32_MAX, 50);
    alter("", "max.connections", "70");
    alter("1", "max.connections.per.ip", "60");
    expect_limits(70, 60);
    close_broker();
    open_broker();
    expect_limits(70, 60);
    alter("1", "max.connections", "80");
    expect_limits(80, 60);
    alter("1", "max.connections", NULL);
    alter("1", "max.connections.per.ip", NULL);
    expect_limits(70, 50);
    close_broker();
}
END_TEST

/* Whether a new client is served. */
static bool is_welcome(void)
{
    struct client other;
    connect_client(&other, listener_port(broker->listeners[0]));
    bool served = is_answered(&other);
    client_close(&other);
    return served;
}

START_TEST(a_client_too_many_is_turned_away_by_the_limit_of_now)
{
    ck_assert(is_welcome());
    alter("1", "max.connections.per.ip", "1");
    ck_assert(!is_welcome());
    alter("1", "max.connections.per.ip", NULL);
    ck_assert(is_welcome());
    close_broker();
}
END_TEST

/* The controller stores what the broker would have refused. */
START_TEST(a_limit_that_lets_nobody_in_is_not_followed)
{
    struct client controller;
    connect_client(&controller, listener_port(broker->listeners[1]));
    alter_through(&controller, "1", "max.connections", "0");
    alter_through(&controller, "1", "max.connections.per.ip", "0");
    expect_limits(INT32_MAX, 50);
    ck_assert(is_welcome());
    client_close(&controller);
    close_broker();
    open_broker();
    ck_assert(is_welcome());
    close_broker();
}
END_TEST

START_TEST(the_cleaner_of_a_start_is_as_the_cluster_log_says)
{
    ck_assert_int_eq(broker->config.storage.cleaner.threads, 2);
    alter("", "log.cleaner.threads", "3");
    alter("1", "log.cleaner.backoff.ms", "77");
    alter("1", "log.cleaner.io.max.bytes.per.second", "1e6");
    close_broker();
    open_broker();
    const struct cleaner_config *cleaner = &broker->config.storage.cleaner;
    ck_assert_int_eq(cleaner->threads, 3);
    ck_assert_int_eq(cleaner->backoff_ms, 77);
    ck_assert(cleaner->io_max_bytes_per_second == 1e6);
    ck_assert_int_eq(cleaner->dedupe_buffer_bytes, 134217728);
    ck_assert(cleaner->enable);
    close_broker();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("dynamic configs");
    const TTest *const tests[] = {
        the_limits_of_connections_change_at_once_and_stay,
        a_client_too_many_is_turned_away_by_the_limit_of_now,
        a_limit_that_lets_nobody_in_is_not_followed,
        the_cleaner_of_a_start_is_as_the_cluster_log_says,
        NULL,
    };
    add_tests(suite, "dynamic configs", set_up, tear_down, tests);
    return run_suite(suite);
}
