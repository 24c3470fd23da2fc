/*
 * config_value: one config's value, checked and printed as Kafka's ConfigDef does it.
 *
 * 1. A message shows the value as it came where it cannot be read (untrimmed), and as it was read where it is
 * out of range, as Kafka's do.
 * 2. What does not fit a note is cut; nothing else depends on a value's length.
 *
 * Pure; any thread.
 */
#include "metadata/config_def.h"
#include "metadata/java_number.h"

#include <math.h>
#include <stdio.h>
#include <strings.h>

struct checked {
    const struct config_def *def;
    struct arena *arena;
    struct slice value;  /* as it came */
    struct slice parsed; /* out: as Kafka would print it */
    struct note *why;
};

static bool refuse(struct checked *check, struct slice shown, const char *reason)
{
    note_set(check->why, "Invalid value %.*s for configuration %s: %s", SLICE_ARGS(shown), check->def->name,
             reason);
    return false;
}

struct slice config_trim(struct slice value)
{
    while (value.len > 0 && value.data[0] <= ' ')
        value = slice_from(value, 1);
    while (value.len > 0 && value.data[value.len - 1] <= ' ')
        value.len--;
    return value;
}

int32_t config_split(struct slice value, struct arena *arena, struct slice **elements)
{
    value = config_trim(value);
    if (value.len == 0)
        return 0;
    int32_t commas = 0;
    for (size_t i = 0; i < value.len; i++)
        commas += value.data[i] == ',';
    *elements = arena_new_array(arena, struct slice, commas + 1);
    int32_t count = 0;
    size_t from = 0;
    for (size_t i = 0; i <= value.len; i++) {
        if (i < value.len && value.data[i] != ',')
            continue;
        (*elements)[count++] = config_trim(slice_of(value.data + from, i - from));
        from = i + 1;
    }
    return count;
}

/* "a, b" or "a,b". */
static struct slice join(const struct slice *elements, int32_t count, const char *between,
                         struct arena *arena)
{
    struct slice all = SLICE("");
    size_t len = 0;
    for (int32_t i = 0; i < count; i++)
        len += elements[i].len + strlen(between);
    if (count == 0)
        return all;
    uint8_t *text = arena_alloc(arena, len);
    size_t at = 0;
    for (int32_t i = 0; i < count; i++) {
        if (i > 0) {
            memcpy(text + at, between, strlen(between));
            at += strlen(between);
        }
        if (elements[i].len > 0)
            memcpy(text + at, elements[i].data, elements[i].len);
        at += elements[i].len;
    }
    return slice_of(text, at);
}

static struct slice join_choices(const struct config_def *def, struct arena *arena)
{
    int32_t count = 0;
    while (def->choices[count])
        count++;
    struct slice *names = arena_new_array(arena, struct slice, count);
    for (int32_t i = 0; i < count; i++)
        names[i] = slice_str(def->choices[i]);
    return join(names, count, ", ", arena);
}

static bool equals_any_case(struct slice a, const char *b)
{
    return a.len == strlen(b) && strncasecmp((const char *)a.data, b, a.len) == 0;
}

static bool check_choice(struct checked *check, struct slice value)
{
    const struct config_def *def = check->def;
    bool any_case = def->rule == RULE_ANY_CASE;
    for (const char *const *choice = def->choices; choice && *choice; choice++)
        if (slice_equal_str(value, *choice) || (any_case && equals_any_case(value, *choice)))
            return true;
    if (!def->choices)
        return true;
    struct slice names = join_choices(def, check->arena);
    struct slice reason = arena_printf(check->arena, "String must be one of%s: %.*s%c",
                                       any_case ? " (case insensitive)" : "", SLICE_ARGS(names), '\0');
    return refuse(check, value, (const char *)reason.data);
}

/* ---- numbers ---- */

