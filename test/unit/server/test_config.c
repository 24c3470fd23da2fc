/*
 * server.properties: its syntax, its rules, what it becomes, and how a refusal reads.
 */
#include "server/config.h"
#include "server/properties.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char path[] = "/tmp/odradek-config-XXXXXX";
static struct config config;
static struct note why;
static struct override overrides[16];
static size_t override_count;

static void set_up(void)
{
    strcpy(path + strlen(path) - 6, "XXXXXX");
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
    why = (struct note){{0}};
    override_count = 0;
}

static void tear_down(void)
{
    unlink(path);
    config_fini(&config);
}

static bool load_text(const char *text)
{
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
    return config_load(&config, path, overrides, override_count, false, &why);
}

static void expect_loaded(const char *text)
{
    ck_assert_msg(load_text(text), "%s", why.text);
}

/* Takes the file's changing name out of the message. */
static void expect_refused(const char *text, const char *message)
{
    ck_assert(!load_text(text));
    char expected[NOTE_SIZE + 100];
    if (message[0] == ':')
        snprintf(expected, sizeof expected, "%s%s", path, message);
    else
        snprintf(expected, sizeof expected, "%s", message);
    ck_assert_str_eq(why.text, expected);
}

static void add_override(const char *name, const char *value)
{
    overrides[override_count++] = (struct override){slice_str(name), slice_str(value)};
}

#define ck_assert_slice(slice, text) \
    ck_assert_msg(slice_equal_str((slice), (text)), "'%.*s' is not '%s'", SLICE_ARGS(slice), text)

static void expect_endpoint(struct endpoint endpoint, const char *name, const char *host, int port)
{
    ck_assert_slice(endpoint.name, name);
    ck_assert_slice(endpoint.host, host);
    ck_assert_int_eq(endpoint.port, port);
    ck_assert_int_eq(endpoint.security_protocol, 0);
}

static struct slice static_value(const char *name)
{
    const struct config_entry *entry = config_set_find(&config.static_configs, slice_str(name));
    return entry ? entry->value : SLICE_NULL;
}

/* ---- syntax ---- */

static struct arena arena;
static struct properties properties;

static void parse(const char *text)
{
    int32_t line;
    arena_init(&arena, SIZE_MAX);
    ck_assert(properties_parse(slice_str(text), &arena, &properties, &line, &why));
}

static void expect_property(int32_t index, const char *name, const char *value, int32_t line)
{
    ck_assert_int_lt(index, properties.count);
    ck_assert_slice(properties.items[index].name, name);
    ck_assert_slice(properties.items[index].value, value);
    ck_assert_int_eq(properties.items[index].line, line);
}

START_TEST(names_and_values_part_at_an_equals_sign_a_colon_or_a_blank)
{
    parse("a=1\nb:2\nc 3\nd = 4\ne : 5\nf\t6\ng==7\nh=\ni\n  j = 8 \nk= : 9");
    ck_assert_int_eq(properties.count, 11);
    expect_property(0, "a", "1", 1);
    expect_property(1, "b", "2", 2);
    expect_property(2, "c", "3", 3);
    expect_property(3, "d", "4", 4);
    expect_property(4, "e", "5", 5);
    expect_property(5, "f", "6", 6);
    expect_property(6, "g", "=7", 7);
    expect_property(7, "h", "", 8);
    expect_property(8, "i", "", 9);
    expect_property(9, "j", "8 ", 10);
    expect_property(10, "k", ": 9", 11);
    arena_fini(&arena);
}
END_TEST

START_TEST(comments_and_blank_lines_are_passed_over_but_counted)
{
    parse("# one\r\n\r\n  ! two \\\n\n\t\na=1 # no comment\r#b=2\rc=3");
    ck_assert_int_eq(properties.count, 2);
    expect_property(0, "a", "1 # no comment", 6);
    expect_property(1, "c", "3", 8);
    arena_fini(&arena);
}
END_TEST

START_TEST(a_backslash_at_its_end_joins_a_line_with_the_next)
{
    parse("a=1,\\\n   2,\\\r\n\t3\nb=x\\\\\nc\\\n d=y\ne=z\\");
    ck_assert_int_eq(properties.count, 4);
    expect_property(0, "a", "1,2,3", 1);
    expect_property(1, "b", "x\\", 4);
    expect_property(2, "cd", "y", 5);
    expect_property(3, "e", "z", 7);
    arena_fini(&arena);
}
END_TEST

