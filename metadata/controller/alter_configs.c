/*
 * alter_configs: what the overrides of a resource would be after the request, whether it may have them, and
 * the records that make it so. Kafka splits this between broker and controller; the texts and codes of the
 * two differ, and so do ours.
 *
 * 1. A resource's records are made when all of its checks have passed.
 * 2. Unchanged values make no record, but for brokers', which are always written.
 *
 * Called by server/api/alter_configs with the change lock held; pure.
 */
#include "metadata/controller/alter_configs.h"

#include "metadata/controller/config_checks.h"
#include "metadata/controller/config_list.h"
#include "metadata/controller/reconfiguration.h"
#include "metadata/controller/topic_name.h"
#include "metadata/cordoned_dirs.h"
#include "metadata/java_number.h"
#include "protocol/records/clear_elr_record.h"
#include "protocol/records/config_record.h"
#include "storage/os/diag_level.h"

#include <stdio.h>
#include <stdlib.h>

enum { CONFIG_VALUE_MAX = 32767 }; /* bytes; a longer one does not come in, but lists grow */

struct alteration_change {
    struct slice name;
    struct slice value;
    int8_t operation;
};

/* One resource of the request. */
struct alteration {
    const struct controller *controller;
    int8_t type;
    struct slice name;
    struct alteration_change *changes; /* as asked for; sorted by name once they are resolved */
    int32_t count;
    bool replaces;      /* what is not named goes */
    bool again;         /* the request names the resource twice */
    bool is_repetition; /* and this is not the first time */

    struct slice target;             /* the name that its records have */
    const struct config_set *before; /* may be NULL */
    struct overrides after;

    enum kerr error;
    struct slice message;
};

static enum kerr refuse(enum kerr error, struct note *why, const char *text)
{
    note_set(why, "%s", text);
    return error;
}

static struct slice value_before(const struct alteration *alteration, struct slice name)
{
    const struct config_entry *entry = config_set_find(alteration->before, name);
    return entry ? entry->value : SLICE_NULL;
}

static bool asked_directly(const struct alteration *alteration)
{
    return alteration->controller->asked_directly;
}

/* ---- what is wrong with any resource ---- */

static enum kerr check_nulls(const struct alteration *alteration, struct note *why)
{
    struct buf names = {0};
    for (int32_t i = 0; i < alteration->count && names.len <= NOTE_SIZE; i++) {
        const struct alteration_change *change = &alteration->changes[i];
        if (change->operation == OP_DELETE || !slice_is_null(change->value))
            continue;
        buf_append_str(&names, names.len > 0 ? ", " : "");
        buf_append_slice(&names, change->name);
    }
    bool found = names.len > 0;
    if (found)
        note_set(why, "Null value not supported for : %.*s", SLICE_ARGS(buf_slice(&names)));
    buf_fini(&names);
    return found ? KERR_INVALID_REQUEST : KERR_NONE;
}

static int by_name(const void *a, const void *b)
{
    return slice_compare(((const struct alteration_change *)a)->name,
                         ((const struct alteration_change *)b)->name);
}

static void sort(struct alteration_change *changes, int32_t count)
{
    if (count > 0)
        qsort(changes, (size_t)count, sizeof *changes, by_name);
}

static bool has_duplicates(const struct alteration *alteration)
{
    int32_t count = alteration->count;
    struct alteration_change *sorted =
        arena_new_array(alteration->controller->arena, struct alteration_change, count);
    if (count > 0)
        memcpy(sorted, alteration->changes, sizeof *sorted * (size_t)count);
    sort(sorted, count);
    for (int32_t i = 1; i < count; i++)
        if (slice_equal(sorted[i - 1].name, sorted[i].name))
            return true;
    return false;
}

static enum kerr check_changes(const struct alteration *alteration, struct note *why)
{
    if (alteration->again)
        return refuse(KERR_INVALID_REQUEST, why, "Each resource must appear at most once.");
    if (has_duplicates(alteration))
        return refuse(KERR_INVALID_REQUEST, why, "Error due to duplicate config keys");
    return check_nulls(alteration, why);
}

