/*
 * reconfiguration: see the header. Kafka makes the settings anew and asks each part of the broker whether it
 * takes them; the texts are those of the exception within the exception.
 *
 * Pure; any thread.
 */
#include "metadata/controller/reconfiguration.h"

#include "metadata/java_number.h"

#include <stdio.h>

enum { CLEANER_MEMORY_MIN = 1 << 20 };

struct reconfiguration {
    struct broker_config_sets before;
    struct broker_config_sets after;
};

/* Among the sets. */
static const struct config_entry *find_in(const struct broker_config_sets *sets, const char *name)
{
    const struct config_entry *entry =
        config_find_taken(sets->dynamic, slice_str(name), SOURCE_DYNAMIC_BROKER);
    if (entry == NULL)
        entry = config_find_taken(sets->dynamic_default, slice_str(name), SOURCE_DYNAMIC_DEFAULT_BROKER);
    return entry != NULL ? entry : config_set_find(sets->fixed, slice_str(name));
}

/* In force among the sets. */
static int64_t number_in(const struct broker_config_sets *sets, const char *name)
{
    const struct config_def *def = find_broker_config(slice_str(name));
    const struct config_entry *entry = find_in(sets, name);
    int64_t number;
    if (entry && java_parse_long(config_trim(entry->value), INT64_MIN, INT64_MAX, &number))
        return number;
    number = 0;
    java_parse_long(slice_str(def->default_value), INT64_MIN, INT64_MAX, &number);
    return number;
}

static bool changes(const struct reconfiguration *reconfiguration, const char *name)
{
    return number_in(&reconfiguration->before, name) != number_in(&reconfiguration->after, name);
}

__attribute__((format(printf, 2, 3))) static enum kerr refuse(struct note *why, const char *format, ...)
{
    struct note reason;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason.text, sizeof reason.text, format, arguments);
    va_end(arguments);
    note_set(why,
             "Invalid value org.apache.kafka.common.config.ConfigException: %.*s for configuration Invalid "
             "dynamic configuration",
             NOTE_SIZE - 120, reason.text);
    return KERR_INVALID_REQUEST;
}

/* ---- threads ---- */

/* At most twice as many, or half as many, in one step. Odradek has none of them. */
static enum kerr check_thread_pool(const struct reconfiguration *reconfiguration, const char *name,
                                   struct note *why)
{
    static const char failed[] = "Dynamic thread count update validation failed for";
    long long before = number_in(&reconfiguration->before, name);
    long long after = number_in(&reconfiguration->after, name);
    if (after == before)
        return KERR_NONE;
    if (after <= 0)
        return refuse(why, "%s %s=%lld, value should be at least 1", failed, name, after);
    if (after < before / 2)
        return refuse(why, "%s %s=%lld, value should be at least half the current value %lld", failed, name,
                      after, before);
    if (after > before * 2)
        return refuse(why, "%s %s=%lld, value should not be greater than double the current value %lld",
                      failed, name, after, before);
    return KERR_NONE;
}

static enum kerr check_thread_pools(const struct reconfiguration *reconfiguration, struct note *why)
{
    static const char *const pools[] = {
        "background.threads",
        "num.io.threads",
        "num.network.threads",
        "num.recovery.threads.per.data.dir",
        "num.replica.fetchers",
        "remote.log.manager.copier.thread.pool.size",
        "remote.log.manager.expiration.thread.pool.size",
        "remote.log.manager.follower.thread.pool.size",
        "remote.log.reader.threads",
    };
    enum kerr error = KERR_NONE;
    for (size_t i = 0; i < sizeof pools / sizeof pools[0] && error == KERR_NONE; i++)
        error = check_thread_pool(reconfiguration, pools[i], why);
    return error;
}

static enum kerr check_cleaner_threads(const struct reconfiguration *reconfiguration, struct note *why)
{
    long long before = number_in(&reconfiguration->before, "log.cleaner.threads");
    long long after = number_in(&reconfiguration->after, "log.cleaner.threads");
    if (after == before)
        return KERR_NONE;
    if (after < before / 2)
        return refuse(why, "Log cleaner threads cannot be reduced to less than half the current value %lld",
                      before);
    if (after > before * 2)
        return refuse(why,
                      "Log cleaner threads cannot be increased to more than double the current value %lld",
                      before);
    return KERR_NONE;
}

/* ---- the others ---- */

