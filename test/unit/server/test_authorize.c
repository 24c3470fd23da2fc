/*
 * authorize: who may do what on a broker with an authorizer, and asking while the answers change. What each
 * API answers where it is refused is in the conversations.
 */
#include "server/security/authorize.h"

#include "protocol/messages/create_acls.h"
#include "protocol/messages/create_topics.h"
#include "protocol/messages/delete_acls.h"
#include "server/net.h"
#include "test/unit/server/client_fixture.h"

#include <pthread.h>
#include <unistd.h>

#define AUTHORIZER "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer"

enum { KEY_CREATE_ACLS = 30, KEY_DELETE_ACLS = 31, ACLS_VERSION = 3 };

static struct broker_fixture fixture;
static struct client client;
static struct arena arena;

static void open_broker(const char *setting)
{
    const char *settings[] = {AUTHORIZER, setting, NULL};
    fixture_open(&fixture, settings);
    connect_client(&client, fixture.port);
    arena_init(&arena, SIZE_MAX);
}

static void close_broker(void)
{
    client_close(&client);
    fixture_close(&fixture);
    arena_fini(&arena);
}

static int16_t try_to_create_topic(const char *name)
{
    struct create_topics_request request;
    schema_set_defaults(create_topics_request_schema(), &request);
    array_init(&request.topics, create_topics_topic, &arena, 1);
    request.topics.items[0].name = slice_str(name);
    request.topics.items[0].num_partitions = 1;
    request.topics.items[0].replication_factor = 1;
    struct create_topics_response *response = ask(&client, &arena, KEY_CREATE_TOPICS, 7, &request);
    return response->topics.items[0].error_code;
}

static int16_t create_acl(enum acl_permission permission, enum acl_operation operation, const char *topic,
                          const char *host)
{
    struct create_acls_creation creation = {
        .resource_type = ACL_TOPIC,
        .resource_name = slice_str(topic),
        .resource_pattern_type = ACL_LITERAL,
        .principal = SLICE("User:ANONYMOUS"),
        .host = slice_str(host),
        .operation = (int8_t)operation,
        .permission_type = (int8_t)permission,
    };
    struct create_acls_request request = {.creations = {&creation, 1}};
    struct create_acls_response *response = ask(&client, &arena, KEY_CREATE_ACLS, ACLS_VERSION, &request);
    return response->results.items[0].error_code;
}

static void delete_acls_of(const char *topic)
{
    struct delete_acls_filter filter = {
        .resource_type_filter = ACL_TOPIC,
        .resource_name_filter = slice_str(topic),
        .pattern_type_filter = ACL_LITERAL,
        .operation = ACL_ANY_OPERATION,
        .permission_type = ACL_ANY_PERMISSION,
    };
    struct delete_acls_request request = {.filters = {&filter, 1}};
    struct delete_acls_response *response = ask(&client, &arena, KEY_DELETE_ACLS, ACLS_VERSION, &request);
    ck_assert_int_eq(response->filter_results.items[0].error_code, KERR_NONE);
}

static int16_t try_to_produce(struct client *with, const char *topic)
{
    struct buf out = {0};
    struct produce_wish wish = {.topic = topic, .acks = 1};
    append_produce(&out, 7, &wish);
    send_all(with, &out);
    buf_fini(&out);
    return read_produced(with, 7).error_code;
}

START_TEST(what_no_acl_covers_is_denied_by_default)
{
    open_broker(NULL);
    ck_assert_int_eq(try_to_create_topic("t"), KERR_TOPIC_AUTHORIZATION_FAILED);
    ck_assert_int_eq(create_acl(ACL_ALLOW, ACL_ALL, "t", "*"), KERR_CLUSTER_AUTHORIZATION_FAILED);
    close_broker();
}
END_TEST

START_TEST(super_users_may_do_everything_whatever_acls_say)
{
    open_broker("super.users=User:admin; User:ANONYMOUS ;");
    ck_assert_int_eq(create_acl(ACL_DENY, ACL_ALL, "*", "*"), KERR_NONE);
    ck_assert_int_eq(try_to_create_topic("t"), KERR_NONE);
    ck_assert_int_eq(try_to_produce(&client, "t"), KERR_NONE);
    close_broker();
}
END_TEST