START_TEST(escapes_are_those_of_java)
{
    parse("a\\=b\\:c\\ d=\\t\\n\\r\\f\\q\\u0041\\u00e9\\ud83d\\ude00\\ud83dx\\#\nl=\xe9");
    ck_assert_int_eq(properties.count, 2);
    expect_property(0, "a=b:c d", "\t\n\r\fqA\xc3\xa9\xf0\x9f\x98\x80?x#", 1);
    expect_property(1, "l", "\xc3\xa9", 2);
    arena_fini(&arena);
}
END_TEST

START_TEST(a_malformed_unicode_escape_is_refused_with_its_line)
{
    expect_refused("a=1\nb=\\u00g1\n", ":2: Malformed \\uxxxx encoding.");
}
END_TEST

/* ---- the whole ---- */

#define TESTER_FILE                                                                           \
    "process.roles=broker,controller\nnode.id=1\ncontroller.quorum.voters=1@localhost:9093\n" \
    "listeners=PLAINTEXT://:9092,CONTROLLER://:9093\ncontroller.listener.names=CONTROLLER\n"  \
    "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,"        \
    "SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL\nlog.dirs=/tmp/kraft-combined-logs"

START_TEST(the_usual_file_of_a_combined_node_loads_without_a_warning)
{
    expect_loaded(TESTER_FILE);
    ck_assert_int_eq(config.node_id, 1);
    ck_assert_int_eq(config.listener_count, 1);
    expect_endpoint(config.listeners[0], "PLAINTEXT", "", 9092);
    char host[256] = "";
    gethostname(host, sizeof host - 1);
    ck_assert_int_eq(config.advertised_listener_count, 1);
    expect_endpoint(config.advertised_listeners[0], "PLAINTEXT", host, 9092);
    ck_assert_int_eq(config.controller_listener_count, 1);
    expect_endpoint(config.controller_listeners[0], "CONTROLLER", "", 9093);
    expect_endpoint(config.advertised_controller_listeners[0], "CONTROLLER", host, 9093);
    ck_assert_int_eq(config.log_dir_count, 1);
    ck_assert_str_eq(config.log_dirs[0], "/tmp/kraft-combined-logs");
    ck_assert_str_eq(config.metadata_log_dir, "/tmp/kraft-combined-logs");
    ck_assert_int_eq(config.warning_count, 0);
    ck_assert(slice_is_null(config.dev_line));
}
END_TEST

START_TEST(without_a_file_the_defaults_serve)
{
    ck_assert_msg(config_load(&config, NULL, NULL, 0, false, &why), "%s", why.text);
    ck_assert_int_eq(config.node_id, 1);
    expect_endpoint(config.listeners[0], "PLAINTEXT", "", 9092);
    ck_assert_str_eq(config.log_dirs[0], "/tmp/kraft-combined-logs");
    ck_assert_int_eq(config.num_partitions, 1);
    ck_assert_int_eq(config.default_replication_factor, 1);
    ck_assert(config.auto_create_topics_enable);
    ck_assert(config.delete_topic_enable);
    ck_assert_int_eq(config.socket_request_max_bytes, 104857600);
    ck_assert_int_eq(config.socket_send_buffer_bytes, 102400);
    ck_assert_int_eq(config.max_connections, INT32_MAX);
    ck_assert_int_eq(config.connections_max_idle_ms, 600000);
    ck_assert_int_eq(config.fetch_max_bytes, 57671680);
    ck_assert_int_eq(config.max_incremental_fetch_session_cache_slots, 1000);
    ck_assert_int_eq(config.storage.retention_check_interval_ms, 300000);
    ck_assert_int_eq(config.producer_id_expiration_ms, 86400000);
    ck_assert(slice_is_null(config.broker_rack));
    ck_assert_slice(config.inter_broker_listener_name, "PLAINTEXT");
}
END_TEST