/* Of changes of one key the last one counts, and null takes the value away. */
static void settle_changes(struct alteration *alteration)
{
    struct map last;
    map_init(&last, alteration->controller->next_random(alteration->controller->random_state));
    int32_t kept = 0;
    for (int32_t i = 0; i < alteration->count; i++) {
        struct alteration_change change = alteration->changes[i];
        if (change.operation == OP_SET && slice_is_null(change.value))
            change.operation = OP_DELETE;
        struct alteration_change *earlier = map_find(&last, change.name);
        if (!earlier) {
            earlier = &alteration->changes[kept++];
            map_put(&last, change.name, earlier);
        }
        *earlier = change;
    }
    alteration->count = kept;
    map_fini(&last);
}

/* What the controller itself looks at: less than a broker, which refuses what is only odd. */
static enum kerr check_direct_changes(struct alteration *alteration, struct note *why)
{
    if (!config_has_resource_type(alteration->type)) {
        note_set(why, "Unknown resource type %d.", alteration->type);
        return KERR_UNSUPPORTED_VERSION;
    }
    if (alteration->again)
        return refuse(KERR_INVALID_REQUEST, why, "Duplicate resource.");
    if (alteration->type == RESOURCE_BROKER_LOGGER && alteration->replaces)
        return refuse(KERR_INVALID_REQUEST, why, "Unexpected resource type BROKER_LOGGER.");
    if (alteration->type != RESOURCE_BROKER_LOGGER)
        settle_changes(alteration);
    return KERR_NONE;
}

/* ---- the set afterwards ---- */

static bool is_list(const struct alteration *alteration, const struct config_def *def)
{
    bool has_lists = alteration->type == RESOURCE_TOPIC || alteration->type == RESOURCE_BROKER;
    return has_lists && def && def->type == CONFIG_LIST;
}

static enum kerr refuse_list_operation(const struct alteration *alteration,
                                       const struct alteration_change *change, const struct config_def *def,
                                       struct note *why)
{
    bool append = change->operation == OP_APPEND;
    if (alteration->type != RESOURCE_BROKER || asked_directly(alteration))
        note_set(why, "Can't %s to key %.*s because its type is not LIST.", append ? "APPEND" : "SUBTRACT",
                 SLICE_ARGS(change->name));
    else if (!def)
        note_set(why, "Unknown config name: %.*s", SLICE_ARGS(change->name));
    else
        note_set(why, "Config value %s is not allowed for config key: %s", append ? "append" : "subtract",
                 def->name);
    return KERR_INVALID_CONFIG;
}

/* The base is the override, else the default. */
static struct slice change_list(const struct alteration *alteration, const struct alteration_change *change,
                                const struct config_def *def)
{
    struct slice base = value_before(alteration, change->name);
    if (slice_is_null(base))
        base = slice_str(def->default_value);
    return config_list_change(base, change->value, change->operation == OP_APPEND,
                              alteration->controller->arena);
}

/* Turns appending and subtracting into setting. */
static enum kerr resolve_change(const struct alteration *alteration, struct alteration_change *change,
                                struct note *why)
{
    if (change->operation == OP_SET || change->operation == OP_DELETE)
        return KERR_NONE;
    if (change->operation != OP_APPEND && change->operation != OP_SUBTRACT)
        return KERR_UNKNOWN_SERVER_ERROR;
    if (slice_is_null(change->value))
        return KERR_UNKNOWN_SERVER_ERROR;
    const struct config_def *def = find_config((enum resource_type)alteration->type, change->name);
    if (!is_list(alteration, def))
        return refuse_list_operation(alteration, change, def, why);
    change->value = change_list(alteration, change, def);
    change->operation = OP_SET;
    if (change->value.len <= CONFIG_VALUE_MAX)
        return KERR_NONE;
    note_set(why,
             "The configuration value cannot be added because it exceeds the maximum value size of %d bytes.",
             CONFIG_VALUE_MAX);
    return KERR_INVALID_CONFIG;
}

