/*
 * registration: see the header. Called by metadata/cluster at start and at a clean stop. The records and
 * their order are Apache Kafka's own (kafka-storage 11.7, 19).
 */
#include "metadata/registration.h"

#include "metadata/cordoned_dirs.h"
#include "metadata/features.h"
#include "metadata/format.h"
#include "metadata/leaderships.h"
#include "protocol/records/broker_registration_change_record.h"
#include "protocol/records/config_record.h"
#include "protocol/records/metadata_transaction_record.h"
#include "protocol/records/register_broker_record.h"
#include "protocol/records/register_controller_record.h"

enum {
    LEVEL_3_6_IV1 = 13, /* metadata transactions (KIP-868) */
    LEVEL_3_7_IV0 = 15, /* RegisterControllerRecord (KIP-919) */
    LEVEL_3_7_IV2 = 17, /* log directories (KIP-858) */
    UNCHANGED = 0,      /* of a broker's registration */
    FENCE = 1,
    UNFENCE = -1,
    IN_CONTROLLED_SHUTDOWN = 1,
};

#define MIN_INSYNC_REPLICAS "min.insync.replicas"

/* ---- a new cluster ---- */

static struct slice static_config(const struct cluster_node *node, struct slice name, struct slice otherwise)
{
    for (int32_t i = 0; i < node->static_config_count; i++)
        if (slice_equal(node->static_configs[i].name, name))
            return node->static_configs[i].value;
    return otherwise;
}

static void add_min_insync_replicas(struct record_list *records, const struct cluster_node *node)
{
    struct config_record config;
    schema_set_defaults(config_record_schema(), &config);
    config.resource_type = RESOURCE_BROKER;
    config.resource_name = SLICE("");
    config.name = SLICE(MIN_INSYNC_REPLICAS);
    config.value = static_config(node, config.name, SLICE("1"));
    record_list_add(records, &config_record_message, &config);
}

/* Applies them to an image of their own, to see that they are sound and what they set. */
static bool try_bootstrap(const struct record_list *bootstrap, struct record_list *records, bool *has_elr,
                          struct note *why)
{
    struct image image;
    image_init(&image, 0);
    bool sound = true;
    for (int32_t i = 0; sound && i < bootstrap->count; i++)
        sound = image_apply(&image, bootstrap->records[i], i, 0, why);
    records->metadata_version = image_feature_level(&image, SLICE(METADATA_VERSION));
    *has_elr = image_feature_level(&image, SLICE(ELR_FEATURE)) > 0;
    image_fini(&image);
    if (sound && records->metadata_version == 0) {
        note_set(why, "the bootstrap records have no " METADATA_VERSION);
        sound = false;
    }
    return sound;
}

bool registration_add_bootstrap(struct record_list *records, const struct cluster_node *node,
                                const struct record_list *bootstrap, struct note *why)
{
    bool has_elr;
    if (!try_bootstrap(bootstrap, records, &has_elr, why))
        return false;
    bool in_transaction = records->metadata_version >= LEVEL_3_6_IV1;
    if (in_transaction)
        record_list_add(records, &begin_transaction_record_message,
                        &(struct begin_transaction_record){.name = SLICE("Bootstrap records")});
    for (int32_t i = 0; i < bootstrap->count; i++)
        record_list_add_frame(records, bootstrap->records[i]);
    if (has_elr)
        add_min_insync_replicas(records, node);
    if (in_transaction)
        record_list_add(records, &end_transaction_record_message, &(struct end_transaction_record){{0}});
    return true;
}

/* ---- this node ---- */

static void add_controller(struct record_list *records, const struct cluster_node *node)
{
    struct register_controller_record controller;
    schema_set_defaults(register_controller_record_schema(), &controller);
    controller.controller_id = node->node_id;
    controller.incarnation_id = format_random_uuid();
    array_init(&controller.end_points, register_controller_endpoint, records->arena,
               node->controller_endpoint_count);
    for (int32_t i = 0; i < node->controller_endpoint_count; i++) {
        const struct endpoint *from = &node->controller_endpoints[i];
        struct register_controller_endpoint *to = &controller.end_points.items[i];
        to->name = from->name;
        to->host = from->host;
        to->port = from->port;
        to->security_protocol = from->security_protocol;
    }
    array_init(&controller.features, register_controller_feature, records->arena, SUPPORTED_FEATURE_COUNT);
    for (int32_t i = 0; i < SUPPORTED_FEATURE_COUNT; i++) {
        struct register_controller_feature *to = &controller.features.items[i];
        to->name = slice_str(supported_features[i].name);
        to->min_supported_version = supported_features[i].min;
        to->max_supported_version = supported_features[i].max;
    }
    record_list_add(records, &register_controller_record_message, &controller);
}

