/*
 * The config tables against Kafka's own list of them, values as Kafka reads and prints them, what is in
 * force, and the page that tells of it all.
 */
#include "metadata/config_def.h"
#include "metadata/config_docs.h"
#include "metadata/java_number.h"
#include "test/unit/metadata/controller_fixture.h"

#include <math.h>

static struct world world;

static void set_up(void)
{
    world_init(&world);
}

static void tear_down(void)
{
    world_fini(&world);
}

static const char *source_dir(void)
{
    const char *directory = getenv("ODRADEK_SOURCE_DIR");
    return directory ? directory : ODRADEK_SOURCE_DIR;
}

/* ---- the tables ---- */

enum { COLUMNS = 6 };

static enum resource_type type_of_section(const char *line)
{
    if (strncmp(line, "## topic", 8) == 0)
        return RESOURCE_TOPIC;
    if (strncmp(line, "## broker", 9) == 0)
        return RESOURCE_BROKER;
    return strncmp(line, "## group", 8) == 0 ? RESOURCE_GROUP : RESOURCE_CLIENT_METRICS;
}

static void split_columns(char *line, char *columns[COLUMNS])
{
    for (int i = 0; i < COLUMNS; i++) {
        columns[i] = line;
        line += strcspn(line, "\t\n");
        if (*line != '\0')
            *line++ = '\0';
    }
}

/* "[a, b]" of a list as "a,b". */
static void normalise_list(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; from++)
        if (*from != '[' && *from != ']' && !(*from == ' ' && from > text && from[-1] == ','))
            *to++ = *from;
    *to = '\0';
}

static void check_default(const struct config_def *def, char *text)
{
    if (strcmp(text, "null") == 0 || strcmp(text, "(none)") == 0) {
        ck_assert_msg(def->default_value == NULL, "%s", def->name);
        return;
    }
    if (def->type == CONFIG_LIST)
        normalise_list(text);
    ck_assert_msg(def->default_value && strcmp(def->default_value, text) == 0, "%s: %s", def->name, text);
}

static void check_type_name(const struct config_def *def, const char *text)
{
    static const char *const names[] = {"",     "BOOLEAN", "STRING", "INT",   "SHORT",
                                        "LONG", "DOUBLE",  "LIST",   "CLASS", "PASSWORD"};
    ck_assert_str_eq(names[def->type], text);
}

/* "[1,...]", "[1,...,9]"; other texts are lists of choices or words for a rule. */
static void check_range(const struct config_def *def, const char *text)
{
    double from, to;
    char end;
    if (strstr(text, " or -1")) {
        ck_assert_int_eq(def->rule, RULE_GZIP_LEVEL);
    } else if (sscanf(text, "[%lf,...,%lf%c", &from, &to, &end) == 3 && end == ']') {
        ck_assert(def->min == from && def->max == to);
    } else if (sscanf(text, "[%lf,...%c", &from, &end) == 2 && end == ']') {
        ck_assert(def->min == from && isinf(def->max));
    } else if (text[0] == '-') {
        ck_assert(!def->choices);
        ck_assert(def->min == 0 || isinf(def->min));
    }
    for (size_t i = 0; def->choices && def->choices[i]; i++)
        ck_assert_msg(strstr(text, def->choices[i]) != NULL, "%s: %s", def->name, def->choices[i]);
}

static void check_update(const struct config_def *def, const char *text)
{
    static const char *const names[] = {"read-only", "per-broker", "cluster-wide"};
    ck_assert_msg(strcmp(names[def->update], text) == 0, "%s: %s", def->name, text);
}

static void check_synonyms(const struct config_def *def, const char *text)
{
    char expected[300] = "";
    for (size_t i = 0; def->synonyms && def->synonyms[i]; i++) {
        size_t len = strlen(expected);
        if (def->synonym_factors[i] == 1)
            snprintf(expected + len, sizeof expected - len, "%s%s", i > 0 ? "," : "", def->synonyms[i]);
        else
            snprintf(expected + len, sizeof expected - len, "%s%s(x%lld)", i > 0 ? "," : "", def->synonyms[i],
                     (long long)def->synonym_factors[i]);
    }
    ck_assert_str_eq(def->synonyms ? expected : "-", text);
}