static bool check_range(struct checked *check, double number, struct slice shown)
{
    const struct config_def *def = check->def;
    char reason[80];
    if (def->rule == RULE_GZIP_LEVEL) {
        bool good = number == -1 || (number >= 1 && number <= 9);
        return good || refuse(check, shown, "Value must be between 1 and 9 or equal to -1");
    }
    if (number < def->min) {
        snprintf(reason, sizeof reason, "Value must be at least %.15g", def->min);
        return refuse(check, shown, reason);
    }
    if (number > def->max) {
        snprintf(reason, sizeof reason, "Value must be no more than %.15g", def->max);
        return refuse(check, shown, reason);
    }
    return true;
}

static bool check_integer(struct checked *check, int64_t min, int64_t max, const char *type)
{
    int64_t number;
    if (!java_parse_long(config_trim(check->value), min, max, &number)) {
        char reason[40];
        snprintf(reason, sizeof reason, "Not a number of type %s", type);
        return refuse(check, check->value, reason);
    }
    check->parsed = arena_printf(check->arena, "%lld", (long long)number);
    return check_range(check, (double)number, check->parsed);
}

static bool check_double(struct checked *check)
{
    double number;
    if (!java_parse_double(check->value, &number))
        return refuse(check, check->value, "Not a number of type DOUBLE");
    check->parsed = java_format_double(number, check->arena);
    return check_range(check, number, check->parsed);
}

/* ---- texts ---- */

static bool check_boolean(struct checked *check)
{
    struct slice value = config_trim(check->value);
    check->parsed = equals_any_case(value, "true") ? SLICE("true") : SLICE("false");
    if (!equals_any_case(value, "true") && !equals_any_case(value, "false"))
        return refuse(check, check->value, "Expected value to be either true or false");
    return true;
}

/* PnDTnHnMn.nS as java.time reads it, and not negative: at least one part, in order. */
static bool is_duration(struct slice text)
{
    static const char units[] = "DTHMS"; /* D before the T, the others behind it */
    if (text.len < 3 || (text.data[0] | 0x20) != 'p')
        return false;
    size_t unit = 0;
    size_t at = 1;
    while (at < text.len) {
        if ((text.data[at] | 0x20) == 't') {
            if (unit > 1 || ++at == text.len)
                return false;
            unit = 2;
        }
        size_t digits = at;
        bool point = false;
        while (at < text.len && ((text.data[at] >= '0' && text.data[at] <= '9') || text.data[at] == '.')) {
            point = point || text.data[at] == '.';
            at++;
        }
        if (at == digits || at == text.len)
            return false;
        const char *found = strchr(units + unit, text.data[at] & ~0x20);
        if (!found || *found == 'T' || (unit == 0 && *found != 'D') || (point && *found != 'S'))
            return false;
        unit = (size_t)(found - units) + 1;
        at++;
    }
    return true;
}

static bool check_offset_reset(struct checked *check)
{
    struct slice prefix = SLICE("by_duration:");
    struct slice value = check->parsed;
    if (slice_equal_str(value, "latest") || slice_equal_str(value, "earliest"))
        return true;
    if (slice_starts_with(value, prefix) && is_duration(slice_from(value, prefix.len)))
        return true;
    note_set(check->why,
             "Invalid value %.*s for configuration %s: Invalid value `%.*s` for configuration %s. The value "
             "must be either "
             "'earliest', 'latest' or of the format 'by_duration:<PnDTnHnMn.nS>'.",
             SLICE_ARGS(value), check->def->name, SLICE_ARGS(value), check->def->name);
    return false;
}

static bool check_string(struct checked *check)
{
    check->parsed = config_trim(check->value);
    if (check->def->rule == RULE_NOT_EMPTY && check->parsed.len == 0)
        return refuse(check, check->parsed, "String must be non-empty");
    if (check->def->rule == RULE_OFFSET_RESET)
        return check_offset_reset(check);
    return check_choice(check, check->parsed);
}

/* ---- lists ---- */

