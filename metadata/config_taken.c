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

/* In range, and every record would go: Kafka says no to it only when it makes its settings anew. */
static bool deletes_all(const struct config_def *def, struct slice value)
{
    int64_t number;
    bool by_time = strcmp(def->name, "log.retention.ms") == 0 || strcmp(def->name, "log.roll.ms") == 0;
    return by_time && java_parse_long(config_trim(value), 0, 0, &number);
}

static bool is_taken(const struct config_entry *entry, bool cluster_default)
{
    const struct config_def *def = find_broker_config(entry->name);
    if (def == NULL)
        return true; /* who does not know it tells of it */
    return def->update != CONFIG_READ_ONLY && !config_is_listener_secret(def)
           && !(cluster_default && config_is_per_broker(def)) && is_value(def, entry->value)
           && !deletes_all(def, entry->value);
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