static void check_row(enum resource_type type, char *columns[COLUMNS])
{
    const struct config_def *def = find_config(type, slice_str(columns[0]));
    ck_assert_msg(def != NULL, "%s", columns[0]);
    check_type_name(def, columns[1]);
    check_default(def, columns[2]);
    check_range(def, columns[3]);
    ck_assert_int_eq(def->internal, strstr(columns[4], "internal") != NULL);
    if (type == RESOURCE_BROKER)
        check_update(def, columns[5]);
    if (type == RESOURCE_TOPIC)
        check_synonyms(def, columns[5]);
    ck_assert_uint_gt(strlen(def->meaning), 5);
}

START_TEST(the_tables_say_what_kafka_says_of_every_config_and_of_no_other)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/test/golden/controller/configs-4.3.1.txt", source_dir());
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "%s", path);
    char line[1024];
    size_t rows[RESOURCE_GROUP + 1] = {0};
    enum resource_type type = RESOURCE_UNKNOWN;
    while (fgets(line, sizeof line, file)) {
        if (strncmp(line, "## ", 3) == 0)
            type = type_of_section(line);
        if (line[0] == '#' || line[0] == '\n')
            continue;
        char *columns[COLUMNS];
        split_columns(line, columns);
        check_row(type, columns);
        rows[type]++;
    }
    fclose(file);
    ck_assert_uint_eq(rows[RESOURCE_TOPIC], config_table(RESOURCE_TOPIC).count);
    ck_assert_uint_eq(rows[RESOURCE_BROKER], config_table(RESOURCE_BROKER).count);
    ck_assert_uint_eq(rows[RESOURCE_GROUP], config_table(RESOURCE_GROUP).count);
    ck_assert_uint_eq(rows[RESOURCE_CLIENT_METRICS], config_table(RESOURCE_CLIENT_METRICS).count);
    ck_assert_uint_eq(config_table(RESOURCE_BROKER_LOGGER).count, 0);
    ck_assert_ptr_null(find_topic_config(SLICE("message.format.version")));
}
END_TEST

START_TEST(every_default_passes_its_own_check_and_every_synonym_is_a_broker_config)
{
    static const enum resource_type types[] = {RESOURCE_TOPIC, RESOURCE_BROKER, RESOURCE_GROUP,
                                               RESOURCE_CLIENT_METRICS};
    for (size_t t = 0; t < 4; t++) {
        struct config_table table = config_table(types[t]);
        for (size_t i = 0; i < table.count; i++) {
            struct slice parsed;
            struct note why = {{0}};
            struct slice value = slice_str(table.defs[i].default_value);
            bool good = config_check(&table.defs[i], value, &world.arena, &parsed, &why);

            ck_assert_msg(good, "%s: %s", table.defs[i].name, why.text);
            ck_assert(table.defs[i].type == CONFIG_PASSWORD || slice_equal(parsed, value));
            for (size_t j = 0; table.defs[i].synonyms && table.defs[i].synonyms[j]; j++)
                ck_assert_ptr_nonnull(find_broker_config(slice_str(table.defs[i].synonyms[j])));
        }
    }
}
END_TEST

/* ---- values ---- */

struct value_case {
    enum resource_type type;
    const char *name;
    const char *value;
    const char *parsed; /* NULL: refused */
    const char *why;    /* behind "Invalid value x for configuration y: ", or the whole text behind "=" */
};

