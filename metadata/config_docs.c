/*
 * config_docs: a page of Markdown that says of every config what it is and whether it has an effect. A test
 * compares docs/config.md with it. Pure; any thread.
 */
#include "metadata/config_docs.h"

#include "metadata/config_def.h"

#include <math.h>
#include <stdlib.h>

enum { ROWS_MAX = 512 };

static const char *type_name(enum config_type type)
{
    static const char *const names[] = {"",     "boolean", "string", "int",   "short",
                                        "long", "double",  "list",   "class", "password"};
    return names[type];
}

static void print_choices(struct buf *page, const struct config_def *def)
{
    for (size_t i = 0; def->choices[i]; i++)
        buf_printf(page, "%s%s", i > 0 ? ", " : "", def->choices[i]);
    if (def->rule == RULE_ANY_CASE)
        buf_append_str(page, " (any case)");
}

static void print_range(struct buf *page, const struct config_def *def)
{
    if (isfinite(def->min) && isfinite(def->max))
        buf_printf(page, "%.15g to %.15g", def->min, def->max);
    else if (isfinite(def->min))
        buf_printf(page, "at least %.15g", def->min);
}

static void print_values(struct buf *page, const struct config_def *def)
{
    bool number = def->type == CONFIG_INT || def->type == CONFIG_SHORT || def->type == CONFIG_LONG
                  || def->type == CONFIG_DOUBLE;
    if (def->choices)
        print_choices(page, def);
    else if (def->rule == RULE_GZIP_LEVEL)
        buf_append_str(page, "1 to 9, or -1");
    else if (def->rule == RULE_NOT_EMPTY)
        buf_append_str(page, "not empty");
    else if (def->rule == RULE_REPLICAS)
        buf_append_str(page, "partition:broker, ... or \\*");
    else if (def->rule == RULE_OFFSET_RESET)
        buf_append_str(page, "latest, earliest, by_duration:P...");
    else if (number)
        print_range(page, def);
}

static void print_default(struct buf *page, const struct config_def *def)
{
    if (!def->default_value)
        buf_append_str(page, "");
    else if (strcmp(def->default_value, "9223372036854775807") == 0)
        buf_append_str(page, "2^63 - 1");
    else if (strcmp(def->default_value, "2147483647") == 0)
        buf_append_str(page, "2^31 - 1");
    else if (def->default_value[0] == '\0')
        buf_append_str(page, "(empty)");
    else
        buf_printf(page, "`%s`", def->default_value);
}

static void print_row(struct buf *page, const struct config_def *def)
{
    buf_printf(page, "| `%s` | %s | ", def->name, type_name(def->type));
    print_default(page, def);
    buf_append_str(page, " | ");
    print_values(page, def);
    buf_printf(page, " | %s", def->meaning);
    if (def->internal)
        buf_append_str(page, " (Kafka hides it.)");
}