START_TEST(a_missing_file_is_refused_by_name)
{
    ck_assert(!config_load(&config, "/no/such/file", NULL, 0, false, &why));
    ck_assert_str_eq(why.text, "/no/such/file: No such file or directory");
}
END_TEST

START_TEST(the_last_of_two_settings_wins_and_an_override_over_both)
{
    expect_loaded("num.partitions=2\nbroker.rack= r1 \nnum.partitions = 3 \n");
    ck_assert_int_eq(config.num_partitions, 3);
    ck_assert_slice(config.broker_rack, "r1");
    config_fini(&config);
    add_override("num.partitions", "7");
    expect_loaded("num.partitions=2\n");
    ck_assert_int_eq(config.num_partitions, 7);
    ck_assert_slice(static_value("num.partitions"), "7");
}
END_TEST

START_TEST(what_is_set_can_be_told_by_name_and_the_two_ids_go_together)
{
    expect_loaded("broker.id=4\nlog.retention.hours=24\n");
    ck_assert_int_eq(config.node_id, 4);
    ck_assert_slice(static_value("node.id"), "4");
    ck_assert_slice(static_value("broker.id"), "4");
    ck_assert_slice(static_value("log.retention.hours"), "24");
    ck_assert(slice_is_null(static_value("num.partitions")));
    for (int32_t i = 1; i < config.static_configs.count; i++)
        ck_assert_int_lt(
            slice_compare(config.static_configs.entries[i - 1].name, config.static_configs.entries[i].name),
            0);
}
END_TEST

START_TEST(unknown_and_unhonoured_keys_are_named_with_their_line)
{
    add_override("nonsense", "1");
    expect_loaded("zookeeper.connect=localhost\nnum.io.threads=16\nssl.keystore.location=/k\n");
    ck_assert_int_eq(config.warning_count, 3);
    struct slice expected =
        arena_printf(&config.arena, "%s:1: zookeeper.connect is not a known setting; it is ignored", path);
    ck_assert(slice_equal(config.warnings[0], expected));
    expected = arena_printf(&config.arena, "%s:3: ssl.keystore.location is not honoured yet", path);
    ck_assert(slice_equal(config.warnings[1], expected));
    ck_assert_slice(config.warnings[2], "--override nonsense is not a known setting; it is ignored");
}
END_TEST

START_TEST(several_directories_and_one_of_their_own_for_the_cluster_log)
{
    expect_loaded("log.dirs= /a , /b ,/a\nlog.dir=/c\nmetadata.log.dir=/m\n");
    ck_assert_int_eq(config.log_dir_count, 2);
    ck_assert_str_eq(config.log_dirs[0], "/a");
    ck_assert_str_eq(config.log_dirs[1], "/b");
    ck_assert_str_eq(config.metadata_log_dir, "/m");
    config_fini(&config);
    expect_loaded("log.dir=/c\n");
    ck_assert_int_eq(config.log_dir_count, 1);
    ck_assert_str_eq(config.log_dirs[0], "/c");
    config_fini(&config);
    expect_loaded("");
    ck_assert_str_eq(config.log_dirs[0], "/tmp/kafka-logs");
}
END_TEST

START_TEST(the_development_preset_says_what_it_sets_and_yields_to_explicit_settings)
{
    add_override("offsets.topic.num.partitions", "9");
    add_override("share.coordinator.state.topic.compression.codec", "1");
    ck_assert_msg(config_load(&config, NULL, overrides, override_count, true, &why), "%s", why.text);
    expect_endpoint(config.listeners[0], "PLAINTEXT", "127.0.0.1", 9092);
    expect_endpoint(config.advertised_listeners[0], "PLAINTEXT", "127.0.0.1", 9092);
    ck_assert_slice(static_value("log.flush.interval.messages"), "9223372036854775807");
    ck_assert_slice(static_value("group.initial.rebalance.delay.ms"), "0");
    ck_assert_slice(static_value("offsets.topic.num.partitions"), "9");
    ck_assert_slice(static_value("transaction.state.log.num.partitions"), "4");
    ck_assert_slice(static_value("share.coordinator.state.topic.replication.factor"), "1");
    ck_assert(slice_starts_with(config.dev_line,
                                SLICE("--dev sets listeners=PLAINTEXT://127.0.0.1:9092,CONTROLLER")));
    char line[2048];
    snprintf(line, sizeof line, "%.*s", SLICE_ARGS(config.dev_line));
    ck_assert_ptr_nonnull(strstr(line, " log.flush.interval.messages=9223372036854775807 "));
    ck_assert_ptr_null(strstr(line, "offsets.topic.num.partitions"));
    ck_assert_int_eq(config.warning_count, 1); /* one of the explicit ones is not honoured yet */
}
END_TEST