static const struct value_case values[] = {
    {RESOURCE_TOPIC, "retention.ms", "+5", "5", ""},
    {RESOURCE_TOPIC, "retention.ms", "005", "5", ""},
    {RESOURCE_TOPIC, "retention.ms", "\t5\n", "5", ""},
    {RESOURCE_TOPIC, "retention.ms", "9223372036854775807", "9223372036854775807", ""},
    {RESOURCE_TOPIC, "retention.ms", "9223372036854775808", NULL, "Not a number of type LONG"},
    {RESOURCE_TOPIC, "retention.ms", "-9223372036854775808", NULL, "Value must be at least -1"},
    {RESOURCE_TOPIC, "retention.ms", "0x5", NULL, "Not a number of type LONG"},
    {RESOURCE_TOPIC, "retention.ms", "5L", NULL, "Not a number of type LONG"},
    {RESOURCE_TOPIC, "retention.ms", "-", NULL, "Not a number of type LONG"},
    {RESOURCE_TOPIC, "retention.ms", " ", NULL, "Not a number of type LONG"},
    {RESOURCE_TOPIC, "max.message.bytes", "2147483648", NULL, "Not a number of type INT"},
    {RESOURCE_BROKER, "offsets.topic.replication.factor", "32768", NULL, "Not a number of type SHORT"},
    {RESOURCE_TOPIC, "compression.gzip.level", "10", NULL, "Value must be between 1 and 9 or equal to -1"},
    {RESOURCE_TOPIC, "compression.gzip.level", "0", NULL, "Value must be between 1 and 9 or equal to -1"},
    {RESOURCE_TOPIC, "compression.gzip.level", "-1", "-1", ""},
    {RESOURCE_TOPIC, "compression.zstd.level", "-131073", NULL, "Value must be at least -131072"},
    {RESOURCE_TOPIC, "min.cleanable.dirty.ratio", "1", "1.0", ""},
    {RESOURCE_TOPIC, "min.cleanable.dirty.ratio", "1e-4", "1.0E-4", ""},
    {RESOURCE_TOPIC, "min.cleanable.dirty.ratio", "0.1d", "0.1", ""},
    {RESOURCE_TOPIC, "min.cleanable.dirty.ratio", "0x1p-1", "0.5", ""},
    {RESOURCE_TOPIC, "min.cleanable.dirty.ratio", "NaN", "NaN", ""},
    {RESOURCE_TOPIC, "min.cleanable.dirty.ratio", "0.30000000000000004", "0.30000000000000004", ""},
    {RESOURCE_TOPIC, "min.cleanable.dirty.ratio", "5.e-1", "0.5", ""},
    {RESOURCE_TOPIC, "min.cleanable.dirty.ratio", "-0.0", "-0.0", ""},
    {RESOURCE_TOPIC, "min.cleanable.dirty.ratio", "Infinity", NULL, "Value must be no more than 1"},
    {RESOURCE_TOPIC, "min.cleanable.dirty.ratio", "-1", NULL,
     "=Invalid value -1.0 for configuration min.cleanable.dirty.ratio: Value must be at least 0"},
    {RESOURCE_TOPIC, "min.cleanable.dirty.ratio", "inf", NULL, "Not a number of type DOUBLE"},
    {RESOURCE_TOPIC, "min.cleanable.dirty.ratio", "1_0", NULL, "Not a number of type DOUBLE"},
    {RESOURCE_TOPIC, "min.cleanable.dirty.ratio", "0x1", NULL, "Not a number of type DOUBLE"},
    {RESOURCE_BROKER, "remote.log.manager.task.retry.jitter", "0.6", NULL, "Value must be no more than 0.5"},
    {RESOURCE_BROKER, "log.cleaner.io.max.bytes.per.second", "1.7976931348623157E308",
     "1.7976931348623157E308", ""},
    {RESOURCE_BROKER, "log.cleaner.io.max.bytes.per.second", "12345678", "1.2345678E7", ""},
    {RESOURCE_BROKER, "log.cleaner.io.max.bytes.per.second", "4.9E-324", "4.9E-324", ""},
    {RESOURCE_BROKER, "log.cleaner.io.max.bytes.per.second", "9999999.5", "9999999.5", ""},
    {RESOURCE_TOPIC, "preallocate", " True ", "true", ""},
    {RESOURCE_TOPIC, "preallocate", "", NULL, "Expected value to be either true or false"},
    {RESOURCE_TOPIC, "compression.type", " gzip ", "gzip", ""},
    {RESOURCE_TOPIC, "message.timestamp.type", "", NULL, "String must be one of: CreateTime, LogAppendTime"},
    {RESOURCE_TOPIC, "cleanup.policy", " delete , compact ", "delete,compact", ""},
    {RESOURCE_TOPIC, "cleanup.policy", "delete,delete", "delete", ""},
    {RESOURCE_TOPIC, "cleanup.policy", "", "", ""},
    {RESOURCE_TOPIC, "cleanup.policy", "delete,,compact", NULL,
     "=Configuration 'cleanup.policy' values must not be empty."},
    {RESOURCE_TOPIC, "cleanup.policy", "compact,y", NULL,
     "=Invalid value y for configuration cleanup.policy: String must be one of: compact, delete"},
    {RESOURCE_TOPIC, "leader.replication.throttled.replicas", "0:1,1:2", "0:1,1:2", ""},
    {RESOURCE_TOPIC, "leader.replication.throttled.replicas", "0:1,", "0:1,", ""},
    {RESOURCE_TOPIC, "leader.replication.throttled.replicas", "*", "*", ""},
    {RESOURCE_TOPIC, "leader.replication.throttled.replicas", "*,0:1", NULL,
     "=Invalid value [*, 0:1] for configuration leader.replication.throttled.replicas: "
     "leader.replication.throttled.replicas must be the literal '*' or a list of replicas in the following "
     "format: "
     "[partitionId]:[brokerId],[partitionId]:[brokerId],..."},
    {RESOURCE_BROKER, "process.roles", "", NULL,
     "=Configuration 'process.roles' must not be empty. Valid values include: [broker, controller]"},
    {RESOURCE_BROKER, "log.dirs", " ", NULL,
     "=Configuration 'log.dirs' must not be empty. Valid values include: any non-empty value"},
    {RESOURCE_BROKER, "controller.quorum.voters", "", "", ""},
    {RESOURCE_BROKER, "controller.quorum.voters", "1@a:1,1@a:1", "1@a:1,1@a:1", ""},
    {RESOURCE_BROKER, "group.consumer.migration.policy", "Upgrade", "Upgrade", ""},
    {RESOURCE_BROKER, "group.consumer.migration.policy", "x", NULL,
     "String must be one of (case insensitive): DISABLED, DOWNGRADE, UPGRADE, BIDIRECTIONAL"},
    {RESOURCE_BROKER, "remote.log.storage.manager.class.name", "", NULL, "String must be non-empty"},
    {RESOURCE_BROKER, "ssl.keystore.password", "secret", "[hidden]", ""},
    {RESOURCE_GROUP, "share.auto.offset.reset", "by_duration:P1DT2H3M4.5S", "by_duration:P1DT2H3M4.5S", ""},
    {RESOURCE_GROUP, "share.auto.offset.reset", "by_duration:PT5S", "by_duration:PT5S", ""},
    {RESOURCE_GROUP, "share.auto.offset.reset", "by_duration:PT", NULL,
     "Invalid value `by_duration:PT` for configuration share.auto.offset.reset. The value must be either "
     "'earliest', "
     "'latest' or of the format 'by_duration:<PnDTnHnMn.nS>'."},
    {RESOURCE_GROUP, "share.auto.offset.reset", "by_duration:PT1D", NULL,
     "Invalid value `by_duration:PT1D` for configuration share.auto.offset.reset. The value must be either "
     "'earliest', "
     "'latest' or of the format 'by_duration:<PnDTnHnMn.nS>'."},
};

