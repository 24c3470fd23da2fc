/*
 * config_taken: which of the values that the cluster log has for a broker the broker goes by.
 *
 * The controller's listener stores what a broker would have refused (KIP-919), and so may another release's
 * controller. Apache Kafka's brokers pass over each value that is none by itself and go by the others; nobody
 * is told of it but their log. README.md says what is done otherwise.
 *
 * Pure; the caller holds the image still.
 */
#include "metadata/config_def.h"
#include "metadata/cordoned_dirs.h"
#include "metadata/java_number.h"

bool config_is_bound_once(const struct config_def *def)
{
    return strcmp(def->name, "listeners") == 0 || strcmp(def->name, "listener.security.protocol.map") == 0;
}

bool config_is_listener_secret(const struct config_def *def)
{
    return strncmp(def->name, "ssl.keystore.", 13) == 0 || strncmp(def->name, "ssl.truststore.", 15) == 0
           || strcmp(def->name, "ssl.key.password") == 0;
}

bool config_is_per_broker(const struct config_def *def)
{
    return config_is_bound_once(def) || strcmp(def->name, CORDONED_LOG_DIRS) == 0;
}

static bool is_value(const struct config_def *def, struct slice value)
{
    struct arena arena;
    struct note ignored = {{0}};
    arena_init(&arena, SIZE_MAX);
    bool good = config_check(def, value, &arena, NULL, &ignored);
    arena_fini(&arena);
    return good;
}

/* In Kafka's order. */
static const struct {
    const char *name;
    int64_t least;
    bool unlimited; /* negative: never */
} times[] = {
    {"log.retention.ms", 1, true},
    {"log.roll.ms", 1, false},
    {"log.roll.jitter.ms", 0, false},
};

const char *config_time_with_least(size_t at)
{
    return at < sizeof times / sizeof times[0] ? times[at].name : NULL;
}

bool config_check_least(struct slice name, struct slice value, struct note *why)
{
    int64_t number;
    if (slice_is_null(value) || !java_parse_long(config_trim(value), INT64_MIN, INT64_MAX, &number))
        return true;
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        if (!slice_equal_str(name, times[i].name) || number >= times[i].least
            || (times[i].unlimited && number < 0))
            continue;
        note_set(why, "requirement failed: %s must be %sgreater than or equal to %lld", times[i].name,
                 times[i].unlimited ? "unlimited (-1) or, " : "", (long long)times[i].least);
        return false;
    }
    return true;
}

static bool is_taken(const struct config_entry *entry, bool cluster_default)
{
    struct note ignored = {{0}};
    const struct config_def *def = find_broker_config(entry->name);
    if (def == NULL)
        return true; /* who does not know it tells of it */
    return def->update != CONFIG_READ_ONLY && !config_is_listener_secret(def)
           && !(cluster_default && config_is_per_broker(def)) && is_value(def, entry->value)
           && config_check_least(entry->name, entry->value, &ignored);
}

const struct config_entry *config_find_taken(const struct config_set *set, struct slice name,
                                             enum config_source source)
{
    const struct config_entry *entry = config_set_find(set, name);
    bool dynamic = source == SOURCE_DYNAMIC_BROKER || source == SOURCE_DYNAMIC_DEFAULT_BROKER;
    if (entry == NULL || !dynamic)
        return entry;
    return is_taken(entry, source == SOURCE_DYNAMIC_DEFAULT_BROKER) ? entry : NULL;
}
