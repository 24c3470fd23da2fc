/*
 * AlterClientQuotas v0-1 (KIP-546). Decided by metadata/controller/alter_client_quotas (kafka-apis 15.5).
 * Blocks for the resolution of an address that is a name, before any lock, and for the cluster log's sync.
 */
#include "metadata/controller/client_quotas.h"
#include "server/api/change.h"
#include "server/api/handlers.h"
#include "server/broker.h"
#include "server/net.h"
#include "server/security/authorize.h"
#include "server/throttle/throttle.h"

static bool entry_resolves(const struct alter_client_quotas_entry *entry)
{
    for (int32_t i = 0; i < entry->entity.count; i++) {
        const struct alter_client_quotas_entity *part = &entry->entity.items[i];
        if (slice_equal(part->entity_type, SLICE(QUOTA_IP)) && part->entity_name.len > 0)
            return net_resolves(part->entity_name);
    }
    return true;
}

static const bool *resolve_all(const struct alter_client_quotas_request *request, struct arena *arena)
{
    bool *resolves = arena_new_array(arena, bool, request->entries.count);
    for (int32_t i = 0; i < request->entries.count; i++)
        resolves[i] = entry_resolves(&request->entries.items[i]);
    return resolves;
}

static void refuse_all(struct call *call, enum kerr error, struct slice message)
{
    const struct alter_client_quotas_request *request = call->request;
    struct alter_client_quotas_response *response = call->response;
    array_init(&response->entries, alter_client_quotas_response_entry, call->arena, request->entries.count);
    for (int32_t i = 0; i < request->entries.count; i++) {
        response->entries.items[i].error_code = (int16_t)error;
        response->entries.items[i].error_message = message;
        response->entries.items[i].entity.items = request->entries.items[i].entity.items;
        response->entries.items[i].entity.count = request->entries.items[i].entity.count;
    }
}

void handle_alter_client_quotas(struct call *call)
{
    const struct alter_client_quotas_request *request = call->request;
    struct alter_client_quotas_response *response = call->response;
    if (!authorize_cluster(call, ACL_ALTER_CONFIGS)) {
        refuse_all(call, KERR_CLUSTER_AUTHORIZATION_FAILED,
                   slice_str(kerr_message(KERR_CLUSTER_AUTHORIZATION_FAILED)));
        return;
    }
    const bool *resolves = resolve_all(request, call->arena);
    struct change change;
    change_begin(&change, call);
    controller_alter_client_quotas(&change.controller, request, resolves, response, &change.records);
    enum kerr error = change_commit(&change);
    throttle_follow(call->broker->throttle, &cluster_read(call->broker->cluster)->quotas);
    cluster_read_done(call->broker->cluster);
    change_end(&change);
    for (int32_t i = 0; i < response->entries.count && error != KERR_NONE; i++)
        if (response->entries.items[i].error_code == KERR_NONE)
            response->entries.items[i].error_code = (int16_t)error;
}
