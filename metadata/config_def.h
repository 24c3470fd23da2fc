/*
 * config_def: every config that Apache Kafka 4.3 knows, as data: type, default, range, how it may change, and
 * whether Odradek honours it. One table serves parsing, validation, DescribeConfigs and docs/config.md.
 *
 * Everything here is constant or a pure function of its arguments: any thread, no locks. Implemented in
 * config_def.c (the tables), config_value.c (checking), config_taken.c (what a broker passes over) and
 * config_view.c (what is in force).
 */
#ifndef METADATA_CONFIG_DEF_H
#define METADATA_CONFIG_DEF_H

#include "metadata/image.h"
#include "protocol/base/arena.h"
#include "storage/log_config.h"
#include "storage/os/diag_level.h"

/* As DescribeConfigs numbers them. */
enum config_type {
    CONFIG_BOOLEAN = 1,
    CONFIG_STRING = 2,
    CONFIG_INT = 3,
    CONFIG_SHORT = 4,
    CONFIG_LONG = 5,
    CONFIG_DOUBLE = 6,
    CONFIG_LIST = 7,
    CONFIG_CLASS = 8,
    CONFIG_PASSWORD = 9,
};

enum config_update { CONFIG_READ_ONLY, CONFIG_PER_BROKER, CONFIG_CLUSTER_WIDE };

enum config_support {
    CONFIG_HONOURED, /* does what Kafka's does */
    CONFIG_MOOT,     /* tunes what Odradek does not have or need (threads, purgatories): silently accepted */
    CONFIG_IGNORED,  /* known, not honoured yet: named in a warning when set */
};

/* What a range or a list of choices cannot say. */
enum config_rule {
    RULE_NONE,
    RULE_NOT_EMPTY,    /* a string or list that must hold something */
    RULE_ANY_CASE,     /* one of the choices, in upper or lower case */
    RULE_GZIP_LEVEL,   /* 1 to 9, or -1 */
    RULE_REPLICAS,     /* "*", or partition:broker pairs */
    RULE_PLAIN_LIST,   /* a list whose elements are not compared with each other */
    RULE_OFFSET_RESET, /* latest, earliest, by_duration:P... */
};

struct config_def {
    const char *name;
    enum config_type type;
    const char *default_value;  /* NULL: null */
    double min, max;            /* numbers; -INFINITY and INFINITY: none (as Kafka, which compares doubles) */
    const char *const *choices; /* NULL-terminated, or NULL: any */
    enum config_rule rule;
    enum config_update update; /* of a broker's config; CLUSTER_WIDE for all others */
    enum config_support support;
    bool internal;                  /* Kafka hides it from DescribeConfigs unless set */
    const char *meaning;            /* one line, for docs/config.md and DescribeConfigs' documentation */
    const char *const *synonyms;    /* the broker's keys behind a topic's or group's, best first; or NULL */
    const int64_t *synonym_factors; /* what each synonym's number is multiplied by: 1, 60000, 3600000 */
};

struct config_table {
    const struct config_def *defs;
    size_t count;
};

/* Whether a request's number is that of a resource that has configs: of enum resource_type, but UNKNOWN. */
bool config_has_resource_type(int8_t type);

/* Topic, broker, group and client metrics have one; the count is 0 for other types. */
struct config_table config_table(enum resource_type type);
const struct config_def *find_config(enum resource_type type, struct slice name);
const struct config_def *find_topic_config(struct slice name);
const struct config_def *find_broker_config(struct slice name);

static inline bool config_is_sensitive(const struct config_def *def)
{
    return def->type == CONFIG_PASSWORD;
}

/* Of a broker's configs: those that Kafka changes on a running broker and we do not, as sockets are bound
 * once; those that stand behind a listener's name only; those that no default of the cluster can say. */
bool config_is_bound_once(const struct config_def *def);
bool config_is_listener_secret(const struct config_def *def);
bool config_is_per_broker(const struct config_def *def);

/* Checks a value as Kafka's ConfigDef does; the note gets Kafka's text ("Invalid value x for configuration y:
 * Not a number of type LONG"). The value as Kafka would print it once parsed (trimmed, 1 -> 1.0 for a DOUBLE,
 * list elements trimmed and without duplicates; a PASSWORD is [hidden]) goes to *parsed (in the arena, or
 * borrowed from the value), which may be NULL. A null value is accepted and stays null. */
bool config_check(const struct config_def *def, struct slice value, struct arena *arena, struct slice *parsed,
                  struct note *why);

/* Whether a time of a broker's config is not below the least that no range tells of: what Kafka's broker
 * says when it makes its settings anew, in its text. */
bool config_check_least(struct slice name, struct slice value, struct note *why);

/* The names of those times, in the order in which Kafka looks at them; NULL behind the last one. */
const char *config_time_with_least(size_t at);

/* The elements of a LIST as Kafka splits it, trimmed; none for the empty text. In the arena, borrowing. */
int32_t config_split(struct slice value, struct arena *arena, struct slice **elements);

/* As Java's trim(). */
struct slice config_trim(struct slice value);

/* Where a value comes from, as DescribeConfigs numbers it. */
enum config_source {
    SOURCE_TOPIC = 1,
    SOURCE_DYNAMIC_BROKER = 2,
    SOURCE_DYNAMIC_DEFAULT_BROKER = 3,
    SOURCE_STATIC_BROKER = 4,
    SOURCE_DEFAULT = 5,
    SOURCE_DYNAMIC_BROKER_LOGGER = 6,
    SOURCE_CLIENT_METRICS = 7,
    SOURCE_GROUP = 8,
};

/* The broker's own settings from server.properties, by name (a config_set with type BROKER, or NULL); all
 * borrowed. */
struct config_view {
    const struct image *image;
    const struct config_set *static_configs;
    int32_t node_id;
    const enum diag_level *log_levels; /* in force, by enum diag_area; NULL: they are not asked for */
};

/* The sets in which a broker's config is looked for, best first; each may be NULL. */
struct broker_config_sets {
    const struct config_set *dynamic;         /* this broker's own */
    const struct config_set *dynamic_default; /* the cluster's */
    const struct config_set *fixed;           /* server.properties */
};

struct broker_config_sets config_broker_sets(const struct config_view *view);

/* The entry of this name in a set (which may be NULL) whose values come from `source`; NULL if there is none,
 * or if it is one of a broker's dynamic values that is passed over as if it were not there: of a key that
 * cannot change while a broker runs, or no value of its key. */
const struct config_entry *config_find_taken(const struct config_set *set, struct slice name,
                                             enum config_source source);

/* The value in force, as it was written (not trimmed), and where it comes from; null and SOURCE_DEFAULT where
 * the default is null. The synonyms of a topic's or group's config are looked through, and their numbers
 * multiplied (in the arena). `resource` of a BROKER does not matter: it is this node. */
struct slice config_effective(const struct config_view *view, enum resource_type type, struct slice resource,
                              const struct config_def *def, struct arena *arena, enum config_source *source);

/* The number in force of a config that is one, as consumer.session.timeout.ms of a group: its own override,
 * else what the broker says for all, else the default. A value that cannot be read counts as not set. */
int64_t config_number(const struct config_view *view, enum resource_type type, struct slice resource,
                      const struct config_def *def);

/* The same of the broker's own config of this name, which must be one. */
int64_t config_broker_number(const struct config_view *view, const char *name);

/* A topic's settings resolved into what its logs need. A value that cannot be read counts as not set. */
void resolve_log_config(const struct config_view *view, struct slice topic, struct log_config *config);

#endif