/* ---- listeners ---- */

START_TEST(several_listeners_of_both_address_families)
{
    expect_loaded("listeners=a://127.0.0.1:9092,B://[::1]:9092, C://host-1.x:0 ,CTRL://:9093\n"
                  "listener.security.protocol.map=A:PLAINTEXT,B:PLAINTEXT,c:PLAINTEXT,CTRL:PLAINTEXT\n"
                  "controller.listener.names=ctrl\ninter.broker.listener.name=b\n"
                  "advertised.listeners=A://example.org:1,B://[fe80::1]:2,CTRL://x:3\n");
    ck_assert_int_eq(config.listener_count, 3);
    expect_endpoint(config.listeners[0], "A", "127.0.0.1", 9092);
    expect_endpoint(config.listeners[1], "B", "::1", 9092);
    expect_endpoint(config.listeners[2], "C", "host-1.x", 0);
    ck_assert_int_eq(config.advertised_listener_count, 2);
    expect_endpoint(config.advertised_listeners[0], "A", "example.org", 1);
    expect_endpoint(config.advertised_listeners[1], "B", "fe80::1", 2);
    ck_assert_int_eq(config.controller_listener_count, 1);
    expect_endpoint(config.controller_listeners[0], "CTRL", "", 9093);
    expect_endpoint(config.advertised_controller_listeners[0], "CTRL", "x", 3);
    ck_assert_slice(config.inter_broker_listener_name, "B");
}
END_TEST

/* The first is the one that nodes use among themselves. */
START_TEST(listeners_of_the_controller_are_in_the_order_of_their_names)
{
    char host[256] = "";
    gethostname(host, sizeof host - 1);
    expect_loaded("listeners=C://127.0.0.1:3,PLAINTEXT://127.0.0.1:1,B://0.0.0.0:2,A://127.0.0.1:4\n"
                  "controller.listener.names=b,nowhere,a,c,a\n");
    ck_assert_int_eq(config.listener_count, 1);
    ck_assert_int_eq(config.controller_listener_count, 3);
    expect_endpoint(config.controller_listeners[0], "B", "0.0.0.0", 2);
    expect_endpoint(config.advertised_controller_listeners[0], "B", host, 2);
    expect_endpoint(config.advertised_controller_listeners[1], "A", "127.0.0.1", 4);
    expect_endpoint(config.advertised_controller_listeners[2], "C", "127.0.0.1", 3);
}
END_TEST

struct refusal {
    const char *text;
    const char *message;
};

#define CTRL ",CONTROLLER://:9093\n"
#define MAP  "listener.security.protocol.map=A:PLAINTEXT,B:PLAINTEXT,CONTROLLER:PLAINTEXT\n"