/* Number, colon, number; or nothing at all, which Kafka lets pass. */
static bool is_replica(struct slice element)
{
    size_t colon = 0;
    size_t colons = 0;
    for (size_t i = 0; i < element.len; i++) {
        if (element.data[i] == ':') {
            colon = i;
            colons++;
        } else if (element.data[i] < '0' || element.data[i] > '9') {
            return false;
        }
    }
    return element.len == 0 || (colons == 1 && colon > 0 && colon + 1 < element.len);
}

static bool check_replicas(struct checked *check, const struct slice *elements, int32_t count)
{
    bool good = count == 1 && slice_equal_str(elements[0], "*");
    for (int32_t i = 0; !good; i++) {
        if (i == count)
            good = true;
        else if (!is_replica(elements[i]))
            break;
    }
    if (good)
        return true;
    struct slice list = join(elements, count, ", ", check->arena);
    struct slice shown = arena_printf(check->arena, "[%.*s]", SLICE_ARGS(list));
    char reason[200];
    snprintf(reason, sizeof reason,
             "%s must be the literal '*' or a list of replicas in the following format: "
             "[partitionId]:[brokerId],[partitionId]:[brokerId],...",
             check->def->name);
    return refuse(check, shown, reason);
}

static int32_t remove_duplicates(struct slice *elements, int32_t count)
{
    int32_t kept = 0;
    for (int32_t i = 0; i < count; i++) {
        int32_t j = 0;
        while (j < kept && !slice_equal(elements[j], elements[i]))
            j++;
        if (j == kept)
            elements[kept++] = elements[i];
    }
    return kept;
}

static bool check_elements(struct checked *check, const struct slice *elements, int32_t count)
{
    const struct config_def *def = check->def;
    if (count == 0 && def->rule == RULE_NOT_EMPTY) {
        if (!def->choices) {
            note_set(check->why,
                     "Configuration '%s' must not be empty. Valid values include: any non-empty value",
                     def->name);
            return false;
        }
        struct slice names = join_choices(def, check->arena);
        note_set(check->why, "Configuration '%s' must not be empty. Valid values include: [%.*s]", def->name,
                 SLICE_ARGS(names));
        return false;
    }
    for (int32_t i = 0; i < count; i++) {
        if (elements[i].len == 0) {
            note_set(check->why, "Configuration '%s' values must not be empty.", def->name);
            return false;
        }
        if (!check_choice(check, elements[i]))
            return false;
    }
    return true;
}

static bool check_list(struct checked *check)
{
    struct slice *elements = NULL;
    int32_t count = config_split(check->value, check->arena, &elements);
    bool plain = check->def->rule == RULE_PLAIN_LIST || check->def->rule == RULE_REPLICAS;
    if (!plain)
        count = remove_duplicates(elements, count);
    check->parsed = join(elements, count, ",", check->arena);
    if (check->def->rule == RULE_REPLICAS)
        return check_replicas(check, elements, count);
    return plain || check_elements(check, elements, count);
}

static bool check_type(struct checked *check)
{
    switch (check->def->type) {
    case CONFIG_BOOLEAN:
        return check_boolean(check);
    case CONFIG_INT:
        return check_integer(check, INT32_MIN, INT32_MAX, "INT");
    case CONFIG_SHORT:
        return check_integer(check, INT16_MIN, INT16_MAX, "SHORT");
    case CONFIG_LONG:
        return check_integer(check, INT64_MIN, INT64_MAX, "LONG");
    case CONFIG_DOUBLE:
        return check_double(check);
    case CONFIG_LIST:
        return check_list(check);
    case CONFIG_PASSWORD:
        check->parsed = SLICE("[hidden]");
        return true;
    case CONFIG_STRING:
    case CONFIG_CLASS:
        break;
    }
    return check_string(check);
}

bool config_check(const struct config_def *def, struct slice value, struct arena *arena, struct slice *parsed,
                  struct note *why)
{
    struct checked check = {.def = def, .arena = arena, .value = value, .parsed = SLICE_NULL, .why = why};
    bool good = slice_is_null(value) || check_type(&check);
    if (parsed)
        *parsed = check.parsed;
    return good;
}
