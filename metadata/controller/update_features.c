/*
 * update_features: see the header. An update writes its record also where the level stays. Of a feature that
 * comes twice the last update counts.
 *
 * Pure; any thread.
 */
#include "metadata/controller/update_features.h"

#include "metadata/features.h"
#include "protocol/records/config_record.h"
#include "protocol/records/feature_level_record.h"

enum { UPGRADE = 1, UNSAFE_DOWNGRADE = 3 /* 2: one that loses nothing */ };

#define MIN_INSYNC_REPLICAS "min.insync.replicas"

struct update {
    const struct controller *controller;
    struct slice name;
    int type; /* 1..3; another one is refused */
    int16_t level;
    int16_t before;
    int16_t metadata_version; /* as it will be */
    struct slice why;         /* null: nothing is wrong */
};

/* ---- refusals ---- */

static bool refuse(struct update *update, struct slice reason)
{
    update->why = arena_printf(update->controller->arena, "Invalid update version %d for feature %.*s. %.*s",
                               update->level, SLICE_ARGS(update->name), SLICE_ARGS(reason));
    return false;
}

#define refuse_for(update, ...) refuse((update), arena_printf((update)->controller->arena, __VA_ARGS__))

static bool check_range(struct update *update, const char *who, int32_t id, int16_t min, int16_t max)
{
    if (update->level >= min && update->level <= max)
        return true;
    if (max == 0)
        return refuse_for(update, "%s %d does not support this feature.", who, id);
    return refuse_for(update, "%s %d only supports versions %d-%d", who, id, min, max);
}

static bool broker_supports(struct update *update, const struct broker_state *broker)
{
    for (int32_t i = 0; i < broker->feature_count; i++)
        if (slice_equal(broker->features[i].name, update->name))
            return check_range(update, "Broker", broker->id, broker->features[i].min_level,
                               broker->features[i].max_level);
    return check_range(update, "Broker", broker->id, 0, 0);
}

/* This node, and every broker that is registered. */
static bool all_support(struct update *update)
{
    const struct image *image = update->controller->image;
    const struct supported_feature *feature = find_supported_feature(update->name);
    if (!check_range(update, "Local controller", update->controller->node_id,
                     feature == NULL ? 0 : feature->min, feature == NULL ? 0 : feature->max))
        return false;
    for (int32_t i = 0; i < image->broker_count; i++)
        if (image->brokers[i].id != update->controller->node_id
            && !broker_supports(update, &image->brokers[i]))
            return false;
    return true;
}

static bool check_direction(struct update *update)
{
    if (update->level < update->before && update->type == UPGRADE)
        return refuse_for(update, "Can't downgrade the version of this feature without setting the upgrade "
                                  "type to either safe or unsafe downgrade.");
    if (update->level > update->before && update->type != UPGRADE)
        return refuse_for(update, "Can't downgrade to a newer version.");
    return true;
}

static bool check_metadata_version(struct update *update)
{
    if (update->level >= update->before || !features_change_records(update->level, update->before))
        return true;
    update->why =
        arena_printf(update->controller->arena, "Unsupported metadata.version downgrade from %d to %d. %s",
                     update->before, update->level,
                     update->type == UNSAFE_DOWNGRADE
                         ? "Unsafe metadata downgrade is not supported in this version."
                         : "Refusing to perform the requested downgrade because it might delete "
                           "metadata information.");
    return false;
}

static bool check_dependencies(struct update *update)
{
    const struct supported_feature *feature = find_supported_feature(update->name);
    if (feature == NULL)
        return refuse_for(update, "Feature %.*s not found.", SLICE_ARGS(update->name));
    if (update->level == 0 || update->metadata_version >= feature->needs)
        return true;
    return refuse_for(update, "%s could not be set to %d because it depends on metadata.version level %d",
                      feature->name, update->level, feature->needs);
}

static bool check(struct update *update)
{
    if (update->type < UPGRADE || update->type > UNSAFE_DOWNGRADE)
        return refuse_for(update, "The controller does not support the given upgrade type.");
    if (update->level < 0)
        return refuse_for(update, "A feature version cannot be less than 0.");
    if (!all_support(update) || !check_direction(update))
        return false;
    if (slice_equal_str(update->name, METADATA_VERSION))
        return check_metadata_version(update);
    if (slice_equal_str(update->name, KRAFT_VERSION_FEATURE) && update->level < update->before)
        return refuse_for(update, "Can't downgrade the version of this feature.");
    return check_dependencies(update);
}

/* ---- records ---- */

static void add_min_insync_replicas(struct record_list *records, struct slice broker, struct slice value)
{
    struct config_record config;
    schema_set_defaults(config_record_schema(), &config);
    config.resource_type = RESOURCE_BROKER;
    config.resource_name = broker;
    config.name = SLICE(MIN_INSYNC_REPLICAS);
    config.value = value;
    record_list_add(records, &config_record_message, &config);
}

/* With eligible leader replicas one min.insync.replicas counts for the whole cluster: it must be there, and
 * no broker may have its own. */