static void build_after(struct alteration *alteration)
{
    int32_t kept = alteration->before && !alteration->replaces ? alteration->before->count : 0;
    alteration->after.entries =
        arena_new_array(alteration->controller->arena, struct config_entry, kept + alteration->count);
    for (int32_t i = 0; i < kept; i++)
        alteration->after.entries[i] = alteration->before->entries[i];
    alteration->after.count = kept;
    for (int32_t i = 0; i < alteration->count; i++) {
        const struct alteration_change *change = &alteration->changes[i];
        if (change->operation == OP_DELETE)
            overrides_remove(&alteration->after, change->name);
        else
            overrides_set(&alteration->after, change->name, change->value);
    }
}

static enum kerr compute_after(struct alteration *alteration, struct note *why)
{
    alteration->before = image_find_configs(alteration->controller->image,
                                            (enum resource_type)alteration->type, alteration->target);
    for (int32_t i = 0; i < alteration->count; i++) {
        enum kerr error = resolve_change(alteration, &alteration->changes[i], why);
        if (error != KERR_NONE)
            return error;
    }
    sort(alteration->changes,
         alteration->count); /* from here on; until now the first complaint in request order counts */
    build_after(alteration);
    return KERR_NONE;
}

/* ---- who may ---- */

/* The error with which a client that may not alter such a resource is refused; NONE if it may. */
static enum kerr check_rights(const struct alteration *alteration, enum acl_resource type, enum kerr error,
                              struct note *why)
{
    struct slice name = type == ACL_CLUSTER ? SLICE(CLUSTER_RESOURCE) : alteration->name;
    if (controller_may(alteration->controller, ACL_ALTER_CONFIGS, type, name))
        return KERR_NONE;
    return refuse(error, why, kerr_message(error));
}

/* ---- one kind of resource each ---- */

static enum kerr alter_topic(struct alteration *alteration, struct note *why)
{
    enum kerr error = check_rights(alteration, ACL_TOPIC, KERR_TOPIC_AUTHORIZATION_FAILED, why);
    if (error == KERR_NONE)
        error = compute_after(alteration, why);
    if (error != KERR_NONE)
        return error;
    if (alteration->name.len == 0)
        return refuse(KERR_INVALID_REQUEST, why, "Default topic resources are not allowed.");
    if (!topic_name_is_valid(alteration->name, why))
        return KERR_INVALID_TOPIC_EXCEPTION;
    if (!image_find_topic(alteration->controller->image, alteration->name)) {
        note_set(why, "The topic '%.*s' does not exist.", SLICE_ARGS(alteration->name));
        return KERR_UNKNOWN_TOPIC_OR_PARTITION;
    }
    return check_topic_configs(alteration->controller, &alteration->after, why);
}

static enum kerr alter_group(struct alteration *alteration, struct note *why)
{
    enum kerr error = check_rights(alteration, ACL_GROUP, KERR_GROUP_AUTHORIZATION_FAILED, why);
    if (error == KERR_NONE)
        error = compute_after(alteration, why);
    if (error != KERR_NONE)
        return error;
    if (alteration->name.len == 0)
        return refuse(KERR_INVALID_REQUEST, why, "Default group resources are not allowed.");
    return check_group_configs(alteration->controller, &alteration->after, why);
}

static enum kerr alter_client_metrics(struct alteration *alteration, struct note *why)
{
    enum kerr error = check_rights(alteration, ACL_CLUSTER, KERR_CLUSTER_AUTHORIZATION_FAILED, why);
    if (error == KERR_NONE)
        error = compute_after(alteration, why);
    if (error != KERR_NONE)
        return error;
    if (alteration->name.len == 0)
        return refuse(KERR_INVALID_REQUEST, why, "Subscription name can't be empty");
    return check_client_metrics_configs(alteration->controller, &alteration->after, why);
}

/* The number a broker's resource name holds must be ours; `unexpected` tells of another. */
static enum kerr check_node_id(const struct alteration *alteration, const char *expected,
                               const char *received, struct note *why)
{
    int64_t id;
    if (!java_parse_long(alteration->name, INT32_MIN, INT32_MAX, &id)) {
        note_set(why, "Node id must be an integer, but it is: %.*s", SLICE_ARGS(alteration->name));
        return KERR_INVALID_REQUEST;
    }
    if (id == alteration->controller->node_id)
        return KERR_NONE;
    note_set(why, "%s%d%s%.*s", expected, alteration->controller->node_id, received,
             SLICE_ARGS(alteration->name));
    return KERR_INVALID_REQUEST;
}