static const struct refusal refusals[] = {
    {"\n\nnum.partitions=abc\n", ":3: num.partitions=abc: Not a number of type INT"},
    {"num.partitions=0", ":1: num.partitions=0: Value must be at least 1"},
    {"offsets.topic.replication.factor=70000",
     ":1: offsets.topic.replication.factor=70000: Not a number of type SHORT"},
    {"auto.create.topics.enable=yes",
     ":1: auto.create.topics.enable=yes: Expected value to be either true or false"},
    {"log.cleanup.policy=delete,x",
     ":1: log.cleanup.policy=delete,x: String must be one of: compact, delete"},
    {"log.dirs=",
     ":1: log.dirs=: Configuration 'log.dirs' must not be empty. Valid values include: any non-empty value"},
    {"log.cleaner.min.cleanable.ratio=2",
     ":1: log.cleaner.min.cleanable.ratio=2: Value must be no more than 1"},
    {"log.retention.minutes=0\nlog.retention.hours=1",
     ":1: log.retention.minutes=0: log.retention.ms must be unlimited (-1) or, greater than or equal to 1"},
    {"log.roll.ms=0", ":1: log.roll.ms=0: log.roll.ms must be greater than or equal to 1"},
    {"log.roll.jitter.ms=-1",
     ":1: log.roll.jitter.ms=-1: log.roll.jitter.ms must be greater than or equal to 0"},
    {"log.dirs=/a,/b\ncordoned.log.dirs=/a,/c",
     ":2: cordoned.log.dirs=/a,/c: All entries in cordoned.log.dirs must be present in log.dirs or log.dir. "
     "Missing entries : /c"},
    {"cordoned.log.dirs=*,/a",
     ":1: cordoned.log.dirs=*,/a: When cordoned.log.dirs is set to *, it must not contain other values"},
    {"queued.max.request.bytes=5", ":1: queued.max.request.bytes=5: queued.max.request.bytes must be larger "
                                   "or equal to socket.request.max.bytes"},
    {"max.connections.per.ip=0",
     ":1: max.connections.per.ip=0: max.connections.per.ip can be set to zero only if "
     "max.connections.per.ip.overrides property is set."},
    {"group.consumer.max.heartbeat.interval.ms=1000",
     ":1: group.consumer.max.heartbeat.interval.ms=1000: group.consumer.max.heartbeat.interval.ms must be "
     "greater than or equal to group.consumer.min.heartbeat.interval.ms"},
    {"group.consumer.session.timeout.ms=70000",
     ":1: group.consumer.session.timeout.ms=70000: group.consumer.session.timeout.ms must be less than or equal "
     "to group.consumer.max.session.timeout.ms"},
    {"group.consumer.session.timeout.ms=6000\ngroup.consumer.min.session.timeout.ms=6000\n"
     "group.consumer.heartbeat.interval.ms=6000\ngroup.consumer.max.heartbeat.interval.ms=7000",
     ":3: group.consumer.heartbeat.interval.ms=6000: group.consumer.heartbeat.interval.ms must be less than "
     "group.consumer.session.timeout.ms"},
    {"group.coordinator.rebalance.protocols=consumer", ":1: group.coordinator.rebalance.protocols=consumer: "
                                                       "Disabling the 'classic' protocol is not supported."},
    {"group.consumer.assignors=range,nix",
     ":1: group.consumer.assignors=range,nix: Class nix cannot be found"},
    {"node.id=1\nbroker.id=2", ":2: broker.id=2: You must set `node.id` to the same value as `broker.id`."},
    {"process.roles=broker",
     ":1: process.roles=broker: a broker without a controller joins a cluster, which is not supported yet; "
     "set process.roles=broker,controller"},
    {"process.roles=controller",
     ":1: process.roles=controller: a controller without a broker is not supported; "
     "set process.roles=broker,controller"},
    {"process.roles=x", ":1: process.roles=x: String must be one of: broker, controller"},
    {"controller.quorum.voters=2@b:1", ":1: controller.quorum.voters=2@b:1: If process.roles contains the "
                                       "'controller' role, the node id 1 must be "
                                       "included in the set of voters"},
    {"controller.quorum.voters=1@a:1,2@b:1", ":1: controller.quorum.voters=1@a:1,2@b:1: other controllers "
                                             "than this node (1) are named; joining a cluster is "
                                             "not supported yet"},
    {"controller.quorum.voters=x",
     ":1: controller.quorum.voters=x: Each entry should be in the form `{id}@{host}:{port}`."},
    {"listeners=PLAINTEXT://:9092,CONTROLLER://:9093\ncontroller.quorum.bootstrap.servers=h:9999",
     ":2: controller.quorum.bootstrap.servers=h:9999: other controllers than this node are named; joining a "
     "cluster is "
     "not supported yet"},
    {"listeners=SSL://:9092\n", ":1: listeners=SSL://:9092: SSL is not supported yet (listener SSL)"},
    {"listeners=PLAINTEXT://:9092,CONTROLLER://:9093\n"
     "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:SASL_SSL\n",
     ":1: listeners=PLAINTEXT://:9092,CONTROLLER://:9093: SASL_SSL is not supported yet (listener "
     "CONTROLLER)"},
    {"listeners=PLAINTEXT://:9092" CTRL "advertised.listeners=PLAINTEXT://h:1,CONTROLLER://0.0.0.0:9093",
     ":2: advertised.listeners=PLAINTEXT://h:1,CONTROLLER://0.0.0.0:9093: advertised.listeners cannot use the "
     "nonroutable meta-address 0.0.0.0. Use a routable IP address."},
    {"listeners=FOO://:9092" CTRL,
     ":1: listeners=FOO://:9092,CONTROLLER://:9093: No security protocol defined for listener FOO"},
    {"listeners=foo:9092\n", ":1: listeners=foo:9092: Unable to parse foo:9092 to a broker endpoint"},
    {"listeners=PLAINTEXT://:x\n",
     ":1: listeners=PLAINTEXT://:x: Unable to parse PLAINTEXT://:x to a broker endpoint"},
    {"listeners=PLAINTEXT://:65536\n",
     ":1: listeners=PLAINTEXT://:65536: Unable to parse PLAINTEXT://:65536 to a broker endpoint"},
    {"listeners=PLAINTEXT://:1,PLAINTEXT://:2\n",
     ":1: listeners=PLAINTEXT://:1,PLAINTEXT://:2: Each listener must have a different name"},
    {"listeners=PLAINTEXT://:9093" CTRL,
     ":1: listeners=PLAINTEXT://:9093,CONTROLLER://:9093: Each listener must have a different port"},
    {MAP "listeners=A://1.2.3.4:1,B://1.2.3.5:1\ninter.broker.listener.name=A\n",
     ":2: listeners=A://1.2.3.4:1,B://1.2.3.5:1: If you have two listeners on the same port then one needs "
     "to be IPv4 "
     "and the other IPv6, port: 1"},
    {"listeners=CONTROLLER://:9093", ":1: listeners=CONTROLLER://:9093: There must be at least one broker "
                                     "advertised listener. Perhaps all listeners "
                                     "appear in controller.listener.names?"},
    {"listeners=PLAINTEXT://:9092\ncontroller.listener.names=CONTROLLER",
     ":2: controller.listener.names=CONTROLLER: controller.listener.names must contain at least one value "
     "appearing in "
     "the 'listeners' configuration when running the KRaft controller role"},
    {"listener.security.protocol.map=PLAINTEXT:FOO",
     ":1: listener.security.protocol.map=PLAINTEXT:FOO: Invalid security protocol `FOO` defined in "
     "listener.security.protocol.map"},
    {"advertised.listeners=PLAINTEXT://0.0.0.0:9092",
     ":1: advertised.listeners=PLAINTEXT://0.0.0.0:9092: advertised.listeners cannot use the nonroutable "
     "meta-address "
     "0.0.0.0. Use a routable IP address."},
    {"listeners=PLAINTEXT://0.0.0.0:9092", ":1: listeners=PLAINTEXT://0.0.0.0:9092: advertised.listeners "
                                           "cannot use the nonroutable meta-address 0.0.0.0. Use "
                                           "a routable IP address."},
    {"advertised.listeners=SSL://h:1",
     ":1: advertised.listeners=SSL://h:1: advertised.listeners listener names must be equal to or a subset "
     "of the ones "
     "defined in listeners. Found SSL. The valid options based on the current configuration are PLAINTEXT"},
    {MAP "listeners=A://:1,B://:2\n",
     "security.inter.broker.protocol=PLAINTEXT: inter.broker.listener.name must be a listener name defined "
     "in "
     "advertised.listeners. The valid options based on currently configured listeners are A,B"},
    {"inter.broker.listener.name=X", ":1: inter.broker.listener.name=X: Listener with name X defined in "
                                     "inter.broker.listener.name not found in "
                                     "listener.security.protocol.map."},
    {"inter.broker.listener.name=PLAINTEXT\nsecurity.inter.broker.protocol=PLAINTEXT",
     ":1: inter.broker.listener.name=PLAINTEXT: Only one of inter.broker.listener.name and "
     "security.inter.broker.protocol should be set."},
    {"authorizer.class.name=kafka.security.authorizer.AclAuthorizer\n",
     ":1: authorizer.class.name=kafka.security.authorizer.AclAuthorizer: there is no such class here; only "
     "org.apache.kafka.metadata.authorizer.StandardAuthorizer is known"},
    {"authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer\nsuper.users=User:a;admin",
     ":2: super.users=User:a;admin: expected a string in format principalType:principalName but got admin"},
    {"broker.rack=\\u0001\nnum.partitions=\\n1\\nx", ":2: num.partitions=1?x: Not a number of type INT"},
};

