/* See topic_listing.h. */
#include "server/api/topic_listing.h"

#include "server/broker.h"
#include "server/connection.h"
#include "server/security/authorize.h"

static const struct endpoint *endpoint_of(const struct broker_state *broker, struct slice listener)
{
    for (int32_t i = 0; i < broker->endpoint_count; i++)
        if (slice_equal(broker->endpoints[i].name, listener))
            return &broker->endpoints[i];
    return NULL;
}

static struct listed_broker listed(struct call *call, int32_t id, const struct endpoint *endpoint,
                                   struct slice rack, bool fenced)
{
    return (struct listed_broker){
        .id = id,
        .host = arena_dup(call->arena, endpoint->host),
        .port = endpoint->port,
        .rack = arena_dup(call->arena, rack),
        .fenced = fenced,
    };
}

bool list_broker(struct call *call, const struct broker_state *broker, struct listed_broker *to)
{
    struct broker *self = call->broker;
    bool is_self = broker->id == cluster_node_id(self->cluster);
    const struct endpoint *endpoint = is_self
                                          ? broker_endpoint_for(self, call->connection)
                                          : endpoint_of(broker, listener_name(call->connection->listener));
    bool fenced = broker->fenced && !is_self; /* we are answering */
    if (endpoint != NULL)
        *to = listed(call, broker->id, endpoint, is_self ? self->config.broker_rack : broker->rack, fenced);
    return endpoint != NULL;
}

struct listed_broker *list_brokers(struct call *call, const struct image *image, bool with_fenced,
                                   int32_t *count)
{
    struct listed_broker *brokers = arena_new_array(call->arena, struct listed_broker, image->broker_count);
    *count = 0;
    for (int32_t i = 0; i < image->broker_count; i++)
        if (list_broker(call, &image->brokers[i], &brokers[*count])
            && (with_fenced || !brokers[*count].fenced))
            (*count)++;
    return brokers;
}

int32_t cluster_operations(const struct call *call)
{
    return authorize_cluster(call, ACL_DESCRIBE)
               ? authorized_operations(call, ACL_CLUSTER, SLICE(CLUSTER_RESOURCE))
               : 0;
}

int32_t any_live_broker(struct call *call, const struct listed_broker *brokers, int32_t count)
{
    int32_t any = -1;
    for (int32_t i = 0; i < count; i++) {
        if (brokers[i].id == cluster_node_id(call->broker->cluster))
            return brokers[i].id;
        any = brokers[i].fenced ? any : brokers[i].id;
    }
    return any;
}

bool is_reachable(struct call *call, const struct image *image, int32_t broker_id)
{
    const struct broker_state *broker = image_find_broker(image, broker_id);
    if (broker != NULL && broker_id == cluster_node_id(call->broker->cluster))
        return true; /* we are answering */
    return broker != NULL && !broker->fenced
           && endpoint_of(broker, listener_name(call->connection->listener)) != NULL;
}

void list_ids(struct call *call, struct broker_ids from, void *to)
{
    struct any_array *array = to;
    array->items = arena_new_array(call->arena, int32_t, from.count);
    array->count = from.count;
    if (from.count > 0)
        memcpy(array->items, from.items, sizeof(int32_t) * (size_t)from.count);
}

/* Before metadata.version 3.7-IV2 nobody knows better than that a broker that lives has its directories. */
static bool has_directory(const struct image *image, const struct partition_state *state, int32_t replica)
{
    const struct broker_state *broker = image_find_broker(image, state->replicas.items[replica]);
    if (broker == NULL || broker->epoch < 0 || broker->log_dir_count == 0 || state->directories == NULL)
        return true;
    struct uuid id = state->directories[replica];
    if (directory_id_is_reserved(id))
        return id.bytes[sizeof id.bytes - 1] != DIRECTORY_LOST;
    for (int32_t i = 0; i < broker->log_dir_count; i++)
        if (uuid_equal(broker->log_dirs[i], id))
            return true;
    return false;
}

void list_offline_replicas(struct call *call, const struct image *image, const struct partition_state *state,
                           void *to)
{
    struct any_array *array = to;
    int32_t *ids = arena_new_array(call->arena, int32_t, state->replicas.count);
    array->items = ids;
    array->count = 0;
    for (int32_t i = 0; i < state->replicas.count; i++)
        if (!is_reachable(call, image, state->replicas.items[i]) || !has_directory(image, state, i))
            ids[array->count++] = state->replicas.items[i];
}