static int by_name(const void *a, const void *b)
{
    const struct config_def *const *x = a;
    const struct config_def *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

/* The rows with this support, by name. */
static size_t select_rows(struct config_table table, enum config_support support,
                          const struct config_def **rows)
{
    size_t count = 0;
    for (size_t i = 0; i < table.count && count < ROWS_MAX; i++)
        if (table.defs[i].support == support)
            rows[count++] = &table.defs[i];
    qsort(rows, count, sizeof(struct config_def *), by_name);
    return count;
}

static void print_broker_section(struct buf *page, enum config_support support, const char *title,
                                 const char *text)
{
    static const char *const updates[] = {"restart", "per broker", "dynamic"};
    const struct config_def *rows[ROWS_MAX];
    size_t count = select_rows(config_table(RESOURCE_BROKER), support, rows);
    buf_printf(page, "\n## %s\n\n%s\n\n", title, text);
    buf_append_str(
        page,
        "| name | type | default | values | meaning | change |\n| --- | --- | --- | --- | --- | --- |\n");
    for (size_t i = 0; i < count; i++) {
        print_row(page, rows[i]);
        buf_printf(page, " | %s |\n", updates[rows[i]->update]);
    }
}

static void print_synonyms(struct buf *page, const struct config_def *def)
{
    for (size_t i = 0; def->synonyms && def->synonyms[i]; i++) {
        buf_printf(page, "%s`%s`", i > 0 ? ", " : "", def->synonyms[i]);
        if (def->synonym_factors[i] != 1)
            buf_printf(page, " (x %lld)", (long long)def->synonym_factors[i]);
    }
}

static void print_resource_section(struct buf *page, enum resource_type type, const char *title,
                                   const char *text)
{
    static const char *const supports[] = {"yes", "moot", "not yet"};
    struct config_table table = config_table(type);
    buf_printf(page, "\n## %s\n\n%s\n\n", title, text);
    buf_append_str(page,
                   "| name | type | default | values | meaning | honoured | the broker's default of it |\n"
                   "| --- | --- | --- | --- | --- | --- | --- |\n");
    for (size_t i = 0; i < table.count; i++) {
        print_row(page, &table.defs[i]);
        buf_printf(page, " | %s | ", supports[table.defs[i].support]);
        print_synonyms(page, &table.defs[i]);
        buf_append_str(page, " |\n");
    }
}

static const char introduction[] =
    "# Configuration\n"
    "\n"
    "Odradek reads Apache Kafka's own `server.properties`: its names, units, defaults and ranges are those "
    "of Kafka 4.3.\n"
    "This page is printed by `odradek --print-config-docs`; do not edit it.\n"
    "\n"
    "* A value that cannot be read or is out of range stops the start with one line that names the file and "
    "the line.\n"
    "* A key that nobody knows, or one that is known and not honoured yet, is named in a warning and changes "
    "nothing.\n"
    "* The last of two settings of a key counts; `--override key=value` counts more than the file.\n"
    "* Without a file: node 1, `listeners=PLAINTEXT://:9092,CONTROLLER://:9093`, data in `/tmp/kraft-combined-logs`. "
    "`process.roles` is\n"
    "  `broker,controller` unless the file says otherwise, and must be.\n"
    "* `--dev` presets what suits a laptop or a test suite, and says so at the start: it listens on "
    "127.0.0.1 only, does\n"
    "  not sync before it answers acks=all, starts groups without a delay, and keeps internal topics small.\n"
    "* An acks=all answer waits until the records are on stable storage, unless "
    "`log.flush.interval.messages`,\n"
    "  `log.flush.interval.ms`, `flush.messages` or `flush.ms` is set: then records are synced as those say, "
    "as in Kafka.\n"
    "* DescribeConfigs answers with these tables. Where a client asks for documentation, it gets the meaning "
    "as it stands\n"
    "  here. The loggers are the folders of the sources, from `root` and `odradek` to `odradek.server.coordinator`: a level\n"
    "  says from which on stderr gets the lines of one, and counts for the folders in it unless they have their own.\n"
    "* `super.users` (`User:a;User:b`) and `allow.everyone.if.no.acl.found` are in no table, as in Kafka: they "
    "belong to the\n"
    "  StandardAuthorizer, and mean nothing without it.\n"
    "* What changes while the broker runs: *dynamic* keys for one broker or for the whole cluster, *per "
    "broker* ones for\n"
    "  one broker, *restart* ones not at all. Those that are honoured count at once: the defaults of topics, the\n"
    "  cleaner's settings, `group.consumer.assignment.interval.ms`, `max.connections`, `max.connections.per.ip`,\n"
    "  `cordoned.log.dirs`; what was changed so counts at the next start too, more than server.properties.\n"
    "  Listeners do not change while Odradek runs. How far a number may move in one step (threads: at most twice\n"
    "  as many, or half as many) is as in Kafka, also of those that tune nothing here.\n";

void config_print_docs(struct buf *page)
{
    buf_append_str(page, introduction);
    print_resource_section(page, RESOURCE_TOPIC, "Topics",
                           "Set with CreateTopics and (Incremental)AlterConfigs.");
    print_broker_section(page, CONFIG_HONOURED, "The broker: honoured", "They do what Kafka's do.");
    print_broker_section(page, CONFIG_IGNORED, "The broker: not honoured yet",
                         "They are checked, and named in a warning when they are set.");
    print_broker_section(
        page, CONFIG_MOOT, "The broker: moot",
        "They tune what Odradek does not have or need. They are checked and silently accepted.");
    print_resource_section(page, RESOURCE_GROUP, "Groups",
                           "Checked, kept and described; a broker with groups will honour them.");
    print_resource_section(page, RESOURCE_CLIENT_METRICS, "Client metrics",
                           "Checked, kept and described; no client is asked for metrics yet.");
}