/* KIP-966: the cluster's default stays, and brokers have none of their own. */
static enum kerr check_elr(const struct alteration *alteration, struct note *why)
{
    struct slice name = SLICE("min.insync.replicas");
    if (!controller_has_elr(alteration->controller))
        return KERR_NONE;
    bool removed = alteration->replaces && !slice_is_null(value_before(alteration, name));
    bool touched = removed;
    for (int32_t i = 0; i < alteration->count; i++) {
        if (!slice_equal(alteration->changes[i].name, name))
            continue;
        touched = true;
        removed = alteration->changes[i].operation == OP_DELETE;
    }
    if (touched && alteration->target.len > 0)
        return refuse(KERR_INVALID_CONFIG, why,
                      "Broker-level min.insync.replicas cannot be altered while ELR is enabled.");
    if (removed)
        return refuse(KERR_INVALID_CONFIG, why,
                      "Cluster-level min.insync.replicas cannot be removed while ELR is enabled.");
    return KERR_NONE;
}

/* KIP-1066: brokers of an older release would not know it. */
static enum kerr check_cordoned(const struct alteration *alteration, struct note *why)
{
    struct slice name = SLICE(CORDONED_LOG_DIRS);
    const struct image *image = alteration->controller->image;
    bool touched = alteration->replaces && !slice_is_null(value_before(alteration, name));
    for (int32_t i = 0; i < alteration->count; i++)
        touched |= slice_equal(alteration->changes[i].name, name);
    if (!touched || image_feature_level(image, SLICE(METADATA_VERSION)) >= CORDONED_DIRS_LEVEL)
        return KERR_NONE;
    return refuse(KERR_INVALID_CONFIG, why,
                  "The cordoned.log.dirs configuration value cannot be set because it requires "
                  "metadata.version >= 4.3-IV0");
}

/* The controller does not know a broker's directories: it takes some out of the value and none into it. */
static enum kerr check_cordoned_directly(const struct alteration *alteration, struct note *why)
{
    struct slice before = value_before(alteration, SLICE(CORDONED_LOG_DIRS));
    enum kerr error = check_cordoned(alteration, why);
    for (int32_t i = 0; i < alteration->count && error == KERR_NONE; i++) {
        const struct alteration_change *change = &alteration->changes[i];
        if (change->operation == OP_SET && slice_equal_str(change->name, CORDONED_LOG_DIRS)
            && !cordoned_dirs_are_among(change->value, before, alteration->controller->arena))
            error = refuse(KERR_INVALID_CONFIG, why,
                           "When updating cordoned.log.dirs via controllers,  the new value must be a "
                           "subset of the current configuration value.");
    }
    return error;
}

/* What is set, without what was set before: a directory may hold what another broker would allow. */
static struct overrides values_set(const struct alteration *alteration)
{
    struct overrides set = {
        .entries = arena_new_array(alteration->controller->arena, struct config_entry, alteration->count)};
    for (int32_t i = 0; i < alteration->count; i++)
        if (alteration->changes[i].operation == OP_SET)
            set.entries[set.count++] =
                (struct config_entry){alteration->changes[i].name, alteration->changes[i].value};
    return set;
}

/* The resource must be of a node that the controller knows, or of all. */
static enum kerr check_known_node(const struct alteration *alteration, struct note *why)
{
    int64_t id;
    if (alteration->name.len == 0)
        return KERR_NONE;
    if (!java_parse_long(alteration->name, INT32_MIN, INT32_MAX, &id))
        return refuse(KERR_INVALID_REQUEST, why, "Unable to parse broker name as a base 10 number.");
    if (id == alteration->controller->node_id
        || image_find_broker(alteration->controller->image, (int32_t)id) != NULL)
        return KERR_NONE;
    note_set(why, "No node with id %d found.", (int32_t)id);
    return KERR_BROKER_ID_NOT_REGISTERED;
}

