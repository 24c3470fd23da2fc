/*
 * DeleteGroups v0-2: groups without members go, with what they have committed (kafka-apis 9.8). Blocks for
 * the records that say so. A group that is named twice is answered once.
 */
#include "protocol/messages/delete_groups.h"
#include "protocol/base/map.h"
#include "server/api/handlers.h"
#include "server/coordinator/group_coordinator.h"
#include "server/security/authorize.h"
#include "storage/os/random.h"

static enum kerr delete_group(struct call *call, struct delete_groups_response_result *result)
{
    if (!authorize(call, ACL_DELETE, ACL_GROUP, result->group_id))
        return KERR_GROUP_AUTHORIZATION_FAILED;
    return group_coordinator_ask(call, GROUP_DELETE, result->group_id, NULL, result);
}

/* The names, each once, in the request's order. */
static void lay_out(const struct delete_groups_request *request, struct arena *arena,
                    struct delete_groups_response *response)
{
    struct map seen;
    map_init(&seen, random_bits());
    array_init(&response->results, delete_groups_response_result, arena, request->groups_names.count);
    response->results.count = 0;
    for (int32_t i = 0; i < request->groups_names.count; i++) {
        struct slice name = request->groups_names.items[i];
        struct delete_groups_response_result *result = &response->results.items[response->results.count];
        if (map_put(&seen, name, result) != NULL)
            continue;
        result->group_id = name;
        response->results.count++;
    }
    map_fini(&seen);
}

void handle_delete_groups(struct call *call)
{
    struct delete_groups_response *response = call->response;
    lay_out(call->request, call->arena, response);
    for (int32_t i = 0; i < response->results.count; i++) {
        struct delete_groups_response_result *result = &response->results.items[i];
        enum kerr error = delete_group(call, result);
        if (error != KERR_NONE)
            result->error_code = (int16_t)error;
    }
}
