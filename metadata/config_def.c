/*
 * config_def: the tables. A row's columns are macros; each table has the columns it needs.
 *
 * Called from anywhere; constant data.
 */
#include "metadata/config_def.h"

#include <math.h>

/* ---- values allowed ---- */

#define TEXTS(...)           ((const char *const[]){__VA_ARGS__, NULL})
#define RANGE(from, to)      .min = (from), .max = (to)
#define ANY                  RANGE(-INFINITY, INFINITY)
#define FROM(number)         RANGE(number, INFINITY)
#define BETWEEN(from, to)    RANGE(from, to)
#define ONE_OF(...)          .choices = TEXTS(__VA_ARGS__)
#define ONE_OF_ANY_CASE(...) .choices = TEXTS(__VA_ARGS__), .rule = RULE_ANY_CASE
#define SOME_OF(...)         .choices = TEXTS(__VA_ARGS__), .rule = RULE_NOT_EMPTY
#define NOT_EMPTY            .rule = RULE_NOT_EMPTY
#define GZIP_LEVEL           RANGE(-INFINITY, INFINITY), .rule = RULE_GZIP_LEVEL
#define REPLICAS             .rule = RULE_REPLICAS
#define PLAIN_LIST           .rule = RULE_PLAIN_LIST
#define OFFSET_RESET         .rule = RULE_OFFSET_RESET

/* ---- synonyms ---- */

#define FACTORS(...)                   ((const int64_t[]){__VA_ARGS__})
#define NO_SYNONYM                     .synonyms = NULL
#define SYNONYM(a)                     .synonyms = TEXTS(a), .synonym_factors = FACTORS(1)
#define SYNONYMS2(a, fa, b, fb)        .synonyms = TEXTS(a, b), .synonym_factors = FACTORS(fa, fb)
#define SYNONYMS3(a, fa, b, fb, c, fc) .synonyms = TEXTS(a, b, c), .synonym_factors = FACTORS(fa, fb, fc)

/* ---- rows ---- */

#define ROW(name_, type_, default_, support_, meaning_)                                                 \
    .name = (name_), .type = CONFIG_##type_, .default_value = (default_), .support = CONFIG_##support_, \
    .meaning = (meaning_)

#define CONFIG(name, type, default_, values, support, synonyms, meaning) \
    {ROW(name, type, default_, support, meaning), .update = CONFIG_CLUSTER_WIDE, values, synonyms},
#define INTERNAL_CONFIG(name, type, default_, values, support, synonyms, meaning)                  \
    {ROW(name, type, default_, support, meaning), .update = CONFIG_CLUSTER_WIDE, values, synonyms, \
     .internal = true},

static const struct config_def topic_configs[] = {
#include "metadata/topic_config.def"
};

static const struct config_def group_configs[] = {
#include "metadata/group_config.def"
};

static const struct config_def client_metrics_configs[] = {
#include "metadata/client_metrics_config.def"
};

#undef CONFIG
#undef INTERNAL_CONFIG
#define CONFIG(name, type, default_, values, update_, support, meaning) \
    {ROW(name, type, default_, support, meaning), .update = CONFIG_##update_, values},
#define INTERNAL_CONFIG(name, type, default_, values, update_, support, meaning) \
    {ROW(name, type, default_, support, meaning), .update = CONFIG_##update_, values, .internal = true},

static const struct config_def broker_configs[] = {
#include "metadata/broker_config.def"
#include "metadata/security_config.def"
};

#define TABLE(array) ((struct config_table){(array), sizeof(array) / sizeof(array)[0]})

bool config_has_resource_type(int8_t type)
{
    return type == RESOURCE_TOPIC || type == RESOURCE_BROKER || type == RESOURCE_BROKER_LOGGER
           || type == RESOURCE_CLIENT_METRICS || type == RESOURCE_GROUP;
}

struct config_table config_table(enum resource_type type)
{
    switch (type) {
    case RESOURCE_TOPIC:
        return TABLE(topic_configs);
    case RESOURCE_BROKER:
        return TABLE(broker_configs);
    case RESOURCE_GROUP:
        return TABLE(group_configs);
    case RESOURCE_CLIENT_METRICS:
        return TABLE(client_metrics_configs);
    case RESOURCE_UNKNOWN:
    case RESOURCE_BROKER_LOGGER:
        break;
    }
    return (struct config_table){NULL, 0};
}

/* From end to end: 360 short compares cost less than a microsecond, and nothing on a request's hot path looks
 * up a name. */
const struct config_def *find_config(enum resource_type type, struct slice name)
{
    struct config_table table = config_table(type);
    for (size_t i = 0; i < table.count; i++)
        if (slice_equal_str(name, table.defs[i].name))
            return &table.defs[i];
    return NULL;
}

const struct config_def *find_topic_config(struct slice name)
{
    return find_config(RESOURCE_TOPIC, name);
}

const struct config_def *find_broker_config(struct slice name)
{
    return find_config(RESOURCE_BROKER, name);
}
