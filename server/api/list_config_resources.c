/*
 * ListConfigResources v0-1. The names of what has configs, in Kafka's order of kinds: groups and client
 * metrics subscriptions that have some, every broker, every topic. v0 knows subscriptions only (KIP-1000), v1
 * says which kinds (KIP-1142). Nothing here blocks.
 */
#include "protocol/messages/list_config_resources.h"
#include "metadata/image.h"
#include "server/api/handlers.h"
#include "server/api/topic_listing.h"
#include "server/broker.h"
#include "server/security/authorize.h"

#include <stdlib.h>

/* A version's kinds, in the order of the answer. */
static const int8_t kinds[] = {RESOURCE_GROUP, RESOURCE_CLIENT_METRICS, RESOURCE_BROKER_LOGGER,
                               RESOURCE_BROKER, RESOURCE_TOPIC};

enum { KIND_COUNT = sizeof kinds / sizeof kinds[0] };

struct listing {
    struct call *call;
    const struct image *image;
    struct list_config_resources_response_resource *items;
    int32_t count;
};

static bool has_kind(int version, int8_t kind)
{
    for (int i = 0; i < KIND_COUNT; i++)
        if (kinds[i] == kind)
            return version > 0 || kind == RESOURCE_CLIENT_METRICS;
    return false;
}

static bool has_all_kinds(const struct list_config_resources_request *request, int version)
{
    for (int32_t i = 0; i < request->resource_types.count; i++)
        if (!has_kind(version, request->resource_types.items[i]))
            return false;
    return true;
}

static bool is_asked_for(const struct list_config_resources_request *request, int8_t kind)
{
    for (int32_t i = 0; i < request->resource_types.count; i++)
        if (request->resource_types.items[i] == kind)
            return true;
    return request->resource_types.count == 0;
}

static void add(struct listing *listing, int8_t kind, struct slice name)
{
    struct list_config_resources_response_resource *resource = &listing->items[listing->count++];
    resource->resource_name = name;
    resource->resource_type = kind;
}

static int by_name(const void *a, const void *b)
{
    return slice_compare(((const struct list_config_resources_response_resource *)a)->resource_name,
                         ((const struct list_config_resources_response_resource *)b)->resource_name);
}

/* Those that have a config, in order of name. */
static void add_configured(struct listing *listing, int8_t kind)
{
    int32_t first = listing->count;
    size_t cursor = 0;
    struct map_entry *entry;
    while ((entry = map_next(&listing->image->configs, &cursor)) != NULL) {
        const struct config_set *set = entry->value;
        if (set->resource_type == kind)
            add(listing, kind, arena_dup(listing->call->arena, set->resource_name));
    }
    if (listing->count > first)
        qsort(&listing->items[first], (size_t)(listing->count - first), sizeof listing->items[0], by_name);
}

static void add_brokers(struct listing *listing, int8_t kind)
{
    int32_t count;
    const struct listed_broker *brokers = list_brokers(listing->call, listing->image, false, &count);
    for (int32_t i = 0; i < count; i++)
        add(listing, kind, call_printf(listing->call, "%d", brokers[i].id));
}

static void add_topics(struct listing *listing)
{
    struct topic **topics = image_sorted_topics(listing->image);
    for (size_t i = 0; i < listing->image->topics_by_name.count; i++)
        add(listing, RESOURCE_TOPIC, arena_dup(listing->call->arena, topics[i]->name));
    free(topics);
}

static void add_kind(struct listing *listing, int8_t kind)
{
    switch (kind) {
    case RESOURCE_TOPIC:
        add_topics(listing);
        break;
    case RESOURCE_BROKER:
    case RESOURCE_BROKER_LOGGER:
        add_brokers(listing, kind);
        break;
    default:
        add_configured(listing, kind);
        break;
    }
}

void handle_list_config_resources(struct call *call)
{
    const struct list_config_resources_request *request = call->request;
    struct list_config_resources_response *response = call->response;
    if (!authorize_cluster(call, ACL_DESCRIBE_CONFIGS)) {
        response->error_code = KERR_CLUSTER_AUTHORIZATION_FAILED;
        return;
    }
    if (!has_all_kinds(request, call->version)) {
        response->error_code = KERR_UNSUPPORTED_VERSION;
        return;
    }
    const struct image *image = cluster_read(call->broker->cluster);
    size_t most = image->configs.count + image->topics_by_name.count + 2 * (size_t)image->broker_count;
    array_init(&response->config_resources, list_config_resources_response_resource, call->arena,
               (int32_t)most);
    struct listing listing = {.call = call, .image = image, .items = response->config_resources.items};
    for (int i = 0; i < KIND_COUNT; i++)
        if (has_kind(call->version, kinds[i]) && is_asked_for(request, kinds[i]))
            add_kind(&listing, kinds[i]);
    cluster_read_done(call->broker->cluster);
    response->config_resources.count = listing.count;
}
