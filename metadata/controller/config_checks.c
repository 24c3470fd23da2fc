/*
 * config_checks: see the header. Where several values are wrong, the first by name is told; Kafka's order is
 * that of its hash tables.
 *
 * Pure; any thread.
 */
#include "metadata/controller/config_checks.h"

#include "metadata/cordoned_dirs.h"
#include "metadata/java_number.h"

#include <stdio.h>

/* ---- sets ---- */

/* The first entry whose name is not below `name`. */
static int32_t place_of(const struct overrides *overrides, struct slice name)
{
    int32_t low = 0;
    int32_t high = overrides->count;
    while (low < high) {
        int32_t middle = low + (high - low) / 2;
        if (slice_compare(overrides->entries[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool has_at(const struct overrides *overrides, int32_t at, struct slice name)
{
    return at < overrides->count && slice_equal(overrides->entries[at].name, name);
}

void overrides_set(struct overrides *overrides, struct slice name, struct slice value)
{
    int32_t at = place_of(overrides, name);
    if (!has_at(overrides, at, name)) {
        memmove(&overrides->entries[at + 1], &overrides->entries[at],
                sizeof overrides->entries[0] * (size_t)(overrides->count - at));
        overrides->count++;
    }
    overrides->entries[at] = (struct config_entry){name, value};
}

void overrides_remove(struct overrides *overrides, struct slice name)
{
    int32_t at = place_of(overrides, name);
    if (!has_at(overrides, at, name))
        return;
    overrides->count--;
    memmove(&overrides->entries[at], &overrides->entries[at + 1],
            sizeof overrides->entries[0] * (size_t)(overrides->count - at));
}

static struct slice value_of(const struct overrides *overrides, const char *name)
{
    int32_t at = place_of(overrides, slice_str(name));
    return has_at(overrides, at, slice_str(name)) ? overrides->entries[at].value : SLICE_NULL;
}

/* The override, else the default. */
static int64_t number_of(const struct overrides *overrides, const struct config_def *def)
{
    struct slice value = value_of(overrides, def->name);
    int64_t number = 0;
    java_parse_long(config_trim(slice_is_null(value) ? slice_str(def->default_value) : value), INT64_MIN,
                    INT64_MAX, &number);
    return number;
}

/* ---- what all have in common ---- */

/* The values of the names that are known. */
static enum kerr check_each(const struct controller *controller, enum resource_type type,
                            const struct overrides *overrides, struct note *why)
{
    for (int32_t i = 0; i < overrides->count; i++) {
        const struct config_def *def = find_config(type, overrides->entries[i].name);
        if (def && !config_check(def, overrides->entries[i].value, controller->arena, NULL, why))
            return KERR_INVALID_CONFIG;
    }
    return KERR_NONE;
}

static const struct config_entry *find_unknown(enum resource_type type, const struct overrides *overrides)
{
    for (int32_t i = 0; i < overrides->count; i++)
        if (!find_config(type, overrides->entries[i].name))
            return &overrides->entries[i];
    return NULL;
}

/* ---- topics ---- */

static bool is_true(struct slice value)
{
    return config_trim(value).len == 4; /* checked: true or false, in any case */
}

/* The lags as they would be in force: a topic's own, else the broker's. */
static int64_t effective_number(const struct controller *controller, const struct overrides *overrides,
                                const char *name)
{
    const struct config_def *def = find_topic_config(slice_str(name));
    if (!slice_is_null(value_of(overrides, name)))
        return number_of(overrides, def);
    enum config_source source;
    int64_t number = 0;
    struct slice value =
        config_effective(controller->configs, RESOURCE_TOPIC, SLICE(""), def, controller->arena, &source);
    java_parse_long(config_trim(value), INT64_MIN, INT64_MAX, &number);
    return number;
}

enum kerr check_topic_configs(const struct controller *controller, const struct overrides *overrides,
                              struct note *why)
{
    const struct config_entry *unknown = find_unknown(RESOURCE_TOPIC, overrides);
    if (unknown) {
        note_set(why, "Unknown topic config name: %.*s", SLICE_ARGS(unknown->name));
        return KERR_INVALID_CONFIG;
    }
    enum kerr error = check_each(controller, RESOURCE_TOPIC, overrides, why);
    if (error != KERR_NONE)
        return error;
    int64_t min_lag = effective_number(controller, overrides, "min.compaction.lag.ms");
    int64_t max_lag = effective_number(controller, overrides, "max.compaction.lag.ms");
    if (min_lag > max_lag) {
        note_set(why,
                 "conflict topic config setting min.compaction.lag.ms (%lld) > max.compaction.lag.ms (%lld)",
                 (long long)min_lag, (long long)max_lag);
        return KERR_INVALID_CONFIG;
    }
    struct slice remote = value_of(overrides, "remote.storage.enable");
    if (!slice_is_null(remote) && is_true(remote)) {
        note_set(why, "Tiered Storage functionality is disabled in the broker. "
                      "Topic cannot be configured with remote log storage.");
        return KERR_INVALID_CONFIG;
    }
    return KERR_NONE;
}

/* ---- groups ---- */

/* "consumer.session.timeout.ms" -> "group.consumer.min.session.timeout.ms". */
static const struct config_def *find_bound(const char *name, const char *bound)
{
    char key[128];
    const char *dot = strchr(name, '.');
    const char *rest = strcmp(name, "streams.num.standby.replicas") == 0 ? ".standby.replicas" : dot;
    snprintf(key, sizeof key, "group.%.*s.%s%s", (int)(dot - name), name, bound, rest);
    return find_broker_config(slice_str(key));
}

static int64_t broker_number(const struct controller *controller, const struct config_def *def)
{
    enum config_source source;
    int64_t number = 0;
    struct slice value =
        config_effective(controller->configs, RESOURCE_BROKER, SLICE(""), def, controller->arena, &source);
    java_parse_long(config_trim(value), INT64_MIN, INT64_MAX, &number);
    return number;
}

static enum kerr check_bounds(const struct controller *controller, const struct overrides *overrides,
                              const struct config_def *def, struct note *why)
{
    const struct config_def *min = find_bound(def->name, "min");
    const struct config_def *max = find_bound(def->name, "max");
    int64_t number = number_of(overrides, def);
    if (min && number < broker_number(controller, min)) {
        note_set(why, "%s must be greater than or equal to %s", def->name, min->name);
        return KERR_INVALID_CONFIG;
    }
    if (max && number > broker_number(controller, max)) {
        note_set(why, "%s must be less than or equal to %s", def->name, max->name);
        return KERR_INVALID_CONFIG;
    }
    return KERR_NONE;
}

enum kerr check_group_configs(const struct controller *controller, const struct overrides *overrides,
                              struct note *why)
{
    const struct config_entry *unknown = find_unknown(RESOURCE_GROUP, overrides);
    if (unknown) {
        note_set(why, "Unknown group config name: %.*s", SLICE_ARGS(unknown->name));
        return KERR_INVALID_CONFIG;
    }
    enum kerr error = check_each(controller, RESOURCE_GROUP, overrides, why);
    for (int32_t i = 0; i < overrides->count && error == KERR_NONE; i++)
        error =
            check_bounds(controller, overrides, find_config(RESOURCE_GROUP, overrides->entries[i].name), why);
    return error;
}

/* ---- client metrics ---- */

/* Brackets that close, nothing repeated that is not there: what fails here is a pattern in no dialect. */
static bool is_plausible_pattern(struct slice pattern)
{
    int32_t depth = 0;
    bool in_class = false;
    for (size_t i = 0; i < pattern.len; i++) {
        uint8_t c = pattern.data[i];
        if (c == '\\')
            i++;
        else if (in_class)
            in_class = c != ']';
        else if (c == '[')
            in_class = true;
        else if (c == '(')
            depth++;
        else if ((c == ')' && --depth < 0) || (i == 0 && (c == '*' || c == '+' || c == '?')))
            return false;
    }
    return !in_class && depth == 0 && pattern.len > 0 && pattern.data[pattern.len - 1] != '\\';
}

/* selector=pattern, with exactly one '='. */
static bool is_match(struct slice element)
{
    static const char *const selectors[] = {"client_instance_id",    "client_id",
                                            "client_software_name",  "client_software_version",
                                            "client_source_address", "client_source_port"};
    const uint8_t *equals = element.len > 0 ? memchr(element.data, '=', element.len) : NULL;
    if (!equals)
        return false;
    struct slice selector = config_trim(slice_of(element.data, (size_t)(equals - element.data)));
    struct slice pattern = config_trim(slice_from(element, (size_t)(equals - element.data) + 1));
    if (pattern.len == 0 || memchr(pattern.data, '=', pattern.len) || !is_plausible_pattern(pattern))
        return false;
    for (size_t i = 0; i < sizeof selectors / sizeof selectors[0]; i++)
        if (slice_equal_str(selector, selectors[i]))
            return true;
    return false;
}

static enum kerr check_match(const struct controller *controller, struct slice value, struct note *why)
{
    struct slice *elements = NULL;
    int32_t count = slice_is_null(value) ? 0 : config_split(value, controller->arena, &elements);
    for (int32_t i = 0; i < count; i++) {
        if (is_match(elements[i]))
            continue;
        note_set(why, "Illegal client matching pattern: %.*s", SLICE_ARGS(elements[i]));
        return KERR_INVALID_CONFIG;
    }
    return KERR_NONE;
}

enum kerr check_client_metrics_configs(const struct controller *controller, const struct overrides *overrides,
                                       struct note *why)
{
    const struct config_entry *unknown = find_unknown(RESOURCE_CLIENT_METRICS, overrides);
    if (unknown) {
        note_set(why, "Unknown client metrics configuration: %.*s", SLICE_ARGS(unknown->name));
        return KERR_INVALID_REQUEST;
    }
    enum kerr error = check_each(controller, RESOURCE_CLIENT_METRICS, overrides, why);
    if (error != KERR_NONE)
        return error;
    int64_t interval_ms = number_of(overrides, find_config(RESOURCE_CLIENT_METRICS, SLICE("interval.ms")));
    if (interval_ms < 100 || interval_ms > 3600000) {
        note_set(why, "Invalid value %lld for interval.ms, interval must be between 100 and 3600000 (1 hour)",
                 (long long)interval_ms);
        return KERR_INVALID_REQUEST;
    }
    return check_match(controller, value_of(overrides, "match"), why);
}

/* ---- brokers ---- */

static bool is_read_only(const struct config_def *def)
{
    return def->update == CONFIG_READ_ONLY;
}

/* Refuses the known names that the test finds, all in one list. */
static enum kerr refuse_names(const struct controller *controller, const struct overrides *overrides,
                              bool test(const struct config_def *def), const char *text, struct note *why)
{
    struct slice names = SLICE("");
    for (int32_t i = 0; i < overrides->count; i++) {
        const struct config_def *def = find_broker_config(overrides->entries[i].name);
        if (def && test(def))
            names = arena_printf(controller->arena, "%.*s%s%s", SLICE_ARGS(names), names.len > 0 ? ", " : "",
                                 def->name);
    }
    if (names.len == 0)
        return KERR_NONE;
    note_set(why, "%s: [%.*s]", text, SLICE_ARGS(names));
    return KERR_INVALID_REQUEST;
}

static enum kerr check_times(const struct overrides *overrides, struct note *why)
{
    const char *name;
    for (size_t i = 0; (name = config_time_with_least(i)) != NULL; i++)
        if (!config_check_least(slice_str(name), value_of(overrides, name), why))
            return KERR_INVALID_REQUEST;
    return KERR_NONE;
}

static enum kerr check_cordoned(const struct controller *controller, const struct overrides *overrides,
                                struct note *why)
{
    struct slice value = value_of(overrides, CORDONED_LOG_DIRS);
    if (slice_is_null(value)
        || cordoned_dirs_check(value, controller->configs->static_configs, controller->arena, why))
        return KERR_NONE;
    note_prefix(why, "requirement failed");
    return KERR_INVALID_REQUEST;
}

enum kerr check_broker_configs(const struct controller *controller, const struct overrides *changed,
                               bool cluster_default, struct note *why)
{
    static const char fixed[] = "Cannot update these configs dynamically";
    enum kerr error = refuse_names(controller, changed, is_read_only, fixed, why);
    if (error == KERR_NONE)
        error = refuse_names(
            controller, changed, config_is_listener_secret,
            "These security configs can be dynamically updated only per-listener using the listener "
            "prefix",
            why);
    if (error == KERR_NONE && check_each(controller, RESOURCE_BROKER, changed, why) != KERR_NONE)
        error = KERR_INVALID_REQUEST;
    if (error == KERR_NONE && cluster_default)
        error = refuse_names(
            controller, changed, config_is_per_broker,
            "Cannot update these configs at default cluster level, broker id must be specified", why);
    if (error == KERR_NONE)
        error = refuse_names(controller, changed, config_is_bound_once, fixed, why);
    if (error == KERR_NONE)
        error = check_times(changed, why);
    if (error == KERR_NONE)
        error = check_cordoned(controller, changed, why);
    return error;
}