START_TEST(values_are_read_printed_and_refused_as_kafka_does)
{
    const struct value_case *c = &values[_i];
    struct slice parsed;
    struct note why = {{0}};
    char expected[NOTE_SIZE] = "";
    if (c->why[0] == '=')
        snprintf(expected, sizeof expected, "%s", c->why + 1);
    else if (c->why[0] != '\0')
        snprintf(expected, sizeof expected, "Invalid value %s for configuration %s: %s", c->value, c->name,
                 c->why);
    bool good = config_check(find_config(c->type, slice_str(c->name)), slice_str(c->value), &world.arena,
                             &parsed, &why);
    ck_assert_str_eq(why.text, expected);
    ck_assert_int_eq(good, c->parsed != NULL);
    if (good)
        ck_assert_slice(parsed, c->parsed);
}
END_TEST

START_TEST(null_is_no_value_and_nobody_needs_the_parsed_form)
{
    struct note why = {{0}};
    const struct config_def *def = find_topic_config(SLICE("retention.ms"));
    struct slice parsed = SLICE("x");
    ck_assert(config_check(def, SLICE_NULL, &world.arena, &parsed, &why));
    ck_assert(slice_is_null(parsed));
    ck_assert(config_check(def, SLICE("1"), &world.arena, NULL, &why));
    ck_assert(!config_check(def, SLICE("x"), &world.arena, NULL, NULL));
}
END_TEST

/* ---- what is in force ---- */

static void set_config(int8_t type, const char *resource, const char *name, const char *value)
{
    add_config(&world.records, type, resource, name, value);
    world_commit(&world);
}