START_TEST(a_host_is_the_address_that_the_client_comes_from)
{
    open_broker("allow.everyone.if.no.acl.found=true");
    ck_assert_int_eq(try_to_create_topic("here"), KERR_NONE);
    ck_assert_int_eq(try_to_create_topic("there"), KERR_NONE);
    ck_assert_int_eq(create_acl(ACL_ALLOW, ACL_WRITE, "here", "127.0.0.1"), KERR_NONE);
    ck_assert_int_eq(create_acl(ACL_ALLOW, ACL_WRITE, "there", "127.0.0.2"), KERR_NONE);
    ck_assert_int_eq(try_to_produce(&client, "here"), KERR_NONE);
    ck_assert_int_eq(try_to_produce(&client, "there"), KERR_TOPIC_AUTHORIZATION_FAILED);
    close_broker();
}
END_TEST

START_TEST(an_ipv6_client_has_the_address_that_java_prints)
{
    struct note why = {""};
    uint16_t port = 0, peer_port;
    char address[NET_ADDRESS_SIZE];
    int listening = net_listen("::1", &port, 1, &why);
    if (listening < 0)
        return; /* a machine without IPv6 has no such clients */
    int fd = net_connect("::1", port, PATIENCE_MS, &why);
    ck_assert_int_ge(fd, 0);
    int accepted = net_accept(listening, address, &peer_port);
    ck_assert_int_ge(accepted, 0);
    ck_assert_str_eq(address, "0:0:0:0:0:0:0:1");
    close(accepted);
    close(fd);
    close(listening);
}
END_TEST

START_TEST(an_ipv4_client_of_an_ipv6_socket_has_an_ipv4_address)
{
    struct note why = {""};
    uint16_t port = 0, peer_port;
    char address[NET_ADDRESS_SIZE];
    int listening = net_listen("", &port, 1, &why);
    ck_assert_int_ge(listening, 0);
    int fd = net_connect("127.0.0.1", port, PATIENCE_MS, &why);
    ck_assert_int_ge(fd, 0);
    int accepted = net_accept(listening, address, &peer_port);
    ck_assert_int_ge(accepted, 0);
    ck_assert_str_eq(address, "127.0.0.1");
    close(accepted);
    close(fd);
    close(listening);
}
END_TEST

/* ---- while ACLs change ---- */

enum { CLIENTS = 3, CHANGES = 60 };

static _Atomic bool done;

/* "kept" may always be written to; "changing" may be or not, but nothing else may come of it. */
static void *produce_until_done(void *context)
{
    struct client own;
    int *refusals = context;
    connect_client(&own, fixture.port);
    while (!done) {
        ck_assert_int_eq(try_to_produce(&own, "kept"), KERR_NONE);
        int16_t error = try_to_produce(&own, "changing");
        ck_assert(error == KERR_NONE || error == KERR_TOPIC_AUTHORIZATION_FAILED);
        *refusals += error != KERR_NONE;
    }
    client_close(&own);
    return NULL;
}

START_TEST(clients_are_asked_about_while_acls_come_and_go)
{
    pthread_t threads[CLIENTS];
    int refusals[CLIENTS] = {0};
    open_broker("allow.everyone.if.no.acl.found=true");
    ck_assert_int_eq(try_to_create_topic("kept"), KERR_NONE);
    ck_assert_int_eq(try_to_create_topic("changing"), KERR_NONE);
    for (int i = 0; i < CLIENTS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, produce_until_done, &refusals[i]), 0);
    for (int i = 0; i < CHANGES; i++) {
        ck_assert_int_eq(create_acl(ACL_DENY, ACL_WRITE, "changing", "*"), KERR_NONE);
        ck_assert_int_eq(try_to_produce(&client, "changing"), KERR_TOPIC_AUTHORIZATION_FAILED);
        delete_acls_of("changing");
        ck_assert_int_eq(try_to_produce(&client, "changing"), KERR_NONE);
    }
    done = true;
    for (int i = 0; i < CLIENTS; i++)
        pthread_join(threads[i], NULL);
    close_broker();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        what_no_acl_covers_is_denied_by_default,
        super_users_may_do_everything_whatever_acls_say,
        a_host_is_the_address_that_the_client_comes_from,
        an_ipv6_client_has_the_address_that_java_prints,
        an_ipv4_client_of_an_ipv6_socket_has_an_ipv4_address,
        clients_are_asked_about_while_acls_come_and_go,
        NULL,
    };
    Suite *suite = suite_create("authorize");
    add_tests(suite, "authorize", NULL, NULL, tests);
    return run_suite(suite);
}