static void settle_min_insync_replicas(const struct controller *controller, struct record_list *records)
{
    const struct image *image = controller->image;
    const struct config_set *cluster = image_find_configs(image, RESOURCE_BROKER, SLICE(""));
    const struct config_entry *fixed =
        config_set_find(controller->configs->static_configs, SLICE(MIN_INSYNC_REPLICAS));
    if (config_set_find(cluster, SLICE(MIN_INSYNC_REPLICAS)) == NULL)
        add_min_insync_replicas(records, SLICE(""), fixed == NULL ? SLICE("1") : fixed->value);
    size_t cursor = 0;
    for (struct map_entry *entry; (entry = map_next(&image->configs, &cursor)) != NULL;) {
        const struct config_set *set = entry->value;
        if (set->resource_type == RESOURCE_BROKER && set->resource_name.len > 0
            && config_set_find(set, SLICE(MIN_INSYNC_REPLICAS)) != NULL)
            add_min_insync_replicas(records, set->resource_name, SLICE_NULL);
    }
}

static void act(const struct update *update, struct feature_changes *changes, struct record_list *records)
{
    bool rises = update->level > update->before;
    struct feature_level_record record;
    if (slice_equal_str(update->name, KRAFT_VERSION_FEATURE)) {
        changes->kraft_version = rises ? update->level : 0;
        return;
    }
    if (slice_equal_str(update->name, METADATA_VERSION) && rises)
        changes->metadata_version = update->level;
    if (slice_equal_str(update->name, ELR_FEATURE) && rises) {
        settle_min_insync_replicas(update->controller, records);
        changes->changes_configs = true;
    }
    schema_set_defaults(feature_level_record_schema(), &record);
    record.name = update->name;
    record.feature_level = update->level;
    record_list_add(records, &feature_level_record_message, &record);
}

/* ---- the request ---- */

/* Version 0 has a flag in place of the type, which Apache Kafka 4 does not look at: it always upgrades. */
static struct update new_update(const struct controller *controller,
                                const struct update_features_feature *wanted, int16_t kraft_version)
{
    bool is_kraft = slice_equal_str(wanted->feature, KRAFT_VERSION_FEATURE);
    return (struct update){
        .controller = controller,
        .name = wanted->feature,
        .type = wanted->upgrade_type,
        .level = wanted->max_version_level,
        .before = is_kraft ? kraft_version : image_feature_level(controller->image, wanted->feature),
        .metadata_version = image_feature_level(controller->image, SLICE(METADATA_VERSION)),
        .why = SLICE_NULL,
    };
}

/* Each feature once, with the last that is said of it, where it is said first. Returns how many. */
static int32_t collect(const struct controller *controller, const struct update_features_request *request,
                       int16_t kraft_version, struct update *updates)
{
    struct map seen;
    int32_t count = 0;
    map_init(&seen, controller->next_random(controller->random_state));
    for (int32_t i = 0; i < request->feature_updates.count; i++) {
        const struct update_features_feature *wanted = &request->feature_updates.items[i];
        struct update *update = map_find(&seen, wanted->feature);
        if (update == NULL) {
            update = &updates[count++];
            map_put(&seen, wanted->feature, update);
        }
        *update = new_update(controller, wanted, kraft_version);
    }
    map_fini(&seen);
    return count;
}

static int16_t future_metadata_version(const struct controller *controller, const struct update *updates,
                                       int32_t count)
{
    for (int32_t i = 0; i < count; i++)
        if (slice_equal_str(updates[i].name, METADATA_VERSION))
            return updates[i].level;
    return image_feature_level(controller->image, SLICE(METADATA_VERSION));
}

static bool check_all(const struct controller *controller, struct update *updates, int32_t count,
                      struct update_features_response *response)
{
    int16_t metadata_version = future_metadata_version(controller, updates, count);
    for (int32_t i = 0; i < count; i++) {
        updates[i].metadata_version = metadata_version;
        if (check(&updates[i]))
            continue;
        response->error_code = KERR_INVALID_UPDATE_VERSION;
        response->error_message = arena_printf(controller->arena,
                                               "The update failed for all features since the following "
                                               "feature had an error: %.*s",
                                               SLICE_ARGS(updates[i].why));
        return false;
    }
    return true;
}

/* Older clients read one for each feature. */
static void list_results(const struct controller *controller, const struct update_features_request *request,
                         struct update_features_response *response)
{
    array_init(&response->results, update_features_response_result, controller->arena,
               request->feature_updates.count);
    for (int32_t i = 0; i < request->feature_updates.count; i++) {
        response->results.items[i].feature = request->feature_updates.items[i].feature;
        response->results.items[i].error_message = SLICE("NONE");
    }
}

void controller_update_features(const struct controller *controller,
                                const struct update_features_request *request, int16_t kraft_version,
                                struct update_features_response *response, struct feature_changes *changes,
                                struct record_list *records)
{
    struct update *updates =
        arena_new_array(controller->arena, struct update, request->feature_updates.count);
    int32_t count = collect(controller, request, kraft_version, updates);
    *changes = (struct feature_changes){0};
    response->error_message = SLICE_NULL;
    if (!check_all(controller, updates, count, response))
        return;
    list_results(controller, request, response);
    for (int32_t i = 0; i < count && !request->validate_only; i++)
        act(&updates[i], changes, records);
}