bool check_cleaner_memory(int64_t dedupe_buffer_bytes, int64_t threads, struct note *why)
{
    if (threads == 0)
        note_set(why, "/ by zero"); /* that is what Kafka says */
    else if (dedupe_buffer_bytes / threads <= CLEANER_MEMORY_MIN)
        note_set(why, "log.cleaner.dedupe.buffer.size must be at least 1MB per cleaner thread.");
    else
        return true;
    return false;
}

static enum kerr check_cleaner(const struct reconfiguration *reconfiguration, struct note *why)
{
    static const char buffer[] = "log.cleaner.dedupe.buffer.size";
    static const char threads[] = "log.cleaner.threads";
    const struct broker_config_sets *after = &reconfiguration->after;
    if (!changes(reconfiguration, buffer) && !changes(reconfiguration, threads))
        return KERR_NONE;
    if (check_cleaner_memory(number_in(after, buffer), number_in(after, threads), why))
        return KERR_NONE;
    if (number_in(after, threads) != 0)
        note_prefix(why, "requirement failed");
    return KERR_INVALID_REQUEST;
}

static bool has_overrides_per_ip(const struct broker_config_sets *sets)
{
    const struct config_entry *entry = find_in(sets, "max.connections.per.ip.overrides");
    return entry != NULL && config_trim(entry->value).len > 0;
}

static enum kerr check_connections(const struct reconfiguration *reconfiguration, struct note *why)
{
    static const char *const positive[] = {"max.connections", "max.connection.creation.rate"};
    const struct broker_config_sets *after = &reconfiguration->after;
    if (number_in(after, "max.connections.per.ip") == 0 && changes(reconfiguration, "max.connections.per.ip")
        && !has_overrides_per_ip(after)) {
        note_set(why, "requirement failed: max.connections.per.ip can be set to zero only if "
                      "max.connections.per.ip.overrides property is set.");
        return KERR_INVALID_REQUEST;
    }
    for (size_t i = 0; i < sizeof positive / sizeof positive[0]; i++)
        if (changes(reconfiguration, positive[i]) && number_in(after, positive[i]) <= 0)
            return refuse(why, "Invalid %s %lld", positive[i], (long long)number_in(after, positive[i]));
    return KERR_NONE;
}

/* ---- groups ---- */

/* A dynamic interval stays within its fixed bounds. */
static enum kerr check_assignment_interval(const struct reconfiguration *reconfiguration, const char *kind,
                                           struct note *why)
{
    const struct broker_config_sets *after = &reconfiguration->after;
    char name[64], min[64], max[64];
    snprintf(name, sizeof name, "group.%s.assignment.interval.ms", kind);
    snprintf(min, sizeof min, "group.%s.min.assignment.interval.ms", kind);
    snprintf(max, sizeof max, "group.%s.max.assignment.interval.ms", kind);
    if (!changes(reconfiguration, name))
        return KERR_NONE;
    if (number_in(after, name) < number_in(after, min))
        note_set(why, "%s must be greater than or equal to %s", name, min);
    else if (number_in(after, name) > number_in(after, max))
        note_set(why, "%s must be less than or equal to %s", name, max);
    else
        return KERR_NONE;
    return KERR_INVALID_REQUEST;
}

static enum kerr check_groups(const struct reconfiguration *reconfiguration, struct note *why)
{
    static const char *const kinds[] = {"consumer", "share", "streams"}; /* in Kafka's order */
    enum kerr error = KERR_NONE;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && error == KERR_NONE; i++)
        error = check_assignment_interval(reconfiguration, kinds[i], why);
    return error;
}

enum kerr check_reconfiguration(const struct controller *controller, const struct overrides *after,
                                bool cluster_default, struct note *why)
{
    struct config_set set = {.resource_type = RESOURCE_BROKER,
                             .resource_name = SLICE(""),
                             .entries = after->entries,
                             .count = after->count};
    struct reconfiguration reconfiguration = {.before = config_broker_sets(controller->configs)};
    reconfiguration.after = reconfiguration.before;
    if (cluster_default)
        reconfiguration.after.dynamic_default = &set;
    else
        reconfiguration.after.dynamic = &set;
    enum kerr error = check_groups(&reconfiguration, why);
    if (error == KERR_NONE)
        error = check_cleaner(&reconfiguration, why);
    if (error == KERR_NONE)
        error = check_cleaner_threads(&reconfiguration, why);
    if (error == KERR_NONE)
        error = check_connections(&reconfiguration, why);
    return error == KERR_NONE ? check_thread_pools(&reconfiguration, why) : error;
}