START_TEST(what_is_wrong_stops_the_start_with_one_line)
{
    expect_refused(refusals[_i].text, refusals[_i].message);
}
END_TEST

START_TEST(a_wrong_override_is_named_as_one)
{
    add_override("num.partitions", "x");
    expect_refused("num.partitions=1\n", "--override num.partitions=x: Not a number of type INT");
}
END_TEST

START_TEST(a_quorum_of_this_node_alone_is_fine)
{
    expect_loaded(
        "listeners=PLAINTEXT://:9092,CONTROLLER://:9093\ncontroller.quorum.bootstrap.servers=h:9093");
    config_fini(&config);
    expect_loaded("node.id=7\ncontroller.quorum.voters=7@whatever:1\n");
    ck_assert_int_eq(config.node_id, 7);
}
END_TEST

START_TEST(an_authorizer_is_named_with_what_it_reads)
{
    expect_loaded("super.users=User:nobody-asks\nallow.everyone.if.no.acl.found=maybe\n");
    ck_assert(!config.authorizer.configured);
    ck_assert_int_eq(config.warning_count, 0);
    config_fini(&config);
    expect_loaded("authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer\n"
                  "super.users= User:a ;;User:CN=b,O=c: d;\nallow.everyone.if.no.acl.found= TRUE \n");
    ck_assert(config.authorizer.configured && config.authorizer.allow_everyone_if_no_acl_found);
    ck_assert_int_eq(config.authorizer.super_user_count, 2);
    ck_assert(slice_equal_str(config.authorizer.super_users[0], "User:a"));
    ck_assert(slice_equal_str(config.authorizer.super_users[1], "User:CN=b,O=c: d"));
    config_fini(&config);
    expect_loaded("authorizer.class.name=\n");
    ck_assert(!config.authorizer.configured);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config");
    TCase *tests = tcase_create("config");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, the_usual_file_of_a_combined_node_loads_without_a_warning);
    tcase_add_test(tests, without_a_file_the_defaults_serve);
    tcase_add_test(tests, a_missing_file_is_refused_by_name);
    tcase_add_test(tests, an_authorizer_is_named_with_what_it_reads);
    tcase_add_test(tests, the_last_of_two_settings_wins_and_an_override_over_both);
    tcase_add_test(tests, what_is_set_can_be_told_by_name_and_the_two_ids_go_together);
    tcase_add_test(tests, unknown_and_unhonoured_keys_are_named_with_their_line);
    tcase_add_test(tests, several_directories_and_one_of_their_own_for_the_cluster_log);
    tcase_add_test(tests, the_development_preset_says_what_it_sets_and_yields_to_explicit_settings);
    tcase_add_test(tests, several_listeners_of_both_address_families);
    tcase_add_test(tests, listeners_of_the_controller_are_in_the_order_of_their_names);
    tcase_add_loop_test(tests, what_is_wrong_stops_the_start_with_one_line, 0,
                        (int)(sizeof refusals / sizeof refusals[0]));
    tcase_add_test(tests, a_wrong_override_is_named_as_one);
    tcase_add_test(tests, a_quorum_of_this_node_alone_is_fine);
    tcase_add_test(tests, a_malformed_unicode_escape_is_refused_with_its_line);
    suite_add_tcase(suite, tests);

    TCase *syntax = tcase_create("syntax");
    tcase_add_test(syntax, names_and_values_part_at_an_equals_sign_a_colon_or_a_blank);
    tcase_add_test(syntax, comments_and_blank_lines_are_passed_over_but_counted);
    tcase_add_test(syntax, a_backslash_at_its_end_joins_a_line_with_the_next);
    tcase_add_test(syntax, escapes_are_those_of_java);
    suite_add_tcase(suite, syntax);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