/* The controller stores what it is asked to: whether the values make sense is the brokers' matter. */
static enum kerr alter_broker_directly(struct alteration *alteration, struct note *why)
{
    enum kerr error = check_rights(alteration, ACL_CLUSTER, KERR_CLUSTER_AUTHORIZATION_FAILED, why);
    if (error == KERR_NONE)
        error = compute_after(alteration, why);
    if (error == KERR_NONE)
        error = check_elr(alteration, why);
    if (error == KERR_NONE)
        error = check_cordoned_directly(alteration, why);
    return error == KERR_NONE ? check_known_node(alteration, why) : error;
}

static enum kerr alter_broker(struct alteration *alteration, struct note *why)
{
    if (asked_directly(alteration))
        return alter_broker_directly(alteration, why);
    bool cluster_default = alteration->name.len == 0;
    enum kerr error = cluster_default ? KERR_NONE
                                      : check_node_id(alteration, "Unexpected broker id, expected ",
                                                      ", but received ", why);
    if (error != KERR_NONE)
        return error;
    if (!cluster_default) /* "01" is broker 1 too */
        alteration->target =
            arena_printf(alteration->controller->arena, "%d", alteration->controller->node_id);
    error = compute_after(alteration, why);
    if (error != KERR_NONE)
        return error;
    struct overrides set = values_set(alteration);
    error = check_broker_configs(alteration->controller, &set, cluster_default, why);
    if (error == KERR_NONE)
        error = check_reconfiguration(alteration->controller, &alteration->after, cluster_default, why);
    if (error == KERR_NONE) /* the broker checks before the controller is asked */
        error = check_rights(alteration, ACL_CLUSTER, KERR_CLUSTER_AUTHORIZATION_FAILED, why);
    if (error == KERR_NONE)
        error = check_elr(alteration, why);
    return error == KERR_NONE ? check_cordoned(alteration, why) : error;
}

/* Where a broker says no more than the error, the controller has the error's text. */
static enum kerr refuse_logger(const struct alteration *alteration, enum kerr error, struct note *why)
{
    return asked_directly(alteration) ? refuse(error, why, kerr_message(error)) : error;
}

static enum kerr check_logger(const struct alteration *alteration, const struct alteration_change *change,
                              struct note *why)
{
    enum diag_area area;
    enum diag_level level;
    if (change->operation == OP_APPEND || change->operation == OP_SUBTRACT) {
        note_set(why, "%s operation is not allowed for the BROKER_LOGGER resource",
                 change->operation == OP_APPEND ? "APPEND" : "SUBTRACT");
        return KERR_INVALID_REQUEST;
    }
    if ((change->operation != OP_SET && change->operation != OP_DELETE)
        || (change->operation == OP_SET && slice_is_null(change->value)))
        return refuse_logger(alteration, KERR_UNKNOWN_SERVER_ERROR, why);
    if (!diag_area_from_name(change->name.data, change->name.len, &area)) {
        note_set(why, "Logger %.*s does not exist!", SLICE_ARGS(change->name));
        return KERR_INVALID_CONFIG;
    }
    if (change->operation == OP_DELETE && area == DIAG_ROOT) {
        note_set(why, "Removing the log level of the %s logger is not allowed", diag_area_name(area));
        return KERR_INVALID_REQUEST;
    }
    if (change->operation == OP_DELETE || diag_level_from_name(change->value.data, change->value.len, &level))
        return KERR_NONE;
    note_set(
        why,
        "Cannot set the log level of %s to %.*s as it is not a supported log level. Valid log levels are "
        "DEBUG, ERROR, FATAL, INFO, TRACE, WARN",
        diag_area_name(area), SLICE_ARGS(change->value));
    return KERR_INVALID_CONFIG;
}

