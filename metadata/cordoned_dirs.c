/*
 * cordoned_dirs: see the header. Directories are named as log.dirs has them, letter by letter, as in Kafka.
 */
#include "metadata/cordoned_dirs.h"

#include "protocol/records/broker_registration_change_record.h"

static const char all[] = "*";

bool cordoned_dirs_have(struct slice value, const char *path)
{
    while (value.len > 0) {
        const uint8_t *comma = memchr(value.data, ',', value.len);
        size_t len = comma ? (size_t)(comma - value.data) : value.len;
        struct slice element = config_trim(slice_of(value.data, len));
        if (slice_equal_str(element, path) || slice_equal_str(element, all))
            return true;
        value = slice_from(value, comma ? len + 1 : len);
    }
    return false;
}

struct slice cordoned_dirs_value(const struct config_view *view, struct arena *arena)
{
    enum config_source source;
    return config_effective(view, RESOURCE_BROKER, SLICE(""), find_broker_config(SLICE(CORDONED_LOG_DIRS)),
                            arena, &source);
}

/* ---- checking ---- */

/* log.dirs, else log.dir, else its default. */
static int32_t split_log_dirs(const struct config_set *fixed, struct arena *arena, struct slice **dirs)
{
    const struct config_entry *entry = config_set_find(fixed, SLICE("log.dirs"));
    if (entry == NULL || slice_is_null(entry->value))
        entry = config_set_find(fixed, SLICE("log.dir"));
    struct slice value =
        entry != NULL ? entry->value : slice_str(find_broker_config(SLICE("log.dir"))->default_value);
    return config_split(value, arena, dirs);
}

static bool has(const struct slice *elements, int32_t count, struct slice element)
{
    for (int32_t i = 0; i < count; i++)
        if (slice_equal(elements[i], element))
            return true;
    return false;
}

bool cordoned_dirs_check(struct slice value, const struct config_set *fixed, struct arena *arena,
                         struct note *why)
{
    struct slice *elements = NULL;
    struct slice *dirs = NULL;
    int32_t count = config_split(value, arena, &elements);
    if (has(elements, count, SLICE("*"))) {
        bool alone = true;
        for (int32_t i = 0; i < count; i++)
            alone &= slice_equal_str(elements[i], all);
        if (!alone)
            note_set(why, "When " CORDONED_LOG_DIRS " is set to *, it must not contain other values");
        return alone;
    }
    int32_t dir_count = split_log_dirs(fixed, arena, &dirs);
    struct slice missing = SLICE("");
    for (int32_t i = 0; i < count; i++)
        if (!has(dirs, dir_count, elements[i]) && !has(elements, i, elements[i]))
            missing = arena_printf(arena, "%.*s%s%.*s", SLICE_ARGS(missing), missing.len > 0 ? ", " : "",
                                   SLICE_ARGS(elements[i]));
    if (missing.len > 0)
        note_set(why,
                 "All entries in " CORDONED_LOG_DIRS " must be present in log.dirs or log.dir. "
                 "Missing entries : %.*s",
                 SLICE_ARGS(missing));
    return missing.len == 0;
}

bool cordoned_dirs_are_among(struct slice value, struct slice others, struct arena *arena)
{
    struct slice *elements = NULL;
    struct slice *known = NULL;
    int32_t count = config_split(value, arena, &elements);
    int32_t known_count = config_split(others, arena, &known);
    for (int32_t i = 0; i < count; i++)
        if (!has(known, known_count, elements[i]))
            return false;
    return true;
}

/* ---- telling ---- */

/* The ids of the node's directories that are cordoned. */
static int32_t collect(const struct image *image, const struct cluster_node *node, struct arena *arena,
                       struct uuid **ids)
{
    struct config_set fixed = {
        .resource_type = RESOURCE_BROKER,
        .resource_name = SLICE(""),
        .entries = (struct config_entry *)(uintptr_t)node->static_configs,
        .count = node->static_config_count,
    };
    struct config_view view = {.image = image, .static_configs = &fixed, .node_id = node->node_id};
    struct slice value = cordoned_dirs_value(&view, arena);
    int32_t count = 0;
    *ids = arena_new_array(arena, struct uuid, node->log_dir_count);
    for (int32_t i = 0; i < node->log_dir_count && node->log_dir_paths != NULL; i++)
        if (cordoned_dirs_have(value, node->log_dir_paths[i]))
            (*ids)[count++] = node->log_dirs[i];
    return count;
}

static void add(struct record_list *records, int32_t broker_id, int64_t broker_epoch, struct uuid *ids,
                int32_t count)
{
    struct broker_registration_change_record change;
    schema_set_defaults(broker_registration_change_record_schema(), &change);
    change.broker_id = broker_id;
    change.broker_epoch = broker_epoch;
    change.cordoned_log_dirs.items = ids;
    change.cordoned_log_dirs.count = count;
    record_list_add(records, &broker_registration_change_record_message, &change);
}

void cordoned_dirs_add(struct record_list *records, const struct image *image,
                       const struct cluster_node *node, int64_t broker_epoch)
{
    struct uuid *ids;
    if (records->metadata_version < CORDONED_DIRS_LEVEL)
        return;
    int32_t count = collect(image, node, records->arena, &ids);
    add(records, node->node_id, broker_epoch, ids, count);
}

static bool has_id(const struct uuid *ids, int32_t count, struct uuid id)
{
    for (int32_t i = 0; i < count; i++)
        if (uuid_equal(ids[i], id))
            return true;
    return false;
}

void cordoned_dirs_settle(struct record_list *records, const struct image *image,
                          const struct cluster_node *node)
{
    struct uuid *ids;
    const struct broker_state *state = image_find_broker(image, node->node_id);
    if (records->metadata_version < CORDONED_DIRS_LEVEL || state == NULL || state->epoch < 0)
        return;
    int32_t count = collect(image, node, records->arena, &ids);
    bool same = count == state->cordoned_log_dir_count;
    for (int32_t i = 0; i < count && same; i++)
        same = has_id(state->cordoned_log_dirs, state->cordoned_log_dir_count, ids[i]);
    if (!same)
        add(records, state->id, state->epoch, ids, count);
}
