/*
 * AlterConfigs v0-2 and IncrementalAlterConfigs v0-1. Decided by metadata/controller/alter_configs
 * (kafka-apis 14.2); in force in the logs when this is answered. Blocks for the cluster log's sync.
 */
#include "metadata/controller/alter_configs.h"

#include "protocol/base/ensure.h"
#include "protocol/messages/alter_configs.h"
#include "protocol/messages/incremental_alter_configs.h"
#include "server/api/change.h"
#include "server/api/handlers.h"
#include "server/broker.h"
#include "server/dynamic_config.h"
#include "storage/os/diag.h"

#define DIAG_AREA DIAG_SERVER_API

/* This broker's own settings have changed: what it does by them, and what the cluster is told of them. */
static void follow_broker_configs(struct change *change)
{
    struct broker *broker = change->call->broker;
    broker_refresh_configs(broker, SLICE_NULL);
    dynamic_config_follow(broker);
    change_begin_records(change);
    cluster_add_cordoned_dirs(broker->cluster, &change->records);
    (void)change_commit(change);
}

/* One resource's answer once the change is stored or not; the logs follow what changed: one topic's, or all
 * where the broker's defaults changed. Before the next change begins: of two threads that resolve settings at
 * once the slower one would leave the older ones behind. Whether it was the broker's. */
static bool settle(struct change *change, enum kerr stored, int16_t *error_code, int8_t resource_type,
                   struct slice resource_name)
{
    if (*error_code != KERR_NONE)
        return false;
    *error_code = (int16_t)stored;
    if (resource_type == RESOURCE_TOPIC)
        broker_refresh_configs(change->call->broker, resource_name);
    bool is_brokers = resource_type == RESOURCE_BROKER && stored == KERR_NONE;
    if (is_brokers)
        follow_broker_configs(change);
    return is_brokers;
}

static void end(struct change *change, bool is_brokers)
{
    change_end(change);
    if (is_brokers)
        dynamic_config_limit_connections(change->call->broker);
}

void handle_alter_configs(struct call *call)
{
    const struct alter_configs_request *request = call->request;
    struct alter_configs_response *response = call->response;
    struct change change;
    bool is_brokers = false;
    change_begin(&change, call);
    controller_alter_configs(&change.controller, request, response, &change.records);
    enum kerr error = change_commit(&change);
    for (int32_t i = 0; i < response->responses.count && !request->validate_only; i++) {
        struct alter_configs_response_resource *resource = &response->responses.items[i];
        is_brokers |=
            settle(&change, error, &resource->error_code, resource->resource_type, resource->resource_name);
    }
    end(&change, is_brokers);
}

/* In force until the broker stops: a level is nowhere written. Within the change, so that one thread at a
 * time does it. */
static void set_log_level(const struct incremental_alter_configs_config *config)
{
    enum diag_area area;
    enum diag_level level;
    ensure(diag_area_from_name(config->name.data, config->name.len, &area));
    if (config->config_operation == OP_DELETE)
        diag_level_unset(area);
    else if (diag_level_from_name(config->value.data, config->value.len, &level))
        diag_level_set(area, level);
    diag_warn("lines of %s are printed from %s on", diag_area_name(area),
              diag_level_name(diag_level_of(area)));
}

/* Those that the request says for this resource: it names it once, else it would have been refused. */
static void set_log_levels(const struct incremental_alter_configs_request *request, struct slice name)
{
    for (int32_t i = 0; i < request->resources.count; i++) {
        const struct incremental_alter_configs_resource *resource = &request->resources.items[i];
        if (resource->resource_type != RESOURCE_BROKER_LOGGER || !slice_equal(resource->resource_name, name))
            continue;
        for (int32_t j = 0; j < resource->configs.count; j++)
            set_log_level(&resource->configs.items[j]);
    }
}

void handle_incremental_alter_configs(struct call *call)
{
    const struct incremental_alter_configs_request *request = call->request;
    struct incremental_alter_configs_response *response = call->response;
    struct change change;
    bool is_brokers = false;
    change_begin(&change, call);
    controller_incremental_alter_configs(&change.controller, request, response, &change.records);
    enum kerr error = change_commit(&change);
    for (int32_t i = 0; i < response->responses.count && !request->validate_only; i++) {
        struct incremental_alter_configs_response_resource *resource = &response->responses.items[i];
        is_brokers |=
            settle(&change, error, &resource->error_code, resource->resource_type, resource->resource_name);
        if (resource->error_code == KERR_NONE && resource->resource_type == RESOURCE_BROKER_LOGGER)
            set_log_levels(request, resource->resource_name);
    }
    end(&change, is_brokers);
}