static enum kerr alter_logger(struct alteration *alteration, struct note *why)
{
    enum acl_operation right = asked_directly(alteration) ? ACL_CLUSTER_ACTION : ACL_ALTER_CONFIGS;
    if (!controller_may_all(alteration->controller, right))
        return refuse_logger(alteration, KERR_CLUSTER_AUTHORIZATION_FAILED, why);
    enum kerr error = check_node_id(alteration, "Unexpected node id. Expected ", ", but received ", why);
    for (int32_t i = 0; i < alteration->count && error == KERR_NONE; i++)
        error = check_logger(alteration, &alteration->changes[i], why);
    return error;
}

static enum kerr alter(struct alteration *alteration, struct note *why)
{
    enum kerr error =
        asked_directly(alteration) ? check_direct_changes(alteration, why) : check_changes(alteration, why);
    if (error != KERR_NONE)
        return error;
    switch (alteration->type) {
    case RESOURCE_TOPIC:
        return alter_topic(alteration, why);
    case RESOURCE_BROKER:
        return alter_broker(alteration, why);
    case RESOURCE_GROUP:
        return alter_group(alteration, why);
    case RESOURCE_CLIENT_METRICS:
        return alter_client_metrics(alteration, why);
    case RESOURCE_BROKER_LOGGER:
        if (!alteration->replaces)
            return alter_logger(alteration, why);
        break;
    default:
        break;
    }
    note_set(why, "Unknown resource type %d", alteration->type);
    return KERR_INVALID_REQUEST;
}

/* ---- records ---- */

static void add_record(const struct alteration *alteration, struct slice name, struct slice value,
                       struct record_list *records)
{
    struct config_record record;
    schema_set_defaults(config_record_schema(), &record);
    record.resource_type = alteration->type;
    record.resource_name = alteration->target;
    record.name = name;
    record.value = value;
    record_list_add(records, &config_record_message, &record);
}

/* Whether the resource's min.insync.replicas is among what was written. */
static bool add_records(const struct alteration *alteration, struct record_list *records)
{
    bool clears_elr = false;
    for (int32_t i = 0; i < alteration->count; i++) {
        const struct alteration_change *change = &alteration->changes[i];
        struct slice value = change->operation == OP_DELETE ? SLICE_NULL : change->value;
        if (alteration->type != RESOURCE_BROKER && slice_equal(value, value_before(alteration, change->name)))
            continue;
        add_record(alteration, change->name, value, records);
        clears_elr = clears_elr || slice_equal_str(change->name, "min.insync.replicas");
    }
    for (int32_t i = 0; alteration->replaces && alteration->before && i < alteration->before->count; i++) {
        struct slice name = alteration->before->entries[i].name;
        struct alteration_change key = {.name = name};
        if (alteration->count > 0
            && bsearch(&key, alteration->changes, (size_t)alteration->count, sizeof key, by_name))
            continue;
        add_record(alteration, name, SLICE_NULL, records);
        clears_elr = clears_elr || slice_equal_str(name, "min.insync.replicas");
    }
    return clears_elr;
}

static void add_clear_elr(const struct alteration *alteration, struct record_list *records)
{
    struct clear_elr_record clear;
    schema_set_defaults(clear_elr_record_schema(), &clear);
    clear.topic_name = alteration->type == RESOURCE_TOPIC ? alteration->target : SLICE("");
    record_list_add(records, &clear_elr_record_message, &clear);
}

/* ---- the request ---- */

/* Marks the resources that come more than once, and which of them is the first. */
static void mark_duplicates(const struct controller *controller, struct alteration *alterations,
                            int32_t count)
{
    struct map first;
    map_init(&first, controller->next_random(controller->random_state));
    for (int32_t i = 0; i < count; i++) {
        uint8_t *key = arena_alloc(controller->arena, alterations[i].name.len + 1);
        key[0] = (uint8_t)alterations[i].type;
        if (alterations[i].name.len > 0)
            memcpy(key + 1, alterations[i].name.data, alterations[i].name.len);
        struct slice key_slice = slice_of(key, alterations[i].name.len + 1);
        struct alteration *earlier = map_find(&first, key_slice);
        if (!earlier)
            map_put(&first, key_slice, &alterations[i]);
        else
            earlier->again = alterations[i].again = alterations[i].is_repetition = true;
    }
    map_fini(&first);
}