static void set_fixed(const char *name, const char *value)
{
    static struct config_entry entries[1];
    entries[0] = (struct config_entry){slice_str(name), slice_str(value)};
    world.fixed.entries = entries;
    world.fixed.count = 1;
}

static void expect_effective(enum resource_type type, const char *resource, const char *name,
                             const char *value, enum config_source source)
{
    enum config_source found;
    struct slice effective = config_effective(&world.view, type, slice_str(resource),
                                              find_config(type, slice_str(name)), &world.arena, &found);
    ck_assert_slice(effective, value);
    ck_assert_int_eq(found, source);
}

START_TEST(a_topic_config_is_looked_for_from_the_topic_to_the_default)
{
    expect_effective(RESOURCE_TOPIC, "t", "retention.ms", "604800000", SOURCE_DEFAULT);
    set_fixed("log.retention.hours", "24");
    expect_effective(RESOURCE_TOPIC, "t", "retention.ms", "86400000", SOURCE_STATIC_BROKER);
    set_config(RESOURCE_BROKER, "", "log.retention.ms", "5");
    expect_effective(RESOURCE_TOPIC, "t", "retention.ms", "5", SOURCE_DYNAMIC_DEFAULT_BROKER);
    set_config(RESOURCE_BROKER, "2", "log.retention.ms", "4"); /* another broker's */
    expect_effective(RESOURCE_TOPIC, "t", "retention.ms", "5", SOURCE_DYNAMIC_DEFAULT_BROKER);
    set_config(RESOURCE_BROKER, "1", "log.retention.ms", " 6 ");
    expect_effective(RESOURCE_TOPIC, "t", "retention.ms", " 6 ", SOURCE_DYNAMIC_BROKER);
    set_config(RESOURCE_TOPIC, "t", "retention.ms", "7");
    expect_effective(RESOURCE_TOPIC, "t", "retention.ms", "7", SOURCE_TOPIC);
    expect_effective(RESOURCE_TOPIC, "u", "retention.ms", " 6 ", SOURCE_DYNAMIC_BROKER);
    expect_effective(RESOURCE_BROKER, "", "log.retention.hours", "24", SOURCE_STATIC_BROKER);
    expect_effective(RESOURCE_BROKER, "", "log.retention.minutes", NULL, SOURCE_DEFAULT);
}
END_TEST

/* The conversation 19 has more of them; these stand in the log when the broker starts, too. */
START_TEST(what_is_no_value_of_a_broker_hides_none_behind_it)
{
    set_fixed("log.retention.hours", "24");
    set_config(RESOURCE_BROKER, "", "log.retention.ms", "5");
    set_config(RESOURCE_BROKER, "1", "log.retention.ms", "abc");
    expect_effective(RESOURCE_TOPIC, "t", "retention.ms", "5", SOURCE_DYNAMIC_DEFAULT_BROKER);
    set_config(RESOURCE_BROKER, "", "log.retention.ms", "9223372036854775808");
    expect_effective(RESOURCE_TOPIC, "t", "retention.ms", "86400000", SOURCE_STATIC_BROKER);
    set_config(RESOURCE_BROKER, "1", "message.max.bytes", "-1");
    expect_effective(RESOURCE_TOPIC, "t", "max.message.bytes", "1048588", SOURCE_DEFAULT);
    set_config(RESOURCE_BROKER, "1", "num.partitions", "7"); /* never changes while a broker runs */
    expect_effective(RESOURCE_BROKER, "", "num.partitions", "1", SOURCE_DEFAULT);
    set_config(RESOURCE_BROKER, "", "cordoned.log.dirs", "*"); /* each broker has its own */
    expect_effective(RESOURCE_BROKER, "", "cordoned.log.dirs", "", SOURCE_DEFAULT);
    set_config(RESOURCE_BROKER, "1", "cordoned.log.dirs", "*");
    expect_effective(RESOURCE_BROKER, "", "cordoned.log.dirs", "*", SOURCE_DYNAMIC_BROKER);
}
END_TEST