static void fill_broker(struct register_broker_record *broker, struct arena *arena,
                        const struct cluster_node *node)
{
    broker->broker_id = node->node_id;
    broker->incarnation_id = format_random_uuid();
    broker->rack = node->rack;
    array_init(&broker->end_points, register_broker_endpoint, arena, node->endpoint_count);
    for (int32_t i = 0; i < node->endpoint_count; i++) {
        struct register_broker_endpoint *to = &broker->end_points.items[i];
        to->name = node->endpoints[i].name;
        to->host = node->endpoints[i].host;
        to->port = node->endpoints[i].port;
        to->security_protocol = node->endpoints[i].security_protocol;
    }
    array_init(&broker->features, register_broker_feature, arena, SUPPORTED_FEATURE_COUNT);
    for (int32_t i = 0; i < SUPPORTED_FEATURE_COUNT; i++) {
        struct register_broker_feature *to = &broker->features.items[i];
        to->name = slice_str(supported_features[i].name);
        to->min_supported_version = supported_features[i].min;
        to->max_supported_version = supported_features[i].max;
    }
    broker->log_dirs.items = arena_new_array(arena, struct uuid, node->log_dir_count);
    broker->log_dirs.count = node->log_dir_count;
    for (int32_t i = 0; i < node->log_dir_count; i++)
        broker->log_dirs.items[i] = node->log_dirs[i];
}

static void add_change(struct record_list *records, int32_t node_id, int64_t broker_epoch, int8_t fenced,
                       int8_t in_controlled_shutdown)
{
    struct broker_registration_change_record change;
    schema_set_defaults(broker_registration_change_record_schema(), &change);
    change.broker_id = node_id;
    change.broker_epoch = broker_epoch;
    change.fenced = fenced;
    change.in_controlled_shutdown = in_controlled_shutdown;
    record_list_add(records, &broker_registration_change_record_message, &change);
}

int64_t registration_add_self(struct record_list *records, const struct image *image,
                              const struct cluster_node *node, int64_t first_offset)
{
    if (records->metadata_version >= LEVEL_3_7_IV0)
        add_controller(records, node);
    struct register_broker_record broker;
    schema_set_defaults(register_broker_record_schema(), &broker);
    fill_broker(&broker, records->arena, node);
    broker.broker_epoch = first_offset + records->count;
    record_list_add(records, &register_broker_record_message, &broker);
    cordoned_dirs_add(records, image, node, broker.broker_epoch);
    add_change(records, node->node_id, broker.broker_epoch, UNFENCE, UNCHANGED);
    return broker.broker_epoch;
}

/* The same registration, with the log directories that older records could not name. */
static void add_broker_again(struct record_list *records, const struct broker_state *state,
                             const struct cluster_node *node)
{
    struct register_broker_record broker;
    schema_set_defaults(register_broker_record_schema(), &broker);
    fill_broker(&broker, records->arena, node);
    broker.incarnation_id = state->incarnation_id;
    broker.broker_epoch = state->epoch;
    broker.fenced = state->fenced;
    broker.in_controlled_shutdown = state->in_controlled_shutdown;
    record_list_add(records, &register_broker_record_message, &broker);
}

void registration_add_raised(struct record_list *records, const struct image *image,
                             const struct cluster_node *node, int16_t level)
{
    int16_t before = image_feature_level(image, SLICE(METADATA_VERSION));
    const struct broker_state *state = image_find_broker(image, node->node_id);
    records->metadata_version = level;
    if (state == NULL || state->epoch < 0)
        return;
    if (before < LEVEL_3_7_IV0 && level >= LEVEL_3_7_IV0)
        add_controller(records, node);
    if (before < LEVEL_3_7_IV2 && level >= LEVEL_3_7_IV2)
        add_broker_again(records, state, node);
    if (before < CORDONED_DIRS_LEVEL)
        cordoned_dirs_add(records, image, node, state->epoch);
}

void registration_add_shutdown(struct record_list *records, const struct image *image,
                               const struct cluster_node *node, int64_t broker_epoch)
{
    add_change(records, node->node_id, broker_epoch, UNCHANGED, IN_CONTROLLED_SHUTDOWN);
    leaderships_add_resigned(records, image, node);
    registration_add_fence(records, node->node_id, broker_epoch);
}

void registration_add_fence(struct record_list *records, int32_t node_id, int64_t broker_epoch)
{
    add_change(records, node_id, broker_epoch, FENCE, UNCHANGED);
}

void registration_add_stand_in(struct record_list *records, const struct cluster_node *node)
{
    struct register_broker_record broker;
    schema_set_defaults(register_broker_record_schema(), &broker);
    fill_broker(&broker, records->arena, node);
    broker.broker_epoch = -1;
    broker.fenced = false;
    record_list_add(records, &register_broker_record_message, &broker);
}

bool registration_was_clean(const struct image *image, const struct cluster_node *node)
{
    const struct broker_state *before = image_find_broker(image, node->node_id);
    return before != NULL && before->epoch == node->previous_broker_epoch;
}
