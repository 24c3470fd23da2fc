/*
 * config_groups: what Kafka checks of the settings of groups beyond single values, with its words. It refuses
 * at the start what no group could ever do with.
 */
#include "server/config_parts.h"

enum relation { AT_LEAST, AT_MOST, BELOW };

struct bound {
    const char *name;
    enum relation relation;
    const char *other;
};

/* In the order in which Kafka looks. */
static const struct bound bounds[] = {
    {"group.consumer.max.heartbeat.interval.ms", AT_LEAST, "group.consumer.min.heartbeat.interval.ms"},
    {"group.consumer.heartbeat.interval.ms", AT_LEAST, "group.consumer.min.heartbeat.interval.ms"},
    {"group.consumer.heartbeat.interval.ms", AT_MOST, "group.consumer.max.heartbeat.interval.ms"},
    {"group.consumer.max.session.timeout.ms", AT_LEAST, "group.consumer.min.session.timeout.ms"},
    {"group.consumer.session.timeout.ms", AT_LEAST, "group.consumer.min.session.timeout.ms"},
    {"group.consumer.session.timeout.ms", AT_MOST, "group.consumer.max.session.timeout.ms"},
    {"group.consumer.heartbeat.interval.ms", BELOW, "group.consumer.session.timeout.ms"},
    {"group.consumer.max.assignment.interval.ms", AT_LEAST, "group.consumer.min.assignment.interval.ms"},
    {"group.consumer.assignment.interval.ms", AT_LEAST, "group.consumer.min.assignment.interval.ms"},
    {"group.consumer.assignment.interval.ms", AT_MOST, "group.consumer.max.assignment.interval.ms"},
};

static bool check_bound(struct loader *loader, const struct bound *bound)
{
    static const char *const words[] = {
        [AT_LEAST] = "greater than or equal to", [AT_MOST] = "less than or equal to", [BELOW] = "less than"};
    int64_t number = setting_number(loader, bound->name);
    int64_t other = setting_number(loader, bound->other);
    bool holds = bound->relation == AT_LEAST  ? number >= other
                 : bound->relation == AT_MOST ? number <= other
                                              : number < other;
    if (holds)
        return true;
    /* Of the two, the one that somebody has set. */
    const char *named = find_setting(loader, bound->name) != NULL ? bound->name : bound->other;
    return refuse_setting(loader, named, "%s must be %s %s", bound->name, words[bound->relation],
                          bound->other);
}

static bool check_protocols(struct loader *loader)
{
    static const char name[] = "group.coordinator.rebalance.protocols";
    struct slice *protocols;
    int32_t count = setting_elements(loader, name, &protocols);
    for (int32_t i = 0; i < count; i++)
        if (slice_equal_str(protocols[i], "classic"))
            return true;
    return refuse_setting(loader, name, "Disabling the 'classic' protocol is not supported.");
}

static bool is_assignor(struct slice name)
{
    static const char *const names[] = {"uniform", "range",
                                        "org.apache.kafka.coordinator.group.assignor.UniformAssignor",
                                        "org.apache.kafka.coordinator.group.assignor.RangeAssignor"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (slice_equal_str(name, names[i]))
            return true;
    return false;
}

static bool check_assignors(struct loader *loader)
{
    static const char name[] = "group.consumer.assignors";
    struct slice *assignors;
    int32_t count = setting_elements(loader, name, &assignors);
    for (int32_t i = 0; i < count; i++)
        if (!is_assignor(assignors[i]))
            return refuse_setting(loader, name, "Class %.*s cannot be found", SLICE_ARGS(assignors[i]));
    return true;
}

bool check_groups(struct loader *loader)
{
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++)
        if (!check_bound(loader, &bounds[i]))
            return false;
    return check_protocols(loader) && check_assignors(loader);
}
