/*
 * describe_configs: see the header. The caller holds the image still.
 *
 * 1. The source of an entry is that of its first synonym, asked for or not; without any it is DEFAULT. (A
 * topic's retention.ms that comes from log.retention.hours is therefore told as a default, as Kafka does: the
 * list of synonyms begins at log.retention.ms or is empty.)
 * 2. Values are told as they were read ("compact,delete" for " compact , delete "), those of internal and of
 * unknown keys as they were written; unknown keys count as sensitive.
 */
#include "metadata/controller/describe_configs.h"

#include "metadata/controller/topic_name.h"
#include "metadata/java_number.h"

#include <stdio.h>

enum {
    CONFIGS_MAX = 500 * 1000
}; /* in one answer: all of 10,000 topics; beyond, a request asks for memory without end */

struct description {
    const struct config_view *view;
    struct broker_config_sets sets;
    struct arena *arena;
    const struct describe_configs_request *request;
    const struct describe_configs_resource *resource;
    const struct map *wanted; /* the keys asked for; empty: all */
    struct describe_configs_response_resource *result;
    int32_t *room; /* configs that still fit the answer */
};

/* ---- synonyms ---- */

/* The keys that stand for a broker's key: units of time fall back on each other. */
static const char *const *family_of(const char *name)
{
    static const char *const families[][4] = {
        {"log.retention.ms", "log.retention.minutes", "log.retention.hours", NULL},
        {"log.roll.ms", "log.roll.hours", NULL, NULL},
        {"log.roll.jitter.ms", "log.roll.jitter.hours", NULL, NULL},
        {"log.flush.interval.ms", "log.flush.scheduler.interval.ms", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
        for (size_t j = 0; families[i][j]; j++)
            if (strcmp(families[i][j], name) == 0 && (i != 3 || j == 0))
                return families[i];
    return NULL;
}

struct synonyms {
    struct describe_configs_response_synonym items[16];
    int32_t count;
};

static void add_synonym(struct synonyms *synonyms, struct slice name, struct slice value,
                        enum config_source source)
{
    struct describe_configs_response_synonym *synonym = &synonyms->items[synonyms->count++];
    synonym->name = name;
    synonym->value = value;
    synonym->source = (int8_t)source;
}

static void add_from_set(struct synonyms *synonyms, const struct config_set *set, const char *const *names,
                         bool sensitive, enum config_source source)
{
    for (size_t i = 0; names[i]; i++) {
        const struct config_entry *entry = config_find_taken(set, slice_str(names[i]), source);
        if (entry && !slice_is_null(entry->value))
            add_synonym(synonyms, slice_str(names[i]), sensitive ? SLICE_NULL : entry->value, source);
    }
}

/* Apache Kafka tells no default of the rates of throttled replicas and of moves between directories: there
 * they are dynamic configs that no file may hold (DynamicConfig.Broker). */
static bool has_told_default(const struct config_def *def)
{
    return def->default_value != NULL && !(def->internal && def->update != CONFIG_READ_ONLY);
}

/* Everything that says something about a broker's key, best first, from where the key itself does on. */
static void add_broker_synonyms(const struct description *description, const char *name,
                                struct synonyms *synonyms)
{
    const char *const self[] = {name, NULL};
    const char *const *names = family_of(name);
    const struct config_def *def = find_broker_config(slice_str(name));
    bool sensitive = !def || config_is_sensitive(def);
    struct synonyms found = {.count = 0};
    names = names ? names : self;
    add_from_set(&found, description->sets.dynamic, names, sensitive, SOURCE_DYNAMIC_BROKER);
    add_from_set(&found, description->sets.dynamic_default, names, sensitive, SOURCE_DYNAMIC_DEFAULT_BROKER);
    add_from_set(&found, description->sets.fixed, names, sensitive, SOURCE_STATIC_BROKER);
    for (size_t i = 0; names[i]; i++) {
        const struct config_def *other = find_broker_config(slice_str(names[i]));
        if (other && has_told_default(other))
            add_synonym(&found, slice_str(names[i]), sensitive ? SLICE_NULL : slice_str(other->default_value),
                        SOURCE_DEFAULT);
    }
    int32_t first = 0;
    while (first < found.count && !slice_equal_str(found.items[first].name, name))
        first++;
    for (int32_t i = first; i < found.count; i++)
        synonyms->items[synonyms->count++] = found.items[i];
}

/* ---- entries ---- */

static bool is_wanted(const struct description *description, struct slice name)
{
    return description->wanted->count == 0 || map_find(description->wanted, name);
}

/* The next entry of the answer; NULL once it is full. */
static struct describe_configs_response_config *next_entry(struct description *description)
{
    if (*description->room == 0)
        return NULL;
    --*description->room;
    return &description->result->configs.items[description->result->configs.count++];
}

/* Everything is copied: names and values may lie in the image. */
static void fill_entry(struct description *description, struct slice name, const struct config_def *def,
                       struct slice value, const struct synonyms *synonyms)
{
    struct arena *arena = description->arena;
    struct describe_configs_response_config *entry = next_entry(description);
    if (!entry)
        return;
    entry->name = arena_dup(arena, name);
    entry->is_sensitive = !def || config_is_sensitive(def);
    entry->value = entry->is_sensitive ? SLICE_NULL : arena_dup(arena, value);
    entry->config_source = synonyms->count > 0 ? synonyms->items[0].source : SOURCE_DEFAULT;
    entry->config_type = (int8_t)(def ? def->type : 0);
    bool documented = def && description->request->include_documentation;
    entry->documentation = documented ? slice_str(def->meaning) : SLICE_NULL;
    if (!description->request->include_synonyms)
        return;
    array_init(&entry->synonyms, describe_configs_response_synonym, arena, synonyms->count);
    for (int32_t i = 0; i < synonyms->count; i++) {
        entry->synonyms.items[i] = synonyms->items[i];
        entry->synonyms.items[i].name = arena_dup(arena, synonyms->items[i].name);
        entry->synonyms.items[i].value = arena_dup(arena, synonyms->items[i].value);
    }
}

/* As it was read; what cannot be read is told as it stands. */
static struct slice printed(const struct description *description, const struct config_def *def,
                            struct slice value)
{
    struct slice parsed;
    struct note ignored = {{0}};
    if (def->internal || !config_check(def, value, description->arena, &parsed, &ignored))
        return value;
    return parsed;
}

static void make_room(struct description *description, size_t count)
{
    if ((int64_t)count > *description->room)
        count = (size_t)*description->room;
    array_init(&description->result->configs, describe_configs_response_config, description->arena,
               (int32_t)count);
    description->result->configs.count = 0;
}

static size_t size_of(const struct config_set *set)
{
    return set ? (size_t)set->count : 0;
}

/* ---- topics and groups ---- */

/* log.retention.ms=-5 means what -1 does. */
static struct slice normal_value(const struct config_def *def, struct slice value, enum config_source source)
{
    bool negative = value.len > 0 && value.data[0] == '-';
    return negative && source != SOURCE_TOPIC && strcmp(def->name, "retention.ms") == 0 ? SLICE("-1") : value;
}

static void describe_override(struct description *description, enum resource_type type,
                              const struct config_set *own, const struct config_def *def)
{
    struct slice name = slice_str(def->name);
    const struct config_entry *override = config_set_find(own, name);
    if (!is_wanted(description, name) || (def->internal && !override))
        return;
    enum config_source source;
    struct slice value = config_effective(description->view, type, description->resource->resource_name, def,
                                          description->arena, &source);
    value = printed(description, def, normal_value(def, value, source));
    struct synonyms synonyms = {.count = 0};
    if (override)
        add_synonym(&synonyms, name, value, source);
    if (def->synonyms)
        add_broker_synonyms(description, def->synonyms[0], &synonyms);
    else if (type == RESOURCE_GROUP)
        add_synonym(&synonyms, name, slice_str(def->default_value), SOURCE_DEFAULT);
    fill_entry(description, name, def, value, &synonyms);
}

/* Keys that no table has, from another release. */
static void describe_unknown(struct description *description, enum resource_type type,
                             const struct config_set *set, enum config_source source)
{
    for (int32_t i = 0; set && i < set->count; i++) {
        struct slice name = set->entries[i].name;
        if (find_config(type, name) || !is_wanted(description, name))
            continue;
        struct synonyms synonyms = {.count = 0};
        add_synonym(&synonyms, name, SLICE_NULL, source);
        fill_entry(description, name, NULL, SLICE_NULL, &synonyms);
    }
}

static void describe_overrides(struct description *description, enum resource_type type)
{
    struct config_table table = config_table(type);
    const struct config_set *own =
        image_find_configs(description->view->image, type, description->resource->resource_name);
    make_room(description, table.count + size_of(own));
    for (size_t i = 0; i < table.count; i++)
        describe_override(description, type, own, &table.defs[i]);
    describe_unknown(description, type, own, type == RESOURCE_TOPIC ? SOURCE_TOPIC : SOURCE_GROUP);
}

static enum kerr describe_topic(struct description *description, struct note *why)
{
    struct slice name = description->resource->resource_name;
    if (!topic_name_is_valid(name, why))
        return KERR_INVALID_TOPIC_EXCEPTION;
    if (!image_find_topic(description->view->image, name))
        return KERR_UNKNOWN_TOPIC_OR_PARTITION;
    describe_overrides(description, RESOURCE_TOPIC);
    return KERR_NONE;
}

static enum kerr describe_group(struct description *description, struct note *why)
{
    if (description->resource->resource_name.len == 0) {
        note_set(why, "Group name must not be empty");
        return KERR_INVALID_REQUEST;
    }
    describe_overrides(description, RESOURCE_GROUP);
    return KERR_NONE;
}

/* A default is nobody's synonym here. */
static enum kerr describe_client_metrics(struct description *description, struct note *why)
{
    struct slice resource = description->resource->resource_name;
    struct config_table table = config_table(RESOURCE_CLIENT_METRICS);
    if (resource.len == 0) {
        note_set(why, "Client metrics subscription name must not be empty");
        return KERR_INVALID_REQUEST;
    }
    make_room(description, table.count);
    for (size_t i = 0; i < table.count; i++) {
        const struct config_def *def = &table.defs[i];
        if (!is_wanted(description, slice_str(def->name)))
            continue;
        enum config_source source;
        struct slice value = config_effective(description->view, RESOURCE_CLIENT_METRICS, resource, def,
                                              description->arena, &source);
        struct synonyms synonyms = {.count = 0};
        if (source == SOURCE_CLIENT_METRICS)
            add_synonym(&synonyms, slice_str(def->name), value, source);
        fill_entry(description, slice_str(def->name), def, value, &synonyms);
    }
    return KERR_NONE;
}

/* ---- brokers ---- */

static void describe_broker_key(struct description *description, struct slice name,
                                const struct config_def *def, struct slice value)
{
    struct synonyms synonyms = {.count = 0};
    int32_t at = description->result->configs.count;
    if (def) {
        add_broker_synonyms(description, def->name, &synonyms);
    } else {
        const char *const unknown[] = {
            (const char *)arena_printf(description->arena, "%.*s", SLICE_ARGS(name)).data, NULL};
        add_from_set(&synonyms, description->sets.dynamic, unknown, true, SOURCE_DYNAMIC_BROKER);
        add_from_set(&synonyms, description->sets.dynamic_default, unknown, true,
                     SOURCE_DYNAMIC_DEFAULT_BROKER);
        add_from_set(&synonyms, description->sets.fixed, unknown, true, SOURCE_STATIC_BROKER);
    }
    fill_entry(description, name, def, value, &synonyms);
    if (description->result->configs.count > at)
        description->result->configs.items[at].read_only = !def || def->update == CONFIG_READ_ONLY;
}

static void describe_broker_def(struct description *description, const struct config_def *def)
{
    enum config_source source;
    if (!is_wanted(description, slice_str(def->name)))
        return;
    struct slice value =
        config_effective(description->view, RESOURCE_BROKER, SLICE(""), def, description->arena, &source);
    if (def->internal && source == SOURCE_DEFAULT)
        return;
    describe_broker_key(description, slice_str(def->name), def, printed(description, def, value));
}

/* Unknown keys of a set that the sets before it do not have. */
static void describe_unknown_broker_keys(struct description *description, const struct config_set *set,
                                         const struct config_set *before,
                                         const struct config_set *before_that)
{
    for (int32_t i = 0; set && i < set->count; i++) {
        struct slice name = set->entries[i].name;
        if (find_broker_config(name) || !is_wanted(description, name) || config_set_find(before, name)
            || config_set_find(before_that, name))
            continue;
        describe_broker_key(description, name, NULL, SLICE_NULL);
    }
}

static void describe_this_broker(struct description *description)
{
    struct config_table table = config_table(RESOURCE_BROKER);
    const struct broker_config_sets *sets = &description->sets;
    make_room(description,
              table.count + size_of(sets->dynamic) + size_of(sets->dynamic_default) + size_of(sets->fixed));
    for (size_t i = 0; i < table.count; i++)
        describe_broker_def(description, &table.defs[i]);
    describe_unknown_broker_keys(description, sets->dynamic, NULL, NULL);
    describe_unknown_broker_keys(description, sets->dynamic_default, sets->dynamic, NULL);
    describe_unknown_broker_keys(description, sets->fixed, sets->dynamic, sets->dynamic_default);
}

/* The cluster's dynamic defaults and nothing else, also among their synonyms. */
static void describe_cluster_default(struct description *description)
{
    const struct config_set *set = description->sets.dynamic_default;
    description->sets.dynamic = NULL;
    description->sets.fixed = NULL;
    make_room(description, size_of(set));
    for (int32_t i = 0; set && i < set->count; i++) {
        struct slice name = set->entries[i].name;
        const struct config_def *def = find_broker_config(name);
        if (!is_wanted(description, name)
            || config_find_taken(set, name, SOURCE_DYNAMIC_DEFAULT_BROKER) == NULL)
            continue;
        int32_t at = description->result->configs.count;
        describe_broker_key(description, name, def, set->entries[i].value);
        if (description->result->configs.count == at)
            return;
        struct describe_configs_response_config *entry = &description->result->configs.items[at];
        while (entry->synonyms.count > 0
               && entry->synonyms.items[entry->synonyms.count - 1].source != SOURCE_DYNAMIC_DEFAULT_BROKER)
            entry->synonyms.count--;
    }
}

static enum kerr check_broker_id(const struct description *description, const char *between, struct note *why)
{
    struct slice name = description->resource->resource_name;
    int64_t id;
    if (!java_parse_long(name, INT32_MIN, INT32_MAX, &id)) {
        note_set(why, "Broker id must be an integer, but it is: %.*s", SLICE_ARGS(name));
        return KERR_INVALID_REQUEST;
    }
    if (id == description->view->node_id)
        return KERR_NONE;
    note_set(why, "Unexpected broker id, expected %d%sbut received %.*s", description->view->node_id, between,
             SLICE_ARGS(name));
    return KERR_INVALID_REQUEST;
}

static enum kerr describe_broker(struct description *description, struct note *why)
{
    if (description->resource->resource_name.len == 0) {
        describe_cluster_default(description);
        return KERR_NONE;
    }
    enum kerr error = check_broker_id(description, " or empty string, ", why);
    if (error == KERR_NONE)
        describe_this_broker(description);
    return error;
}

/* An area without a level of its own is listed too, and nothing tells that it has none. */
static void list_loggers(struct description *description)
{
    make_room(description, DIAG_AREA_COUNT);
    for (int i = 0; description->view->log_levels != NULL && i < DIAG_AREA_COUNT; i++) {
        struct slice name = slice_str(diag_area_name((enum diag_area)i));
        if (!is_wanted(description, name))
            continue;
        struct describe_configs_response_config *entry = next_entry(description);
        if (entry == NULL)
            return;
        entry->name = name;
        entry->value = slice_str(diag_level_name(description->view->log_levels[i]));
        entry->config_source = SOURCE_DYNAMIC_BROKER_LOGGER;
        entry->documentation = SLICE("");
    }
}

static enum kerr describe_loggers(struct description *description, struct note *why)
{
    if (description->resource->resource_name.len == 0) {
        note_set(why, "Broker id must not be empty");
        return KERR_INVALID_REQUEST;
    }
    enum kerr error = check_broker_id(description, " ", why);
    if (error == KERR_NONE)
        list_loggers(description);
    return error;
}

/* ---- the request ---- */

static enum kerr describe(struct description *description, struct note *why)
{
    switch (description->resource->resource_type) {
    case RESOURCE_TOPIC:
        return describe_topic(description, why);
    case RESOURCE_BROKER:
        return describe_broker(description, why);
    case RESOURCE_GROUP:
        return describe_group(description, why);
    case RESOURCE_CLIENT_METRICS:
        return describe_client_metrics(description, why);
    default:
        return describe_loggers(description, why);
    }
}

static void describe_resource(struct description *description)
{
    struct note why = {{0}};
    enum kerr error = describe(description, &why);
    if (*description->room == 0) {
        error = KERR_INVALID_REQUEST;
        description->result->configs.count = 0;
        note_set(&why, "More than %d configs are asked for in one request.", CONFIGS_MAX);
    }
    description->result->error_code = (int16_t)error;
    description->result->error_message = arena_dup(description->arena, slice_str(why.text));
}

static bool has_unknown_type(const struct describe_configs_request *request)
{
    for (int32_t i = 0; i < request->resources.count; i++)
        if (!config_has_resource_type(request->resources.items[i].resource_type))
            return true;
    return false;
}

/* Why a client that may not see the configs of such a resource does not; NONE if it may. */
static enum kerr check_rights(const struct acl_asker *client,
                              const struct describe_configs_resource *resource)
{
    enum acl_resource type = ACL_CLUSTER;
    enum kerr error = KERR_CLUSTER_AUTHORIZATION_FAILED;
    struct slice name = resource->resource_name;
    if (resource->resource_type == RESOURCE_TOPIC) {
        type = ACL_TOPIC;
        error = KERR_TOPIC_AUTHORIZATION_FAILED;
    } else if (resource->resource_type == RESOURCE_GROUP) {
        type = ACL_GROUP;
        error = KERR_GROUP_AUTHORIZATION_FAILED;
    } else {
        name = SLICE(CLUSTER_RESOURCE);
    }
    return acl_asker_may(client, ACL_DESCRIBE_CONFIGS, type, name) ? KERR_NONE : error;
}

static void refuse(struct describe_configs_response_resource *result, enum kerr error)
{
    result->error_code = (int16_t)error;
    result->error_message = slice_str(kerr_message(error));
}

int32_t describe_configs_begin(const struct describe_configs_request *request, struct arena *arena,
                               struct describe_configs_response *response)
{
    bool refused = has_unknown_type(request);
    array_init(&response->results, describe_configs_response_resource, arena, request->resources.count);
    for (int32_t i = 0; i < request->resources.count; i++) {
        struct describe_configs_response_resource *result = &response->results.items[i];
        result->resource_type = request->resources.items[i].resource_type;
        result->resource_name = request->resources.items[i].resource_name;
        if (refused)
            refuse(result, KERR_INVALID_REQUEST); /* one unknown type spoils all, as in Kafka */
    }
    return CONFIGS_MAX;
}

void describe_configs_want(const struct describe_configs_request *request, int32_t index, uint64_t hash_seed,
                           struct map *wanted)
{
    const struct describe_configs_resource *resource = &request->resources.items[index];
    map_init(wanted, hash_seed);
    for (int32_t i = 0; i < resource->configuration_keys.count; i++)
        map_put(wanted, resource->configuration_keys.items[i], wanted);
}

void describe_configs_of(const struct config_view *view, const struct acl_asker *client,
                         const struct describe_configs_request *request, int32_t index,
                         const struct map *wanted, int32_t *room, struct arena *arena,
                         struct describe_configs_response *response)
{
    struct describe_configs_response_resource *result = &response->results.items[index];
    if (result->error_code != KERR_NONE)
        return;
    enum kerr error = check_rights(client, &request->resources.items[index]);
    if (error != KERR_NONE) {
        refuse(result, error);
        return;
    }
    struct description description = {
        .view = view,
        .sets = config_broker_sets(view),
        .arena = arena,
        .request = request,
        .resource = &request->resources.items[index],
        .wanted = wanted,
        .result = result,
        .room = room,
    };
    describe_resource(&description);
}