static void alter_all(const struct controller *controller, struct alteration *alterations, int32_t count,
                      struct record_list *records)
{
    bool *clears_elr = arena_new_array(controller->arena, bool, count);
    mark_duplicates(controller, alterations, count);
    for (int32_t i = 0; i < count; i++) {
        struct alteration *alteration = &alterations[i];
        struct note why = {{0}};
        alteration->controller = controller;
        alteration->target = alteration->name;
        alteration->error = alter(alteration, &why);
        alteration->message = controller_text(controller, &why);
        if (alteration->error == KERR_NONE && records && alteration->type != RESOURCE_BROKER_LOGGER)
            clears_elr[i] = add_records(alteration, records) && controller_has_elr(controller);
    }
    for (int32_t i = 0; i < count; i++)
        if (clears_elr[i])
            add_clear_elr(&alterations[i], records);
}

/* The controller answers once for a resource that is named again and again. */
static bool is_answered(const struct alteration *alteration)
{
    return !alteration->is_repetition || !asked_directly(alteration)
           || !config_has_resource_type(alteration->type);
}

void controller_alter_configs(const struct controller *controller,
                              const struct alter_configs_request *request,
                              struct alter_configs_response *response, struct record_list *records)
{
    int32_t count = request->resources.count;
    struct alteration *alterations = arena_new_array(controller->arena, struct alteration, count);
    for (int32_t i = 0; i < count; i++) {
        const struct alter_configs_resource *resource = &request->resources.items[i];
        alterations[i].type = resource->resource_type;
        alterations[i].name = resource->resource_name;
        alterations[i].replaces = true;
        alterations[i].count = resource->configs.count;
        alterations[i].changes =
            arena_new_array(controller->arena, struct alteration_change, resource->configs.count);
        for (int32_t j = 0; j < resource->configs.count; j++)
            alterations[i].changes[j] = (struct alteration_change){resource->configs.items[j].name,
                                                                   resource->configs.items[j].value, OP_SET};
    }
    alter_all(controller, alterations, count, request->validate_only ? NULL : records);
    array_init(&response->responses, alter_configs_response_resource, controller->arena, count);
    response->responses.count = 0;
    for (int32_t i = 0; i < count; i++) {
        if (!is_answered(&alterations[i]))
            continue;
        struct alter_configs_response_resource *result =
            &response->responses.items[response->responses.count++];
        result->error_code = (int16_t)alterations[i].error;
        result->error_message = alterations[i].message;
        result->resource_type = alterations[i].type;
        result->resource_name = alterations[i].name;
    }
}

void controller_incremental_alter_configs(const struct controller *controller,
                                          const struct incremental_alter_configs_request *request,
                                          struct incremental_alter_configs_response *response,
                                          struct record_list *records)
{
    int32_t count = request->resources.count;
    struct alteration *alterations = arena_new_array(controller->arena, struct alteration, count);
    for (int32_t i = 0; i < count; i++) {
        const struct incremental_alter_configs_resource *resource = &request->resources.items[i];
        alterations[i].type = resource->resource_type;
        alterations[i].name = resource->resource_name;
        alterations[i].count = resource->configs.count;
        alterations[i].changes =
            arena_new_array(controller->arena, struct alteration_change, resource->configs.count);
        for (int32_t j = 0; j < resource->configs.count; j++) {
            const struct incremental_alter_configs_config *config = &resource->configs.items[j];
            alterations[i].changes[j] =
                (struct alteration_change){config->name, config->value, config->config_operation};
        }
    }
    alter_all(controller, alterations, count, request->validate_only ? NULL : records);
    array_init(&response->responses, incremental_alter_configs_response_resource, controller->arena, count);
    response->responses.count = 0;
    for (int32_t i = 0; i < count; i++) {
        if (!is_answered(&alterations[i]))
            continue;
        struct incremental_alter_configs_response_resource *result =
            &response->responses.items[response->responses.count++];
        result->error_code = (int16_t)alterations[i].error;
        result->error_message = alterations[i].message;
        result->resource_type = alterations[i].type;
        result->resource_name = alterations[i].name;
    }
}