START_TEST(times_below_the_least_are_passed_over)
{
    set_config(RESOURCE_BROKER, "1", "log.retention.ms", "0");
    expect_effective(RESOURCE_TOPIC, "t", "retention.ms", "604800000", SOURCE_DEFAULT);
    set_config(RESOURCE_BROKER, "1", "log.retention.ms", "-5"); /* for ever */
    expect_effective(RESOURCE_TOPIC, "t", "retention.ms", "-5", SOURCE_DYNAMIC_BROKER);
    set_config(RESOURCE_BROKER, "1", "log.roll.ms", "-5");
    expect_effective(RESOURCE_TOPIC, "t", "segment.ms", "604800000", SOURCE_DEFAULT);
    set_config(RESOURCE_BROKER, "1", "log.roll.jitter.ms", "-1");
    expect_effective(RESOURCE_TOPIC, "t", "segment.jitter.ms", "0", SOURCE_DEFAULT);
    set_config(RESOURCE_BROKER, "1", "log.roll.jitter.ms", "0");
    expect_effective(RESOURCE_TOPIC, "t", "segment.jitter.ms", "0", SOURCE_DYNAMIC_BROKER);
}
END_TEST

START_TEST(groups_fall_back_on_the_broker_and_client_metrics_do_not)
{
    set_fixed("group.consumer.session.timeout.ms", "50000");
    expect_effective(RESOURCE_GROUP, "g", "consumer.session.timeout.ms", "50000", SOURCE_STATIC_BROKER);
    set_config(RESOURCE_GROUP, "g", "consumer.session.timeout.ms", "46000");
    expect_effective(RESOURCE_GROUP, "g", "consumer.session.timeout.ms", "46000", SOURCE_GROUP);
    const struct config_def *timeout = find_config(RESOURCE_GROUP, SLICE("consumer.session.timeout.ms"));
    ck_assert_int_eq(config_number(&world.view, RESOURCE_GROUP, SLICE("g"), timeout), 46000);
    ck_assert_int_eq(config_number(&world.view, RESOURCE_GROUP, SLICE("h"), timeout), 50000);
    expect_effective(RESOURCE_CLIENT_METRICS, "m", "interval.ms", "300000", SOURCE_DEFAULT);
    set_config(RESOURCE_CLIENT_METRICS, "m", "interval.ms", "100");
    expect_effective(RESOURCE_CLIENT_METRICS, "m", "interval.ms", "100", SOURCE_CLIENT_METRICS);
}
END_TEST

static struct log_config resolve(const char *topic)
{
    struct log_config config;
    resolve_log_config(&world.view, slice_str(topic), &config);
    return config;
}

START_TEST(a_log_without_settings_has_kafkas_defaults_and_syncs_for_acks_all)
{
    struct log_config config = resolve("t");
    ck_assert_int_eq(config.segment_bytes, 1073741824);
    ck_assert_int_eq(config.segment_ms, 604800000);
    ck_assert_int_eq(config.segment_index_bytes, 10485760);
    ck_assert_int_eq(config.index_interval_bytes, 4096);
    ck_assert_int_eq(config.flush_messages, INT64_MAX);
    ck_assert_int_eq(config.flush_ms, INT64_MAX);
    ck_assert_int_eq(config.retention_bytes, -1);
    ck_assert_int_eq(config.retention_ms, 604800000);
    ck_assert_int_eq(config.max_compaction_lag_ms, INT64_MAX);
    ck_assert(config.min_cleanable_dirty_ratio == 0.5);
    ck_assert_int_eq(config.max_message_bytes, 1048588);
    ck_assert_int_eq(config.min_insync_replicas, 1);
    ck_assert_int_eq(config.message_timestamp_type, CREATE_TIME);
    ck_assert_int_eq(config.message_timestamp_after_max_ms, 3600000);
    ck_assert_int_eq(config.compression_type, COMPRESSION_PRODUCER);
    ck_assert_int_eq(config.compression_zstd_level, 3);
    ck_assert(config.cleanup_delete && !config.cleanup_compact && !config.preallocate);
    ck_assert(config.sync_acks_all);
    ck_assert_int_eq(config.producer_id_expiration_ms, 86400000);
}
END_TEST

START_TEST(a_logs_settings_come_from_the_topic_and_the_broker)
{
    set_fixed("log.retention.minutes", "-3");
    set_config(RESOURCE_TOPIC, "t", "cleanup.policy", " compact , delete ");
    set_config(RESOURCE_TOPIC, "t", "compression.type", "lz4");
    set_config(RESOURCE_TOPIC, "t", "message.timestamp.type", "LogAppendTime");
    set_config(RESOURCE_TOPIC, "t", "internal.segment.bytes", " 100 ");
    set_config(RESOURCE_TOPIC, "t", "preallocate", "TRUE");
    set_config(RESOURCE_TOPIC, "t", "min.cleanable.dirty.ratio", "0.25");
    set_config(RESOURCE_BROKER, "", "message.max.bytes", "7");
    set_config(RESOURCE_BROKER, "1", "log.roll.ms", "nonsense");
    struct log_config config = resolve("t");
    ck_assert_int_eq(config.retention_ms, -1);
    ck_assert(config.cleanup_delete && config.cleanup_compact);
    ck_assert_int_eq(config.compression_type, 3);
    ck_assert_int_eq(config.message_timestamp_type, LOG_APPEND_TIME);
    ck_assert_int_eq(config.segment_bytes, 100);
    ck_assert(config.preallocate);
    ck_assert(config.min_cleanable_dirty_ratio == 0.25);
    ck_assert_int_eq(config.max_message_bytes, 7);
    ck_assert_int_eq(config.segment_ms, 604800000);
    set_config(RESOURCE_TOPIC, "t", "cleanup.policy", "");
    config = resolve("t");
    ck_assert(!config.cleanup_delete && !config.cleanup_compact);
}
END_TEST

START_TEST(whoever_chooses_a_way_to_flush_gives_up_the_sync_of_acks_all)
{
    set_fixed("log.flush.scheduler.interval.ms", "9"); /* only how often is looked */
    ck_assert_int_eq(resolve("t").flush_ms, 9);
    ck_assert(resolve("t").sync_acks_all);
    set_fixed("log.flush.interval.messages", "9223372036854775807");
    ck_assert(!resolve("t").sync_acks_all);
    set_fixed("log.flush.interval.ms", "9");
    ck_assert(!resolve("t").sync_acks_all);
    world.fixed.count = 0;
    set_config(RESOURCE_TOPIC, "t", "flush.messages", "10");
    ck_assert(!resolve("t").sync_acks_all);
    ck_assert(resolve("u").sync_acks_all);
    set_config(RESOURCE_TOPIC, "u", "flush.ms", "10");
    ck_assert(!resolve("u").sync_acks_all);
    set_config(RESOURCE_BROKER, "", "log.flush.interval.messages", "1");
    ck_assert(!resolve("v").sync_acks_all);
}
END_TEST

/* ---- the page ---- */

START_TEST(docs_config_md_is_what_the_tables_print)
{
    char path[512];
    snprintf(path, sizeof path, "%s/docs", source_dir());
    struct slice file = read_file(path, "config.md");
    struct buf page = {0};
    config_print_docs(&page);
    ck_assert_msg(slice_equal(file, buf_slice(&page)),
                  "docs/config.md is out of date: odradek --print-config-docs");
    buf_fini(&page);
    free_file(file);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config_def");
    TCase *tests = tcase_create("configs");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, the_tables_say_what_kafka_says_of_every_config_and_of_no_other);
    tcase_add_test(tests, every_default_passes_its_own_check_and_every_synonym_is_a_broker_config);
    tcase_add_loop_test(tests, values_are_read_printed_and_refused_as_kafka_does, 0,
                        (int)(sizeof values / sizeof values[0]));
    tcase_add_test(tests, null_is_no_value_and_nobody_needs_the_parsed_form);
    tcase_add_test(tests, a_topic_config_is_looked_for_from_the_topic_to_the_default);
    tcase_add_test(tests, what_is_no_value_of_a_broker_hides_none_behind_it);
    tcase_add_test(tests, times_below_the_least_are_passed_over);
    tcase_add_test(tests, groups_fall_back_on_the_broker_and_client_metrics_do_not);
    tcase_add_test(tests, a_log_without_settings_has_kafkas_defaults_and_syncs_for_acks_all);
    tcase_add_test(tests, a_logs_settings_come_from_the_topic_and_the_broker);
    tcase_add_test(tests, whoever_chooses_a_way_to_flush_gives_up_the_sync_of_acks_all);
    tcase_add_test(tests, docs_config_md_is_what_the_tables_print);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
